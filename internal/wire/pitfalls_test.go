package wire

import (
	"context"
	"errors"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/apigateway"
	gateway "github.com/aws/aws-sdk-go-v2/service/apigateway/types"
	"github.com/aws/aws-sdk-go-v2/service/cloudwatchlogs"
	logs "github.com/aws/aws-sdk-go-v2/service/cloudwatchlogs/types"
	"github.com/aws/aws-sdk-go-v2/service/cognitoidentityprovider"
	"github.com/aws/aws-sdk-go-v2/service/cognitoidentityprovider/document"
	cognito "github.com/aws/aws-sdk-go-v2/service/cognitoidentityprovider/types"
	"github.com/aws/aws-sdk-go-v2/service/sts"
	security "github.com/aws/aws-sdk-go-v2/service/sts/types"
	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/poolgate/poolgate/internal/fault"
	"github.com/poolgate/poolgate/internal/wire/model"
)

// These tests drive every pitfall of the wire with the SDK's own clients against a Mux, and look at the bytes between them.

var someTime = time.Date(2026, 3, 4, 5, 6, 7, 890_000_000, time.UTC)

func TestAnOutputHasOnlyWhatTheModelHas(t *testing.T) {
	p := &pools{describe: &cognitoidentityprovider.DescribeUserPoolOutput{UserPool: &cognito.UserPoolType{
		Id: aws.String("eu-west-1_a"), CreationDate: &someTime, SchemaAttributes: []cognito.SchemaAttributeType{},
		Policies:       &cognito.UserPoolPolicyType{PasswordPolicy: &cognito.PasswordPolicyType{}},
		UserPoolAddOns: &cognito.UserPoolAddOnsType{AdvancedSecurityMode: "OFF"},
	}}}
	client, recorder := cognitoClient(t, p)
	out, err := client.DescribeUserPool(t.Context(), &cognitoidentityprovider.DescribeUserPoolInput{UserPoolId: aws.String("eu-west-1_a")})
	if err != nil {
		t.Fatal(err)
	}
	want := `{"UserPool":{"CreationDate":1772600767.89,"EstimatedNumberOfUsers":0,"Id":"eu-west-1_a",` +
		`"Policies":{"PasswordPolicy":{"RequireLowercase":false,"RequireNumbers":false,"RequireSymbols":false,"RequireUppercase":false,` +
		`"TemporaryPasswordValidityDays":0}},"SchemaAttributes":[],"UserPoolAddOns":{"AdvancedSecurityMode":"OFF"}}}`
	if diff := cmp.Diff(want, recorder.last.responseBody); diff != "" {
		t.Errorf("no ResultMetadata, no nils, plain values always (-want +got)\n%s", diff)
	}
	if diff := cmp.Diff(p.describe.UserPool, out.UserPool, cmpopts.IgnoreUnexported(cognito.UserPoolType{}, cognito.UserPoolPolicyType{},
		cognito.PasswordPolicyType{}, cognito.UserPoolAddOnsType{}, cognito.SchemaAttributeType{})); diff != "" {
		t.Errorf("the client read something else (-want +got)\n%s", diff)
	}
	if got := recorder.last.header.Get("Content-Type"); got != "application/x-amz-json-1.1" {
		t.Errorf("content type %q", got)
	}
	if got := recorder.last.header.Get("X-Amzn-Requestid"); got != p.call.RequestID || len(got) != 36 {
		t.Errorf("request id %q, the call had %q", got, p.call.RequestID)
	}
	call := Call{Service: "cognito-idp", Operation: "DescribeUserPool", RequestID: p.call.RequestID, Account: "123456789012",
		Region: "eu-west-1", AccessKeyID: "123456789012", SourceIP: "127.0.0.1"}
	if diff := cmp.Diff(call, p.call); diff != "" {
		t.Errorf("call (-want +got)\n%s", diff)
	}
}

