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

// What the tables of the guide ("Content type conversions in API Gateway") say of a payload.
const (
	textSent    = "plain text" // no base64
	asIs        = "as it is"
	asBytes     = "base64-decoded bytes"
	asText      = "base64-encoded text"
	toBinary    = types.ContentHandlingStrategyConvertToBinary
	toText      = types.ContentHandlingStrategyConvertToText
	passThrough = types.ContentHandlingStrategy("")
)

// requestRows is the guide's first table: payload, Content-Type, binaryMediaTypes, contentHandling → what the integration gets.
var requestRows = []struct {
	name, contentType string
	list              []string
	handling          types.ContentHandlingStrategy
	binary            bool
	want              string
}{
	{"text of any type, no list, undefined", "image/png", nil, passThrough, false, asIs},
	{"text of any type, no list, to binary", "image/png", nil, toBinary, false, asBytes},
	{"text of any type, no list, to text", "image/png", nil, toText, false, asIs},
	{"text of a text type, a list, undefined", "text/plain", []string{"image/png"}, passThrough, false, asIs},
	{"text of a text type, a list, to binary", "text/plain", []string{"image/png"}, toBinary, false, asBytes},
	{"text of a text type, a list, to text", "text/plain", []string{"image/png"}, toText, false, asIs},
	{"bytes of a binary type, a list, undefined", "image/png", []string{"image/png"}, passThrough, true, asIs},
	{"bytes of a binary type, a list, to binary", "image/png", []string{"image/png"}, toBinary, true, asIs},
	{"bytes of a binary type, a list, to text", "image/png", []string{"image/png"}, toText, true, asText},
}

// responseRows is the second: payload, Accept, binaryMediaTypes, contentHandling of the integration response → what the client gets.
var responseRows = []struct {
	name, sentType, accept string
	list                   []string
	handling               types.ContentHandlingStrategy
	want                   string
}{
	{"anything, a text type, no list, undefined", "image/png", "text/plain", nil, passThrough, asIs},
	{"anything, a text type, no list, to binary", "image/png", "text/plain", nil, toBinary, asBytes},
	{"anything, a text type, no list, to text", "image/png", "text/plain", nil, toText, asIs},
	{"text, a text type, a list, undefined", "text/plain", "text/plain", []string{"image/png"}, passThrough, asIs},
	{"text, a text type, a list, to binary", "text/plain", "text/plain", []string{"image/png"}, toBinary, asBytes},
	{"text, a text type, a list, to text", "text/plain", "text/plain", []string{"image/png"}, toText, asIs},
	{"text, a binary type, a list, undefined", "text/plain", "image/png", []string{"image/png"}, passThrough, asBytes},
	{"text, a binary type, a list, to binary", "text/plain", "image/png", []string{"image/png"}, toBinary, asBytes},
	{"text, a binary type, a list, to text", "text/plain", "image/png", []string{"image/png"}, toText, asIs},
	{"bytes, a text type, a list, undefined", "image/png", "text/plain", []string{"image/png"}, passThrough, asText},
	{"bytes, a text type, a list, to binary", "image/png", "text/plain", []string{"image/png"}, toBinary, asIs},
	{"bytes, a text type, a list, to text", "image/png", "text/plain", []string{"image/png"}, toText, asText},
	{"bytes, a binary type, a list, undefined", "image/png", "image/png", []string{"image/png"}, passThrough, asIs},
	{"bytes, a binary type, a list, to binary", "image/png", "image/png", []string{"image/png"}, toBinary, asIs},
	{"bytes, a binary type, a list, to text", "image/png", "image/png", []string{"image/png"}, toText, asText},
}

// becomes is what a payload becomes by a cell of the tables.
func becomes(t *testing.T, payload, cell string) string {
	t.Helper()
	switch cell {
	case asBytes:
		decoded, err := base64.StdEncoding.DecodeString(payload)
		if err != nil {
			t.Fatal(err)
		}
		return string(decoded)
	case asText:
		return base64.StdEncoding.EncodeToString([]byte(payload))
	}
	return payload
}

