package jwks_test

import (
	"context"
	"crypto/rand"
	"crypto/rsa"
	"encoding/base64"
	"encoding/json"
	"errors"
	"io"
	"math/big"
	"net/http"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/poolgate/poolgate/authz"
	"github.com/poolgate/poolgate/authz/jwks"
)

var ireland = authz.Pool{Region: "eu-west-1", ID: "eu-west-1_Abc123xyz"}

// testKeys are made once: keys are dear.
var testKeys = sync.OnceValue(func() (keys [3]*rsa.PublicKey) {
	for i := range keys {
		k, err := rsa.GenerateKey(rand.Reader, 2048)
		if err != nil {
			panic(err)
		}
		keys[i] = &k.PublicKey
	}
	return keys
})

// jwk is a key as a pool's document has it.
func jwk(kid string, key *rsa.PublicKey) map[string]string {
	return map[string]string{"alg": "RS256", "kty": "RSA", "use": "sig", "kid": kid,
		"e": base64.RawURLEncoding.EncodeToString(big.NewInt(int64(key.E)).Bytes()),
		"n": base64.RawURLEncoding.EncodeToString(key.N.Bytes())}
}

func document(keys ...map[string]string) string {
	b, err := json.Marshal(map[string]any{"keys": keys})
	if err != nil {
		panic(err)
	}
	return string(b)
}

// pools answers requests as AWS would; it is a transport, so that time can be the test's.
type pools struct {
	mu    sync.Mutex
	asked []string
	// answer is the answer of now; delay comes before it.
	status   int
	body     string
	location string
	delay    time.Duration
}

func (p *pools) set(status int, body string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.status, p.body = status, body
}

// slow makes answers come after a delay.
func (p *pools) slow(delay time.Duration) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.delay = delay
}

func (p *pools) requests() int {
	p.mu.Lock()
	defer p.mu.Unlock()
	return len(p.asked)
}

func (p *pools) RoundTrip(r *http.Request) (*http.Response, error) {
	p.mu.Lock()
	p.asked = append(p.asked, r.URL.String())
	status, body, delay := p.status, p.body, p.delay
	p.mu.Unlock()
	select {
	case <-time.After(delay):
	case <-r.Context().Done():
		return nil, r.Context().Err()
	}
	h := http.Header{"Content-Type": {"application/json"}}
	if p.location != "" {
		h.Set("Location", p.location)
	}
	return &http.Response{StatusCode: status, Status: http.StatusText(status), Header: h, Body: io.NopCloser(strings.NewReader(body)), Request: r}, nil
}

// bubble runs a test of fetched keys on a clock of its own.
func bubble(t *testing.T, options jwks.Options, test func(t *testing.T, p *pools, keys *jwks.Remote)) {
	t.Helper()
	k := testKeys()
	synctest.Test(t, func(t *testing.T) {
		p := &pools{status: 200, body: document(jwk("one", k[0]), jwk("two", k[1]))}
		options.Client = &http.Client{Transport: p}
		test(t, p, jwks.New(options))
	})
}

// expect asks for a key and compares the outcome.
func expect(t *testing.T, keys authz.Keys, kid string, want *rsa.PublicKey, wantErr error) {
	t.Helper()
	got, err := keys.Key(context.Background(), ireland, kid)
	if !errors.Is(err, wantErr) || (err == nil) != (wantErr == nil) {
		t.Fatalf("key %s: error %v, want %v", kid, err, wantErr)
	}
	if want == nil && got != nil || want != nil && !want.Equal(got) {
		t.Fatalf("key %s: another key than expected", kid)
	}
}

func TestKeysAreFetchedOnceFromThePoolsOwnAddress(t *testing.T) {
	bubble(t, jwks.Options{}, func(t *testing.T, p *pools, keys *jwks.Remote) {
		expect(t, keys, "one", testKeys()[0], nil)
		expect(t, keys, "two", testKeys()[1], nil)
		want := []string{"https://cognito-idp.eu-west-1.amazonaws.com/eu-west-1_Abc123xyz/.well-known/jwks.json"}
		if diff := cmp.Diff(want, p.asked); diff != "" {
			t.Error(diff)
		}
		if diff := cmp.Diff([]string{"https://cognito-idp.eu-west-1.amazonaws.com/eu-west-1_Abc123xyz"}, keys.Issuers(ireland)); diff != "" {
			t.Error(diff)
		}
	})
}

