package server

import (
	"context"
	"log/slog"
	"sync"
	"time"

	"github.com/poolgate/poolgate/internal/fault"
)

// loginHosts remember which hosts are login domains of pools, and which are not, until a pool changes.
type loginHosts struct {
	find func(ctx context.Context, host string) error
	log  *slog.Logger

	mu    sync.Mutex
	known map[string]bool
	// version counts the changes that were told of: what was asked before one is not remembered after it.
	version uint64
}

const (
	// lookupTimeout bounds finding out whose domain a host is.
	lookupTimeout = 2 * time.Second
	// greatestHosts is how many hosts are remembered. Who makes up more costs a look-up each, and the others one each time.
	greatestHosts = 4096
)

// changed forgets everything.
func (l *loginHosts) changed(string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.version++
	clear(l.known)
}

// has tells whether a host is a login domain.
func (l *loginHosts) has(host string) bool {
	l.mu.Lock()
	known, asked := l.known[host]
	version := l.version
	l.mu.Unlock()
	if asked {
		return known
	}
	ctx, cancel := context.WithTimeout(context.Background(), lookupTimeout)
	defer cancel()
	err := l.find(ctx, host)
	if err != nil && !fault.Is(err, "ResourceNotFoundException") {
		l.log.Error("a host could not be looked up among the login domains", "error", err)
		return false
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.version != version {
		return err == nil
	}
	if l.known == nil || len(l.known) >= greatestHosts {
		l.known = make(map[string]bool)
	}
	l.known[host] = err == nil
	return err == nil
}
