package httpapi

import (
	"strings"

	"github.com/poolgate/poolgate/internal/gateway/peer"
	"github.com/poolgate/poolgate/internal/gateway/proxyevent"
)

// event1 is the event of payload format 1.0, which resembles a REST API's. Members without a value are null.
type event1 struct {
	Version                   string              `json:"version"`
	Resource                  string              `json:"resource"`
	Path                      string              `json:"path"`
	HTTPMethod                string              `json:"httpMethod"`
	Headers                   map[string]string   `json:"headers"`
	MultiValueHeaders         map[string][]string `json:"multiValueHeaders"`
	QueryParameters           map[string]string   `json:"queryStringParameters"`
	MultiValueQueryParameters map[string][]string `json:"multiValueQueryStringParameters"`
	RequestContext            context1            `json:"requestContext"`
	PathParameters            map[string]string   `json:"pathParameters"`
	StageVariables            map[string]string   `json:"stageVariables"`
	Body                      *string             `json:"body"`
	IsBase64Encoded           bool                `json:"isBase64Encoded"`
}

type context1 struct {
	AccountID         string         `json:"accountId"`
	APIID             string         `json:"apiId"`
	Authorizer        map[string]any `json:"authorizer,omitempty"`
	DomainName        string         `json:"domainName"`
	DomainPrefix      string         `json:"domainPrefix"`
	ExtendedRequestID string         `json:"extendedRequestId"`
	HTTPMethod        string         `json:"httpMethod"`
	Identity          identity1      `json:"identity"`
	Path              string         `json:"path"`
	Protocol          string         `json:"protocol"`
	RequestID         string         `json:"requestId"`
	RequestTime       string         `json:"requestTime"`
	RequestTimeEpoch  int64          `json:"requestTimeEpoch"`
	ResourceID        string         `json:"resourceId"`
	ResourcePath      string         `json:"resourcePath"`
	Stage             string         `json:"stage"`
}

type identity1 struct {
	AccessKey                     *string `json:"accessKey"`
	AccountID                     *string `json:"accountId"`
	Caller                        *string `json:"caller"`
	CognitoAMR                    *string `json:"cognitoAmr"`
	CognitoAuthenticationProvider *string `json:"cognitoAuthenticationProvider"`
	CognitoAuthenticationType     *string `json:"cognitoAuthenticationType"`
	CognitoIdentityID             *string `json:"cognitoIdentityId"`
	CognitoIdentityPoolID         *string `json:"cognitoIdentityPoolId"`
	PrincipalOrgID                *string `json:"principalOrgId"`
	SourceIP                      string  `json:"sourceIp"`
	User                          *string `json:"user"`
	UserAgent                     string  `json:"userAgent"`
	UserARN                       *string `json:"userArn"`
	// ClientCert is what the client of a domain with mutual TLS showed.
	ClientCert *peer.Certificate `json:"clientCert,omitempty"`
}

// resourcePath is the route's path template; $default has its key.
func (r *routePlan) resourcePath() string {
	if r.path == "" {
		return r.key
	}
	return r.path
}

func (x *exchange) context1() context1 {
	domain := x.domainName()
	prefix, _, _ := strings.Cut(domain, ".")
	c := context1{
		AccountID: x.stage.account, APIID: x.target.API, DomainName: domain, DomainPrefix: prefix, ExtendedRequestID: x.requestID,
		HTTPMethod: x.request.Method, Identity: identity1{SourceIP: x.sourceIP(), UserAgent: x.request.UserAgent()}, Path: x.mappedPath(),
		Protocol: x.request.Proto, RequestID: x.requestID, RequestTime: x.requestTime(), RequestTimeEpoch: x.began.UnixMilli(),
		ResourceID: x.route.key, ResourcePath: x.route.resourcePath(), Stage: x.stage.name,
	}
	c.Identity.ClientCert = x.certificate()
	if who := x.caller; who != nil {
		c.Identity.AccessKey, c.Identity.AccountID, c.Identity.Caller = &who.accessKey, &who.accountID, &who.id
		c.Identity.User, c.Identity.UserARN = &who.id, &who.arn
	}
	return c
}

// authorizer1 is requestContext.authorizer: claims and scopes stand in it themselves, as do the members of a function's context.
func (x *exchange) authorizer1() map[string]any {
	switch {
	case x.claims != nil:
		return map[string]any{"claims": x.claims.HTTP(), "scopes": x.eventScopes()}
	case x.granted != nil:
		all := make(map[string]any, len(x.granted.values)+1)
		for name := range x.granted.values {
			if text, ok := x.granted.text(name); ok {
				all[name] = text
			}
		}
		if x.granted.principal != "" {
			all["principalId"] = x.granted.principal
		}
		return all
	}
	return map[string]any{"claims": nil, "scopes": nil}
}

// integrationEvent1 is the event of an integration; out is the request with its parameters mapped.
func (x *exchange) integrationEvent1(out *outgoing) ([]byte, *refusal) {
	body, encoded, refused := x.eventBody()
	if refused != nil {
		return nil, refused
	}
	query := out.query
	if query == nil {
		query = x.queryValues()
	}
	header := lowered(out.header)
	e := event1{
		Version: format1, Resource: x.route.resourcePath(), Path: x.mappedPath(), HTTPMethod: x.request.Method,
		Headers: proxyevent.LastValues(header), MultiValueHeaders: header, QueryParameters: proxyevent.LastValues(query), MultiValueQueryParameters: proxyevent.OrNull(query),
		RequestContext: x.context1(), PathParameters: x.eventParameters(), StageVariables: proxyevent.OrNull(x.stage.variables),
		Body: body, IsBase64Encoded: encoded,
	}
	e.RequestContext.Authorizer = x.authorizer1()
	if out.path != "" {
		e.Path = out.path
	}
	event, err := marshal(&e)
	if err != nil {
		return nil, internalError(err)
	}
	return event, nil
}
