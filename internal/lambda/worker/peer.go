package worker

import (
	"net"
	"net/http"
	"os"
)

// ownListener takes connections of one user alone. The Runtime API knows no secret that a runtime could show, and its port is open to the
// whole machine: whoever asked there for the next event would get what was meant for the function, and could answer in its place.
type ownListener struct {
	net.Listener
	user int
}

// Accept implements net.Listener.
func (l ownListener) Accept() (net.Conn, error) {
	for {
		c, err := l.Listener.Accept()
		if err != nil || ownedBy(c, l.user) {
			return c, err
		}
		_ = c.Close()
	}
}

// owner is the user whose connections are the process's. Without users of their own all functions run as the server does, and can
// only be told from others.
func (w *process) owner() int {
	if w.user >= 0 {
		return w.user
	}
	return os.Geteuid()
}

// unbrowsed keeps out what a browser sends for a web page, also one whose name was made to point to this machine: no runtime sends an
// Origin, nor a Host that names another machine.
func unbrowsed(next http.Handler) http.Handler {
	return http.HandlerFunc(func(out http.ResponseWriter, r *http.Request) {
		host, _, err := net.SplitHostPort(r.Host)
		if err != nil {
			host = r.Host
		}
		foreign := host != "127.0.0.1" && host != "localhost" && host != ""
		if foreign || r.Header.Get("Origin") != "" || r.Header.Get("Sec-Fetch-Site") != "" {
			refuse(out, http.StatusForbidden, "Forbidden", "Only the function may ask here")
			return
		}
		next.ServeHTTP(out, r)
	})
}
