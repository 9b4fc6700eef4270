package worker

import (
	"bytes"
	"errors"
	"os"
	"strconv"
	"strings"
	"syscall"

	"golang.org/x/sys/unix"
)

// attributesFor puts a process into a group of its own, ends it with the server, and changes its user.
func attributesFor(user int) *syscall.SysProcAttr {
	a := &syscall.SysProcAttr{Setpgid: true, Pdeathsig: syscall.SIGKILL}
	if user >= 0 {
		a.Credential = &syscall.Credential{Uid: uint32(user), Gid: uint32(user), Groups: []uint32{}}
	}
	return a
}

// What a process may use beside its memory. Node and Go reserve more than they use, and threads have stacks: what is
// counted is writable private memory, with room for those.
const (
	roomBytes  = 512 << 20
	fileBytes  = 512 << 20 // AWS's /tmp
	openFiles  = 1024
	userBounds = 1024 // processes and threads, as on AWS
)

// limit bounds a process that has just been started. A limit that the kernel refuses is not worth a refusal: they are no
// sandbox. It runs on a thread that nothing else runs on.
func limit(pid, memoryMB, user int) {
	if user >= 0 {
		// Without CAP_SYS_RESOURCE, which containers lack, only a process of the same real user may be limited. The raw calls
		// change this thread alone, and leave its effective user as it is.
		defer realUser(0)
		realUser(user)
	}
	set := func(resource int, value uint64) {
		_ = unix.Prlimit(pid, resource, &unix.Rlimit{Cur: value, Max: value}, nil)
	}
	set(unix.RLIMIT_CORE, 0)
	set(unix.RLIMIT_DATA, uint64(memoryMB)<<20+roomBytes)
	set(unix.RLIMIT_FSIZE, fileBytes)
	set(unix.RLIMIT_NOFILE, openFiles)
	if user >= 0 {
		set(unix.RLIMIT_NPROC, userBounds)
	}
}

// realUser changes the real user and group of this thread.
func realUser(id int) {
	const keep = ^uintptr(0)
	_, _, _ = unix.RawSyscall(unix.SYS_SETRESGID, uintptr(id), keep, keep)
	_, _, _ = unix.RawSyscall(unix.SYS_SETRESUID, uintptr(id), keep, keep)
}

// killGroup kills a process and all in its group.
func killGroup(pid int) { _ = syscall.Kill(-pid, syscall.SIGKILL) }

// awaitExit waits until a child has ended and leaves it to be reaped.
func awaitExit(pid int) {
	for {
		err := unix.Waitid(unix.P_PID, pid, nil, unix.WEXITED|unix.WNOWAIT, nil)
		if !errors.Is(err, unix.EINTR) {
			return
		}
	}
}

// killStragglers kills what a process started and moved out of its group: all that runs as its user, or carries its mark.
// It looks again until nothing is left, because what is found may have started another meanwhile.
func killStragglers(user int, marker string) {
	const passes = 20
	for range passes {
		found := false
		entries, err := os.ReadDir("/proc")
		if err != nil {
			return
		}
		for _, entry := range entries {
			pid, err := strconv.Atoi(entry.Name())
			if err != nil || pid == os.Getpid() || !belongs(entry.Name(), user, marker) {
				continue
			}
			found = syscall.Kill(pid, syscall.SIGKILL) == nil || found
		}
		if !found {
			return
		}
	}
}

func belongs(pid string, user int, marker string) bool {
	stat, err := os.ReadFile("/proc/" + pid + "/stat")
	if err != nil {
		return false
	}
	// "12 (name) S …": a zombie is dead already.
	if i := bytes.LastIndexByte(stat, ')'); i < 0 || bytes.HasPrefix(stat[i:], []byte(") Z")) {
		return false
	}
	if user > nobody {
		info, err := os.Stat("/proc/" + pid)
		if err != nil {
			return false
		}
		if system, ok := info.Sys().(*syscall.Stat_t); ok && int(system.Uid) == user {
			return true
		}
	}
	environment, err := os.ReadFile("/proc/" + pid + "/environ")
	if err != nil {
		return false
	}
	for variable := range bytes.SplitSeq(environment, []byte{0}) {
		if string(variable) == marker {
			return true
		}
	}
	return false
}

// memoryUsed is the most memory that a process has used, in megabytes; zero when it cannot be known.
func memoryUsed(pid int) int {
	status, err := os.ReadFile("/proc/" + strconv.Itoa(pid) + "/status")
	if err != nil {
		return 0
	}
	for line := range strings.Lines(string(status)) {
		if rest, ok := strings.CutPrefix(line, "VmHWM:"); ok {
			kilobytes, err := strconv.Atoi(strings.TrimSpace(strings.TrimSuffix(strings.TrimSpace(rest), "kB")))
			if err != nil {
				return 0
			}
			return kilobytes / 1024
		}
	}
	return 0
}
