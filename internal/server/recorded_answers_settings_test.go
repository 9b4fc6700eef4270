package server

import (
	"strings"
	"testing"
)

// builtinResponses are the types a fresh API lists and their statuses (the recording, section 3), in the order of the list.
var builtinResponses = [][2]string{
	{"ACCESS_DENIED", "403"}, {"API_CONFIGURATION_ERROR", "500"}, {"AUTHORIZER_CONFIGURATION_ERROR", "500"}, {"AUTHORIZER_FAILURE", "500"},
	{"BAD_REQUEST_BODY", "400"}, {"BAD_REQUEST_PARAMETERS", "400"}, {"DEFAULT_4XX", ""}, {"DEFAULT_5XX", ""}, {"EXPIRED_TOKEN", "403"},
	{"INTEGRATION_FAILURE", "504"}, {"INTEGRATION_TIMEOUT", "504"}, {"INVALID_API_KEY", "403"}, {"INVALID_SIGNATURE", "403"},
	{"MISSING_AUTHENTICATION_TOKEN", "403"}, {"QUOTA_EXCEEDED", "429"}, {"REQUEST_TOO_LARGE", "413"}, {"RESOURCE_NOT_FOUND", "404"}, {"THROTTLED", "429"},
	{"UNAUTHORIZED", "401"}, {"UNSUPPORTED_MEDIA_TYPE", "415"}, {"WAF_FILTERED", "403"},
}

const (
	builtinBody = `{"application/json":"{\"message\":$context.error.messageString}"}`
	// what section 3 sets for the whole 5XX family
	familyParameters = `{"gatewayresponse.header.x-a":"'a'"}`
	familyTemplates  = `{"application/json":"{}"}`
)

func gatewayResponse(kind, status, parameters, templates, isDefault string) string {
	text := `{"defaultResponse":` + isDefault + `,"responseParameters":` + parameters + `,"responseTemplates":` + templates + `,"responseType":"` + kind + `"`
	if status != "" {
		text += `,"statusCode":"` + status + `"`
	}
	return text + `}`
}

// The recording, section 3.
func TestRecordedAnswersOfGatewayResponses(t *testing.T) {
	fresh := make([]string, len(builtinResponses))
	after := make([]string, len(builtinResponses))
	for i, builtin := range builtinResponses {
		kind, status := builtin[0], builtin[1]
		fresh[i] = gatewayResponse(kind, status, "{}", builtinBody, "true")
		switch {
		case kind == "AUTHORIZER_FAILURE":
			after[i] = gatewayResponse(kind, "500", `{"gatewayresponse.header.x-b":"'b'"}`, builtinBody, "false")
		case kind == "DEFAULT_5XX":
			after[i] = gatewayResponse(kind, "599", familyParameters, familyTemplates, "false")
		case strings.HasPrefix(status, "5"):
			after[i] = gatewayResponse(kind, "599", familyParameters, familyTemplates, "true")
		default:
			after[i] = fresh[i]
		}
	}
	list := func(items []string) string { return `{"item":[` + strings.Join(items, ",") + `]}` }
	const at = "/restapis/<api>/gatewayresponses"
	refused := func(name, patch string, status int, code, message string) step {
		return step{name, "PATCH", at + "/UNAUTHORIZED", patchBody(patch), status, code, message}
	}
	walk(t, []step{
		made,
		{"a fresh API's", "GET", at, "", 200, "", list(fresh)},
		{"a type of the user's that was never set deleted", "DELETE", at + "/ACCESS_DENIED", "", 404, "NotFoundException", "Gateway response type not defined on api"},
		{"parameters alone keep the status", "PUT", at + "/MISSING_AUTHENTICATION_TOKEN", `{"responseParameters":{"gatewayresponse.header.X":"'x'"}}`, 201, "",
			gatewayResponse("MISSING_AUTHENTICATION_TOKEN", "403", `{"gatewayresponse.header.X":"'x'"}`, builtinBody, "false")},
		{"a status alone keeps the template", "PUT", at + "/MISSING_AUTHENTICATION_TOKEN", `{"statusCode":"404"}`, 201, "",
			gatewayResponse("MISSING_AUTHENTICATION_TOKEN", "404", "{}", builtinBody, "false")},
		{"deleted", "DELETE", at + "/MISSING_AUTHENTICATION_TOKEN", "", 202, "", ""},
		{"the built-in one again", "GET", at + "/MISSING_AUTHENTICATION_TOKEN", "", 200, "", gatewayResponse("MISSING_AUTHENTICATION_TOKEN", "403", "{}", builtinBody, "true")},
		{"one type of a family", "PUT", at + "/AUTHORIZER_FAILURE", `{"responseParameters":{"gatewayresponse.header.x-b":"'b'"}}`, 201, "",
			gatewayResponse("AUTHORIZER_FAILURE", "500", `{"gatewayresponse.header.x-b":"'b'"}`, builtinBody, "false")},
		{"the family", "PUT", at + "/DEFAULT_5XX", `{"statusCode":"599","responseParameters":` + familyParameters + `,"responseTemplates":` + familyTemplates + `}`, 201, "",
			gatewayResponse("DEFAULT_5XX", "599", familyParameters, familyTemplates, "false")},
		{"the family shows in its types that were not set", "GET", at, "", 200, "", list(after)},
		{"a type never put is made the user's", "PATCH", at + "/DEFAULT_4XX", patchBody("replace /statusCode 444"), 200, "", gatewayResponse("DEFAULT_4XX", "444", "{}", builtinBody, "false")},
		refused("a status added", "add /statusCode 444", 400, "BadRequestException", "Invalid patch path /statusCode"),
		refused("a status removed", "remove /statusCode", 400, "BadRequestException", "Invalid patch path /statusCode"),
		refused("an unknown parameter", "replace /responseParameters/gatewayresponse.header.Y 'y'", 404, "NotFoundException", "Invalid parameter name specified"),
		refused("another path", "replace /wrongPath x", 400, "BadRequestException", "Invalid patch path /wrongPath"),
		refused("a template without a value", "replace /responseTemplates/application~1json", 400, "BadRequestException", "Invalid null or empty value in responseTemplates"),
		refused("a parameter without a value", "replace /responseParameters/gatewayresponse.header.Y", 400, "BadRequestException", "Invalid null or empty value in responseParameters"),
		{"an unknown API", "GET", "/restapis/fake-api-id/gatewayresponses", "", 404, "NotFoundException", "Invalid API identifier specified 111111111111:fake-api-id"},
		{"an unknown API put", "PUT", "/restapis/fake-api-id/gatewayresponses/UNAUTHORIZED", "{}", 404, "NotFoundException", "Invalid API identifier specified 111111111111:fake-api-id"},
	})
}

