package explain

import (
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	v2 "github.com/aws/aws-sdk-go-v2/service/apigatewayv2/types"

	"github.com/poolgate/poolgate/authz"
	"github.com/poolgate/poolgate/internal/account"
	"github.com/poolgate/poolgate/internal/apigatewayv2"
	"github.com/poolgate/poolgate/internal/gateway/httpapi"
	"github.com/poolgate/poolgate/internal/wire"
)

// petsHTTP is an HTTP API with a route of each kind; what answers is the backend.
func petsHTTP(backend string) *apigatewayv2.Snapshot {
	s := &apigatewayv2.Snapshot{Account: "000000000000", Region: region, API: wire.Document[v2.Api]{Value: v2.Api{ApiId: aws.String(petsID), Name: aws.String("pets"), ProtocolType: v2.ProtocolTypeHttp}}}
	s.Integrations = []wire.Document[v2.Integration]{{Value: v2.Integration{
		IntegrationId: aws.String("i1"), IntegrationType: v2.IntegrationTypeHttpProxy, IntegrationMethod: aws.String("ANY"), IntegrationUri: &backend, PayloadFormatVersion: aws.String("1.0"),
	}}}
	for id, pool := range map[string]string{"auth": poolID, "auth2": otherID} {
		s.Authorizers = append(s.Authorizers, wire.Document[v2.Authorizer]{Value: v2.Authorizer{
			AuthorizerId: aws.String(id), Name: aws.String("of " + id), AuthorizerType: v2.AuthorizerTypeJwt, IdentitySource: []string{"$request.header.Authorization"},
			JwtConfiguration: &v2.JWTConfiguration{Issuer: aws.String(issuerOf(pool)), Audience: []string{clientID}},
		}})
	}
	on := func(key, kind, authorizer string, scopes ...string) {
		r := v2.Route{RouteId: aws.String("r" + strings.NewReplacer(" ", "", "/", "-").Replace(key)), RouteKey: &key, Target: aws.String("integrations/i1"), AuthorizationType: v2.AuthorizationType(kind), AuthorizationScopes: scopes}
		if authorizer != "" {
			r.AuthorizerId = &authorizer
		}
		s.Routes = append(s.Routes, wire.Document[v2.Route]{Value: r})
	}
	on("GET /pets", "JWT", "auth")
	on("GET /scoped", "JWT", "auth", "pets/read")
	on("GET /write", "JWT", "auth", "pets/write")
	on("GET /open", "NONE", "")
	on("GET /signed", "AWS_IAM", "")
	return s
}

// askHTTP is ask for the HTTP API.
func (w *world) askHTTP(t *testing.T, deployed *apigatewayv2.Snapshot, method, path string, headers ...string) Case {
	t.Helper()
	live := deployed
	if w.account.http != nil {
		live = w.account.http.Live
	}
	published := &apigatewayv2.Published{Snapshot: deployed, DeploymentID: "dep123", Stage: v2.Stage{StageName: aws.String(defaultStage)}}
	w.account.http = &account.HTTPAPI{Live: live, Stages: map[string]*apigatewayv2.Published{defaultStage: published}}
	keys := &poolKeys{byID: map[string]*heldPool{}}
	for _, p := range w.account.pools {
		keys.add(p, "", false)
	}
	g := httpapi.New(httpapi.Config{APIs: httpAPIs{id: petsID, live: live, stages: w.account.http.Stages}, Engine: newBench(keys, time.Now()).engine})
	t.Cleanup(g.Close)
	r := httptest.NewRequest(method, "https://"+host+path, nil)
	for i := 0; i+1 < len(headers); i += 2 {
		r.Header.Set(headers[i], headers[i+1])
	}
	recorder := httptest.NewRecorder()
	g.ServeAPI(recorder, r.Clone(r.Context()), httpapi.Target{API: petsID, Region: region, Path: r.URL.EscapedPath()})
	answer := recorder.Result()
	return Case{
		Request: Request{Method: method, URL: r.URL.String(), Header: r.Header, Given: "url"},
		Located: Located{Kind: ExecuteAPI, Host: host, Region: region, API: petsID, Path: r.URL.EscapedPath()},
		Answer:  &Answer{Status: answer.StatusCode, Header: canonical(answer.Header), Body: recorder.Body.Bytes()}, Account: w.account,
	}
}