func TestManyWaitForOneFetch(t *testing.T) {
	bubble(t, jwks.Options{}, func(t *testing.T, p *pools, keys *jwks.Remote) {
		p.delay = time.Second
		var wg sync.WaitGroup
		for range 50 {
			wg.Go(func() {
				if _, err := keys.Key(context.Background(), ireland, "one"); err != nil {
					t.Error(err)
				}
			})
		}
		wg.Wait()
		if n := p.requests(); n != 1 {
			t.Errorf("%d requests", n)
		}
	})
}

func TestUnknownKeyIDsFetchNoOftenerThanTheInterval(t *testing.T) {
	bubble(t, jwks.Options{MinInterval: time.Minute}, func(t *testing.T, p *pools, keys *jwks.Remote) {
		for range 1000 {
			expect(t, keys, "made up", nil, authz.ErrKeyUnknown)
			expect(t, keys, "one", testKeys()[0], nil)
		}
		if n := p.requests(); n != 1 {
			t.Errorf("%d requests for a flood", n)
		}
		time.Sleep(time.Minute)
		expect(t, keys, "made up", nil, authz.ErrKeyUnknown)
		if n := p.requests(); n != 2 {
			t.Errorf("%d requests after the interval", n)
		}
	})
}

func TestRotatedKeysAreFound(t *testing.T) {
	var changed []authz.Pool
	bubble(t, jwks.Options{Changed: func(p authz.Pool) { changed = append(changed, p) }}, func(t *testing.T, p *pools, keys *jwks.Remote) {
		k := testKeys()
		expect(t, keys, "one", k[0], nil)
		p.set(200, document(jwk("one", k[0]), jwk("two", k[1]), jwk("three", k[2])))
		time.Sleep(time.Minute)
		expect(t, keys, "three", k[2], nil)
		if len(changed) != 0 {
			t.Errorf("a key that was added took away nothing, but Changed was told %v", changed)
		}
		p.set(200, document(jwk("three", k[2])))
		time.Sleep(time.Minute)
		expect(t, keys, "four", nil, authz.ErrKeyUnknown)
		expect(t, keys, "one", nil, authz.ErrKeyUnknown)
		if diff := cmp.Diff([]authz.Pool{ireland}, changed); diff != "" {
			t.Error(diff)
		}
	})
}

func TestFailuresAreRemembered(t *testing.T) {
	for _, tt := range []struct {
		name   string
		status int
		body   string
		want   error
	}{
		{"no such pool", 404, `{"message":"no"}`, authz.ErrPoolNotFound},
		{"no such pool, told otherwise", 400, `{"message":"no"}`, authz.ErrPoolNotFound},
		{"an error", 500, "", authz.ErrKeysUnavailable},
		{"something that is no key set", 200, "<html>", authz.ErrKeysUnavailable},
		{"a key set without keys", 200, `{"keys":[]}`, authz.ErrKeysUnavailable},
		{"more than a key set may be", 200, `{"keys":[],"more":"` + strings.Repeat("x", 150<<10) + `"}`, authz.ErrKeysUnavailable},
		{"a redirect, which is not followed", 302, "", authz.ErrKeysUnavailable},
	} {
		t.Run(tt.name, func(t *testing.T) {
			bubble(t, jwks.Options{}, func(t *testing.T, p *pools, keys *jwks.Remote) {
				p.set(tt.status, tt.body)
				p.location = "http://169.254.169.254/"
				for range 100 {
					expect(t, keys, "one", nil, tt.want)
				}
				if n := p.requests(); n != 1 {
					t.Errorf("%d requests", n)
				}
				p.set(200, document(jwk("one", testKeys()[0])))
				time.Sleep(time.Minute)
				expect(t, keys, "one", testKeys()[0], nil)
			})
		})
	}
}

