package lambda

import (
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/lambda"
	"github.com/aws/aws-sdk-go-v2/service/lambda/types"
	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
)

// urlLab is a function behind a URL.
type urlLab struct {
	*lab
	id string
}

const urlHost = ".lambda-url.eu-west-1.localhost:4566"

func newURLLab(t *testing.T, code string, auth types.FunctionUrlAuthType, cors *types.Cors) *urlLab {
	t.Helper()
	l := &urlLab{lab: newLab(t, func(c *Config) { c.PublicURL, c.Callers = "http://localhost:4566", everyone{} })}
	l.node("f", code)
	made := ok(l.CreateFunctionUrlConfig(l.ctx(), &lambda.CreateFunctionUrlConfigInput{FunctionName: aws.String("f"), AuthType: auth, Cors: cors}))(t)
	id, found := strings.CutSuffix(strings.TrimPrefix(*made.FunctionUrl, "http://"), urlHost+"/")
	if !found {
		t.Fatalf("the URL is %s", *made.FunctionUrl)
	}
	l.id = id
	return l
}

// open lets everybody in.
func (l *urlLab) open() *urlLab {
	l.Helper()
	ok(l.AddPermission(l.ctx(), &lambda.AddPermissionInput{
		FunctionName: aws.String("f"), StatementId: aws.String("public"), Action: aws.String("lambda:InvokeFunctionUrl"), Principal: aws.String("*"),
		FunctionUrlAuthType: types.FunctionUrlAuthTypeNone,
	}))(l.T)
	return l
}

func (l *urlLab) ask(method, path, body string, header http.Header) *http.Response {
	l.Helper()
	r := httptest.NewRequest(method, path, strings.NewReader(body))
	r.Host, r.RemoteAddr = l.id+urlHost, "192.0.2.1:999"
	for name, values := range header {
		r.Header[name] = values
	}
	w := httptest.NewRecorder()
	escaped, _, _ := strings.Cut(path, "?")
	l.ServeURL(w, r, URLTarget{ID: l.id, Path: escaped})
	return w.Result()
}

func text(t *testing.T, r *http.Response) string {
	t.Helper()
	body, err := io.ReadAll(r.Body)
	if err != nil {
		t.Fatal(err)
	}
	return string(body)
}

func TestTheEventOfAURL(t *testing.T) {
	l := newURLLab(t, `exports.handler = async (event) => event`, types.FunctionUrlAuthTypeNone, nil).open()
	answer := l.ask(http.MethodPost, "/a%20b/c?x=1&y=a%20b&x=2&z", `{"k":1}`, http.Header{
		"Content-Type": {"application/json"}, "Cookie": {"c1=v1; c2=v2"}, "X-Many": {"1", "2"}, "User-Agent": {"test"}, "X-Forwarded-For": {"6.6.6.6"},
	})
	var got map[string]any
	if err := json.Unmarshal([]byte(text(t, answer)), &got); err != nil {
		t.Fatal(err)
	}
	if answer.Header.Get("Content-Type") != "application/json" {
		t.Errorf("the content type is %q", answer.Header.Get("Content-Type"))
	}
	context := got["requestContext"].(map[string]any)
	for _, name := range []string{"time", "timeEpoch", "requestId"} {
		if context[name] == nil {
			t.Errorf("there is no %s", name)
		}
		delete(context, name)
	}
	domain := l.id + ".lambda-url.eu-west-1.localhost"
	want := map[string]any{
		"version": "2.0", "routeKey": "$default", "rawPath": "/a%20b/c", "rawQueryString": "x=1&y=a%20b&x=2&z", "cookies": []any{"c1=v1", "c2=v2"},
		"headers": map[string]any{
			"content-type": "application/json", "x-many": "1,2", "user-agent": "test", "host": domain,
			"x-forwarded-for": "192.0.2.1", "x-forwarded-proto": "http", "x-forwarded-port": "4566",
		},
		"queryStringParameters": map[string]any{"x": "1,2", "y": "a b", "z": ""},
		"requestContext": map[string]any{
			"accountId": "anonymous", "apiId": l.id, "domainName": domain, "domainPrefix": l.id, "routeKey": "$default", "stage": "$default",
			"http": map[string]any{"method": "POST", "path": "/a%20b/c", "protocol": "HTTP/1.1", "sourceIp": "192.0.2.1", "userAgent": "test"},
		},
		"body": `{"k":1}`, "isBase64Encoded": false,
	}
	if diff := cmp.Diff(want, got, cmpopts.IgnoreMapEntries(func(name string, _ any) bool { return name == "x-amzn-trace-id" })); diff != "" {
		t.Error(diff)
	}
	binary := text(t, l.ask(http.MethodPost, "/", "\x00\xff", http.Header{"Content-Type": {"image/png"}}))
	if !strings.Contains(binary, `"body":"AP8=","isBase64Encoded":true`) {
		t.Errorf("a binary body: %s", binary)
	}
}

