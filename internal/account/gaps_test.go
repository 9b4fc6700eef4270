package account_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/apigateway"

	"github.com/poolgate/poolgate/internal/account"
)

// network answers some requests itself and lets the others through.
type network func(r *http.Request) (*http.Response, error)

// RoundTrip implements http.RoundTripper.
func (n network) RoundTrip(r *http.Request) (*http.Response, error) {
	response, err := n(r)
	if response == nil && err == nil {
		return http.DefaultTransport.RoundTrip(r)
	}
	return response, err
}

// answer is an answer with a body, and the error type that AWS's REST services say in a header.
func answer(r *http.Request, status int, kind, body string) *http.Response {
	header := http.Header{"Content-Type": {"application/json"}}
	if kind != "" {
		header.Set("X-Amzn-Errortype", kind)
	}
	return &http.Response{StatusCode: status, Header: header, Body: io.NopCloser(strings.NewReader(body)), Request: r, ProtoMajor: 1, ProtoMinor: 1}
}

const notAuthorized = `{"Message":"User: arn:aws:iam::123456789012:user/jo is not authorized to perform: apigateway:GET on resource"}`

// Whatever is denied, the rest is read, and the gap names the permission as IAM spells it.
func TestAnyOneCallMayBeDenied(t *testing.T) {
	w := newWorld(t)
	id := w.importREST("../apigateway/testdata/openapi.cognito-auth.json")
	arn := "apigateway:GET on arn:aws:apigateway:" + region + "::/restapis/" + id
	for path, want := range map[string]account.Gap{
		`/restapis/\w+`:                          {Operation: "apigateway:GetRestApi", Permission: arn},
		`/restapis/\w+/resources`:                {Operation: "apigateway:GetResources", Permission: arn + "/resources"},
		`/restapis/\w+/authorizers`:              {Operation: "apigateway:GetAuthorizers", Permission: arn + "/authorizers"},
		`/restapis/\w+/gatewayresponses`:         {Operation: "apigateway:GetGatewayResponses", Permission: arn + "/gatewayresponses"},
		`/restapis/\w+/models`:                   {Operation: "apigateway:GetModels", Permission: arn + "/models"},
		`/restapis/\w+/requestvalidators`:        {Operation: "apigateway:GetRequestValidators", Permission: arn + "/requestvalidators"},
		`/restapis/\w+/stages/dev`:               {Operation: "apigateway:GetStage", Permission: arn + "/stages/dev"},
		`/restapis/\w+/stages/dev/exports/oas30`: {Operation: "apigateway:GetExport", Permission: arn + "/stages/dev/exports/oas30"},
		`/restapis/\w+/deployments/\w+`:          {Operation: "apigateway:GetDeployment"},
		`/usageplans`:                            {Operation: "apigateway:GetUsagePlans", Permission: "apigateway:GET on arn:aws:apigateway:" + region + "::/usageplans"},
	} {
		t.Run(want.Operation, func(t *testing.T) {
			denied := regexp.MustCompile("^" + path + "$")
			r := w.reader(network(func(r *http.Request) (*http.Response, error) {
				if denied.MatchString(r.URL.Path) {
					return answer(r, http.StatusForbidden, "AccessDeniedException", notAuthorized), nil
				}
				return nil, nil
			}))
			api := must(r.RESTAPI(t.Context(), id, "dev"))(t)
			gaps := r.Gaps()
			if len(gaps) != 1 || gaps[0].Operation != want.Operation || gaps[0].Kind != account.GapDenied || !strings.Contains(gaps[0].Message, "is not authorized") {
				t.Fatalf("gaps: %+v", gaps)
			}
			if want.Permission != "" && gaps[0].Permission != want.Permission {
				t.Errorf("the permission is %s, want %s", gaps[0].Permission, want.Permission)
			}
			if api == nil || api.Stages["dev"] == nil && api.Live == nil {
				t.Error("nothing else was read")
			}
		})
	}
}

