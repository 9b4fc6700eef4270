package gateway

import (
	"fmt"

	"github.com/poolgate/poolgate/authz"
	"github.com/poolgate/poolgate/internal/apigateway"
	"github.com/poolgate/poolgate/internal/gateway/decision"
	"github.com/poolgate/poolgate/internal/gateway/usage"
)

// metered is what the phase meter found out about a request; most of it only where the method asks for an API key.
type metered struct {
	// value is the key as the request showed it, key what it is, plan the usage plan that lets it into the stage.
	value string
	key   *apigateway.KeyUse
	plan  *keyPlan
	// unchecked tells that the quota could not be read.
	unchecked error
	// limit is what a throttled request exceeded.
	limit usage.Limit
}

// fill writes down which key and plan it was; the key's value stays out of the record.
func (m *metered) fill(r *decision.Record) {
	if m.key != nil {
		r.APIKeyID = m.key.ID
	}
	if m.plan != nil {
		r.UsagePlan = m.plan.id
	}
}

// meter asks for an API key where the method wants one, and limits how often the key and the method are used. It is what stands
// between authorization and validation. Limits are asked in AWS's order (guide, "Throttle requests to your REST APIs"): those of the
// usage plan for the key, those of the stage for the method, those of the account. A request that one of them refuses does not count for
// the quota.
func (g *Gateway) meter(x *exchange) *refusal {
	m := x.method
	if m.keyRequired {
		if refused := g.findKey(x); refused != nil {
			return refused
		}
		if refused := g.throttleKey(x); refused != nil {
			return refused
		}
	}
	if m.throttle.limited && !g.meters.buckets.Take(m.throttle.bucket, m.throttle.limit) {
		return x.throttled(m.throttle.limit, fmt.Sprintf("method %s %s in stage %s", m.verb, m.resource.path, x.stage.name))
	}
	if limit := g.meters.account; !limit.IsUnlimited() && !g.meters.buckets.Take(usage.ID{Scope: x.stage.account, Who: x.stage.region}, limit) {
		return x.throttled(limit, "account "+x.stage.account+" in "+x.stage.region)
	}
	if m.keyRequired {
		return g.countKey(x)
	}
	return nil
}

// findKey finds the request's API key and the usage plan that lets it into the stage.
func (g *Gateway) findKey(x *exchange) *refusal {
	source, value := x.shownKey()
	if value == "" {
		return refuse(authz.APIKeyMissing).explained("no "+source, "an API key of a usage plan of stage "+x.stage.name)
	}
	invalid := func(saw string) *refusal {
		return refuse(authz.APIKeyInvalid).explained(saw, "an enabled key of a usage plan of stage "+x.stage.name)
	}
	owner := x.stage.keyOwner
	if owner == nil {
		return invalid("an API key, where there are none")
	}
	key, err := owner.key(x.context(), value)
	switch {
	case err != nil:
		return internalError(fmt.Errorf("API keys could not be read: %w", err))
	case key == nil:
		return invalid(fmt.Sprintf("a value of %d characters that no API key of account %s in %s has", len(value), owner.account, owner.region))
	}
	x.metered.value, x.metered.key = value, key
	if !key.Enabled {
		return invalid("the API key " + key.ID + ", which is disabled")
	}
	plan, err := owner.planOf(x.context(), key, planStage{x.stage.api, x.stage.name})
	switch {
	case err != nil:
		return internalError(fmt.Errorf("usage plans could not be read: %w", err))
	case plan == nil:
		return invalid(notInPlan(key, x.stage))
	}
	x.metered.plan = plan
	return nil
}

func notInPlan(key *apigateway.KeyUse, stage *stagePlan) string {
	if len(key.Plans) == 0 {
		return "the API key " + key.ID + ", which is in no usage plan"
	}
	return fmt.Sprintf("the API key %s, whose usage plans %s are for other stages than %s:%s", key.ID, listed(key.Plans), stage.api, stage.name)
}

// shownKey is the API key that the request shows, and where it was looked for: in the header, or in what the API's authorizer answered.
func (x *exchange) shownKey() (source, value string) {
	if x.stage.keyFromAuthorizer {
		return "usageIdentifierKey in the authorizer's answer", x.usageIdentifier()
	}
	return "header x-api-key", x.request.Header.Get("X-Api-Key")
}

// usageIdentifier is the API key that a Lambda authorizer named.
func (x *exchange) usageIdentifier() string {
	if x.granted == nil {
		return ""
	}
	return x.granted.usageKey
}

// throttleKey holds the request against the plan's rate: the method's own where the plan has one, else the one of all stages of the
// plan together. Both are each key's own.
func (g *Gateway) throttleKey(x *exchange) *refusal {
	plan, key := x.metered.plan, x.metered.key
	if limit, own := plan.stages[planStage{x.stage.api, x.stage.name}][x.method.throttle.path]; own {
		bucket := usage.ID{Scope: plan.id, Who: key.ID, What: x.stage.api + "/" + x.stage.name + "/" + x.method.throttle.path}
		if !g.meters.buckets.Take(bucket, limit) {
			return x.throttled(limit, fmt.Sprintf("usage plan %s for each key at %s", plan.id, x.method.throttle.path))
		}
		return nil
	}
	if !g.meters.buckets.Take(usage.ID{Scope: plan.id, Who: key.ID}, plan.throttle) {
		return x.throttled(plan.throttle, "usage plan "+plan.id+" for each key")
	}
	return nil
}

// throttled is the refusal of a request that came too soon.
func (x *exchange) throttled(limit usage.Limit, of string) *refusal {
	x.metered.limit = limit
	return refuse(authz.Throttled).explained("a request beyond the rate that is allowed",
		fmt.Sprintf("%g requests a second with a burst of %d, the limit of %s", limit.Rate, limit.Burst, of))
}

// countKey counts the request for the key, unless the plan's quota is used up. A quota that cannot be read lets the request pass, as
// the guide says of AWS ("Usage Plan check failed due to an internal error").
func (g *Gateway) countKey(x *exchange) *refusal {
	plan, key := x.metered.plan, x.metered.key
	quota := plan.quotaOn(usage.DayOf(g.now()))
	counted, err := g.meters.counters.Take(x.context(), usage.ID{Scope: x.stage.keyOwner.name, Who: key.ID, What: plan.id}, quota)
	x.metered.unchecked = err
	if counted {
		return nil
	}
	return refuse(authz.QuotaExceeded).explained(
		fmt.Sprintf("the API key %s, which has used up the quota of usage plan %s", key.ID, plan.id),
		fmt.Sprintf("%d requests from %s to %s (UTC)", quota.Limit, plan.dayText(quota.Since), plan.dayText(plan.lastDay(quota.Today))))
}
