// Package poolgatetest runs poolgate inside a Go test: real user pools that issue real tokens, and real APIs that take or refuse them as
// AWS would, over HTTP on a port of their own.
//
//	func TestOrders(t *testing.T) {
//		s := poolgatetest.Start(t)
//		pool := s.Pool("orders/read")
//		client := pool.Client()
//		ada := pool.User("ada")
//		tokens := client.SignIn(ada)                     // ID, access and refresh token
//		scoped := client.Login(ada, "openid orders/read") // the same through the login page, with the scopes asked for
//		api := pool.API(document)                         // an OpenAPI document, imported and deployed
//		if got := api.Get("/orders", scoped.Access); got.Status != 200 {
//			t.Errorf("%d %s: %s", got.Status, got.Body, got.Reason)
//		}
//	}
//
// [Client.HTTPAPI] makes an HTTP API with a JWT authorizer in the same way.
//
// Everything else that the server can do is one SDK client away, with [Server.Config]. What the helpers make is what the same calls to AWS
// would make, and it can be changed by them.
//
// A server keeps nothing: its data is in memory and gone when the test ends. It listens on loopback alone, takes any credentials, and the
// clock that its tokens live by can be moved ([Server.Advance]). Servers share nothing, so that tests may run in parallel, each with its own; the methods of
// one server, its pools and APIs may be called from several goroutines, but as with testing.T, those that can fail only from the test's own.
//
// A helper that fails ends the test by Fatalf, which must not return, with what was answered; never with a whole token or a password. Each
// waits 30 seconds at most. A server starts in a few milliseconds; with a pool, a client, a user, a token and an API it takes a sixth of a
// second, most of it for the pool's keys and the user's password (BenchmarkEverything).
package poolgatetest
