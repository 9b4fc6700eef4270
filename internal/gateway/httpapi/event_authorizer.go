package httpapi

import (
	"strings"

	"github.com/poolgate/poolgate/internal/gateway/proxyevent"
)

// authorizerEvent2 is what a REQUEST authorizer of format 2.0 gets (facts 3.2).
type authorizerEvent2 struct {
	Version         string            `json:"version"`
	Type            string            `json:"type"`
	RouteARN        string            `json:"routeArn"`
	IdentitySource  []string          `json:"identitySource"`
	RouteKey        string            `json:"routeKey"`
	RawPath         string            `json:"rawPath"`
	RawQueryString  string            `json:"rawQueryString"`
	Cookies         []string          `json:"cookies,omitempty"`
	Headers         map[string]string `json:"headers"`
	QueryParameters map[string]string `json:"queryStringParameters,omitempty"`
	RequestContext  context2          `json:"requestContext"`
	PathParameters  map[string]string `json:"pathParameters,omitempty"`
	StageVariables  map[string]string `json:"stageVariables,omitempty"`
}

// authorizerEvent1 is what one of format 1.0 gets: identitySource and authorizationToken are the same text.
type authorizerEvent1 struct {
	Version            string            `json:"version"`
	Type               string            `json:"type"`
	MethodARN          string            `json:"methodArn"`
	IdentitySource     *string           `json:"identitySource"`
	AuthorizationToken *string           `json:"authorizationToken"`
	Resource           string            `json:"resource"`
	Path               string            `json:"path"`
	HTTPMethod         string            `json:"httpMethod"`
	Headers            map[string]string `json:"headers"`
	QueryParameters    map[string]string `json:"queryStringParameters"`
	PathParameters     map[string]string `json:"pathParameters"`
	StageVariables     map[string]string `json:"stageVariables"`
	RequestContext     context1          `json:"requestContext"`
}

const requestType = "REQUEST"

// authorizerEvent is the event in the authorizer's format; values are those of its identity sources.
func (x *exchange) authorizerEvent(f *functionGuard, values []string) ([]byte, error) {
	header := x.eventHeader()
	if f.version == format1 {
		e := authorizerEvent1{
			Version: format1, Type: requestType, MethodARN: x.routeARN(), Resource: x.route.resourcePath(), Path: x.mappedPath(),
			HTTPMethod: x.request.Method, Headers: joinedHeader(header), QueryParameters: orEmpty(joinedValues(x.queryValues())),
			PathParameters: orEmpty(x.eventParameters()), StageVariables: orEmpty(x.stage.variables), RequestContext: x.context1(),
		}
		if len(values) > 0 {
			source := strings.Join(values, ",")
			e.IdentitySource, e.AuthorizationToken = &source, &source
		}
		return marshal(&e)
	}
	e := authorizerEvent2{
		Version: format2, Type: requestType, RouteARN: x.routeARN(), RouteKey: x.route.key, RawPath: x.fullPath(),
		RawQueryString: x.request.URL.RawQuery, Cookies: cookies(header), QueryParameters: joinedValues(x.queryValues()),
		RequestContext: x.context2(), PathParameters: x.eventParameters(), StageVariables: proxyevent.OrNull(x.stage.variables),
	}
	if len(values) > 0 {
		e.IdentitySource = values
	}
	if e.RequestContext.Authentication == nil {
		e.RequestContext.Authentication = jsonNull
	}
	header.Del("Cookie")
	e.Headers = joinedHeader(header)
	return marshal(&e)
}

func orEmpty(m map[string]string) map[string]string {
	if m == nil {
		return map[string]string{}
	}
	return m
}
