package explain

import (
	"context"
	"maps"
	"net/http"
	"slices"

	"github.com/aws/aws-sdk-go-v2/aws"
	resttypes "github.com/aws/aws-sdk-go-v2/service/apigateway/types"

	"github.com/poolgate/poolgate/internal/gateway/decision"
)

const allowOrigin = "gatewayresponse.header.Access-Control-Allow-Origin"

// corsMends puts CORS headers on the refusal: on the response type that was customised, else on all of its family.
func (l *look) corsMends(v *Verdict) []string {
	if l.http != nil {
		return []string{step("Let the API speak to the page's origin", l.cors())}
	}
	s := l.restSnapshot(true)
	if s == nil {
		return nil
	}
	kind := "DEFAULT_4XX"
	if v.Status >= http.StatusInternalServerError {
		kind = "DEFAULT_5XX"
	}
	own := v.Reason.Info().ResponseType
	var found *resttypes.GatewayResponse
	for i := range s.GatewayResponses {
		if doc := &s.GatewayResponses[i].Value; string(doc.ResponseType) == own || found == nil && string(doc.ResponseType) == kind {
			found = doc
		}
	}
	parameters := map[string]string{}
	words := []any{"apigateway", "put-gateway-response", "--rest-api-id", l.api, "--response-type", kind}
	if found != nil {
		words[5] = string(found.ResponseType)
		maps.Copy(parameters, found.ResponseParameters)
		if len(found.ResponseTemplates) > 0 {
			words = append(words, "--response-templates", jsonText(found.ResponseTemplates))
		}
		if status := aws.ToString(found.StatusCode); status != "" {
			words = append(words, "--status-code", status)
		}
	}
	parameters[allowOrigin] = "'*'"
	words = append(words, "--response-parameters", jsonText(parameters))
	return []string{step("Put CORS headers on the refusals", l.andDeploy(l.aws(words...)))}
}

// cors lets an HTTP API answer preflights and speak to the page's origin, beside what it allows already.
func (l *look) cors() string {
	origin := l.c.Request.Header.Get("Origin")
	if origin == "" {
		origin = "*"
	}
	type configuration struct {
		AllowOrigins, AllowMethods, AllowHeaders []string
		ExposeHeaders                            []string `json:",omitempty"`
		AllowCredentials                         *bool    `json:",omitempty"`
		MaxAge                                   *int32   `json:",omitempty"`
	}
	c := configuration{}
	if s := l.httpSnapshot(true); s != nil && s.API.Value.CorsConfiguration != nil {
		was := s.API.Value.CorsConfiguration
		c = configuration{was.AllowOrigins, was.AllowMethods, was.AllowHeaders, was.ExposeHeaders, was.AllowCredentials, was.MaxAge}
	}
	c.AllowOrigins = with(c.AllowOrigins, origin)
	if len(c.AllowMethods) == 0 {
		c.AllowMethods = []string{"*"}
	}
	source := l.tokenSource()
	if source == "" {
		source = "authorization"
	}
	c.AllowHeaders = with(c.AllowHeaders, source)
	return l.andDeploy(l.aws("apigatewayv2", "update-api", "--api-id", l.api, "--cors-configuration", jsonText(c)))
}

func with(list []string, value string) []string {
	if slices.Contains(list, value) || slices.Contains(list, "*") {
		return list
	}
	return append(slices.Clone(list), value)
}

// preflight is what the stage answers when a browser asks whether it may send the request.
func (l *look) preflight() *decision.Record {
	own := l.c
	question := *own
	question.Request.Header = http.Header{
		"Origin": {own.Request.Header.Get("Origin")}, "Access-Control-Request-Method": {own.Request.Method}, "Access-Control-Request-Headers": {"authorization"},
	}
	question.Request.Body, question.Request.BodyLength = nil, 0
	l.c = &question
	r := l.judged(context.Background(), http.MethodOptions, false)
	l.c = own
	return r
}

// openPreflight takes the authorizer off the method that takes OPTIONS. ANY takes it, too: then OPTIONS becomes a method of its own.
func (l *look) openPreflight(r *decision.Record) []string {
	if l.http != nil {
		return []string{step("Browsers send no token with a preflight. Let the API answer it", l.cors())}
	}
	_, verb := l.method(r)
	if verb == "ANY" {
		return l.addPreflight()
	}
	return []string{step("Browsers send no token with a preflight. Take the authorizer off OPTIONS", l.andDeploy(l.aws("apigateway", "update-method", "--rest-api-id", l.api,
		"--resource-id", r.ResourceID, "--http-method", verb, "--patch-operations", patches(patch{"replace", "/authorizationType", "NONE"}))))}
}

// addPreflight makes a method that answers preflights by itself.
func (l *look) addPreflight() []string {
	if l.http != nil {
		return []string{step("Let the API answer preflights", l.cors())}
	}
	at := []any{"--rest-api-id", l.api, "--resource-id", l.deployed.ResourceID, "--http-method", "OPTIONS"}
	run := func(operation string, more ...any) string {
		return l.aws(append(append([]any{"apigateway", operation}, at...), more...)...)
	}
	headers := func(place, origin, methods, allowed string) string {
		return jsonText(map[string]string{place + "Access-Control-Allow-Origin": origin, place + "Access-Control-Allow-Methods": methods, place + "Access-Control-Allow-Headers": allowed})
	}
	parameters := jsonText(map[string]bool{"method.response.header.Access-Control-Allow-Origin": false, "method.response.header.Access-Control-Allow-Methods": false, "method.response.header.Access-Control-Allow-Headers": false})
	command := run("put-method", "--authorization-type", "NONE") +
		" && " + run("put-method-response", "--status-code", "200", "--response-parameters", parameters) +
		" && " + run("put-integration", "--type", "MOCK", "--request-templates", `{"application/json":"{\"statusCode\": 200}"}`) +
		" && " + run("put-integration-response", "--status-code", "200", "--response-parameters", headers("method.response.header.", "'*'", "'*'", "'Authorization,Content-Type'"))
	return []string{step("Let OPTIONS answer preflights without asking for anything", l.andDeploy(command))}
}

// mendOpen puts an authorizer before a method that has none.
func (l *look) mendOpen() []string {
	if l.rest == nil || l.token == nil {
		return nil
	}
	id, name := l.cognitoAuthorizer()
	if id == "" {
		return nil
	}
	return []string{step("If the method is to ask for a token, let it ask the authorizer "+name,
		l.editMethod(patch{"replace", "/authorizationType", "COGNITO_USER_POOLS"}, patch{"replace", "/authorizerId", id}))}
}
