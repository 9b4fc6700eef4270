package wire

import (
	"context"
	"errors"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/apigateway"
	"github.com/aws/aws-sdk-go-v2/service/cognitoidentityprovider"
	"github.com/aws/aws-sdk-go-v2/service/sts"
	"github.com/aws/smithy-go"

	"github.com/poolgate/poolgate/internal/fault"
	"github.com/poolgate/poolgate/internal/wire/model"
)

type panicking struct{}

func (panicking) CreateUserPool(context.Context, *cognitoidentityprovider.CreateUserPoolInput) (*cognitoidentityprovider.CreateUserPoolOutput, error) {
	panic("the secret of the panic")
}

// locked is a Mux that wants signatures.
func locked(now func() time.Time) (*Mux, *pools, *apis, *roles) {
	m := New(Options{Keys: map[string]string{"AKIDLOCAL": "right"}, Now: now})
	p, a, r := &pools{}, &apis{}, &roles{}
	m.Register(&model.CognitoIDP, p)
	m.Register(&model.APIGateway, a)
	m.Register(&model.STS, r)
	return m, p, a, r
}

func withKeys(config aws.Config, id, secret string) aws.Config {
	config.Credentials = aws.CredentialsProviderFunc(func(context.Context) (aws.Credentials, error) {
		return aws.Credentials{AccessKeyID: id, SecretAccessKey: secret, SessionToken: "ignored"}, nil
	})
	return config
}

func TestSignaturesOfTheSDKAreVerified(t *testing.T) {
	const arn = "arn:aws:apigateway:eu-west-1::/restapis/abc/stages/dev one"
	for _, c := range []struct {
		name        string
		id, secret  string
		now         func() time.Time
		code        string
		poolsStatus int
		apisStatus  int
	}{
		{"the right secret", "AKIDLOCAL", "right", nil, "", 200, 204},
		{"a wrong secret", "AKIDLOCAL", "wrong", nil, "InvalidSignatureException", 400, 403},
		{"an unknown key", "AKIDOTHER", "right", nil, "UnrecognizedClientException", 400, 403},
		{"a clock an hour off", "AKIDLOCAL", "right", func() time.Time { return time.Now().Add(time.Hour) }, "InvalidSignatureException", 400, 403},
	} {
		t.Run(c.name, func(t *testing.T) {
			m, p, a, _ := locked(c.now)
			p.describe = &cognitoidentityprovider.DescribeUserPoolOutput{}
			config, recorder := sdkConfig(t, m)
			config = withKeys(config, c.id, c.secret)
			_, err := cognitoidentityprovider.NewFromConfig(config).DescribeUserPool(t.Context(),
				&cognitoidentityprovider.DescribeUserPoolInput{UserPoolId: aws.String("eu-west-1_a")})
			checkCode(t, err, c.code)
			if recorder.last.status != c.poolsStatus || (p.in != nil) != (c.code == "") {
				t.Errorf("cognito: %d %v", recorder.last.status, p.in)
			}
			if c.code == "" && (!p.call.Signed || p.call.AccessKeyID != "AKIDLOCAL" || p.call.Account != "000000000000") {
				t.Errorf("call %+v", p.call)
			}
			_, err = apigateway.NewFromConfig(config).TagResource(t.Context(),
				&apigateway.TagResourceInput{ResourceArn: aws.String(arn), Tags: map[string]string{"a": "b"}})
			checkCode(t, err, c.code)
			if recorder.last.status != c.apisStatus || (a.in != nil) != (c.code == "") {
				t.Errorf("apigateway: %d %v", recorder.last.status, a.in)
			}
		})
	}
}

func checkCode(t *testing.T, err error, want string) {
	t.Helper()
	var e smithy.APIError
	switch {
	case want == "" && err != nil:
		t.Error(err)
	case want != "" && (!errors.As(err, &e) || e.ErrorCode() != want):
		t.Errorf("got %v, want %s", err, want)
	}
}

func TestAnUnsignedOperationNeedsNoSignatureAndAnyOtherDoes(t *testing.T) {
	m, p, a, _ := locked(nil)
	if got := send(m, "InitiateAuth", `{"AuthFlow":"USER_PASSWORD_AUTH","ClientId":"c"}`); got.status != 200 || p.in == nil {
		t.Errorf("%d %s", got.status, got.body)
	}
	got := send(m, "CreateUserPool", `{"PoolName":"p"}`)
	if got.status != 400 || got.body != `{"__type":"MissingAuthenticationTokenException","message":"Missing Authentication Token"}` {
		t.Errorf("%d %s", got.status, got.body)
	}
	r := httptest.NewRequest(http.MethodGet, "http://127.0.0.1/restapis", nil)
	if got := sendRequest(m, r); got.status != 403 || got.body != `{"message":"Missing Authentication Token"}` || a.in != nil {
		t.Errorf("%d %s", got.status, got.body)
	}
}

