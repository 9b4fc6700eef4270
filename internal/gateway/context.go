package gateway

import (
	"net/http"
	"slices"
	"strings"

	"github.com/poolgate/poolgate/authz"
	"github.com/poolgate/poolgate/internal/gateway/signed"
	"github.com/poolgate/poolgate/internal/vtl"
)

// contextValue finds a value of $context by its dotted name. What follows authorizer.claims. is one name, however many dots
// and colons it has.
func (x *exchange) contextValue(name string) any {
	if claim, ok := strings.CutPrefix(name, "authorizer.claims."); ok {
		value, _ := claimsObject{x.claims}.Property(claim)
		return value
	}
	var value any = contextObject{x: x}
	for part := range strings.SplitSeq(name, ".") {
		switch v := value.(type) {
		case vtl.Object:
			value, _ = v.Property(part)
		case *vtl.Map:
			value, _ = v.Get(part)
		default:
			return nil
		}
	}
	return value
}

// contextObject is $context. Its parts are made when a template asks for them.
type contextObject struct {
	x *exchange
	// response is responseOverride while a response template renders.
	response *vtl.Map
}

// Property returns $context.name.
func (c contextObject) Property(name string) (any, bool) {
	value := c.value(name)
	return value, value != nil
}

// Call runs $context.get('name').
func (c contextObject) Call(method string, args []any) (any, bool, error) {
	if method == "get" && len(args) == 1 {
		value, _ := c.Property(vtl.Text(args[0]))
		return value, true, nil
	}
	return nil, false, nil
}

func (c contextObject) value(name string) any {
	x := c.x
	switch name {
	case "requestId":
		return x.requestID
	case "extendedRequestId":
		return x.extendedID
	case "apiId":
		return x.target.API
	case "stage":
		return x.stageName
	case "httpMethod":
		return x.request.Method
	case "path":
		return x.stagePath()
	case "protocol":
		return x.request.Proto
	case "domainName":
		return domainName(x.request)
	case "domainPrefix":
		prefix, _, _ := strings.Cut(domainName(x.request), ".")
		return prefix
	case "requestTime":
		return x.requestTime()
	case "requestTimeEpoch":
		return x.began.UnixMilli()
	case "identity":
		return x.identityMap()
	case "xrayTraceId":
		return x.traceHeader()
	case "requestOverride":
		return x.requestOverride()
	}
	if value := c.found(name); value != nil {
		return value
	}
	return c.deployed(name)
}

// found are the values that only some requests have.
func (c contextObject) found(name string) any {
	x := c.x
	switch {
	case name == "customDomain" && x.target.Domain != nil:
		return vtl.NewMap().Put("basePathMatched", strings.TrimPrefix(x.target.Domain.BasePath, "/"))
	case name == "responseOverride" && c.response != nil:
		return c.response
	case name == "authorizer" && x.claims != nil:
		return authorizerObject{x.claims}
	case name == "authorizer" && x.granted != nil:
		return grantObject{x.granted, x.grantLatency}
	case name == "error" && x.refusal != nil:
		return errorObject{x.refusal}
	}
	return nil
}

// deployed are the values that a stage and a method give.
func (c contextObject) deployed(name string) any {
	x := c.x
	if x.stage != nil {
		switch name {
		case "accountId":
			return x.stage.account
		case "deploymentId":
			return x.stage.deployment
		case "isCanaryRequest":
			if x.stage.isCanary || x.stage.canary != nil {
				return x.stage.isCanary
			}
		}
	}
	if x.method != nil {
		switch name {
		case "resourcePath":
			return x.method.resource.path
		case "resourceId":
			return x.method.resource.id
		}
	}
	return nil
}

// stagePath is the request's path with what stood before it, $context.path: the stage, or through a custom domain the base path.
func (x *exchange) stagePath() string {
	if len(x.path.Segments) == 0 && !x.path.Trailing {
		return behind(x.frontPath(), "/")
	}
	return behind(x.frontPath(), x.path.Text())
}

// requestTime is $context.requestTime, in the form of access logs.
func (x *exchange) requestTime() string { return x.began.UTC().Format("02/Jan/2006:15:04:05 -0700") }

// requestOverride is what a request template sets of the integration's request.
func (x *exchange) requestOverride() *vtl.Map {
	if x.override == nil {
		x.override = vtl.NewMap().Put("header", vtl.NewMap()).Put("querystring", vtl.NewMap()).Put("path", vtl.NewMap())
	}
	return x.override
}

// overrides are the parameters of one place that the request template set, by name.
func (x *exchange) overrides(place string) *vtl.Map {
	if x.override == nil {
		return nil
	}
	value, _ := x.override.Get(place)
	m, _ := value.(*vtl.Map)
	return m
}

// overridden is the value that the request template gave to a parameter, its name in any case; empty when it gave none.
func (x *exchange) overridden(place, name string) string {
	m := x.overrides(place)
	if m == nil {
		return ""
	}
	for _, key := range m.Keys() {
		if strings.EqualFold(key, name) {
			value, _ := m.Get(key)
			return vtl.Text(value)
		}
	}
	return ""
}

// domainName is the host that the client named, without its port.
func domainName(r *http.Request) string {
	if i := strings.LastIndexByte(r.Host, ':'); i >= 0 && !strings.HasSuffix(r.Host, "]") {
		return r.Host[:i]
	}
	return r.Host
}

