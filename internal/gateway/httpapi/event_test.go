package httpapi_test

import (
	"encoding/json"
	"regexp"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/apigatewayv2/types"
	"github.com/google/go-cmp/cmp"
)

// changing is what differs from request to request in an event.
var changing = regexp.MustCompile(`"(requestId|extendedRequestId)":"[^"]{16}"|"(time|requestTime)":"[^"]+"|"(timeEpoch|requestTimeEpoch)":\d+|Root=1-[0-9a-f-]+|"x-forwarded-port":(\["\d+"\]|"\d+")`)

// lastEvent is the last payload of a function as text, with what changes taken out.
func (w *world) lastEvent(arn string) string {
	w.t.Helper()
	w.event(arn)
	calls := w.functions.called(arn)
	return changing.ReplaceAllStringFunc(string(calls[len(calls)-1].Payload), func(text string) string {
		name, _, found := strings.Cut(text, ":")
		if !found {
			return "TRACE"
		}
		return name + `:"X"`
	})
}

func echo(version string) types.Integration {
	return types.Integration{IntegrationType: types.IntegrationTypeAwsProxy, IntegrationUri: aws.String(backend), PayloadFormatVersion: &version}
}

// TestEvents holds the events of integrations to the byte: members, their order, what is left out and what is null.
func TestEvents(t *testing.T) {
	simple := requestAuthorizer(nil)
	a := newAPI().integration("one", echo("1.0")).authorizer("simple", simple).
		on("POST /pets/{id}").on("POST /old/{id}", to("one")).on("GET /jwt", behindJWT()).on("GET /scoped", behindJWT("pets/read")).
		on("GET /oldjwt", behindJWT("pets/read"), to("one")).on("GET /lambda", behind("simple")).on("GET /oldlambda", behind("simple"), to("one")).on("$default")
	w := newWorld(t, a, stage("dev", func(s *types.Stage) { s.StageVariables = map[string]string{"color": "red"} }), stage("$default"))
	w.functions.set(asker, `{"isAuthorized":true,"context":{"tier":3,"ok":true,"who":{"a":["b"]},"name":"ann"}}`)
	number := token(object{"groups": []string{"a", "b"}, "admin": true, "none": nil})
	for _, tt := range []struct {
		name, method, path, body string
		headers                  []string
		want                     string
	}{
		{
			"2.0, everything", "POST", "/dev/pets/a%20b?x=1&x=2&y=%26&z", `{"a":1}`,
			[]string{"Content-Type", "application/json", "X-Two", "a", "X-Two", "b", "Cookie", "c1=1; c2=2", "User-Agent", "ua", "Host", "h.example.com:80", "Connection", "X-Hop", "X-Hop", "1"},
			`{"version":"2.0","routeKey":"POST /pets/{id}","rawPath":"/dev/pets/a b","rawQueryString":"x=1&x=2&y=%26&z","cookies":["c1=1","c2=2"],` +
				`"headers":{"accept-encoding":"gzip","content-length":"7","content-type":"application/json","host":"h.example.com","user-agent":"ua","x-amzn-trace-id":"TRACE","x-forwarded-for":"127.0.0.1","x-forwarded-port":"X","x-forwarded-proto":"http","x-two":"a,b"},` +
				`"queryStringParameters":{"x":"1,2","y":"&","z":""},"requestContext":{"accountId":"000000000000","apiId":"a1b2c3d4e5","domainName":"h.example.com","domainPrefix":"h",` +
				`"http":{"method":"POST","path":"/dev/pets/a b","protocol":"HTTP/1.1","sourceIp":"127.0.0.1","userAgent":"ua"},"requestId":"X","routeKey":"POST /pets/{id}","stage":"dev","time":"X","timeEpoch":"X"},` +
				`"body":"{\"a\":1}","pathParameters":{"id":"a b"},"isBase64Encoded":false,"stageVariables":{"color":"red"}}`,
		}, {
			"2.0, nothing", "GET", "/", "", []string{"User-Agent", "", "Host", "h"},
			`{"version":"2.0","routeKey":"$default","rawPath":"/","rawQueryString":"","headers":{"accept-encoding":"gzip","content-length":"0","host":"h","x-amzn-trace-id":"TRACE","x-forwarded-for":"127.0.0.1","x-forwarded-port":"X","x-forwarded-proto":"http"},` +
				`"requestContext":{"accountId":"000000000000","apiId":"a1b2c3d4e5","domainName":"h","domainPrefix":"h","http":{"method":"GET","path":"/","protocol":"HTTP/1.1","sourceIp":"127.0.0.1","userAgent":""},"requestId":"X","routeKey":"$default","stage":"$default","time":"X","timeEpoch":"X"},"isBase64Encoded":false}`,
		}, {
			"1.0, everything", "POST", "/dev/old/7?x=1&x=2", `{"a":1}`,
			[]string{"Content-Type", "application/json", "X-Two", "a", "X-Two", "b", "Cookie", "c1=1; c2=2", "User-Agent", "ua", "Host", "h.example.com"},
			`{"version":"1.0","resource":"/old/{id}","path":"/dev/old/7","httpMethod":"POST",` +
				`"headers":{"accept-encoding":"gzip","content-length":"7","content-type":"application/json","cookie":"c1=1; c2=2","host":"h.example.com","user-agent":"ua","x-amzn-trace-id":"TRACE","x-forwarded-for":"127.0.0.1","x-forwarded-port":"X","x-forwarded-proto":"http","x-two":"b"},` +
				`"multiValueHeaders":{"accept-encoding":["gzip"],"content-length":["7"],"content-type":["application/json"],"cookie":["c1=1; c2=2"],"host":["h.example.com"],"user-agent":["ua"],"x-amzn-trace-id":["TRACE"],"x-forwarded-for":["127.0.0.1"],"x-forwarded-port":"X","x-forwarded-proto":["http"],"x-two":["a","b"]},` +
				`"queryStringParameters":{"x":"2"},"multiValueQueryStringParameters":{"x":["1","2"]},` +
				`"requestContext":{"accountId":"000000000000","apiId":"a1b2c3d4e5","authorizer":{"claims":null,"scopes":null},"domainName":"h.example.com","domainPrefix":"h","extendedRequestId":"X","httpMethod":"POST",` +
				`"identity":{"accessKey":null,"accountId":null,"caller":null,"cognitoAmr":null,"cognitoAuthenticationProvider":null,"cognitoAuthenticationType":null,"cognitoIdentityId":null,"cognitoIdentityPoolId":null,"principalOrgId":null,"sourceIp":"127.0.0.1","user":null,"userAgent":"ua","userArn":null},` +
				`"path":"/dev/old/7","protocol":"HTTP/1.1","requestId":"X","requestTime":"X","requestTimeEpoch":"X","resourceId":"POST /old/{id}","resourcePath":"/old/{id}","stage":"dev"},` +
				`"pathParameters":{"id":"7"},"stageVariables":{"color":"red"},"body":"{\"a\":1}","isBase64Encoded":false}`,
		},
	} {
		t.Run(tt.name, func(t *testing.T) {
			if got := w.sendBody(tt.method, tt.path, tt.body, tt.headers...); got.StatusCode != 200 {
				t.Fatalf("answered %d %s", got.StatusCode, got.body)
			}
			if diff := cmp.Diff(tt.want, w.lastEvent(backend)); diff != "" {
				t.Error(diff)
			}
		})
	}
	for _, tt := range []struct {
		name, path, want string
		headers          []string
	}{
		{"claims, no scopes asked for", "/jwt", `{"jwt":{"claims":{"admin":"true","client_id":"` + clientID + `","exp":"1772370000","groups":"[a b]","iat":"1772366400","iss":"https://issuer.example.com","scope":"pets/read pets/list","sub":"u1","token_use":"access","username":"ann"},"scopes":null}}`, []string{"Authorization", number}},
		{"claims and all of the token's scopes", "/scoped", `{"jwt":{"claims":{"admin":"true","client_id":"` + clientID + `","exp":"1772370000","groups":"[a b]","iat":"1772366400","iss":"https://issuer.example.com","scope":"pets/read pets/list","sub":"u1","token_use":"access","username":"ann"},"scopes":["pets/read","pets/list"]}}`, []string{"Authorization", number}},
		{"claims in format 1.0", "/oldjwt", `{"claims":{"admin":"true","client_id":"` + clientID + `","exp":"1772370000","groups":"[a b]","iat":"1772366400","iss":"https://issuer.example.com","scope":"pets/read pets/list","sub":"u1","token_use":"access","username":"ann"},"scopes":["pets/read","pets/list"]}`, []string{"Authorization", number}},
		{"a function's context, as it came", "/lambda", `{"lambda":{"name":"ann","ok":true,"tier":3,"who":{"a":["b"]}}}`, []string{"X-User", "u"}},
		{"a function's context in format 1.0", "/oldlambda", `{"name":"ann","ok":"true","tier":"3","who":"{\"a\":[\"b\"]}"}`, []string{"X-User", "u"}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			if got := w.send("GET", tt.path, tt.headers...); got.StatusCode != 200 {
				t.Fatalf("answered %d %s", got.StatusCode, got.body)
			}
			e := w.event(backend)
			authorizer, err := json.Marshal(e["requestContext"].(map[string]any)["authorizer"])
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(tt.want, string(authorizer)); diff != "" {
				t.Error(diff)
			}
		})
	}
}

