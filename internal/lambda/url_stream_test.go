package lambda

import (
	"bufio"
	"context"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/lambda"
	"github.com/aws/aws-sdk-go-v2/service/lambda/types"
)

// streaming is a function that streams. A path with a gate waits, after its first piece, until the gate lets it go on.
const streaming = `
	const wait = (event) => fetch(event.queryStringParameters.gate);
	exports.handler = awslambda.streamifyResponse(async (event, stream) => {
		switch (event.rawPath) {
		case "/plain": stream.setContentType("text/plain"); stream.write("a"); stream.end("b"); return;
		case "/nothing": stream.end(); return;
		case "/broken": throw new Error("x");
		case "/bad-head": awslambda.HttpResponseStream.from(stream, {statusCode: 99}).end("x"); return;
		case "/no-head": stream.setContentType("application/vnd.awslambda.http-integration-response"); stream.end("no head"); return;
		case "/gated": stream.write("first,"); await wait(event); stream.end("second"); return;
		case "/fails-late": stream.write("first,"); await wait(event); throw new Error("late");
		case "/dies-late": stream.write("first,"); await wait(event); process.exit(3);
		case "/hangs-late": stream.write("first,"); return new Promise(() => setInterval(() => {}, 1000));
		case "/large": for (let i = 0; i < 160; i++) if (!stream.write(Buffer.alloc(65536, 120))) await new Promise((go) => stream.once("drain", go)); stream.end(); return;
		}
		const out = awslambda.HttpResponseStream.from(stream, {statusCode: 201, headers: {"X-A": "1"}, cookies: ["c=d"]});
		out.write("one,");
		setTimeout(() => out.end("two"), 5);
	})`

func newStreamLab(t *testing.T, mode types.InvokeMode) *urlLab {
	t.Helper()
	l := newURLLab(t, streaming, types.FunctionUrlAuthTypeNone, nil).open()
	ok(l.UpdateFunctionUrlConfig(l.ctx(), &lambda.UpdateFunctionUrlConfigInput{FunctionName: aws.String("f"), InvokeMode: mode}))(t)
	return l
}

// TestAFunctionThatStreamsItsAnswer: what the client gets in the end is the same, whether the URL waits for the whole or passes it on.
func TestAFunctionThatStreamsItsAnswer(t *testing.T) {
	for _, mode := range []types.InvokeMode{types.InvokeModeBuffered, types.InvokeModeResponseStream} {
		t.Run(string(mode), func(t *testing.T) {
			l := newStreamLab(t, mode)
			for path, want := range map[string]struct {
				status     int
				body, kind string
			}{
				"/":         {201, "one,two", "application/json"},
				"/plain":    {200, "ab", "text/plain"},
				"/nothing":  {200, "", "application/octet-stream"},
				"/broken":   {502, "Internal Server Error", "application/json"},
				"/bad-head": {502, "Internal Server Error", "application/json"},
				"/no-head":  {502, "Internal Server Error", "application/json"},
			} {
				answer := l.ask(http.MethodGet, path, "", nil)
				if body := text(t, answer); answer.StatusCode != want.status || body != want.body || answer.Header.Get("Content-Type") != want.kind {
					t.Errorf("%s: %d %v %s", path, answer.StatusCode, answer.Header, body)
				}
				if path == "/" && (answer.Header.Get("X-A") != "1" || answer.Header.Get("Set-Cookie") != "c=d") {
					t.Errorf("the head's headers are %v", answer.Header)
				}
			}
		})
	}
}

// TestAFunctionThatDoesNotStreamAtAURLThatWould is answered as a whole.
func TestAFunctionThatDoesNotStreamAtAURLThatWould(t *testing.T) {
	l := newURLLab(t, `exports.handler = async () => ({statusCode: 202, body: "whole"})`, types.FunctionUrlAuthTypeNone, nil).open()
	ok(l.UpdateFunctionUrlConfig(l.ctx(), &lambda.UpdateFunctionUrlConfigInput{FunctionName: aws.String("f"), InvokeMode: types.InvokeModeResponseStream}))(t)
	if answer := l.ask(http.MethodGet, "/", "", nil); answer.StatusCode != 202 || text(t, answer) != "whole" {
		t.Errorf("answered %d", answer.StatusCode)
	}
}

// TestPiecesComeAsTheyAreWritten: the first piece is with the client while the function still waits to write the second. What goes wrong after
// the first piece breaks the connection off, and the function's process, or another, serves the next.
func TestPiecesComeAsTheyAreWritten(t *testing.T) {
	l := newStreamLab(t, types.InvokeModeResponseStream)
	ok(l.UpdateFunctionConfiguration(l.ctx(), &lambda.UpdateFunctionConfigurationInput{FunctionName: aws.String("f"), Timeout: aws.Int32(2)}))(t)
	proceed := make(chan struct{})
	gate := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		select {
		case <-proceed:
		case <-r.Context().Done():
		}
	}))
	defer gate.Close()
	front := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		l.ServeURL(w, r, URLTarget{ID: l.id, Path: r.URL.Path})
	}))
	defer front.Close()
	for _, tt := range []struct {
		path, rest string
		fails      bool
	}{
		{"/gated", "second", false},
		{"/fails-late", "", true},
		{"/gated", "second", false},
		{"/dies-late", "", true},
		{"/gated", "second", false},
		{"/hangs-late", "", true},
	} {
		answer, err := http.Get(front.URL + tt.path + "?gate=" + gate.URL)
		if err != nil {
			t.Fatal(err)
		}
		body := bufio.NewReader(answer.Body)
		if first, err := body.ReadString(','); first != "first," || err != nil {
			t.Fatalf("%s: the first piece is %q, %v", tt.path, first, err)
		}
		if tt.path != "/hangs-late" {
			proceed <- struct{}{}
		}
		rest, err := io.ReadAll(body)
		if string(rest) != tt.rest || errors.Is(err, io.ErrUnexpectedEOF) != tt.fails {
			t.Errorf("%s: the rest is %q, %v", tt.path, rest, err)
		}
		_ = answer.Body.Close()
	}
}

// TestAStreamMayBeLargerThanAnAnswer: the bound of 6 MB is for answers that are given whole.
func TestAStreamMayBeLargerThanAnAnswer(t *testing.T) {
	l := newStreamLab(t, types.InvokeModeResponseStream)
	const size = 160 * 65536
	if body := text(t, l.ask(http.MethodGet, "/large", "", nil)); body != strings.Repeat("x", size) {
		t.Errorf("%d bytes came of %d", len(body), size)
	}
}

// TestAClientThatLeavesAStream leaves the function to itself, and the next client is served.
func TestAClientThatLeavesAStream(t *testing.T) {
	l := newStreamLab(t, types.InvokeModeResponseStream)
	front := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		l.ServeURL(w, r, URLTarget{ID: l.id, Path: r.URL.Path})
	}))
	defer front.Close()
	for range 3 {
		ctx, leave := context.WithCancel(t.Context())
		r, _ := http.NewRequestWithContext(ctx, http.MethodGet, front.URL+"/large", nil)
		answer, err := http.DefaultClient.Do(r)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := io.ReadFull(answer.Body, make([]byte, 100)); err != nil {
			t.Fatal(err)
		}
		leave()
		_ = answer.Body.Close()
	}
	if body := text(t, l.ask(http.MethodGet, "/plain", "", nil)); body != "ab" {
		t.Errorf("the next got %q", body)
	}
}
