package wire

import (
	"crypto/rand"
	"encoding/base32"
	"encoding/base64"
	"sync"
)

// SessionBook keeps the temporary credentials that this process gave out, in memory only: what is not in it is nobody's, and
// a server that stops takes them all along. It is safe for concurrent use; its zero value is empty.
type SessionBook struct {
	mu    sync.RWMutex
	known map[string]Session
}

// Issue makes a credential for a role in an account. It holds until revoke is called.
func (b *SessionBook) Issue(account, principal string) (accessKeyID string, session Session, revoke func()) {
	// The form is that of AWS's: ASIA, and 16 characters of base32.
	accessKeyID = "ASIA" + base32.StdEncoding.EncodeToString(random(10))
	session = Session{
		Secret: base64.StdEncoding.EncodeToString(random(30)), Token: base64.StdEncoding.EncodeToString(random(96)),
		Account: account, Principal: principal,
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.known == nil {
		b.known = map[string]Session{}
	}
	b.known[accessKeyID] = session
	return accessKeyID, session, func() {
		b.mu.Lock()
		defer b.mu.Unlock()
		delete(b.known, accessKeyID)
	}
}

// Find implements Sessions.
func (b *SessionBook) Find(accessKeyID string) (Session, bool) {
	b.mu.RLock()
	defer b.mu.RUnlock()
	session, known := b.known[accessKeyID]
	return session, known
}

func random(size int) []byte {
	bytes := make([]byte, size)
	_, _ = rand.Read(bytes) // never fails
	return bytes
}
