package authz

import (
	"crypto"
	"encoding/base64"
	"math"
	"strconv"
	"strings"
	"time"
)

// maxToken is the longest token that is looked at. API Gateway takes 10,240 bytes of headers in all.
const maxToken = 16 << 10

// bearerToken cuts the optional "Bearer " from an identity source's value (fact 1.3). Exactly one space separates the two:
// AWS refuses extra ones, and what is left of them here is no base64url.
func bearerToken(identity string) string {
	const scheme = "bearer "
	if len(identity) >= len(scheme) && strings.EqualFold(identity[:len(scheme)], scheme) {
		return identity[len(scheme):]
	}
	return identity
}

// rs256 is the one algorithm that Cognito signs with.
const rs256 = "RS256"

// rsaHashes are the algorithms that JWT authorizers take, which are RSA's alone (fact 2), with what each signs.
var rsaHashes = map[string]crypto.Hash{rs256: crypto.SHA256, "RS384": crypto.SHA384, "RS512": crypto.SHA512}

// parsed is a token taken apart, nothing about it verified. Its slices are reused from token to token.
type parsed struct {
	// signedLen is how long the signed part of the token is: its header, a dot and its payload.
	signedLen int
	// text is the whole token, followed by its decoded payload.
	text       []byte
	payload    []byte
	header     []byte
	signature  []byte
	members    []member
	headerRead headerFields
	claims     claimFields
}

// headerFields are the header members that count. jwk, jku, x5u and x5c do not: a key is only ever found by kid in the pool.
type headerFields struct {
	alg, kid       string
	hasAlg, hasKid bool
}

// claimFields says which member holds each claim that the engine reads, by its position in the token plus one.
type claimFields struct {
	sub, iss, tokenUse, clientID, aud, scope, scp uint16
	expires, notBefore, issuedAt                  time.Time
	hasNotBefore, hasIssuedAt                     bool
}

// parse takes a token apart. The reason is empty, token_malformed or token_is_refresh_token; detail says to people what is wrong.
func (p *parsed) parse(token string) (reason Reason, detail string) {
	if reason, detail = p.decode(token); reason != "" {
		return reason, detail
	}
	if detail = p.readHeader(); detail != "" {
		return TokenMalformed, detail
	}
	if detail = p.readClaims(); detail != "" {
		return TokenMalformed, detail
	}
	return "", ""
}

// decode separates and decodes the parts of a token, whatever they hold.
func (p *parsed) decode(token string) (reason Reason, detail string) {
	*p = parsed{text: p.text[:0], header: p.header[:0], signature: p.signature[:0], members: p.members[:0]}
	if len(token) > maxToken {
		return TokenMalformed, "a value of " + strconv.Itoa(len(token)) + " bytes"
	}
	first := strings.IndexByte(token, '.')
	second := first + 1 + strings.IndexByte(token[first+1:], '.')
	if first < 0 || second <= first {
		return TokenMalformed, "something that is not three parts separated by dots"
	}
	if strings.IndexByte(token[second+1:], '.') >= 0 {
		if isEncrypted(token) {
			return TokenIsRefreshToken, "an encrypted token of five parts, as refresh tokens are"
		}
		return TokenMalformed, "something that is not three parts separated by dots"
	}
	if strings.IndexByte(token, '\n') >= 0 || strings.IndexByte(token, '\r') >= 0 { // the decoder would skip these
		return TokenMalformed, "a line break in the token"
	}
	p.signedLen = second
	p.text = append(p.text, token...)
	var ok bool
	if p.header, ok = appendDecoded(p.header, p.text[:first]); !ok {
		return TokenMalformed, "a header that is not base64url"
	}
	if p.signature, ok = appendDecoded(p.signature, p.text[second+1:]); !ok {
		return TokenMalformed, "a signature that is not base64url"
	}
	if p.text, ok = appendDecoded(p.text, p.text[first+1:second]); !ok {
		return TokenMalformed, "a payload that is not base64url"
	}
	p.payload = p.text[len(token):]
	return "", ""
}

// isEncrypted tells whether a token has the five parts of an encrypted one, which is how a pool's refresh tokens look.
func isEncrypted(token string) bool {
	dots := 0
	for i := range len(token) {
		switch c := token[i]; {
		case c == '.':
			dots++
		case !base64urlByte(c):
			return false
		}
	}
	return dots == 4 && token[0] != '.'
}

func base64urlByte(c byte) bool {
	return 'A' <= c && c <= 'Z' || 'a' <= c && c <= 'z' || '0' <= c && c <= '9' || c == '-' || c == '_'
}