// endless is a body without an end; it counts what is read of it.
type endless struct{ read int }

func (e *endless) Read(p []byte) (int, error) {
	e.read += len(p)
	if e.read > 10<<20 {
		return 0, io.EOF
	}
	return copy(p, strings.Repeat(" ", len(p))), nil
}

func (e *endless) Close() error { return nil }

// transport answers with any response.
type transport func(*http.Request) (*http.Response, error)

func (f transport) RoundTrip(r *http.Request) (*http.Response, error) { return f(r) }

func TestAnEndlessAnswerIsNotReadToItsEnd(t *testing.T) {
	body := &endless{}
	keys := jwks.New(jwks.Options{Client: &http.Client{Transport: transport(func(r *http.Request) (*http.Response, error) {
		return &http.Response{StatusCode: 200, Body: body, Request: r}, nil
	})}})
	expect(t, keys, "one", nil, authz.ErrKeysUnavailable)
	if body.read > 1<<20 {
		t.Errorf("%d bytes were read", body.read)
	}
}

func TestAPoolThatIsGoneTakesItsKeysAlong(t *testing.T) {
	changed := 0
	bubble(t, jwks.Options{Changed: func(authz.Pool) { changed++ }}, func(t *testing.T, p *pools, keys *jwks.Remote) {
		expect(t, keys, "one", testKeys()[0], nil)
		p.set(404, "")
		time.Sleep(time.Minute)
		expect(t, keys, "unknown", nil, authz.ErrPoolNotFound)
		expect(t, keys, "one", nil, authz.ErrPoolNotFound)
		if changed != 1 {
			t.Errorf("Changed was called %d times", changed)
		}
	})
}

func TestASlowAnswerIsNotWaitedFor(t *testing.T) {
	bubble(t, jwks.Options{}, func(t *testing.T, p *pools, keys *jwks.Remote) {
		p.delay = time.Minute
		start := time.Now()
		expect(t, keys, "one", nil, authz.ErrKeysUnavailable)
		if took := time.Since(start); took != 1500*time.Millisecond {
			t.Errorf("waited %s", took)
		}
	})
}

func TestARequestThatEndsDoesNotEndTheFetch(t *testing.T) {
	bubble(t, jwks.Options{}, func(t *testing.T, p *pools, keys *jwks.Remote) {
		p.delay = time.Second
		ctx, cancel := context.WithTimeout(context.Background(), time.Millisecond)
		defer cancel()
		if _, err := keys.Key(ctx, ireland, "one"); !errors.Is(err, authz.ErrKeysUnavailable) {
			t.Fatal(err)
		}
		time.Sleep(time.Second)
		synctest.Wait()
		expect(t, keys, "one", testKeys()[0], nil)
		if n := p.requests(); n != 1 {
			t.Errorf("%d requests", n)
		}
	})
}

func TestOnlyPoolsOnAWSAreAsked(t *testing.T) {
	bubble(t, jwks.Options{}, func(t *testing.T, p *pools, keys *jwks.Remote) {
		for _, pool := range []authz.Pool{
			{},
			{Region: "eu-west-1", ID: "eu-central-1_Abc123xyz"},
			{Region: "eu-west-1", ID: "eu-west-1_"},
			{Region: "eu-west-1", ID: "eu-west-1_../../x"},
			{Region: "eu-west-1.evil.example/", ID: "eu-west-1.evil.example/_abc"},
			{Region: "evil", ID: "evil_abc"},
			{Region: "eu-west-1", ID: "eu-west-1_a#"},
		} {
			if _, err := keys.Key(context.Background(), pool, "one"); !errors.Is(err, authz.ErrPoolNotFound) {
				t.Errorf("%v: %v", pool, err)
			}
			if issuers := keys.Issuers(pool); len(issuers) != 0 {
				t.Errorf("%v has issuers %v", pool, issuers)
			}
		}
		if p.requests() != 0 {
			t.Error("asked", p.asked)
		}
	})
}
