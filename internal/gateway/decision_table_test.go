package gateway_test

import (
	"context"
	"crypto/sha256"
	"encoding/base64"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/apigateway/types"

	"github.com/poolgate/poolgate/authz"
)

const (
	unauthorized = `{"message":"Unauthorized"}`
	passed       = `{"passed":true}`
)

// protected is the API of the decision table: one method for each way to ask for a token.
func protected() *api {
	with := func(m types.Method) types.Method {
		m.MethodIntegration = mockOf(passed)
		return m
	}
	byAudience := cognito()
	byAudience.AuthorizerId = aws.String("audience")
	audienceScoped := cognito("rs/read")
	audienceScoped.AuthorizerId = aws.String("audience")
	return newAPI().
		authorizer("auth", nil).
		authorizer("audience", func(a *types.Authorizer) { a.IdentityValidationExpression = aws.String("other-.*") }).
		on("GET", "/id", with(cognito())).
		on("GET", "/scoped", with(cognito("rs/read", "rs/write"))).
		on("GET", "/audience", with(byAudience)).
		on("GET", "/audience-scoped", with(audienceScoped))
}

// TestDecisionTable is section 0 of the facts, to the byte, with what the execution log says of each row (fact 1.1).
func TestDecisionTable(t *testing.T) {
	k := &kept{}
	w := newWorld(t, protected(), nil, withLogs(k))
	w.set(level("*/*", "INFO", false))
	id, access := token(idClaims()), token(accessClaims("openid rs/read"))
	expired := token(idClaims().with(claims{"exp": epoch.Unix()}))
	for _, tt := range []struct {
		name, path, authorization string
		status                    int
		body                      string
		reason                    authz.Reason
	}{
		{"no header", "/prod/id", "", 401, unauthorized, authz.IdentitySourceMissing},
		{"not a token", "/prod/id", "invalid-token", 401, unauthorized, authz.TokenMalformed},
		{"another pool's issuer", "/prod/id", token(idClaims().with(claims{"iss": issuer + "x"})), 401, unauthorized, authz.TokenIssuer},
		{"an unknown key", "/prod/id", mint(signingKey(), claims{"kid": "x", "alg": "RS256"}, idClaims()), 401, unauthorized, authz.TokenKeyUnknown},
		{"a bad signature", "/prod/id", mint(otherKey(), claims{"kid": keyID, "alg": "RS256"}, idClaims()), 401, unauthorized, authz.TokenSignature},
		{"a forged and expired token is not told that it expired", "/prod/id", mint(otherKey(), claims{"kid": keyID, "alg": "RS256"}, idClaims().with(claims{"exp": 1})), 401, unauthorized, authz.TokenSignature},
		{"expired", "/prod/id", expired, 401, `{"message":"The incoming token has expired"}`, authz.TokenExpired},
		{"the audience does not match", "/prod/audience", id, 401, unauthorized, authz.TokenAudience},
		{"an access token has no audience to match", "/prod/audience-scoped", access, 401, unauthorized, authz.TokenAudience},
		{"no scopes, ID token", "/prod/id", id, 200, passed, ""},
		{"no scopes, ID token with Bearer", "/prod/id", "Bearer " + id, 200, passed, ""},
		{"no scopes, access token", "/prod/id", access, 401, unauthorized, authz.TokenUseIDExpected},
		{"scopes, ID token", "/prod/scoped", id, 401, unauthorized, authz.TokenUseAccessExpected},
		{"scopes, access token with one of them", "/prod/scoped", access, 200, passed, ""},
		{"scopes, access token with one of them and Bearer", "/prod/scoped", "Bearer " + access, 200, passed, ""},
		{"scopes, access token with none of them", "/prod/scoped", token(accessClaims("openid rs/other")), 401, unauthorized, authz.ScopeMissing},
	} {
		t.Run(tt.name, func(t *testing.T) {
			var headers []string
			lines := []string{"Extended Request Id: X", "Starting authorizer: " + authorizerOf(tt.path) + " for request: ID"}
			if tt.authorization != "" {
				headers = []string{"Authorization", tt.authorization}
				lines = append(lines, "Incoming identity: "+maskedIdentity(tt.authorization))
			}
			want := outcome{tt.status, tt.body, "UnauthorizedException", tt.reason, append(lines, "Unauthorized request: ID", "Gateway response type: UNAUTHORIZED with status code: 401")}
			if tt.status == 200 {
				want.errorType, want.lines = "", append(lines, "Successfully completed authorizer execution")
				want.lines = append(want.lines, executed("GET "+strings.TrimPrefix(tt.path, "/prod"), "", "", 200)[1:6]...)
				want.lines = append(want.lines, "Successfully completed execution", "Method completed with status: 200")
			}
			checkOutcome(t, w, k, "GET", tt.path, headers, want)
		})
	}
}