func TestAnOperationWithoutOutputAnswersNothingAndOneWithAnEmptyOutputAnObject(t *testing.T) {
	client, recorder := cognitoClient(t, &pools{})
	if _, err := client.DeleteUserPool(t.Context(), &cognitoidentityprovider.DeleteUserPoolInput{UserPoolId: aws.String("eu-west-1_a")}); err != nil {
		t.Fatal(err)
	}
	if recorder.last.responseBody != "" || recorder.last.status != 200 {
		t.Errorf("%d %q", recorder.last.status, recorder.last.responseBody)
	}
	_, err := client.AdminSetUserPassword(t.Context(), &cognitoidentityprovider.AdminSetUserPasswordInput{
		UserPoolId: aws.String("eu-west-1_a"), Username: aws.String("u"), Password: aws.String("secret12"),
	})
	if err != nil || recorder.last.responseBody != "{}" {
		t.Errorf("%v %q", err, recorder.last.responseBody)
	}
}

func TestADocumentPassesThrough(t *testing.T) {
	p := &pools{}
	client, recorder := cognitoClient(t, p)
	settings := map[string]any{"components": map[string]any{"a": []any{1.5, "x", true, nil}}, "big": int64(9007199254740993)}
	_, err := client.CreateManagedLoginBranding(t.Context(), &cognitoidentityprovider.CreateManagedLoginBrandingInput{
		UserPoolId: aws.String("eu-west-1_a"), ClientId: aws.String("c"), Settings: document.NewLazyDocument(settings),
		Assets: []cognito.AssetType{{Bytes: []byte{0, 255}, Category: "PAGE_HEADER_LOGO", ColorMode: "LIGHT", Extension: "PNG"}},
	})
	if err != nil {
		t.Fatal(err)
	}
	in := p.in.(*cognitoidentityprovider.CreateManagedLoginBrandingInput)
	raw, _ := in.Settings.MarshalSmithyDocument()
	if !strings.Contains(string(raw), `"big":9007199254740993`) || !strings.Contains(string(raw), `[1.5,"x",true,null]`) {
		t.Errorf("the method got %s", raw)
	}
	if !strings.Contains(recorder.last.responseBody, `"Settings":{"`) || !strings.Contains(recorder.last.responseBody, `9007199254740993`) {
		t.Errorf("the client got %s", recorder.last.responseBody)
	}
	if diff := cmp.Diff([]byte{0, 255}, in.Assets[0].Bytes); diff != "" {
		t.Error(diff)
	}
}

func TestRenamedMembersKeepApart(t *testing.T) {
	a := &apis{}
	client, recorder := gatewayClient(t, a)
	out, err := client.PutIntegration(t.Context(), &apigateway.PutIntegrationInput{
		RestApiId: aws.String("abc"), ResourceId: aws.String("res"), HttpMethod: aws.String("GET"),
		IntegrationHttpMethod: aws.String("POST"), Type: gateway.IntegrationTypeHttp, TimeoutInMillis: aws.Int32(50),
	})
	if err != nil {
		t.Fatal(err)
	}
	in := a.in.(*apigateway.PutIntegrationInput)
	if *in.HttpMethod != "GET" || *in.IntegrationHttpMethod != "POST" || *in.RestApiId != "abc" || *in.ResourceId != "res" || *in.TimeoutInMillis != 50 {
		t.Errorf("the method got %+v", in)
	}
	if recorder.last.status != 201 || recorder.last.responseBody != `{"httpMethod":"POST","timeoutInMillis":0,"type":"HTTP"}` {
		t.Errorf("%d %s", recorder.last.status, recorder.last.responseBody)
	}
	if *out.HttpMethod != "POST" {
		t.Errorf("the client got %+v", out)
	}
}

func TestListsAreItemAndTwiceValues(t *testing.T) {
	a := &apis{apis: &apigateway.GetRestApisOutput{Items: []gateway.RestApi{{Id: aws.String("abc"), CreatedDate: &someTime}}, Position: aws.String("p")}}
	client, recorder := gatewayClient(t, a)
	out, err := client.GetRestApis(t.Context(), &apigateway.GetRestApisInput{Limit: aws.Int32(7)})
	if err != nil || len(out.Items) != 1 {
		t.Fatalf("%v %+v", err, out)
	}
	if *a.in.(*apigateway.GetRestApisInput).Limit != 7 {
		t.Error("the limit of the query is lost")
	}
	want := `{"item":[{"createdDate":1772600767.89,"disableExecuteApiEndpoint":false,"id":"abc"}],"position":"p"}`
	if recorder.last.responseBody != want {
		t.Errorf("got %s", recorder.last.responseBody)
	}
	usage, err := client.GetUsage(t.Context(), &apigateway.GetUsageInput{
		UsagePlanId: aws.String("u"), StartDate: aws.String("2026-01-01"), EndDate: aws.String("2026-01-02"),
	})
	if err != nil || usage.Items["key"][0][1] != 2 || recorder.last.responseBody != `{"values":{"key":[[1,2]]}}` {
		t.Errorf("%v %s", err, recorder.last.responseBody)
	}
}

