package explain

import (
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	resttypes "github.com/aws/aws-sdk-go-v2/service/apigateway/types"
)

// plans are the usage plans of the request's stage.
func (l *look) plans() []string { return l.rest.Plans[l.api+":"+l.stageName()] }

// aPlan names a usage plan of the stage, or the command that makes one and prints its id.
func (l *look) aPlan() any {
	if plans := l.plans(); len(plans) > 0 {
		return plans[0]
	}
	return substitution(l.aws("apigateway", "create-usage-plan", "--name", l.api+"-"+l.stageName(), "--api-stages", "apiId="+l.api+",stage="+l.stageName(),
		"--query", "id", "--output", "text"))
}

// newKey makes an API key in a usage plan of the stage.
func (l *look) newKey() string {
	key := substitution(l.aws("apigateway", "create-api-key", "--name", l.api+"-"+l.stageName(), "--enabled", "--query", "id", "--output", "text"))
	return l.aws("apigateway", "create-usage-plan-key", "--usage-plan-id", l.aPlan(), "--key-type", "API_KEY", "--key-id", key)
}

// mendNoKey: no API key was sent.
func (l *look) mendNoKey() []string {
	if l.keyFromAuthorizer() {
		return []string{"The API takes the key from its authorizer: let the authorizer's function return it as usageIdentifierKey."}
	}
	if plans := l.plans(); len(plans) > 0 {
		keys := l.aws("apigateway", "get-usage-plan-keys", "--usage-plan-id", plans[0], "--query", "items[0].value", "--output", "text")
		return []string{
			step("Send a key of the usage plan "+plans[0]+" in the header x-api-key, beside what the request has",
				`curl -H "x-api-key: $(`+keys+`)" -X `+quote(l.c.Request.Method)+" "+quote(l.c.Request.URL)),
			step("If the plan has no key yet, make one", l.newKey()),
		}
	}
	return []string{
		step("The stage is in no usage plan, so that no key opens it. Make a plan and a key, and send that in the header x-api-key", l.newKey()),
		step("Or do not ask for a key", l.editMethod(patch{"replace", "/apiKeyRequired", "false"})),
	}
}

// mendBadKey: the API key is not one that the stage takes.
func (l *look) mendBadKey() []string {
	if l.apiKey != nil {
		return l.mendKnownKey()
	}
	if !l.hasGap("apigateway:GetApiKeys") {
		return []string{step("There is no key of this value. Make one, and send that", l.newKey())}
	}
	if len(l.plans()) == 0 {
		return []string{step("The stage is in no usage plan, so that no key opens it. Make a plan and put the key into it", l.addKey()), step("Or make a new key in it", l.newKey())}
	}
	return []string{
		step("Put the key into a usage plan of the stage, if it is not in one", l.addKey()),
		step("Enable it, if it is disabled", l.aws("apigateway", "update-api-key", "--api-key", l.keyID(), "--patch-operations", patches(patch{"replace", "/enabled", "true"}))),
		step("If there is no such key, make one, and send that", l.newKey()),
	}
}

// mendKnownKey: the key is known, and so is all that keeps the stage from taking it.
func (l *look) mendKnownKey() []string {
	var prose, commands []string
	if !l.apiKey.Enabled {
		prose = append(prose, "Enable the key")
		commands = append(commands, l.aws("apigateway", "update-api-key", "--api-key", l.apiKey.ID, "--patch-operations", patches(patch{"replace", "/enabled", "true"})))
	}
	switch {
	case slices.Contains(l.apiKey.Stages, l.api+":"+l.stageName()):
	case len(l.apiKey.Plans) > 0 && len(l.plans()) == 0:
		prose = append(prose, "Put the stage into the key's usage plan")
		commands = append(commands, l.aws("apigateway", "update-usage-plan", "--usage-plan-id", l.apiKey.Plans[0], "--patch-operations",
			patches(patch{"add", "/apiStages", l.api + ":" + l.stageName()})))
	default:
		prose = append(prose, "Put the key into a usage plan of the stage")
		commands = append(commands, l.aws("apigateway", "create-usage-plan-key", "--usage-plan-id", l.aPlan(), "--key-type", "API_KEY", "--key-id", l.apiKey.ID))
	}
	if len(commands) == 0 {
		return nil
	}
	return []string{step(strings.Join(prose, ". "), strings.Join(commands, " && "))}
}

