package jwks_test

import (
	"bytes"
	"compress/gzip"
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/poolgate/poolgate/authz"
	"github.com/poolgate/poolgate/authz/jwks"
)

// patience is for tests that are not about time, on a machine that is busy.
const patience = time.Minute

// provider is an OpenID provider on loopback that may be as hostile as its handler.
type provider struct {
	*httptest.Server
	asked atomic.Int32
	// configuration and keys answer; nil means as a good provider does.
	configuration, keys http.HandlerFunc
}

func newProvider(t *testing.T) *provider {
	t.Helper()
	testKeys() // before anybody waits for an answer
	p := &provider{}
	p.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		p.asked.Add(1)
		switch {
		case r.URL.Path == "/.well-known/openid-configuration" && p.configuration != nil:
			p.configuration(w, r)
		case r.URL.Path == "/.well-known/openid-configuration":
			_, _ = fmt.Fprintf(w, `{"issuer":%q,"jwks_uri":%q}`, p.URL, p.URL+"/keys")
		case r.URL.Path == "/keys" && p.keys != nil:
			p.keys(w, r)
		case r.URL.Path == "/keys":
			_, _ = w.Write([]byte(document(jwk("one", testKeys()[0]))))
		default:
			http.NotFound(w, r)
		}
	}))
	t.Cleanup(p.Close)
	return p
}

func says(format string, args ...any) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) { _, _ = fmt.Fprintf(w, format, args...) }
}

func TestAnOpenIDProvidersKeys(t *testing.T) {
	p := newProvider(t)
	keys := jwks.New(jwks.Options{Timeout: patience})
	defer keys.Close()
	for range 3 {
		k, err := keys.IssuerKey(t.Context(), p.URL, "one")
		if err != nil || !testKeys()[0].Equal(k.RSA) || k.Algorithm != "RS256" {
			t.Fatal(k.Algorithm, err)
		}
		if _, err := keys.IssuerKey(t.Context(), p.URL, "made up"); !errors.Is(err, authz.ErrKeyUnknown) {
			t.Fatal(err)
		}
	}
	if n := p.asked.Load(); n != 2 {
		t.Errorf("%d requests: one for the configuration and one for the keys are needed", n)
	}
	if diff := cmp.Diff([]string{p.URL}, keys.IssuerNames(p.URL)); diff != "" {
		t.Error(diff)
	}
}

func TestKeysOverTLSFromAnotherHostThanTheIssuers(t *testing.T) {
	var issuer *httptest.Server
	elsewhere := httptest.NewTLSServer(says("%s", document(jwk("one", testKeys()[0]))))
	defer elsewhere.Close()
	issuer = httptest.NewTLSServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path != "/tenant/.well-known/openid-configuration" {
			http.NotFound(w, r)
			return
		}
		_, _ = fmt.Fprintf(w, `{"issuer":%q,"jwks_uri":%q}`, issuer.URL+"/tenant/", elsewhere.URL+"/v1/keys?x=1")
	}))
	defer issuer.Close()
	keys := jwks.New(jwks.Options{Client: issuer.Client(), Timeout: patience})
	defer keys.Close()
	if _, err := keys.IssuerKey(t.Context(), issuer.URL+"/tenant/", "one"); err != nil {
		t.Error(err)
	}
	if _, err := keys.IssuerKey(t.Context(), issuer.URL+"/tenant", "one"); !errors.Is(err, authz.ErrDiscoveryUnavailable) {
		t.Errorf("an issuer without its slash is another: %v", err)
	}
	distrusting := jwks.New(jwks.Options{})
	defer distrusting.Close()
	if _, err := distrusting.IssuerKey(t.Context(), issuer.URL+"/tenant/", "one"); !errors.Is(err, authz.ErrDiscoveryUnavailable) {
		t.Errorf("a certificate that nobody vouches for: %v", err)
	}
}