// What is not AWS's answer, or none, is told as that.
func TestStrangeAnswers(t *testing.T) {
	w := newWorld(t)
	id := w.importREST("../apigateway/testdata/openapi.cognito-auth.json")
	for name, test := range map[string]struct {
		answer func(r *http.Request) (*http.Response, error)
		want   account.GapKind
		// most is how often the one call may be sent.
		most int32
	}{
		"a page of HTML": {func(r *http.Request) (*http.Response, error) {
			return answer(r, 200, "", "<html><body>Log in to the hotel's network</body></html>"), nil
		}, account.GapStrange, 1},
		"a proxy's refusal": {func(r *http.Request) (*http.Response, error) {
			return answer(r, 403, "", "<html>Forbidden</html>"), nil
		}, account.GapStrange, 1},
		"a redirect": {func(r *http.Request) (*http.Response, error) {
			a := answer(r, 302, "", "")
			a.Header.Set("Location", "https://login.example/")
			return a, nil
		}, account.GapStrange, 1},
		"a token that ended": {func(r *http.Request) (*http.Response, error) {
			return answer(r, 403, "ExpiredTokenException", `{"message":"The security token included in the request is expired"}`), nil
		}, account.GapCredentials, 1},
		"a key that nobody has": {func(r *http.Request) (*http.Response, error) {
			return answer(r, 403, "UnrecognizedClientException", `{"message":"The security token included in the request is invalid."}`), nil
		}, account.GapCredentials, 1},
		"no answer": {func(*http.Request) (*http.Response, error) { return nil, errors.New("connection refused") }, account.GapUnreachable, 3},
		"a service that is broken": {func(r *http.Request) (*http.Response, error) {
			return answer(r, 500, "InternalFailure", `{"message":"x"}`), nil
		}, account.GapStrange, 3},
	} {
		t.Run(name, func(t *testing.T) {
			var sent atomic.Int32
			r := w.reader(network(func(r *http.Request) (*http.Response, error) {
				if !strings.HasSuffix(r.URL.Path, "/authorizers") {
					return nil, nil
				}
				sent.Add(1)
				return test.answer(r)
			}))
			api := must(r.RESTAPI(t.Context(), id, "dev"))(t)
			gaps := r.Gaps()
			if len(gaps) != 1 || gaps[0].Kind != test.want || gaps[0].Message == "" || strings.Contains(gaps[0].Message, "<html") {
				t.Errorf("gaps: %+v", gaps)
			}
			if api == nil || api.Live == nil || api.Live.Authorizers != nil || len(api.Live.Resources) == 0 {
				t.Errorf("read %+v", api)
			}
			if sent.Load() > test.most {
				t.Errorf("the call was sent %d times", sent.Load())
			}
		})
	}
}

// A service that asks to slow down is asked again, later and later, until it answers or the time is used up.
func TestThrottling(t *testing.T) {
	w := newWorld(t)
	id := w.importREST("../apigateway/testdata/openapi.cognito-auth.json")
	for name, test := range map[string]struct {
		refusals int32
		gaps     int
	}{"for a while": {4, 0}, "for ever": {1 << 30, 1}} {
		t.Run(name, func(t *testing.T) {
			isolate(t)
			var refused atomic.Int32
			throttled := network(func(r *http.Request) (*http.Response, error) {
				if !strings.HasSuffix(r.URL.Path, "/resources") || refused.Add(1) > test.refusals {
					return nil, nil
				}
				return answer(r, 429, "TooManyRequestsException", `{"message":"Too Many Requests"}`), nil
			})
			r, err := account.Open(t.Context(), account.Options{EndpointURL: w.url, Region: region, Transport: throttled, FirstDelay: time.Millisecond, Budget: 300 * time.Millisecond})
			if err != nil {
				t.Fatal(err)
			}
			began := time.Now()
			must(r.RESTAPI(t.Context(), id, "dev"))(t)
			gaps := r.Gaps()
			if len(gaps) != test.gaps || test.gaps > 0 && gaps[0].Kind != account.GapThrottled {
				t.Errorf("gaps: %+v", gaps)
			}
			if took := time.Since(began); took > 10*time.Second {
				t.Errorf("it took %v", took)
			}
		})
	}
}

// An id that is known is never looked for in a list, however many APIs there are; a path that it could climb out of is not asked for.
func TestAKnownIDIsNotLookedForInAList(t *testing.T) {
	w := newWorld(t)
	id := w.importREST("../apigateway/testdata/openapi.cognito-auth.json")
	var lists, all atomic.Int32
	r := w.reader(network(func(r *http.Request) (*http.Response, error) {
		all.Add(1)
		if path := strings.TrimSuffix(r.URL.Path, "/"); path == "/restapis" || path == "/apis" || path == "/v2/apis" || path == "/domainnames" {
			lists.Add(1)
		}
		return nil, nil
	}))
	must(r.RESTAPI(t.Context(), id, "dev"))(t)
	first := all.Load()
	must(r.RESTAPI(t.Context(), id, "dev"))(t)
	if lists.Load() > 0 || all.Load() != first || first > 12 {
		t.Errorf("%d lists were asked for, %d calls made at first and %d in all", lists.Load(), first, all.Load())
	}
	for _, id := range []string{"../x", "a/b", "", "A?b", strings.Repeat("a", 64)} {
		if api := must(r.RESTAPI(t.Context(), id, ""))(t); api != nil || all.Load() != first {
			t.Errorf("%q was asked for", id)
		}
	}
}

