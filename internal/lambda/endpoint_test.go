package lambda

import (
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/lambda"
)

func TestAnEndpointCanBeAFunction(t *testing.T) {
	endpoint := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		event, _ := io.ReadAll(r.Body)
		switch string(event) {
		case `"fail"`:
			http.Error(w, "no", http.StatusBadGateway)
		case `"redirect"`:
			http.Redirect(w, r, "/elsewhere", http.StatusFound)
		case `"large"`:
			_, _ = io.WriteString(w, strings.Repeat("x", maxPayload+1))
		case `"reset"`:
			panic(http.ErrAbortHandler)
		default:
			_, _ = w.Write(event)
		}
	}))
	t.Cleanup(endpoint.Close)
	l := newLab(t, func(c *Config) { c.Local = map[string]string{"remote": endpoint.URL} })
	l.invoke("remote", `{"a":1}`, `{"a":1}`)
	for _, test := range []struct{ event, want string }{
		{`"fail"`, "the endpoint answered 502 Bad Gateway"},
		{`"redirect"`, "the endpoint answered 302 Found"},
		{`"large"`, "Response payload size exceeded"},
		{`"reset"`, "EOF"},
	} {
		out := ok(l.Invoke(l.ctx(), &lambda.InvokeInput{FunctionName: aws.String("remote"), Payload: []byte(test.event)}))(t)
		if aws.ToString(out.FunctionError) != "Unhandled" || !strings.Contains(string(out.Payload), test.want) {
			t.Errorf("%s: %s", test.event, out.Payload)
		}
	}
}