// identityMap is $context.identity; what the request has none of is empty, as templates see it.
func (x *exchange) identityMap() *vtl.Map {
	var c signed.Caller
	if x.caller != nil {
		c = *x.caller
	}
	m := vtl.NewMap().Put("cognitoIdentityPoolId", "").Put("accountId", c.Account).Put("cognitoIdentityId", "").Put("caller", c.UserID)
	x.putAPIKey(m)
	if certificate := x.certificate(); certificate != nil {
		m.Put("clientCert", certificateMap(certificate))
	}
	return m.Put("sourceIp", x.sourceIP()).Put("principalOrgId", "").Put("accessKey", c.AccessKey).Put("cognitoAuthenticationType", "").
		Put("cognitoAuthenticationProvider", "").Put("userArn", c.ARN).Put("userAgent", x.request.UserAgent()).Put("user", c.UserID)
}

// authorizerObject is $context.authorizer.
type authorizerObject struct{ claims *authz.Claims }

func (a authorizerObject) Property(name string) (any, bool) {
	if name == "claims" {
		return claimsObject(a), true
	}
	return nil, false
}

func (a authorizerObject) Call(method string, args []any) (any, bool, error) {
	if method == "get" && len(args) == 1 {
		value, _ := a.Property(vtl.Text(args[0]))
		return value, true, nil
	}
	return vtl.Call(a.Map(), method, args)
}

// Map is the authorizer as templates walk over it: its one member is the claims.
func (a authorizerObject) Map() *vtl.Map { return vtl.NewMap().Put("claims", claimsObject(a)) }

// claimsObject is $context.authorizer.claims: a map of texts (fact 1.8) that renders null as a whole.
type claimsObject struct{ claims *authz.Claims }

func (c claimsObject) String() string { return "null" }

func (c claimsObject) Property(name string) (any, bool) {
	if c.claims == nil {
		return nil, false
	}
	value, ok := c.claims.RESTValue(name)
	if !ok {
		return nil, false
	}
	return value, true
}

// Call runs a method of the map that the claims are.
func (c claimsObject) Call(method string, args []any) (any, bool, error) {
	if method == "get" && len(args) == 1 {
		value, _ := c.Property(vtl.Text(args[0]))
		return value, true, nil
	}
	return vtl.Call(c.Map(), method, args)
}

// Map is the claims in the order of the token.
func (c claimsObject) Map() *vtl.Map {
	m := vtl.NewMap().ShowAs("null")
	if c.claims != nil {
		c.claims.Each(func(name string, _ []byte) bool {
			if value, ok := c.claims.RESTValue(name); ok {
				m.Put(name, value)
			}
			return true
		})
	}
	return m
}

// errorObject is $context.error, in gateway responses.
type errorObject struct{ refusal *refusal }

func (e errorObject) Property(name string) (any, bool) {
	switch name {
	case "message":
		if e.refusal.isNull {
			return nil, false
		}
		return e.refusal.message, true
	case "messageString":
		return e.refusal.messageString(), true
	case "responseType":
		return e.refusal.responseType, true
	}
	return nil, false
}

func (e errorObject) Call(string, []any) (any, bool, error) { return nil, false, nil }

// variables are what a template of this request sees.
func (x *exchange) variables(t *templateInput) *templateVariables {
	return &templateVariables{x: x, input: t}
}

// templateInput is the payload of $input; response tells that it is an integration's answer, whose template may override the
// answer's status and headers.
type templateInput struct {
	body     func() (string, *refusal)
	override *vtl.Map
	refused  *refusal
}

// templateVariables resolves a template's references; each is made when it is asked for, so that a template that does not look at
// the payload does not read it.
type templateVariables struct {
	x     *exchange
	input *templateInput
	made  *vtl.Input
}

func (v *templateVariables) Variable(name string) (any, bool) {
	switch name {
	case "context":
		c := contextObject{x: v.x}
		if v.input != nil {
			c.response = v.input.override
		}
		return c, true
	case "stageVariables":
		return v.x.stageVariables(), true
	case "util":
		return vtl.Utilities{}, true
	case "input":
		if v.input == nil {
			return nil, false
		}
		if v.made == nil {
			body, refused := v.input.body()
			v.input.refused = refused
			v.made = v.x.inputOf(body)
		}
		return v.made, true
	}
	return nil, false
}

func (x *exchange) stageVariables() *vtl.Map {
	m := vtl.NewMap()
	if x.stage != nil {
		for _, name := range sortedKeys(x.stage.variables) {
			m.Put(name, x.stage.variables[name])
		}
	}
	return m
}

// inputOf is $input over a payload. Of several values of a parameter the last counts, as on AWS.
func (x *exchange) inputOf(body string) *vtl.Input {
	in := &vtl.Input{Body: body, Path: vtl.NewMap(), Query: vtl.NewMap(), Header: vtl.NewMap()}
	if x.method != nil {
		for _, name := range x.method.resource.names {
			if text, _, ok := x.pathParameter(name); ok {
				in.Path.Put(name, text)
			}
		}
	}
	putLast(in.Query, x.queryValues())
	putLast(in.Header, x.request.Header)
	return in
}

func putLast(into *vtl.Map, values map[string][]string) {
	for _, name := range sortedKeys(values) {
		if of := values[name]; len(of) > 0 {
			into.Put(name, of[len(of)-1])
		}
	}
}

func sortedKeys[V any](m map[string]V) []string {
	keys := make([]string, 0, len(m))
	for key := range m {
		keys = append(keys, key)
	}
	slices.Sort(keys)
	return keys
}
