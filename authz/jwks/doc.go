// Package jwks gives package authz the public keys of user pools: fetched from AWS over HTTPS and remembered ([New]), or bound
// to one pool from a file or a set at hand ([File], [Static]).
//
//	keys := jwks.New(jwks.Options{})
//	engine := authz.New(keys)
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
// Where keys are fetched from follows from the pool alone, never from a token: nobody can make the process call an
// address of their choice, and a token's key id can only name a key of its own pool.
package jwks
