package authz

import (
	"context"
	"time"
)

// Explain is Decide with every check written down. Both give the same JWTDecision. The checks are those of Authorizer.Explain
// without token_use, which JWT authorizers do not look at; not_before covers iat too.
func (a *JWTAuthorizer) Explain(ctx context.Context, identity string, scopes []string, now time.Time) (JWTDecision, []Check) {
	var seen view
	v := a.judge(ctx, identity, scopes, now, &seen)
	return v.jwtDecision(identity), a.explain(v, &seen, identity, scopes, now)
}

// Examine is Decide for a token that is allowed, at its cost, and Explain for one that is refused: the token is verified once, so the
// checks are those of this very decision. There are none when it is allowed.
func (a *JWTAuthorizer) Examine(ctx context.Context, identity string, scopes []string, now time.Time) (JWTDecision, []Check) {
	var seen view
	v := a.judge(ctx, identity, scopes, now, &seen)
	if v.reason == "" {
		return v.jwtDecision(identity), nil
	}
	return v.jwtDecision(identity), a.explain(v, &seen, identity, scopes, now)
}

// explain writes down the checks behind a verdict.
func (a *JWTAuthorizer) explain(v verdict, seen *view, identity string, scopes []string, now time.Time) []Check {
	checks := make([]Check, 0, passedAll)
	for id := checkSource; id < passedAll; id++ {
		if id == checkTokenUse {
			continue
		}
		c := Check{Name: checkNames[id]}
		switch {
		case id > v.failed:
			c.Outcome = NotReached
		case id == v.failed:
			c.Outcome, c.Reason = Failed, v.reason
			c.Saw, c.Expected = a.describe(id, v, seen, identity, scopes, now)
		case a.skips(id, seen, scopes):
			c.Outcome = Skipped
		default:
			c.Outcome = Passed
			c.Saw, _ = a.describe(id, v, seen, identity, scopes, now)
		}
		checks = append(checks, c)
	}
	return checks
}

// skips tells whether a check has nothing to do for this token and route.
func (a *JWTAuthorizer) skips(id checkID, seen *view, scopes []string) bool {
	switch id {
	case checkNotBefore:
		return seen.claims == nil || seen.claims.notBefore.IsZero() && seen.claims.issuedAt.IsZero()
	case checkScope:
		return len(scopes) == 0
	}
	return false
}

// describe tells people what a check saw and what it asks for. The verdict's reason is of no account for a check that passed.
func (a *JWTAuthorizer) describe(id checkID, v verdict, seen *view, identity string, scopes []string, now time.Time) (saw, expected string) {
	c := seen.claims
	reason := v.reason
	if id != v.failed {
		reason = ""
	}
	switch id {
	case checkSource:
		if reason != "" {
			return "no value in the authorizer's identity source", "a token in what the authorizer names as its identity source"
		}
		return describePrefix(identity), ""
	case checkShape:
		return describeTokenShape(reason, seen, "a whole token as its issuer made it")
	case checkAlgorithm:
		return claimText("alg", seen.alg, seen.hasAlg), `alg "RS256", "RS384" or "RS512": only RSA keys are taken`
	case checkIssuer:
		iss, ok := c.String("iss")
		return claimText("iss", iss, ok), "the authorizer's issuer, to the byte: " + quoteAll(a.names)
	case checkKey:
		return a.describeKey(v, seen)
	case checkSignature:
		return describeSignature(reason, seen, "the issuer's key ")
	case checkExpiry:
		return describeExpiry(reason, c, now)
	case checkNotBefore:
		return describeBegin(c), "times that are not after " + instant(now)
	case checkAudience:
		return describeJWTAudience(c), "an aud, or without aud a client_id, of the authorizer's audience: " + quoteAll(a.audience)
	case checkScope:
		return "scopes " + quoteAll(c.HTTPScopes()), "a scope or scp claim with one of the route's scopes: " + quoteAll(scopes)
	}
	return "", ""
}

func (a *JWTAuthorizer) describeKey(v verdict, seen *view) (saw, expected string) {
	saw = claimText("kid", seen.kid, seen.hasKid)
	switch {
	case v.failed != checkKey, v.reason == TokenKeyUnknown:
		return saw, "the kid of one of the keys of the issuer " + quote(a.names[0])
	case v.reason == TokenAlgorithm:
		return saw + ", the id of a key that is for another alg than " + quote(seen.alg), "a token signed with the algorithm that its key is for"
	case v.reason == PoolNotFound:
		return "an issuer that is a user pool of this server, which does not exist", "a user pool that exists"
	case v.noDiscovery:
		return "no usable answer of " + quote(a.names[0]+"/.well-known/openid-configuration"), "the issuer's configuration, which names its jwks_uri"
	}
	return "no usable answer for the keys of " + quote(a.names[0]), "a key set at the issuer's jwks_uri (" + saw + ")"
}

// describeBegin shows the times before which a token does not count.
func describeBegin(c *Claims) string {
	switch {
	case c.notBefore.IsZero():
		return "iat " + instant(c.issuedAt)
	case c.issuedAt.IsZero():
		return "nbf " + instant(c.notBefore)
	}
	return "nbf " + instant(c.notBefore) + " and iat " + instant(c.issuedAt)
}

func describeJWTAudience(c *Claims) string {
	switch {
	case !c.hasAudience && c.clientID != "":
		return "no aud, and client_id " + quote(c.clientID)
	case !c.hasAudience:
		return "neither aud nor client_id"
	case len(c.audience) == 0:
		return "an aud that is neither a string nor a list of strings"
	case c.clientID != "":
		return "aud " + quoteAll(c.audience) + "; client_id is not looked at when there is an aud"
	}
	return "aud " + quoteAll(c.audience)
}
