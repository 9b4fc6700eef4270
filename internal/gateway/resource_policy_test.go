package gateway_test

import (
	"context"
	"fmt"
	"net/http"
	"net/netip"
	"slices"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/apigateway/types"

	"github.com/poolgate/poolgate/authz"
	"github.com/poolgate/poolgate/internal/gateway"
	"github.com/poolgate/poolgate/internal/gateway/decision"
)

func TestResourcePolicyConditions(t *testing.T) {
	allowIf := func(condition string) string {
		return `{"Effect":"Allow","Principal":"*","Action":"execute-api:Invoke","Resource":"execute-api:/*","Condition":{` + condition + `}}`
	}
	local := func(c *gateway.Config) { c.Proxies = []netip.Prefix{netip.MustParsePrefix("127.0.0.0/8")} }
	for _, c := range []struct {
		name, statements string
		proxied          bool
		headers          []string
		want             int
	}{
		{"the connection's address", allowIf(`"IpAddress":{"aws:SourceIp":"127.0.0.0/8"}`), false, nil, 200},
		{"another address", allowIf(`"IpAddress":{"aws:SourceIp":"10.0.0.0/8"}`), false, nil, 403},
		{"an address that anybody claims", allowIf(`"IpAddress":{"aws:SourceIp":"10.0.0.0/8"}`), false, []string{"X-Forwarded-For", "10.0.0.1"}, 403},
		{"an address that a trusted proxy tells", allowIf(`"IpAddress":{"aws:SourceIp":"10.0.0.0/8"}`), true, []string{"X-Forwarded-For", "10.0.0.1"}, 200},
		{"a VPC endpoint that anybody claims", allowIf(`"StringEquals":{"aws:SourceVpce":"vpce-1"}`), false, []string{"X-Amzn-Vpce-Id", "vpce-1"}, 403},
		{"a VPC endpoint that a trusted proxy tells", allowIf(`"StringEquals":{"aws:SourceVpce":"vpce-1"}`), true, []string{"X-Amzn-Vpce-Id", "vpce-1"}, 200},
		{"a VPC", allowIf(`"StringEquals":{"aws:SourceVpc":"vpc-1"}`), true, []string{"X-Amzn-Vpc-Id", "vpc-1"}, 200},
		{"an address in a VPC", allowIf(`"IpAddress":{"aws:VpcSourceIp":"10.0.0.0/8"}`), true, []string{"X-Amzn-Vpce-Id", "vpce-1", "X-Forwarded-For", "10.0.0.1"}, 200},
		{"an address in a VPC is no source address", allowIf(`"IpAddress":{"aws:SourceIp":"10.0.0.0/8"}`), true, []string{"X-Amzn-Vpce-Id", "vpce-1", "X-Forwarded-For", "10.0.0.1"}, 403},
		{"a user agent", allowIf(`"StringLike":{"aws:UserAgent":"curl/*"}`), false, []string{"User-Agent", "curl/8.5.0"}, 200},
		{"a referer", allowIf(`"StringLike":{"aws:Referer":"https://example.com/*"}`), false, []string{"Referer", "https://example.com/x"}, 200},
		{"no referer", allowIf(`"StringLike":{"aws:Referer":"*"}`), false, nil, 403},
		{"plain HTTP", allowIf(`"Bool":{"aws:SecureTransport":"true"}`), false, nil, 403},
		{"TLS that a trusted proxy tells of", allowIf(`"Bool":{"aws:SecureTransport":"true"}`), true, []string{"X-Forwarded-Proto", "https"}, 200},
		{"after a date", allowIf(`"DateGreaterThan":{"aws:CurrentTime":"2020-01-01T00:00:00Z"}`), false, nil, 200},
		{"before a date", allowIf(`"DateLessThan":{"aws:CurrentTime":"2020-01-01T00:00:00Z"}`), false, nil, 403},
		{"after a second", allowIf(`"NumericGreaterThan":{"aws:EpochTime":"1577836800"}`), false, nil, 200},
		{"a region", allowIf(`"StringEquals":{"aws:RequestedRegion":"eu-west-1"}`), false, nil, 200},
		{"nobody has a principal's ARN", allowIf(`"Null":{"aws:PrincipalArn":"true"}`), false, nil, 200},
		{"an organization", allowIf(`"StringEquals":{"aws:PrincipalOrgID":"o-1"}`), false, nil, 403},
		{"some methods", `{"Effect":"Allow","Principal":"*","Action":"execute-api:Invoke","Resource":"execute-api:/prod/GET/pets"}`, false, nil, 200},
		{"methods of another stage", `{"Effect":"Allow","Principal":"*","Action":"execute-api:Invoke","Resource":"execute-api:/dev/*"}`, false, nil, 403},
		{"methods of another API", `{"Effect":"Allow","Principal":"*","Action":"execute-api:Invoke","Resource":"arn:aws:execute-api:eu-west-1:000000000000:other12345/*"}`, false, nil, 403},
		{"an account", `{"Effect":"Allow","Principal":{"AWS":"000000000000"},"Action":"execute-api:Invoke","Resource":"execute-api:/*"}`, false, nil, 403},
		{"the guide's deny of all but some", allowAll + `,{"Effect":"Deny","Principal":"*","Action":"execute-api:Invoke","Resource":"execute-api:/*","Condition":{"NotIpAddress":{"aws:SourceIp":["10.0.0.0/8","127.0.0.1"]}}}`, false, nil, 200},
	} {
		t.Run(c.name, func(t *testing.T) {
			options := []func(*gateway.Config){}
			if c.proxied {
				options = append(options, local)
			}
			w := newWorld(t, newAPI().on("GET", "/pets", openWith(mockOf(passed))).withPolicy(c.statements), nil, options...)
			if got := send(t, w, "GET", "/prod/pets", c.headers...); got.StatusCode != c.want {
				t.Errorf("%d %s", got.StatusCode, got.body)
			}
		})
	}
}

