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
package jwks
