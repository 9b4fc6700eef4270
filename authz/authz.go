// Package authz is the engine: a token, an authorizer's settings and a method's scopes in, a Decision out. Every door
// asks it (the gateway enforces with it, TestInvokeAuthorizer reports with it, explain and the console speak with it),
// so an explanation can never disagree with enforcement.
//
// The package is pure: it knows no service, no store and no network. Who has a pool's keys implements Keys; fetching
// them over HTTP is authz/jwks.
package authz

import (
	"context"
	"crypto/rsa"
	"errors"
	"time"
)

// Errors that Keys may return; anything else counts as ErrKeysUnavailable.
var (
	// ErrKeyUnknown says that the pool has no key of that id.
	ErrKeyUnknown = errors.New("authz: the pool has no such key")
	// ErrPoolNotFound says that there is no such pool.
	ErrPoolNotFound = errors.New("authz: no such pool")
	// ErrKeysUnavailable says that the pool's keys could not be had just now.
	ErrKeysUnavailable = errors.New("authz: the pool's keys are unavailable")
)

// Pool names a user pool: the region and id of its ARN. The account of an ARN plays no part in finding a pool.
type Pool struct{ Region, ID string }

// Keys knows the pools' public keys and the issuers their tokens name.
type Keys interface {
	// Key returns the pool's key of that id.
	Key(ctx context.Context, pool Pool, kid string) (*rsa.PublicKey, error)
	// Issuers lists the iss values that name the pool, the one its tokens carry first.
	Issuers(pool Pool) []string
}

// Settings are an authorizer's, as a user wrote them.
type Settings struct {
	// Pools are those of the authorizer's providerARNs.
	Pools []Pool
	// AudienceExpression is the identityValidationExpression; it must match the whole of aud. Empty means not checked.
	AudienceExpression string
}

// Engine decides about tokens and remembers which it has verified. It is safe for concurrent use.
type Engine struct{ keys Keys }

// New returns an engine that asks keys.
func New(keys Keys) *Engine { return &Engine{keys: keys} }

// Forget drops every verified token of a pool, because its keys changed or it was deleted.
func (e *Engine) Forget(pool Pool) { panic("not written yet") }

// Compile turns settings into an authorizer; a bad expression is an error.
func (e *Engine) Compile(s Settings) (*Authorizer, error) { panic("not written yet") }

// Authorizer is a compiled COGNITO_USER_POOLS authorizer. It is immutable and safe for concurrent use.
type Authorizer struct{}

// Decide judges the value of the identity source ("Bearer " prefix or not; empty means that it was missing) for a method with
// these scopes: none means an ID token is asked for, any means an access token that carries one of them. It costs no
// allocation for a token seen before.
func (a *Authorizer) Decide(ctx context.Context, identity string, scopes []string, now time.Time) Decision {
	panic("not written yet")
}

// Explain is Decide with every check written down. Both give the same Decision.
func (a *Authorizer) Explain(ctx context.Context, identity string, scopes []string, now time.Time) (Decision, []Check) {
	panic("not written yet")
}

// Decision is what the engine says about one request.
type Decision struct {
	Allowed bool
	// Reason is why not; empty when allowed.
	Reason Reason
	// Claims are the token's, shared and immutable; nil unless its signature held.
	Claims *Claims
}

// Claims are a verified token's claims in the order of the token.
type Claims struct{}

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
