package server

import (
	"context"
	"errors"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	v4 "github.com/aws/aws-sdk-go-v2/aws/signer/v4"

	"github.com/poolgate/poolgate/internal/wire/sigv4"
)

// testGuard knows doors by their paths: the doors themselves are tested elsewhere.
func testGuard() *guard {
	return &guard{
		door: func(r *http.Request) Door {
			switch first, _, _ := strings.Cut(r.URL.Path[1:], "/"); first {
			case "aws", "unsigned":
				return doorAWS
			case "gateway":
				return doorGateway
			case "keys":
				return doorKeys
			case "login":
				return doorLogin
			case "_poolgate":
				if strings.Contains(r.Host, "execute-api") {
					return doorGateway
				}
				return doorPoolgate
			}
			return doorNone
		},
		unsigned:     func(r *http.Request) bool { return strings.HasPrefix(r.URL.Path, "/unsigned") },
		names:        []string{"pool.lan", "auth.example.com"},
		customDomain: func(host string) bool { return host == "login.customer.example" },
		public:       "auth.example.com",
		verify: func(r *http.Request, body []byte) error {
			if r.Header.Get("Authorization") == "signed "+string(body) {
				return nil
			}
			return errors.New("not signed")
		},
	}
}

// ask sends a request through the guard: it tells the status, or 200 when it was let in.
func ask(g *guard, r *http.Request) (status int, text string) {
	w := httptest.NewRecorder()
	g.protect(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		_, _ = w.Write(body)
	})).ServeHTTP(w, r)
	return w.Code, w.Body.String()
}

func onThisMachine(method, target string) *http.Request {
	r := httptest.NewRequest(method, target, nil)
	r.RemoteAddr = "127.0.0.1:50000"
	return r
}

func TestAHostThatIsNeitherLocalNorConfiguredIsRefused(t *testing.T) {
	for host, want := range map[string]int{
		"localhost": 200, "localhost:4566": 200, "LocalHost:4566": 200, "localhost.": 200, "127.0.0.1:4566": 200, "127.8.9.10": 200,
		"[::1]:4566": 200, "[::1]": 200, "abc.execute-api.eu-west-1.localhost:4566": 200, "shop.auth.eu-west-1.localhost": 200,
		"localhost.localstack.cloud:4566": 200, "abc.execute-api.localhost.localstack.cloud:4566": 200,
		"abc.execute-api.eu-west-1.amazonaws.com": 200, "cognito-idp.eu-west-1.amazonaws.com": 200,
		"apigateway.eu-west-1.amazonaws.com": 200, "shop.auth.eu-west-1.amazoncognito.com": 200, "cognito-idp.cn-north-1.amazonaws.com.cn": 200,
		"pool.lan": 200, "POOL.LAN:80": 200, "auth.example.com:4566": 200, "login.customer.example": 200,

		"evil.example": 403, "evil.example:4566": 403, "localhost.evil.example": 403, "notlocalhost": 403, "127.0.0.1.evil.example": 403,
		"amazonaws.com.evil.example": 403, "evilamazonaws.com": 403, "x.pool.lan": 403, "localstack.cloud": 403, "x.localstack.cloud": 403,
		"evil.example#.localhost": 403, "evil.example/.localhost": 403, "evil example.localhost": 403, "evil@localhost": 403, "é.localhost": 403,
		"192.168.1.5": 403, "[fe80::1]": 403, "0.0.0.0": 403, "2130706433": 403, "": 403, ":4566": 403, ".": 403,
		"[::ffff:127.0.0.1]": 200, "[::ffff:10.0.0.1]": 403,
	} {
		for _, path := range []string{"/aws", "/gateway", "/keys", "/login", "/_poolgate/health", "/nothing"} {
			r := onThisMachine(http.MethodGet, path)
			r.Host = host
			if got, text := ask(testGuard(), r); got != want || (got == 403 && !strings.Contains(text, "--host")) {
				t.Errorf("%q at %s: %d %s", host, path, got, text)
			}
		}
	}
}

func TestTheAddressThatTheConnectionCameToIsAHost(t *testing.T) {
	for host, want := range map[string]int{"192.168.1.5:4566": 200, "192.168.1.6:4566": 403, "evil.example": 403} {
		r := onThisMachine(http.MethodGet, "/aws")
		r.Host = host
		address := &net.TCPAddr{IP: net.ParseIP("192.168.1.5"), Port: 4566}
		r = r.WithContext(context.WithValue(r.Context(), http.LocalAddrContextKey, address))
		if got, _ := ask(testGuard(), r); got != want {
			t.Errorf("%s: %d", host, got)
		}
	}
}

