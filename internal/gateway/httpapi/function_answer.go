package httpapi

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"maps"
	"net/http"
	"slices"
	"strconv"

	"github.com/poolgate/poolgate/internal/gateway/proxyevent"
)

// textType is the media type of a function's answer that names none.
const textType = "text/plain; charset=utf-8"

// reply is what a function behind a proxy integration returns. Members of other names, letters included, are ignored.
type reply struct {
	statusCode, body, isBase64Encoded any
	headers                           map[string]any
	multiValueHeaders                 map[string][]any
	cookies                           []string
}

// readReply turns a function's answer into the client's; problem says what makes it malformed. In format 2.0 an answer without a
// statusCode is itself the body of a 200 (guide, "Lambda function response for format 2.0").
func readReply(payload []byte, version string) (a *answer, problem string) {
	text := bytes.TrimSpace(payload)
	var members map[string]json.RawMessage
	if len(text) > 0 && text[0] == '{' {
		if err := json.Unmarshal(text, &members); err != nil {
			return nil, "the function's answer cannot be read: " + err.Error()
		}
	}
	if status := members["statusCode"]; version == format2 && (len(status) == 0 || string(status) == "null") {
		return inferred(text)
	}
	if members == nil {
		return nil, "the function's answer is not an object: " + clippedTo(string(text), 64)
	}
	var r reply
	for name, place := range map[string]any{
		"statusCode": &r.statusCode, "headers": &r.headers, "multiValueHeaders": &r.multiValueHeaders, "cookies": &r.cookies, "body": &r.body,
		"isBase64Encoded": &r.isBase64Encoded,
	} {
		if len(members[name]) == 0 {
			continue
		}
		d := json.NewDecoder(bytes.NewReader(members[name]))
		d.UseNumber()
		if err := d.Decode(place); err != nil {
			return nil, "its " + name + ": " + err.Error()
		}
	}
	return r.answer(version)
}

// inferred is the answer of a function that returned no statusCode: its JSON, or the text of a string.
func inferred(text []byte) (*answer, string) {
	body := slices.Clone(text)
	if len(text) > 0 && text[0] == '"' {
		var s string
		if err := json.Unmarshal(text, &s); err != nil {
			return nil, "the function's answer cannot be read: " + err.Error()
		}
		body = []byte(s)
	} else if len(text) > 0 && !json.Valid(text) {
		return nil, "the function's answer is not JSON"
	}
	return &answer{status: http.StatusOK, contentType: jsonType, body: body}, ""
}

func (r *reply) answer(version string) (*answer, string) {
	a := &answer{}
	var problem string
	if a.status, problem = replyStatus(r.statusCode); problem != "" {
		return nil, problem
	}
	if a.headers, problem = r.fields(version); problem != "" {
		return nil, problem
	}
	body, ok := proxyevent.Scalar(r.body)
	if !ok {
		return nil, "the body is " + proxyevent.KindOf(r.body) + "; it must be a string"
	}
	a.body = []byte(body)
	if encoded, _ := proxyevent.Scalar(r.isBase64Encoded); encoded == "true" {
		decoded, err := base64.StdEncoding.DecodeString(body)
		if err != nil {
			return nil, "the body is not base64, although isBase64Encoded says so"
		}
		a.body = decoded
	}
	if a.header("Content-Type") == "" {
		a.contentType = textType
	}
	return a, ""
}

func replyStatus(value any) (status int, problem string) {
	text, ok := proxyevent.Scalar(value)
	status, err := strconv.Atoi(text)
	if _, isBool := value.(bool); !ok || isBool || err != nil || status < 200 || status > 599 {
		return 0, "the statusCode " + clippedTo(text, 32) + " (" + proxyevent.KindOf(value) + ") is no status"
	}
	return status, ""
}

// fields puts all of an answer's headers together: of a name that is in both kinds, the list's values come first and the single one
// follows unless it is among them. Each cookie is a set-cookie of its own.
func (r *reply) fields(version string) (fields []headerField, problem string) {
	merged := http.Header{}
	if version == format1 {
		for name, values := range r.multiValueHeaders {
			for _, value := range values {
				text, ok := proxyevent.Scalar(value)
				if !ok {
					return nil, "the header " + name + " has a value that is " + proxyevent.KindOf(value)
				}
				merged.Add(name, text)
			}
		}
	}
	for name, value := range r.headers {
		text, ok := proxyevent.Scalar(value)
		if !ok {
			return nil, "the header " + name + " is " + proxyevent.KindOf(value)
		}
		if value != nil && !slices.Contains(merged.Values(name), text) {
			merged.Add(name, text)
		}
	}
	if version == format2 {
		for _, cookie := range r.cookies {
			merged.Add("Set-Cookie", cookie)
		}
	}
	for _, name := range slices.Sorted(maps.Keys(merged)) {
		if !ownHeader(name) {
			fields = append(fields, headerField{name, merged[name]})
		}
	}
	return fields, ""
}