func TestAnswersAtAURL(t *testing.T) {
	l := newURLLab(t, `exports.handler = async (event) => {
		const wanted = JSON.parse(event.body);
		if (wanted === "throw") throw new Error("x");
		return wanted;
	}`, types.FunctionUrlAuthTypeNone, nil).open()
	for name, row := range map[string]struct {
		answer string
		status int
		body   string
		header map[string]string
	}{
		"a text":                      {`"Hello"`, 200, `"Hello"`, map[string]string{"Content-Type": "application/json"}},
		"an object without status":    {`{"message":"hi"}`, 200, `{"message":"hi"}`, map[string]string{"Content-Type": "application/json"}},
		"an object with a status":     {`{"statusCode":201,"headers":{"My-Header":"v","content-type":"text/plain"},"body":"hi"}`, 201, "hi", map[string]string{"My-Header": "v", "Content-Type": "text/plain"}},
		"without a body":              {`{"statusCode":204}`, 204, "", nil},
		"a body in base64":            {`{"statusCode":200,"body":"aGk=","isBase64Encoded":true}`, 200, "hi", nil},
		"cookies":                     {`{"statusCode":200,"cookies":["a=1; Secure","b=2"],"body":""}`, 200, "", map[string]string{"Set-Cookie": "a=1; Secure,b=2"}},
		"a body that is an object":    {`{"statusCode":200,"body":{"a":1}}`, 200, `{"a":1}`, nil},
		"a status that is a text":     {`{"statusCode":"202","body":"x"}`, 202, "x", nil},
		"a header that is a number":   {`{"statusCode":200,"headers":{"X-N":5},"body":"x"}`, 200, "x", map[string]string{"X-N": "5"}},
		"null":                        {`null`, 200, "null", nil},
		"a status that is none":       {`{"statusCode":99}`, 502, "Internal Server Error", nil},
		"a body that is no base64":    {`{"statusCode":200,"body":"?","isBase64Encoded":true}`, 502, "Internal Server Error", nil},
		"a header that is an object":  {`{"statusCode":200,"headers":{"a":{}}}`, 502, "Internal Server Error", nil},
		"a header with a line's end":  {`{"statusCode":200,"headers":{"a":"x\r\nb: y"}}`, 502, "Internal Server Error", nil},
		"a length that is a lie":      {`{"statusCode":200,"headers":{"content-length":"999"},"body":"x"}`, 200, "x", map[string]string{"Content-Length": "1"}},
		"a function that fails":       {`"throw"`, 502, "Internal Server Error", map[string]string{"Content-Type": "application/json"}},
		"cookies that are not a list": {`{"statusCode":200,"cookies":"a"}`, 502, "Internal Server Error", nil},
	} {
		t.Run(name, func(t *testing.T) {
			answer := l.ask(http.MethodPost, "/", row.answer, http.Header{"Content-Type": {"application/json"}})
			if body := text(t, answer); answer.StatusCode != row.status || body != row.body {
				t.Errorf("want %d %s\n got %d %s", row.status, row.body, answer.StatusCode, body)
			}
			for name, want := range row.header {
				if got := strings.Join(answer.Header.Values(name), ","); got != want {
					t.Errorf("%s: want %q got %q", name, want, got)
				}
			}
		})
	}
}

