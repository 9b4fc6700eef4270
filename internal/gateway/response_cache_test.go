package gateway_test

import (
	"fmt"
	"io"
	"net/http"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/apigateway"

	"github.com/poolgate/poolgate/authz"
)

// cachedWorld is an API whose backend numbers its answers, so that one that came out of the cache is known by its number.
type cachedWorld struct {
	*meteredWorld
	asked *atomic.Int64
}

func newCached(t *testing.T, policy string, settings ...string) *cachedWorld {
	t.Helper()
	c := &cachedWorld{asked: &atomic.Int64{}}
	back := backend(t, func(w http.ResponseWriter, r *http.Request) {
		n := c.asked.Add(1)
		w.Header().Set("X-From", "backend")
		switch {
		case strings.HasPrefix(r.URL.Path, "/large"):
			_, _ = io.WriteString(w, strings.Repeat("x", 1<<20+1))
		case strings.HasPrefix(r.URL.Path, "/missing"):
			w.WriteHeader(404)
		case strings.HasPrefix(r.URL.Path, "/closed"):
			w.WriteHeader(403)
		}
		_, _ = fmt.Fprint(w, n)
	})
	proxied := func(path, more string) string {
		return fmt.Sprintf(`{"x-amazon-apigateway-integration":{"type":"http_proxy","httpMethod":"ANY","uri":"%s%s"%s}}`, back.URL, path, more)
	}
	byKey := `,"cacheKeyParameters":["method.request.querystring.q","method.request.header.Accept-Language","integration.request.path.id"],
		"requestParameters":{"integration.request.path.id":"method.request.path.id"}`
	if policy != "" {
		policy = `,"x-amazon-apigateway-policy":` + policy
	}
	c.meteredWorld = newMeteredWorld(t, memory(t))
	c.importWith(fmt.Sprintf(`{"openapi":"3.0.1","info":{"title":"cached","version":"1"}%s,"paths":{
		"/plain":{"get":%s,"post":%s},"/pets/{id}":{"get":%s},"/keyed/{id}":{"get":%s},"/any":{"x-amazon-apigateway-any-method":%s},
		"/large":{"get":%s},"/missing":{"get":%s},"/closed":{"get":%s}}}`, policy,
		proxied("/plain", ""), proxied("/plain", ""), proxied("/pets", ""),
		strings.Replace(proxied("/keyed/{id}", byKey), `{"x-amazon`, `{"parameters":[{"name":"id","in":"path","required":true,"schema":{"type":"string"}},
			{"name":"q","in":"query","schema":{"type":"string"}},{"name":"Accept-Language","in":"header","schema":{"type":"string"}}],"x-amazon`, 1),
		proxied("/any", ""), proxied("/large", ""), proxied("/missing", ""), proxied("/closed", "")))
	c.patchStage("dev", patches(append([]string{"/cacheClusterEnabled", "true", "/*/*/caching/enabled", "true"}, settings...)...)...)
	return c
}

func (c *cachedWorld) get(t *testing.T, when, path, want string, headers ...string) reply {
	t.Helper()
	got := send(t, c, "GET", "/dev"+path, headers...)
	if got.StatusCode != 200 || got.body != want || got.Header.Get("X-From") != "backend" {
		t.Errorf("%s: answered %d %.40s, want %s", when, got.StatusCode, got.body, want)
	}
	return got
}

func TestAnswersAreCachedByTheMethodsKey(t *testing.T) {
	c := newCached(t, "")
	first := c.get(t, "the first", "/plain", "1")
	second := c.get(t, "the second", "/plain", "1")
	if first.Header.Get("x-amzn-RequestId") == second.Header.Get("x-amzn-RequestId") {
		t.Error("a cached answer has the request id of the one before")
	}
	c.get(t, "a parameter that is not in the key", "/plain?q=1", "1")
	c.get(t, "another method", "/pets/1", "2")
	c.get(t, "a path parameter that is not in the key, as on AWS", "/pets/2", "2")
	c.get(t, "with a key", "/keyed/1", "3")
	c.get(t, "with the same key", "/keyed/1?other=1", "3")
	c.get(t, "another path parameter, named by the integration", "/keyed/2", "4")
	c.get(t, "a query parameter of the key", "/keyed/1?q=a", "5")
	c.get(t, "two of them", "/keyed/1?q=a&q=b", "6")
	c.get(t, "one that looks as two", "/keyed/1?q=a%2Cb", "7")
	c.get(t, "a header of the key", "/keyed/1?q=a", "8", "Accept-Language", "de")
	c.get(t, "the same header again", "/keyed/1?q=a", "8", "accept-language", "de")
	c.rate.Add(int64(299 * time.Second))
	c.get(t, "a second before its time is up", "/plain", "1")
	c.rate.Add(int64(time.Second))
	c.get(t, "its time is up", "/plain", "9")
}

