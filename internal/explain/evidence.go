package explain

import (
	"bytes"
	"encoding/json"
	"net/http"
	"slices"
	"strings"

	"github.com/poolgate/poolgate/authz"
)

// evidence is what an answer itself tells of who gave it.
type evidence struct {
	// sent is false when there is no answer.
	sent bool
	// passed tells that the request was let in: the backend answered, whatever it said.
	passed bool
	// gateway tells that API Gateway itself refused, backend that its integration did; neither is set where the answer does not tell.
	gateway, backend bool
	// foreign says that something before API Gateway answered, and what.
	foreign string
	// reasons are those that are answered like this; of one alone it is certain.
	reasons []authz.Reason
	// message is what the answer says.
	message string
}

// could tells whether the answer may have this reason.
func (e *evidence) could(reason authz.Reason) bool { return slices.Contains(e.reasons, reason) }

// tokenRefusals are the reasons that an authorizer of tokens answers alike.
var tokenRefusals = []authz.Reason{
	authz.IdentitySourceMissing, authz.TokenMalformed, authz.TokenIsRefreshToken, authz.TokenAlgorithm, authz.TokenIssuer, authz.PoolNotFound,
	authz.TokenKeyUnknown, authz.KeysUnavailable, authz.TokenSignature, authz.TokenNotYetValid, authz.TokenUseIDExpected,
	authz.TokenUseAccessExpected, authz.TokenAudience, authz.ScopeMissing, authz.AuthorizerUnauthorized, authz.IdentitySourceInvalid,
}

// errorTypes are the reasons behind x-amzn-ErrorType, of REST APIs (facts 1.1 and 1.10).
var errorTypes = map[string][]authz.Reason{
	"ForbiddenException":                  {authz.DomainMappingMissing, authz.EndpointDisabled, authz.PrivateAPI, authz.APIKeyMissing, authz.APIKeyInvalid, authz.WAFBlocked},
	"MissingAuthenticationTokenException": {authz.RouteNotFound, authz.RouteNotFoundSignatureExpected, authz.StageNotFound, authz.SignatureMissing},
	"IncompleteSignatureException":        {authz.RouteNotFoundSignatureExpected, authz.StageNotFound, authz.SignatureMissing, authz.SignatureInvalid},
	"InvalidSignatureException":           {authz.SignatureInvalid, authz.SignatureExpired, authz.RouteNotFoundSignatureExpected},
	"UnrecognizedClientException":         {authz.AccessKeyUnknown, authz.RouteNotFoundSignatureExpected},
	"ExpiredTokenException":               {authz.SignatureExpired},
	"AuthorizerConfigurationException":    {authz.AuthorizerMisconfigured, authz.AuthorizerFailed},
	"AuthorizerFailureException":          {authz.AuthorizerFailed},
	"TooManyRequestsException":            {authz.Throttled},
	"LimitExceededException":              {authz.QuotaExceeded},
	"RequestTooLargeException":            {authz.BodyTooLarge},
}

// readEvidence reads an answer. What is not known for certain it does not say.
func readEvidence(c *Case) evidence {
	a := c.Answer
	if a == nil {
		return evidence{}
	}
	e := evidence{sent: true, message: messageIn(a.Body)}
	if own := authz.Reason(a.Header.Get("X-Poolgate-Reason")); own != "" && c.Located.Local && own.Info().Code != "" {
		e.reasons, e.backend = []authz.Reason{own}, own == authz.IntegrationRefused
		e.gateway = !e.backend
		return e
	}
	isHTTP := a.Header.Get("Apigw-Requestid") != ""
	isREST := a.Header.Get("X-Amz-Apigw-Id") != "" || a.Header.Get("X-Amzn-Requestid") != "" && !isHTTP
	switch {
	case a.Status < http.StatusBadRequest:
		e.passed = true
	case remapped(a.Header):
		e.backend = true
	case isHTTP:
		e.readHTTP(a)
	case isREST || a.Header.Get("X-Amzn-Errortype") != "":
		e.readREST(a)
	default:
		e.foreign = foreigner(a)
		if a.Status == http.StatusForbidden && strings.Contains(strings.ToLower(string(a.Body)), "request blocked") {
			e.reasons = []authz.Reason{authz.WAFBlocked}
		}
	}
	if e.backend {
		e.passed = a.Status != http.StatusUnauthorized && a.Status != http.StatusForbidden
		e.reasons = nil
		if !e.passed {
			e.reasons = []authz.Reason{authz.IntegrationRefused}
		}
	}
	return e
}

