//go:build unix && !linux

package worker

import "syscall"

func attributesFor(user int) *syscall.SysProcAttr {
	a := &syscall.SysProcAttr{Setpgid: true}
	if user >= 0 {
		a.Credential = &syscall.Credential{Uid: uint32(user), Gid: uint32(user), Groups: []uint32{}}
	}
	return a
}

// limit has no counterpart here: another process's limits cannot be set.
func limit(int, int, int) {}

func killGroup(pid int) { _ = syscall.Kill(-pid, syscall.SIGKILL) }

// awaitExit is left to the one that reaps.
func awaitExit(int) {}

// killStragglers finds nothing: who started whom cannot be asked here.
func killStragglers(int, string) {}

func memoryUsed(int) int { return 0 }
