package e2e

import (
	"testing"

	"github.com/aws/aws-sdk-go-v2/service/apigatewayv2"
)

// pair is two faults in one request: explain names the root, and only when that is mended the other.
type pair struct {
	name          string
	first, second string
	build         func(t *testing.T, l *lab) twice
}

// twice is what a person does about both. A step without a command needs what is done instead.
type twice struct {
	curled
	follow  [2]string
	instead [2]func(string) curled
}

var pairs = []pair{
	{"forged and expired", "token_signature", "token_expired", func(t *testing.T, l *lab) twice {
		u := l.rest(t).at("/plain")
		return twice{get(u, bearer(tampered(l.stale.id))), [2]string{}, [2]func(string) curled{then(get(u, bearer(l.stale.id))), then(get(u, bearer(l.admin.id)))}}
	}},
	{"a wrong path and an expired token", "route_not_found_signature_expected", "token_expired", func(t *testing.T, l *lab) twice {
		r := l.rest(t)
		return twice{get(r.at("/plian"), bearer(l.stale.id)), [2]string{},
			[2]func(string) curled{then(get(r.at("/plain"), bearer(l.stale.id))), then(get(r.at("/plain"), bearer(l.admin.id)))}}
	}},
	{"another pool and another kind of token", "token_issuer", "token_use_id_expected", func(t *testing.T, l *lab) twice {
		u := l.rest(t).at("/plain")
		return twice{get(u, bearer(l.foreign.access)), [2]string{"aws apigateway update-authorizer", "Send the ID token"}, [2]func(string) curled{nil, then(get(u, bearer(l.foreign.id)))}}
	}},
	{"the kind of token and the audience", "token_use_access_expected", "token_audience", func(t *testing.T, l *lab) twice {
		r := l.rest(t)
		r.editAuthorizer(t, "replace /identityValidationExpression=0123456789abcdefghijklmnop")
		r.deploy(t)
		return twice{get(r.at("/scoped"), bearer(l.granted.id)), [2]string{"Send the access token", "aws apigateway update-authorizer"},
			[2]func(string) curled{then(get(r.at("/scoped"), bearer(l.granted.access))), nil}}
	}},
	{"no token and no API key", "identity_source_missing", "api_key_missing", func(t *testing.T, l *lab) twice {
		k := l.keyed(t, func(d in) {
			o := operation("pool")
			put(o, []in{{"pool": []string{}, "key": []string{}}}, "security")
			put(d, o, "paths", "/keyed", "get")
		})
		k.whole(t)
		return twice{get(k.at("/keyed")), [2]string{},
			[2]func(string) curled{then(get(k.at("/keyed"), bearer(l.admin.id))), then(get(k.at("/keyed"), bearer(l.admin.id), "x-api-key: "+k.value))}}
	}},
	{"expired and without the scope", "token_expired", "scope_missing", func(t *testing.T, l *lab) twice {
		u := l.rest(t).at("/scoped")
		return twice{get(u, bearer(l.stale.access)), [2]string{"", "login page"}, [2]func(string) curled{then(get(u, bearer(l.admin.access))), then(get(u, bearer(l.granted.access)))}}
	}},
	{"not deployed and without a token", "route_not_found", "identity_source_missing", func(t *testing.T, l *lab) twice {
		r := l.rest(t)
		r.addOpen(t, "added")
		r.editMethod(t, "/added", "replace /authorizationType=COGNITO_USER_POOLS", "replace /authorizerId="+r.authorizer)
		return twice{get(r.at("/added")), [2]string{"aws apigateway create-deployment", ""}, [2]func(string) curled{nil, then(get(r.at("/added"), bearer(l.admin.id)))}}
	}},
	{"a disabled endpoint and no token", "endpoint_disabled", "identity_source_missing", func(t *testing.T, l *lab) twice {
		r := l.rest(t)
		r.edit(t, "replace /disableExecuteApiEndpoint=true")
		r.deploy(t)
		return twice{get(r.at("/plain")), [2]string{"aws apigateway update-rest-api", ""}, [2]func(string) curled{nil, then(get(r.at("/plain"), bearer(l.admin.id)))}}
	}},
	{"no API key and no parameter", "api_key_missing", "parameters_missing", func(t *testing.T, l *lab) twice {
		k := l.keyed(t, validated, func(d in) { put(d, []in{{"key": []string{}}}, "paths", "/search", "get", "security") })
		k.whole(t)
		return twice{get(k.at("/search")), [2]string{},
			[2]func(string) curled{then(get(k.at("/search"), "x-api-key: "+k.value)), then(get(k.at("/search?q=1"), "x-api-key: "+k.value))}}
	}},
	{"a wrong stage and no token", "stage_not_found", "identity_source_missing", func(t *testing.T, l *lab) twice {
		r := l.rest(t)
		return twice{get(r.url + "/_aws/execute-api/" + r.id + "/prod/plain"), [2]string{},
			[2]func(string) curled{then(get(r.at("/plain"))), then(get(r.at("/plain"), bearer(l.admin.id)))}}
	}},
	{"another audience and no scope at a JWT authorizer", "token_audience", "scope_missing", func(t *testing.T, l *lab) twice {
		h := l.http(t, func(a *apigatewayv2.CreateAuthorizerInput) {
			a.JwtConfiguration.Audience = []string{"0123456789abcdefghijklmnop"}
		})
		return twice{get(h.at("/scoped"), bearer(l.admin.access)), [2]string{"aws apigatewayv2 update-authorizer", "aws apigatewayv2 update-route"}, [2]func(string) curled{}}
	}},
	{"a resource policy and an expired token", "token_expired", "resource_policy_denied", func(t *testing.T, l *lab) twice {
		r := l.rest(t, func(d in) { put(d, jsonOf(t, fromElsewhere), "x-amazon-apigateway-policy") })
		return twice{get(r.at("/plain"), bearer(l.stale.id)), [2]string{"", "aws apigateway update-rest-api"}, [2]func(string) curled{then(get(r.at("/plain"), bearer(l.admin.id))), nil}}
	}},
}

// TestExplainNamesTheRootOfTwoFaults mends ten pairs of faults, one after the other.
func TestExplainNamesTheRootOfTwoFaults(t *testing.T) {
	l := newLab(t)
	t.Run("pairs", func(t *testing.T) {
		for _, p := range pairs {
			t.Run(p.name, func(t *testing.T) {
				t.Parallel()
				p.mend(t, p.build(t, l))
			})
		}
	})
}

func (p pair) mend(t *testing.T, b twice) {
	t.Helper()
	asked := b.curled
	for i, reason := range []string{p.first, p.second} {
		refused := asked.send(t)
		if got := refused.header.Get("X-Poolgate-Reason"); got != reason {
			t.Fatalf("fault %d is %s, the server says %q (%d %s)", i+1, reason, got, refused.status, refused.body)
		}
		v := explained(t, asked)
		if v.Reason != reason || v.Allowed || v.exit != 1 {
			t.Fatalf("explain exits %d and names %q, fault %d is %s:\n%s", v.exit, v.Reason, i+1, reason, v.text)
		}
		v.checkMend(t)
		out, ran := runStep(t, v.step(t, b.follow[i]))
		if b.instead[i] != nil {
			asked = b.instead[i](out)
		} else if !ran {
			t.Fatalf("the step %q has no command, and nobody follows it", v.Mend[0])
		}
	}
	if got := asked.send(t); got.status != 200 {
		t.Errorf("with both mended the request was answered %d %s", got.status, got.body)
	}
}
