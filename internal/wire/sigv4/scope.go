// Package sigv4 verifies AWS Signature Version 4 on requests, in the Authorization header or in the query ("presigned"). It owns
// how a request is made canonical and which of AWS's errors tells what is wrong; it knows no service, and where the keys come from
// is the caller's business. Session tokens are ignored: there is one kind of key here.
//
// The signature covers the normalised path, without dot segments and repeated slashes. Whoever routes a verified request must route
// that same path, or refuse paths that normalising would change: see Ambiguous.
package sigv4

import (
	"net/http"
	"net/url"
	"strings"
)

const algorithm = "AWS4-HMAC-SHA256"

// Scope is what a signature says it is for. It is the caller's word until Verify has confirmed it.
type Scope struct {
	AccessKeyID, Date, Region, Service string
}

// signature is a parsed signature: where it was found and its parts.
type signature struct {
	Scope
	signedHeaders []string
	value         string
	presigned     bool
	// missing names the parts of the header that are not there.
	missing []string
}

// ScopeOf reads the scope of a request's signature without verifying anything. It tells whether the request carries one.
func ScopeOf(r *http.Request) (Scope, bool) {
	s, carried := parse(r)
	return s.Scope, carried
}

func parse(r *http.Request) (signature, bool) {
	if header := r.Header.Get("Authorization"); header != "" {
		rest, is := strings.CutPrefix(header, algorithm)
		if !is || rest != "" && rest[0] != ' ' && rest[0] != '\t' {
			return signature{}, false
		}
		return parseHeader(rest), true
	}
	if !strings.Contains(r.URL.RawQuery, "X-Amz-") {
		return signature{}, false
	}
	query := r.URL.Query()
	if query.Get("X-Amz-Algorithm") != algorithm && !query.Has("X-Amz-Credential") {
		return signature{}, false
	}
	return parseQuery(query), true
}

// parseHeader reads Credential=…, SignedHeaders=…, Signature=… in any order.
func parseHeader(text string) signature {
	var s signature
	parts := map[string]string{}
	for _, part := range strings.Split(text, ",") {
		if name, value, found := strings.Cut(strings.TrimSpace(part), "="); found {
			parts[name] = value
		}
	}
	for _, name := range []string{"Credential", "Signature", "SignedHeaders"} {
		if parts[name] == "" {
			s.missing = append(s.missing, name)
		}
	}
	s.fill(parts["Credential"], parts["SignedHeaders"], parts["Signature"])
	return s
}

func parseQuery(query url.Values) signature {
	s := signature{presigned: true}
	for _, name := range []string{"X-Amz-Credential", "X-Amz-Signature", "X-Amz-SignedHeaders", "X-Amz-Date"} {
		if query.Get(name) == "" {
			s.missing = append(s.missing, name)
		}
	}
	s.fill(query.Get("X-Amz-Credential"), query.Get("X-Amz-SignedHeaders"), query.Get("X-Amz-Signature"))
	return s
}

// fill splits the credential from its end: an access key may hold slashes.
func (s *signature) fill(credential, signedHeaders, value string) {
	parts := strings.Split(credential, "/")
	if n := len(parts); n >= 5 && parts[n-1] == "aws4_request" {
		s.AccessKeyID, s.Date, s.Region, s.Service = strings.Join(parts[:n-4], "/"), parts[n-4], parts[n-3], parts[n-2]
	}
	if signedHeaders != "" {
		s.signedHeaders = strings.Split(strings.ToLower(signedHeaders), ";")
	}
	s.value = value
}
