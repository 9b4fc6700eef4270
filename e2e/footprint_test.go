package e2e

import (
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
)

// TestStartAndMemory measures from the process's start to its first answered request on an existing data directory, and what an
// idle server keeps resident. The best of several starts counts, because a machine that also does something else only adds.
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
		took, resident := startOnce(t, data)
		starts = append(starts, took)
		if resident > idleMemory {
			t.Errorf("%.1f MiB resident when idle, more than %d MiB", float64(resident)/(1<<20), idleMemory>>20)
		}
		t.Logf("first answer after %s, %.1f MiB resident", took.Round(100*time.Microsecond), float64(resident)/(1<<20))
	}
	slices.Sort(starts)
	t.Logf("first answer: best %s, median %s", starts[0], starts[len(starts)/2])
	if starts[0] > startWithin {
		t.Errorf("the best start took %s, longer than %s", starts[0], startWithin)
	}
}

func startOnce(t *testing.T, data string) (took time.Duration, resident int) {
	t.Helper()
	addr := freeAddr(t)
	cmd := exec.Command(binary, "serve", "--addr", addr, "--data", data)
	begin := time.Now()
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	defer func() {
		_ = cmd.Process.Signal(os.Interrupt)
		_ = cmd.Wait()
	}()
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
	took = time.Since(begin)
	return took, residentOf(t, cmd.Process.Pid)
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
