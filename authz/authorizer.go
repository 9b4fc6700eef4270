package authz

import (
	"context"
	"slices"
	"time"
)

// Authorizer is a compiled COGNITO_USER_POOLS authorizer. It is immutable and safe for concurrent use.
type Authorizer struct {
	engine   *Engine
	pools    []Pool
	poolSet  map[Pool]struct{} // of pools, when there are many
	audience *audience
}

// fewPools is up to how many pools are compared one by one.
const fewPools = 4

// Decision is what the engine says about one request.
type Decision struct {
	Allowed bool
	// Reason is why not; empty when allowed.
	Reason Reason
	// Claims are the token's, shared and immutable; nil unless its signature held.
	Claims *Claims
}

// Message is what the client is told of a refusal, $context.error.messageString; empty when allowed.
func (d Decision) Message() string { return d.Reason.Message() }

// Decide judges the value of the identity source ("Bearer " prefix or not; empty means that it was missing) for a method with
// these scopes: none means an ID token is asked for, any means an access token that carries one of them. It costs no
// allocation for a token seen before.
func (a *Authorizer) Decide(ctx context.Context, identity string, scopes []string, now time.Time) Decision {
	v := a.judge(ctx, identity, scopes, now, nil)
	return v.decision()
}

// verdict is the outcome of the checks: at which it ended and why.
type verdict struct {
	// failed is the check that refused, passedAll when none did.
	failed checkID
	reason Reason
	token  *verified
	// alg is the algorithm of a token that is refused for it; noDiscovery says that not even the issuer's configuration was had.
	alg         string
	noDiscovery bool
}

func (v verdict) decision() Decision {
	d := Decision{Allowed: v.reason == "", Reason: v.reason}
	if v.token != nil {
		d.Claims = &v.token.claims
	}
	return d
}

// judge runs the checks in order. Decide and Explain both are this function; with view, what was seen of a token on the
// way is kept there.
func (a *Authorizer) judge(ctx context.Context, identity string, scopes []string, now time.Time, view *view) verdict {
	if identity == "" {
		return verdict{failed: checkSource, reason: IdentitySourceMissing}
	}
	token := bearerToken(identity)
	known := a.engine.known.get(token)
	if known == nil || !a.serves(known.pool) { // what another authorizer's pool vouches for counts for nothing here
		v := a.verify(ctx, token, view)
		if v.reason != "" {
			return v
		}
		known = v.token
	}
	view.seeVerified(known)
	failed, reason := a.judgeClaims(known, scopes, now)
	return verdict{failed: failed, reason: reason, token: known}
}

// serves tells whether the pool is one of the authorizer's.
func (a *Authorizer) serves(pool Pool) bool {
	if a.poolSet != nil {
		_, ok := a.poolSet[pool]
		return ok
	}
	return slices.Contains(a.pools, pool)
}

// judgeClaims runs the checks of a token whose signature held.
func (a *Authorizer) judgeClaims(known *verified, scopes []string, now time.Time) (checkID, Reason) {
	c := &known.claims
	if !now.Before(c.expires) { // no leeway: a token of 60 minutes is refused when 60 minutes have passed
		return checkExpiry, TokenExpired
	}
	if now.Before(c.notBefore) {
		return checkNotBefore, TokenNotYetValid
	}
	// Scopes on the method are what makes it ask for access tokens (fact 1.2).
	if len(scopes) == 0 {
		if c.tokenUse != "id" {
			return checkTokenUse, TokenUseIDExpected
		}
	} else if c.tokenUse != "access" {
		return checkTokenUse, TokenUseAccessExpected
	}
	if a.audience != nil && !a.audience.matchesKnown(known) {
		return checkAudience, TokenAudience
	}
	if len(scopes) > 0 && !holdsAny(c.scope, scopes) {
		return checkScope, ScopeMissing
	}
	return passedAll, ""
}

// holdsAny tells whether one of the words stands in text.
func holdsAny(text string, words []string) bool {
	for _, w := range words {
		if holdsWord(text, w) {
			return true
		}
	}
	return false
}