func TestWhoMayAskAtAURL(t *testing.T) {
	const forbidden = `{"Message":"Forbidden. For troubleshooting Function URL authorization issues, see: https://docs.aws.amazon.com/lambda/latest/dg/urls-auth.html"}`
	check := func(t *testing.T, answer *http.Response, status int, body string) {
		t.Helper()
		if got := text(t, answer); answer.StatusCode != status || got != body {
			t.Errorf("want %d %s\n got %d %s", status, body, answer.StatusCode, got)
		}
		if kind := answer.Header.Get("x-amzn-ErrorType"); status == 403 && kind != "AccessDeniedException" {
			t.Errorf("the error's type is %q", kind)
		}
	}
	t.Run("nobody without a permission", func(t *testing.T) {
		l := newURLLab(t, `exports.handler = async () => "in"`, types.FunctionUrlAuthTypeNone, nil)
		check(t, l.ask(http.MethodGet, "/", "", nil), 403, forbidden)
		ok(l.AddPermission(l.ctx(), &lambda.AddPermissionInput{
			FunctionName: aws.String("f"), StatementId: aws.String("other"), Action: aws.String("lambda:InvokeFunction"), Principal: aws.String("*"),
		}))(t)
		check(t, l.ask(http.MethodGet, "/", "", nil), 403, forbidden)
		l.open()
		check(t, l.ask(http.MethodGet, "/", "", nil), 200, `"in"`)
		ok(l.RemovePermission(l.ctx(), &lambda.RemovePermissionInput{FunctionName: aws.String("f"), StatementId: aws.String("public")}))(t)
		check(t, l.ask(http.MethodGet, "/", "", nil), 403, forbidden)
	})
	t.Run("a URL that is gone", func(t *testing.T) {
		l := newURLLab(t, `exports.handler = async () => "in"`, types.FunctionUrlAuthTypeNone, nil).open()
		check(t, l.ask(http.MethodGet, "/", "", nil), 200, `"in"`)
		ok(l.DeleteFunctionUrlConfig(l.ctx(), &lambda.DeleteFunctionUrlConfigInput{FunctionName: aws.String("f")}))(t)
		check(t, l.ask(http.MethodGet, "/", "", nil), 403, forbidden)
	})
	t.Run("who signed", func(t *testing.T) {
		l := newURLLab(t, `exports.handler = async (e) => e.requestContext.authorizer.iam.accountId`, types.FunctionUrlAuthTypeAwsIam, nil)
		signed := func(account string) http.Header {
			return http.Header{"Authorization": {"AWS4-HMAC-SHA256 Credential=" + account + "/20260101/eu-west-1/lambda/aws4_request, SignedHeaders=host, Signature=0"}}
		}
		check(t, l.ask(http.MethodGet, "/", "", nil), 403, forbidden)
		check(t, l.ask(http.MethodGet, "/", "", signed(testAccount)), 200, `"111111111111"`)
		check(t, l.ask(http.MethodGet, "/", "", signed("222222222222")), 403, forbidden)
		ok(l.AddPermission(l.ctx(), &lambda.AddPermissionInput{
			FunctionName: aws.String("f"), StatementId: aws.String("other"), Action: aws.String("lambda:InvokeFunctionUrl"), Principal: aws.String("222222222222"),
			FunctionUrlAuthType: types.FunctionUrlAuthTypeAwsIam,
		}))(t)
		check(t, l.ask(http.MethodGet, "/", "", signed("222222222222")), 200, `"222222222222"`)
	})
}

func TestOriginsOfAURL(t *testing.T) {
	l := newURLLab(t, `exports.handler = async () => ({statusCode: 200, headers: {"Access-Control-Allow-Origin": "https://function.example"}, body: "x"})`,
		types.FunctionUrlAuthTypeNone, &types.Cors{
			AllowOrigins: []string{"https://shop.example"}, AllowMethods: []string{"PUT"}, AllowHeaders: []string{"x-a", "x-b"}, ExposeHeaders: []string{"x-c"},
			MaxAge: aws.Int32(60), AllowCredentials: aws.Bool(true),
		}).open()
	from := func(origin string, more ...string) http.Header {
		h := http.Header{"Origin": {origin}}
		for _, method := range more {
			h.Set("Access-Control-Request-Method", method)
		}
		return h
	}
	for name, row := range map[string]struct {
		answer *http.Response
		want   map[string]string
		body   string
	}{
		"an allowed origin": {l.ask(http.MethodPut, "/", "", from("https://shop.example")), map[string]string{
			"Access-Control-Allow-Origin": "https://shop.example", "Access-Control-Allow-Credentials": "true", "Access-Control-Expose-Headers": "x-c"}, "x"},
		"another origin": {l.ask(http.MethodPut, "/", "", from("https://evil.example")), map[string]string{
			"Access-Control-Allow-Origin": "", "Access-Control-Allow-Credentials": ""}, "x"},
		"asked beforehand": {l.ask(http.MethodOptions, "/", "", from("https://shop.example", "PUT")), map[string]string{
			"Access-Control-Allow-Origin": "https://shop.example", "Access-Control-Allow-Methods": "PUT", "Access-Control-Allow-Headers": "x-a,x-b", "Access-Control-Max-Age": "60"}, ""},
		"asked beforehand for another method": {l.ask(http.MethodOptions, "/", "", from("https://shop.example", "DELETE")), map[string]string{
			"Access-Control-Allow-Methods": ""}, ""},
	} {
		t.Run(name, func(t *testing.T) {
			if body := text(t, row.answer); row.answer.StatusCode != 200 || body != row.body {
				t.Errorf("got %d %q", row.answer.StatusCode, body)
			}
			for name, want := range row.want {
				if got := row.answer.Header.Get(name); got != want {
					t.Errorf("%s: want %q got %q", name, want, got)
				}
			}
		})
	}
}
