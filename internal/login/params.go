package login

import (
	"io"
	"mime"
	"net/http"
	"net/url"
	"strings"
	"unicode/utf8"

	"github.com/poolgate/poolgate/internal/fault"
)

// What a request may hold at most. AWS's own bounds are not known; these are far above what any real client sends.
const (
	maxForm  = 64 << 10
	maxQuery = 16 << 10
	maxValue = 16 << 10
)

// params are a request's parameters in the order they came. There is one value per name: RFC 6749 3.1 forbids repetition.
type params struct {
	pairs []param
}

type param struct{ name, value string }

// get is the value of name, or "". A parameter without a value counts as left out (RFC 6749 3.1).
func (p params) get(name string) string {
	for _, pair := range p.pairs {
		if pair.name == name {
			return pair.value
		}
	}
	return ""
}

// encode is the parameters as a query, in their order.
func (p params) encode() string {
	var b strings.Builder
	for i, pair := range p.pairs {
		if i > 0 {
			b.WriteByte('&')
		}
		b.WriteString(escape(pair.name) + "=" + escape(pair.value))
	}
	return b.String()
}

// escape encodes text for a query or a fragment. A blank becomes %20, which every decoder understands in both places; + is read as a
// blank only in queries.
func escape(text string) string { return strings.ReplaceAll(url.QueryEscape(text), "+", "%20") }

// invalidRequest is the OAuth error for a request that is malformed; detail is for the log.
func invalidRequest(detail string) *fault.Error {
	return fault.Invalid("invalid_request", "").Becausef("%s", detail)
}

// parseParams reads form-urlencoded text. What could be read is returned together with the error, because the error can be
// sent back to a client only when its id and redirect_uri were readable; a repeated parameter has its first value there.
func parseParams(text string, limit int) (p params, err error) {
	if len(text) > limit {
		return params{}, fault.TooLarge("invalid_request", "").Becausef("%d bytes of parameters", len(text))
	}
	seen := make(map[string]bool)
	for text != "" {
		var pair string
		pair, text, _ = strings.Cut(text, "&")
		if pair == "" {
			continue
		}
		rawName, rawValue, _ := strings.Cut(pair, "=")
		name, nameErr := url.QueryUnescape(rawName)
		value, valueErr := url.QueryUnescape(rawValue)
		switch {
		case nameErr != nil || valueErr != nil:
			err = invalidRequest("a parameter is not form-urlencoded")
			continue
		case !utf8.ValidString(name) || !utf8.ValidString(value):
			err = invalidRequest("a parameter is not UTF-8")
			continue
		case len(value) > maxValue:
			err = invalidRequest("a parameter is too long")
			continue
		case seen[name]:
			err = invalidRequest("a parameter is repeated")
			continue
		}
		seen[name] = true
		p.pairs = append(p.pairs, param{name, value})
	}
	return p, err
}

// query reads the parameters of the request's URL.
func query(r *http.Request) (params, error) { return parseParams(r.URL.RawQuery, maxQuery) }

// isForm tells whether the request says that its body is form-urlencoded.
func isForm(r *http.Request) bool {
	mediaType, _, err := mime.ParseMediaType(r.Header.Get("Content-Type"))
	return err == nil && mediaType == "application/x-www-form-urlencoded"
}

// readForm reads the parameters of the request's body.
func readForm(r *http.Request) (params, error) {
	body, err := io.ReadAll(io.LimitReader(r.Body, maxForm+1))
	if err != nil {
		return params{}, fault.Malformed("invalid_request", "").Because(err)
	}
	return parseParams(string(body), maxForm)
}
