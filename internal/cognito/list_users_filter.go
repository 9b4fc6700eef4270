package cognito

import (
	"regexp"
	"slices"
	"strings"

	"github.com/poolgate/poolgate/internal/store"
)

// userFilter is a ListUsers filter: ATTRIBUTE = "VALUE" or ATTRIBUTE ^= "VALUE".
type userFilter struct {
	attribute string
	prefix    bool
	value     string
}

// filterable are the attributes that ListUsers can search by, as its documentation lists them.
var filterable = []string{
	"username", "email", "phone_number", "name", "given_name", "family_name", "preferred_username",
	"cognito:user_status", "status", "sub",
}

var filterFormat = regexp.MustCompile(`^\s*([^\s"=^]+)\s*(\^?=)\s*"((?:[^"\\]|\\.)*)"\s*$`)

// parseUserFilter reads a filter. In the value a backslash escapes a quote or a backslash. An empty filter is nil.
func parseUserFilter(text string) (*userFilter, error) {
	if text == "" {
		return nil, nil
	}
	parts := filterFormat.FindStringSubmatch(text)
	if parts == nil {
		return nil, invalidParameter("Error while parsing filter.")
	}
	if !slices.Contains(filterable, parts[1]) {
		return nil, invalidParameter("Invalid search attribute: %s", parts[1])
	}
	return &userFilter{attribute: parts[1], prefix: parts[2] == "^=", value: unescapeFilter(parts[3])}, nil
}

func unescapeFilter(text string) string {
	var plain strings.Builder
	for i := 0; i < len(text); i++ {
		if text[i] == '\\' && i+1 < len(text) {
			i++
		}
		plain.WriteByte(text[i])
	}
	return plain.String()
}

// key is the secondary key that every user the filter matches has; matches then decides.
func (f *userFilter) key() store.Key {
	switch f.attribute {
	case "username", "email", "preferred_username":
		return store.Key{Index: f.attribute, Value: fold(f.value)}
	case "cognito:user_status":
		return store.Key{Index: "status", Value: strings.ToUpper(f.value)}
	case "status":
		return store.Key{Index: "enabled", Value: f.value}
	}
	return store.Key{Index: f.attribute, Value: f.value}
}

// matches tells whether the filter wants u. Addresses that people sign in with are compared as the pool compares them,
// the status of a user without regard to case, everything else exactly.
func (f *userFilter) matches(p *pool, u *user) bool {
	have, want := u.attribute(f.attribute), f.value
	switch f.attribute {
	case "username":
		have = u.Username
	case "cognito:user_status":
		have, want = string(u.Status), strings.ToUpper(want)
	case "status":
		have = enabledWord(u)
	case "email", "preferred_username":
		if !p.caseSensitive() {
			have, want = fold(have), fold(want)
		}
	}
	if f.prefix {
		return strings.HasPrefix(have, want)
	}
	return have == want
}

// enabledWord is what ListUsers calls the state that AdminDisableUser changes.
func enabledWord(u *user) string {
	if u.Enabled {
		return "Enabled"
	}
	return "Disabled"
}
