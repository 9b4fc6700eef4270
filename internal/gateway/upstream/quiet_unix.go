//go:build unix

package upstream

import (
	"net"
	"syscall"
)

// isQuiet tells that a kept connection can carry a request: the backend has neither closed it nor said anything that nobody asked
// for, which the next request would take for its answer. It looks without reading and does not wait.
func isQuiet(c net.Conn) bool {
	raw, ok := c.(syscall.Conn)
	if !ok {
		return false
	}
	control, err := raw.SyscallConn()
	if err != nil {
		return false
	}
	quiet := false
	err = control.Read(func(fd uintptr) bool {
		var b [1]byte
		_, _, err := syscall.Recvfrom(int(fd), b[:], syscall.MSG_PEEK|syscall.MSG_DONTWAIT)
		quiet = err == syscall.EAGAIN || err == syscall.EWOULDBLOCK
		return true
	})
	return err == nil && quiet
}
