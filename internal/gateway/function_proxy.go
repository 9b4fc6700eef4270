package gateway

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"maps"
	"net/http"
	"slices"
	"strconv"

	"github.com/aws/aws-sdk-go-v2/service/apigateway/types"

	"github.com/poolgate/poolgate/internal/gateway/proxyevent"
	"github.com/poolgate/poolgate/internal/gateway/upstream"
)

// proxyIntegration is AWS_PROXY with a function: the whole request goes in as one event, the whole answer comes out as one object.
type proxyIntegration struct{ function *function }

func (c *compiler) functionProxy(where string, doc *types.Integration) integration {
	f, err := c.function(where, doc)
	if err != nil {
		return brokenIntegration{err}
	}
	return &proxyIntegration{f}
}

func (p *proxyIntegration) invoke(g *Gateway, x *exchange) (*answer, *refusal) {
	event, refused := x.proxyEvent(p.function.headers)
	if refused != nil {
		return nil, refused
	}
	out, refused := p.function.call(g, x, event, false)
	if refused != nil {
		return nil, refused
	}
	if out.Failed {
		return nil, functionError(&out)
	}
	a, problem := x.proxyAnswer(out.Payload)
	if problem != "" {
		return nil, malformedAnswer(problem)
	}
	x.refusedByBackend(a.status)
	return a, nil
}

// proxyReply is what a function behind a proxy integration returns.
type proxyReply struct {
	statusCode, body, isBase64Encoded any
	headers                           map[string]any
	multiValueHeaders                 map[string][]any
}

// readReply reads a reply. A member of any other name, letters included, makes the whole malformed, as on AWS.
func readReply(payload []byte) (*proxyReply, error) {
	var members map[string]json.RawMessage
	if err := json.Unmarshal(payload, &members); err != nil {
		return nil, err
	}
	reply := &proxyReply{}
	places := map[string]any{
		"statusCode": &reply.statusCode, "headers": &reply.headers, "multiValueHeaders": &reply.multiValueHeaders, "body": &reply.body,
		"isBase64Encoded": &reply.isBase64Encoded,
	}
	for _, name := range slices.Sorted(maps.Keys(members)) {
		place := places[name]
		if place == nil {
			return nil, fmt.Errorf("it has a member %q", name)
		}
		d := json.NewDecoder(bytes.NewReader(members[name]))
		d.UseNumber()
		if err := d.Decode(place); err != nil {
			return nil, fmt.Errorf("its %s: %w", name, err)
		}
	}
	return reply, nil
}

// proxyAnswer turns a function's answer into the client's; problem says what makes it malformed (recorded section 10: a missing body
// and a statusCode in quotes do not).
func (x *exchange) proxyAnswer(payload []byte) (a *answer, problem string) {
	if text := bytes.TrimSpace(payload); len(text) == 0 || text[0] != '{' {
		return nil, "the function's answer is not an object: " + clippedTo(string(text), 64)
	}
	reply, err := readReply(payload)
	if err != nil {
		return nil, "the function's answer cannot be read: " + err.Error()
	}
	a = &answer{contentType: jsonType, traced: true}
	if a.status, problem = replyStatus(reply.statusCode); problem != "" {
		return nil, problem
	}
	if a.headers, problem = replyHeaders(reply); problem != "" {
		return nil, problem
	}
	body, ok := proxyevent.Scalar(reply.body)
	if !ok {
		return nil, fmt.Sprintf("the body is %s; it must be a string", proxyevent.KindOf(reply.body))
	}
	a.body = []byte(body)
	if encoded, _ := proxyevent.Scalar(reply.isBase64Encoded); encoded == "true" && x.stage.binary.accepted(x.request.Header) {
		decoded, err := base64.StdEncoding.DecodeString(body)
		if err != nil {
			return nil, "the body is not base64, although isBase64Encoded says so"
		}
		a.body = decoded
	}
	return a, ""
}

func replyStatus(value any) (status int, problem string) {
	if value == nil {
		return http.StatusOK, ""
	}
	text, ok := proxyevent.Scalar(value)
	status, err := strconv.Atoi(text)
	if _, isBool := value.(bool); !ok || isBool || err != nil || status < 200 || status > 599 {
		return 0, "the statusCode " + clippedTo(text, 32) + " (" + proxyevent.KindOf(value) + ") is no status"
	}
	return status, ""
}

// replyHeaders puts both kinds of headers together: of a name that is in both, the list's values come first and the single one
// follows unless it is among them.
func replyHeaders(reply *proxyReply) (fields []headerField, problem string) {
	merged := map[string]*headerField{}
	field := func(name string) *headerField {
		key := http.CanonicalHeaderKey(name)
		if merged[key] == nil {
			merged[key] = &headerField{name: name}
		}
		return merged[key]
	}
	for name, values := range reply.multiValueHeaders {
		for _, value := range values {
			text, ok := proxyevent.Scalar(value)
			if !ok {
				return nil, "the header " + name + " has a value that is " + proxyevent.KindOf(value)
			}
			f := field(name)
			f.values = append(f.values, text)
		}
	}
	for name, value := range reply.headers {
		text, ok := proxyevent.Scalar(value)
		if !ok {
			return nil, "the header " + name + " is " + proxyevent.KindOf(value)
		}
		if f := field(name); value != nil && !slices.Contains(f.values, text) {
			f.values = append(f.values, text)
		}
	}
	for _, key := range slices.Sorted(maps.Keys(merged)) {
		f := merged[key]
		if len(f.values) == 0 || upstream.HopByHop[key] && !remappedHeaders[key] || key == "X-Amzn-Trace-Id" {
			continue
		}
		fields = append(fields, headerField{remapped(f.name), f.values})
	}
	return fields, ""
}
