package gateway_test

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"testing"

	"github.com/aws/aws-sdk-go-v2/service/apigateway/types"

	"github.com/poolgate/poolgate/internal/lambda"
)

const bytesSent = "\x00\xff\x89PNG\r\n"

func (a *api) binary(mediaTypes ...string) *api {
	a.s.API.Value.BinaryMediaTypes = mediaTypes
	return a
}

// TestBinaryBodiesOfProxyFunctions: in as base64 when the Content-Type is binary, out as bytes when the client accepts them.
func TestBinaryBodiesOfProxyFunctions(t *testing.T) {
	encoded := base64.StdEncoding.EncodeToString([]byte(bytesSent))
	var event struct {
		Body            *string
		IsBase64Encoded bool
	}
	f := &fakeFunctions{run: func(_ context.Context, in lambda.Invocation) (lambda.Answer, error) {
		if err := json.Unmarshal(in.Payload, &event); err != nil {
			return lambda.Answer{}, err
		}
		return lambda.Answer{Payload: []byte(`{"statusCode":200,"headers":{"Content-Type":"image/png"},"body":"` + encoded + `","isBase64Encoded":true}`)}, nil
	}}
	for _, tt := range []struct {
		name           string
		list           []string
		sends, accepts string
		encoded        bool
		body           string
	}{
		{"a list with the type", []string{"image/png"}, "image/png", "image/png", true, bytesSent},
		{"the letters and parameters of a type play no part", []string{"IMAGE/PNG"}, "image/png; q=1", "Image/PNG;q=0.8,text/html", true, bytesSent},
		{"a family of types", []string{"image/*"}, "image/png", "image/webp,*/*", true, bytesSent},
		{"every type", []string{"*/*"}, "text/plain", "text/html", true, bytesSent},
		{"the first type that the client accepts counts", []string{"image/png"}, "text/plain", "text/html,image/png", false, encoded},
		{"a client that accepts everything accepts text", []string{"image/png"}, "text/plain", "*/*", false, encoded},
		{"no list", nil, "image/png", "image/png", false, encoded},
	} {
		t.Run(tt.name, func(t *testing.T) {
			w := newWorld(t, newAPI().binary(tt.list...).on("POST", "/a", proxied(nil)), nil, withFunctions(f))
			got := sendBody(t, w, "POST", "/prod/a", bytesSent, "Content-Type", tt.sends, "Accept", tt.accepts)
			expect(t, got, 200, tt.body, "")
			if event.IsBase64Encoded != tt.encoded {
				t.Errorf("isBase64Encoded is %v", event.IsBase64Encoded)
			}
			if tt.encoded && (event.Body == nil || *event.Body != encoded) {
				t.Errorf("the event's body is %v", event.Body)
			}
		})
	}
	w := newWorld(t, newAPI().binary("*/*").on("GET", "/a", proxied(nil)), nil, withFunctions(f))
	if send(t, w, "GET", "/prod/a"); event.Body != nil || event.IsBase64Encoded {
		t.Errorf("no body came as %v, %v", event.Body, event.IsBase64Encoded)
	}
	broken := returns(`{"statusCode":200,"body":"%%","isBase64Encoded":true}`)
	w = newWorld(t, newAPI().binary("*/*").on("GET", "/a", proxied(nil)), nil, withFunctions(broken))
	expect(t, send(t, w, "GET", "/prod/a"), 502, `{"message":"Internal server error"}`, "InternalServerErrorException")
}

// TestWhatIsNoBase64CannotBecomeBytes: a text of a template or a function that was to become bytes is a configuration error.
func TestWhatIsNoBase64CannotBecomeBytes(t *testing.T) {
	w := newWorld(t, newAPI().binary("image/png").on("GET", "/a", openWith(mockOf("%%"))), nil)
	expect(t, send(t, w, "GET", "/prod/a", "Accept", "image/png"), 500, `{"message":"Internal server error"}`, "InternalServerErrorException")
}

// TestAMockAnswersBytes is how people serve small images: base64 in the template.
func TestAMockAnswersBytes(t *testing.T) {
	i := mockOf(base64.StdEncoding.EncodeToString([]byte(bytesSent)))
	r := i.IntegrationResponses["200"]
	r.ContentHandling = types.ContentHandlingStrategyConvertToBinary
	r.ResponseParameters = map[string]string{"method.response.header.Content-Type": "'image/png'"}
	i.IntegrationResponses["200"] = r
	w := newWorld(t, newAPI().binary("image/png").on("GET", "/favicon.ico", openWith(i)), nil)
	got := send(t, w, "GET", "/prod/favicon.ico", "Accept", "*/*")
	expect(t, got, 200, bytesSent, "")
	if got.Header.Get("Content-Type") != "image/png" {
		t.Errorf("the type is %q", got.Header.Get("Content-Type"))
	}
}