// authorizerOf is the authorizer of a path of the table.
func authorizerOf(path string) string {
	if strings.Contains(path, "audience") {
		return "audience"
	}
	return "auth"
}

// maskedIdentity is an identity as the log shows it.
func maskedIdentity(value string) string {
	if len(value) < 24 {
		return strings.Repeat("*", len(value))
	}
	return strings.Repeat("*", min(len(value)-6, 50)) + value[len(value)-6:]
}

// wantHeaders checks what every answer carries, and what none does.
func wantHeaders(t *testing.T, got reply) {
	t.Helper()
	for header, pattern := range map[string]string{
		"x-amzn-RequestId": `^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$`,
		"x-amz-apigw-id":   `^[\w-]{15}=$`,
		"Content-Type":     `^application/json$`,
		"Content-Length":   `^\d+$`,
		"Date":             `GMT$`,
	} {
		if value := got.Header.Get(header); !regexp.MustCompile(pattern).MatchString(value) {
			t.Errorf("%s is %q", header, value)
		}
	}
	for _, header := range []string{"WWW-Authenticate", "X-Amzn-Trace-Id", "X-Amzn-Remapped-Www-Authenticate"} {
		if value, ok := got.Header[header]; ok {
			t.Errorf("there is a %s: %q", header, value)
		}
	}
}

func TestUnauthorizedIsTwentySixBytes(t *testing.T) {
	got := send(t, newWorld(t, protected(), nil), "GET", "/prod/id")
	if got.ContentLength != 26 || got.Header.Get("Content-Length") != "26" {
		t.Errorf("the length is %d", got.ContentLength)
	}
}

