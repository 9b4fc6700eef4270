package httpapi_test

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"net/http"
	"net/http/httptest"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	v4 "github.com/aws/aws-sdk-go-v2/aws/signer/v4"
	"github.com/aws/aws-sdk-go-v2/service/apigatewayv2/types"

	"github.com/poolgate/poolgate/internal/gateway/httpapi"
	"github.com/poolgate/poolgate/internal/gateway/signed"
	"github.com/poolgate/poolgate/internal/policy"
)

const exceptAdmin = `{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"execute-api:Invoke","Resource":"*"},
	{"Effect":"Deny","Action":"execute-api:Invoke","Resource":["arn:aws:execute-api:*:*:*/$default/GET/admin","arn:aws:execute-api:*:*:*/$default/GET/admin/*"]}]}`

// spellings are paths with whether a backend may read them as one below /admin.
var spellings = map[string]bool{
	"/other": false, "/other/": false, "/admin": true, "/admin/": true, "/admin%2Fusers": true, "/admin%5Cusers": true, "/admin%3Bx=1": true,
	"/admin%2F%2Fusers": true, "/%61dmin": true,
}

// TestADenyHoldsForEveryReading: of a path that can be read in many ways none leads to what is denied, whoever denies it.
func TestADenyHoldsForEveryReading(t *testing.T) {
	document, err := policy.Parse([]byte(exceptAdmin))
	if err != nil {
		t.Fatal(err)
	}
	a := newAPI().on("GET /{proxy+}", behindIAM)
	w := newWorldWith(t, a, func(c *httpapi.Config) {
		c.Keys = func(string) (signed.Key, bool) {
			return signed.Key{Secret: "s", Account: account, ARN: "arn:aws:iam::000000000000:user/bob", Policy: document}, true
		}
	})
	server := httptest.NewServer(w)
	defer server.Close()
	for path, denied := range spellings {
		r, err := http.NewRequestWithContext(t.Context(), http.MethodGet, server.URL+path, nil)
		if err != nil {
			t.Fatal(err)
		}
		sum := sha256.Sum256(nil)
		if err := v4.NewSigner().SignHTTP(context.Background(), aws.Credentials{AccessKeyID: "AKIDBOB", SecretAccessKey: "s"}, r, hex.EncodeToString(sum[:]), "execute-api", region, time.Now()); err != nil {
			t.Fatal(err)
		}
		response, err := http.DefaultTransport.RoundTrip(r)
		if err != nil {
			t.Fatal(err)
		}
		_ = response.Body.Close()
		if (response.StatusCode == 403) != denied {
			t.Errorf("signed, %s: answered %d", path, response.StatusCode)
		}
	}
	w = newWorld(t, newAPI().authorizer("fn", types.Authorizer{
		AuthorizerType: types.AuthorizerTypeRequest, AuthorizerUri: aws.String(asker), AuthorizerPayloadFormatVersion: aws.String("2.0"),
		IdentitySource: []string{"$request.header.X-User"},
	}).on("GET /{proxy+}", behind("fn")))
	w.functions.set(asker, `{"principalId":"u","policyDocument":`+exceptAdmin+`}`)
	for path, denied := range spellings {
		if got := w.send("GET", path, "X-User", "u"); (got.StatusCode == 403) != denied {
			t.Errorf("by a function's policy, %s: answered %d %s", path, got.StatusCode, got.body)
		}
	}
}