func TestAPresignedQueryIsVerified(t *testing.T) {
	m, _, _, roles := locked(nil)
	config, _ := sdkConfig(t, m)
	presigned, err := sts.NewPresignClient(sts.NewFromConfig(withKeys(config, "AKIDLOCAL", "right"))).PresignGetCallerIdentity(t.Context(), &sts.GetCallerIdentityInput{})
	if err != nil {
		t.Fatal(err)
	}
	for name, c := range map[string]struct {
		url    string
		status int
	}{
		"as it is":       {presigned.URL, 200},
		"another action": {strings.Replace(presigned.URL, "GetCallerIdentity", "GetSessionToken", 1), 403},
	} {
		roles.in = nil
		r, _ := http.NewRequestWithContext(t.Context(), presigned.Method, c.url, nil)
		r.Header = presigned.SignedHeader
		response, err := http.DefaultClient.Do(r)
		if err != nil {
			t.Fatal(err)
		}
		_ = response.Body.Close()
		if response.StatusCode != c.status || (roles.in != nil) != (c.status == 200) {
			t.Errorf("%s: %d", name, response.StatusCode)
		}
	}
}

func TestCallsAreClaimedByWhatTheyCarry(t *testing.T) {
	m, _, _, _ := locked(nil)
	for _, c := range []struct {
		name             string
		make             func() *http.Request
		claims, unsigned bool
	}{
		{"a target", func() *http.Request {
			return withHeader(httptest.NewRequest(http.MethodPost, "/", nil), "X-Amz-Target", cognitoTarget+"CreateUserPool")
		}, true, false},
		{"an unsigned target", func() *http.Request {
			return withHeader(httptest.NewRequest(http.MethodPost, "/", nil), "X-Amz-Target", cognitoTarget+"InitiateAuth")
		}, true, true},
		{"a signature", func() *http.Request {
			return withHeader(httptest.NewRequest(http.MethodGet, "/restapis", nil), "Authorization", scopeOnly("apigateway"))
		}, true, false},
		{"a signature for the gateway", func() *http.Request {
			return withHeader(httptest.NewRequest(http.MethodGet, "/x", nil), "Authorization", scopeOnly("execute-api"))
		}, false, false},
		{"a form with an action", func() *http.Request {
			return withHeader(httptest.NewRequest(http.MethodPost, "/", strings.NewReader("Version=2011-06-15&Action=AssumeRoleWithSAML")),
				"Content-Type", "application/x-www-form-urlencoded; charset=utf-8")
		}, true, false},
		{"a form without one", func() *http.Request {
			return withHeader(httptest.NewRequest(http.MethodPost, "/", strings.NewReader("username=u")), "Content-Type", "application/x-www-form-urlencoded")
		}, false, false},
		{"a form of another path", func() *http.Request {
			return withHeader(httptest.NewRequest(http.MethodPost, "/oauth2/token", strings.NewReader("Action=x")), "Content-Type", "application/x-www-form-urlencoded")
		}, false, false},
		{"an action in the query", func() *http.Request { return httptest.NewRequest(http.MethodGet, "/?Action=GetCallerIdentity", nil) }, true, false},
		{"a bearer token", func() *http.Request {
			return withHeader(httptest.NewRequest(http.MethodGet, "/restapis", nil), "Authorization", "Bearer x")
		}, false, false},
		{"a page", func() *http.Request { return httptest.NewRequest(http.MethodGet, "/", nil) }, false, false},
		{"a browser's question", preflightRequest, true, true},
	} {
		t.Run(c.name, func(t *testing.T) {
			if got := m.Claims(c.make()); got != c.claims {
				t.Errorf("claims %v", got)
			}
			if got := m.Unsigned(c.make()); got != c.unsigned {
				t.Errorf("unsigned %v", got)
			}
		})
	}
}

