package upstream

import (
	"sync"
	"time"
)

// pool keeps idle connections by address. It has no goroutine: a timer runs while something is in it.
type pool struct {
	timeout time.Duration

	mu    sync.Mutex
	idle  map[string][]*conn
	count int
	sweep *time.Timer
}

func newPool(timeout time.Duration) *pool {
	return &pool{timeout: timeout, idle: map[string][]*conn{}}
}

// take returns the connection that was used last, if one is still good.
func (p *pool) take(address string) *conn {
	for {
		c := p.pop(address)
		if c == nil {
			return nil
		}
		if time.Since(c.since) < p.timeout && isQuiet(c.net) {
			c.reused = true
			return c
		}
		_ = c.net.Close()
	}
}

func (p *pool) pop(address string) *conn {
	p.mu.Lock()
	defer p.mu.Unlock()
	all := p.idle[address]
	if len(all) == 0 {
		return nil
	}
	c := all[len(all)-1]
	all[len(all)-1] = nil
	p.set(address, all[:len(all)-1])
	p.count--
	return c
}

func (p *pool) set(address string, all []*conn) {
	if len(all) == 0 {
		delete(p.idle, address)
		return
	}
	p.idle[address] = all
}

// put keeps a connection for the next request, or closes it where enough are kept.
func (p *pool) put(c *conn) {
	c.since = time.Now()
	p.mu.Lock()
	all := p.idle[c.address]
	kept := len(all) < idlePerBackend && p.count < idleInAll
	if kept {
		p.idle[c.address] = append(all, c)
		p.count++
		if p.sweep == nil {
			p.sweep = time.AfterFunc(p.timeout, p.expire)
		}
	}
	p.mu.Unlock()
	if !kept {
		_ = c.net.Close()
	}
}

// expire closes what was idle for too long.
func (p *pool) expire() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.sweep = nil
	for address, all := range p.idle {
		fresh := all[:0]
		for _, c := range all {
			if time.Since(c.since) < p.timeout {
				fresh = append(fresh, c)
				continue
			}
			p.count--
			_ = c.net.Close()
		}
		clear(all[len(fresh):])
		p.set(address, fresh)
	}
	if p.count > 0 {
		p.sweep = time.AfterFunc(p.timeout/2, p.expire)
	}
}

// drain closes all of them.
func (p *pool) drain() {
	p.mu.Lock()
	defer p.mu.Unlock()
	for address, all := range p.idle {
		for _, c := range all {
			_ = c.net.Close()
		}
		delete(p.idle, address)
	}
	p.count = 0
	if p.sweep != nil {
		p.sweep.Stop()
		p.sweep = nil
	}
}
