package gateway_test

import (
	"encoding/json"
	"net/http"
	"testing"

	"github.com/aws/aws-sdk-go-v2/service/apigateway/types"

	"github.com/poolgate/poolgate/authz"
)

// TestADenyOfTheCallersOwnPolicyHoldsForEveryReading: a path can be written in many ways, and a backend may read each as the denied one.
func TestADenyOfTheCallersOwnPolicyHoldsForEveryReading(t *testing.T) {
	const own = `{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"execute-api:Invoke","Resource":"*"},
		{"Effect":"Deny","Action":"execute-api:Invoke","Resource":["arn:aws:execute-api:*:*:*/prod/GET/admin","arn:aws:execute-api:*:*:*/prod/GET/admin/*"]}]}`
	w := newWorld(t, newAPI().on("GET", "/{proxy+}", iam()), nil, keyed(t, own))
	for path, status := range map[string]int{
		"/prod/other": 200, "/prod/admin": 403, "/prod/admin/": 403, "/prod/admin%2Fusers": 403, "/prod/admin%5Cusers": 403, "/prod/admin%3Bx=1": 403,
		"/prod/admin%2F%2Fusers": 403, "/prod/%61dmin": 403, "/prod//admin": 403,
	} {
		if got := sendSigned(t, w, signatureOf(bobKey, "GET", path)); got.StatusCode != status {
			t.Errorf("%s: answered %d %s, want %d", path, got.StatusCode, got.body, status)
		}
	}
	sendSigned(t, w, signatureOf(bobKey, "GET", "/prod/admin/"))
	if r := w.Recent(1, nil)[0]; r.Reason != authz.IAMDenied {
		t.Errorf("the reason is %s", r.Reason)
	}
}

// TestADenyOfAResourcePolicyHoldsForEveryReading is the same of resource policies.
func TestADenyOfAResourcePolicyHoldsForEveryReading(t *testing.T) {
	w := newWorld(t, newAPI().on("GET", "/{proxy+}", open()).withPolicy(`{"Effect":"Allow","Principal":"*","Action":"execute-api:Invoke","Resource":"execute-api:/*"},
		{"Effect":"Deny","Principal":"*","Action":"execute-api:Invoke","Resource":["execute-api:/prod/GET/admin","execute-api:/prod/GET/admin/*"]}`), nil)
	for path, status := range map[string]int{
		"/prod/other": 200, "/prod/admin": 403, "/prod/admin/": 403, "/prod/admin%2Fusers": 403, "/prod/admin%5Cusers": 403, "/prod/admin%3Bx=1": 403,
		"/prod/admin%2F%2Fusers": 403, "/prod/%61dmin": 403, "/prod//admin": 403, "/prod/admin%3Bx%2Fusers": 403,
	} {
		if got := send(t, w, "GET", path); got.StatusCode != status {
			t.Errorf("%s: answered %d %s, want %d", path, got.StatusCode, got.body, status)
		}
	}
}

// TestAMappedParameterIsTheGatewaysAlone: what an API maps, who calls it cannot say beside it, also where the mapping has no value.
func TestAMappedParameterIsTheGatewaysAlone(t *testing.T) {
	var uri string
	var header http.Header
	back := backend(t, func(_ http.ResponseWriter, r *http.Request) { uri, header = r.RequestURI, r.Header.Clone() })
	m := cognito()
	m.MethodIntegration = proxy(back.URL+"/x", map[string]string{
		"integration.request.querystring.user": "context.authorizer.claims.sub",
		"integration.request.querystring.role": "context.authorizer.claims.nothing",
		"integration.request.querystring.q":    "method.request.querystring.q",
		"integration.request.header.X-User":    "context.authorizer.claims.sub",
		"integration.request.header.X-Role":    "context.authorizer.claims.nothing",
		"integration.request.header.X-Same":    "method.request.header.X-Same",
	}).MethodIntegration
	w := newWorld(t, newAPI().authorizer("auth", nil).on("GET", "/a", m), nil)
	send(t, w, "GET", "/prod/a?user=admin&%75ser=root&role=admin&q=1&z=2", "Authorization", token(idClaims()), "X-User", "admin", "X-Role", "admin",
		"X_User", "admin", "X-Same", "s")
	const sub = "11111111-2222-3333-4444-555555555555"
	if want := "/x?z=2&q=1&user=" + sub; uri != want {
		t.Errorf("the backend was asked for %s, want %s", uri, want)
	}
	for name, want := range map[string]string{"X-User": sub, "X-Role": "", "X_user": "", "X-Same": "s"} {
		if got := header.Get(name); got != want {
			t.Errorf("the backend got %s %q, want %q", name, got, want)
		}
	}
}

