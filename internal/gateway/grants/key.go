package grants

import (
	"crypto/sha256"
	"encoding/binary"
)

// Scope is what is flushed at once: a stage of an API, or all stages when Stage is empty.
type Scope struct{ API, Stage string }

func (s Scope) holds(other Scope) bool {
	return s.API == other.API && (s.Stage == "" || s.Stage == other.Stage)
}

// Key names an answer: where it holds, and a digest of the authorizer and of who asks.
type Key struct {
	scope  Scope
	digest [sha256.Size]byte
}

// KeyOf makes the key of an identity. What names the authorizer must hold all that makes its answer another: its id, its function, the
// expressions of its identity sources. sources are their values; each is told apart from the next, so that no two identities meet.
func KeyOf(scope Scope, authorizer string, sources ...string) Key {
	var room [1024]byte
	text := appendPart(room[:0], authorizer)
	for _, source := range sources {
		text = appendPart(text, source)
	}
	return Key{scope, sha256.Sum256(text)}
}

// appendPart writes a part with its length before it.
func appendPart(to []byte, part string) []byte {
	return append(binary.AppendUvarint(to, uint64(len(part))), part...)
}
