package gateway_test

import (
	"archive/zip"
	"bytes"
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/apigateway/types"
	sdk "github.com/aws/aws-sdk-go-v2/service/lambda"
	lambdatypes "github.com/aws/aws-sdk-go-v2/service/lambda/types"

	"github.com/poolgate/poolgate/authz"
	"github.com/poolgate/poolgate/internal/lambda"
	"github.com/poolgate/poolgate/internal/store"
	"github.com/poolgate/poolgate/internal/wire"
)

// nodeSource is a function for both kinds of integration.
const nodeSource = `
exports.handler = async (event) => {
  if (event.requestContext === undefined) {
    if (event.fail) throw new Error("[404] no " + event.fail);
    return { hello: event.name };
  }
  if (event.path === "/throws") throw new Error("secret");
  if (event.path === "/hangs") return new Promise(() => { setInterval(() => {}, 1000); });
  if (event.path === "/shape") return { statusCode: 200, body: { an: "object" } };
  if (event.path === "/big") return { statusCode: 200, body: "y".repeat(1024) };
  return {
    statusCode: 201,
    multiValueHeaders: { "Set-Cookie": ["a=1", "b=2"] },
    body: JSON.stringify({ email: event.requestContext.authorizer.claims.email, id: event.pathParameters.id, sent: event.body }),
  };
};`

// newFunctions is Lambda itself with the function "pets", which this API may invoke.
func newFunctions(t testing.TB) *lambda.Service {
	t.Helper()
	db, err := store.Open(t.Context(), store.Options{Location: ":memory:"})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = db.Close() })
	temp := t.TempDir()
	if err := os.Chmod(filepath.Dir(temp), 0o711); err != nil {
		t.Fatal(err)
	}
	functions, err := lambda.New(lambda.Config{Store: db, Temp: temp})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(functions.Close)
	var code bytes.Buffer
	archive := zip.NewWriter(&code)
	file, err := archive.Create("index.js")
	if err == nil {
		_, err = file.Write([]byte(nodeSource))
	}
	if err == nil {
		err = archive.Close()
	}
	if err != nil {
		t.Fatal(err)
	}
	ctx := wire.WithCall(t.Context(), wire.Call{Service: "lambda", Account: account, Region: region})
	if _, err := functions.CreateFunction(ctx, &sdk.CreateFunctionInput{
		FunctionName: aws.String("pets"), Runtime: lambdatypes.RuntimeNodejs20x, Handler: aws.String("index.handler"), Role: aws.String("arn:aws:iam::000000000000:role/r"),
		Code: &lambdatypes.FunctionCode{ZipFile: code.Bytes()}, Timeout: aws.Int32(20),
	}); err != nil {
		t.Fatal(err)
	}
	if _, err := functions.AddPermission(ctx, &sdk.AddPermissionInput{
		FunctionName: aws.String("pets"), StatementId: aws.String("api"), Action: aws.String("lambda:InvokeFunction"), Principal: aws.String("apigateway.amazonaws.com"),
		SourceArn: aws.String("arn:aws:execute-api:eu-west-1:000000000000:" + apiID + "/*/*/*"),
	}); err != nil {
		t.Fatal(err)
	}
	return functions
}

