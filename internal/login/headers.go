package login

import (
	"net/http"
	"slices"
	"strconv"
	"strings"

	"github.com/poolgate/poolgate/internal/wire"
)

// write puts an answer on the wire with the headers that AWS's login domains carry (fact 5.1). shared marks an answer that is
// the same for everyone: it may be cached and sets no cookie.
func (h *Handler) write(w http.ResponseWriter, x *exchange, a *answer, shared bool) {
	header := w.Header()
	header.Set("X-Amz-Cognito-Request-Id", wire.CallFrom(x.Context()).RequestID)
	header.Set("X-Content-Type-Options", "nosniff")
	header.Set("X-Xss-Protection", "1; mode=block")
	header.Set("X-Frame-Options", "DENY")
	header.Set("Server", "Server")
	if !shared {
		header.Set("Cache-Control", "no-cache, no-store, max-age=0, must-revalidate")
		header.Set("Pragma", "no-cache")
		header.Set("Expires", "0")
		header.Add("Set-Cookie", x.cookie(csrfCookie, x.csrf).String())
	}
	if x.TLS != nil && !isLocalName(x.Host) {
		// Browsers keep this per host and for every port: said for localhost, it would close the developer's other servers.
		header.Set("Strict-Transport-Security", "max-age=31536000 ; includeSubDomains")
	}
	for name, value := range a.header {
		header.Set(name, value)
	}
	for _, c := range a.cookies {
		header.Add("Set-Cookie", c.String())
	}
	if a.location != "" {
		header.Set("Location", a.location)
	}
	if a.contentType != "" {
		header.Set("Content-Type", a.contentType)
	}
	if a.status != http.StatusNoContent {
		header.Set("Content-Length", strconv.Itoa(len(a.body)))
	}
	w.WriteHeader(a.status)
	if x.Method != http.MethodHead {
		w.Write(a.body) //nolint:errcheck // the caller is gone, and there is nobody left to tell
	}
}

// preflight answers a browser that asks whether a script of another origin may call (fact 5.3). The headers asked for are
// allowed by name, because * does not cover Authorization.
func preflight(x *exchange, rt *route) *answer {
	allow := notAllowed(rt).header["Allow"]
	a := (&answer{status: http.StatusOK}).
		set("Access-Control-Allow-Methods", allow).
		set("Access-Control-Max-Age", "3600")
	if asked := x.Header.Get("Access-Control-Request-Headers"); isHeaderList(asked) {
		a.set("Access-Control-Allow-Headers", asked)
	}
	return a
}

// isHeaderList tells whether list is a comma-separated list of header names and nothing else.
func isHeaderList(list string) bool {
	if list == "" || len(list) > 1024 {
		return false
	}
	return !slices.ContainsFunc([]byte(list), func(c byte) bool {
		plain := c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= '0' && c <= '9' || strings.IndexByte("-_, ", c) >= 0
		return !plain
	})
}
