package s3

import (
	"encoding/base64"
	"strconv"
	"strings"

	"github.com/poolgate/poolgate/internal/store"
)

// greatestPage is how many entries a listing has at the most, whatever is asked for.
const greatestPage = 1000

// beyond sorts after every key that begins with what stands before it: no UTF-8 text has that byte.
const beyond = "\xff"

// listing is what a request asks of a bucket's keys.
type listing struct {
	prefix, delimiter string
	// after is the last key, common prefix or stored id that is not wanted.
	after string
	limit int
}

// visitor gets versions in order.
type visitor interface {
	// hides tells that a version is not there for this listing, and where to go on; empty is the next one.
	hides(found store.Found[object]) (next string, hidden bool)
	// visit takes a version; true means that the page is full and it was not taken.
	visit(found store.Found[object]) (full bool)
	// common gets a prefix that keys share up to the delimiter; true means that the page is full and it was not taken.
	common(prefix string) (full bool)
}

// walk goes through a bucket's versions that a listing wants. Keys behind a common prefix are jumped over.
func walk(tx *store.Tx, bucketName string, l listing, v visitor) error {
	after := l.after
	if after < l.prefix {
		// The first id that begins with the prefix follows it at once.
		after = beforePrefix(l.prefix)
	}
	for {
		found, more, err := objects.List(tx, bucketName, store.Page{After: after, Limit: 256})
		if err != nil {
			return err
		}
		jumped := false
		for _, f := range found {
			after = f.ID
			key := f.Value.Key
			if !strings.HasPrefix(key, l.prefix) {
				if key > l.prefix {
					return nil
				}
				continue
			}
			if next, hidden := v.hides(f); hidden {
				if next == "" {
					continue
				}
				after, jumped = next, true
				break
			}
			if shared, ok := l.shared(key); ok {
				if v.common(shared) {
					return nil
				}
				after, jumped = shared+beyond, true
				break
			}
			if v.visit(f) {
				return nil
			}
		}
		if !jumped && !more {
			return nil
		}
	}
}

// beforePrefix is an id that sorts before all that begin with a prefix, and after most that do not.
func beforePrefix(prefix string) string {
	if prefix == "" {
		return ""
	}
	return prefix[:len(prefix)-1] + string([]byte{prefix[len(prefix)-1] - 1}) + beyond
}

// shared is what a key has in common with others up to the first delimiter behind the prefix.
func (l listing) shared(key string) (string, bool) {
	if l.delimiter == "" {
		return "", false
	}
	i := strings.Index(key[len(l.prefix):], l.delimiter)
	if i < 0 {
		return "", false
	}
	return key[:len(l.prefix)+i+len(l.delimiter)], true
}

// number reads a count from the query.
func (x *exchange) number(name string, most int) (int, error) {
	text := x.query.Get(name)
	if text == "" {
		return most, nil
	}
	n, err := strconv.Atoi(text)
	if err != nil || n < 0 {
		return 0, invalidArgument(name, text, "Provided "+name+" not an integer or within integer range")
	}
	return min(n, most), nil
}

// sealToken makes an opaque text of where to go on. It holds nothing that the caller may not know.
func sealToken(after string) string { return base64.URLEncoding.EncodeToString([]byte("1" + after)) }

func unsealToken(token string) (string, error) {
	if token == "" {
		return "", nil
	}
	raw, err := base64.URLEncoding.DecodeString(token)
	if err != nil || len(raw) < 2 || raw[0] != '1' {
		return "", invalidArgument("continuation-token", token, "The continuation token provided is incorrect")
	}
	return string(raw[1:]), nil
}