func TestFaultsOfHTTPAPIs(t *testing.T) {
	refusing := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/no" {
			http.Error(w, `{"error":"not you"}`, http.StatusForbidden)
		}
	}))
	t.Cleanup(refusing.Close)
	authorization := func(value string) []string { return []string{"Authorization", value} }
	for _, test := range []struct {
		name, method, path string
		headers            []string
		change             func(*world, *apigatewayv2.Snapshot)
		reason             authz.Reason
		mend               string
		warnings           []authz.Warning
	}{
		{name: "no token", path: "/pets", reason: authz.IdentitySourceMissing, mend: "Send an ID token in the header Authorization"},
		{name: "expired", path: "/pets", headers: authorization(idToken(claims{"exp": time.Now().Add(-time.Minute).Unix()})), reason: authz.TokenExpired, mend: "Sign in again"},
		{name: "another issuer, which another authorizer takes", path: "/pets", headers: authorization(idToken(claims{"iss": issuerOf(otherID)})), reason: authz.TokenIssuer, mend: "update-route --api-id abcde12345 --route-id rGET-pets --authorization-type JWT --authorizer-id auth2"},
		{name: "the audience", path: "/pets", headers: authorization(idToken(claims{"aud": "another"})), reason: authz.TokenAudience, mend: "Audience=" + clientID + ",another", warnings: []authz.Warning{authz.ClientDeleted}},
		{name: "a scope that the client may not be granted", path: "/write", headers: authorization(accessToken(nil)), reason: authz.ScopeMissing, mend: "update-user-pool-client", warnings: []authz.Warning{authz.ScopeNotAllowed}},
		{name: "an ID token on a route with scopes", path: "/scoped", headers: authorization(idToken(nil)), reason: authz.ScopeMissing, mend: "Send the access token"},
		{name: "no such path", path: "/pet", headers: authorization(idToken(nil)), reason: authz.RouteNotFound, mend: "https://" + host + "/pets"},
		{name: "a slash at the end", path: "/pets/", reason: authz.RouteNotFound, mend: "without the slash at the end"},
		{name: "the wrong verb", method: "POST", path: "/pets", reason: authz.RouteNotFound, mend: "Send GET"},
		{name: "a token where a signature is asked for", path: "/signed", headers: authorization("Bearer " + idToken(nil)), reason: authz.SignatureMissing, mend: "--authorization-type JWT --authorizer-id auth"},
		{name: "the endpoint is off", path: "/open", change: func(_ *world, s *apigatewayv2.Snapshot) { s.API.Value.DisableExecuteApiEndpoint = aws.Bool(true) }, reason: authz.EndpointDisabled, mend: "--no-disable-execute-api-endpoint"},
		{name: "the backend refuses", path: "/open", change: func(_ *world, s *apigatewayv2.Snapshot) {
			s.Integrations[0].Value.IntegrationUri = aws.String(refusing.URL + "/no")
		}, reason: authz.IntegrationRefused, mend: "Look into the backend"},
		{name: "a route that was not deployed", path: "/new", change: func(w *world, s *apigatewayv2.Snapshot) {
			live := petsHTTP("http://127.0.0.1:1")
			live.Routes[3].Value.RouteKey = aws.String("GET /new")
			w.account.http = &account.HTTPAPI{Live: live}
		}, reason: authz.RouteNotFound, mend: "aws apigatewayv2 create-deployment --api-id abcde12345 --stage-name '$default'", warnings: []authz.Warning{authz.UndeployedChange}},
	} {
		t.Run(test.name, func(t *testing.T) {
			w, s := newWorld(), petsHTTP(refusing.URL)
			if test.change != nil {
				test.change(w, s)
			}
			method := test.method
			if method == "" {
				method = "GET"
			}
			v := diagnosed(t, w.askHTTP(t, s, method, test.path, test.headers...))
			whole(t, v, test.headers...)
			if v.Reason != test.reason || v.Allowed || !v.Certain {
				t.Fatalf("got %s, allowed %v, certain %v: %s %v", v.Reason, v.Allowed, v.Certain, v.Sentence, v.Missing)
			}
			if len(v.Mend) == 0 || !strings.Contains(v.Mend[0], test.mend) {
				t.Errorf("mends %q, not %q", v.Mend, test.mend)
			}
			if !slices.Equal(v.Warnings, test.warnings) && len(v.Warnings)+len(test.warnings) > 0 {
				t.Errorf("warns of %v, not %v", v.Warnings, test.warnings)
			}
			for _, m := range v.Mend {
				if strings.Contains(m, "aws apigateway ") {
					t.Errorf("speaks of REST APIs: %s", m)
				}
			}
		})
	}
	t.Run("healthy", func(t *testing.T) {
		v := diagnosed(t, newWorld().askHTTP(t, petsHTTP(refusing.URL), "GET", "/scoped", "Authorization", "Bearer "+accessToken(nil)))
		if !v.Allowed || len(v.Mend)+len(v.Warnings)+len(v.Missing) > 0 {
			t.Errorf("got %+v", v)
		}
	})
}
