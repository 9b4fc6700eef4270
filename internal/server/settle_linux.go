package server

import (
	"bufio"
	"fmt"
	"io"
	"os"
	"strings"

	"golang.org/x/sys/unix"
)

// releaseProgram tells the kernel that the pages of the program's file need not stay mapped. Only mappings that nothing was
// ever written to are named, since these can be read from the file again; whatever fails leaves the pages as they are.
func releaseProgram() {
	program, err := os.Executable()
	if err != nil {
		return
	}
	maps, err := os.Open("/proc/self/smaps")
	if err != nil {
		return
	}
	defer func() { _ = maps.Close() }()
	for _, m := range cleanMappings(maps, program) {
		_, _, _ = unix.Syscall(unix.SYS_MADVISE, m.start, m.end-m.start, unix.MADV_DONTNEED)
	}
}

// mapping is a range of addresses, the end excluded.
type mapping struct{ start, end uintptr }

// cleanMappings finds the mappings of a file, in the form of /proc/PID/smaps, that are not writable and hold no page of their
// own: discarding a page that was written, a relocated table for one, would lose it.
func cleanMappings(smaps io.Reader, file string) []mapping {
	var clean []mapping
	var current mapping
	candidate, private := false, false
	keep := func() {
		if candidate && !private {
			clean = append(clean, current)
		}
	}
	lines := bufio.NewScanner(smaps)
	for lines.Scan() {
		fields := strings.Fields(lines.Text())
		if len(fields) >= 5 && !strings.HasSuffix(fields[0], ":") {
			keep()
			n, _ := fmt.Sscanf(fields[0], "%x-%x", &current.start, &current.end)
			candidate = n == 2 && len(fields) == 6 && fields[5] == file && !strings.Contains(fields[1], "w")
			private = false
			continue
		}
		if len(fields) >= 2 && fields[0] == "Anonymous:" {
			private = fields[1] != "0"
		}
	}
	keep()
	return clean
}
