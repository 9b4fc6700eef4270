// Package jwks gives package authz the public keys of user pools and of other OpenID providers: fetched over HTTPS and remembered
// ([New]), or bound to one pool from a file or a set at hand ([File], [Static]).
//
//	keys := jwks.New(jwks.Options{})
//	engine := authz.New(keys, authz.WithIssuers(keys))
//
// or, with the keys of one pool from a file and those of all others from AWS:
//
//	bound, err := jwks.File(pool, "jwks.json")
//	…
//	engine := authz.New(authz.KeysFor(
//		authz.Source{Keys: bound, Owns: bound.Owns},
//		authz.Source{Keys: jwks.New(jwks.Options{})},
//	))
//
// Where keys are fetched from follows from the pool or issuer that an authorizer names, never from a token: nobody can make the process
// call an address of their choice by sending one, and a token's key id can only name a key of its own issuer. A pool's keys
// are at a known address; another issuer says where they are in its OpenID configuration, which must be its own. Only https is
// asked, and http on loopback; redirects are not followed; answers are bounded in time and length.
//
// # Errors
//
// [File] and [Parse] fail on a key set that cannot be read. A fetch that fails is no error of the caller's: authz hears that the keys are
// unavailable, or that the pool does not exist, and refuses the token with that reason; the log of [Options] is told.
//
// # Concurrency
//
// Everything is safe for concurrent use. Keys are fetched once for all who wait for them; who waits no longer (its context ended) does not end the fetch.
//
// # Caching
//
// A key set serves for two hours and is fetched anew when three quarters of that have passed, so that nobody waits; while its issuer does not answer it
// serves for two hours more. A key id that is not in the set brings a fetch about, at most every 30 seconds per issuer, and is else
// answered from memory. Give [Options] Changed and IssuerChanged, so that engines forget the tokens of a key that is gone.
//
// # Limits
//
// A request takes 1.5 seconds and an answer 150 KiB at the most; 16 fetches are on their way at once, and keys of 4,096 issuers are remembered. Keys are
// RSA of 2,048 to 8,192 bits. [Remote.Close] stops the timers; a Remote that nobody closes keeps refreshing what it was asked for within a day.
package jwks
