package gateway

import (
	"crypto/sha256"
	"sync"

	"github.com/poolgate/poolgate/internal/policy"
)

// policyTableSize is how many compiled policies are held to be shared; each has a text of at most grantPolicyLimit.
const policyTableSize = 256

// policyTable lets grants with the same policy share the compiled one: most functions write few different ones, and thousands of copies
// would be so much more for the collector to walk over. Each grant still counts its policy in full, so that the cache's bound holds
// however they are shared. The zero value is ready.
type policyTable struct {
	mu    sync.Mutex
	known map[[sha256.Size]byte]*policy.Document
}

// parse compiles a policy, or finds it among those compiled lately.
func (t *policyTable) parse(text []byte) (*policy.Document, error) {
	key := sha256.Sum256(text)
	t.mu.Lock()
	defer t.mu.Unlock()
	if document := t.known[key]; document != nil {
		return document, nil
	}
	document, err := policy.Parse(text)
	if err != nil {
		return nil, err
	}
	if t.known == nil || len(t.known) >= policyTableSize {
		t.known = make(map[[sha256.Size]byte]*policy.Document)
	}
	t.known[key] = document
	return document, nil
}
