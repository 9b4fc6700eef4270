// Package login owns the login domain of a user pool: the OAuth 2.0 and OpenID Connect endpoints and the pages on which
// people sign in. It turns requests into authorization requests, remembers sign-ins and authorization codes, and writes
// AWS's answers; who a user is, what a token holds and whether one is still good is asked of the pools (the Pools interface).
// It must not know how users, passwords or keys are kept, nor which other services there are.
//
// What it answers, below the domain's root or the path-style prefix:
//
//	GET POST /oauth2/authorize                  authorize.go        → 302 to the client, or to /login
//	POST     /oauth2/token                      token.go            one pipeline; grant_*.go are its hooks
//	GET POST /oauth2/userInfo                   userinfo.go
//	POST     /oauth2/revoke                     revoke.go
//	GET      /logout                            logout.go
//	GET POST /login                             page_login.go
//	GET POST /changePassword                    page_new_password.go
//	GET      /error                             page_error.go
//	GET      /.well-known/…                     discovery.go
//	GET      /assets/…                          assets.go
//
// An endpoint returns an answer or an error and writes nothing itself; serve.go is the only place that writes. An error is
// rendered by the face of the endpoint it came from: OAuth JSON, a redirect to the client, or a page (render.go).
package login
