package gateway

import (
	"slices"
	"strings"

	"github.com/aws/aws-sdk-go-v2/service/apigateway/types"

	"github.com/poolgate/poolgate/authz"
)

// requiredParameter is one that the method's validator asks for.
type requiredParameter struct{ place, name string }

// places in the order in which AWS lists what is missing (recorded section 6).
var parameterPlaces = []string{"header", "path", "querystring"}

// requiredParameters are those that a method declares as required, if its validator looks at parameters at all.
func (c *compiler) requiredParameters(doc *types.Method) []requiredParameter {
	if v := c.validator(doc); v == nil || !v.ValidateRequestParameters {
		return nil
	}
	var required []requiredParameter
	for key, isRequired := range doc.RequestParameters {
		place, name, ok := strings.Cut(strings.TrimPrefix(key, "method.request."), ".")
		if ok && isRequired {
			required = append(required, requiredParameter{place, name})
		}
	}
	slices.SortFunc(required, func(a, b requiredParameter) int {
		if d := slices.Index(parameterPlaces, a.place) - slices.Index(parameterPlaces, b.place); d != 0 {
			return d
		}
		return strings.Compare(a.name, b.name)
	})
	return required
}

// validate refuses a request that is too large, is not in the coding that it names, lacks what the method requires or has a body that does not fit its model.
func (g *Gateway) validate(x *exchange) *refusal {
	if x.request.ContentLength > payloadLimit {
		return tooLong()
	}
	if encodingOf(x.request) != "" {
		if _, refused := x.readBody(); refused != nil {
			return refused
		}
	}
	if refused := x.validateParameters(); refused != nil {
		return refused
	}
	if len(x.method.models) == 0 {
		return nil
	}
	return x.validateBody()
}

// validateParameters names everything that is missing at once.
func (x *exchange) validateParameters() *refusal {
	var missing []string
	for _, p := range x.method.required {
		if !x.has(p) {
			missing = append(missing, p.name)
		}
	}
	if len(missing) == 0 {
		return nil
	}
	names := strings.Join(missing, ", ")
	return refuse(authz.ParametersMissing).saying("Missing required request parameters: ["+names+"]").explained("a request without "+names, "all required parameters")
}

func tooLong() *refusal { return refuse(authz.BodyTooLarge).saying("Request Too Long") }

// has tells that a parameter was sent and is not empty.
func (x *exchange) has(p requiredParameter) bool {
	switch p.place {
	case "header":
		return x.request.Header.Get(p.name) != ""
	case "path":
		text, _, _ := x.pathParameter(p.name)
		return text != ""
	case "querystring":
		return x.queryValues().Get(p.name) != ""
	}
	return true
}
