package gateway

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"net/http"
	"strings"

	"github.com/poolgate/poolgate/internal/gateway/peer"
	"github.com/poolgate/poolgate/internal/gateway/proxyevent"
	"github.com/poolgate/poolgate/internal/gateway/signed"
	"github.com/poolgate/poolgate/internal/gateway/upstream"
)

// proxyEvent is what a function behind a proxy integration gets: the members, their order and their nulls are those recorded on AWS
// (section 10).
type proxyEvent struct {
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
	Body                            *string             `json:"body"`
	IsBase64Encoded                 bool                `json:"isBase64Encoded"`
}

type eventContext struct {
	ResourceID string `json:"resourceId"`
	// Authorizer is left out, not null, when nothing authorised the request.
	Authorizer        any           `json:"authorizer,omitempty"`
	ResourcePath      string        `json:"resourcePath"`
	OperationName     string        `json:"operationName,omitempty"`
	HTTPMethod        string        `json:"httpMethod"`
	ExtendedRequestID string        `json:"extendedRequestId"`
	RequestTime       string        `json:"requestTime"`
	Path              string        `json:"path"`
	AccountID         string        `json:"accountId"`
	Protocol          string        `json:"protocol"`
	Stage             string        `json:"stage"`
	DomainPrefix      string        `json:"domainPrefix"`
	RequestTimeEpoch  int64         `json:"requestTimeEpoch"`
	RequestID         string        `json:"requestId"`
	Identity          eventIdentity `json:"identity"`
	DomainName        string        `json:"domainName"`
	DeploymentID      string        `json:"deploymentId"`
	APIID             string        `json:"apiId"`
}

// eventAuthorizer holds the claims, each a string (fact 1.8).
type eventAuthorizer struct {
	Claims map[string]string `json:"claims"`
}

// eventIdentity is who calls; all but two of its twelve members are for IAM and identity pools, and null.
type eventIdentity struct {
	CognitoIdentityPoolID         *string `json:"cognitoIdentityPoolId"`
	AccountID                     *string `json:"accountId"`
	CognitoIdentityID             *string `json:"cognitoIdentityId"`
	APIKey                        *string `json:"apiKey,omitempty"`
	Caller                        *string `json:"caller"`
	SourceIP                      string  `json:"sourceIp"`
	PrincipalOrgID                *string `json:"principalOrgId"`
	AccessKey                     *string `json:"accessKey"`
	CognitoAuthenticationType     *string `json:"cognitoAuthenticationType"`
	CognitoAuthenticationProvider *string `json:"cognitoAuthenticationProvider"`
	UserARN                       *string `json:"userArn"`
	APIKeyID                      *string `json:"apiKeyId,omitempty"`
	UserAgent                     *string `json:"userAgent"`
	User                          *string `json:"user"`
	// ClientCert is what the client of a domain with mutual TLS showed.
	ClientCert *peer.Certificate `json:"clientCert,omitempty"`
}

// signedBy fills in who signed the request.
func (i *eventIdentity) signedBy(c *signed.Caller) {
	if c != nil {
		i.AccountID, i.Caller, i.AccessKey, i.UserARN, i.User = &c.Account, &c.UserID, &c.AccessKey, &c.ARN, &c.UserID
	}
}

// proxyEvent makes the event. Header mappings of the integration change its headers.
func (x *exchange) proxyEvent(mapped []mapping) ([]byte, *refusal) {
	body, refused := x.readBody()
	if refused != nil {
		return nil, refused
	}
	header := x.eventHeader()
	for _, m := range mapped {
		values, refused := m.from(x, nil)
		if refused != nil {
			return nil, refused
		}
		setSpelled(header, m.name, values)
	}
	event := proxyEvent{
		Resource: x.method.resource.path, Path: x.eventPath(), HTTPMethod: x.request.Method,
		Headers: proxyevent.LastValues(header), MultiValueHeaders: header,
		QueryStringParameters: proxyevent.LastValues(x.queryValues()), MultiValueQueryStringParameters: proxyevent.OrNull(x.queryValues()),
		PathParameters: x.eventPathParameters(), StageVariables: proxyevent.OrNull(x.stage.variables),
		RequestContext: x.eventContext(),
	}
	if len(body) > 0 {
		text := string(body)
		if event.IsBase64Encoded = x.stage.binary.sent(x.request.Header); event.IsBase64Encoded {
			text = base64.StdEncoding.EncodeToString(body)
		}
		event.Body = &text
	}
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	if err := e.Encode(&event); err != nil {
		return nil, internalError(err)
	}
	return bytes.TrimSuffix(b.Bytes(), []byte("\n")), nil
}