// TestBodies: text is handed on as text, everything else as base64.
func TestBodies(t *testing.T) {
	w := newWorld(t, newAPI().on("POST /b"))
	for _, tt := range []struct {
		name, contentType, body, want string
		encoded                       bool
	}{
		{"JSON", "application/json; charset=utf-8", `{}`, `{}`, false},
		{"text", "text/csv", `a,b`, `a,b`, false},
		{"XML", "application/xml", `<a/>`, `<a/>`, false},
		{"a form", "application/x-www-form-urlencoded", `a=b`, `YT1i`, true},
		{"bytes", "application/octet-stream", "\x00\xff", `AP8=`, true},
		{"JSON that is no text", "application/json", "\xff", `/w==`, true},
	} {
		t.Run(tt.name, func(t *testing.T) {
			w.sendBody("POST", "/b", tt.body, "Content-Type", tt.contentType)
			if e := w.event(backend); e["body"] != tt.want || e["isBase64Encoded"] != tt.encoded {
				t.Errorf("the event has %v, %v", e["body"], e["isBase64Encoded"])
			}
		})
	}
}

// TestAuthorizerEvents holds what REQUEST authorizers get (facts 3.2).
func TestAuthorizerEvents(t *testing.T) {
	old := requestAuthorizer(func(a *types.Authorizer) {
		a.AuthorizerPayloadFormatVersion, a.EnableSimpleResponses = aws.String("1.0"), nil
		a.IdentitySource = []string{"$request.header.X-User", "$request.querystring.q"}
	})
	a := newAPI().authorizer("two", requestAuthorizer(func(a *types.Authorizer) {
		a.IdentitySource = []string{"$request.header.x-user", "$request.querystring.q", "$context.routeKey", "$stageVariables.color"}
	})).authorizer("one", old).authorizer("none", requestAuthorizer(func(a *types.Authorizer) { a.IdentitySource = nil })).
		on("GET /two/{id}", behind("two")).on("GET /one/{id}", behind("one")).on("GET /none", behind("none"))
	w := newWorld(t, a, stage("$default", func(s *types.Stage) { s.StageVariables = map[string]string{"color": "red"} }))
	w.functions.set(asker, `{"isAuthorized":true}`)
	headers := []string{"X-User", "u1", "User-Agent", "ua", "Host", "h.x", "Cookie", "c=1"}

	w.send("GET", "/two/7?q=v", headers...)
	want := `{"version":"2.0","type":"REQUEST","routeArn":"arn:aws:execute-api:eu-west-1:000000000000:a1b2c3d4e5/$default/GET/two/7","identitySource":["u1","v","GET /two/{id}","red"],"routeKey":"GET /two/{id}","rawPath":"/two/7","rawQueryString":"q=v","cookies":["c=1"],` +
		`"headers":{"accept-encoding":"gzip","content-length":"0","host":"h.x","user-agent":"ua","x-amzn-trace-id":"TRACE","x-forwarded-for":"127.0.0.1","x-forwarded-port":"X","x-forwarded-proto":"http","x-user":"u1"},"queryStringParameters":{"q":"v"},` +
		`"requestContext":{"accountId":"000000000000","apiId":"a1b2c3d4e5","authentication":null,"domainName":"h.x","domainPrefix":"h","http":{"method":"GET","path":"/two/7","protocol":"HTTP/1.1","sourceIp":"127.0.0.1","userAgent":"ua"},"requestId":"X","routeKey":"GET /two/{id}","stage":"$default","time":"X","timeEpoch":"X"},` +
		`"pathParameters":{"id":"7"},"stageVariables":{"color":"red"}}`
	if diff := cmp.Diff(want, w.lastEvent(asker)); diff != "" {
		t.Error(diff)
	}

	w.functions.set(asker, policyOf("Allow", "*"))
	w.send("GET", "/one/7?q=v", headers...)
	e := w.event(asker)
	for name, want := range map[string]any{
		"version": "1.0", "type": "REQUEST", "methodArn": "arn:aws:execute-api:eu-west-1:000000000000:a1b2c3d4e5/$default/GET/one/7",
		"identitySource": "u1,v", "authorizationToken": "u1,v", "resource": "/one/{id}", "path": "/one/7", "httpMethod": "GET",
	} {
		if e[name] != want {
			t.Errorf("%s is %v, want %v", name, e[name], want)
		}
	}
	if calls := w.functions.called(asker); calls[0].SourceARN != "arn:aws:execute-api:eu-west-1:000000000000:a1b2c3d4e5/authorizers/two" || calls[0].Principal != "apigateway.amazonaws.com" {
		t.Errorf("called by %s for %s", calls[0].Principal, calls[0].SourceARN)
	}

	w.functions.set(asker, `{"isAuthorized":true}`)
	if got := w.send("GET", "/none"); got.StatusCode != 200 {
		t.Errorf("without identity sources the function decides alone; answered %d", got.StatusCode)
	}
	if e := w.event(asker); e["identitySource"] != nil {
		t.Errorf("identitySource is %v", e["identitySource"])
	}
}

// TestSourceARN names the request as permissions do.
func TestSourceARN(t *testing.T) {
	w := newWorld(t, newAPI().on("GET /pets/{id}").on("ANY /any/{proxy+}").on("$default"))
	for path, want := range map[string]string{
		"/pets/7": "/$default/GET/pets/{id}", "/any/a/b": "/$default/GET/any/{proxy+}", "/x": "/$default/$default",
	} {
		w.send("GET", path)
		calls := w.functions.called(backend)
		if got := calls[len(calls)-1].SourceARN; got != "arn:aws:execute-api:eu-west-1:000000000000:a1b2c3d4e5"+want {
			t.Errorf("%s is called for %s", path, got)
		}
	}
}