// TestHostileProviders is the list of what a provider may do wrong, over a real socket: which of the two errors it becomes, that it ends in
// time, and that a flood of tokens does not ask it twice.
func TestHostileProviders(t *testing.T) {
	hang := func(_ http.ResponseWriter, r *http.Request) { <-r.Context().Done() }
	drip := func(w http.ResponseWriter, r *http.Request) { // sends for ever, a little at a time
		for r.Context().Err() == nil {
			if _, err := w.Write([]byte(" ")); err != nil {
				return
			}
			_ = http.NewResponseController(w).Flush()
		}
	}
	endless := func(w http.ResponseWriter, r *http.Request) {
		for r.Context().Err() == nil {
			if _, err := w.Write(bytes.Repeat([]byte(" "), 64<<10)); err != nil {
				return
			}
		}
	}
	bomb := func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Encoding", "gzip")
		z := gzip.NewWriter(w)
		_, _ = z.Write(bytes.Repeat([]byte(" "), 50<<20))
		_ = z.Close()
	}
	redirect := func(to string) http.HandlerFunc {
		return func(w http.ResponseWriter, r *http.Request) { http.Redirect(w, r, to, http.StatusFound) }
	}
	headers := func(w http.ResponseWriter, _ *http.Request) { w.Header().Set("X-Long", strings.Repeat("x", 1<<20)) }
	status := func(code int) http.HandlerFunc {
		return func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(code) }
	}
	breakOff := func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Length", "1000")
		_, _ = w.Write([]byte(`{"keys":[`))
	}
	discovery, keySet := authz.ErrDiscoveryUnavailable, authz.ErrKeysUnavailable
	for _, tt := range []struct {
		name          string
		configuration http.HandlerFunc
		keys          http.HandlerFunc
		want          error
	}{
		{name: "no configuration", configuration: http.NotFound, want: discovery},
		{name: "an error", configuration: status(500), want: discovery},
		{name: "no content", configuration: status(204), want: discovery},
		{name: "no JSON", configuration: says("<html>"), want: discovery},
		{name: "two documents", configuration: says(`{"issuer":"x"}{}`), want: discovery},
		{name: "a list", configuration: says("[]"), want: discovery},
		{name: "the configuration of another issuer", configuration: says(`{"issuer":"https://accounts.google.com","jwks_uri":"https://www.googleapis.com/oauth2/v3/certs"}`), want: discovery},
		{name: "no issuer", configuration: says(`{"jwks_uri":"http://127.0.0.1:1/keys"}`), want: discovery},
		{name: "no answer to discovery", configuration: hang, want: discovery},
		{name: "an answer that drips", configuration: drip, want: discovery},
		{name: "an answer without end", configuration: endless, want: discovery},
		{name: "a compressed answer of 50 MiB", configuration: bomb, want: discovery},
		{name: "headers without end", configuration: headers, want: discovery},
		{name: "a redirect to the same scheme", configuration: redirect("/other"), want: discovery},
		{name: "a redirect to where credentials are", configuration: redirect("http://169.254.169.254/latest/meta-data/"), want: discovery},
		{name: "a redirect to a file", configuration: redirect("file:///etc/passwd"), want: discovery},

		{name: "no key set", keys: http.NotFound, want: keySet},
		{name: "a key set that is none", keys: says(`{"keys":"none"}`), want: keySet},
		{name: "an empty key set", keys: says(`{"keys":[]}`), want: keySet},
		{name: "a key set without end", keys: endless, want: keySet},
		{name: "no answer for the key set", keys: hang, want: keySet},
		{name: "a key set that breaks off", keys: breakOff, want: keySet},
		{name: "a redirect of the key set", keys: redirect("http://169.254.169.254/"), want: keySet},
		{name: "symmetric keys", keys: says(`{"keys":[{"kty":"oct","kid":"one","k":"c2VjcmV0"}]}`), want: keySet},
		{name: "keys that only encrypt", keys: says("%s", strings.Replace(document(jwk("one", testKeys()[0])), `"use":"sig"`, `"use":"enc"`, 1)), want: keySet},
		{name: "keys that only sign", keys: says("%s", strings.Replace(document(jwk("one", testKeys()[0])), `"use":"sig"`, `"key_ops":["sign"]`, 1)), want: keySet},
		{name: "two keys of one id", keys: says("%s", document(jwk("one", testKeys()[0]), jwk("one", testKeys()[1]))), want: keySet},
		{name: "three keys of one id", keys: says("%s", document(jwk("one", testKeys()[0]), jwk("one", testKeys()[1]), jwk("one", testKeys()[0]))), want: keySet},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			p := newProvider(t)
			p.configuration, p.keys = tt.configuration, tt.keys
			keys := jwks.New(jwks.Options{Timeout: 2 * time.Second})
			defer keys.Close()
			for range 20 {
				if _, err := keys.IssuerKey(t.Context(), p.URL, "one"); !errors.Is(err, tt.want) || tt.want == keySet && errors.Is(err, discovery) {
					t.Fatalf("%v, want %v", err, tt.want)
				}
			}
			if n := p.asked.Load(); n > 2 {
				t.Errorf("%d requests", n)
			}
		})
	}
}