// eventHeader are the request's headers as a function sees them: the client's, Authorization among them, and those that API
// Gateway adds. Headers of the connection are not.
func (x *exchange) eventHeader() http.Header {
	from := x.request.Header
	named := upstream.ConnectionHeaders(from)
	to := make(http.Header, len(from)+5)
	for name, values := range from {
		if !upstream.HopByHop[name] && !named[name] && name != "Content-Length" && name != "Expect" {
			to[name] = values
		}
	}
	x.forwardIdentity(to)
	addForwarded(x, to)
	to["Host"] = []string{domainName(x.request)}
	to["X-Amzn-Trace-Id"] = []string{x.traceHeader()}
	x.spell(to)
	return to
}

// setSpelled sets a header in place of the client's, in whatever letters that came: many a function reads names in any case, and of two the
// last. Without a value there is none, so that the client cannot speak for the API.
func setSpelled(h http.Header, name string, values []string) {
	for written := range h {
		if strings.EqualFold(written, name) {
			delete(h, written)
		}
	}
	if len(values) > 0 {
		h[name] = values
	}
}

// ownSpelling are the headers that API Gateway writes by itself, also where the client sent one of that name.
var ownSpelling = upstream.HeaderSet("Host", "User-Agent", "X-Amzn-Trace-Id", "X-Forwarded-For", "X-Forwarded-Port", "X-Forwarded-Proto")

// spell gives the client's names the letters in which they came (recorded: X-Test and x-test are what the function sees).
func (x *exchange) spell(h http.Header) {
	if x.target.Spelled == nil {
		return
	}
	for name, values := range h {
		if ownSpelling[name] && (name != "User-Agent" || x.request.ProtoMajor >= 2) {
			continue
		}
		if written := x.target.Spelled(name); written != name {
			delete(h, name)
			h[written] = values
		}
	}
}

// rawSegments are the segments of the path as the client wrote them. They are those that were matched, one for one, in their first
// spelling: what AWS hands to functions is not decoded (recorded).
func (x *exchange) rawSegments() []string {
	raw := make([]string, 0, len(x.path.Segments)+1)
	for part := range strings.SplitSeq(x.target.Path, "/") {
		if part != "" {
			raw = append(raw, part)
		}
	}
	if skip := len(raw) - len(x.path.Segments); skip >= 0 {
		return raw[skip:]
	}
	raw = raw[:0]
	for _, s := range x.path.Segments {
		raw = append(raw, s.Escaped)
	}
	return raw
}

// rawPath is the path without the stage, as the client wrote it.
func (x *exchange) rawPath() string {
	path := "/" + strings.Join(x.rawSegments(), "/")
	if x.path.Trailing && path != "/" {
		path += "/"
	}
	return path
}

// rawStagePath is the path with the stage, requestContext.path; through a custom domain with the base path instead.
func (x *exchange) rawStagePath() string {
	if len(x.path.Segments) == 0 && !x.path.Trailing {
		return behind(x.frontPath(), "/")
	}
	return x.frontPath() + x.rawPath()
}

// rawParameter is a path parameter as the client wrote it.
func (x *exchange) rawParameter(name string) (string, bool) {
	for i, n := range x.method.resource.names {
		if n == name && i < len(x.parameters) {
			return strings.Join(x.rawSegments()[x.parameters[i].from:x.parameters[i].to], "/"), true
		}
	}
	return "", false
}

// eventPathParameters are the parameters as they stood in the path: recorded, they are not decoded.
func (x *exchange) eventPathParameters() map[string]string {
	var all map[string]string
	for _, name := range x.method.resource.names {
		if raw, ok := x.rawParameter(name); ok {
			if all == nil {
				all = make(map[string]string, len(x.method.resource.names))
			}
			all[name] = raw
		}
	}
	return all
}

func (x *exchange) eventContext() eventContext {
	domain := domainName(x.request)
	prefix, _, _ := strings.Cut(domain, ".")
	c := eventContext{
		ResourceID: x.method.resource.id, ResourcePath: x.method.resource.path, OperationName: x.method.operation,
		HTTPMethod: x.request.Method, ExtendedRequestID: x.extendedID, RequestTime: x.requestTime(),
		Path: x.rawStagePath(), AccountID: x.stage.account, Protocol: x.request.Proto, Stage: x.stageName, DomainPrefix: prefix,
		RequestTimeEpoch: x.began.UnixMilli(), RequestID: x.requestID, Identity: eventIdentity{SourceIP: x.sourceIP()},
		DomainName: domain, DeploymentID: x.stage.deployment, APIID: x.target.API,
	}
	if agent := x.request.UserAgent(); agent != "" {
		c.Identity.UserAgent = &agent
	}
	c.Identity.signedBy(x.caller)
	c.Identity.ClientCert = x.certificate()
	if key := x.metered.key; key != nil {
		c.Identity.APIKey, c.Identity.APIKeyID = &x.metered.value, &key.ID
	}
	switch {
	case x.claims != nil:
		c.Authorizer = &eventAuthorizer{x.claims.REST()}
	case x.granted != nil:
		c.Authorizer = grantObject{x.granted, x.grantLatency}
	}
	return c
}
