package wire

import (
	"bytes"
	"context"
	"io"
	"net/http"
	"net/http/httptest"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/apigateway"
	"github.com/aws/aws-sdk-go-v2/service/cognitoidentityprovider"
	cognito "github.com/aws/aws-sdk-go-v2/service/cognitoidentityprovider/types"

	"github.com/poolgate/poolgate/internal/wire/model"
)

// captured is what went over the wire last.
type captured struct {
	request      *http.Request
	requestBody  string
	status       int
	header       http.Header
	responseBody string
}

// tap passes requests through and remembers them.
type tap struct {
	next http.RoundTripper
	last captured
}

func (p *tap) RoundTrip(r *http.Request) (*http.Response, error) {
	var body []byte
	if r.Body != nil {
		body, _ = io.ReadAll(r.Body)
		r.Body = io.NopCloser(bytes.NewReader(body))
	}
	response, err := p.next.RoundTrip(r)
	if err != nil {
		return nil, err
	}
	answer, _ := io.ReadAll(response.Body)
	response.Body = io.NopCloser(bytes.NewReader(answer))
	p.last = captured{r, string(body), response.StatusCode, response.Header, string(answer)}
	return response, nil
}

// sdkConfig points an SDK client at a Mux over a real socket.
func sdkConfig(t *testing.T, m *Mux) (aws.Config, *tap) {
	t.Helper()
	server := httptest.NewServer(m)
	t.Cleanup(server.Close)
	recorder := &tap{next: server.Client().Transport}
	return aws.Config{
		Region: "eu-west-1", BaseEndpoint: aws.String(server.URL), HTTPClient: &http.Client{Transport: recorder},
		Credentials: aws.CredentialsProviderFunc(func(context.Context) (aws.Credentials, error) {
			return aws.Credentials{AccessKeyID: "123456789012", SecretAccessKey: "secret"}, nil
		}),
		Retryer: func() aws.Retryer { return aws.NopRetryer{} },
	}, recorder
}

// pools is a Cognito of which each test sets what it needs.
type pools struct {
	in       any
	call     Call
	describe *cognitoidentityprovider.DescribeUserPoolOutput
	create   *cognitoidentityprovider.CreateUserPoolOutput
	err      error
}

func (p *pools) DescribeUserPool(ctx context.Context, in *cognitoidentityprovider.DescribeUserPoolInput) (*cognitoidentityprovider.DescribeUserPoolOutput, error) {
	p.in, p.call = in, CallFrom(ctx)
	return p.describe, p.err
}

func (p *pools) CreateUserPool(ctx context.Context, in *cognitoidentityprovider.CreateUserPoolInput) (*cognitoidentityprovider.CreateUserPoolOutput, error) {
	p.in, p.call = in, CallFrom(ctx)
	return p.create, p.err
}

func (p *pools) DeleteUserPool(ctx context.Context, in *cognitoidentityprovider.DeleteUserPoolInput) (*cognitoidentityprovider.DeleteUserPoolOutput, error) {
	p.in = in
	return nil, p.err
}

func (p *pools) AdminSetUserPassword(ctx context.Context, in *cognitoidentityprovider.AdminSetUserPasswordInput) (*cognitoidentityprovider.AdminSetUserPasswordOutput, error) {
	p.in = in
	return nil, p.err
}

func (p *pools) InitiateAuth(ctx context.Context, in *cognitoidentityprovider.InitiateAuthInput) (*cognitoidentityprovider.InitiateAuthOutput, error) {
	p.in, p.call = in, CallFrom(ctx)
	return &cognitoidentityprovider.InitiateAuthOutput{}, p.err
}

func (p *pools) SignUp(ctx context.Context, in *cognitoidentityprovider.SignUpInput) (*cognitoidentityprovider.SignUpOutput, error) {
	p.in = in
	return &cognitoidentityprovider.SignUpOutput{}, p.err
}

func (p *pools) CreateManagedLoginBranding(ctx context.Context, in *cognitoidentityprovider.CreateManagedLoginBrandingInput) (*cognitoidentityprovider.CreateManagedLoginBrandingOutput, error) {
	p.in = in
	return &cognitoidentityprovider.CreateManagedLoginBrandingOutput{
		ManagedLoginBranding: &cognito.ManagedLoginBrandingType{Settings: in.Settings},
	}, p.err
}