// TestAClientCannotSpeakForTheAPI: what an API maps, who calls it cannot say beside it, also where the mapping has no value.
func TestAClientCannotSpeakForTheAPI(t *testing.T) {
	up := newUpstream(t)
	a := newAPI().integration("up", proxyTo(up.URL+"/x?tenant=a", func(d *types.Integration) {
		d.RequestParameters = map[string]string{
			"overwrite:header.X-User": "$context.authorizer.claims.sub", "overwrite:header.X-Role": "$context.authorizer.claims.nothing",
			"overwrite:querystring.role": "$context.authorizer.claims.nothing",
		}
	})).on("GET /a", behindJWT(), to("up"))
	w := newWorld(t, a)
	w.send("GET", "/a?role=admin&tenant=b&q=1", "Authorization", token(nil), "X-User", "root", "X_User", "root", "X-Role", "admin", "X_Role", "admin", "X_Forwarded_For", "6.6.6.6")
	r, _ := up.seen()
	if want := "/x?tenant=a&q=1"; r.RequestURI != want {
		t.Errorf("the backend was asked for %s, want %s", r.RequestURI, want)
	}
	compareHeaders(t, r.Header, map[string]string{"X-User": "u1", "X_user": "", "X-Role": "", "X_role": "", "X_forwarded_for": ""})
}

// TestABackendReadsTheTokenThatWasJudged: of a token that comes twice in the query only the first, which was judged, goes on.
func TestABackendReadsTheTokenThatWasJudged(t *testing.T) {
	up := newUpstream(t)
	inQuery := types.Authorizer{
		AuthorizerType: types.AuthorizerTypeJwt, IdentitySource: []string{"$request.querystring.token"},
		JwtConfiguration: &types.JWTConfiguration{Issuer: aws.String(issuer), Audience: []string{clientID}},
	}
	guarded := func(r *types.Route) {
		r.AuthorizationType, r.AuthorizerId = types.AuthorizationTypeJwt, aws.String("query")
	}
	w := newWorld(t, newAPI().authorizer("query", inQuery).integration("up", proxyTo(up.URL+"/x")).on("GET /http", guarded, to("up")).on("GET /function", guarded))
	good := token(nil)
	if got := w.send("GET", "/http?a=1&token="+good+"&token=evil&%74oken=evil&b=2"); got.StatusCode != 200 {
		t.Fatalf("answered %d %s", got.StatusCode, got.body)
	}
	if r, _ := up.seen(); r.RequestURI != "/x?a=1&token="+good+"&b=2" {
		t.Errorf("the backend was asked for %s", r.RequestURI)
	}
	w.send("GET", "/function?token="+good+"&token=evil")
	event := w.event(backend)
	if event["rawQueryString"] != "token="+good || event["queryStringParameters"].(map[string]any)["token"] != good {
		t.Errorf("the function got %v and %v", event["rawQueryString"], event["queryStringParameters"])
	}
}

// TestValuesKeepToTheirPlace: a value in an address brings in no segment, parameter or host of its own, and what the gateway cannot read of
// a query no backend gets to read.
func TestValuesKeepToTheirPlace(t *testing.T) {
	up := newUpstream(t)
	a := newAPI().integration("query", proxyTo(up.URL+"/x?id={id}&own=1")).integration("host", proxyTo("http://127.0.0.1{id}/x")).
		integration("plain", proxyTo(up.URL+"/x")).
		integration("path", proxyTo(up.URL+"/base", func(d *types.Integration) {
			d.RequestParameters = map[string]string{"overwrite:path": "/users/${request.path.id}/public"}
		})).
		on("GET /query/{id}", to("query")).on("GET /host/{id}", to("host")).on("GET /plain", to("plain")).on("GET /path/{id}", to("path"))
	w := newWorld(t, a)
	for path, want := range map[string]string{
		"/query/a&admin=1+2": "/x?id=a%26admin%3D1%2B2&own=1", "/plain?a=1;admin=1&b=2&c=%zz&d=%20": "/x?b=2&d=%20", "/path/7%2Fadmin": "/users/7%2Fadmin/public",
		"/path/a%20b": "/users/a%20b/public",
	} {
		if got := w.send("GET", path); got.StatusCode != 200 {
			t.Errorf("%s: answered %d %s", path, got.StatusCode, got.body)
		}
		if r, _ := up.seen(); r.RequestURI != want {
			t.Errorf("%s: the backend was asked for %s, want %s", path, r.RequestURI, want)
		}
	}
	if got := w.send("GET", "/host/@"+up.Listener.Addr().String()); got.StatusCode != 500 {
		t.Errorf("another host answered %d %s", got.StatusCode, got.body)
	}
}