// TestRequestConversions walks the first table with every kind of integration that is sent a payload.
func TestRequestConversions(t *testing.T) {
	var got string
	server := backend(t, func(_ http.ResponseWriter, r *http.Request) {
		data, _ := io.ReadAll(r.Body)
		got = string(data)
	})
	encoded := base64.StdEncoding.EncodeToString([]byte(bytesSent))
	for _, row := range requestRows {
		payload := textSent
		switch {
		case row.binary:
			payload = bytesSent
		case row.want == asBytes:
			payload = encoded
		}
		for _, kind := range []types.IntegrationType{types.IntegrationTypeHttp, types.IntegrationTypeHttpProxy} {
			t.Run(string(kind)+", "+row.name, func(t *testing.T) {
				got = ""
				i := &types.Integration{
					Type: kind, HttpMethod: aws.String("POST"), Uri: aws.String(server.URL), ContentHandling: row.handling,
					IntegrationResponses: map[string]types.IntegrationResponse{"200": response("200", "", nil, nil)},
				}
				w := newWorld(t, newAPI().binary(row.list...).on("POST", "/a", openWith(i)), nil)
				sent := sendBody(t, w, "POST", "/prod/a", payload, "Content-Type", row.contentType, "Accept", "text/plain")
				if want := becomes(t, payload, row.want); sent.StatusCode != 200 || got != want {
					t.Errorf("answered %d, the backend got %q, want %q", sent.StatusCode, got, want)
				}
			})
		}
		t.Run("AWS, "+row.name, func(t *testing.T) {
			// A function takes JSON, so that the payload is a JSON text, or base64 of one.
			document := `{"a":1}`
			want := document
			switch row.want {
			case asBytes:
				document = base64.StdEncoding.EncodeToString([]byte(want))
			case asText:
				want = `"` + base64.StdEncoding.EncodeToString([]byte(document)) + `"`
			}
			f := returns(`{}`)
			m := mapped(func(i *types.Integration) {
				i.ContentHandling = row.handling
				if row.want == asText {
					i.RequestTemplates = map[string]string{row.contentType: `"$input.body"`}
				}
			})
			w := newWorld(t, newAPI().binary(row.list...).on("POST", "/a", m), nil, withFunctions(f))
			sent := sendBody(t, w, "POST", "/prod/a", document, "Content-Type", row.contentType, "Accept", "text/plain")
			if in := f.last(t); string(in.Payload) != want {
				t.Errorf("answered %d, the function got %s, want %s", sent.StatusCode, in.Payload, want)
			}
		})
		t.Run("AWS_PROXY, "+row.name, func(t *testing.T) {
			// The event says by itself what its body is: contentHandling has no part in it.
			var event struct {
				Body            string
				IsBase64Encoded bool
			}
			f := &fakeFunctions{run: func(_ context.Context, in lambda.Invocation) (lambda.Answer, error) {
				return lambda.Answer{Payload: []byte(`{"statusCode":200}`)}, json.Unmarshal(in.Payload, &event)
			}}
			m := proxied(func(i *types.Integration) { i.ContentHandling = row.handling })
			w := newWorld(t, newAPI().binary(row.list...).on("POST", "/a", m), nil, withFunctions(f))
			sendBody(t, w, "POST", "/prod/a", payload, "Content-Type", row.contentType)
			want := payload
			if row.binary {
				want = base64.StdEncoding.EncodeToString([]byte(payload))
			}
			if event.Body != want || event.IsBase64Encoded != row.binary {
				t.Errorf("the event has %q, %v", event.Body, event.IsBase64Encoded)
			}
		})
	}
}

// TestResponseConversions walks the second table with every kind of integration that has integration responses, and its undefined
// rows with HTTP_PROXY, which has none.
func TestResponseConversions(t *testing.T) {
	var payload, sentType string
	server := backend(t, func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", sentType)
		_, _ = io.WriteString(w, payload)
	})
	encoded := base64.StdEncoding.EncodeToString([]byte(bytesSent))
	for _, row := range responseRows {
		payload, sentType = bytesSent, row.sentType
		switch {
		case row.want == asBytes:
			payload = encoded
		case row.sentType == "text/plain":
			payload = textSent
		}
		answers := map[string]types.IntegrationResponse{"200": {StatusCode: aws.String("200"), ContentHandling: row.handling}}
		methods := map[string]types.Method{
			"HTTP": openWith(&types.Integration{Type: types.IntegrationTypeHttp, HttpMethod: aws.String("GET"), Uri: aws.String(server.URL), IntegrationResponses: answers}),
		}
		if row.handling == passThrough {
			methods["HTTP_PROXY"] = proxy(server.URL, nil)
		}
		for kind, m := range methods {
			t.Run(kind+", "+row.name, func(t *testing.T) {
				w := newWorld(t, newAPI().binary(row.list...).on("GET", "/a", m), nil)
				expect(t, send(t, w, "GET", "/prod/a", "Accept", row.accept), 200, becomes(t, payload, row.want), "")
			})
		}
		if row.sentType != "text/plain" && row.list != nil {
			continue // a function that is mapped, and a MOCK, answer text
		}
		functionAnswer, want := `"text"`, `"text"`
		if row.want == asBytes {
			functionAnswer, want = encoded, bytesSent
		}
		t.Run("AWS, "+row.name, func(t *testing.T) {
			m := mapped(func(i *types.Integration) { i.IntegrationResponses = answers })
			w := newWorld(t, newAPI().binary(row.list...).on("GET", "/a", m), nil, withFunctions(returns(functionAnswer)))
			expect(t, send(t, w, "GET", "/prod/a", "Accept", row.accept), 200, want, "")
		})
		t.Run("MOCK, "+row.name, func(t *testing.T) {
			i := mockOf(functionAnswer)
			r := i.IntegrationResponses["200"]
			r.ContentHandling = row.handling
			i.IntegrationResponses["200"] = r
			w := newWorld(t, newAPI().binary(row.list...).on("GET", "/a", openWith(i)), nil)
			expect(t, send(t, w, "GET", "/prod/a", "Accept", row.accept), 200, want, "")
		})
	}
}

// TestTextOfAProxyThatIsNoBase64 stays what it is: a backend's error page for a client that wants an image.
func TestTextOfAProxyThatIsNoBase64(t *testing.T) {
	server := backend(t, func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "text/html")
		w.WriteHeader(http.StatusNotFound)
		_, _ = io.WriteString(w, "<h1>gone</h1>")
	})
	w := newWorld(t, newAPI().binary("image/*").on("GET", "/a", proxy(server.URL, nil)), nil)
	expect(t, send(t, w, "GET", "/prod/a", "Accept", "image/png"), 404, "<h1>gone</h1>", "")
}
