package gateway

import (
	"fmt"
	"net/http"
	"regexp"
	"strconv"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/apigateway/types"

	"github.com/poolgate/poolgate/internal/gateway/upstream"
	"github.com/poolgate/poolgate/internal/vtl"
)

// integrationResponses turn what a MOCK or HTTP integration answered into the answer for the client.
type integrationResponses struct {
	patterned []*integrationResponse
	fallback  *integrationResponse
}

type integrationResponse struct {
	pattern   *regexp.Regexp
	status    int
	headers   []mapping
	templates templates
	// handling is the response's contentHandling.
	handling string
}

func (c *compiler) integrationResponses(where string, docs map[string]types.IntegrationResponse) integrationResponses {
	var all integrationResponses
	for _, key := range sortedKeys(docs) {
		doc := docs[key]
		r := &integrationResponse{templates: compileTemplates(doc.ResponseTemplates), handling: string(doc.ContentHandling)}
		r.status, _ = strconv.Atoi(aws.ToString(doc.StatusCode))
		if r.status == 0 {
			r.status, _ = strconv.Atoi(key)
		}
		r.headers = c.mappings(where, doc.ResponseParameters, "method.response.")
		pattern := aws.ToString(doc.SelectionPattern)
		if pattern == "" {
			if all.fallback == nil {
				all.fallback = r
			}
			continue
		}
		compiled, err := regexp.Compile(`\A(?:` + pattern + `)\z`)
		if err != nil {
			_ = c.problem("%s: the selection pattern of response %s cannot be used: %w", where, key, err)
			continue
		}
		r.pattern = compiled
		all.patterned = append(all.patterned, r)
	}
	return all
}

// choose finds the response whose pattern matches the whole of the backend's status, or of a function's error message, else the
// one without a pattern.
func (r *integrationResponses) choose(backend *backendAnswer) *integrationResponse {
	if len(r.patterned) == 0 {
		return r.fallback
	}
	selection := backend.selection
	if !backend.selected {
		selection = strconv.Itoa(backend.status)
	}
	for _, response := range r.patterned {
		if response.pattern.MatchString(selection) {
			return response
		}
	}
	return r.fallback
}

// answer maps the backend's answer by the response that its status selects.
func (r *integrationResponses) answer(x *exchange, backend *backendAnswer) (*answer, *refusal) {
	chosen := r.choose(backend)
	if chosen == nil {
		return nil, internalError(fmt.Errorf("no integration response for status %d (%q), and none without a selection pattern", backend.status, clippedTo(backend.selection, 128)))
	}
	var converts conversion
	if len(x.stage.binary) > 0 || chosen.handling != "" {
		converts = x.stage.binary.converts(chosen.handling, x.stage.binary.sent(backend.header), x.stage.binary.accepted(x.request.Header))
	}
	if converts.encode {
		backend.body = encodeBinary(backend.body)
	}
	a, refused := chosen.answer(x, backend)
	if refused == nil && converts.decode {
		a.body, refused = decodeBinary(a.body)
	}
	return a, refused
}

// answer maps the backend's answer by this response.
func (r *integrationResponse) answer(x *exchange, backend *backendAnswer) (*answer, *refusal) {
	a := &answer{status: r.status, contentType: jsonType, body: backend.body}
	for _, m := range r.headers {
		values, refused := m.from(x, backend)
		if refused != nil {
			return nil, refused
		}
		if m.place == "header" && len(values) > 0 {
			a.headers = append(a.headers, headerField{remapped(m.name), values})
		}
	}
	template := r.templates.chooseResponse(x)
	if template == nil {
		return a, nil
	}
	a.contentType = template.mediaType
	if template.isLiteral {
		a.body = template.literal
		return a, nil
	}
	override := vtl.NewMap().Put("header", vtl.NewMap())
	text, refused := template.render(x, &templateInput{
		body:     func() (string, *refusal) { return string(backend.body), nil },
		override: override,
	})
	if refused != nil {
		return nil, refused
	}
	a.body = []byte(text)
	a.override(override)
	return a, nil
}

// override applies what a template set of $context.responseOverride. A status that is none is ignored, as on AWS.
func (a *answer) override(o *vtl.Map) {
	if status, ok := o.Get("status"); ok {
		if n, err := strconv.Atoi(vtl.Text(status)); err == nil && n >= 100 && n < 600 {
			a.status = n
		}
	}
	headers, _ := o.Get("header")
	if m, ok := headers.(*vtl.Map); ok {
		for _, name := range m.Keys() {
			value, _ := m.Get(name)
			a.headers = append(a.headers, headerField{remapped(name), []string{vtl.Text(value)}})
		}
	}
}

// remappedHeaders may not be set by an integration: they come out as x-amzn-Remapped-NAME (recorded section 10).
var remappedHeaders = upstream.HeaderSet("Authorization", "Connection", "Content-Length", "Content-Md5", "Date", "Expect", "Host", "Max-Forwards",
	"Proxy-Authenticate", "Server", "Trailer", "Upgrade", "User-Agent", "Www-Authenticate", "X-Amzn-Requestid", "X-Amz-Apigw-Id")

// remappedPrefix begins the names of headers that AWS renames.
const remappedPrefix = "x-amzn-Remapped-"

// remapped is the name under which a header of an integration reaches the client.
func remapped(name string) string {
	switch canonical := http.CanonicalHeaderKey(name); {
	case canonical == "Www-Authenticate":
		return remappedPrefix + "WWW-Authenticate"
	case remappedHeaders[canonical]:
		return remappedPrefix + canonical
	}
	return name
}
