package gateway_test

import (
	"bytes"
	"compress/gzip"
	"compress/zlib"
	"fmt"
	"io"
	"net/http"
	"strconv"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/apigateway/types"

	"github.com/poolgate/poolgate/authz"
)

// compressed is a text in a content coding.
func compressed(t testing.TB, coding, text string) string {
	t.Helper()
	var b bytes.Buffer
	var w io.WriteCloser = gzip.NewWriter(&b)
	if coding == "deflate" {
		w = zlib.NewWriter(&b)
	}
	if _, err := io.WriteString(w, text); err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

// plainOf undoes what an answer says that it is compressed with.
func plainOf(t *testing.T, coding, body string) string {
	t.Helper()
	var from io.Reader = strings.NewReader(body)
	var err error
	switch coding {
	case "gzip":
		from, err = gzip.NewReader(from)
	case "deflate":
		from, err = zlib.NewReader(from)
	}
	if err != nil {
		t.Fatal(err)
	}
	text, err := io.ReadAll(from)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

// TestAnswersAreCompressed walks the conditions of the guide: the API's size, what the client likes best, an answer that is compressed
// already.
func TestAnswersAreCompressed(t *testing.T) {
	const text = "0123456789"
	coded := compressed(t, "gzip", text)
	server := backend(t, func(w http.ResponseWriter, r *http.Request) {
		switch r.URL.Path {
		case "/coded":
			w.Header().Set("Content-Encoding", "gzip")
			_, _ = io.WriteString(w, coded)
		case "/streamed":
			_, _ = io.WriteString(w, text[:5])
			_ = http.NewResponseController(w).Flush()
			_, _ = io.WriteString(w, text[5:])
		case "/nothing":
			w.WriteHeader(http.StatusNoContent)
		default:
			_, _ = io.WriteString(w, text)
		}
	})
	api := func(from *int32) *api {
		a := newAPI().on("GET", "/mock", openWith(mockOf(text))).on("ANY", "/proxy/{proxy+}", proxy(server.URL+"/{proxy}", nil)).on("GET", "/function", proxied(nil)).
			on("GET", "/broken", openWith(mockOf("$input.nonsense(")))
		a.s.API.Value.MinimumCompressionSize = from
		return a
	}
	answers := withFunctions(returns(`{"statusCode":200,"body":"0123456789"}`))
	for _, tt := range []struct {
		name, path, accepts string
		from                *int32
		coding              string
	}{
		{"gzip", "/mock", "gzip", aws.Int32(0), "gzip"},
		{"deflate, which is zlib's format", "/mock", "deflate", aws.Int32(0), "deflate"},
		{"of equals the first", "/mock", "deflate, gzip, br", aws.Int32(0), "deflate"},
		{"the greatest weight", "/mock", "deflate;q=0.5, gzip;q=1.0", aws.Int32(0), "gzip"},
		{"identity liked less", "/mock", "gzip;q=1.0, identity; q=0.5, *;q=0", aws.Int32(0), "gzip"},
		{"letters", "/mock", "GZIP", aws.Int32(0), "gzip"},
		{"the best one is not known", "/mock", "br, gzip", aws.Int32(0), ""},
		{"the best one is not known, by weight", "/mock", "gzip;q=0.9, br", aws.Int32(0), ""},
		{"identity", "/mock", "identity", aws.Int32(0), ""},
		{"anything", "/mock", "*", aws.Int32(0), ""},
		{"a coding that is ruled out", "/mock", "gzip;q=0", aws.Int32(0), ""},
		{"a weight that is none", "/mock", "gzip;q=x", aws.Int32(0), ""},
		{"no Accept-Encoding", "/mock", "", aws.Int32(0), ""},
		{"exactly the size", "/mock", "gzip", aws.Int32(10), "gzip"},
		{"below the size", "/mock", "gzip", aws.Int32(11), ""},
		{"an API without compression", "/mock", "gzip", nil, ""},
		{"a backend's answer", "/proxy/plain", "gzip", aws.Int32(0), "gzip"},
		{"a backend's answer of unknown length", "/proxy/streamed", "gzip", aws.Int32(0), "gzip"},
		{"a short one of unknown length", "/proxy/streamed", "gzip", aws.Int32(11), ""},
		{"one that is compressed already", "/proxy/coded", "deflate", aws.Int32(0), "gzip"},
		{"a function's answer", "/function", "gzip", aws.Int32(0), "gzip"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			got := send(t, newWorld(t, api(tt.from), nil, answers), "GET", "/prod"+tt.path, "Accept-Encoding", tt.accepts)
			coding := got.Header.Get("Content-Encoding")
			if coding != tt.coding || len(got.Header.Values("Content-Encoding")) > 1 {
				t.Errorf("the coding is %q, want %q", got.Header.Values("Content-Encoding"), tt.coding)
			}
			if plain := plainOf(t, coding, got.body); got.StatusCode != 200 || plain != text {
				t.Errorf("answered %d %q", got.StatusCode, plain)
			}
			if length := got.Header.Get("Content-Length"); length != "" && length != strconv.Itoa(len(got.body)) {
				t.Errorf("the length is %s of %d", length, len(got.body))
			}
		})
	}
	w := newWorld(t, api(aws.Int32(0)), nil, answers)
	for _, line := range []string{"HEAD /proxy/plain", "GET /proxy/nothing", "GET /broken"} {
		method, path, _ := strings.Cut(line, " ")
		if got := send(t, w, method, "/prod"+path, "Accept-Encoding", "gzip"); got.Header.Get("Content-Encoding") != "" {
			t.Errorf("%s answered %v", line, got.Header)
		}
	}
}

// TestBodiesOfAContentCoding come to templates, functions and backends as what they stand for; what cannot be decoded is 415.
func TestBodiesOfAContentCoding(t *testing.T) {
	const text = `{"name":"Ann"}`
	var sent, coding string
	server := backend(t, func(_ http.ResponseWriter, r *http.Request) {
		data, _ := io.ReadAll(r.Body)
		sent, coding = string(data), r.Header.Get("Content-Encoding")
	})
	i := mockOf("x")
	i.RequestTemplates = map[string]string{"application/json": `{"statusCode": 2#if($input.path('$.name') == 'Ann')00#end}`}
	template := &types.Integration{
		Type: types.IntegrationTypeHttp, HttpMethod: aws.String("POST"), Uri: aws.String(server.URL), RequestTemplates: map[string]string{"application/json": `hello $input.path('$.name')`},
		IntegrationResponses: map[string]types.IntegrationResponse{"200": response("200", "", nil, nil)},
	}
	f := echoes()
	a := newAPI().on("POST", "/mock", openWith(i)).on("POST", "/http", openWith(template)).on("POST", "/proxy", proxy(server.URL, nil)).on("POST", "/function", proxied(nil))
	w := newWorld(t, a, nil, withFunctions(f))
	for _, tt := range []struct {
		name, coding, body string
		ok                 bool
	}{
		{"gzip", "gzip", compressed(t, "gzip", text), true},
		{"deflate", "deflate", compressed(t, "deflate", text), true},
		{"identity", "identity", text, true},
		{"letters", "GZip", compressed(t, "gzip", text), true},
		{"a coding that is not known", "br", text, false},
		{"two codings", "gzip, deflate", compressed(t, "gzip", text), false},
		{"what is not in its coding", "gzip", text, false},
		{"what breaks off", "gzip", compressed(t, "gzip", text)[:15], false},
	} {
		t.Run(tt.name, func(t *testing.T) {
			for _, path := range []string{"/mock", "/http", "/proxy", "/function"} {
				sent, coding = "", ""
				got := sendBody(t, w, "POST", "/prod"+path, tt.body, "Content-Encoding", tt.coding, "Content-Type", "application/json")
				if !tt.ok {
					expect(t, got, 415, `{"message":"Unsupported Media Type"}`, "BadRequestException")
					if reason := got.Header.Get("x-poolgate-reason"); reason != string(authz.MediaTypeUnsupported) || sent != "" {
						t.Errorf("%s: the reason is %q, the backend got %q", path, reason, sent)
					}
					continue
				}
				want := map[string]string{"/http": "hello Ann", "/proxy": text}[path]
				if got.StatusCode != 200 || sent != want || coding != "" {
					t.Errorf("%s answered %d, the backend got %q in %q, want %q", path, got.StatusCode, sent, coding, want)
				}
				if path == "/function" && eventOf(t, f)["body"] != text {
					t.Errorf("the function got %v", eventOf(t, f)["body"])
				}
			}
		})
	}
	most := strings.Repeat("0", 10<<20)
	t.Run("a bomb is as large as what it stands for", func(t *testing.T) {
		got := sendBody(t, w, "POST", "/prod/proxy", compressed(t, "gzip", most+"0"), "Content-Encoding", "gzip")
		expect(t, got, 413, `{"message":"Request Too Long"}`, "RequestTooLargeException")
	})
	t.Run("exactly the limit passes", func(t *testing.T) {
		if got := sendBody(t, w, "POST", "/prod/proxy", compressed(t, "gzip", most), "Content-Encoding", "gzip"); got.StatusCode != 200 || sent != most {
			t.Errorf("answered %d, the backend got %d bytes", got.StatusCode, len(sent))
		}
	})
}

// TestWhatWasReadIsStillSentOn: models and mappings read the body before HTTP_PROXY sends it on. It used to arrive empty.
func TestWhatWasReadIsStillSentOn(t *testing.T) {
	var sent string
	var header http.Header
	server := backend(t, func(_ http.ResponseWriter, r *http.Request) {
		data, _ := io.ReadAll(r.Body)
		sent, header = string(data), r.Header.Clone()
	})
	m := proxy(server.URL, map[string]string{"integration.request.header.X-Name": "method.request.body.name"})
	w := newWorld(t, newAPI().on("POST", "/a", m), nil)
	for _, body := range []string{`{"name":"Ann"}`, fmt.Sprintf(`{"name":"Ann","rest":%q}`, strings.Repeat("x", 100<<10))} {
		if got := sendBody(t, w, "POST", "/prod/a", body, "Content-Type", "application/json"); got.StatusCode != 200 || sent != body || header.Get("X-Name") != "Ann" {
			t.Errorf("answered %d, the backend got %d bytes of %d and the name %q", got.StatusCode, len(sent), len(body), header.Get("X-Name"))
		}
		if got := sendChunked(t, w, "/prod/a", body); got.StatusCode != 200 || sent != body {
			t.Errorf("in chunks: answered %d, the backend got %d bytes of %d", got.StatusCode, len(sent), len(body))
		}
	}
}
