package jwks_test

import (
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/poolgate/poolgate/authz"
	"github.com/poolgate/poolgate/authz/jwks"
)

func TestKeysAreRefreshedAheadOfTheirTimeAndNobodyWaits(t *testing.T) {
	bubble(t, jwks.Options{TTL: time.Hour}, func(t *testing.T, p *pools, keys *jwks.Remote) {
		expect(t, keys, "one", testKeys()[0], nil)
		p.slow(time.Second)
		for range 10 { // nine hours and more: a token an hour
			time.Sleep(59 * time.Minute)
			start := time.Now()
			expect(t, keys, "one", testKeys()[0], nil)
			if took := time.Since(start); took != 0 {
				t.Fatalf("a request waited %s for the refresh", took)
			}
		}
		if n := p.requests(); n < 12 || n > 16 {
			t.Errorf("%d requests in ten hours", n)
		}
	})
}

func TestAKeyThatWasWithdrawnIsForgottenWithoutAToken(t *testing.T) {
	changed := make(chan authz.Pool, 1)
	issuers := make(chan string, 1)
	options := jwks.Options{TTL: time.Hour, Changed: func(p authz.Pool) { changed <- p }, IssuerChanged: func(i string) { issuers <- i }}
	bubble(t, options, func(t *testing.T, p *pools, keys *jwks.Remote) {
		expect(t, keys, "one", testKeys()[0], nil)
		p.set(200, document(jwk("two", testKeys()[1])))
		time.Sleep(time.Hour)
		synctest.Wait()
		select {
		case pool := <-changed:
			if issuer := <-issuers; pool != ireland || issuer != jwks.Issuer(ireland) {
				t.Errorf("%v %s", pool, issuer)
			}
		default:
			t.Error("nobody was told within the hour")
		}
	})
}

func TestAnIssuerThatNobodyAsksForIsLeftAlone(t *testing.T) {
	bubble(t, jwks.Options{TTL: time.Hour}, func(t *testing.T, p *pools, keys *jwks.Remote) {
		expect(t, keys, "one", testKeys()[0], nil)
		time.Sleep(26 * time.Hour)
		before := p.requests()
		time.Sleep(240 * time.Hour)
		if n := p.requests(); n != before {
			t.Errorf("%d requests for keys that nobody needs", n-before)
		}
		start := time.Now()
		p.slow(time.Second)
		expect(t, keys, "one", testKeys()[0], nil)
		if time.Since(start) != time.Second || p.requests() != before+1 {
			t.Error("keys of days ago served an issuer that answers")
		}
	})
}

func TestTheLastGoodKeysServeThroughAnOutageAndNoLonger(t *testing.T) {
	var told atomic.Int32
	bubble(t, jwks.Options{TTL: time.Hour, KeepFor: 3 * time.Hour, Changed: func(authz.Pool) { told.Add(1) }}, func(t *testing.T, p *pools, keys *jwks.Remote) {
		expect(t, keys, "one", testKeys()[0], nil)
		p.set(503, "")
		p.slow(time.Second)
		time.Sleep(2 * time.Minute)
		for range 23 { // through the four hours, every ten minutes
			time.Sleep(10 * time.Minute)
			start := time.Now()
			expect(t, keys, "one", testKeys()[0], nil)
			if took := time.Since(start); took != 0 {
				t.Fatalf("a request waited %s for an issuer that is down", took)
			}
		}
		if n := p.requests(); n > 60 {
			t.Errorf("%d requests in four hours of outage", n)
		}
		if told.Load() != 0 {
			t.Error("the keys were forgotten too soon")
		}
		time.Sleep(10 * time.Minute)
		synctest.Wait()
		if told.Load() != 1 { // so that tokens that were verified before do not pass either
			t.Errorf("told %d times that the keys have ended", told.Load())
		}
		expect(t, keys, "one", nil, authz.ErrKeysUnavailable)
		p.set(200, document(jwk("one", testKeys()[0])))
		time.Sleep(10 * time.Second)
		expect(t, keys, "one", testKeys()[0], nil)
	})
}

func TestOldKeysDoNotServeAtAllIfToldSo(t *testing.T) {
	bubble(t, jwks.Options{TTL: time.Hour, KeepFor: -1}, func(t *testing.T, p *pools, keys *jwks.Remote) {
		expect(t, keys, "one", testKeys()[0], nil)
		p.set(503, "")
		time.Sleep(59 * time.Minute)
		expect(t, keys, "one", testKeys()[0], nil)
		time.Sleep(2 * time.Minute)
		expect(t, keys, "one", nil, authz.ErrKeysUnavailable)
	})
}

func TestAnIssuerThatComesAndGoes(t *testing.T) {
	bubble(t, jwks.Options{TTL: time.Hour}, func(t *testing.T, p *pools, keys *jwks.Remote) {
		expect(t, keys, "one", testKeys()[0], nil)
		good := document(jwk("one", testKeys()[0]))
		for i := range 500 { // a quarter of an hour down, a quarter up
			if i%2 == 0 {
				p.set(503, "")
			} else {
				p.set(200, good)
			}
			time.Sleep(15 * time.Minute)
			expect(t, keys, "one", testKeys()[0], nil)
			expect(t, keys, "made up", nil, map[bool]error{true: authz.ErrKeysUnavailable, false: authz.ErrKeyUnknown}[i%2 == 0])
		}
	})
}

func TestAFreshStartWithoutKeysRefusesAndRecoversSoon(t *testing.T) {
	bubble(t, jwks.Options{}, func(t *testing.T, p *pools, keys *jwks.Remote) {
		p.set(503, "")
		for range 1000 {
			expect(t, keys, "one", nil, authz.ErrKeysUnavailable)
		}
		if n := p.requests(); n != 1 {
			t.Errorf("%d requests for a flood", n)
		}
		p.set(200, document(jwk("one", testKeys()[0])))
		time.Sleep(5 * time.Second)
		expect(t, keys, "one", testKeys()[0], nil)
	})
}

func TestClosedKeysServeOnButAskNobody(t *testing.T) {
	bubble(t, jwks.Options{TTL: time.Hour}, func(t *testing.T, p *pools, keys *jwks.Remote) {
		expect(t, keys, "one", testKeys()[0], nil)
		keys.Close()
		time.Sleep(90 * time.Minute)
		expect(t, keys, "three", nil, authz.ErrKeyUnknown)
		if n := p.requests(); n != 1 {
			t.Errorf("%d requests", n)
		}
	})
}
