package server

import (
	"errors"
	"fmt"
	"net"
	"strconv"
	"strings"
	"syscall"
)

// hintedError is a refusal to start with what to do about it.
type hintedError struct {
	error
	hint string
}

func (e *hintedError) Unwrap() error { return e.error }

func hinted(err error, hint string) error { return &hintedError{err, hint} }

// HintFor is what to do about an error of Start; empty when nothing is known.
func HintFor(err error) string {
	var h *hintedError
	if errors.As(err, &h) {
		return h.hint
	}
	return ""
}

// hintedPart puts a hint to the ways in which a store or a local function commonly cannot be opened.
func hintedPart(err error) error {
	var h interface{ Hint() string }
	switch {
	case errors.As(err, &h):
		return hinted(err, h.Hint())
	default:
		return err
	}
}

// mayListen refuses to listen beyond loopback without access keys: whoever reaches the port could change everything.
func mayListen(config Config) error {
	host, port, err := net.SplitHostPort(config.Addr)
	if err == nil {
		_, err = strconv.ParseUint(port, 10, 16)
	}
	if err != nil {
		return hinted(fmt.Errorf("%q is not an address to listen on", config.Addr), "write it as --addr HOST:PORT, for instance --addr 127.0.0.1:4566")
	}
	if len(config.AccessKeys) > 0 || host == "localhost" {
		return nil
	}
	if ip := net.ParseIP(host); ip != nil && ip.IsLoopback() {
		return nil
	}
	return hinted(fmt.Errorf("%s is beyond loopback, and no access keys are configured", config.Addr),
		"give --access-key ID:SECRET, or listen on 127.0.0.1")
}

// hintedListen tells the common reasons for not getting a port apart.
func hintedListen(addr string, err error) error {
	switch {
	case errors.Is(err, syscall.EADDRINUSE):
		return hinted(fmt.Errorf("something listens on %s already", addr), "is another server running? choose another port with --addr HOST:PORT; port 0 is any free one")
	case errors.Is(err, syscall.EACCES):
		return hinted(fmt.Errorf("the system does not let you listen on %s", addr), "choose a port above 1023 with --addr HOST:PORT")
	case errors.Is(err, syscall.EADDRNOTAVAIL):
		return hinted(fmt.Errorf("%s is not an address of this machine", addr), "choose another with --addr HOST:PORT, for instance --addr 127.0.0.1:4566")
	}
	return hinted(err, "choose another address with --addr HOST:PORT")
}

// mayStore refuses a shared database that is none, before it is taken for the name of a directory.
func mayStore(config Config) error {
	if config.Store == "" || strings.HasPrefix(config.Store, "postgres://") || strings.HasPrefix(config.Store, "postgresql://") {
		return nil
	}
	scheme, _, _ := strings.Cut(config.Store, "://") // what follows may hold a password
	return hinted(fmt.Errorf("%q is not the URL of a PostgreSQL database", clipped(scheme)),
		"write it as --store postgres://USER:PASSWORD@HOST:PORT/DATABASE; a directory is given with --data")
}
