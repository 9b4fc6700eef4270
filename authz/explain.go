package authz

import (
	"context"
	"fmt"
	"strings"
	"time"
)

// Check is one step of a decision. The JSON shape is public: the decision record and explain --json carry it.
type Check struct {
	// Name is the check's: source, shape, algorithm, issuer, key, signature, expiry, not_before, token_use, audience, scope.
	Name string `json:"name"`
	// Outcome is passed, failed, skipped (does not apply) or not_reached.
	Outcome string `json:"outcome"`
	// Reason is the code of a failed check.
	Reason Reason `json:"reason,omitempty"`
	// Saw and Expected are sentences for people. They never hold a whole token.
	Saw      string `json:"saw,omitempty"`
	Expected string `json:"expected,omitempty"`
}

// The outcomes of a check.
const (
	Passed     = "passed"
	Failed     = "failed"
	Skipped    = "skipped"
	NotReached = "not_reached"
)

// checkID is one of the checks, in the order in which they run.
type checkID int

const (
	checkSource checkID = iota
	checkShape
	checkAlgorithm
	checkIssuer
	checkKey
	checkSignature
	checkExpiry
	checkNotBefore
	checkTokenUse
	checkAudience
	checkScope
	passedAll
)

var checkNames = [passedAll]string{
	"source", "shape", "algorithm", "issuer", "key", "signature", "expiry", "not_before", "token_use", "audience", "scope",
}

// view is what an explanation shows of a token: never the whole of it. A nil view sees nothing and costs nothing.
type view struct {
	detail         string
	alg, kid       string
	hasAlg, hasKid bool
	pool           Pool
	claims         *Claims // verified or not
}

// seeRefused notes what a token says of itself that is refused before its signature held. One that passes is not looked at here: it costs
// memory, and seeVerified tells the same of it.
func (w *view) seeRefused(p *parsed, reason Reason, detail string) {
	if w == nil {
		return
	}
	w.detail = detail
	if reason != "" {
		return
	}
	w.alg, w.hasAlg, w.kid, w.hasKid = p.headerRead.alg, p.headerRead.hasAlg, p.headerRead.kid, p.headerRead.hasKid
	w.claims = &p.verified(len(p.text)-len(p.payload), Pool{}).claims
}

func (w *view) seePool(pool Pool) {
	if w != nil {
		w.pool = pool
	}
}

// seeVerified notes what is known of a token whose signature held.
func (w *view) seeVerified(v *verified) {
	if w == nil {
		return
	}
	w.alg, w.hasAlg, w.kid, w.hasKid = v.claims.algorithm, true, v.claims.keyID, true
	w.claims, w.pool = &v.claims, v.pool
}

// Explain is Decide with every check written down. Both give the same Decision.
func (a *Authorizer) Explain(ctx context.Context, identity string, scopes []string, now time.Time) (Decision, []Check) {
	var seen view
	v := a.judge(ctx, identity, scopes, now, &seen)
	return v.decision(), a.explain(v, &seen, identity, scopes, now)
}

// Examine is Decide for a token that is allowed, at its cost, and Explain for one that is refused: the token is verified once, so the
// checks are those of this very decision. There are none when it is allowed.
func (a *Authorizer) Examine(ctx context.Context, identity string, scopes []string, now time.Time) (Decision, []Check) {
	var seen view
	v := a.judge(ctx, identity, scopes, now, &seen)
	if v.reason == "" {
		return v.decision(), nil
	}
	return v.decision(), a.explain(v, &seen, identity, scopes, now)
}

// explain writes down the checks behind a verdict.
func (a *Authorizer) explain(v verdict, seen *view, identity string, scopes []string, now time.Time) []Check {
	checks := make([]Check, 0, passedAll)
	for id := checkSource; id < passedAll; id++ {
		c := Check{Name: checkNames[id]}
		switch {
		case id > v.failed:
			c.Outcome = NotReached
		case id == v.failed:
			c.Outcome, c.Reason = Failed, v.reason
			c.Saw, c.Expected = a.describe(id, v.reason, seen, identity, scopes, now)
		case a.skips(id, seen, scopes):
			c.Outcome = Skipped
		default:
			c.Outcome = Passed
			c.Saw, _ = a.describe(id, "", seen, identity, scopes, now)
		}
		checks = append(checks, c)
	}
	return checks
}

// skips tells whether a check has nothing to do for this token, method and authorizer.
func (a *Authorizer) skips(id checkID, seen *view, scopes []string) bool {
	switch id {
	case checkNotBefore:
		return seen.claims == nil || seen.claims.notBefore.IsZero()
	case checkAudience:
		return a.audience == nil
	case checkScope:
		return len(scopes) == 0
	}
	return false
}