// remapped tells that an integration set headers that API Gateway keeps for itself, which only an integration's answer carries.
func remapped(h http.Header) bool {
	for name := range h {
		if strings.HasPrefix(strings.ToLower(name), "x-amzn-remapped-") {
			return true
		}
	}
	return false
}

func (e *evidence) readREST(a *Answer) {
	kind, _, _ := strings.Cut(a.Header.Get("X-Amzn-Errortype"), ":")
	switch e.gateway = true; kind {
	case "":
		e.gateway, e.backend = false, true
	case "UnauthorizedException":
		if e.reasons = tokenRefusals; strings.Contains(e.message, "expired") {
			e.reasons = []authz.Reason{authz.TokenExpired}
		}
	case "AccessDeniedException":
		e.reasons = deniedBy(e.message)
	case "BadRequestException":
		e.reasons = []authz.Reason{authz.BodyInvalid, authz.ParametersMissing}
		if a.Status == http.StatusUnsupportedMediaType {
			e.reasons = []authz.Reason{authz.MediaTypeUnsupported}
		} else if strings.HasPrefix(e.message, "Missing required request parameters") {
			e.reasons = []authz.Reason{authz.ParametersMissing}
		}
	case "InternalServerErrorException":
		e.reasons = brokenIntegration(a.Status)
	case "InvalidSignatureException":
		if e.reasons = errorTypes[kind]; strings.HasPrefix(e.message, "Signature expired") || strings.HasPrefix(e.message, "Signature not yet") {
			e.reasons = []authz.Reason{authz.SignatureExpired}
		}
	default:
		if e.reasons = errorTypes[kind]; e.reasons == nil { // a name that a function gave its own error
			e.gateway, e.backend = false, true
		}
	}
	if a.Status == http.StatusRequestURITooLong {
		e.reasons = []authz.Reason{authz.URITooLong}
	}
}

// deniedBy reads whose policy an AccessDeniedException speaks of.
func deniedBy(message string) []authz.Reason {
	switch {
	case message == authz.AuthorizerDeniedExplicitly.Message():
		return []authz.Reason{authz.AuthorizerDeniedExplicitly}
	case message == authz.AuthorizerDenied.Message():
		return []authz.Reason{authz.AuthorizerDenied}
	case strings.HasPrefix(message, "User: anonymous") || strings.Contains(message, "resource-based policy"):
		return []authz.Reason{authz.ResourcePolicyDenied}
	case strings.HasPrefix(message, "User: arn:"):
		return []authz.Reason{authz.IAMDenied}
	}
	return []authz.Reason{authz.AuthorizerDenied, authz.AuthorizerDeniedExplicitly, authz.ResourcePolicyDenied, authz.IAMDenied}
}

// brokenIntegration are the reasons of a server error of a REST API.
func brokenIntegration(status int) []authz.Reason {
	switch status {
	case http.StatusBadGateway:
		return []authz.Reason{authz.FunctionAnswerMalformed}
	case http.StatusGatewayTimeout:
		return []authz.Reason{authz.IntegrationTimeout, authz.IntegrationFailed}
	}
	return []authz.Reason{authz.IntegrationFailed, authz.FunctionPermissionMissing, authz.FunctionAnswerMalformed}
}