// Conditions and principals that only signed requests have.
func TestResourcePolicyPrincipals(t *testing.T) {
	statement := func(principal, condition string) string {
		return `{"Effect":"Allow","Principal":` + principal + `,"Action":"execute-api:Invoke","Resource":"execute-api:/*"` + condition + `}`
	}
	own := `{"Version":"2012-10-17","Statement":{"Effect":"Allow","Action":"execute-api:Invoke","Resource":"*/nothing"}}` // so that the resource policy alone lets in
	for _, c := range []struct {
		name, statements string
		want             int
	}{
		{"the user", statement(`{"AWS":"`+bobARN+`"}`, ""), 200},
		{"the user's account", statement(`{"AWS":"arn:aws:iam::000000000000:root"}`, ""), 200},
		{"another user", statement(`{"AWS":"arn:aws:iam::000000000000:user/ann"}`, ""), 403},
		{"the ARN", statement(`"*"`, `,"Condition":{"ArnLike":{"aws:PrincipalArn":"arn:aws:iam::*:user/team/*"}}`), 200},
		{"the account", statement(`"*"`, `,"Condition":{"StringEquals":{"aws:PrincipalAccount":"000000000000"}}`), 200},
		{"the type", statement(`"*"`, `,"Condition":{"StringEquals":{"aws:PrincipalType":"User"}}`), 200},
		{"the name", statement(`"*"`, `,"Condition":{"StringEquals":{"aws:username":"bob"}}`), 200},
		{"the id", statement(`"*"`, `,"Condition":{"StringEquals":{"aws:userid":"AIDABOB"}}`), 200},
		{"a variable", strings.Replace(statement(`"*"`, ""), "execute-api:/*", "arn:aws:execute-api:*:*:abcde12345/prod/GET/${aws:username}", 1), 403},
	} {
		t.Run(c.name, func(t *testing.T) {
			w := newWorld(t, newAPI().on("GET", "/pets", iam()).withPolicy(c.statements), nil, keyed(t, own))
			if got := sendSigned(t, w, signatureOf(bobKey, "GET", "/prod/pets")); got.StatusCode != c.want {
				t.Errorf("%d %s", got.StatusCode, got.body)
			}
		})
	}
}

