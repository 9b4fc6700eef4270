package httpapi

import (
	"encoding/json"
	"strings"

	"github.com/poolgate/poolgate/internal/gateway/proxyevent"
)

// event2 is the event of payload format 2.0 (guide: "Create AWS Lambda proxy integrations for HTTP APIs"). Members without a value
// are left out.
type event2 struct {
	Version         string            `json:"version"`
	RouteKey        string            `json:"routeKey"`
	RawPath         string            `json:"rawPath"`
	RawQueryString  string            `json:"rawQueryString"`
	Cookies         []string          `json:"cookies,omitempty"`
	Headers         map[string]string `json:"headers"`
	QueryParameters map[string]string `json:"queryStringParameters,omitempty"`
	RequestContext  context2          `json:"requestContext"`
	Body            *string           `json:"body,omitempty"`
	PathParameters  map[string]string `json:"pathParameters,omitempty"`
	IsBase64Encoded bool              `json:"isBase64Encoded"`
	StageVariables  map[string]string `json:"stageVariables,omitempty"`
}

type context2 struct {
	AccountID string `json:"accountId"`
	APIID     string `json:"apiId"`
	// Authentication is the client's certificate: null in an authorizer's event, left out in an integration's.
	Authentication any          `json:"authentication,omitempty"`
	Authorizer     *authorizer2 `json:"authorizer,omitempty"`
	DomainName     string       `json:"domainName"`
	DomainPrefix   string       `json:"domainPrefix"`
	HTTP           http2        `json:"http"`
	RequestID      string       `json:"requestId"`
	RouteKey       string       `json:"routeKey"`
	Stage          string       `json:"stage"`
	Time           string       `json:"time"`
	TimeEpoch      int64        `json:"timeEpoch"`
}

type http2 struct {
	Method    string `json:"method"`
	Path      string `json:"path"`
	Protocol  string `json:"protocol"`
	SourceIP  string `json:"sourceIp"`
	UserAgent string `json:"userAgent"`
}

// authorizer2 has one member, for the kind of authorizer that let the request in.
type authorizer2 struct {
	JWT    *jwt2            `json:"jwt,omitempty"`
	Lambda *json.RawMessage `json:"lambda,omitempty"`
	IAM    *iam2            `json:"iam,omitempty"`
}

// jwt2 are the claims, each a string, and the token's scopes where the route asks for some, else null (facts 2).
type jwt2 struct {
	Claims map[string]string `json:"claims"`
	Scopes []string          `json:"scopes"`
}

type iam2 struct {
	AccessKey       string  `json:"accessKey"`
	AccountID       string  `json:"accountId"`
	CallerID        string  `json:"callerId"`
	CognitoIdentity *string `json:"cognitoIdentity"`
	PrincipalOrgID  *string `json:"principalOrgId"`
	UserARN         string  `json:"userArn"`
	UserID          string  `json:"userId"`
}

var jsonNull = json.RawMessage("null")

func (x *exchange) context2() context2 {
	domain := x.domainName()
	prefix, _, _ := strings.Cut(domain, ".")
	return context2{
		Authentication: x.authentication(),
		AccountID:      x.stage.account, APIID: x.target.API, Authorizer: x.authorizer2(), DomainName: domain, DomainPrefix: prefix,
		HTTP:      http2{x.request.Method, x.fullPath(), x.request.Proto, x.sourceIP(), x.request.UserAgent()},
		RequestID: x.requestID, RouteKey: x.route.key, Stage: x.stage.name, Time: x.requestTime(), TimeEpoch: x.began.UnixMilli(),
	}
}

func (x *exchange) authorizer2() *authorizer2 {
	switch {
	case x.claims != nil:
		return &authorizer2{JWT: &jwt2{x.claims.HTTP(), x.eventScopes()}}
	case x.granted != nil:
		context := x.granted.context
		if context == nil {
			context = jsonNull
		}
		return &authorizer2{Lambda: &context}
	case x.caller != nil:
		c := x.caller
		return &authorizer2{IAM: &iam2{AccessKey: c.accessKey, AccountID: c.accountID, CallerID: c.id, UserARN: c.arn, UserID: c.id}}
	}
	return nil
}

// eventScopes are the token's scopes, all of them, if the route asks for any.
func (x *exchange) eventScopes() []string {
	if len(x.route.scopes) == 0 {
		return nil
	}
	return x.claims.HTTPScopes()
}

// integrationEvent2 is the event of an integration; out is the request with its parameters mapped.
func (x *exchange) integrationEvent2(out *outgoing) ([]byte, *refusal) {
	body, encoded, refused := x.eventBody()
	if refused != nil {
		return nil, refused
	}
	query := out.query
	if query == nil {
		query = x.queryValues()
	}
	e := event2{
		Version: format2, RouteKey: x.route.key, RawPath: x.fullPath(), RawQueryString: out.queryText(), Cookies: cookies(out.header),
		QueryParameters: joinedValues(query), RequestContext: x.context2(), PathParameters: x.eventParameters(),
		StageVariables: proxyevent.OrNull(x.stage.variables), Body: body, IsBase64Encoded: encoded,
	}
	if out.path != "" {
		e.RawPath = out.path
	}
	out.header.Del("Cookie")
	e.Headers = joinedHeader(out.header)
	event, err := marshal(&e)
	if err != nil {
		return nil, internalError(err)
	}
	return event, nil
}
