package urlpath

import (
	"errors"
	"net/url"
	"strings"
)

// ErrNoHost says that a value cannot be part of an address's host.
var ErrNoHost = errors.New("urlpath: a value that stands in the host of an address may hold letters, digits, dots and hyphens only")

// Place puts a value into an address that is being written, in the form that its place asks for: in the path it comes as escaped, the
// form that it has there; in the query as one value, which brings in no other parameter; in the host only if it brings in neither
// another one nor a port or a path.
func Place(address *strings.Builder, text, escaped string) error {
	_, behind, _ := strings.Cut(address.String(), "://")
	switch {
	case strings.IndexByte(behind, '?') >= 0:
		address.WriteString(url.QueryEscape(text))
	case strings.IndexByte(behind, '/') >= 0:
		address.WriteString(escaped)
	case isOfHost(text):
		address.WriteString(text)
	default:
		return ErrNoHost
	}
	return nil
}

func isOfHost(text string) bool {
	for i := range len(text) {
		c := text[i]
		if (c < 'a' || c > 'z') && (c < 'A' || c > 'Z') && (c < '0' || c > '9') && c != '.' && c != '-' {
			return false
		}
	}
	return true
}