// mocked are the steps that lead to a stage dev.
var mocked = []step{
	made,
	{"a method", "PUT", "/restapis/<api>/resources/<root>/methods/GET", `{"authorizationType":"NONE","apiKeyRequired":true}`, 201, "", `{"apiKeyRequired":true,"authorizationType":"NONE","httpMethod":"GET"}`},
	{"an integration", "PUT", "/restapis/<api>/resources/<root>/methods/GET/integration", `{"type":"MOCK"}`, 201, "",
		`{"cacheKeyParameters":[],"cacheNamespace":"<root>","passthroughBehavior":"WHEN_NO_MATCH","timeoutInMillis":29000,"type":"MOCK"}`},
	{"a deployment", "POST", "/restapis/<api>/deployments", `{}`, 201, "", `{"createdDate":"<date>","id":"<deployment>"}`},
	{"a stage", "POST", "/restapis/<api>/stages", `{"stageName":"dev","deploymentId":"<deployment>"}`, 201, "",
		`{"cacheClusterEnabled":false,"cacheClusterStatus":"NOT_AVAILABLE","createdDate":"<date>","deploymentId":"<deployment>","lastUpdatedDate":"<date>","methodSettings":{},"stageName":"dev","tracingEnabled":false}`},
}

// The recording, section 5.
func TestRecordedAnswersOfKeysAndPlans(t *testing.T) {
	const shown = `"createdDate":"<date>","enabled":false,"id":"<key>","lastUpdatedDate":"<date>","name":"mine","stageKeys":[]`
	walk(t, append(append([]step{}, mocked...),
		step{"a plan", "POST", "/usageplans", `{"name":"plan","apiStages":[{"apiId":"<api>","stage":"dev"}],"quota":{"limit":10,"offset":0,"period":"DAY"},` +
			`"throttle":{"burstLimit":2,"rateLimit":1},"tags":{"k":"v"}}`, 201, "",
			`{"apiStages":[{"apiId":"<api>","stage":"dev"}],"id":"<plan>","name":"plan","quota":{"limit":10,"offset":0,"period":"DAY"},"tags":{"k":"v"},"throttle":{"burstLimit":2,"rateLimit":1}}`},
		step{"a key", "POST", "/apikeys", `{"name":"mine"}`, 201, "", `{` + shown + `,"value":"<value>"}`},
		step{"the key in the plan", "POST", "/usageplans/<plan>/keys", `{"keyId":"<key>","keyType":"API_KEY"}`, 201, "", `{"id":"<key>","name":"mine","type":"API_KEY","value":"<value>"}`},
		step{"a text for a boolean", "PATCH", "/apikeys/<key>", patchBody("replace /enabled whatever"), 200, "", `{` + shown + `,"tags":{}}`},
		step{"the key's id", "PATCH", "/apikeys/<key>", patchBody("replace /id x"), 400, "BadRequestException",
			"Invalid patch path  '/id' specified for op 'replace'. Must be one of: [/description, /enabled, /name, /customerId]"},
		step{"the key with its value", "GET", "/apikeys/<key>?includeValue=true", "", 200, "", `{` + shown + `,"tags":{},"value":"<value>"}`},
		step{"all keys without values", "GET", "/apikeys", "", 200, "", `{"item":[{` + shown + `}]}`},
		step{"a name too long", "POST", "/apikeys", `{"name":"` + strings.Repeat("n", 1025) + `"}`, 400, "BadRequestException", "Invalid API Key name, can be at most 1024 characters."},
		step{"a value too short", "POST", "/apikeys", `{"value":"short"}`, 400, "BadRequestException", "API Key value should be at least 20 characters"},
		step{"a value too long", "POST", "/apikeys", `{"value":"` + strings.Repeat("v", 129) + `"}`, 400, "BadRequestException", "API Key value exceeds maximum size of 128 characters"},
		step{"a description too long", "POST", "/apikeys", `{"description":"` + strings.Repeat("d", 125001) + `"}`, 400, "BadRequestException", "Invalid API Key description specified."},
		step{"usage", "GET", "/usageplans/<plan>/usage?startDate=2026-01-01&endDate=2026-01-02", "", 200, "",
			`{"endDate":"2026-01-02","startDate":"2026-01-01","usagePlanId":"<plan>","values":{"<key>":[[0,10],[0,10]]}}`},
	))
}