func TestOnlyGetIsCachedUnlessAMethodHasASettingOfItsOwn(t *testing.T) {
	c := newCached(t, "")
	post := func(want string) {
		t.Helper()
		if got := send(t, c, "POST", "/dev/plain"); got.body != want {
			t.Errorf("POST answered %d %s, want %s", got.StatusCode, got.body, want)
		}
	}
	post("1")
	post("2")
	c.get(t, "GET beside it", "/plain", "3")
	c.get(t, "GET of ANY", "/any", "4")
	c.get(t, "GET of ANY again", "/any", "4")
	for want := range 2 {
		if got := send(t, c, "PUT", "/dev/any"); got.body != fmt.Sprint(5+want) {
			t.Errorf("PUT of ANY answered %s", got.body)
		}
	}
	c.patchStage("dev", patches("/~1plain/POST/caching/enabled", "true", "/~1plain/GET/caching/enabled", "false")...)
	post("7")
	post("7")
	c.get(t, "GET is off now", "/plain", "8")
	c.get(t, "GET is off now", "/plain", "9")
	c.patchStage("dev", patches("/*/*/caching/ttlInSeconds", "0")...)
	c.get(t, "no time to live", "/any", "10")
	c.patchStage("dev", patches("/*/*/caching/ttlInSeconds", "60", "/cacheClusterEnabled", "false")...)
	post("11")
}

func TestWhatIsNotCached(t *testing.T) {
	c := newCached(t, "")
	for n := range 2 {
		if got := send(t, c, "GET", "/dev/large"); got.StatusCode != 200 || len(got.body) != 1<<20+2 || !strings.HasSuffix(got.body, fmt.Sprint("x", n+1)) {
			t.Errorf("an answer larger than a megabyte: %d, %d bytes", got.StatusCode, len(got.body))
		}
	}
	for n := range 2 {
		if got := send(t, c, "GET", "/dev/closed"); got.StatusCode != 403 || got.body != fmt.Sprint(3+n) || got.Header.Get("x-poolgate-reason") != string(authz.IntegrationRefused) {
			t.Errorf("a backend that refuses: %d %s", got.StatusCode, got.body)
		}
	}
	for range 2 { // AWS caches what the integration answered, whatever its status
		if got := send(t, c, "GET", "/dev/missing"); got.StatusCode != 404 || got.body != "5" {
			t.Errorf("a backend that has nothing: %d %s", got.StatusCode, got.body)
		}
	}
}

func TestCachedAnswersAreFlushed(t *testing.T) {
	c := newCached(t, "")
	c.get(t, "the first", "/plain", "1")
	done(c.CreateDeployment(c.ctx(), &apigateway.CreateDeploymentInput{RestApiId: &c.api, StageName: aws.String("dev")}))(t)
	c.get(t, "after a deployment", "/plain", "2")
	done(c.FlushStageCache(c.ctx(), &apigateway.FlushStageCacheInput{RestApiId: &c.api, StageName: aws.String("dev")}))(t)
	c.get(t, "after a flush", "/plain", "3")
	c.get(t, "cached again", "/plain", "3")
}

// TestWhoMayAskForAFreshAnswer: Cache-Control of the client, and what is done with who may not (guide, "Invalidate an API Gateway cache entry").
func TestWhoMayAskForAFreshAnswer(t *testing.T) {
	const warning = `199 - "Cache-Control of an unauthorized client was ignored"`
	allow := func(actions string) string {
		return `{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":"*","Action":` + actions + `,"Resource":"execute-api:/*"}]}`
	}
	const strict, strategy = "/*/*/caching/requireAuthorizationForCacheControl", "/*/*/caching/unauthorizedCacheControlHeaderStrategy"
	for _, test := range []struct {
		name, policy, cacheControl string
		settings                   []string
		want, warning              string
		status                     int
	}{
		{"the default warns", "", "max-age=0", nil, "1", warning, 200},
		{"silently ignored", "", "max-age=0", []string{strategy, "SUCCEED_WITHOUT_RESPONSE_HEADER"}, "1", "", 200},
		{"refused", "", "max-age=0", []string{strategy, "FAIL_WITH_403"}, "", "", 403},
		{"refused, among other directives", "", "no-store, Max-Age=0", []string{strategy, "FAIL_WITH_403"}, "", "", 403},
		{"anybody may", "", "max-age=0", []string{strict, "false"}, "2", "", 200},
		{"anybody may, in another word", "", "no-cache", []string{strict, "false"}, "2", "", 200},
		{"nothing that asks for a fresh one", "", "max-age=10", []string{strategy, "FAIL_WITH_403"}, "1", "", 200},
		{"a policy allows it", allow(`["execute-api:Invoke","execute-api:InvalidateCache"]`), "max-age=0", []string{strategy, "FAIL_WITH_403"}, "2", "", 200},
		{"a policy allows to invoke alone", allow(`"execute-api:Invoke"`), "max-age=0", []string{strategy, "FAIL_WITH_403"}, "", "", 403},
	} {
		t.Run(test.name, func(t *testing.T) {
			c := newCached(t, test.policy, test.settings...)
			c.get(t, "the first", "/plain", "1")
			got := send(t, c, "GET", "/dev/plain", "Cache-Control", test.cacheControl)
			if got.StatusCode != test.status || got.Header.Get("Warning") != test.warning || test.status == 200 && got.body != test.want {
				t.Errorf("answered %d %s, Warning %q", got.StatusCode, got.body, got.Header.Get("Warning"))
			}
			if test.status == 403 {
				want := `{"Message":"User: anonymous is not authorized to perform: execute-api:InvalidateCache on resource: arn:aws:execute-api:eu-west-1:********0000:` + c.api + `/dev/GET/plain"}`
				expect(t, got, 403, want, "AccessDeniedException")
				if r := got.Header.Get("x-poolgate-reason"); r != string(authz.IAMDenied) {
					t.Errorf("the reason is %s", r)
				}
				return
			}
			c.get(t, "what is cached after that", "/plain", test.want)
		})
	}
}