func TestRoutesMatchTheEscapedPathAndTheLiteralQuery(t *testing.T) {
	const arn = "arn:aws:apigateway:eu-west-1::/restapis/abc/stages/dev"
	for _, c := range []struct {
		name string
		call func(*apigateway.Client) error
		path string
		want any
	}{
		{"an ARN with slashes is one label", func(client *apigateway.Client) error {
			_, err := client.TagResource(t.Context(), &apigateway.TagResourceInput{ResourceArn: aws.String(arn), Tags: map[string]string{"a": "b"}})
			return err
		}, "/tags/arn%3Aaws%3Aapigateway%3Aeu-west-1%3A%3A%2Frestapis%2Fabc%2Fstages%2Fdev",
			&apigateway.TagResourceInput{ResourceArn: aws.String(arn), Tags: map[string]string{"a": "b"}}},
		{"a list in the query", func(client *apigateway.Client) error {
			_, err := client.UntagResource(t.Context(), &apigateway.UntagResourceInput{ResourceArn: aws.String(arn), TagKeys: []string{"a", "b&c"}})
			return err
		}, "/tags/arn%3Aaws%3Aapigateway%3Aeu-west-1%3A%3A%2Frestapis%2Fabc%2Fstages%2Fdev?tagKeys=a&tagKeys=b%26c",
			&apigateway.UntagResourceInput{ResourceArn: aws.String(arn), TagKeys: []string{"a", "b&c"}}},
		{"the empty base path", func(client *apigateway.Client) error {
			_, err := client.GetBasePathMapping(t.Context(), &apigateway.GetBasePathMappingInput{DomainName: aws.String("d.example"), BasePath: aws.String("(none)")})
			return err
		}, "/domainnames/d.example/basepathmappings/%28none%29",
			&apigateway.GetBasePathMappingInput{DomainName: aws.String("d.example"), BasePath: aws.String("(none)")}},
		{"an import is no creation", func(client *apigateway.Client) error {
			_, err := client.ImportRestApi(t.Context(), &apigateway.ImportRestApiInput{
				Body: []byte(`{"openapi":"3"}`), FailOnWarnings: true, Parameters: map[string]string{"endpointConfigurationTypes": "REGIONAL"},
			})
			return err
		}, "/restapis?endpointConfigurationTypes=REGIONAL&failonwarnings=true&mode=import",
			&apigateway.ImportRestApiInput{Body: []byte(`{"openapi":"3"}`), FailOnWarnings: true, Parameters: map[string]string{"endpointConfigurationTypes": "REGIONAL"}}},
		{"a creation is no import", func(client *apigateway.Client) error {
			_, err := client.CreateRestApi(t.Context(), &apigateway.CreateRestApiInput{Name: aws.String("n")})
			return err
		}, "/restapis", &apigateway.CreateRestApiInput{Name: aws.String("n")}},
		{"embedding asks by a list in the query", func(client *apigateway.Client) error {
			_, err := client.GetResources(t.Context(), &apigateway.GetResourcesInput{RestApiId: aws.String("abc"), Embed: []string{"methods"}})
			return err
		}, "/restapis/abc/resources?embed=methods", &apigateway.GetResourcesInput{RestApiId: aws.String("abc"), Embed: []string{"methods"}}},
	} {
		t.Run(c.name, func(t *testing.T) {
			a := &apis{}
			client, recorder := gatewayClient(t, a)
			if err := c.call(client); err != nil {
				t.Fatal(err)
			}
			if got := recorder.last.request.URL.RequestURI(); got != c.path {
				t.Errorf("the client sent %s", got)
			}
			if diff := cmp.Diff(c.want, a.in, cmp.Exporter(func(reflect.Type) bool { return true })); diff != "" {
				t.Errorf("the method got (-want +got)\n%s", diff)
			}
		})
	}
}