// TestAPathParameterKeepsToItsPlace: in a query it brings in no parameter, in an address no other host.
func TestAPathParameterKeepsToItsPlace(t *testing.T) {
	var uri string
	back := backend(t, func(_ http.ResponseWriter, r *http.Request) { uri = r.RequestURI })
	path := map[string]string{"integration.request.path.id": "method.request.path.id"}
	header := map[string]string{"integration.request.path.id": "method.request.header.X-Id"}
	w := newWorld(t, newAPI().on("GET", "/q/{id}", proxy(back.URL+"/x?id={id}&own=1", path)).on("GET", "/h/{other}", proxy(back.URL+"/x?id={id}", header)).
		on("GET", "/host/{id}", proxy("http://127.0.0.1{id}/x", path)), nil)
	send(t, w, "GET", "/prod/q/a&admin=1+2")
	if want := "/x?id=a%26admin%3D1%2B2&own=1"; uri != want {
		t.Errorf("the backend was asked for %s, want %s", uri, want)
	}
	send(t, w, "GET", "/prod/h/1", "X-Id", "a&admin=1")
	if want := "/x?id=a%26admin%3D1"; uri != want {
		t.Errorf("the backend was asked for %s, want %s", uri, want)
	}
	uri = ""
	if got := send(t, w, "GET", "/prod/host/@"+back.Listener.Addr().String()); got.StatusCode != 500 || uri != "" {
		t.Errorf("another host was asked for %s: %d", uri, got.StatusCode)
	}
}

// TestABackendReadsTheQueryThatWasRead: a parameter that the gateway cannot read, and that no authorizer, template or cache key saw, is not
// passed on: a backend might read it.
func TestABackendReadsTheQueryThatWasRead(t *testing.T) {
	var uri string
	back := backend(t, func(_ http.ResponseWriter, r *http.Request) { uri = r.RequestURI })
	w := newWorld(t, newAPI().on("GET", "/a", proxy(back.URL+"/x", nil)), nil)
	for query, want := range map[string]string{
		"?a=1&b=%20x&c": "/x?a=1&b=%20x&c", "?a=1;admin=1&b=2": "/x?b=2", "?a=%zz&b=2": "/x?b=2", "?%=1": "/x", "?a=1&&b=": "/x?a=1&&b=",
	} {
		send(t, w, "GET", "/prod/a"+query)
		if uri != want {
			t.Errorf("%s: the backend was asked for %s, want %s", query, uri, want)
		}
	}
}

// TestNoVerbAnswersForAnother: answers of one verb are not another's, also where one method takes them all; and the head of an answer is not
// kept as all of it.
func TestNoVerbAnswersForAnother(t *testing.T) {
	c := newCached(t, "", "/~1any/ANY/caching/enabled", "true")
	send(t, c, "POST", "/dev/any")
	if got := send(t, c, "GET", "/dev/any"); got.body != "2" {
		t.Errorf("GET was answered %s", got.body)
	}
	c = newCached(t, "", "/~1any/ANY/caching/enabled", "true")
	send(t, c, "HEAD", "/dev/any")
	if got := send(t, c, "GET", "/dev/any"); got.body != "2" {
		t.Errorf("GET was answered %q", got.body)
	}
	if got := send(t, c, "HEAD", "/dev/any"); got.ContentLength != 1 {
		t.Errorf("HEAD was answered the length %d", got.ContentLength)
	}
}

// TestAFunctionHearsTheAPIAndNotItsClient: a header that the API maps into a function's event comes once, in the API's letters, whatever
// the client sent of that name.
func TestAFunctionHearsTheAPIAndNotItsClient(t *testing.T) {
	f := echoes()
	m := cognito()
	m.MethodIntegration = integrationWith(types.IntegrationTypeAwsProxy, functionARN, func(i *types.Integration) {
		i.RequestParameters = map[string]string{
			"integration.request.header.x-user": "context.authorizer.claims.sub", "integration.request.header.X-ROLE": "context.authorizer.claims.nothing",
		}
	})
	w := newWorld(t, newAPI().authorizer("auth", nil).on("GET", "/a", m), nil, withFunctions(f))
	send(t, w, "GET", "/prod/a", "Authorization", token(idClaims()), "X-User", "admin", "X-Role", "admin")
	var event struct{ Headers map[string]string }
	if err := json.Unmarshal(f.last(t).Payload, &event); err != nil {
		t.Fatal(err)
	}
	for name, value := range event.Headers {
		if value == "admin" {
			t.Errorf("the function got %s: admin", name)
		}
	}
	if event.Headers["x-user"] != "11111111-2222-3333-4444-555555555555" {
		t.Errorf("the function got %v", event.Headers)
	}
}
