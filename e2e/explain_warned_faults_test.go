package e2e

import (
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	cognito "github.com/aws/aws-sdk-go-v2/service/cognitoidentityprovider"
	poolTypes "github.com/aws/aws-sdk-go-v2/service/cognitoidentityprovider/types"
)

// user makes a user of the lab's pool and signs in.
func (l *lab) user(t *testing.T) (string, tokens) {
	t.Helper()
	name := "u" + unique(t)
	_, err := l.pools.AdminCreateUser(t.Context(), &cognito.AdminCreateUserInput{UserPoolId: &l.poolID, Username: &name, MessageAction: "SUPPRESS",
		UserAttributes: []poolTypes.AttributeType{{Name: aws.String("email"), Value: aws.String(name + "@example.com")}}})
	must(t, err)
	_, err = l.pools.AdminSetUserPassword(t.Context(), &cognito.AdminSetUserPasswordInput{UserPoolId: &l.poolID, Username: &name, Password: aws.String(userPassword), Permanent: true})
	must(t, err)
	return name, l.passwordSignIn(t, name)
}

func (l *lab) deletePool(t *testing.T, id string) {
	t.Helper()
	_, err := l.pools.DeleteUserPool(t.Context(), &cognito.DeleteUserPoolInput{UserPoolId: &id})
	must(t, err)
}

// warnedFaults refuse nothing, as on AWS, and are told all the same.
var warnedFaults = []fault{
	{"an edit that is not deployed, of a request that passes", "", "aws apigateway create-deployment", func(t *testing.T, l *lab) broken {
		r := l.rest(t)
		r.editMethod(t, "/open", "replace /apiKeyRequired=true")
		return broken{curled: get(r.at("/open")), quiet: true, warns: "undeployed_change", passes: 403}
	}},
	{"a user who is disabled", "", "", warned(func(t *testing.T, l *lab, r *rest) broken {
		name, token := l.user(t)
		_, err := l.pools.AdminDisableUser(t.Context(), &cognito.AdminDisableUserInput{UserPoolId: &l.poolID, Username: &name})
		must(t, err)
		return broken{curled: get(r.at("/plain"), bearer(token.id)), warns: "user_disabled"}
	})},
	{"a user who was deleted", "", "", warned(func(t *testing.T, l *lab, r *rest) broken {
		name, token := l.user(t)
		_, err := l.pools.AdminDeleteUser(t.Context(), &cognito.AdminDeleteUserInput{UserPoolId: &l.poolID, Username: &name})
		must(t, err)
		return broken{curled: get(r.at("/plain"), bearer(token.id)), warns: "user_deleted"}
	})},
	{"a user who signed out everywhere", "", "", warned(func(t *testing.T, l *lab, r *rest) broken {
		name, token := l.user(t)
		_, err := l.pools.AdminUserGlobalSignOut(t.Context(), &cognito.AdminUserGlobalSignOutInput{UserPoolId: &l.poolID, Username: &name})
		must(t, err)
		r.editMethod(t, "/plain", "add /authorizationScopes=aws.cognito.signin.user.admin")
		r.deploy(t)
		return broken{curled: get(r.at("/plain"), bearer(token.access)), warns: "token_revoked"}
	})},
	{"a client that was deleted", "", "", warned(func(t *testing.T, l *lab, r *rest) broken {
		web := l.client(t, "openid")
		token := web.passwordSignIn(t, "jo")
		_, err := l.pools.DeleteUserPoolClient(t.Context(), &cognito.DeleteUserPoolClientInput{UserPoolId: &l.poolID, ClientId: &web.clientID})
		must(t, err)
		return broken{curled: get(r.at("/plain"), bearer(token.id)), warns: "client_deleted"}
	})},
	{"a refusal that a browser does not see", "identity_source_missing", "aws apigateway put-gateway-response", func(t *testing.T, l *lab) broken {
		r := l.rest(t)
		refused := get(r.at("/plain"), "Origin: https://app.example.com")
		return broken{curled: refused, warns: "cors_headers_missing", passes: 401, then: func(got reply) {
			if got.header.Get("Access-Control-Allow-Origin") == "" {
				t.Errorf("the refusal still carries no CORS header: %v", got.header)
			}
		}}
	}},
	{"a refusal that no log tells", "integration_failed", "aws apigateway update-stage", func(t *testing.T, l *lab) broken {
		r := l.rest(t, proxied("/back", "http://127.0.0.1:1/ok"))
		return broken{curled: get(r.at("/back")), warns: "execution_log_off", instead: func(string) curled {
			return r.repair(t, "/back", "replace /uri="+l.backend.URL+"/ok")
		}}
	}},
}

// warned is a request that passes and is warned of; what mends it is the person's own to do, and the request passes before and after.
func warned(build func(*testing.T, *lab, *rest) broken) func(*testing.T, *lab) broken {
	return func(t *testing.T, l *lab) broken {
		b := build(t, l, l.rest(t))
		b.quiet, b.skipStep = true, true
		b.instead = then(b.curled)
		return b
	}
}
