package wire

import (
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
)

// reply is an answer to a request sent without a client, for what no client would send.
type reply struct {
	status int
	header http.Header
	body   string
}

// send makes a request by hand: "METHOD /path" is API Gateway's, anything else an operation of Cognito, by name or as a whole target.
func send(h http.Handler, request, body string) reply {
	var r *http.Request
	if method, target, rest := strings.Cut(request, " "); rest {
		r = httptest.NewRequest(method, "http://127.0.0.1:4566/", strings.NewReader(body))
		r.RequestURI = target
		r.URL, _ = url.ParseRequestURI(target)
		r.Header.Set("Authorization", scopeOnly("apigateway"))
	} else {
		r = httptest.NewRequest(http.MethodPost, "http://127.0.0.1:4566/", strings.NewReader(body))
		if !strings.Contains(request, ".") {
			request = cognitoTarget + request
		}
		r.Header.Set("X-Amz-Target", request)
		r.Header.Set("Content-Type", "application/x-amz-json-1.1")
	}
	return sendRequest(h, r)
}

const cognitoTarget = "AWSCognitoIdentityProviderService."

func scopeOnly(service string) string {
	return "AWS4-HMAC-SHA256 Credential=123456789012/20260101/eu-west-1/" + service + "/aws4_request, SignedHeaders=host, Signature=00"
}

func sendRequest(h http.Handler, r *http.Request) reply {
	response, err := Transport(h).RoundTrip(r)
	if err != nil {
		panic(err)
	}
	body, _ := io.ReadAll(response.Body)
	return reply{response.StatusCode, response.Header, string(body)}
}

// code is the error's name, from the header.
func (r reply) code() string { return strings.TrimSuffix(r.header.Get("X-Amzn-Errortype"), ":") }

// message is the error's text.
func (r reply) message() string {
	var body struct{ Message string }
	_ = json.Unmarshal([]byte(r.body), &body)
	return body.Message
}