func TestARawPayloadHasItsHeaders(t *testing.T) {
	a := &apis{}
	client, recorder := gatewayClient(t, a)
	out, err := client.GetExport(t.Context(), &apigateway.GetExportInput{
		RestApiId: aws.String("abc"), StageName: aws.String("dev"), ExportType: aws.String("oas30"),
		Accepts: aws.String("application/yaml"), Parameters: map[string]string{"extensions": "integrations"},
	})
	if err != nil {
		t.Fatal(err)
	}
	in := a.in.(*apigateway.GetExportInput)
	// Go's SDK sends its own Accept for this service, whatever one asks; other clients do not.
	if *in.Accepts != recorder.last.request.Header.Get("Accept") || in.Parameters["extensions"] != "integrations" {
		t.Errorf("the method got %+v", in)
	}
	if string(out.Body) != "openapi: 3.0.1\n" || *out.ContentType != "application/yaml" || *out.ContentDisposition != `attachment; filename="api.yaml"` {
		t.Errorf("the client got %+v", out)
	}
	if recorder.last.responseBody != "openapi: 3.0.1\n" {
		t.Errorf("the body is %q", recorder.last.responseBody)
	}
}

func TestAnErrorOfAPIGatewayHasItsStatusTypeAndRetryAfter(t *testing.T) {
	a := &apis{err: fault.Throttled("TooManyRequestsException", "Too Many Requests").With("retryAfterSeconds", "3")}
	client, recorder := gatewayClient(t, a)
	_, err := client.DeleteRestApi(t.Context(), &apigateway.DeleteRestApiInput{RestApiId: aws.String("abc")})
	var throttled *gateway.TooManyRequestsException
	if !errors.As(err, &throttled) || *throttled.Message != "Too Many Requests" || *throttled.RetryAfterSeconds != "3" {
		t.Fatalf("the client got %v", err)
	}
	last := recorder.last
	if last.status != 429 || last.header.Get("X-Amzn-Errortype") != "TooManyRequestsException" ||
		last.header.Get("Retry-After") != "3" || last.responseBody != `{"message":"Too Many Requests"}` {
		t.Errorf("%d %v %s", last.status, last.header, last.responseBody)
	}
}

func TestASuccessfulDeletionAnswers202WithoutABody(t *testing.T) {
	client, recorder := gatewayClient(t, &apis{})
	if _, err := client.DeleteRestApi(t.Context(), &apigateway.DeleteRestApiInput{RestApiId: aws.String("abc")}); err != nil {
		t.Fatal(err)
	}
	if recorder.last.status != 202 || recorder.last.responseBody != "" {
		t.Errorf("%d %q", recorder.last.status, recorder.last.responseBody)
	}
}

type groups struct{ in any }

func (g *groups) CreateLogGroup(_ context.Context, in *cloudwatchlogs.CreateLogGroupInput) (*cloudwatchlogs.CreateLogGroupOutput, error) {
	g.in = in
	return nil, nil
}

func (g *groups) DescribeLogGroups(_ context.Context, in *cloudwatchlogs.DescribeLogGroupsInput) (*cloudwatchlogs.DescribeLogGroupsOutput, error) {
	g.in = in
	return &cloudwatchlogs.DescribeLogGroupsOutput{LogGroups: []logs.LogGroup{{LogGroupName: aws.String("g"), CreationTime: aws.Int64(12)}}}, nil
}

func TestCasingIsTheServices(t *testing.T) {
	g := &groups{}
	m := New(Options{})
	m.Register(&model.Logs, g)
	config, recorder := sdkConfig(t, m)
	client := cloudwatchlogs.NewFromConfig(config)
	if _, err := client.CreateLogGroup(t.Context(), &cloudwatchlogs.CreateLogGroupInput{LogGroupName: aws.String("g")}); err != nil {
		t.Fatal(err)
	}
	if in := g.in.(*cloudwatchlogs.CreateLogGroupInput); *in.LogGroupName != "g" {
		t.Errorf("the method got %+v", in)
	}
	out, err := client.DescribeLogGroups(t.Context(), &cloudwatchlogs.DescribeLogGroupsInput{})
	if err != nil || *out.LogGroups[0].LogGroupName != "g" {
		t.Fatalf("%v %+v", err, out)
	}
	if want := `{"logGroups":[{"creationTime":12,"logGroupName":"g"}]}`; recorder.last.responseBody != want {
		t.Errorf("got %s", recorder.last.responseBody)
	}
}

