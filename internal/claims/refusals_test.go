package claims

import (
	"net/http"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/apigateway"
	"github.com/aws/aws-sdk-go-v2/service/apigateway/types"
	"github.com/aws/aws-sdk-go-v2/service/cloudwatchlogs"

	"github.com/poolgate/poolgate/authz"
	"github.com/poolgate/poolgate/poolgatetest"
)

var whatRefusalsSay = []claim{
	{
		id: "signature-invalid-or-expired-is-403", says: "An invalid or expired signature gives 403", verdict: isFalse,
		because: `A token whose signature does not fit and a token that has expired both get 401; the expired one is told so. The 403 with
			“Signature expired” is about AWS's own request signatures (SigV4), which a token has none of.`,
		evidence: "API Gateway guide, the types of gateway responses; captures of the expired token's message.", confidence: "[D], [R] for the message",
		try: "A token with a changed signature, and one after its hour.",
		show: func(l *lab) {
			token := l.signIn().ID
			at := strings.LastIndexByte(token, '.') + 1
			first := "A"
			if token[at] == 'A' {
				first = "B"
			}
			l.refuses("a changed signature", l.api.Get("/plain", token[:at]+first+token[at+1:]), 401, authz.TokenSignature)
			l.s.Advance(time.Hour)
			late := l.api.Get("/plain", token)
			l.refuses("an expired token", late, 401, authz.TokenExpired)
			if late.Body != `{"message":"The incoming token has expired"}` {
				l.Errorf("it is told %s", late.Body)
			}
		},
	},
	{
		id: "wrong-kind-of-token-is-403", says: "Mixing up ID and access tokens gives 403", verdict: isFalse,
		because: `It gives 401 with {"message":"Unauthorized"}, and so does an access token without the method's scope. On an HTTP API a missing scope
			is 403 Forbidden; and there an ID token passes a route without scopes as an access token does.`,
		evidence: guideREST + " for 401; the status on HTTP APIs was measured by another emulator's authors.", confidence: "[D], not seen in a capture; [V] for HTTP APIs",
		try: "Each wrong kind on each method, and both kinds on an HTTP API.",
		show: func(l *lab) {
			tokens, admin := l.login(), l.signIn()
			for what, got := range map[string]poolgatetest.Answer{"ID for access": l.api.Get("/scoped", tokens.ID), "access for ID": l.api.Get("/plain", tokens.Access), "no scope": l.api.Get("/scoped", admin.Access)} {
				if got.Status != 401 || got.Body != `{"message":"Unauthorized"}` || got.Header.Get("X-Amzn-Errortype") != "UnauthorizedException" {
					l.Errorf("%s: %d %s", what, got.Status, got.Body)
				}
			}
			l.refuses("no scope on an HTTP API", l.httpAPI(l.client.ID, scope)(admin.Access), 403, authz.ScopeMissing)
			open := l.httpAPI(l.client.ID)
			if id, access := open(tokens.ID).Status, open(tokens.Access).Status; id != 204 || access != 204 {
				l.Errorf("a route without scopes answered %d and %d", id, access)
			}
		},
	},
	{
		id: "403-means-a-bad-token", says: "403 with a valid token: the token or the authorizer is wrong", verdict: isFalse,
		because: `A Cognito authorizer refuses with 401. A 403 comes from elsewhere: most often the path, the verb or the stage is not a
			deployed method's, and then an Authorization header is answered with a complaint about its signature; or the method was not deployed yet, it uses
			AWS_IAM, an API key is missing, a resource policy or a web ACL denies, the endpoint is disabled, or a custom domain has no mapping.`,
		evidence: "AWS Knowledge Center, api-gateway-troubleshoot-403-forbidden; many captures of both messages.", confidence: "[D], [V]",
		try:  "One valid token meets a wrong path, a wrong verb, a forgotten stage, a domain without mapping, a method that is not deployed, a missing API key, a resource policy, AWS_IAM and a disabled endpoint.",
		show: showForbidden,
	},
	{
		id: "log-says-invalid-token", says: "The execution log says Invalid token or Invalid scope", verdict: isFalse,
		because: `It says “Starting authorizer” and “Unauthorized request”, for every reason alike. The reason is in no log of AWS; an HTTP
			API's access log can show one as $context.authorizer.error.`,
		evidence: "A capture of an execution log; the access log variable is in the guide.", confidence: "[V]",
		try:  "A malformed token, one of the wrong use and one without the scope are refused with the execution log on, and the log is read.",
		show: showLog,
	},
}