func TestAPageOfAnotherOriginIsRefusedWhereOnlyProgramsHaveBusiness(t *testing.T) {
	doors := map[string]bool{ // path → open to pages of other origins
		"/aws": false, "/_poolgate/health": false, "/nothing": false,
		"/unsigned": true, "/gateway": true, "/keys": true, "/login": true,
	}
	for name, row := range map[string]struct {
		header  http.Header
		host    string
		foreign bool
	}{
		"a program":                            {http.Header{}, "localhost:4566", false},
		"this server's own page":               {http.Header{"Origin": {"http://localhost:4566"}, "Sec-Fetch-Site": {"same-origin"}}, "localhost:4566", false},
		"its own page in another case":         {http.Header{"Origin": {"http://LOCALHOST:4566"}}, "localhost:4566", false},
		"its own page at the default port":     {http.Header{"Origin": {"http://localhost"}}, "localhost:80", false},
		"its own page over TLS":                {http.Header{"Origin": {"https://localhost"}}, "localhost:443", false},
		"the public URL's page behind a proxy": {http.Header{"Origin": {"https://auth.example.com"}}, "pool.lan:4566", false},
		"the address bar":                      {http.Header{"Sec-Fetch-Site": {"none"}}, "localhost:4566", false},
		"another site":                         {http.Header{"Origin": {"https://evil.example"}}, "localhost:4566", true},
		"another port":                         {http.Header{"Origin": {"http://localhost:3000"}}, "localhost:4566", true},
		"the address instead of the name":      {http.Header{"Origin": {"http://127.0.0.1:4566"}}, "localhost:4566", true},
		"a sandboxed page":                     {http.Header{"Origin": {"null"}}, "localhost:4566", true},
		"an empty origin":                      {http.Header{"Origin": {""}}, "localhost:4566", true},
		"an origin that is none":               {http.Header{"Origin": {"localhost:4566"}}, "localhost:4566", true},
		"two origins":                          {http.Header{"Origin": {"http://localhost:4566", "https://evil.example"}}, "localhost:4566", true},
		"cross-site without an origin":         {http.Header{"Sec-Fetch-Site": {"cross-site"}}, "localhost:4566", true},
		"same-site is another origin too":      {http.Header{"Sec-Fetch-Site": {"same-site"}}, "localhost:4566", true},
		"a site not yet invented":              {http.Header{"Sec-Fetch-Site": {"near-site"}}, "localhost:4566", true},
		"its own origin, but cross-site":       {http.Header{"Origin": {"http://localhost:4566"}, "Sec-Fetch-Site": {"cross-site"}}, "localhost:4566", true},
	} {
		for path, open := range doors {
			for _, method := range []string{http.MethodGet, http.MethodPost, http.MethodOptions} {
				r := onThisMachine(method, path)
				r.Host, r.Header = row.host, row.header.Clone()
				want := http.StatusOK
				if row.foreign && !open {
					want = http.StatusForbidden
				}
				if got, text := ask(testGuard(), r); got != want {
					t.Errorf("%s, %s %s: %d and not %d: %s", name, method, path, got, want, text)
				}
			}
		}
	}
}

func TestARefusalCannotBeReadByTheOtherOrigin(t *testing.T) {
	r := onThisMachine(http.MethodPost, "/aws")
	r.Host = "localhost:4566"
	r.Header.Set("Origin", "https://evil.example")
	w := httptest.NewRecorder()
	testGuard().protect(http.NotFoundHandler()).ServeHTTP(w, r)
	for name := range w.Header() {
		if strings.HasPrefix(name, "Access-Control-") {
			t.Errorf("it carries %s", name)
		}
	}
	if got := w.Header().Get("Content-Type"); got != "text/plain; charset=utf-8" || w.Header().Get("X-Content-Type-Options") != "nosniff" {
		t.Errorf("of type %s", got)
	}
}

func TestPoolgatesOwnPathsNeedASignatureBeyondLoopback(t *testing.T) {
	const far, near = "10.1.2.3:50000", "127.0.0.1:50000"
	for name, row := range map[string]struct {
		remote, host, path string
		header             http.Header
		body               string
		want               int
	}{
		"on loopback":                       {near, "localhost", "/_poolgate/health", nil, "", 200},
		"on loopback by IPv6":               {"[::1]:50000", "localhost", "/_poolgate/health", nil, "", 200},
		"from elsewhere":                    {far, "pool.lan", "/_poolgate/health", nil, "", 403},
		"from elsewhere with a local Host":  {far, "localhost", "/_poolgate/health", nil, "", 403},
		"from elsewhere, signed":            {far, "pool.lan", "/_poolgate/health", http.Header{"Authorization": {"signed {}"}}, "{}", 200},
		"from elsewhere, signed wrongly":    {far, "pool.lan", "/_poolgate/health", http.Header{"Authorization": {"signed []"}}, "{}", 403},
		"from elsewhere, too large":         {far, "pool.lan", "/_poolgate/clock", nil, strings.Repeat("x", bodyLimit+1), 413},
		"the gateway from elsewhere":        {far, "pool.lan", "/gateway", nil, "", 200},
		"a pool's keys from elsewhere":      {far, "pool.lan", "/keys", nil, "", 200},
		"an API's own path of that name":    {far, "x.execute-api.eu-west-1.localhost", "/_poolgate/health", nil, "", 200},
		"through a proxy here":              {near, "pool.lan", "/_poolgate/health", http.Header{"X-Forwarded-For": {"10.1.2.3"}}, "", 403},
		"through a proxy that hides itself": {near, "pool.lan", "/_poolgate/health", http.Header{"Via": {"1.1 proxy"}}, "", 403},
		"through a proxy here, signed":      {near, "pool.lan", "/_poolgate/health", http.Header{"Forwarded": {"for=1"}, "Authorization": {"signed "}}, "", 200},
		"an address that cannot be read":    {"@", "localhost", "/_poolgate/health", nil, "", 403},
	} {
		r := httptest.NewRequest(http.MethodPut, row.path, strings.NewReader(row.body))
		r.RemoteAddr, r.Host = row.remote, row.host
		for key, values := range row.header {
			r.Header[key] = values
		}
		got, text := ask(testGuard(), r)
		if got != row.want {
			t.Errorf("%s: %d and not %d: %s", name, got, row.want, text)
		}
		if got == 200 && text != row.body {
			t.Errorf("%s: the body behind the guard is %q", name, text)
		}
	}
}