// strict refuses padding and bits that no encoder sets, so that a token has one spelling only.
var strict = base64.RawURLEncoding.Strict()

// appendDecoded appends what src encodes to dst. The two may share memory, if src stands before dst's end.
func appendDecoded(dst, src []byte) ([]byte, bool) {
	n := len(dst)
	dst, err := strict.AppendDecode(dst, src)
	return dst, err == nil && len(dst) > n || len(src) == 0
}

// readHeader reads the header's members; what it returns is what is wrong with it.
func (p *parsed) readHeader() (detail string) {
	members, ok := scanObject(p.header, p.members)
	if !ok {
		return "a header that is not one JSON object with distinct members"
	}
	p.members = members[:0]
	for _, m := range members {
		h := &p.headerRead
		switch string(nameOf(p.header, m)) {
		case "alg":
			if m.kind != kindString {
				return "a header whose alg is not a string"
			}
			h.alg, h.hasAlg = textOf(p.header, m), true
		case "kid":
			if m.kind != kindString {
				return "a header whose kid is not a string"
			}
			h.kid, h.hasKid = textOf(p.header, m), true
		case "crit": // it says that the token means something else to who does not know the extension
			return "a header with crit, which asks for extensions that Cognito does not use"
		case "b64": // without crit it would be ignored by some and make the payload another for others (RFC 7797, section 6)
			return "a header with b64, which changes how the payload is read"
		}
	}
	return ""
}

// readClaims reads the payload's members; what it returns is what is wrong with it.
func (p *parsed) readClaims() (detail string) {
	members, ok := scanObject(p.payload, p.members)
	p.members = members
	if !ok {
		return "a payload that is not one JSON object with distinct members"
	}
	c := &p.claims
	hasExpires := false
	for i, m := range members {
		switch at := uint16(i + 1); string(nameOf(p.payload, m)) {
		case "sub":
			c.sub = at
		case "iss":
			c.iss = at
		case "token_use":
			c.tokenUse = at
		case "client_id":
			c.clientID = at
		case "aud":
			c.aud = at
		case "scope":
			c.scope = at
		case "scp":
			c.scp = at
		case "exp":
			if c.expires, hasExpires = p.time(m); !hasExpires {
				return "an exp that is not a number of seconds"
			}
		case "nbf":
			if c.notBefore, c.hasNotBefore = p.time(m); !c.hasNotBefore {
				return "an nbf that is not a number of seconds"
			}
		case "iat":
			if c.issuedAt, c.hasIssuedAt = p.time(m); !c.hasIssuedAt {
				return "an iat that is not a number of seconds"
			}
		}
	}
	if !hasExpires {
		return "no exp"
	}
	return ""
}

// nameOf is a member's name, decoded.
func nameOf(data []byte, m member) []byte {
	name := data[m.nameStart:m.nameEnd]
	if m.nameEscaped {
		return []byte(unescape(string(name), true))
	}
	return name
}

// textOf is a string member's value, decoded.
func textOf(data []byte, m member) string {
	value := data[m.valueStart:m.valueEnd]
	if string(value) == rs256 { // the usual value needs no memory
		return rs256
	}
	return unescape(string(value), m.valueEscaped)
}

// textClaim is the text of the string claim at a position plus one; false when there is none or it is no string.
func (p *parsed) textClaim(at uint16) ([]byte, bool) {
	if at == 0 || p.members[at-1].kind != kindString {
		return nil, false
	}
	m := p.members[at-1]
	value := p.payload[m.valueStart:m.valueEnd]
	if m.valueEscaped {
		return []byte(unescape(string(value), true)), true
	}
	return value, true
}

// time reads a claim that is a number of seconds since 1970, with a fraction or not.
func (p *parsed) time(m member) (time.Time, bool) {
	if m.kind != kindNumber {
		return time.Time{}, false
	}
	text := p.payload[m.valueStart:m.valueEnd]
	if len(text) <= 11 { // seconds until the year 5138: what every real token has
		seconds := int64(0)
		for _, c := range text {
			if c < '0' || c > '9' {
				seconds = -1
				break
			}
			seconds = seconds*10 + int64(c-'0')
		}
		if seconds >= 0 {
			return time.Unix(seconds, 0), true
		}
	}
	f, err := strconv.ParseFloat(string(text), 64)
	if err != nil {
		return time.Time{}, false
	}
	const lastSecond, firstSecond = 253402300799, -62135596800 // of the years 9999 and 1
	whole, fraction := math.Modf(min(max(f, firstSecond), lastSecond))
	return time.Unix(int64(whole), int64(fraction*1e9)), true
}
