package lambda

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"net/http"
	"slices"
	"strconv"
	"strings"

	"golang.org/x/net/http/httpguts"

	"github.com/poolgate/poolgate/internal/lambda/worker"
)

// urlAnswer is what a function answers at its URL.
type urlAnswer struct {
	status  int
	headers map[string]string
	cookies []string
	body    []byte
}

// streamed is the content type of an answer that begins with its status and headers as JSON and eight NULs.
const streamed = "application/vnd.awslambda.http-integration-response"

// urlAnswerOf reads what a function gave: an object with a statusCode says everything itself; all other JSON is a body.
func urlAnswerOf(result worker.Result) (*urlAnswer, error) {
	if result.Failed {
		return nil, errors.New("the function failed")
	}
	if result.ContentType == streamed {
		return streamedAnswer(result.Payload)
	}
	if result.Streamed {
		answer := plainAnswer(result.ContentType)
		answer.body = result.Payload
		return answer, nil
	}
	var members map[string]json.RawMessage
	if json.Unmarshal(result.Payload, &members) != nil || members["statusCode"] == nil {
		if !json.Valid(result.Payload) {
			return nil, errors.New("the function's answer is not JSON")
		}
		return &urlAnswer{status: http.StatusOK, headers: map[string]string{}, body: result.Payload}, nil
	}
	return structuredAnswer(members)
}

// plainAnswer is one that was streamed without a head.
func plainAnswer(kind string) *urlAnswer {
	if kind == "" {
		kind = "application/octet-stream"
	}
	return &urlAnswer{status: http.StatusOK, headers: map[string]string{"Content-Type": kind}}
}

func structuredAnswer(members map[string]json.RawMessage) (*urlAnswer, error) {
	answer := &urlAnswer{headers: map[string]string{}}
	var err error
	if answer.status, err = statusIn(members["statusCode"]); err != nil {
		return nil, err
	}
	var values map[string]any
	if raw := members["headers"]; raw != nil {
		if err := json.Unmarshal(raw, &values); err != nil {
			return nil, fmt.Errorf("headers: %w", err)
		}
	}
	for name, value := range values {
		switch v := value.(type) {
		case string:
			answer.headers[name] = v
		case float64, bool:
			answer.headers[name] = strings.Trim(string(mustJSON(v)), `"`)
		case nil:
		default:
			return nil, fmt.Errorf("the header %s is no text", name)
		}
	}
	if raw := members["cookies"]; raw != nil {
		if err := json.Unmarshal(raw, &answer.cookies); err != nil {
			return nil, fmt.Errorf("cookies: %w", err)
		}
	}
	return answer, answer.readBody(members)
}

func mustJSON(value any) []byte {
	text, err := json.Marshal(value)
	if err != nil {
		return nil
	}
	return text
}

// readBody takes the body: a text, in base64 where the answer says so; what is no text is its JSON.
func (a *urlAnswer) readBody(members map[string]json.RawMessage) error {
	raw := members["body"]
	var value any
	if raw != nil {
		if err := json.Unmarshal(raw, &value); err != nil {
			return err
		}
	}
	if value == nil {
		return nil
	}
	text, is := value.(string)
	if !is {
		a.body = raw
		return nil
	}
	var encoded bool
	if flag := members["isBase64Encoded"]; flag != nil {
		_ = json.Unmarshal(flag, &encoded)
	}
	if a.body = []byte(text); !encoded {
		return nil
	}
	var err error
	if a.body, err = base64.StdEncoding.DecodeString(text); err != nil {
		return fmt.Errorf("the body is not base64: %w", err)
	}
	return nil
}

// statusIn reads a status that is a number, or a text that is one.
func statusIn(raw json.RawMessage) (int, error) {
	status, err := strconv.Atoi(strings.Trim(string(raw), `"`))
	if err != nil || status < 200 || status > 599 {
		return 0, fmt.Errorf("the status %.20s is none", raw)
	}
	return status, nil
}

// streamedAnswer splits an answer that was streamed at the eight NULs behind its head.
func streamedAnswer(payload []byte) (*urlAnswer, error) {
	head, body, found := bytes.Cut(payload, headEnd)
	if !found {
		return nil, errNoHead
	}
	answer, err := headAnswer(head)
	if err == nil {
		answer.body = body
	}
	return answer, err
}

// headEnd ends the head of an answer that is streamed.
var headEnd = make([]byte, 8)

var errNoHead = errors.New("the answer has no head")

// headAnswer reads the status, the headers and the cookies of an answer that is streamed.
func headAnswer(head []byte) (*urlAnswer, error) {
	var members map[string]json.RawMessage
	if err := json.Unmarshal(head, &members); err != nil {
		return nil, fmt.Errorf("the answer's head: %w", err)
	}
	if members["statusCode"] == nil {
		members["statusCode"] = json.RawMessage("200")
	}
	delete(members, "body")
	return structuredAnswer(members)
}

// hopByHop are headers that belong to the connection, which is the server's and not the function's.
var hopByHop = []string{"Connection", "Content-Length", "Keep-Alive", "Proxy-Authenticate", "Te", "Trailer", "Transfer-Encoding", "Upgrade", "Date"}

// write answers the client.
func (c *urlCall) write(answer *urlAnswer) error {
	if err := c.begin(answer); err != nil {
		return err
	}
	if answer.status != http.StatusNoContent && answer.status != http.StatusNotModified {
		c.w.Header().Set("Content-Length", strconv.Itoa(len(answer.body)))
	}
	c.w.WriteHeader(answer.status)
	if c.r.Method != http.MethodHead {
		_, _ = io.Copy(c.w, bytes.NewReader(answer.body))
	}
	return nil
}

// begin sets the answer's headers. One that HTTP cannot carry makes the whole answer a malformed one.
func (c *urlCall) begin(answer *urlAnswer) error {
	header := c.w.Header()
	for _, name := range slices.Sorted(maps.Keys(answer.headers)) {
		value := answer.headers[name]
		if !httpguts.ValidHeaderFieldName(name) || !httpguts.ValidHeaderFieldValue(value) {
			return badGateway.Becausef("the header %.40q cannot be sent", name)
		}
		if canonical := http.CanonicalHeaderKey(name); !slices.Contains(hopByHop, canonical) {
			header.Set(canonical, value)
		}
	}
	for _, cookie := range answer.cookies {
		if !httpguts.ValidHeaderFieldValue(cookie) {
			return badGateway.Becausef("a cookie cannot be sent")
		}
		header.Add("Set-Cookie", cookie)
	}
	if header.Get("Content-Type") == "" {
		header.Set("Content-Type", "application/json")
	}
	c.allowOrigin()
	return nil
}