func showForbidden(l *lab) {
	token := l.signIn().ID
	bearer := http.Header{"Authorization": {"Bearer " + token}}
	complaint := func(what string, got poolgatetest.Answer, reason authz.Reason) {
		l.Helper()
		l.refuses(what, got, 403, reason)
		if !strings.Contains(got.Body, "Invalid key=value pair (missing equal-sign) in Authorization header") {
			l.Errorf("%s: told %s", what, got.Body)
		}
	}
	l.opens("the right one", l.api.Get("/plain", token))
	complaint("a wrong path", l.api.Send("GET", "/plane", "", bearer), authz.RouteNotFoundSignatureExpected)
	complaint("a wrong verb", l.api.Send("DELETE", "/plain", "", bearer), authz.RouteNotFoundSignatureExpected)
	stageless := *l.api
	stageless.URL = strings.TrimSuffix(l.api.URL, "/"+poolgatetest.Stage)
	complaint("no stage", stageless.Send("GET", "/plain", "", bearer), authz.StageNotFound)
	l.refuses("a wrong path without a token", l.api.Get("/plane", ""), 403, authz.RouteNotFound)

	showUnmapped(l, token)
	l.addMethod("/late")
	l.refuses("a method that is not deployed", l.api.Get("/late", "Bearer "+token), 403, authz.RouteNotFoundSignatureExpected)
	l.api.Deploy()
	l.opens("the same method, deployed", l.api.Get("/late", "Bearer "+token))

	l.editMethod("/plain", "replace", "/apiKeyRequired", "true")
	l.api.Deploy()
	l.refuses("no API key", l.api.Get("/plain", token), 403, authz.APIKeyMissing)
	l.editMethod("/plain", "replace", "/apiKeyRequired", "false")
	l.editAPI("replace", "/policy", `{"Version":"2012-10-17","Statement":[{"Effect":"Deny","Principal":"*","Action":"execute-api:Invoke","Resource":"execute-api:/*"}]}`)
	l.api.Deploy()
	l.refuses("a resource policy", l.api.Get("/plain", token), 403, authz.ResourcePolicyDenied)
	l.editAPI("replace", "/policy", "")
	l.editMethod("/plain", "replace", "/authorizationType", "AWS_IAM")
	l.api.Deploy()
	if got := l.api.Send("GET", "/plain", "", bearer); got.Status != 403 || !strings.Contains(got.Body, "Authorization header") {
		l.Errorf("AWS_IAM: answered %d %s", got.Status, got.Body)
	}
	l.editAPI("replace", "/disableExecuteApiEndpoint", "true")
	l.api.Deploy()
	l.refuses("a disabled endpoint", l.api.Get("/plain", token), 403, authz.EndpointDisabled)
}

// showUnmapped calls through a custom domain name, before and after it leads to the stage.
func showUnmapped(l *lab, token string) {
	l.Helper()
	_, err := l.apis.CreateDomainName(l.Context(), &apigateway.CreateDomainNameInput{DomainName: aws.String(customDomain),
		CertificateArn: aws.String("arn:aws:acm:us-east-1:000000000000:certificate/11111111-2222-4333-8444-555555555555")})
	l.must(err)
	l.refuses("a domain without mapping", hostGet(l, customDomain, "/plain", "Authorization: "+token), 403, authz.DomainMappingMissing)
	_, err = l.apis.CreateBasePathMapping(l.Context(), &apigateway.CreateBasePathMappingInput{DomainName: aws.String(customDomain), RestApiId: &l.api.ID, Stage: aws.String(poolgatetest.Stage)})
	l.must(err)
	l.opens("the domain with its mapping", hostGet(l, customDomain, "/plain", "Authorization: "+token))
}

func showLog(l *lab) {
	role := "arn:aws:iam::000000000000:role/logs"
	_, err := l.apis.UpdateAccount(l.Context(), &apigateway.UpdateAccountInput{PatchOperations: patch("replace", "/cloudwatchRoleArn", role)})
	l.must(err)
	_, err = l.apis.UpdateStage(l.Context(), &apigateway.UpdateStageInput{RestApiId: &l.api.ID, StageName: aws.String(poolgatetest.Stage),
		PatchOperations: append(patch("replace", "/*/*/logging/loglevel", "INFO"), patch("replace", "/*/*/logging/dataTrace", "true")...)})
	l.must(err)
	tokens := l.signIn()
	var last string
	for what, got := range map[string]poolgatetest.Answer{"malformed": l.api.Get("/plain", "not-a-token"), "of the wrong use": l.api.Get("/plain", tokens.Access), "without the scope": l.api.Get("/scoped", tokens.Access)} {
		if got.Status != 401 {
			l.Errorf("a token that is %s: %d", what, got.Status)
		}
		last = l.logged(got.Header.Get("X-Amzn-Requestid"))
		for _, folklore := range []string{"invalid token", "invalid scope", "token_", "scope_missing"} {
			if strings.Contains(strings.ToLower(last), folklore) {
				l.Errorf("a token that is %s: the log says %q:\n%s", what, folklore, last)
			}
		}
		if !strings.Contains(last, "Starting authorizer: "+*l.authorizer().Id) {
			l.Errorf("a token that is %s: the log does not name the authorizer:\n%s", what, last)
		}
	}
}