// More calls than that are never under way at once.
func TestAFewCallsAtATime(t *testing.T) {
	w := newWorld(t)
	id := w.importREST("../apigateway/testdata/everything.yaml")
	isolate(t)
	var now, most atomic.Int32
	counting := network(func(r *http.Request) (*http.Response, error) {
		n := now.Add(1)
		defer now.Add(-1)
		for m := most.Load(); n > m && !most.CompareAndSwap(m, n); m = most.Load() {
		}
		return http.DefaultTransport.RoundTrip(r)
	})
	r, err := account.Open(t.Context(), account.Options{EndpointURL: w.url, Region: region, Transport: counting, Parallel: 2})
	if err != nil {
		t.Fatal(err)
	}
	must(r.RESTAPI(t.Context(), id, ""))(t)
	if most.Load() > 2 {
		t.Errorf("%d calls were under way at once", most.Load())
	}
}

// Without credentials everything is a gap but what needs none, and nothing is sent.
func TestWithoutCredentials(t *testing.T) {
	isolate(t)
	var sent atomic.Int32
	silent := network(func(r *http.Request) (*http.Response, error) {
		sent.Add(1)
		return answer(r, 200, "", `{"keys":[]}`), nil
	})
	r, err := account.Open(t.Context(), account.Options{Region: region, Transport: silent})
	if err != nil {
		t.Fatal(err)
	}
	if api := must(r.RESTAPI(t.Context(), "a1b2c3d4e5", ""))(t); api != nil || sent.Load() != 0 {
		t.Errorf("read %+v by %d calls", api, sent.Load())
	}
	pool := must(r.Pool(t.Context(), "eu-west-1_AbCdEfGhI"))(t)
	if pool == nil || len(pool.JWKS) == 0 || pool.Gone || pool.Pool != nil {
		t.Errorf("the pool is %+v", pool)
	}
	for _, g := range r.Gaps() {
		if g.Kind != account.GapCredentials {
			t.Errorf("gap: %+v", g)
		}
	}
}

func TestWhatCannotBeOpened(t *testing.T) {
	isolate(t)
	for name, test := range map[string]account.Options{
		"no region":              {},
		"an endpoint of no kind": {Region: region, EndpointURL: "localhost:4566"},
		"a profile of nobody":    {Region: region, Profile: "nobody"},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := account.Open(t.Context(), test)
			if err == nil || (name == "no region") != errors.Is(err, account.ErrNoRegion) {
				t.Errorf("the error is %v", err)
			}
		})
	}
	_, err := account.Open(t.Context(), account.Options{Region: region, EndpointURL: "ftp://jo:hidden@x"})
	if err == nil || strings.Contains(err.Error(), "hidden") {
		t.Errorf("the error is %v", err)
	}
}

// The region and the credentials are those of the SDK's own settings.
func TestTheSDKsSettingsCount(t *testing.T) {
	isolate(t)
	file := filepath.Join(t.TempDir(), "config")
	text := "[profile work]\nregion = ap-south-1\naws_access_key_id = 111122223333\naws_secret_access_key = s\n"
	if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	t.Setenv("AWS_CONFIG_FILE", file)
	w := newWorld(t)
	t.Setenv("AWS_CONFIG_FILE", file)
	r, err := account.Open(t.Context(), account.Options{EndpointURL: w.url, Profile: "work"})
	if err != nil {
		t.Fatal(err)
	}
	caller := must(r.Caller(t.Context()))(t)
	if r.Region() != "ap-south-1" || caller == nil || caller.Account != "111122223333" {
		t.Errorf("region %s, caller %+v, gaps %+v", r.Region(), caller, r.Gaps())
	}
}

// A caller who goes away is not an answer that is kept.
func TestACallerWhoGoesAway(t *testing.T) {
	w := newWorld(t)
	id := w.importREST("../apigateway/testdata/openapi.cognito-auth.json")
	r := w.reader(nil)
	gone, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := r.RESTAPI(gone, id, "dev"); !errors.Is(err, context.Canceled) {
		t.Errorf("the error is %v", err)
	}
	if api := must(r.RESTAPI(t.Context(), id, "dev"))(t); api == nil || api.Live == nil || len(r.Gaps()) > 0 {
		t.Errorf("read %+v, gaps %+v", api, r.Gaps())
	}
}

