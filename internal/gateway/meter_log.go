package gateway

import (
	"github.com/poolgate/poolgate/authz"
	"github.com/poolgate/poolgate/internal/vtl"
)

// loggedKey is the API key as logs may show it; empty for a method that asks for none.
func (x *exchange) loggedKey() string {
	if !x.method.keyRequired {
		return ""
	}
	_, value := x.shownKey()
	return masked(value)
}

// logUsagePlan says that the request passed its usage plan. AWS says so of methods without a key, too.
func (x *exchange) logUsagePlan() {
	l, key, stage, method := x.trace, x.loggedKey(), x.stage.api+"/"+x.stage.name, x.method.verb+" "+x.method.resource.path
	if x.metered.unchecked != nil {
		l.fail("Usage Plan check failed due to an internal error")
		return
	}
	if x.method.keyRequired {
		l.line("API Key %s authorized because method '%s' requires API Key and API Key was accepted", key, method)
	} else {
		l.line("API Key %s authorized because method '%s' does not require API Key. Request will not contribute to throttle or quota limits", key, method)
	}
	l.line("Usage Plan check succeeded for API Key %s and API Stage %s", key, stage)
}

// logUnmetered says why a request was refused for its key or its rate. The line of a throttled one is AWS's.
func (x *exchange) logUnmetered(r *refusal) {
	l, stage := x.trace, x.stage
	switch r.reason {
	case authz.Throttled:
		l.fail("Key throttle limit exceeded for RestApi %s, Stage %s, Resource %s, HttpMethod %s. Limit: %.2f Burst: %d",
			stage.api, stage.name, x.method.resource.id, x.method.verb, x.metered.limit.Rate, x.metered.limit.Burst)
	case authz.QuotaExceeded:
		l.fail("Key quota limit exceeded for RestApi %s, Stage %s, Resource %s, HttpMethod %s. Limit: %d Period: %s",
			stage.api, stage.name, x.method.resource.id, x.method.verb, x.metered.plan.quota.Limit, x.metered.plan.quota.Period)
	default:
		l.fail("API Key %s not authorized because method '%s %s' requires API Key and API Key is not associated with a Usage Plan for API Stage %s: %s",
			x.loggedKey(), x.method.verb, x.method.resource.path, stage.api+"/"+stage.name, noKeyText(r))
	}
}

func noKeyText(r *refusal) string {
	if r.reason == authz.APIKeyMissing {
		return "No API Key"
	}
	return r.saw
}

// putAPIKey adds the API key to $context.identity; a request to a method that asks for none has no such members.
func (x *exchange) putAPIKey(identity *vtl.Map) {
	if key := x.metered.key; key != nil {
		identity.Put("apiKey", x.metered.value).Put("apiKeyId", key.ID)
	}
}