// logged waits for a request's lines in the execution log.
func (l *lab) logged(requestID string) string {
	l.Helper()
	logs := cloudwatchlogs.NewFromConfig(l.s.Config())
	group := "API-Gateway-Execution-Logs_" + l.api.ID + "/" + poolgatetest.Stage
	deadline := time.After(20 * time.Second)
	for tick := time.NewTicker(5 * time.Millisecond); ; {
		found, err := logs.FilterLogEvents(l.Context(), &cloudwatchlogs.FilterLogEventsInput{LogGroupName: &group, FilterPattern: aws.String(`"` + requestID + `"`)})
		var lines strings.Builder
		if err == nil {
			for _, event := range found.Events {
				lines.WriteString(*event.Message + "\n")
			}
		}
		if strings.Contains(lines.String(), "Unauthorized request: "+requestID) {
			return lines.String()
		}
		select {
		case <-tick.C:
		case <-deadline:
			l.Fatalf("the log of %s is not there: %v %s", requestID, err, lines.String())
		}
	}
}

var theTest = []claim{
	{
		id: "test-invoke-authorizer", says: "`aws apigateway test-invoke-authorizer --headers Authorization=…` tests a Cognito authorizer", verdict: isPartly,
		because: `With an ID token, and the header named as the token source is. An access token gets 401 from the test though it opens
			methods with scopes. It tests the authorizer as it is configured now, not as it is deployed.`,
		evidence: "The aws CLI's own example; " + knowledge + ".", confidence: "[D]",
		try:  "ID token, access token and a wrong header; then an edit that is not deployed, which the test sees and the stage does not.",
		show: showTestInvoke,
	},
	{
		id: "test-cannot-reach-cognito", says: "The console's test cannot reach Cognito, that is why it says Unauthorized", verdict: isFalse,
		because: `The test verifies tokens by the pool's keys as the gateway does, and accepts an ID token. What it refuses is mostly an access token, a token of another pool or one
			that has expired.`,
		evidence: knowledge + ", tests an ID token this way; the console then shows its claims.", confidence: "[D]",
		try: "The ID token is accepted and its claims are shown; another pool's and an expired one are refused.",
		show: func(l *lab) {
			token := l.signIn().ID
			status, claims := l.button(token)
			if status != 0 || claims["cognito:username"] != "ada" {
				l.Errorf("the ID token: %d %v", status, claims)
			}
			other := l.s.Pool()
			if status, _ := l.button(other.Client().SignIn(other.User("ada")).ID); status != 401 {
				l.Errorf("another pool's token: %d", status)
			}
			l.s.Advance(time.Hour)
			if status, _ := l.button(token); status != 401 {
				l.Errorf("an expired token: %d", status)
			}
		},
	},
}

func showTestInvoke(l *lab) {
	tokens := l.login()
	if status, _ := l.button(tokens.ID); status != 0 {
		l.Errorf("the ID token: %d", status)
	}
	if status, _ := l.button(tokens.Access); status != 401 {
		l.Errorf("the access token: %d", status)
	}
	test := func(header string) *apigateway.TestInvokeAuthorizerOutput {
		answer, err := l.apis.TestInvokeAuthorizer(l.Context(), &apigateway.TestInvokeAuthorizerInput{RestApiId: &l.api.ID, AuthorizerId: l.authorizer().Id, Headers: map[string]string{header: tokens.ID}})
		l.must(err)
		return answer
	}
	if got := test("X-Token").ClientStatus; got != 401 {
		l.Errorf("in another header: %d", got)
	}
	_, err := l.apis.UpdateAuthorizer(l.Context(), &apigateway.UpdateAuthorizerInput{RestApiId: &l.api.ID, AuthorizerId: l.authorizer().Id,
		PatchOperations: []types.PatchOperation{{Op: "replace", Path: aws.String("/identitySource"), Value: aws.String("method.request.header.X-Token")}}})
	l.must(err)
	if got := test("X-Token").ClientStatus; got != 0 {
		l.Errorf("in the header that the authorizer was changed to: %d", got)
	}
	l.opens("the stage, which was not deployed", l.api.Get("/plain", tokens.ID))
}