// keySeen tells of the key that was sent what keeps the stage from taking it.
func (l *look) keySeen() string {
	switch k := l.apiKey; {
	case k == nil && l.hasGap("apigateway:GetApiKeys"):
		return "an API key that the stage does not take"
	case k == nil:
		return "a value that no API key has"
	case !k.Enabled:
		return "the API key " + k.ID + ", which is disabled"
	case len(k.Plans) == 0:
		return "the API key " + k.ID + ", which is in no usage plan"
	case !slices.Contains(k.Stages, l.api+":"+l.stageName()):
		return "the API key " + k.ID + ", whose usage plans are for " + listOr(k.Stages, "no stage")
	default:
		return "the API key " + k.ID
	}
}

// keyID is the command that finds the id of the key that was sent by its first and last letters: more of it is not told.
func (l *look) keyID() shellWord {
	value := l.c.Request.Header.Get("X-Api-Key")
	const shown = 4
	query := "items[0].id"
	if len(value) >= 4*shown {
		query = fmt.Sprintf("items[?starts_with(value,'%s') && ends_with(value,'%s')].id | [0]", plain(value[:shown]), plain(value[len(value)-shown:]))
	}
	return substitution(l.aws("apigateway", "get-api-keys", "--include-values", "--query", query, "--output", "text"))
}

// keyLetters are those of keys that API Gateway makes.
const keyLetters = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_"

// plain is a part of a key's value that can stand in a query.
func plain(text string) string {
	for i := range len(text) {
		if !strings.ContainsRune(keyLetters, rune(text[i])) {
			return text[:i]
		}
	}
	return text
}

// addKey puts the key that was sent into a usage plan of the stage.
func (l *look) addKey() string {
	return l.aws("apigateway", "create-usage-plan-key", "--usage-plan-id", l.aPlan(), "--key-type", "API_KEY", "--key-id", l.keyID())
}

// mendThrottle: too many requests for a limit.
func (l *look) mendThrottle() []string {
	steps := []string{"Send fewer requests, with pauses that grow after each 429."}
	if l.http != nil {
		return append(steps, step("Or raise the limit of the stage's routes", l.aws("apigatewayv2", "update-stage", "--api-id", l.api, "--stage-name", l.stageName(),
			"--default-route-settings", "ThrottlingRateLimit=1000,ThrottlingBurstLimit=2000")))
	}
	for _, id := range l.plans() {
		plan := l.rest.UsagePlans[id]
		if t := plan.Throttle; t != nil && l.keyRequired() {
			steps = append(steps, step("Or raise the limit of the usage plan "+id, l.aws("apigateway", "update-usage-plan", "--usage-plan-id", id, "--patch-operations",
				patches(patch{"replace", "/throttle/rateLimit", tenfold(t.RateLimit)}, patch{"replace", "/throttle/burstLimit", tenfold(float64(t.BurstLimit))}))))
		}
	}
	if p := l.rest.Stages[l.stageName()]; p != nil {
		for path, s := range p.Stage.MethodSettings {
			if limits(s) {
				steps = append(steps, step("Or raise the limit of the stage", l.aws("apigateway", "update-stage", "--rest-api-id", l.api, "--stage-name", l.stageName(), "--patch-operations",
					patches(patch{"replace", "/" + path + "/throttling/rateLimit", tenfold(s.ThrottlingRateLimit)}, patch{"replace", "/" + path + "/throttling/burstLimit", tenfold(float64(s.ThrottlingBurstLimit))}))))
			}
		}
	}
	return steps
}

// limits tells that a method's settings limit its rate, to nothing where they say 0; what was never set shows as the account's limits.
func limits(s resttypes.MethodSetting) bool {
	return s.ThrottlingRateLimit >= 0 && s.ThrottlingRateLimit < 10_000 || s.ThrottlingBurstLimit >= 0 && s.ThrottlingBurstLimit < 5_000
}

func tenfold(limit float64) string { return strconv.Itoa(int(math.Ceil(math.Max(limit, 1) * 10))) }

// mendQuota: the usage plan's quota is used up.
func (l *look) mendQuota() (steps []string) {
	for _, id := range l.plans() {
		if q := l.rest.UsagePlans[id].Quota; q != nil {
			steps = append(steps, step("Raise the quota of the usage plan "+id+", which is "+strconv.Itoa(int(q.Limit))+" a "+string(q.Period),
				l.aws("apigateway", "update-usage-plan", "--usage-plan-id", id, "--patch-operations", patches(patch{"replace", "/quota/limit", tenfold(float64(q.Limit))}))))
		}
	}
	return append(steps, "Or wait for the next period.")
}

// description is what a stage's settings say of logging: the level for all methods.
func logLevel(s *resttypes.Stage) string {
	all := s.MethodSettings["*/*"]
	return aws.ToString(all.LoggingLevel)
}