type roles struct {
	in  any
	err error
}

func (r *roles) AssumeRole(_ context.Context, in *sts.AssumeRoleInput) (*sts.AssumeRoleOutput, error) {
	r.in = in
	return &sts.AssumeRoleOutput{
		Credentials: &security.Credentials{AccessKeyId: aws.String("a<b&c"), SecretAccessKey: aws.String("s"), SessionToken: aws.String("t"), Expiration: &someTime},
	}, r.err
}

func (r *roles) GetCallerIdentity(_ context.Context, in *sts.GetCallerIdentityInput) (*sts.GetCallerIdentityOutput, error) {
	r.in = in
	return &sts.GetCallerIdentityOutput{Account: aws.String("123456789012")}, r.err
}

func TestTheQueryProtocolReadsFormsAndWritesXML(t *testing.T) {
	r := &roles{}
	m := New(Options{})
	m.Register(&model.STS, r)
	config, recorder := sdkConfig(t, m)
	client := sts.NewFromConfig(config)
	out, err := client.AssumeRole(t.Context(), &sts.AssumeRoleInput{
		RoleArn: aws.String("arn:aws:iam::123456789012:role/r"), RoleSessionName: aws.String("session"), DurationSeconds: aws.Int32(900),
		Tags:       []security.Tag{{Key: aws.String("k1"), Value: aws.String("v1")}, {Key: aws.String("k2"), Value: aws.String("v2")}},
		PolicyArns: []security.PolicyDescriptorType{{Arn: aws.String("arn:aws:iam::aws:policy/ReadOnlyAccess")}},
	})
	if err != nil {
		t.Fatal(err)
	}
	in := r.in.(*sts.AssumeRoleInput)
	if *in.DurationSeconds != 900 || len(in.Tags) != 2 || *in.Tags[1].Value != "v2" || *in.PolicyArns[0].Arn != "arn:aws:iam::aws:policy/ReadOnlyAccess" {
		t.Errorf("the method got %+v", in)
	}
	if *out.Credentials.AccessKeyId != "a<b&c" || !out.Credentials.Expiration.Equal(someTime) {
		t.Errorf("the client got %+v", out.Credentials)
	}
	want := `<AssumeRoleResponse xmlns="https://sts.amazonaws.com/doc/2011-06-15/"><AssumeRoleResult><Credentials>` +
		`<AccessKeyId>a&lt;b&amp;c</AccessKeyId><Expiration>2026-03-04T05:06:07.89Z</Expiration>` +
		`<SecretAccessKey>s</SecretAccessKey><SessionToken>t</SessionToken></Credentials></AssumeRoleResult>` +
		`<ResponseMetadata><RequestId>` + recorder.last.header.Get("X-Amzn-Requestid") + `</RequestId></ResponseMetadata></AssumeRoleResponse>`
	if diff := cmp.Diff(want, recorder.last.responseBody); diff != "" {
		t.Error(diff)
	}
}

func TestAnErrorOfTheQueryProtocol(t *testing.T) {
	r := &roles{err: fault.Forbidden("AccessDenied", "no <way>")}
	m := New(Options{})
	m.Register(&model.STS, r)
	config, recorder := sdkConfig(t, m)
	client := sts.NewFromConfig(config)
	if _, err := client.GetCallerIdentity(t.Context(), &sts.GetCallerIdentityInput{}); !fault.Is(err, "AccessDenied") {
		t.Fatal(err)
	}
	want := `<ErrorResponse xmlns="https://sts.amazonaws.com/doc/2011-06-15/"><Error><Type>Sender</Type><Code>AccessDenied</Code>` +
		`<Message>no &lt;way&gt;</Message></Error><RequestId>` + recorder.last.header.Get("X-Amzn-Requestid") + `</RequestId></ErrorResponse>`
	if recorder.last.status != 403 || recorder.last.responseBody != want {
		t.Errorf("%d %s", recorder.last.status, recorder.last.responseBody)
	}
	_, err := client.GetSessionToken(t.Context(), &sts.GetSessionTokenInput{})
	if !fault.Is(err, "NotImplementedException") || recorder.last.status != 501 || !strings.Contains(err.Error(), "poolgate does not implement sts GetSessionToken") {
		t.Errorf("%d %v", recorder.last.status, err)
	}
}
