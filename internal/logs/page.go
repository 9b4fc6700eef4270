package logs

import (
	"encoding/base64"
	"strings"

	"github.com/poolgate/poolgate/internal/store"
)

// listPage is how many documents are read at a time.
const listPage = 200

// each reads a scope's documents in the order of their ids, from the one behind after, until visit says that it has seen enough.
func each[T any](tx *store.Tx, c *store.Collection[T], scope, after string, visit func(id string, value *T) (more bool, err error)) error {
	for {
		found, more, err := c.List(tx, scope, store.Page{After: after, Limit: listPage})
		if err != nil {
			return err
		}
		for _, f := range found {
			if goOn, err := visit(f.ID, f.Value); err != nil || !goOn {
				return err
			}
			after = f.ID
		}
		if !more {
			return nil
		}
	}
}

// beforePrefix is a place in the order of ids that is close before every id with the prefix.
func beforePrefix(prefix string) string {
	last := len(prefix) - 1
	if last < 0 {
		return ""
	}
	return prefix[:last] + string([]byte{prefix[last] - 1, 0xff})
}

func limitOf(limit *int32, fallback int) int {
	if limit == nil || *limit <= 0 {
		return fallback
	}
	return int(*limit)
}

// pageToken is the opaque token that goes on behind last; it names its list, so that one of another list is refused.
func pageToken(list, last string) *string {
	token := base64.RawURLEncoding.EncodeToString([]byte(list + "\x00" + last))
	return &token
}

func pageAfter(list string, token *string) (string, error) {
	if token == nil {
		return "", nil
	}
	plain, err := base64.RawURLEncoding.DecodeString(*token)
	after, ours := strings.CutPrefix(string(plain), list+"\x00")
	if err != nil || !ours || after == "" {
		return "", badToken
	}
	return after, nil
}
