package httpapi_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"
)

// TestFunctionAnswers: how what a function returns becomes an answer, in both payload formats.
func TestFunctionAnswers(t *testing.T) {
	w := newWorld(t, newAPI().integration("one", echo("1.0")).on("GET /two").on("GET /one", to("one")))
	const text, json = "text/plain; charset=utf-8", "application/json"
	for _, tt := range []struct {
		name, path, payload string
		status              int
		contentType, body   string
		header              string
		values              []string
	}{
		{"2.0 with everything", "/two", `{"statusCode":201,"headers":{"Content-Type":"text/html","x-a":"1","x-n":7,"x-b":true},"body":"<p>","cookies":["a=1; Path=/","b=2"]}`, 201, "text/html", "<p>", "Set-Cookie", []string{"a=1; Path=/", "b=2"}},
		{"2.0 with numbers and truth values as headers", "/two", `{"statusCode":200,"headers":{"x-n":7},"body":"x"}`, 200, text, "x", "X-N", []string{"7"}},
		{"2.0 base64", "/two", `{"statusCode":200,"headers":{"content-type":"image/png"},"body":"AP8=","isBase64Encoded":true}`, 200, "image/png", "\x00\xff", "", nil},
		{"2.0 without a body", "/two", `{"statusCode":204}`, 204, "", "", "", nil},
		{"2.0 with a status as text", "/two", `{"statusCode":"202","body":"x"}`, 202, text, "x", "", nil},
		{"2.0, a text is the body", "/two", `"Hello from Lambda!"`, 200, json, "Hello from Lambda!", "", nil},
		{"2.0, an object is the body", "/two", `{"message": "Hello"}`, 200, json, `{"message": "Hello"}`, "", nil},
		{"2.0, a list is the body", "/two", `[1,2]`, 200, json, `[1,2]`, "", nil},
		{"2.0, null is the body", "/two", `null`, 200, json, `null`, "", nil},
		{"2.0, another spelling is no status", "/two", `{"StatusCode":500}`, 200, json, `{"StatusCode":500}`, "", nil},
		{"2.0, null is no status", "/two", `{"statusCode":null,"body":"x"}`, 200, json, `{"statusCode":null,"body":"x"}`, "", nil},
		{"2.0, no status that can be sent", "/two", `{"statusCode":99}`, 500, json, internal, "", nil},
		{"1.0 with everything", "/one", `{"statusCode":200,"headers":{"X-A":"1","Set-Cookie":"b=2"},"multiValueHeaders":{"Set-Cookie":["a=1"]},"body":"x"}`, 200, text, "x", "Set-Cookie", []string{"a=1", "b=2"}},
		{"1.0 has no cookies", "/one", `{"statusCode":200,"cookies":["a=1"],"body":"x"}`, 200, text, "x", "Set-Cookie", nil},
		{"1.0 must be an object", "/one", `"Hello"`, 500, json, internal, "", nil},
		{"1.0 must have a status", "/one", `{"body":"x"}`, 500, json, internal, "", nil},
		{"a function cannot name the request", "/two", `{"statusCode":200,"headers":{"apigw-requestid":"mine","x-poolgate-reason":"mine"},"body":"x"}`, 200, text, "x", "X-Poolgate-Reason", nil},
	} {
		t.Run(tt.name, func(t *testing.T) {
			w.functions.set(backend, tt.payload)
			got := w.send("GET", tt.path)
			if got.StatusCode != tt.status || got.body != tt.body || got.Header.Get("Content-Type") != tt.contentType {
				t.Errorf("answered %d %q %q", got.StatusCode, got.Header.Get("Content-Type"), got.body)
			}
			if tt.header != "" && tt.status == 200 || tt.values != nil {
				if diff := cmp.Diff(tt.values, got.Header.Values(tt.header)); diff != "" {
					t.Error(diff)
				}
			}
			if id := got.Header.Get("Apigw-Requestid"); id == "mine" {
				t.Error("the function's request id came through")
			}
		})
	}
}
