package gateway_test

import (
	"context"
	"fmt"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/apigateway/types"

	"github.com/poolgate/poolgate/authz"
	"github.com/poolgate/poolgate/internal/lambda"
)

// Statements of resource policies.
const (
	allowAll  = `{"Effect":"Allow","Principal":"*","Action":"execute-api:Invoke","Resource":"execute-api:/*"}`
	denyAll   = `{"Effect":"Deny","Principal":"*","Action":"execute-api:Invoke","Resource":"execute-api:/*"}`
	silentOne = `{"Effect":"Allow","Principal":"*","Action":"execute-api:Invoke","Resource":"execute-api:/prod/GET/elsewhere"}`
)

// Suffixes of the messages of denials.
const (
	explicitResource = " with an explicit deny in a resource-based policy"
	implicitResource = " because no resource-based policy allows the execute-api:Invoke action"
	explicitIdentity = " with an explicit deny in an identity-based policy"
	implicitIdentity = " because no identity-based policy allows the execute-api:Invoke action"
)

func denial(user, suffix string) string {
	return fmt.Sprintf(`{"Message":"User: %s is not authorized to perform: execute-api:Invoke on resource: %s%s"}`, user, maskedPets, suffix)
}

// verdicts are what a resource policy can say, as the guide's tables have it.
var verdicts = map[string]string{"allow": allowAll, "neither": silentOne, "deny": denyAll, "deny and allow": allowAll + "," + denyAll}

// TestAuthorizationFlow holds the guide's "How API Gateway resource policies affect authorization workflow", each of its flows and each row of
// its tables: who refuses, and with which words.
func TestAuthorizationFlow(t *testing.T) {
	idToken := token(idClaims())
	const unauthorized = `{"message":"Unauthorized"}`
	for _, c := range []struct {
		flow, resource string
		// headers are the request's.
		headers []string
		status  int
		body    string
		reason  authz.Reason
	}{
		// Resource policy only: an explicit allow is needed.
		{"none", "", nil, 200, passed, ""},
		{"none", "allow", nil, 200, passed, ""},
		{"none", "neither", nil, 403, denial("anonymous", implicitResource), authz.ResourcePolicyDenied},
		{"none", "deny", nil, 403, denial("anonymous", explicitResource), authz.ResourcePolicyDenied},
		{"none", "deny and allow", nil, 403, denial("anonymous", explicitResource), authz.ResourcePolicyDenied},
		// Amazon Cognito and resource policy: the token first, then an explicit allow is needed.
		{"cognito", "", []string{"Authorization", idToken}, 200, passed, ""},
		{"cognito", "allow", []string{"Authorization", idToken}, 200, passed, ""},
		{"cognito", "neither", []string{"Authorization", idToken}, 403, denial("anonymous", implicitResource), authz.ResourcePolicyDenied},
		{"cognito", "deny", []string{"Authorization", idToken}, 403, denial("anonymous", explicitResource), authz.ResourcePolicyDenied},
		{"cognito", "allow", nil, 401, unauthorized, authz.IdentitySourceMissing},
		{"cognito", "deny", nil, 401, unauthorized, authz.IdentitySourceMissing},
	} {
		t.Run(c.flow+" "+c.resource, func(t *testing.T) {
			m := open()
			if c.flow == "cognito" {
				m = cognito()
			}
			m.MethodIntegration = mockOf(passed)
			w := newWorld(t, newAPI().authorizer("auth", nil).on("GET", "/pets", m).withPolicy(verdicts[c.resource]), nil)
			got := send(t, w, "GET", "/prod/pets", c.headers...)
			if got.StatusCode != c.status || got.body != c.body || got.Header.Get("x-poolgate-reason") != string(c.reason) {
				t.Errorf("%d %s %s", got.StatusCode, got.body, got.Header.Get("x-poolgate-reason"))
			}
		})
	}
}

// TestTableA is the guide's table A: the caller's IAM policy and the resource policy, within one account.
func TestTableA(t *testing.T) {
	testTable(t, bobKey, bobARN, []row{
		{"allow", "allow", "", ""},
		{"allow", "neither", "", ""},
		{"allow", "deny", explicitResource, authz.ResourcePolicyDenied},
		{"neither", "allow", "", ""},
		{"neither", "neither", implicitIdentity, authz.IAMDenied},
		{"neither", "deny", explicitResource, authz.ResourcePolicyDenied},
		{"deny", "allow", explicitIdentity, authz.IAMDenied},
		{"deny", "neither", explicitIdentity, authz.IAMDenied},
		{"deny", "deny", explicitIdentity, authz.IAMDenied},
		// And without a resource policy.
		{"allow", "", "", ""},
		{"neither", "", implicitIdentity, authz.IAMDenied},
		{"deny", "", explicitIdentity, authz.IAMDenied},
		{"", "", "", ""},
	})
}

// TestTableB is the guide's table B: the caller is of another account.
func TestTableB(t *testing.T) {
	testTable(t, eveKey, eveARN, []row{
		{"allow", "allow", "", ""},
		{"allow", "neither", implicitResource, authz.ResourcePolicyDenied},
		{"allow", "deny", explicitResource, authz.ResourcePolicyDenied},
		{"neither", "allow", implicitIdentity, authz.IAMDenied},
		{"neither", "neither", implicitIdentity, authz.IAMDenied},
		{"neither", "deny", explicitResource, authz.ResourcePolicyDenied},
		{"deny", "allow", explicitIdentity, authz.IAMDenied},
		{"deny", "neither", explicitIdentity, authz.IAMDenied},
		{"deny", "deny", explicitIdentity, authz.IAMDenied},
		{"allow", "", implicitResource, authz.ResourcePolicyDenied},
		{"", "", implicitResource, authz.ResourcePolicyDenied},
		{"", "allow", "", ""},
	})
}

