package cognito

import (
	"crypto/rand"
	"crypto/rsa"
	"sync"
	"time"
)

// A 2048-bit RSA key takes some 45 ms to make, a pool needs two. So a few pairs are made ahead of need, one key at a
// time, once the process has been up for a while and whenever one was taken: creating a pool then costs a write, and
// starting up costs nothing.
const (
	stockSize     = 3
	stockFirst    = 500 * time.Millisecond
	stockRefill   = 20 * time.Millisecond
	signingKeyLen = 2048
)

// keyPair is what a pool is created with.
type keyPair struct{ id, access *rsa.PrivateKey }

// keyStock makes pairs ahead of need. They live in memory only: a pair is nobody's until it is stored with a pool.
type keyStock struct {
	generate func() (*rsa.PrivateKey, error)

	mu     sync.Mutex
	ready  []keyPair
	timer  *time.Timer
	closed bool
}

func newKeyStock() *keyStock {
	k := &keyStock{generate: func() (*rsa.PrivateKey, error) { return rsa.GenerateKey(rand.Reader, signingKeyLen) }}
	k.mu.Lock()
	defer k.mu.Unlock()
	k.timer = time.AfterFunc(stockFirst, k.fill)
	return k
}

// take returns a pair out of the stock, or makes one when it is empty.
func (k *keyStock) take() (keyPair, error) {
	k.mu.Lock()
	if n := len(k.ready); n > 0 {
		pair := k.ready[n-1]
		k.ready = k.ready[:n-1]
		k.fillSoon()
		k.mu.Unlock()
		return pair, nil
	}
	k.fillSoon()
	k.mu.Unlock()
	return k.pair()
}

// fillSoon must be called with mu held.
func (k *keyStock) fillSoon() {
	if !k.closed {
		k.timer.Reset(stockRefill)
	}
}

// fill makes one pair and comes back for the next, so that no more than one is in the making for long.
func (k *keyStock) fill() {
	k.mu.Lock()
	enough := k.closed || len(k.ready) >= stockSize
	k.mu.Unlock()
	if enough {
		return
	}
	id, err := k.generate()
	if err != nil {
		return // take will meet the error too, and can report it
	}
	access, err := k.generate()
	if err != nil {
		return
	}
	k.mu.Lock()
	defer k.mu.Unlock()
	if len(k.ready) < stockSize {
		k.ready = append(k.ready, keyPair{id: id, access: access})
	}
	k.fillSoon()
}

// pair makes both keys at once, because somebody waits.
func (k *keyStock) pair() (keyPair, error) {
	type made struct {
		key *rsa.PrivateKey
		err error
	}
	other := make(chan made, 1)
	go func() {
		key, err := k.generate()
		other <- made{key, err}
	}()
	id, err := k.generate()
	access := <-other
	if err == nil {
		err = access.err
	}
	return keyPair{id: id, access: access.key}, err
}

func (k *keyStock) close() {
	k.mu.Lock()
	defer k.mu.Unlock()
	k.closed = true
	k.timer.Stop()
}