// TestARealFunctionBehindTheGateway runs Node behind both kinds of integration, permissions and all.
func TestARealFunctionBehindTheGateway(t *testing.T) {
	if testing.Short() {
		t.Skip("starts processes")
	}
	functions := newFunctions(t)
	claimed := cognito()
	claimed.MethodIntegration = proxied(nil).MethodIntegration
	a := newAPI().authorizer("auth", nil).on("POST", "/pets/{id}", claimed).
		on("GET", "/throws", proxied(nil)).on("GET", "/shape", proxied(nil)).on("GET", "/hangs", proxied(func(i *types.Integration) { i.TimeoutInMillis = 300 })).
		on("GET", "/missing", proxied(func(i *types.Integration) { i.Uri = aws.String(uriOf(functionARN + "-none")) })).
		on("GET", "/mapped", mapped(func(i *types.Integration) {
			i.RequestTemplates = map[string]string{"application/json": `{"name":"$input.params('name')","fail":"$input.params('fail')"}`}
			i.IntegrationResponses["404"] = response("404", `\[404\].*`, nil, map[string]string{"application/json": `{"said":"$util.escapeJavaScript($input.path('$.errorMessage'))"}`})
		})).
		on("GET", "/event", mapped(func(i *types.Integration) {
			i.RequestParameters = map[string]string{"integration.request.header.X-Amz-Invocation-Type": "'Event'"}
		}))
	w := newWorld(t, a, nil, withFunctions(functions))
	got := sendBody(t, w, "POST", "/prod/pets/7", "food", "Authorization", token(idClaims()))
	expect(t, got, 201, `{"email":"ann@example.com","id":"7","sent":"food"}`, "")
	if cookies := got.Header.Values("Set-Cookie"); len(cookies) != 2 {
		t.Errorf("the cookies are %v", cookies)
	}
	for _, tt := range []struct {
		path   string
		status int
		body   string
		reason authz.Reason
	}{
		{"/throws", 502, `{"message":"Internal server error"}`, authz.IntegrationFailed},
		{"/shape", 502, `{"message":"Internal server error"}`, authz.FunctionAnswerMalformed},
		{"/hangs", 504, `{"message":"Endpoint request timed out"}`, authz.IntegrationTimeout},
		{"/missing", 500, `{"message":"Internal server error"}`, authz.IntegrationFailed},
		{"/mapped?name=ann", 200, `{"hello":"ann"}`, ""},
		{"/mapped?fail=cat", 404, `{"said":"[404] no cat"}`, ""},
		{"/event", 200, ``, ""},
	} {
		got := send(t, w, "GET", "/prod"+tt.path)
		if got.StatusCode != tt.status || got.body != tt.body || got.Header.Get("x-poolgate-reason") != string(tt.reason) {
			t.Errorf("%s: answered %d %s because of %q", tt.path, got.StatusCode, got.body, got.Header.Get("x-poolgate-reason"))
		}
	}
	ctx := wire.WithCall(t.Context(), wire.Call{Service: "lambda", Account: account, Region: region})
	if _, err := functions.RemovePermission(ctx, &sdk.RemovePermissionInput{FunctionName: aws.String("pets"), StatementId: aws.String("api")}); err != nil {
		t.Fatal(err)
	}
	refused := sendBody(t, w, "POST", "/prod/pets/7", "food", "Authorization", token(idClaims()))
	expect(t, refused, 500, `{"message":"Internal server error"}`, "InternalServerErrorException")
	record := waitForRecord(t, w, refused.Header.Get("x-amzn-RequestId"))
	described, err := w.Describe(t.Context(), record.RequestID)
	if err != nil {
		t.Fatal(err)
	}
	mend := "aws lambda add-permission --function-name " + functionARN + " --statement-id api --action lambda:InvokeFunction --principal apigateway.amazonaws.com " +
		"--source-arn 'arn:aws:execute-api:eu-west-1:000000000000:" + apiID + "/*/POST/pets/*'"
	if described.Reason != authz.FunctionPermissionMissing || !strings.HasSuffix(described.Mend[0], mend) {
		t.Errorf("the record is %+v", described)
	}
}

// BenchmarkAddedLatencyOfFunctions is a warm function through the gateway beside the same function called directly.
func BenchmarkAddedLatencyOfFunctions(b *testing.B) {
	functions := newFunctions(b)
	w := newWorld(b, newAPI().on("POST", "/big", proxied(nil)), nil, withFunctions(functions))
	front := httptest.NewServer(w)
	defer front.Close()
	event, err := json.Marshal(map[string]any{"path": "/big", "requestContext": map[string]any{}, "body": strings.Repeat("x", 1024)})
	if err != nil {
		b.Fatal(err)
	}
	direct := httptest.NewServer(functionDoor(functions, event))
	defer direct.Close()
	report(b, latencies(b, [2]door{{"the function", direct.URL, ""}, {"the gateway", front.URL + "/prod/big", ""}}))
}

// functionDoor invokes the function without a gateway, over the same kind of connection.
func functionDoor(functions *lambda.Service, event []byte) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		_, _ = io.Copy(io.Discard, r.Body)
		out, err := functions.Call(r.Context(), lambda.Invocation{Function: functionARN, Payload: event})
		if err != nil || out.Failed {
			w.WriteHeader(http.StatusInternalServerError)
		}
		_, _ = w.Write(out.Payload)
	})
}
