package gateway

import (
	"github.com/aws/aws-sdk-go-v2/service/apigateway/types"

	"github.com/poolgate/poolgate/internal/apigateway"
	"github.com/poolgate/poolgate/internal/gateway/usage"
)

// methodThrottle is how often a method may be called in its stage, by everybody together.
type methodThrottle struct {
	limited bool
	limit   usage.Limit
	bucket  usage.ID
	// path names the method as usage plans do, "/pets/GET".
	path string
}

// The limits of an account (recorded section 9, where they are every method's defaults). A method whose own limit is not below them has
// none of its own.
const (
	accountRate  = 10000
	accountBurst = 5000
)

// measure compiles what a stage limits: its settings are the stage's own, not the deployment's, and act at once (fact 1.13).
func (g *Gateway) measure(plan *stagePlan, p *apigateway.Published) {
	plan.keyFromAuthorizer = p.Snapshot.API.Value.ApiKeySource == types.ApiKeySourceTypeAuthorizer
	settings := settingsOf(&p.Stage)
	cache(plan, p, settings)
	for _, resource := range plan.resources {
		for verb, method := range resource.methods {
			if method.keyRequired && plan.keyOwner == nil && g.meters.keys != nil {
				plan.keyOwner = g.meters.owners.of(g.meters.keys, plan.account, plan.region)
			}
			method.throttle = methodThrottle{path: resource.path + "/" + verb}
			if setting, exists := settings.of(resource.path, verb); exists {
				method.throttle.by(setting, plan)
			}
		}
	}
}

// by takes a limit over from a method's settings. Below zero, which is how Terraform writes it, there is none.
func (t *methodThrottle) by(setting types.MethodSetting, plan *stagePlan) {
	rate, burst := setting.ThrottlingRateLimit, int(setting.ThrottlingBurstLimit)
	if rate < 0 || burst < 0 || rate >= accountRate && burst >= accountBurst {
		return
	}
	t.limited, t.limit = true, usage.Limit{Rate: rate, Burst: burst}
	t.bucket = usage.ID{Scope: plan.api, Who: plan.name, What: t.path}
}

// stageSettings are the settings of a stage's methods by resource path and verb, with * for all.
type stageSettings map[string]types.MethodSetting

func settingsOf(stage *types.Stage) stageSettings {
	s := make(stageSettings, len(stage.MethodSettings))
	for key, setting := range stage.MethodSettings {
		s[settingKey(key)] = setting
	}
	return s
}

// of are the settings of one method: its own, else those of all methods.
func (s stageSettings) of(path, verb string) (types.MethodSetting, bool) {
	for _, key := range [...]string{path + "/" + verb, "*/" + verb, path + "/*", "*/*"} {
		if setting, exists := s[key]; exists {
			return setting, true
		}
	}
	return types.MethodSetting{}, false
}