func TestWhereKeysAreNeverAskedFor(t *testing.T) {
	asked := false
	keys := jwks.New(jwks.Options{Client: &http.Client{Transport: transport(func(*http.Request) (*http.Response, error) {
		asked = true
		return nil, errors.New("asked")
	})}})
	defer keys.Close()
	for _, issuer := range []string{
		"", "issuer", "/etc/passwd", "file:///etc/passwd", "ftp://issuer.example", "gopher://issuer.example", "javascript:1", "https:issuer.example",
		"http://issuer.example", "http://10.0.0.1", "http://169.254.169.254", "http://localhost.issuer.example", "http://127.0.0.1.issuer.example", "http://0.0.0.0",
		"https://user:secret@issuer.example", "https://issuer.example#x", "https://issuer.example/?x=1", "https://issuer.example?", "https://", "http://[::ffff:10.0.0.1]",
		"https://issuer.example/\n", "HTTP://issuer.example", " https://issuer.example",
	} {
		if _, err := keys.IssuerKey(t.Context(), issuer, "one"); !errors.Is(err, authz.ErrDiscoveryUnavailable) || asked {
			t.Errorf("%q: %v, asked %v", issuer, err, asked)
		}
	}
	for _, where := range []string{"http://issuer.example/keys", "file:///etc/passwd", "/keys", "", "http://169.254.169.254/", "https://user@issuer.example/"} {
		p := newProvider(t)
		p.configuration = says(`{"issuer":%q,"jwks_uri":%q}`, p.URL, where)
		here := jwks.New(jwks.Options{})
		if _, err := here.IssuerKey(t.Context(), p.URL, "one"); !errors.Is(err, authz.ErrDiscoveryUnavailable) {
			t.Errorf("jwks_uri %q: %v", where, err)
		}
		here.Close()
	}
}

// TestLinkLocalAddressesAreNotConnectedTo is about names that resolve to them as well: what is checked is the address.
func TestLinkLocalAddressesAreNotConnectedTo(t *testing.T) {
	keys := jwks.New(jwks.Options{Timeout: 5 * time.Second})
	defer keys.Close()
	for _, issuer := range []string{"https://169.254.169.254", "https://[fe80::1%25lo]", "https://[fd00:ec2::254]", "https://[::ffff:169.254.169.254]"} {
		start := time.Now()
		_, err := keys.IssuerKey(t.Context(), issuer, "one")
		if !errors.Is(err, authz.ErrDiscoveryUnavailable) || !strings.Contains(err.Error(), "is no address of an issuer") || time.Since(start) > 4*time.Second {
			t.Errorf("%s: %v", issuer, err)
		}
	}
}

