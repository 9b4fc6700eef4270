// Package token tells what a token says of itself, in words, and whether the keys of its issuer confirm it. It needs no network to
// read one; to verify one it fetches keys from AWS for a pool there, or from this machine, and from nowhere else. A token it never repeats.
package token

import (
	"encoding/base64"
	"encoding/json"
	"fmt"
	"regexp"
	"slices"
	"strings"
	"time"

	"github.com/poolgate/poolgate/authz/jwks"
)

// Longest bounds what is read as a token, in bytes.
const Longest = 1 << 20

// Kind is what kind of token one is.
type Kind string

// The kinds of tokens.
const (
	ID      Kind = "ID token"
	Access  Kind = "access token"
	Machine Kind = "access token of a client without a user"
	Refresh Kind = "refresh token"
	// Foreign is a JSON Web Token that no user pool issued.
	Foreign Kind = "token of another issuer"
)

// Token is what a token says of itself; nothing of it is verified.
type Token struct {
	Kind Kind
	// Header and Claims are the first two parts, as they were written; Claims is nil for a refresh token, which is encrypted.
	Header, Claims json.RawMessage
	Issuer         string
	// Pool and Region are those of the issuer where it is a pool's.
	Pool, Region string
	Client       string
	Scopes       []string
	Issued       time.Time
	NotBefore    time.Time
	Expires      time.Time
	// Notes are what was wrong with the text and would keep a header with it from being taken.
	Notes []string

	raw string
}

// Unreadable is a text that is no token. It never repeats the text.
type Unreadable struct{ Message, Hint string }

func (u *Unreadable) Error() string { return u.Message }

// Raw is the token itself, cleaned of what stood around it.
func (t *Token) Raw() string { return t.raw }

// Read reads a token out of a text that may have quotes, line breaks or the word Bearer around it.
func Read(text string) (*Token, error) {
	if len(text) > Longest {
		return nil, &Unreadable{"that is longer than any token", "a token has some thousand characters"}
	}
	t := new(Token)
	t.raw = t.clean(text)
	parts := strings.Split(t.raw, ".")
	switch {
	case t.raw == "":
		return nil, &Unreadable{"there is no token", "give it as a word, as @FILE, or on standard input with -"}
	case len(parts) == 5:
		return t, t.readEncrypted(parts)
	case len(parts) != 3:
		return nil, &Unreadable{fmt.Sprintf("that is no token: it has %s with a dot between them, and a JSON Web Token has three", count(len(parts), "part")),
			"something on the way cut it, or it is something else: an authorization code, an API key"}
	}
	return t, t.readSigned(parts)
}

func count(n int, thing string) string {
	if n == 1 {
		return "1 " + thing
	}
	return fmt.Sprintf("%d %ss", n, thing)
}

const quoted = "It stood in quotes, which are no part of it."

// clean takes away what stands around a token, and notes it.
func (t *Token) clean(text string) string {
	note := func(what string) {
		if !slices.Contains(t.Notes, what) {
			t.Notes = append(t.Notes, what)
		}
	}
	text = strings.TrimSpace(text)
	if name, value, found := strings.Cut(text, ":"); found && strings.EqualFold(strings.TrimSpace(name), "authorization") {
		text = strings.TrimSpace(value)
	}
	inQuotes := text
	if text = strings.TrimSpace(strings.Trim(text, `"'`)); text != inQuotes {
		note(quoted)
	}
	if scheme, rest, found := strings.Cut(text, " "); found && strings.EqualFold(scheme, "bearer") {
		if scheme != "Bearer" || strings.HasPrefix(rest, " ") {
			note(`A REST API's authorizer takes "Bearer" and exactly one space, spelled so.`)
		}
		rest = strings.TrimSpace(rest)
		if text = strings.Trim(rest, `"'`); text != rest {
			note(quoted)
		}
	}
	if joined := strings.Join(strings.Fields(text), ""); joined != text {
		note("It was broken by white space, which a header must not have.")
		text = joined
	}
	return text
}

// readEncrypted reads a token of five parts: a pool's refresh tokens are such (fact 4.4).
func (t *Token) readEncrypted(parts []string) error {
	t.Kind = Refresh
	return decode(parts[0], &t.Header, "header")
}

func (t *Token) readSigned(parts []string) error {
	if err := decode(parts[0], &t.Header, "header"); err != nil {
		return err
	}
	if err := decode(parts[1], &t.Claims, "payload"); err != nil {
		return err
	}
	var claims struct {
		Iss, Scope, Username string
		Use                  string `json:"token_use"`
		Client               string `json:"client_id"`
		Aud                  any
		Iat, Nbf, Exp        float64
	}
	if err := json.Unmarshal(t.Claims, &claims); err != nil {
		return &Unreadable{"its payload has claims of kinds that no token has", "a time is a number, an issuer is a text"}
	}
	t.Issuer, t.Client, t.Scopes = claims.Iss, claims.Client, strings.Fields(claims.Scope)
	t.Issued, t.NotBefore, t.Expires = instant(claims.Iat), instant(claims.Nbf), instant(claims.Exp)
	t.whose()
	switch {
	case claims.Use == "id" && t.Pool != "":
		t.Kind = ID
		if audience, ok := claims.Aud.(string); ok {
			t.Client = audience
		}
	case claims.Use == "access" && t.Pool != "" && claims.Username == "":
		t.Kind = Machine
	case claims.Use == "access" && t.Pool != "":
		t.Kind = Access
	default:
		t.Kind = Foreign
	}
	return nil
}

// poolID is the form of a pool's id, pinned ones included.
var poolID = regexp.MustCompile(`^[\w-]{1,55}_[0-9a-zA-Z]{1,55}$`)

// whose finds the pool in the issuer: the last part of its path, which begins with the region.
func (t *Token) whose() {
	if pool, ok := jwks.PoolOf(t.Issuer); ok {
		t.Pool, t.Region = pool.ID, pool.Region
		return
	}
	id := t.Issuer[strings.LastIndexByte(t.Issuer, '/')+1:]
	if poolID.MatchString(id) && onThisMachine(t.Issuer) {
		t.Region, _, _ = strings.Cut(id, "_")
		t.Pool = id
	}
}

// decode reads one part: base64url of a JSON object.
func decode(part string, into *json.RawMessage, what string) error {
	raw, err := base64.RawURLEncoding.DecodeString(strings.TrimRight(part, "="))
	if err != nil {
		return &Unreadable{"that is no token: its " + what + " is not base64url", "copy it whole, without what stands around it"}
	}
	var object map[string]json.RawMessage
	if err := json.Unmarshal(raw, &object); err != nil || object == nil {
		return &Unreadable{"that is no token: its " + what + " is no JSON object", "copy it whole, without what stands around it"}
	}
	*into = raw
	return nil
}

// instant is a claim's time; the zero time when there is none, or one that no calendar has.
func instant(seconds float64) time.Time {
	const last = 253402300799 // the end of the year 9999
	if seconds <= 0 || seconds > last {
		return time.Time{}
	}
	return time.Unix(int64(seconds), 0).UTC()
}
