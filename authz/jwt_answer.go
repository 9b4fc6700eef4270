package authz

import (
	"encoding/base64"
	"net/http"
	"strings"
)

// JWTDecision is what the engine says about one request to an HTTP API.
type JWTDecision struct {
	Allowed bool
	// Reason is why not; empty when allowed.
	Reason Reason
	// Status is what the client is answered: 401, or 403 for a good token without the scope; 0 when allowed.
	Status int
	// Description is the error_description of the refusal, which the access log shows behind "invalid_token: " as
	// $context.authorizer.error; empty when allowed, and when no token was sent.
	Description string
	// Claims are the token's, shared and immutable; nil unless its signature held.
	Claims *Claims
}

// Message is what the client is told of a refusal; empty when allowed.
func (d JWTDecision) Message() string {
	if d.Status == 0 {
		return ""
	}
	return http.StatusText(d.Status)
}

// Error is the OAuth error of a refusal (RFC 6750, section 3.1); empty when allowed, and when no token was sent.
func (d JWTDecision) Error() string {
	switch {
	case d.Description == "":
		return ""
	case d.Reason == ScopeMissing:
		return "insufficient_scope"
	}
	return "invalid_token"
}

// AuthorizerError is $context.authorizer.error as the access log shows it (fact 2).
func (d JWTDecision) AuthorizerError() string {
	if d.Description == "" {
		return ""
	}
	return d.Error() + ": " + d.Description
}

// WWWAuthenticate is the value of a refusal's www-authenticate for a route with these scopes. Its parts are separated by blanks, not by
// commas (fact 2).
func (d JWTDecision) WWWAuthenticate(scopes []string) string {
	if d.Description == "" {
		return "Bearer"
	}
	return `Bearer scope="` + strings.Join(scopes, " ") + `" error="` + d.Error() + `" error_description="` + d.Description + `"`
}

// jwtDecision is the decision on the value of an identity source that the verdict is about.
func (v verdict) jwtDecision(identity string) JWTDecision {
	d := JWTDecision{Allowed: v.reason == "", Reason: v.reason}
	if v.token != nil {
		d.Claims = &v.token.claims
	}
	if d.Allowed {
		return d
	}
	d.Status = http.StatusUnauthorized
	if v.reason == ScopeMissing {
		d.Status = http.StatusForbidden
	}
	d.Description = v.description(identity)
	return d
}

// The descriptions of refusals, most of them seen (fact 2). The others are those of the JWT library whose words AWS was seen
// to use, or made like the ones seen.
const (
	describedSegments  = "token contains an invalid number of segments"
	describedBearer    = "tokenstring should not contain 'bearer '"
	describedMalformed = "token is malformed"
	describedKey       = "the token does not have a valid key id"
	describedSignature = "crypto/rsa: verification error"
	describedIssuer    = "the token does not have a valid issuer"
	describedAudience  = "the token does not have a valid audience"
	describedExpired   = "the token has expired"
	describedNotYet    = "the token is not valid yet"
	describedScope     = "the token does not have a valid scope"
	describedDiscovery = "OIDC discovery endpoint communication error"
	describedJWKS      = "JWKS communication error"
)

func (v verdict) description(identity string) string {
	switch v.reason {
	case TokenMalformed, TokenIsRefreshToken:
		return describeMalformed(bearerToken(identity))
	case TokenAlgorithm:
		return describeAlgorithm(v.alg)
	case TokenIssuer:
		return describedIssuer
	case TokenKeyUnknown:
		return describedKey
	case PoolNotFound: // its discovery document is not there either
		return describedDiscovery
	case KeysUnavailable:
		if v.noDiscovery {
			return describedDiscovery
		}
		return describedJWKS
	case TokenSignature:
		return describedSignature
	case TokenExpired:
		return describedExpired
	case TokenNotYetValid:
		return describedNotYet
	case TokenAudience:
		return describedAudience
	case ScopeMissing:
		return describedScope
	}
	return ""
}

// describeMalformed says what is wrong with a token as the library does, where that can be told without repeating the token.
func describeMalformed(token string) string {
	if len(token) > maxToken {
		return describedMalformed
	}
	segments := strings.Split(token, ".")
	if len(segments) != 3 {
		return describedSegments
	}
	if len(bearerToken(token)) != len(token) {
		return describedBearer
	}
	for _, segment := range segments {
		if _, err := base64.RawURLEncoding.DecodeString(segment); err != nil {
			return err.Error() // "illegal base64 data at input byte", and a number
		}
	}
	return describedMalformed
}

// describeAlgorithm names only the algorithms that there are, so that no token can put words into the answer.
func describeAlgorithm(alg string) string {
	switch alg {
	case "":
		return "signing method (alg) is unspecified."
	case "none", "HS256", "HS384", "HS512", "RS256", "RS384", "RS512", "ES256", "ES384", "ES512", "PS256", "PS384", "PS512":
		return "signing method " + alg + " is invalid"
	}
	return "signing method (alg) is unavailable."
}