// TestUnmatched is the 403 of a path, verb or stage that is not there, in every form.
func TestUnmatched(t *testing.T) {
	w := newWorld(t, protected(), nil)
	hash := func(text string) string {
		sum := sha256.Sum256([]byte(text))
		return base64.StdEncoding.EncodeToString(sum[:])
	}
	bearer := "Bearer " + token(idClaims())
	missing := `{"message":"Missing Authentication Token"}`
	pair := `{"message":"Invalid key=value pair (missing equal-sign) in Authorization header (hashed with SHA-256 and encoded with Base64): '` + hash(bearer) + `'."}`
	const requires = `Authorization header requires 'Credential' parameter. Authorization header requires 'Signature' parameter. Authorization header requires 'SignedHeaders' parameter.`
	for _, tt := range []struct {
		name, method, path string
		headers            []string
		body, errorType    string
		reason             authz.Reason
	}{
		{"unknown path", "GET", "/prod/nothing", nil, missing, "MissingAuthenticationTokenException", authz.RouteNotFound},
		{"unknown verb", "POST", "/prod/id", nil, missing, "MissingAuthenticationTokenException", authz.RouteNotFound},
		{"the root", "GET", "/prod", nil, missing, "MissingAuthenticationTokenException", authz.RouteNotFound},
		{"unknown stage", "GET", "/dev/id", nil, missing, "MissingAuthenticationTokenException", authz.StageNotFound},
		{"no stage", "GET", "/", nil, missing, "MissingAuthenticationTokenException", authz.StageNotFound},
		{"unknown path with a good token", "GET", "/prod/nothing", []string{"Authorization", bearer}, pair, "IncompleteSignatureException", authz.RouteNotFoundSignatureExpected},
		{"unknown verb with a good token", "POST", "/prod/id", []string{"Authorization", bearer}, pair, "IncompleteSignatureException", authz.RouteNotFoundSignatureExpected},
		{"unknown stage with a good token", "GET", "/dev/id", []string{"Authorization", bearer}, pair, "IncompleteSignatureException", authz.StageNotFound},
		{
			"unknown path with a single word", "GET", "/prod/nothing", []string{"Authorization", "abc"},
			`{"message":"` + requires + ` Authorization header requires existence of either a 'X-Amz-Date' or a 'Date' header. (Hashed with SHA-256 and encoded with Base64) Authorization=` + hash("abc") + `"}`,
			"IncompleteSignatureException", authz.RouteNotFoundSignatureExpected,
		},
		{
			"a date is not asked for when it is there", "GET", "/prod/nothing", []string{"Authorization", "abc", "X-Amz-Date", "20260301T120000Z"},
			`{"message":"` + requires + ` (Hashed with SHA-256 and encoded with Base64) Authorization=` + hash("abc") + `"}`,
			"IncompleteSignatureException", authz.RouteNotFoundSignatureExpected,
		},
		{
			"unknown path with an equal sign in the first word", "GET", "/prod/nothing", []string{"Authorization", "a=b"},
			`{"message":"Authorization header must begin with the algorithm name, which cannot include an equal-sign (hashed with SHA-256 and encoded with Base64): '` + hash("a=b") + `'."}`,
			"IncompleteSignatureException", authz.RouteNotFoundSignatureExpected,
		},
	} {
		t.Run(tt.name, func(t *testing.T) {
			got := send(t, w, tt.method, tt.path, tt.headers...)
			expect(t, got, 403, tt.body, tt.errorType)
			if reason := got.Header.Get("x-poolgate-reason"); reason != string(tt.reason) {
				t.Errorf("the reason is %q, want %q", reason, tt.reason)
			}
			wantHeaders(t, got)
		})
	}
}

func TestAnUnknownAPIIsForbidden(t *testing.T) {
	w := newWorld(t, protected(), nil)
	for _, id := range []string{"zzzzzzzzzz", "../../etc", strings.Repeat("a", 500)} {
		expect(t, send(t, w, "GET", "/prod/id", "X-Test-Api", id), 403, `{"message":"Forbidden"}`, "ForbiddenException")
	}
}

func TestTheReasonStaysOnLoopback(t *testing.T) {
	got := send(t, newWorld(t, protected(), nil), "GET", "/prod/id", "X-Off-Loopback", "1")
	if reason, ok := got.Header["X-Poolgate-Reason"]; ok {
		t.Errorf("a reason left the server: %q", reason)
	}
}

func TestTokensAreJudgedByTheMovedClock(t *testing.T) {
	w := newWorld(t, protected(), nil)
	id := token(idClaims())
	expect(t, send(t, w, "GET", "/prod/id", "Authorization", id), 200, passed, "")
	w.clock.Advance(2 * time.Hour)
	expect(t, send(t, w, "GET", "/prod/id", "Authorization", id), 401, `{"message":"The incoming token has expired"}`, "UnauthorizedException")
}