// A deny of a path holds however the path is written.
func TestADenyHoldsForEveryWayToWriteThePath(t *testing.T) {
	policy := allowAll + `,{"Effect":"Deny","Principal":"*","Action":"execute-api:Invoke","Resource":["execute-api:/*/GET/admin","execute-api:/*/GET/a b"]}`
	w := newWorld(t, newAPI().on("GET", "/{proxy+}", openWith(mockOf(passed))).withPolicy(policy), nil)
	for _, path := range []string{"/prod/admin", "/prod/admin/", "/prod//admin", "/prod/%61dmin", "/prod/a%20b", "/prod/a%20b/"} {
		if got := send(t, w, "GET", path); got.StatusCode != 403 {
			t.Errorf("%s: %d %s", path, got.StatusCode, got.body)
		}
	}
	if got := send(t, w, "GET", "/prod/administration"); got.StatusCode != 200 {
		t.Errorf("%d %s", got.StatusCode, got.body)
	}
}

func TestADenyGoesBeforeTheRoutes(t *testing.T) {
	w := newWorld(t, newAPI().on("GET", "/pets", open()).withPolicy(allowAll+","+denyAll), nil)
	got := send(t, w, "GET", "/prod/nothing", "Authorization", "Bearer x")
	if got.StatusCode != 403 || !strings.Contains(got.body, explicitResource) {
		t.Errorf("%d %s", got.StatusCode, got.body)
	}
	w = newWorld(t, newAPI().on("GET", "/pets", open()).withPolicy(silentOne), nil)
	expect(t, send(t, w, "GET", "/prod/nothing"), 403, `{"message":"Missing Authentication Token"}`, "MissingAuthenticationTokenException")
}

// What was deployed before policies were checked must not open the API.
func TestAPolicyThatCannotBeReadLetsNobodyIn(t *testing.T) {
	for _, text := range []string{`{`, `{"Statement":[{"Effect":"Allow","NotPrincipal":{"AWS":"1"},"Principal":"*","Action":"*","Resource":"*"}]}`} {
		a := newAPI().authorizer("auth", nil).on("GET", "/pets", open()).on("GET", "/id", cognito()).on("GET", "/iam", iam())
		a.s.API.Value.Policy = aws.String(text)
		w := newWorld(t, a, nil, keyed(t, ""))
		expect(t, send(t, w, "GET", "/prod/pets"), 403, denial("anonymous", implicitResource), "AccessDeniedException")
		if got := send(t, w, "GET", "/prod/id", "Authorization", token(idClaims())); got.StatusCode != 403 {
			t.Errorf("%d %s", got.StatusCode, got.body)
		}
		if got := sendSigned(t, w, signatureOf(bobKey, "GET", "/prod/iam")); got.StatusCode != 403 {
			t.Errorf("%d %s", got.StatusCode, got.body)
		}
	}
}

func TestAPolicyAsAPIGatewayEscapesIt(t *testing.T) {
	a := newAPI().on("GET", "/pets", openWith(mockOf(passed)))
	a.s.API.Value.Policy = aws.String(`{\"Version\":\"2012-10-17\",\"Statement\":{\"Effect\":\"Allow\",\"Principal\":{\"AWS\":\"*\"},\"Action\":[\"execute-api:Invoke\"],\"Resource\":\"arn:aws:execute-api:eu-west-1:000000000000:abcde12345\/*\"}}`)
	expect(t, send(t, newWorld(t, a, nil), "GET", "/prod/pets"), 200, passed, "")
}

