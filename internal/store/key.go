package store

import (
	"cmp"
	"encoding/binary"
	"slices"
	"strconv"
	"strings"
)

// Key is a secondary key of a document.
type Key struct{ Index, Value string }

const (
	deleteKey       = `DELETE FROM document_key WHERE kind = $1 AND scope = $2 AND name = $4 AND value = $5 AND id = $3`
	deleteScopeKeys = `DELETE FROM document_key WHERE kind = $1 AND scope = $2`
)

// insertKeys[n] inserts n keys of one document in one statement.
var insertKeys = func() (texts [17]string) {
	for n := 1; n < len(texts); n++ {
		var text strings.Builder
		text.WriteString("INSERT INTO document_key (kind, scope, id, name, value) VALUES ")
		for i := range n {
			if i > 0 {
				text.WriteString(", ")
			}
			text.WriteString("($1, $2, $3, $" + strconv.Itoa(4+2*i) + ", $" + strconv.Itoa(5+2*i) + ")")
		}
		text.WriteString(" ON CONFLICT (kind, scope, name, value, id) DO NOTHING")
		texts[n] = text.String()
	}
	return texts
}()

func (tx *Tx) addKeys(p place, keys []Key) error {
	if len(keys) == 0 {
		return nil
	}
	for chunk := range slices.Chunk(keys, min(tx.session.batch(), len(insertKeys)-1)) {
		args := []any{p.kind, p.scope, p.id}
		for _, key := range chunk {
			args = append(args, []byte(key.Index), []byte(key.Value))
		}
		if _, err := tx.exec(insertKeys[len(chunk)], args...); err != nil {
			return err
		}
	}
	return nil
}

func (tx *Tx) removeKeys(p place, keys []Key) error {
	for _, key := range keys {
		if _, err := tx.exec(deleteKey, p.kind, p.scope, p.id, []byte(key.Index), []byte(key.Value)); err != nil {
			return err
		}
	}
	return nil
}

func compareKeys(a, b Key) int {
	return cmp.Or(strings.Compare(a.Index, b.Index), strings.Compare(a.Value, b.Value))
}

// sortKeys brings keys into the one order in which they are stored, each once. The caller's slice is left alone.
func sortKeys(keys []Key) []Key {
	sorted := slices.SortedFunc(slices.Values(keys), compareKeys)
	return slices.Compact(sorted)
}

// differentKeys tells which of two sorted lists are only in the first and only in the second.
func differentKeys(old, current []Key) (gone, added []Key) {
	for _, key := range old {
		if _, ok := slices.BinarySearchFunc(current, key, compareKeys); !ok {
			gone = append(gone, key)
		}
	}
	for _, key := range current {
		if _, ok := slices.BinarySearchFunc(old, key, compareKeys); !ok {
			added = append(added, key)
		}
	}
	return gone, added
}

// encodeKeys writes the keys beside the document, so that whoever replaces or removes it knows which rows to remove,
// whatever the kind's Keys function says by then. The result is never nil.
func encodeKeys(keys []Key) []byte {
	encoded := []byte{}
	for _, key := range keys {
		for _, text := range [...]string{key.Index, key.Value} {
			encoded = binary.AppendUvarint(encoded, uint64(len(text)))
			encoded = append(encoded, text...)
		}
	}
	return encoded
}

func decodeKeys(encoded []byte) []Key {
	var keys []Key
	next := func() (string, bool) {
		length, n := binary.Uvarint(encoded)
		if n <= 0 || length > uint64(len(encoded)-n) {
			return "", false
		}
		text := string(encoded[n : n+int(length)])
		encoded = encoded[n+int(length):]
		return text, true
	}
	for {
		index, ok := next()
		if !ok {
			return keys
		}
		value, ok := next()
		if !ok {
			return keys
		}
		keys = append(keys, Key{Index: index, Value: value})
	}
}

// prefixEnd gives the first value in byte order that is after every value with that prefix; nil means there is none.
func prefixEnd(prefix string) []byte {
	end := []byte(prefix)
	for len(end) > 0 {
		if last := len(end) - 1; end[last] < 0xff {
			end[last]++
			return end
		}
		end = end[:len(end)-1]
	}
	return nil
}