// describe tells people what a check saw and what it asks for. reason is empty when it passed.
func (a *Authorizer) describe(id checkID, reason Reason, seen *view, identity string, scopes []string, now time.Time) (saw, expected string) {
	c := seen.claims
	switch id {
	case checkSource:
		if reason != "" {
			return "no value in the authorizer's token source", "a token in the header that the authorizer names as its token source"
		}
		return describePrefix(identity), ""
	case checkShape:
		return describeTokenShape(reason, seen, "a whole token as a user pool issues it")
	case checkAlgorithm:
		return claimText("alg", seen.alg, seen.hasAlg), `alg "RS256"`
	case checkIssuer:
		iss, ok := c.String("iss")
		return claimText("iss", iss, ok), a.expectedIssuers(reason)
	case checkKey:
		return a.describeKey(reason, seen)
	case checkSignature:
		return describeSignature(reason, seen, "the pool's key ")
	case checkExpiry:
		return describeExpiry(reason, c, now)
	case checkNotBefore:
		return "nbf " + instant(c.notBefore), "a time that is not after " + instant(now)
	case checkTokenUse:
		use, ok := c.String("token_use")
		return "token_use " + isText(use, ok), expectedUse(scopes)
	case checkAudience:
		return describeAudience(c), "an aud that matches " + quote(a.audience.expression) + " as a whole, the authorizer's token validation expression"
	case checkScope:
		return claimText("scope", c.scope, c.hasScope), "a scope claim with one of the method's scopes: " + quoteAll(scopes)
	}
	return "", ""
}

func describePrefix(identity string) string {
	if len(bearerToken(identity)) != len(identity) {
		return `a value with the prefix "Bearer "`
	}
	return "a value without a prefix"
}

func describeTokenShape(reason Reason, seen *view, wanted string) (saw, expected string) {
	if reason != "" {
		return seen.detail, wanted + `: three base64url parts, alone or after "Bearer " and exactly one space`
	}
	return "a token of three parts", ""
}

func describeSignature(reason Reason, seen *view, whose string) (saw, expected string) {
	if reason != "" {
		return "a signature that does not fit the token's header and payload", "a signature by " + whose + quote(seen.kid) + " of the token as it was issued"
	}
	return "a signature by " + whose + quote(seen.kid), ""
}

func describeExpiry(reason Reason, c *Claims, now time.Time) (saw, expected string) {
	if reason != "" {
		return fmt.Sprintf("exp %s, %s ago", instant(c.expires), now.Sub(c.expires).Truncate(time.Second)), "a time after " + instant(now)
	}
	return fmt.Sprintf("exp %s, in %s", instant(c.expires), c.expires.Sub(now).Truncate(time.Second)), ""
}

// expectedIssuers lists the issuers of the authorizer's pools, or tells that none of them is known.
func (a *Authorizer) expectedIssuers(reason Reason) string {
	if len(a.pools) == 0 {
		return "an issuer of one of the authorizer's user pools, of which there are none"
	}
	var issuers []string
	for _, pool := range a.pools {
		issuers = append(issuers, a.engine.keys.Issuers(pool)...)
		if reason == PoolNotFound {
			issuers = append(issuers, pool.ID)
		}
	}
	if reason == PoolNotFound {
		return "an issuer of one of the authorizer's user pools, none of which is known: " + quoteAll(issuers)
	}
	return "an issuer of one of the authorizer's user pools: " + quoteAll(issuers)
}

func (a *Authorizer) describeKey(reason Reason, seen *view) (saw, expected string) {
	switch saw = claimText("kid", seen.kid, seen.hasKid); reason {
	case PoolNotFound:
		return "the user pool " + quote(seen.pool.ID) + ", which does not exist", "a user pool that exists"
	case KeysUnavailable:
		return "no answer for the keys of the user pool " + quote(seen.pool.ID), "the pool's keys (" + saw + ")"
	}
	return saw, "the kid of one of the keys of the user pool " + quote(seen.pool.ID)
}

func expectedUse(scopes []string) string {
	if len(scopes) == 0 {
		return `token_use "id", because the method has no authorization scopes`
	}
	return `token_use "access", because the method has authorization scopes`
}

func describeAudience(c *Claims) string {
	if len(c.audience) == 0 {
		if c.clientID != "" {
			return "no aud; the token has client_id " + quote(c.clientID) + ", which the expression is not compared with"
		}
		return "no aud"
	}
	return "aud " + quoteAll(c.audience)
}

// claimText shows a header member or claim that is a string.
func claimText(name, value string, ok bool) string {
	if !ok {
		return "no " + name + " that is a string"
	}
	return name + " " + quote(value)
}

func isText(value string, ok bool) string {
	if !ok {
		return "is missing"
	}
	return "is " + quote(value)
}

// maxShown bounds how much of a value of an unverified token is shown.
const maxShown = 256

// quote shows a value out of a token, cut to a length that cannot be a whole token.
func quote(value string) string {
	if len(value) > maxShown {
		return fmt.Sprintf("%q…", strings.ToValidUTF8(value[:maxShown], ""))
	}
	return fmt.Sprintf("%q", value)
}

// maxListed bounds how many values of a list are shown.
const maxListed = 10

func quoteAll(values []string) string {
	shown := make([]string, 0, maxListed+1)
	for i, v := range values {
		if i == maxListed {
			shown = append(shown, fmt.Sprintf("and %d more", len(values)-i))
			break
		}
		shown = append(shown, quote(v))
	}
	return strings.Join(shown, ", ")
}

// instant shows a time in UTC, to the second.
func instant(t time.Time) string { return t.UTC().Format("2006-01-02 15:04:05 UTC") }
