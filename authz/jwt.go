package authz

import (
	"context"
	"crypto/rsa"
	"errors"
	"fmt"
	"slices"
	"time"
)

// JWTSettings are those of a JWT authorizer of an HTTP API, as a user wrote them.
type JWTSettings struct {
	// Issuer is the iss that tokens carry, to the byte: Auth0's ends with a slash, a user pool's does not.
	Issuer string
	// Audience lists what aud, or client_id of a token without aud, may be. A token fits when one of its audiences is listed; of
	// an empty list, none is.
	Audience []string
}

// IssuerKey is a public key of an issuer.
type IssuerKey struct {
	RSA *rsa.PublicKey
	// Algorithm is the one algorithm that the key is for; empty when the issuer named none, and any of RS256, RS384 and RS512
	// will do. A key is used for one algorithm only (RFC 8725, section 3.1).
	Algorithm string
}

// ErrDiscoveryUnavailable is ErrKeysUnavailable of an issuer whose OpenID configuration could not be had: where its
// keys are is not even known.
var ErrDiscoveryUnavailable = fmt.Errorf("authz: the issuer's configuration is unavailable: %w", ErrKeysUnavailable)

// IssuerKeys knows the public keys of issuers. Implementations are safe for concurrent use.
//
// IssuerKey is called for tokens that anybody may have made up, with an authorizer's issuer but any key id: answering such
// a call must stay cheap however often it comes. authz/jwks fetches the keys of OpenID providers.
type IssuerKeys interface {
	// IssuerKey returns the issuer's key of that id. Its errors are those of Keys, and ErrDiscoveryUnavailable.
	IssuerKey(ctx context.Context, issuer, kid string) (IssuerKey, error)
	// IssuerNames lists the iss values that tokens of the issuer may carry. Mostly that is the issuer alone, but a user pool
	// may have a local and an AWS address. Every name of an issuer must yield the same list, which must not
	// change: an authorizer asks once.
	IssuerNames(issuer string) []string
}

// Option is one of New's.
type Option func(*Engine)

// WithIssuers lets JWT authorizers ask keys. Without it they refuse every token: no issuer is known.
func WithIssuers(keys IssuerKeys) Option { return func(e *Engine) { e.issuers = keys } }

// noIssuers knows none.
type noIssuers struct{}

func (noIssuers) IssuerKey(context.Context, string, string) (IssuerKey, error) {
	return IssuerKey{}, ErrDiscoveryUnavailable
}

func (noIssuers) IssuerNames(issuer string) []string { return []string{issuer} }

// JWTAuthorizer is a compiled JWT authorizer of an HTTP API. It is immutable and safe for concurrent use.
type JWTAuthorizer struct {
	engine *Engine
	// names are the iss values that are accepted; the first stands for the issuer in the cache and where keys are asked for.
	names    []string
	audience []string
}

// CompileJWT turns settings into an authorizer; an issuer that is empty is an error.
func (e *Engine) CompileJWT(s JWTSettings) (*JWTAuthorizer, error) {
	if s.Issuer == "" {
		return nil, errors.New("authz: a JWT authorizer needs an issuer")
	}
	names := slices.Clone(e.issuers.IssuerNames(s.Issuer))
	if len(names) == 0 {
		names = []string{s.Issuer}
	}
	e.issuedOnce.Do(func() { e.issued.Store(newCache(cacheTokens, cacheBytes)) })
	return &JWTAuthorizer{engine: e, names: names, audience: slices.Clone(s.Audience)}, nil
}

// ForgetIssuer drops every verified token of an issuer, because its keys changed or it is gone; any of its names will do.
// A token that is being verified meanwhile is judged by the key it was given, but not remembered.
func (e *Engine) ForgetIssuer(issuer string) {
	if names := e.issuers.IssuerNames(issuer); len(names) > 0 {
		issuer = names[0]
	}
	e.generation.Add(1)
	if issued := e.issued.Load(); issued != nil {
		issued.dropIf(func(v *verified) bool { return v.issuer == issuer })
	}
}

// Decide judges the value of the identity source ("Bearer " prefix or not; empty means that it was missing) for a route with these
// scopes: none means that any token of the issuer and audience will do, any that the token's scope or scp must hold one of
// them. It costs no allocation for a token seen before.
func (a *JWTAuthorizer) Decide(ctx context.Context, identity string, scopes []string, now time.Time) JWTDecision {
	return a.judge(ctx, identity, scopes, now, nil).jwtDecision(identity)
}

