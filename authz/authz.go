// Package authz decides whether a token of an Amazon Cognito user pool opens a method, as the COGNITO_USER_POOLS
// authorizer of an API Gateway REST API decides it, or the JWT authorizer of an HTTP API, and says why when it does not.
//
// An [Engine] knows the pools' keys and remembers the tokens it has verified. [Engine.Compile] turns an authorizer's
// settings into an [Authorizer], and [Authorizer.Decide] judges one request:
//
//	engine := authz.New(keys) // authz/jwks fetches the keys of pools on AWS
//	authorizer, err := engine.Compile(authz.Settings{Pools: []authz.Pool{pool}})
//	…
//	decision := authorizer.Decide(ctx, r.Header.Get("Authorization"), []string{"orders/read"}, time.Now())
//	if !decision.Allowed {
//		log.Print(decision.Reason, ": ", decision.Reason.Info().Sentence)
//	}
//
// [Authorizer.Handler] does the same as net/http middleware, with scopes for each route, [Authorizer.Explain] gives the same decision with
// every check written down, and [Authorizer.Examine] does so for refusals alone.
//
// [Engine.CompileJWT] makes a [JWTAuthorizer] in the same way, as an HTTP API has it: for tokens of any OpenID provider, with
// RS256, RS384 or RS512, an audience and scopes. Its keys come from [IssuerKeys]; authz/jwks fetches them too. What one kind of authorizer
// has verified counts for nothing with the other.
//
// Checks run in one order and the first that fails is the reason: source, shape, algorithm, issuer, key, signature,
// expiry, not before, token use, audience, scope. A forged token is therefore never told that it expired.
//
// As on AWS, neither revocation nor the user's status nor the app client is looked at: a token opens until it ends.
//
// The package is pure: it knows no service, no store and no network. Who has a pool's keys implements [Keys].
//
// # Errors
//
// Only what an operator wrote can be an error: [Engine.Compile] and [Engine.CompileJWT] return one for settings that they cannot use,
// and so does [ParsePoolARN]. A request is never an error: whatever a client sends is allowed or refused with a [Reason] of the closed list that
// [Reasons] gives. Keys that cannot be had refuse too, as keys_unavailable; nothing is let in because something is down.
//
// # Concurrency
//
// An [Engine], the authorizers that it compiled, their handlers and [Claims] are safe for concurrent use. A token seen before is judged without a lock. A
// context that ends while keys are fetched refuses with keys_unavailable.
//
// # Caching
//
// What is remembered of a token is that its signature held, and its claims; never a verdict. Times, token use, audience and scopes are judged on
// every call. Refused tokens are not remembered. [Engine.Forget] and [Engine.ForgetIssuer] drop what a key vouched for that is gone; authz/jwks
// calls them when it is given them, and without that a token of a withdrawn key opens until it expires or is displaced.
//
// # Limits
//
// An engine remembers 10,000 tokens in 16 MiB for each of the two kinds of authorizer, and displaces what was not used lately. A token is at most 16 KiB long and
// its JSON nested 64 deep; claims of the same name, text that is not UTF-8 and loose base64url are refused as token_malformed. Keys are RSA; what sizes
// are taken is the implementation's of Keys (authz/jwks: 2,048 to 8,192 bits). An audience expression compiles to 10,000 instructions at the most and matches in linear time.
package authz

import (
	"context"
	"crypto/rsa"
	"errors"
	"slices"
	"sync"
	"sync/atomic"
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

// Keys knows the pools' public keys and the issuers their tokens name. Implementations are safe for concurrent use.
//
// Both methods are called while a token is verified for the first time, so both should answer from memory. Key is also called
// for tokens that anybody may have made up, with a pool of the authorizer but any key id: answering such a call must
// stay cheap however often it comes, which is the implementation's to see to (authz/jwks remembers what is not there).
type Keys interface {
	// Key returns the pool's key of that id.
	Key(ctx context.Context, pool Pool, kid string) (*rsa.PublicKey, error)
	// Issuers lists the iss values that name the pool, the one its tokens carry first. None means that the pool is not known.
	Issuers(pool Pool) []string
}

// Settings are an authorizer's, as a user wrote them.
type Settings struct {
	// Pools are those of the authorizer's providerARNs.
	Pools []Pool
	// AudienceExpression is the identityValidationExpression; it must match the whole of aud. Empty means not checked.
	// It is a regular expression of Go's syntax, which is Java's without look-around, back-references and
	// possessive quantifiers; Java's names of ASCII classes (\p{Alnum}) are understood.
	AudienceExpression string
}

// Engine decides about tokens and remembers which it has verified. It is safe for concurrent use.
type Engine struct {
	keys  Keys
	known *cache
	// issuers and issued are the same for JWT authorizers: what vouches for a token of one kind counts for nothing in the other.
	// The cache is made with the first JWT authorizer.
	issuers    IssuerKeys
	issued     atomic.Pointer[cache]
	issuedOnce sync.Once
	// generation counts the calls of Forget. A verification that began in an older one is not remembered, since
	// it may have used a key that is gone.
	generation atomic.Uint64
}

// New returns an engine that asks keys. It remembers up to 10,000 tokens in 16 MiB, and as many again for JWT authorizers.
func New(keys Keys, options ...Option) *Engine {
	e := &Engine{keys: keys, known: newCache(cacheTokens, cacheBytes), issuers: noIssuers{}}
	for _, option := range options {
		option(e)
	}
	return e
}

// Forget drops every verified token of a pool, because its keys changed or it was deleted. A token that is being
// verified meanwhile is judged by the key it was given, but not remembered.
func (e *Engine) Forget(pool Pool) {
	e.generation.Add(1)
	e.known.dropIf(func(v *verified) bool { return v.pool == pool })
}

// Compile turns settings into an authorizer; a bad expression is an error.
func (e *Engine) Compile(s Settings) (*Authorizer, error) {
	audience, err := compileAudience(s.AudienceExpression)
	if err != nil {
		return nil, err
	}
	a := &Authorizer{engine: e, pools: slices.Clone(s.Pools), audience: audience}
	if len(a.pools) > fewPools {
		a.poolSet = make(map[Pool]struct{}, len(a.pools))
		for _, p := range a.pools {
			a.poolSet[p] = struct{}{}
		}
	}
	return a, nil
}