func TestAskingWhetherAFormIsClaimedLeavesItWhole(t *testing.T) {
	m := New(Options{})
	r := &roles{}
	m.Register(&model.STS, r)
	request := withHeader(httptest.NewRequest(http.MethodPost, "/", strings.NewReader("Action=GetCallerIdentity&Version=2011-06-15")),
		"Content-Type", "application/x-www-form-urlencoded")
	if !m.Claims(request) {
		t.Fatal("not claimed")
	}
	if got := sendRequest(m, request); got.status != 200 || r.in == nil {
		t.Errorf("%d %s", got.status, got.body)
	}
}

func withHeader(r *http.Request, name, value string) *http.Request {
	r.Header.Set(name, value)
	return r
}

func preflightRequest() *http.Request {
	r := httptest.NewRequest(http.MethodOptions, "/", nil)
	r.Header.Set("Origin", "https://app.example")
	r.Header.Set("Access-Control-Request-Method", "POST")
	r.Header.Set("Access-Control-Request-Headers", "cache-control,content-type,x-amz-target,x-amz-user-agent")
	return r
}

func TestABrowserMayCallUnsignedOperationsFromAnyOrigin(t *testing.T) {
	m, _, _, _ := locked(nil)
	asked := sendRequest(m, preflightRequest())
	if asked.status != 200 || asked.header.Get("Access-Control-Allow-Origin") != "*" || asked.body != "" {
		t.Errorf("%d %v", asked.status, asked.header)
	}
	for _, name := range strings.Split(preflightRequest().Header.Get("Access-Control-Request-Headers"), ",") {
		if !strings.Contains(","+asked.header.Get("Access-Control-Allow-Headers")+",", ","+name+",") {
			t.Errorf("%s is not allowed", name)
		}
	}
	for operation, want := range map[string]string{"InitiateAuth": "*", "CreateUserPool": ""} {
		r := httptest.NewRequest(http.MethodPost, "/", strings.NewReader(`{}`))
		r.Header.Set("X-Amz-Target", cognitoTarget+operation)
		r.Header.Set("Origin", "https://app.example")
		got := sendRequest(m, r)
		if got.status != 400 || got.header.Get("Access-Control-Allow-Origin") != want || (got.header.Get("Access-Control-Expose-Headers") != "") != (want != "") {
			t.Errorf("%s: %d %v", operation, got.status, got.header)
		}
	}
}

func TestTheTransportNeedsNoSocket(t *testing.T) {
	m := New(Options{})
	p := &pools{err: fault.NotFound("ResourceNotFoundException", "User pool eu-west-1_a does not exist.")}
	m.Register(&model.CognitoIDP, p)
	client := cognitoidentityprovider.NewFromConfig(aws.Config{
		Region: "eu-west-1", HTTPClient: &http.Client{Transport: Transport(m)},
		Credentials: withKeys(aws.Config{}, "123456789012", "x").Credentials,
	})
	_, err := client.DescribeUserPool(t.Context(), &cognitoidentityprovider.DescribeUserPoolInput{UserPoolId: aws.String("eu-west-1_a")})
	if !fault.Is(err, "ResourceNotFoundException") || p.call.SourceIP != "127.0.0.1" || p.call.Region != "eu-west-1" {
		t.Errorf("%v %+v", err, p.call)
	}
	ended, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := client.DescribeUserPool(ended, &cognitoidentityprovider.DescribeUserPoolInput{UserPoolId: aws.String("eu-west-1_a")}); !errors.Is(err, context.Canceled) {
		t.Errorf("after its end: %v", err)
	}
}

func TestEveryOperationHasARow(t *testing.T) {
	m, _, _, _ := locked(nil)
	rows := m.Rows()
	want := len(model.CognitoIDP.Operations) + len(model.APIGateway.Operations) + len(model.STS.Operations)
	if len(rows) != want {
		t.Errorf("%d rows, want %d", len(rows), want)
	}
	page := CoverageMarkdown(rows)
	for _, line := range []string{
		"## apigateway: 14 of 124\n", "| CreateUserPool | implemented | yes |\n", "| InitiateAuth | implemented | no |\n",
		"| CreateUserImportJob | not implemented | yes |\n",
	} {
		if !strings.Contains(page, line) {
			t.Errorf("no %q in the page", line)
		}
	}
	noted := CoverageMarkdown([]Row{{Service: "apigateway", Operation: "GetSdk", Implemented: true, Note: "refused"}})
	if !strings.Contains(noted, "## apigateway: 1 of 1\n") || !strings.Contains(noted, "| GetSdk | refused | yes |\n") {
		t.Errorf("a note is not in %q", noted)
	}
}