// judge runs the checks in order. Decide and Explain both are this function.
func (a *JWTAuthorizer) judge(ctx context.Context, identity string, scopes []string, now time.Time, view *view) verdict {
	if identity == "" {
		return verdict{failed: checkSource, reason: IdentitySourceMissing}
	}
	token := bearerToken(identity)
	known := a.engine.issued.Load().get(token)
	if known == nil || known.issuer != a.names[0] { // what another authorizer's issuer vouches for counts for nothing here
		v := a.verify(ctx, token, view)
		if v.reason != "" {
			return v
		}
		known = v.token
	}
	view.seeVerified(known)
	failed, reason := a.judgeClaims(&known.claims, scopes, now)
	return verdict{failed: failed, reason: reason, token: known}
}

// judgeClaims runs the checks of a token whose signature held.
func (a *JWTAuthorizer) judgeClaims(c *Claims, scopes []string, now time.Time) (checkID, Reason) {
	if !now.Before(c.expires) {
		return checkExpiry, TokenExpired
	}
	if now.Before(c.notBefore) || now.Before(c.issuedAt) { // iat must lie in the past (fact 2)
		return checkNotBefore, TokenNotYetValid
	}
	if !a.isFor(c) {
		return checkAudience, TokenAudience
	}
	if len(scopes) > 0 && !c.grantsAny(scopes) {
		return checkScope, ScopeMissing
	}
	return passedAll, ""
}

// isFor tells whether the token is for the authorizer's audience: client_id counts only where there is no aud (fact 2).
func (a *JWTAuthorizer) isFor(c *Claims) bool {
	if !c.hasAudience {
		return c.clientID != "" && slices.Contains(a.audience, c.clientID)
	}
	for _, audience := range c.audience {
		if slices.Contains(a.audience, audience) {
			return true
		}
	}
	return false
}

// verify runs the checks up to the signature on a token that is not remembered, and remembers it when they hold.
func (a *JWTAuthorizer) verify(ctx context.Context, token string, view *view) verdict {
	p := scratch.Get().(*parsed)
	defer scratch.Put(p)
	reason, detail := p.parse(token)
	if reason != "" {
		view.seeRefused(p, reason, detail)
		return verdict{failed: checkShape, reason: reason}
	}
	v := a.verifyParsed(ctx, p, len(token))
	if v.reason != "" {
		view.seeRefused(p, "", detail)
	}
	return v
}

// verifyParsed is verify for a token that has the shape of one.
func (a *JWTAuthorizer) verifyParsed(ctx context.Context, p *parsed, tokenLen int) verdict {
	generation := a.engine.generation.Load()
	hash, known := rsaHashes[p.headerRead.alg]
	if !known {
		return verdict{failed: checkAlgorithm, reason: TokenAlgorithm, alg: p.headerRead.alg}
	}
	if iss, ok := p.textClaim(p.claims.iss); !ok || !containsText(a.names, iss) {
		return verdict{failed: checkIssuer, reason: TokenIssuer}
	}
	key, failed := a.key(ctx, p)
	if failed.reason != "" {
		return failed
	}
	if !p.signedBy(key, hash) {
		return verdict{failed: checkSignature, reason: TokenSignature}
	}
	v := p.verified(tokenLen, Pool{})
	v.issuer = a.names[0]
	a.engine.issued.Load().put(v, &a.engine.generation, generation)
	return verdict{failed: passedAll, token: v}
}

// key finds the issuer's key that the token's kid names.
func (a *JWTAuthorizer) key(ctx context.Context, p *parsed) (*rsa.PublicKey, verdict) {
	if !p.headerRead.hasKid {
		return nil, verdict{failed: checkKey, reason: TokenKeyUnknown}
	}
	key, err := a.engine.issuers.IssuerKey(ctx, a.names[0], p.headerRead.kid)
	switch {
	case err == nil && key.RSA != nil && (key.Algorithm == "" || key.Algorithm == p.headerRead.alg):
		return key.RSA, verdict{}
	case err == nil && key.RSA != nil:
		return nil, verdict{failed: checkKey, reason: TokenAlgorithm, alg: p.headerRead.alg}
	case errors.Is(err, ErrKeyUnknown):
		return nil, verdict{failed: checkKey, reason: TokenKeyUnknown}
	case errors.Is(err, ErrPoolNotFound):
		return nil, verdict{failed: checkKey, reason: PoolNotFound}
	default:
		return nil, verdict{failed: checkKey, reason: KeysUnavailable, noDiscovery: errors.Is(err, ErrDiscoveryUnavailable)}
	}
}