func TestTheSignatureIsSigV4OfAConfiguredKey(t *testing.T) {
	keys := map[string]string{"AKID": "secret"}
	lookup := func(id string) (string, bool) { secret, ok := keys[id]; return secret, ok }
	g := testGuard()
	g.verify = func(r *http.Request, body []byte) error {
		return sigv4.Verify(r, body, signingService, "", lookup, time.Now())
	}
	for name, row := range map[string]struct {
		id, secret, service string
		want                int
	}{
		"a configured key":    {"AKID", "secret", signingService, 200},
		"a wrong secret":      {"AKID", "guess", signingService, 403},
		"an unknown key":      {"OTHER", "secret", signingService, 403},
		"for another service": {"AKID", "secret", "cognito-idp", 403},
	} {
		r := httptest.NewRequest(http.MethodGet, "http://pool.lan/_poolgate/requests?limit=3", nil)
		r.RemoteAddr = "10.1.2.3:50000"
		const emptyHash = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"
		err := v4.NewSigner().SignHTTP(t.Context(), aws.Credentials{AccessKeyID: row.id, SecretAccessKey: row.secret}, r, emptyHash,
			row.service, "us-east-1", time.Now())
		if err != nil {
			t.Fatal(err)
		}
		if got, text := ask(g, r); got != row.want {
			t.Errorf("%s: %d: %s", name, got, text)
		}
	}
}

func TestLoopbackIsTheConnectionsAndNotWhatAHeaderSays(t *testing.T) {
	for remote, want := range map[string]bool{
		"127.0.0.1:1": true, "127.99.0.1:1": true, "[::1]:1": true, "[::ffff:127.0.0.1]:1": true,
		"10.0.0.1:1": false, "192.168.0.1:1": false, "[2001:db8::1]:1": false, "[::ffff:10.0.0.1]:1": false, "": false, "localhost:1": false,
	} {
		r := httptest.NewRequest(http.MethodGet, "/", nil)
		r.RemoteAddr, r.Host = remote, "127.0.0.1"
		if got := onLoopback(r); got != want {
			t.Errorf("%s: %v", remote, got)
		}
	}
	for _, name := range append([]string{"X-Forwarded-For", "X-Forwarded-Host", "X-Forwarded-Proto", "x-forwarded-anything"}, forwarding...) {
		r := onThisMachine(http.MethodGet, "/")
		if !onLoopback(r) {
			t.Fatal("not on loopback to begin with")
		}
		r.Header.Set(name, "127.0.0.1")
		if onLoopback(r) {
			t.Errorf("with %s", name)
		}
	}
	for _, name := range forwarding {
		if name != http.CanonicalHeaderKey(name) {
			t.Errorf("%s is not how net/http writes it", name)
		}
	}
}

func TestARefusalDoesNotRepeatALongHost(t *testing.T) {
	r := onThisMachine(http.MethodGet, "/aws")
	r.Host = strings.Repeat("x", 100_000)
	if _, text := ask(testGuard(), r); len(text) > 1000 {
		t.Errorf("%d bytes", len(text))
	}
}

func FuzzTheGuardLetsInNoForeignName(f *testing.F) {
	for _, seed := range []string{"localhost", "evil.example", "[::1]", "127.0.0.1:80", "x.localhost:1", "evil#.localhost", "%00.localhost"} {
		f.Add(seed)
	}
	g := testGuard()
	g.names, g.customDomain = nil, func(string) bool { return false }
	f.Fuzz(func(t *testing.T, host string) {
		r := onThisMachine(http.MethodGet, "/aws")
		r.Host = host
		status, _ := ask(g, r)
		name := hostName(host)
		local := name == "localhost" || strings.HasSuffix(name, ".localhost") || strings.HasSuffix(name, "localhost.localstack.cloud") ||
			strings.HasSuffix(name, ".amazonaws.com") || strings.HasSuffix(name, ".amazonaws.com.cn") || strings.HasSuffix(name, ".amazoncognito.com") ||
			net.ParseIP(name).IsLoopback()
		if status == http.StatusOK && (!local || strings.ContainsAny(name, "#/?@% ")) {
			t.Errorf("%q was let in", host)
		}
	})
}