// The recording, section 7, as far as the control plane refuses.
func TestRecordedRefusalsOfTestInvocations(t *testing.T) {
	walk(t, append(append([]step{}, mocked...),
		step{"an unknown method", "POST", "/restapis/<api>/resources/<root>/methods/PUT", `{}`, 404, "NotFoundException", "Invalid Method identifier specified"},
		step{"an unknown resource", "POST", "/restapis/<api>/resources/nosuch/methods/GET", `{}`, 404, "NotFoundException", "Invalid Resource identifier specified"},
		step{"an unknown API", "POST", "/restapis/nosuch/resources/<root>/methods/GET", `{}`, 404, "NotFoundException", "Invalid Resource identifier specified"},
	))
}

// The recording, section 9.
func TestRecordedAnswersOfStages(t *testing.T) {
	const stage = "/restapis/<api>/stages/dev"
	const paths = "Invalid accessLogSettings path. Must be one of : [/accessLogSettings/destinationArn, /accessLogSettings/format]"
	shown := func(method, more string) string {
		return `{"cacheClusterEnabled":false,"cacheClusterStatus":"NOT_AVAILABLE","createdDate":"<date>","deploymentId":"<deployment>","lastUpdatedDate":"<date>",` +
			`"methodSettings":{` + method + `},"stageName":"dev","tracingEnabled":false` + more + `}`
	}
	settings := func(caching, burst string) string {
		return `"*/*":{"cacheDataEncrypted":false,"cacheTtlInSeconds":300,"cachingEnabled":` + caching + `,"dataTraceEnabled":false,"metricsEnabled":false,` +
			`"requireAuthorizationForCacheControl":true,"throttlingBurstLimit":` + burst + `,"throttlingRateLimit":10000,"unauthorizedCacheControlHeaderStrategy":"SUCCEED_WITH_RESPONSE_HEADER"}`
	}
	refused := func(name, patch, message string) step {
		return step{name, "PATCH", stage, patchBody(patch), 400, "BadRequestException", message}
	}
	nothing := func(name string) string {
		return "Cannot remove method setting " + name + " because there is no method setting for this method "
	}
	walk(t, append(append([]step{}, mocked...),
		refused("settings that are not there", "remove /*/*", nothing("*/*")),
		step{"one setting, and the defaults of the rest", "PATCH", stage, patchBody("replace /*/*/caching/enabled true"), 200, "", shown(settings("true", "5000"), "")},
		step{"another", "PATCH", stage, patchBody("replace /*/*/throttling/burstLimit 123"), 200, "", shown(settings("true", "123"), "")},
		step{"all removed", "PATCH", stage, patchBody("remove /*/*"), 200, "", shown("", "")},
		refused("a log setting that is none", "add /accessLogSettings/randomValue x", paths),
		refused("a log setting that is none replaced", "replace /accessLogSettings/randomValue x", paths),
		refused("an empty destination", "replace /accessLogSettings/destinationArn ", "Access Log value must not be empty"),
		refused("an empty format", "replace /accessLogSettings/format ", "Access Log value must not be empty"),
		refused("a destination that is not there", "remove /accessLogSettings/destinationArn", nothing("accessLogSettings/destinationArn")),
		step{"a format", "PATCH", stage, patchBody("replace /accessLogSettings/format $context.requestId"), 200, "", shown("", `,"accessLogSettings":{"format":"$context.requestId"}`)},
		step{"a deployment that the stage points to", "DELETE", "/restapis/<api>/deployments/<deployment>", "", 400, "BadRequestException",
			"Active stages pointing to this deployment must be moved or deleted"},
	))
}
