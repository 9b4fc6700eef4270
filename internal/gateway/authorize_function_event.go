package gateway

import (
	"bytes"
	"encoding/json"

	"github.com/poolgate/poolgate/internal/gateway/proxyevent"
)

// tokenEvent is what a function behind a TOKEN authorizer gets, its members in AWS's order.
type tokenEvent struct {
	Type      string `json:"type"`
	MethodARN string `json:"methodArn"`
	Token     string `json:"authorizationToken"`
}

// requestEvent is what a function behind a REQUEST authorizer gets, its members in AWS's order. Other than a proxy integration's event it
// has no nulls: what there is none of is an empty object.
type requestEvent struct {
	Type                            string              `json:"type"`
	MethodARN                       string              `json:"methodArn"`
	Resource                        string              `json:"resource"`
	Path                            string              `json:"path"`
	HTTPMethod                      string              `json:"httpMethod"`
	Headers                         map[string]string   `json:"headers"`
	MultiValueHeaders               map[string][]string `json:"multiValueHeaders"`
	QueryStringParameters           map[string]string   `json:"queryStringParameters"`
	MultiValueQueryStringParameters map[string][]string `json:"multiValueQueryStringParameters"`
	PathParameters                  map[string]string   `json:"pathParameters"`
	StageVariables                  map[string]string   `json:"stageVariables"`
	RequestContext                  eventContext        `json:"requestContext"`
}

// authorizerEvent makes the event of either type.
func (x *exchange) authorizerEvent(f *functionAuthorizer) any {
	if f.isToken {
		return &tokenEvent{"TOKEN", x.methodARN(), x.identity}
	}
	return x.requestEvent()
}

// eventText writes an event as functions get it.
func eventText(event any) ([]byte, error) {
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	err := e.Encode(event)
	return bytes.TrimSuffix(b.Bytes(), []byte("\n")), err
}

func (x *exchange) requestEvent() *requestEvent {
	header, query := x.eventHeader(), x.queryValues()
	return &requestEvent{
		Type: "REQUEST", MethodARN: x.methodARN(), Resource: x.method.resource.path, Path: x.eventPath(), HTTPMethod: x.request.Method,
		Headers: orEmpty(proxyevent.LastValues(header)), MultiValueHeaders: orEmpty(header),
		QueryStringParameters: orEmpty(proxyevent.LastValues(query)), MultiValueQueryStringParameters: orEmpty(query),
		PathParameters: orEmpty(x.eventPathParameters()), StageVariables: orEmpty(x.stage.variables),
		RequestContext: x.eventContext(),
	}
}

// orEmpty is an empty map for none.
func orEmpty[M ~map[string]V, V any](m M) map[string]V {
	if m == nil {
		return map[string]V{}
	}
	return m
}
