package worker

import (
	"bufio"
	"net"
	"os"
	"strconv"
	"strings"
)

// ownedBy tells whether a connection over loopback is that of a process of a user. The kernel tells who holds a socket; where it does
// not, everybody is believed. A socket that was closed already is nobody's.
func ownedBy(c net.Conn, user int) bool {
	client, ok1 := c.RemoteAddr().(*net.TCPAddr)
	server, ok2 := c.LocalAddr().(*net.TCPAddr)
	if !ok1 || !ok2 {
		return false
	}
	for _, table := range []string{"/proc/net/tcp", "/proc/net/tcp6"} {
		if !socketsOwnedBy(table, client.Port, server.Port, user) {
			return false
		}
	}
	return true
}

// socketsOwnedBy tells whether all sockets from a port to a port in a table of the kernel's (proc_net_tcp) are a user's. All: another
// user may connect from the same port of another address of loopback.
func socketsOwnedBy(table string, from, to, user int) bool {
	file, err := os.Open(table)
	if err != nil {
		return true
	}
	defer func() { _ = file.Close() }()
	const local, remote, uid = 1, 2, 7
	for lines := bufio.NewScanner(file); lines.Scan(); {
		fields := strings.Fields(lines.Text())
		if len(fields) > uid && portOf(fields[local]) == from && portOf(fields[remote]) == to && fields[uid] != strconv.Itoa(user) {
			return false
		}
	}
	return true
}

// portOf reads the port of ADDRESS:PORT in hexadecimal; negative for what is none.
func portOf(address string) int {
	port, err := strconv.ParseUint(address[strings.LastIndexByte(address, ':')+1:], 16, 16)
	if err != nil {
		return -1
	}
	return int(port)
}
