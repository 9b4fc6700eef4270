package explain

import (
	"encoding/base64"
	"encoding/json"
	"maps"
	"net/http"
	"slices"
	"strings"
	"time"
)

// longestToken bounds what is read as a token, in bytes.
const longestToken = 64 << 10

// token is what a JSON Web Token says of itself. Nothing of it is verified: it only tells whom to ask.
type token struct {
	// header is the name of the request's header that it came in; raw its text.
	header, raw string
	issuer, use string
	client      string
	audience    []string
	username    string
	scopes      []string
	issued      time.Time
	expires     time.Time
}

// poolID is the last part of the issuer, which is a pool's id when a pool issued the token.
func (t *token) poolID() string {
	if t == nil {
		return ""
	}
	id := t.issuer[strings.LastIndexByte(t.issuer, '/')+1:]
	if !strings.Contains(id, "_") || strings.ContainsAny(id, "?#%:@") || len(id) > 64 {
		return ""
	}
	return id
}

// isClient tells that no user signed in for it: the client-credentials grant.
func (t *token) isClient() bool { return t.use == "access" && t.username == "" }

// kind names the token for people.
func (t *token) kind() string {
	switch t.use {
	case "id":
		return "ID token"
	case "access":
		return "access token"
	}
	return "token"
}

// findToken finds the token of a request: in the header first, if there is one, else in any.
func findToken(h http.Header, first ...string) *token {
	names := slices.DeleteFunc(append(slices.Clone(first), slices.Sorted(maps.Keys(h))...), func(name string) bool { return name == "" })
	for _, name := range names {
		for _, value := range h.Values(name) {
			if t := readToken(value); t != nil {
				t.header = http.CanonicalHeaderKey(name)
				return t
			}
		}
	}
	return nil
}

// readToken reads what a value says of itself; quotes, line breaks and a scheme before it do not keep it from being recognised.
func readToken(value string) *token {
	if len(value) > longestToken {
		return nil
	}
	value = strings.Join(strings.Fields(value), " ")
	if i := strings.LastIndexByte(value, ' '); i >= 0 && strings.Contains(value[:i], ".") {
		value = strings.ReplaceAll(value, " ", "") // broken in several lines
	} else {
		value = value[i+1:]
	}
	value = strings.TrimPrefix(strings.Trim(value, `"'`), "Bearer")
	parts := strings.Split(value, ".")
	if len(parts) != 3 {
		return nil
	}
	payload, err := base64.RawURLEncoding.DecodeString(strings.TrimRight(parts[1], "="))
	if err != nil {
		return nil
	}
	var claims struct {
		Iss      string          `json:"iss"`
		Use      string          `json:"token_use"`
		Client   string          `json:"client_id"`
		Aud      json.RawMessage `json:"aud"`
		Scope    string          `json:"scope"`
		Username string          `json:"username"`
		IDName   string          `json:"cognito:username"`
		Iat, Exp float64
	}
	if json.Unmarshal(payload, &claims) != nil {
		return nil
	}
	t := &token{
		raw: value, issuer: claims.Iss, use: claims.Use, client: claims.Client, scopes: strings.Fields(claims.Scope), username: claims.Username,
		issued: time.Unix(int64(claims.Iat), 0), expires: time.Unix(int64(claims.Exp), 0), audience: oneOrMany(claims.Aud),
	}
	if t.use == "id" {
		t.username = claims.IDName
		if t.client == "" && len(t.audience) > 0 {
			t.client = t.audience[0]
		}
	}
	return t
}

// oneOrMany reads a string or a list of strings.
func oneOrMany(raw json.RawMessage) (values []string) {
	var one string
	if json.Unmarshal(raw, &one) == nil && one != "" {
		return []string{one}
	}
	_ = json.Unmarshal(raw, &values) // what is neither is no audience
	return values
}
