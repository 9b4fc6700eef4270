package gateway

import (
	"maps"
	"slices"
	"strconv"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/apigateway/types"

	"github.com/poolgate/poolgate/internal/vtl"
)

// Gateway response types that code names.
const (
	typeAccessDenied     = "ACCESS_DENIED"
	typeAPIConfiguration = "API_CONFIGURATION_ERROR"
	typeDefault4XX       = "DEFAULT_4XX"
	typeDefault5XX       = "DEFAULT_5XX"
)

// responseTypes are the gateway response types with their own status and error name (fact 1.1, recorded section 3).
// INTEGRATION_FAILURE is listed by AWS with 504 and answered with 500 (recorded).
var responseTypes = map[string]struct {
	status    int
	errorType string
}{
	typeAccessDenied:                 {403, "AccessDeniedException"},
	typeAPIConfiguration:             {500, "InternalServerErrorException"},
	"AUTHORIZER_CONFIGURATION_ERROR": {500, "AuthorizerConfigurationException"},
	"AUTHORIZER_FAILURE":             {500, "AuthorizerFailureException"},
	"BAD_REQUEST_BODY":               {400, "BadRequestException"},
	"BAD_REQUEST_PARAMETERS":         {400, "BadRequestException"},
	"EXPIRED_TOKEN":                  {403, "ExpiredTokenException"},
	"INTEGRATION_FAILURE":            {500, "InternalServerErrorException"},
	"INTEGRATION_TIMEOUT":            {504, "InternalServerErrorException"},
	"INVALID_API_KEY":                {403, "ForbiddenException"},
	"INVALID_SIGNATURE":              {403, "InvalidSignatureException"},
	"MISSING_AUTHENTICATION_TOKEN":   {403, "MissingAuthenticationTokenException"},
	"QUOTA_EXCEEDED":                 {429, "LimitExceededException"},
	"REQUEST_TOO_LARGE":              {413, "RequestTooLargeException"},
	"RESOURCE_NOT_FOUND":             {404, "ResourceNotFoundException"},
	"THROTTLED":                      {429, "TooManyRequestsException"},
	"UNAUTHORIZED":                   {401, "UnauthorizedException"},
	"UNSUPPORTED_MEDIA_TYPE":         {415, "BadRequestException"},
	"WAF_FILTERED":                   {403, "ForbiddenException"},
}

const (
	jsonType = "application/json"
	// builtInTemplate is the body of every gateway response that nobody customised.
	builtInTemplate = `{"message":$context.error.messageString}`
)

// gatewayResponse is what a stage answers a kind of refusal with, the user's settings and defaults put together.
type gatewayResponse struct {
	// status is 0 where the refusal's own counts.
	status  int
	headers []mapping
	// template is nil for the built-in body; broken when it cannot be parsed, the built-in body is then answered.
	template    *vtl.Template
	contentType string
}

// builtIn is the answer of every type that nobody customised.
var builtIn = &gatewayResponse{contentType: jsonType}

// responses resolves the types: the user's own entry counts alone, with the type's defaults for what it leaves out; else the
// entry of the family; else the defaults (recorded sections 3 and 11).
func (c *compiler) responses() {
	own := make(map[string]*types.GatewayResponse, len(c.snapshot.GatewayResponses))
	for i := range c.snapshot.GatewayResponses {
		doc := &c.snapshot.GatewayResponses[i].Value
		own[string(doc.ResponseType)] = doc
	}
	c.plan.responses = make(map[string]*gatewayResponse, len(responseTypes))
	for name, t := range responseTypes {
		doc := own[name]
		if doc == nil {
			family := typeDefault4XX
			if t.status >= 500 {
				family = typeDefault5XX
			}
			doc = own[family]
		}
		if doc == nil {
			c.plan.responses[name] = builtIn
			continue
		}
		c.plan.responses[name] = c.response(doc)
	}
}

func (c *compiler) response(doc *types.GatewayResponse) *gatewayResponse {
	r := &gatewayResponse{contentType: jsonType}
	if status, err := strconv.Atoi(aws.ToString(doc.StatusCode)); err == nil {
		r.status = status
	}
	r.headers = c.mappings("gateway response "+string(doc.ResponseType), doc.ResponseParameters, "gatewayresponse.")
	text, ok := doc.ResponseTemplates[jsonType]
	if !ok && len(doc.ResponseTemplates) > 0 {
		r.contentType = slices.Sorted(maps.Keys(doc.ResponseTemplates))[0]
		text = doc.ResponseTemplates[r.contentType]
	}
	if len(doc.ResponseTemplates) > 0 && text != builtInTemplate {
		if template, err := vtl.Parse(text); err == nil {
			r.template = template
		}
	}
	return r
}

// refuse turns a refusal into the answer that the stage gives to its type.
func (x *exchange) refuse(r *refusal) *answer {
	x.refusal = r
	a := &answer{status: r.status, contentType: jsonType, errorType: r.errorType}
	t, isType := responseTypes[r.responseType]
	if a.status == 0 {
		a.status = t.status
	}
	if a.errorType == "" {
		a.errorType = t.errorType
	}
	response := builtIn
	if isType && x.stage != nil {
		response = x.stage.responses[r.responseType]
	}
	if response.status != 0 {
		a.status = response.status
	}
	a.contentType = response.contentType
	a.headers = x.mapAll(response.headers, nil)
	if response.template != nil {
		body, err := response.template.Render(x.variables(nil))
		if err == nil {
			a.body = []byte(body)
			return a
		}
	}
	a.body = builtInBody(r)
	return a
}

// builtInBody is the built-in template, rendered. Denials carry a capital Message although the template that AWS shows for
// them does not (fact 1.1).
func builtInBody(r *refusal) []byte {
	key := `{"message":`
	if r.responseType == typeAccessDenied {
		key = `{"Message":`
	}
	return []byte(key + r.messageString() + "}")
}

// messageString is $context.error.messageString: the message in quotes, or null.
func (r *refusal) messageString() string {
	if r.isNull {
		return "null"
	}
	return vtl.Quote(r.message)
}