// All pages of a list are read.
func TestPages(t *testing.T) {
	w := newWorld(t)
	ctx := t.Context()
	api := must(w.rest.CreateRestApi(ctx, &apigateway.CreateRestApiInput{Name: aws.String("large")}))(t)
	var document strings.Builder
	document.WriteString(`{"openapi":"3.0.1","info":{"title":"large"},"paths":{`)
	for i := range 1200 {
		if i > 0 {
			document.WriteString(",")
		}
		fmt.Fprintf(&document, `"/p%d":{"get":{"x-amazon-apigateway-integration":{"type":"mock"}}}`, i)
	}
	document.WriteString("}}")
	must(w.rest.PutRestApi(ctx, &apigateway.PutRestApiInput{RestApiId: api.Id, Mode: "overwrite", Body: []byte(document.String())}))(t)
	got := must(w.reader(nil).RESTAPI(ctx, *api.Id, ""))(t)
	if len(got.Live.Resources) != 1201 {
		t.Errorf("%d resources were read", len(got.Live.Resources))
	}
}

// A server that sends its caller on to another host gets nothing carried there: no signature, no session's token, no question.
func TestRedirectsAreNotFollowed(t *testing.T) {
	isolate(t)
	t.Setenv("AWS_ACCESS_KEY_ID", "AKIDEXAMPLE")
	t.Setenv("AWS_SECRET_ACCESS_KEY", "secret")
	t.Setenv("AWS_SESSION_TOKEN", "session")
	var led atomic.Int32
	other := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { led.Add(1) }))
	defer other.Close()
	for _, status := range []int{http.StatusFound, http.StatusTemporaryRedirect, http.StatusPermanentRedirect} {
		first := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			http.Redirect(w, r, other.URL+r.URL.Path, status)
		}))
		r, err := account.Open(t.Context(), account.Options{EndpointURL: first.URL, Region: region, FirstDelay: time.Millisecond})
		if err != nil {
			t.Fatal(err)
		}
		if api, err := r.RESTAPI(t.Context(), "a1b2c3d4e5", ""); err != nil || api != nil && api.Live != nil {
			t.Errorf("%d: got %v, %v", status, api, err)
		}
		if _, err := r.Caller(t.Context()); err != nil {
			t.Errorf("%d: %v", status, err)
		}
		if led.Load() > 0 || len(r.Gaps()) == 0 {
			t.Errorf("%d: %d requests were led elsewhere, gaps %v", status, led.Load(), r.Gaps())
		}
		first.Close()
	}
}

// A server that is no AWS may answer anything: what is not about what was asked for is a gap, and nobody falls over it.
func TestAnswersThatAreAboutNothing(t *testing.T) {
	isolate(t)
	for _, id := range []string{"", `"id":"../../elsewhere"`, `"id":"a1b2c3d4e5"`} {
		server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			w.Header().Set("Content-Type", "application/json")
			switch {
			case r.URL.Path == "/restapis/a1b2c3d4e5":
				_, _ = io.WriteString(w, "{"+id+"}")
			case strings.HasSuffix(r.URL.Path, "/stages"):
				_, _ = io.WriteString(w, `{"item":[{"stageName":"dev","deploymentId":"abc"},{}]}`)
			case strings.HasSuffix(r.URL.Path, "/resources"):
				_, _ = io.WriteString(w, `{"item":[{},{"id":"x"}]}`)
			default:
				_, _ = io.WriteString(w, "{}")
			}
		}))
		r, err := account.Open(t.Context(), account.Options{EndpointURL: server.URL, Region: region, FirstDelay: time.Millisecond, Budget: 5 * time.Second})
		if err != nil {
			t.Fatal(err)
		}
		begun := time.Now()
		if _, err := r.RESTAPI(t.Context(), "a1b2c3d4e5", ""); err != nil {
			t.Errorf("%s: %v", id, err)
		}
		if _, err := r.HTTPAPI(t.Context(), "a1b2c3d4e5", ""); err != nil {
			t.Errorf("%s: %v", id, err)
		}
		if _, err := r.WholePool(t.Context(), "eu-west-1_AbCdEfGhI"); err != nil {
			t.Errorf("%s: %v", id, err)
		}
		if !slices.ContainsFunc(r.Gaps(), func(g account.Gap) bool { return g.Kind == account.GapStrange }) || time.Since(begun) > 4*time.Second {
			t.Errorf("%s: gaps %v after %s", id, r.Gaps(), time.Since(begun))
		}
		server.Close()
	}
}
