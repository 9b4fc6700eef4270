package e2e

import (
	"fmt"
	"net"
	"net/http"
	"os"
	"os/exec"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"
)

// The limits that a start and an idle server are held to.
const (
	startWithin = 50 * time.Millisecond
	idleMemory  = 30 << 20
	idleAfter   = 4 * time.Second
)

// TestStartAndMemory measures from the process's start to its first answered request on an existing data directory, and what a
// server keeps resident once it is idle. The best of several starts counts, because a machine that also does something else only adds.
func TestStartAndMemory(t *testing.T) {
	if runtime.GOOS != "linux" {
		t.Skip("resident memory is read from /proc")
	}
	data := t.TempDir()
	p := serve(t, "--data", data)
	p.newPool(t, "start")
	p.stop()
	var starts []time.Duration
	for range 10 {
		took, stop := startOnce(t, data)
		starts = append(starts, took)
		stop()
	}
	slices.Sort(starts)
	t.Logf("first answer: best %s, median %s", starts[0], starts[len(starts)/2])
	if starts[0] > startWithin {
		t.Errorf("the best start took %s, longer than %s", starts[0], startWithin)
	}

	idle := serve(t, "--data", data)
	// Idle is what a server is when nothing was asked of it for a while: that while is measured, not waited out of caution.
	<-time.After(idleAfter)
	least := idleMemory * 2
	eventually(t, 20*time.Second, fmt.Sprintf("an idle server keeps at most %d MiB resident", idleMemory>>20), func() bool {
		least = min(least, residentOf(t, idle.cmd.Process.Pid))
		return least <= idleMemory
	})
	t.Logf("%.1f MiB resident when idle", float64(least)/(1<<20))
}

// startOnce starts a server and waits for its first answer.
func startOnce(t *testing.T, data string) (took time.Duration, stop func()) {
	t.Helper()
	addr := freeAddr(t)
	cmd := exec.Command(binary, "serve", "--addr", addr, "--data", data)
	begin := time.Now()
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	stop = func() {
		_ = cmd.Process.Signal(os.Interrupt)
		_ = cmd.Wait()
	}
	eventually(t, 10*time.Second, "the server answers", func() bool {
		conn, err := net.DialTimeout("tcp", addr, time.Second)
		if err != nil {
			return false
		}
		_ = conn.Close()
		return true
	})
	if got := send(t, http.MethodGet, "http://"+addr+"/_poolgate/health", "", nil); got.status != http.StatusOK {
		t.Fatalf("health: %d %s", got.status, got.body)
	}
	return time.Since(begin), stop
}

// residentOf is VmRSS of a process, in bytes.
func residentOf(t *testing.T, pid int) int {
	t.Helper()
	status, err := os.ReadFile("/proc/" + strconv.Itoa(pid) + "/status")
	if err != nil {
		t.Fatal(err)
	}
	for line := range strings.Lines(string(status)) {
		if rest, found := strings.CutPrefix(line, "VmRSS:"); found {
			kilobytes, err := strconv.Atoi(strings.TrimSuffix(strings.TrimSpace(rest), " kB"))
			if err != nil {
				t.Fatal(err)
			}
			return kilobytes << 10
		}
	}
	t.Fatal("no VmRSS")
	return 0
}
