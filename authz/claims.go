package authz

import (
	"slices"
	"strings"
	"time"
)

// Claims are a verified token's claims in the order of the token. They are immutable and may be shared and kept.
// A nil *Claims has no claims.
type Claims struct {
	// payload is the token's payload as JSON text; members say where in it each claim stands.
	payload string
	members []member

	keyID                                      string
	subject, issuer, tokenUse, clientID, scope string
	hasScope, hasAudience                      bool
	otherScopes                                []string
	algorithm                                  string
	audience                                   []string
	oneAudience                                [1]string
	issuedAt, expires, notBefore               time.Time
}

// Subject is the sub claim: the user's id, or the client's in a token that a client was given for itself.
func (c *Claims) Subject() string { return c.orEmpty().subject }

// Issuer is the iss claim.
func (c *Claims) Issuer() string { return c.orEmpty().issuer }

// TokenUse is the token_use claim: "id" or "access".
func (c *Claims) TokenUse() string { return c.orEmpty().tokenUse }

// ClientID is the client_id claim, which access tokens have.
func (c *Claims) ClientID() string { return c.orEmpty().clientID }

// Audience is the aud claim, which ID tokens have: the app client's id.
func (c *Claims) Audience() []string { return slices.Clone(c.orEmpty().audience) }

// Scopes are the words of the scope claim, which access tokens have.
func (c *Claims) Scopes() []string { return strings.Fields(c.orEmpty().scope) }

// HasScope tells whether the scope claim holds this word.
func (c *Claims) HasScope(scope string) bool { return holdsWord(c.orEmpty().scope, scope) }

// IssuedAt is the iat claim; zero when there is none.
func (c *Claims) IssuedAt() time.Time { return c.orEmpty().issuedAt }

// Expires is the exp claim.
func (c *Claims) Expires() time.Time { return c.orEmpty().expires }

// KeyID is the id of the key that signed the token.
func (c *Claims) KeyID() string { return c.orEmpty().keyID }

// Len is how many claims there are.
func (c *Claims) Len() int { return len(c.orEmpty().members) }

// String returns a claim's value as text: a string's own, anything else as it is written in the token ("true", `["a"]`).
func (c *Claims) String(name string) (value string, ok bool) {
	m, ok := c.find(name)
	if !ok {
		return "", false
	}
	return unescape(c.payload[m.valueStart:m.valueEnd], m.valueEscaped), true
}

// Raw returns a claim's value as JSON text, in memory of the caller's own; nil when there is no such claim.
func (c *Claims) Raw(name string) []byte {
	m, ok := c.find(name)
	if !ok {
		return nil
	}
	return []byte(c.raw(m))
}

// Each calls visit with every claim in the order of the token until it returns false. The JSON text is valid only during
// the call.
func (c *Claims) Each(visit func(name string, raw []byte) bool) {
	var text []byte
	for _, m := range c.orEmpty().members {
		text = append(text[:0], c.raw(m)...)
		if !visit(c.name(m), text) {
			return
		}
	}
}

// JSON is the whole of the claims as the token spells them.
func (c *Claims) JSON() string { return c.orEmpty().payload }

// noClaims stands for a nil *Claims.
var noClaims Claims

func (c *Claims) orEmpty() *Claims {
	if c == nil {
		return &noClaims
	}
	return c
}

// find returns the member of that name.
func (c *Claims) find(name string) (member, bool) {
	for _, m := range c.orEmpty().members {
		if c.name(m) == name {
			return m, true
		}
	}
	return member{}, false
}

func (c *Claims) name(m member) string {
	return unescape(c.payload[m.nameStart:m.nameEnd], m.nameEscaped)
}

// raw is a member's JSON text, a string's with its quotes.
func (c *Claims) raw(m member) string {
	if m.kind == kindString {
		return c.payload[m.valueStart-1 : m.valueEnd+1]
	}
	return c.payload[m.valueStart:m.valueEnd]
}

// text is the string claim at a position plus one, as parsed numbers them; empty when there is none or it is no string.
func (c *Claims) text(at uint16) (string, bool) {
	if at == 0 || c.members[at-1].kind != kindString {
		return "", false
	}
	m := c.members[at-1]
	return unescape(c.payload[m.valueStart:m.valueEnd], m.valueEscaped), true
}

// fill reads the typed claims. It is called once, before anyone else sees c.
func (c *Claims) fill(f *claimFields) {
	c.subject, _ = c.text(f.sub)
	c.issuer, _ = c.text(f.iss)
	c.tokenUse, _ = c.text(f.tokenUse)
	c.clientID, _ = c.text(f.clientID)
	c.scope, c.hasScope = c.text(f.scope)
	c.issuedAt, c.expires, c.notBefore = f.issuedAt, f.expires, f.notBefore
	c.readOtherScopes(f)
	c.hasAudience = f.aud != 0
	if one, ok := c.text(f.aud); ok {
		c.oneAudience[0] = one
		c.audience = c.oneAudience[:]
	} else if f.aud != 0 && c.members[f.aud-1].kind == kindArray {
		for e := range elements(c.raw(c.members[f.aud-1])) {
			if e.kind == kindString {
				c.audience = append(c.audience, e.text)
			}
		}
	}
}

// holdsWord tells whether word is one of text's words, which single spaces separate.
func holdsWord(text, word string) bool {
	if word == "" {
		return false
	}
	for len(text) >= len(word) {
		end := strings.IndexByte(text, ' ')
		if end < 0 {
			return text == word
		}
		if text[:end] == word {
			return true
		}
		text = text[end+1:]
	}
	return false
}