// TestWhatCannotBeDecidedRefuses: nothing that the gateway cannot decide is ever let through.
func TestWhatCannotBeDecidedRefuses(t *testing.T) {
	method := func(kind, authorizer string) types.Method {
		m := types.Method{AuthorizationType: aws.String(kind), MethodIntegration: mockOf(passed)}
		if authorizer != "" {
			m.AuthorizerId = aws.String(authorizer)
		}
		return m
	}
	key := open()
	key.ApiKeyRequired = aws.Bool(true)
	keyAndToken := cognito()
	keyAndToken.ApiKeyRequired = aws.Bool(true)
	a := newAPI().
		authorizer("auth", nil).
		authorizer("fn", func(a *types.Authorizer) { a.Type = types.AuthorizerTypeToken }).
		authorizer("nopool", func(a *types.Authorizer) { a.ProviderARNs = []string{"arn:nonsense"} }).
		authorizer("nosource", func(a *types.Authorizer) { a.IdentitySource = aws.String("method.request.querystring.t") }).
		authorizer("badregex", func(a *types.Authorizer) { a.IdentityValidationExpression = aws.String("(") }).
		authorizer("unset", func(a *types.Authorizer) {
			a.ProviderARNs = []string{"arn:aws:cognito-idp:eu-west-1:000000000000:userpool/${stageVariables.Gone}"}
		}).
		on("GET", "/iam", method("AWS_IAM", "")).on("GET", "/custom", method("CUSTOM", "fn")).
		on("GET", "/gone", method("COGNITO_USER_POOLS", "deleted")).on("GET", "/none", method("COGNITO_USER_POOLS", "")).
		on("GET", "/nopool", method("COGNITO_USER_POOLS", "nopool")).on("GET", "/nosource", method("COGNITO_USER_POOLS", "nosource")).
		on("GET", "/badregex", method("COGNITO_USER_POOLS", "badregex")).on("GET", "/unset", method("COGNITO_USER_POOLS", "unset")).
		on("GET", "/function", method("COGNITO_USER_POOLS", "fn")).on("GET", "/new", method("SOMETHING_NEW", "")).
		on("GET", "/key", key).on("GET", "/key-token", keyAndToken)
	w := newWorld(t, a, nil)
	const null = `{"message":null}`
	id := token(idClaims())
	for _, tt := range []struct {
		path, header string
		status       int
		body         string
		errorType    string
		reason       authz.Reason
	}{
		{"/prod/iam", "", 403, `{"message":"Missing Authentication Token"}`, "MissingAuthenticationTokenException", authz.SignatureMissing},
		{"/prod/custom", "Authorization", 500, null, "AuthorizerConfigurationException", authz.AuthorizerMisconfigured},
		{"/prod/gone", "Authorization", 500, null, "AuthorizerConfigurationException", authz.AuthorizerMisconfigured},
		{"/prod/none", "Authorization", 500, null, "AuthorizerConfigurationException", authz.AuthorizerMisconfigured},
		{"/prod/nopool", "Authorization", 500, null, "AuthorizerConfigurationException", authz.AuthorizerMisconfigured},
		{"/prod/nosource", "Authorization", 500, null, "AuthorizerConfigurationException", authz.AuthorizerMisconfigured},
		{"/prod/badregex", "Authorization", 500, null, "AuthorizerConfigurationException", authz.AuthorizerMisconfigured},
		{"/prod/unset", "Authorization", 500, null, "AuthorizerConfigurationException", authz.AuthorizerMisconfigured},
		{"/prod/function", "Authorization", 500, null, "AuthorizerConfigurationException", authz.AuthorizerMisconfigured},
		{"/prod/new", "Authorization", 500, null, "AuthorizerConfigurationException", authz.AuthorizerMisconfigured},
		{"/prod/key", "", 403, `{"message":"Forbidden"}`, "ForbiddenException", authz.APIKeyMissing},
		{"/prod/key", "X-Api-Key", 403, `{"message":"Forbidden"}`, "ForbiddenException", authz.APIKeyInvalid},
		{"/prod/key-token", "", 401, unauthorized, "UnauthorizedException", authz.IdentitySourceMissing},
		{"/prod/key-token", "Authorization", 403, `{"message":"Forbidden"}`, "ForbiddenException", authz.APIKeyMissing},
	} {
		t.Run(tt.path+" "+tt.header, func(t *testing.T) {
			var headers []string
			if tt.header != "" {
				headers = []string{tt.header, id}
			}
			got := send(t, w, "GET", tt.path, headers...)
			expect(t, got, tt.status, tt.body, tt.errorType)
			if reason := got.Header.Get("x-poolgate-reason"); reason != string(tt.reason) {
				t.Errorf("the reason is %q, want %q", reason, tt.reason)
			}
		})
	}
	t.Run("an IAM method complains of a token as of a broken signature", func(t *testing.T) {
		got := send(t, w, "GET", "/prod/iam", "Authorization", "Bearer "+id)
		if got.StatusCode != 403 || got.Header.Get("x-amzn-ErrorType") != "IncompleteSignatureException" {
			t.Errorf("answered %d %s", got.StatusCode, got.body)
		}
	})
}

