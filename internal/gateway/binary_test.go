package gateway_test

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"io"
	"net/http"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
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

// TestContentTypeConversions walks the guide's tables, with an HTTP backend that answers what it got.
func TestContentTypeConversions(t *testing.T) {
	encoded := base64.StdEncoding.EncodeToString([]byte(bytesSent))
	var got []byte
	answer, answerType := "", ""
	server := backend(t, func(w http.ResponseWriter, r *http.Request) {
		got, _ = io.ReadAll(r.Body)
		w.Header().Set("Content-Type", answerType)
		_, _ = io.WriteString(w, answer)
	})
	call := func(handling types.ContentHandlingStrategy, list []string, mediaType, body, accept string) reply {
		i := &types.Integration{
			Type: types.IntegrationTypeHttp, HttpMethod: aws.String("POST"), Uri: aws.String(server.URL), ContentHandling: handling,
			IntegrationResponses: map[string]types.IntegrationResponse{"200": {StatusCode: aws.String("200"), ContentHandling: handling}},
		}
		w := newWorld(t, newAPI().binary(list...).on("POST", "/a", openWith(i)), nil)
		return sendBody(t, w, "POST", "/prod/a", body, "Content-Type", mediaType, "Accept", accept)
	}
	png := []string{"image/png"}
	t.Run("requests", func(t *testing.T) {
		answerType, answer = "text/plain", ""
		for _, tt := range []struct {
			name      string
			handling  types.ContentHandlingStrategy
			list      []string
			mediaType string
			body      string
			want      string
		}{
			{"text passes", "", nil, "text/plain", "héllo", "héllo"},
			{"text to binary", types.ContentHandlingStrategyConvertToBinary, nil, "text/plain", encoded, bytesSent},
			{"text to text", types.ContentHandlingStrategyConvertToText, png, "text/plain", "x", "x"},
			{"binary passes", "", png, "image/png", bytesSent, bytesSent},
			{"binary to binary", types.ContentHandlingStrategyConvertToBinary, png, "image/png", bytesSent, bytesSent},
			{"binary to text", types.ContentHandlingStrategyConvertToText, png, "image/png", bytesSent, encoded},
		} {
			t.Run(tt.name, func(t *testing.T) {
				call(tt.handling, tt.list, tt.mediaType, tt.body, "text/plain")
				if string(got) != tt.want {
					t.Errorf("the backend got %q, want %q", got, tt.want)
				}
			})
		}
	})
	t.Run("responses", func(t *testing.T) {
		for _, tt := range []struct {
			name             string
			handling         types.ContentHandlingStrategy
			list             []string
			mediaType, body  string
			accept           string
			status           int
			want             string
			errorTypeOfReply string
		}{
			{"text passes", "", nil, "text/plain", "x", "image/png", 200, "x", ""},
			{"text to binary", types.ContentHandlingStrategyConvertToBinary, nil, "text/plain", encoded, "text/plain", 200, bytesSent, ""},
			{"text to a client that wants bytes", "", png, "text/plain", encoded, "image/png", 200, bytesSent, ""},
			{"text that stays text", types.ContentHandlingStrategyConvertToText, png, "text/plain", encoded, "image/png", 200, encoded, ""},
			{"binary to a client that wants text", "", png, "image/png", bytesSent, "text/plain", 200, encoded, ""},
			{"binary to a client that wants bytes", "", png, "image/png", bytesSent, "image/png", 200, bytesSent, ""},
			{"binary that stays binary", types.ContentHandlingStrategyConvertToBinary, png, "image/png", bytesSent, "text/plain", 200, bytesSent, ""},
			{"binary to text", types.ContentHandlingStrategyConvertToText, png, "image/png", bytesSent, "image/png", 200, encoded, ""},
			{"what is no base64 cannot become bytes", "", png, "text/plain", "%%", "image/png", 500, `{"message":"Internal server error"}`, "InternalServerErrorException"},
		} {
			t.Run(tt.name, func(t *testing.T) {
				answerType, answer = tt.mediaType, tt.body
				// The request is binary where that keeps it out of the conversion's way.
				expect(t, call(tt.handling, tt.list, "image/png", encoded, tt.accept), tt.status, tt.want, tt.errorTypeOfReply)
			})
		}
	})
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