func TestAPoolsIssuerIsAskedForItsKeysDirectly(t *testing.T) {
	bubble(t, jwks.Options{}, func(t *testing.T, p *pools, keys *jwks.Remote) {
		k, err := keys.IssuerKey(context.Background(), jwks.Issuer(ireland), "one")
		if err != nil || !testKeys()[0].Equal(k.RSA) {
			t.Fatal(err)
		}
		expect(t, keys, "one", testKeys()[0], nil) // the pool and its issuer are one entry
		if diff := cmp.Diff([]string{"https://cognito-idp.eu-west-1.amazonaws.com/eu-west-1_Abc123xyz/.well-known/jwks.json"}, p.asked); diff != "" {
			t.Error(diff)
		}
		p.set(404, "")
		if _, err := keys.IssuerKey(context.Background(), jwks.Issuer(authz.Pool{Region: "eu-west-1", ID: "eu-west-1_none"}), "one"); !errors.Is(err, authz.ErrPoolNotFound) {
			t.Error(err)
		}
	})
}

func TestManyIssuersTakeBoundedMemory(t *testing.T) {
	bubble(t, jwks.Options{}, func(t *testing.T, p *pools, keys *jwks.Remote) {
		p.set(404, "")
		for i := range 10_000 {
			pool := authz.Pool{Region: "eu-west-1", ID: fmt.Sprintf("eu-west-1_%d", i)}
			if _, err := keys.Key(context.Background(), pool, "one"); !errors.Is(err, authz.ErrPoolNotFound) {
				t.Fatal(err)
			}
		}
		if n := keys.Remembered(); n != 4096 {
			t.Errorf("%d issuers are remembered", n)
		}
		before := p.requests()
		if _, err := keys.Key(context.Background(), authz.Pool{Region: "eu-west-1", ID: "eu-west-1_9999"}, "one"); err == nil || p.requests() != before {
			t.Error("the issuer that was asked for last was forgotten")
		}
	})
}

func TestPoolOf(t *testing.T) {
	for issuer, want := range map[string]authz.Pool{
		"https://cognito-idp.eu-west-1.amazonaws.com/eu-west-1_Abc123xyz":         ireland,
		"https://cognito-idp.cn-north-1.amazonaws.com.cn/cn-north-1_abc":          {Region: "cn-north-1", ID: "cn-north-1_abc"},
		"https://cognito-idp.cn-north-1.amazonaws.com/cn-north-1_abc":             {},
		"http://cognito-idp.eu-west-1.amazonaws.com/eu-west-1_Abc123xyz":          {},
		"https://cognito-idp.eu-west-1.amazonaws.com/eu-west-1_Abc123xyz/":        {},
		"https://cognito-idp.eu-central-1.amazonaws.com/eu-west-1_Abc123xyz":      {},
		"https://cognito-idp.eu-west-1.amazonaws.com.evil.example/eu-west-1_abc":  {},
		"https://evil.example/cognito-idp.eu-west-1.amazonaws.com/eu-west-1_abc":  {},
		"https://issuer-cognito-idp.eu-west-1.amazonaws.com/eu-west-1_Abc123xyz":  {},
		"https://cognito-idp.eu-west-1.amazonaws.com/eu-west-1_Abc123xyz?x=1":     {},
		"https://cognito-idp.eu-west-1.amazonaws.com/x/../eu-west-1_Abc123xyz":    {},
		"https://user@cognito-idp.eu-west-1.amazonaws.com/eu-west-1_Abc123xyz":    {},
		"https://cognito-idp.eu-west-1.amazonaws.com:443/eu-west-1_Abc123xyz":     {},
		"https://https://cognito-idp.eu-west-1.amazonaws.com/eu-west-1_Abc123xyz": {},
		"": {},
	} {
		if got, ok := jwks.PoolOf(issuer); ok != (want != authz.Pool{}) || ok && got != want {
			t.Errorf("%q: %v %v", issuer, got, ok)
		}
	}
}
