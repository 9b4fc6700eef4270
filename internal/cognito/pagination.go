package cognito

import (
	"encoding/base64"
	"strings"

	"github.com/poolgate/poolgate/internal/fault"
	"github.com/poolgate/poolgate/internal/store"
)

// page reads a list operation's limit and token. A token names the list it continues, so that one of another list is
// refused instead of giving nonsense.
func page(list string, limit *int32, fallback int, token *string) (store.Page, error) {
	p := store.Page{Limit: fallback}
	if n := int(value(limit)); n > 0 {
		p.Limit = n
	}
	if token == nil {
		return p, nil
	}
	plain, err := base64.RawURLEncoding.DecodeString(*token)
	after, ours := strings.CutPrefix(string(plain), list+"\x00")
	if err != nil || !ours || after == "" {
		return p, fault.Invalid("InvalidParameterException", "Invalid pagination token.")
	}
	p.After = after
	return p, nil
}

// nextToken is the opaque token that continues list after the id last.
func nextToken(list, last string) *string {
	token := base64.RawURLEncoding.EncodeToString([]byte(list + "\x00" + last))
	return &token
}

// nextOf is the token after the last of found, or nil when nothing follows.
func nextOf[T any](list string, found []store.Found[T], more bool) *string {
	if !more || len(found) == 0 {
		return nil
	}
	return nextToken(list, found[len(found)-1].ID)
}