func cognitoClient(t *testing.T, p *pools) (*cognitoidentityprovider.Client, *tap) {
	t.Helper()
	m := New(Options{})
	m.Register(&model.CognitoIDP, p)
	config, recorder := sdkConfig(t, m)
	return cognitoidentityprovider.NewFromConfig(config), recorder
}

// apis is an API Gateway of which each test sets what it needs.
type apis struct {
	in   any
	err  error
	apis *apigateway.GetRestApisOutput
}

func (a *apis) CreateRestApi(_ context.Context, in *apigateway.CreateRestApiInput) (*apigateway.CreateRestApiOutput, error) {
	a.in = in
	return &apigateway.CreateRestApiOutput{Id: aws.String("abc"), CreatedDate: &someTime}, a.err
}

func (a *apis) ImportRestApi(_ context.Context, in *apigateway.ImportRestApiInput) (*apigateway.ImportRestApiOutput, error) {
	a.in = in
	return &apigateway.ImportRestApiOutput{}, a.err
}

func (a *apis) GetRestApis(_ context.Context, in *apigateway.GetRestApisInput) (*apigateway.GetRestApisOutput, error) {
	a.in = in
	return a.apis, a.err
}

func (a *apis) DeleteRestApi(_ context.Context, in *apigateway.DeleteRestApiInput) (*apigateway.DeleteRestApiOutput, error) {
	a.in = in
	return &apigateway.DeleteRestApiOutput{}, a.err
}

func (a *apis) PutIntegration(_ context.Context, in *apigateway.PutIntegrationInput) (*apigateway.PutIntegrationOutput, error) {
	a.in = in
	return &apigateway.PutIntegrationOutput{HttpMethod: in.IntegrationHttpMethod, Type: in.Type}, a.err
}

func (a *apis) PutIntegrationResponse(_ context.Context, in *apigateway.PutIntegrationResponseInput) (*apigateway.PutIntegrationResponseOutput, error) {
	a.in = in
	return &apigateway.PutIntegrationResponseOutput{}, a.err
}

func (a *apis) TagResource(_ context.Context, in *apigateway.TagResourceInput) (*apigateway.TagResourceOutput, error) {
	a.in = in
	return &apigateway.TagResourceOutput{}, a.err
}

func (a *apis) UntagResource(_ context.Context, in *apigateway.UntagResourceInput) (*apigateway.UntagResourceOutput, error) {
	a.in = in
	return &apigateway.UntagResourceOutput{}, a.err
}

func (a *apis) GetBasePathMapping(_ context.Context, in *apigateway.GetBasePathMappingInput) (*apigateway.GetBasePathMappingOutput, error) {
	a.in = in
	return &apigateway.GetBasePathMappingOutput{}, a.err
}

func (a *apis) GetExport(_ context.Context, in *apigateway.GetExportInput) (*apigateway.GetExportOutput, error) {
	a.in = in
	return &apigateway.GetExportOutput{
		Body: []byte("openapi: 3.0.1\n"), ContentType: aws.String("application/yaml"),
		ContentDisposition: aws.String(`attachment; filename="api.yaml"`),
	}, a.err
}

func (a *apis) GetUsage(_ context.Context, in *apigateway.GetUsageInput) (*apigateway.GetUsageOutput, error) {
	a.in = in
	return &apigateway.GetUsageOutput{Items: map[string][][]int64{"key": {{1, 2}}}}, a.err
}

func (a *apis) GetResources(_ context.Context, in *apigateway.GetResourcesInput) (*apigateway.GetResourcesOutput, error) {
	a.in = in
	return &apigateway.GetResourcesOutput{}, a.err
}

func (a *apis) UpdateMethodResponse(_ context.Context, in *apigateway.UpdateMethodResponseInput) (*apigateway.UpdateMethodResponseOutput, error) {
	a.in = in
	return &apigateway.UpdateMethodResponseOutput{}, a.err
}

func (a *apis) PutGatewayResponse(_ context.Context, in *apigateway.PutGatewayResponseInput) (*apigateway.PutGatewayResponseOutput, error) {
	a.in = in
	return &apigateway.PutGatewayResponseOutput{}, a.err
}

func gatewayClient(t *testing.T, a *apis) (*apigateway.Client, *tap) {
	t.Helper()
	m := New(Options{})
	m.Register(&model.APIGateway, a)
	config, recorder := sdkConfig(t, m)
	return apigateway.NewFromConfig(config), recorder
}
