package poolgatetest_test

import (
	"testing"

	"github.com/poolgate/poolgate/poolgatetest"
)

// BenchmarkStart is what a server costs a test.
func BenchmarkStart(b *testing.B) {
	for b.Loop() {
		b.StopTimer()
		e := new(example)
		b.StartTimer()
		poolgatetest.Start(e)
		b.StopTimer()
		e.end()
		b.StartTimer()
	}
}

// BenchmarkEverything is a server with a pool, a client, a user, a token and an API.
func BenchmarkEverything(b *testing.B) {
	for b.Loop() {
		e := new(example)
		s := poolgatetest.Start(e)
		pool := s.Pool("orders/read", "orders/write")
		pool.API(orders).Get("/orders", pool.Client().SignIn(pool.User("ada")).ID)
		e.end()
	}
}