// readHTTP reads an answer of an HTTP API, whose own are known by their bodies alone (fact 2).
func (e *evidence) readHTTP(a *Answer) {
	own := map[int]string{401: "Unauthorized", 403: "Forbidden", 404: "Not Found", 429: "Too Many Requests", 500: "Internal Server Error", 503: "Service Unavailable"}
	if text, exists := own[a.Status]; !exists || !bytes.Equal(bytes.TrimSpace(a.Body), []byte(`{"message":"`+text+`"}`)) {
		e.backend = !exists || len(a.Body) > 0
		if a.Status == http.StatusRequestEntityTooLarge {
			e.backend, e.gateway, e.reasons = false, true, []authz.Reason{authz.BodyTooLarge}
		}
		return
	}
	switch e.gateway = true; a.Status {
	case http.StatusUnauthorized:
		e.reasons = challenged(a.Header.Get("Www-Authenticate"))
	case http.StatusForbidden:
		e.reasons = []authz.Reason{authz.ScopeMissing, authz.AuthorizerDenied, authz.AuthorizerDeniedExplicitly, authz.SignatureMissing, authz.SignatureInvalid,
			authz.SignatureExpired, authz.AccessKeyUnknown, authz.IAMDenied, authz.DomainMappingMissing}
	case http.StatusNotFound:
		e.reasons = []authz.Reason{authz.RouteNotFound, authz.StageNotFound, authz.EndpointDisabled}
	case http.StatusTooManyRequests:
		e.reasons = []authz.Reason{authz.Throttled}
	case http.StatusInternalServerError:
		e.reasons = []authz.Reason{authz.AuthorizerFailed, authz.AuthorizerMisconfigured, authz.IntegrationFailed, authz.FunctionPermissionMissing, authz.FunctionAnswerMalformed}
	case http.StatusServiceUnavailable:
		e.reasons = []authz.Reason{authz.IntegrationTimeout, authz.IntegrationFailed}
	}
}

// challenged reads the error_description of a JWT authorizer.
func challenged(header string) []authz.Reason {
	for part, reasons := range map[string][]authz.Reason{
		"the token has expired":                  {authz.TokenExpired},
		"does not have a valid audience":         {authz.TokenAudience},
		"invalid number of segments":             {authz.TokenMalformed, authz.TokenIsRefreshToken},
		"OIDC discovery endpoint communication":  {authz.KeysUnavailable, authz.PoolNotFound},
		"JWKS communication error":               {authz.KeysUnavailable, authz.PoolNotFound},
		"the token does not have a valid issuer": {authz.TokenIssuer},
		"signing method":                         {authz.TokenAlgorithm},
		"does not have a valid key id":           {authz.TokenKeyUnknown},
		"verification error":                     {authz.TokenSignature},
		"the token is not valid yet":             {authz.TokenNotYetValid},
		"used before issued":                     {authz.TokenNotYetValid},
		"does not have a valid scope":            {authz.ScopeMissing},
	} {
		if strings.Contains(header, part) {
			return reasons
		}
	}
	return tokenRefusals
}

// foreigner names what answered in the place of API Gateway.
func foreigner(a *Answer) string {
	html := strings.Contains(a.Header.Get("Content-Type"), "html") || bytes.HasPrefix(bytes.TrimSpace(a.Body), []byte("<"))
	switch {
	case a.Header.Get("X-Amz-Cf-Id") != "" || strings.EqualFold(a.Header.Get("Server"), "CloudFront"):
		return "CloudFront in front of API Gateway"
	case html:
		return "something that answers with a web page, not API Gateway"
	}
	return "something without API Gateway's headers"
}

// messageIn is the message of a JSON body, whichever case its name has (fact 1.1); empty for anything else.
func messageIn(body []byte) string {
	var said struct {
		Message string `json:"message"` // matches Message, too
	}
	if json.Unmarshal(body, &said) != nil {
		return ""
	}
	return said.Message
}
