package gateway

import (
	"encoding/json"
	"errors"
	"net/http"
	"strings"

	"github.com/aws/aws-sdk-go-v2/service/apigateway/types"
)

// mappedFunction is AWS with a function: templates make the event and the answer, and what the function's error says selects the
// integration response.
type mappedFunction struct {
	function  *function
	request   requestTemplates
	responses integrationResponses
}

func (c *compiler) mappedFunction(where string, doc *types.Integration) integration {
	f, err := c.function(where, doc)
	if err != nil {
		return brokenIntegration{err}
	}
	return &mappedFunction{f, compileRequestTemplates(doc), c.integrationResponses(where, doc.IntegrationResponses)}
}

var errEventNotJSON = errors.New("the event for the function is not JSON")

func (m *mappedFunction) invoke(g *Gateway, x *exchange) (*answer, *refusal) {
	payload, refused := m.request.payload(x)
	if refused != nil {
		return nil, refused
	}
	if strings.TrimSpace(payload) == "" {
		payload = "{}"
	}
	if !json.Valid([]byte(payload)) {
		x.trace.detail("Endpoint request body after transformations: %s", truncated(x.withoutCredentials(payload)))
		return nil, internalError(errEventNotJSON).explained("the event "+clippedTo(x.withoutCredentials(payload), 256), "a template that yields JSON")
	}
	async, refused := m.isEvent(x)
	if refused != nil {
		return nil, refused
	}
	out, refused := m.function.call(g, x, []byte(payload), async)
	if refused != nil {
		return nil, refused
	}
	backend := &backendAnswer{
		status: http.StatusOK, header: http.Header{"Content-Type": {jsonType}}, body: out.Payload,
		selection: errorMessage(out.Payload), selected: true,
	}
	if async {
		backend.status = http.StatusAccepted
	}
	a, refused := m.responses.answer(x, backend)
	if refused != nil {
		return nil, refused
	}
	a.traced = true
	x.refusedByBackend(a.status)
	return a, nil
}

// isEvent tells that the function is to run by itself: X-Amz-Invocation-Type, mapped or set by the template, says Event.
func (m *mappedFunction) isEvent(x *exchange) (bool, *refusal) {
	const name = "X-Amz-Invocation-Type"
	kind := x.overridden("header", name)
	for _, h := range m.function.headers {
		if kind != "" || !strings.EqualFold(h.name, name) {
			continue
		}
		values, refused := h.from(x, nil)
		if refused != nil {
			return false, refused
		}
		if len(values) > 0 {
			kind = values[0]
		}
	}
	return strings.EqualFold(kind, "Event"), nil
}

// errorMessage is what selection patterns are held against: the errorMessage of an error object, nothing for any other answer.
func errorMessage(payload []byte) string {
	var failed struct {
		ErrorMessage any `json:"errorMessage"`
	}
	if json.Unmarshal(payload, &failed) != nil {
		return ""
	}
	text, _ := failed.ErrorMessage.(string)
	return text
}
