package server

import (
	"errors"
	"fmt"
	"net"
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

// hintedStore puts a hint to the ways in which a store commonly does not open.
func hintedStore(err error) error {
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
	host, _, err := net.SplitHostPort(config.Addr)
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
