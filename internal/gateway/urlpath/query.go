package urlpath

import (
	"net/url"
	"slices"
	"strings"
)

// ReadableQuery is a raw query string without what net/url leaves out when it reads one, which are parameters with a semicolon or with a
// broken escape, and without the parameters of the given names, however they are escaped. The rest stays as it was sent. So a backend
// is told of no parameter that no authorizer, validator or cache key could see, and of none that the API sets itself.
func ReadableQuery(raw string, without ...string) string {
	if len(without) == 0 && strings.IndexByte(raw, '%') < 0 && strings.IndexByte(raw, ';') < 0 {
		return raw
	}
	var kept []string
	dropped := false
	for pair := range strings.SplitSeq(raw, "&") {
		if isReadable(pair, without) {
			kept = append(kept, pair)
			continue
		}
		dropped = true
	}
	if !dropped {
		return raw
	}
	return strings.Join(kept, "&")
}

func isReadable(pair string, without []string) bool {
	if strings.IndexByte(pair, ';') >= 0 {
		return false
	}
	name, value, _ := strings.Cut(pair, "=")
	text, err := url.QueryUnescape(name)
	if err != nil || pair != "" && slices.Contains(without, text) {
		return false
	}
	_, err = url.QueryUnescape(value)
	return err == nil
}

// FirstOfQuery is a raw query string in which the parameter of a name comes once: all but its first are left out.
func FirstOfQuery(raw, name string) string {
	if strings.Count(raw, "&") == 0 {
		return raw
	}
	var kept []string
	found := false
	for pair := range strings.SplitSeq(raw, "&") {
		if !isReadable(pair, []string{name}) && isReadable(pair, nil) {
			if found {
				continue
			}
			found = true
		}
		kept = append(kept, pair)
	}
	return strings.Join(kept, "&")
}