func TestTheIdentitySource(t *testing.T) {
	a := newAPI().authorizer("auth", func(a *types.Authorizer) {
		a.IdentitySource = aws.String("method.request.header.X-Auth-Token")
	})
	m := cognito()
	m.MethodIntegration = mockOf(passed)
	w := newWorld(t, a.on("GET", "/a", m), nil)
	id := token(idClaims())
	for _, tt := range []struct {
		name    string
		headers []string
		status  int
	}{
		{"is found in any case", []string{"x-aUTH-toKEN", id}, 200},
		{"takes Bearer in any header", []string{"X-Auth-Token", "Bearer " + id}, 200},
		{"is not Authorization when it is another header", []string{"Authorization", id}, 401},
		{"with several values takes the first", []string{"X-Auth-Token", id, "X-Auth-Token", "x"}, 200},
		{"with several values does not look for a good one", []string{"X-Auth-Token", "x", "X-Auth-Token", id}, 401},
		{"that is empty is missing", []string{"X-Auth-Token", ""}, 401},
	} {
		t.Run(tt.name, func(t *testing.T) {
			if got := send(t, w, "GET", "/prod/a", tt.headers...); got.StatusCode != tt.status {
				t.Errorf("answered %d %s, want %d", got.StatusCode, got.body, tt.status)
			}
		})
	}
}

func TestAPoolNamedByAStageVariable(t *testing.T) {
	a := newAPI().authorizer("auth", func(a *types.Authorizer) {
		a.ProviderARNs = []string{"arn:aws:cognito-idp:eu-west-1:000000000000:userpool/eu-west-1_Other0000", "arn:aws:cognito-idp:eu-west-1:000000000000:userpool/${stageVariables.Pool}"}
	})
	m := cognito()
	m.MethodIntegration = mockOf(passed)
	a.on("GET", "/a", m)
	w := newWorld(t, a, map[string]string{"Pool": poolID})
	if err := w.Compile(a.s); err != nil {
		t.Errorf("the snapshot does not compile before a stage is known: %v", err)
	}
	expect(t, send(t, w, "GET", "/prod/a", "Authorization", token(idClaims())), 200, passed, "")
	w.apis.deploy("prod", a.s, map[string]string{"Pool": "eu-west-1_Third0000"})
	expect(t, send(t, w, "GET", "/prod/a", "Authorization", token(idClaims())), 401, unauthorized, "UnauthorizedException")
}

func TestAnEditChangesNothingUntilItIsDeployed(t *testing.T) {
	w := newWorld(t, protected(), nil)
	opened := protected().on("GET", "/id", openWith(mockOf(passed))).on("GET", "/new", openWith(mockOf(passed)))
	w.apis.mu.Lock()
	w.apis.live = opened.s
	w.apis.mu.Unlock()
	refused := send(t, w, "GET", "/prod/id")
	expect(t, refused, 401, unauthorized, "UnauthorizedException")
	notFound := send(t, w, "GET", "/prod/new")
	for _, got := range []reply{refused, notFound} {
		record, err := w.Describe(context.Background(), got.Header.Get("x-amzn-RequestId"))
		if err != nil {
			t.Fatal(err)
		}
		if len(record.Warnings) != 1 || record.Warnings[0] != authz.UndeployedChange {
			t.Errorf("%s warns of %v, want an undeployed change", record.Path, record.Warnings)
		}
		if mends := strings.Join(record.Mend, "\n"); !strings.Contains(mends, "aws apigateway create-deployment --rest-api-id "+apiID+" --stage-name prod") {
			t.Errorf("no mend deploys the API:\n%s", mends)
		}
	}
	w.apis.deploy("prod", opened.s, nil)
	expect(t, send(t, w, "GET", "/prod/id"), 200, passed, "")
	expect(t, send(t, w, "GET", "/prod/new"), 200, passed, "")
}