// TestLambdaAuthorizerAndResourcePolicy is the guide's flow of that name: an explicit deny before the function is asked, and then table A; a
// function of another account is table B.
func TestLambdaAuthorizerAndResourcePolicy(t *testing.T) {
	const denied, deniedExplicitly = `{"Message":"User is not authorized to access this resource"}`, `{"Message":"User is not authorized to access this resource with an explicit deny"}`
	answers := map[string]string{
		"allow":   `{"Effect":"Allow","Action":"execute-api:Invoke","Resource":"` + methodOfPets + `"}`,
		"neither": `{"Effect":"Allow","Action":"execute-api:Invoke","Resource":"arn:aws:execute-api:*:*:other/*"}`,
		"deny":    `{"Effect":"Deny","Action":"execute-api:*","Resource":"*"}`,
	}
	for _, c := range []struct {
		own, resource, account string
		body                   string
		reason                 authz.Reason
		asked                  int
	}{
		{"allow", "allow", account, passed, "", 1},
		{"allow", "neither", account, passed, "", 1},
		{"allow", "deny", account, denial("anonymous", explicitResource), authz.ResourcePolicyDenied, 0},
		{"neither", "allow", account, passed, "", 1},
		{"neither", "neither", account, denied, authz.AuthorizerDenied, 1},
		{"neither", "deny", account, denial("anonymous", explicitResource), authz.ResourcePolicyDenied, 0},
		{"deny", "allow", account, deniedExplicitly, authz.AuthorizerDeniedExplicitly, 1},
		{"deny", "neither", account, deniedExplicitly, authz.AuthorizerDeniedExplicitly, 1},
		{"deny", "deny", account, denial("anonymous", explicitResource), authz.ResourcePolicyDenied, 0},
		{"allow", "", account, passed, "", 1},
		{"neither", "", account, denied, authz.AuthorizerDenied, 1},
		{"allow", "allow", "111122223333", passed, "", 1},
		{"allow", "neither", "111122223333", denial("anonymous", implicitResource), authz.ResourcePolicyDenied, 1},
		{"neither", "allow", "111122223333", denied, authz.AuthorizerDenied, 1},
		{"allow", "", "111122223333", passed, "", 1},
	} {
		t.Run(c.own+" resource "+c.resource+" of "+c.account, func(t *testing.T) {
			functions := &fakeFunctions{run: func(context.Context, lambda.Invocation) (lambda.Answer, error) {
				return lambda.Answer{Payload: []byte(`{"principalId":"p","policyDocument":{"Version":"2012-10-17","Statement":[` + answers[c.own] + `]}}`)}, nil
			}}
			m := types.Method{AuthorizationType: aws.String("CUSTOM"), AuthorizerId: aws.String("fn"), MethodIntegration: mockOf(passed)}
			a := newAPI().on("GET", "/pets", m).withPolicy(verdicts[c.resource]).authorizer("fn", func(doc *types.Authorizer) {
				doc.Type, doc.ProviderARNs = types.AuthorizerTypeToken, nil
				doc.AuthorizerUri = aws.String("arn:aws:apigateway:eu-west-1:lambda:path/2015-03-31/functions/arn:aws:lambda:eu-west-1:" + c.account + ":function:auth/invocations")
			})
			got := send(t, newWorld(t, a, nil, withFunctions(functions)), "GET", "/prod/pets", "Authorization", "x")
			if got.body != c.body || got.Header.Get("x-poolgate-reason") != string(c.reason) || len(functions.calls) != c.asked {
				t.Errorf("%d %s %s, asked %d times", got.StatusCode, got.body, got.Header.Get("x-poolgate-reason"), len(functions.calls))
			}
		})
	}
}

// row is what two policies say, and what comes of it: the end of the message and the reason, or nothing.
type row struct {
	own, resource, suffix string
	reason                authz.Reason
}

func testTable(t *testing.T, key, arn string, rows []row) {
	t.Helper()
	identity := map[string]string{
		"allow":   `{"Effect":"Allow","Action":"execute-api:Invoke","Resource":"` + methodOfPets + `"}`,
		"neither": `{"Effect":"Allow","Action":"execute-api:Invoke","Resource":"arn:aws:execute-api:*:*:other/*"}`,
		"deny":    `{"Effect":"Deny","Action":"execute-api:*","Resource":"*"}`,
	}
	for _, c := range rows {
		t.Run("own "+c.own+" resource "+c.resource, func(t *testing.T) {
			own := ""
			if c.own != "" {
				own = `{"Version":"2012-10-17","Statement":` + identity[c.own] + `}`
			}
			m := iam()
			m.MethodIntegration = mockOf(passed)
			w := newWorld(t, newAPI().on("GET", "/pets", m).withPolicy(verdicts[c.resource]), nil, keyed(t, own))
			got := sendSigned(t, w, signatureOf(key, "GET", "/prod/pets"))
			if got.Header.Get("x-poolgate-reason") != string(c.reason) {
				t.Errorf("the reason is %s", got.Header.Get("x-poolgate-reason"))
			}
			if c.reason == "" {
				expect(t, got, 200, passed, "")
				return
			}
			expect(t, got, 403, denial(arn, c.suffix), "AccessDeniedException")
		})
	}
}