func TestPrivateAPIs(t *testing.T) {
	private := func(statements string) *api {
		a := newAPI().on("GET", "/pets", openWith(mockOf(passed))).withPolicy(statements)
		a.s.API.Value.EndpointConfiguration = &types.EndpointConfiguration{Types: []types.EndpointType{types.EndpointTypePrivate}}
		return a
	}
	trusting := func(c *gateway.Config) { c.Proxies = []netip.Prefix{netip.MustParsePrefix("127.0.0.1/32")} }
	through := []string{"X-Amzn-Vpce-Id", "vpce-1"}
	for name, w := range map[string]http.Handler{"nobody is trusted": newWorld(t, private(allowAll), nil), "no endpoint": newWorld(t, private(allowAll), nil, trusting)} {
		headers := through
		if name == "no endpoint" {
			headers = nil
		}
		for _, path := range []string{"/prod/pets", "/prod/nothing"} {
			got := send(t, w, "GET", path, headers...)
			expect(t, got, 403, `{"message":"Forbidden"}`, "ForbiddenException")
			if got.Header.Get("x-poolgate-reason") != string(authz.PrivateAPI) {
				t.Errorf("%s: %s", name, got.Header.Get("x-poolgate-reason"))
			}
		}
	}
	expect(t, send(t, newWorld(t, private(allowAll), nil, trusting), "GET", "/prod/pets", through...), 200, passed, "")
	expect(t, send(t, newWorld(t, private(""), nil, trusting), "GET", "/prod/pets", through...), 403, denial("anonymous", implicitResource), "AccessDeniedException")
}

// A policy that was mended but not deployed is what is told first.
func TestAnEditedPolicyIsTold(t *testing.T) {
	for path, want := range map[string]authz.Reason{"/prod/pets": authz.ResourcePolicyDenied, "/prod/nothing": authz.ResourcePolicyDenied} {
		w := newWorld(t, newAPI().on("GET", "/pets", open()).withPolicy(denyAll), nil)
		refused := send(t, w, "GET", path)
		describe := func() *decision.Record {
			r, err := w.Describe(context.Background(), refused.Header.Get("x-amzn-RequestId"))
			if err != nil || r == nil || r.Reason != want {
				t.Fatalf("%+v %v", r, err)
			}
			return r
		}
		if r := describe(); slices.Contains(r.Warnings, authz.UndeployedChange) || !strings.Contains(r.Saw, "Statement[0] denies arn:aws:execute-api:eu-west-1:000000000000:abcde12345/prod/GET/"+strings.TrimPrefix(path, "/prod/")) {
			t.Errorf("%v %s", r.Warnings, r.Saw)
		}
		w.apis.live = newAPI().on("GET", "/pets", open()).withPolicy(allowAll).s
		if r := describe(); !slices.Contains(r.Warnings, authz.UndeployedChange) {
			t.Errorf("%s: the edited policy is not told: %v", path, r.Warnings)
		}
	}
}

func TestABackendIsToldWhatATrustedProxySays(t *testing.T) {
	back := backend(t, func(w http.ResponseWriter, r *http.Request) {
		_, _ = fmt.Fprintf(w, "%s %s", r.Header.Get("X-Forwarded-Proto"), r.Header.Get("X-Forwarded-For"))
	})
	a := newAPI().on("GET", "/a", proxy(back.URL+"/a", nil))
	headers := []string{"X-Forwarded-For", "203.0.113.9", "X-Forwarded-Proto", "https"}
	expect(t, send(t, newWorld(t, a, nil), "GET", "/prod/a", headers...), 200, "http 203.0.113.9, 127.0.0.1", "")
	trusting := func(c *gateway.Config) { c.Proxies = []netip.Prefix{netip.MustParsePrefix("127.0.0.1/32")} }
	expect(t, send(t, newWorld(t, a, nil, trusting), "GET", "/prod/a", headers...), 200, "https 203.0.113.9, 203.0.113.9", "")
}
