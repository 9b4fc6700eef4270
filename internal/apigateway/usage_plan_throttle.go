package apigateway

import (
	"encoding/json"
	"math"
	"slices"
	"strconv"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/apigateway/types"
)

// throttlePointers escapes the method in the paths of per-method throttles. AWS takes it as it is
// (/apiStages/API:STAGE/throttle//pets/{id}/GET/rateLimit, as Terraform sends it) and escaped.
func throttlePointers(operations []types.PatchOperation) []types.PatchOperation {
	operations = slices.Clone(operations)
	for i, o := range operations {
		path := aws.ToString(o.Path)
		stage, method, is := strings.Cut(path, "/throttle/")
		if !is || !strings.HasPrefix(stage, "/apiStages/") {
			continue
		}
		limit := ""
		for _, suffix := range []string{"/rateLimit", "/burstLimit"} {
			if name, has := strings.CutSuffix(method, suffix); has {
				method, limit = name, suffix
			}
		}
		operations[i].Path = aws.String(stage + "/throttle/" + strings.ReplaceAll(method, "/", "~1") + limit)
	}
	return operations
}

// readThrottles reads the limits of all methods of a stage, a JSON object in the manner of the guide ("Create, configure, and test
// usage plans"): {"/pets/GET":{"rateLimit":1.0,"burstLimit":1}}.
func readThrottles(p patch) (map[string]types.ThrottleSettings, error) {
	var limits map[string]struct {
		RateLimit  float64 `json:"rateLimit"`
		BurstLimit int32   `json:"burstLimit"`
	}
	if err := json.Unmarshal([]byte(p.text()), &limits); err != nil {
		return nil, badRequest("Invalid value of %s: it must be a JSON object of limits by method", p.Path).Because(err)
	}
	if len(limits) == 0 {
		return nil, nil
	}
	throttles := make(map[string]types.ThrottleSettings, len(limits))
	for method, l := range limits {
		throttles[method] = types.ThrottleSettings{RateLimit: l.RateLimit, BurstLimit: l.BurstLimit}
	}
	return throttles, nil
}

// patchMethodThrottle sets one limit of one method ("/pets/GET") of a stage.
func patchMethodThrottle(set func(*types.ThrottleSettings, patch) error) func(*types.UsagePlan, patch) error {
	return func(plan *types.UsagePlan, p patch) error {
		stage, err := planStage(plan, p.key())
		if err != nil {
			return err
		}
		throttle := stage.Throttle[p.keys[1]]
		if err := set(&throttle, p); err != nil {
			return err
		}
		if stage.Throttle == nil {
			stage.Throttle = make(map[string]types.ThrottleSettings, 1)
		}
		stage.Throttle[p.keys[1]] = throttle
		return nil
	}
}

func throttleOf(plan *types.UsagePlan) *types.ThrottleSettings {
	if plan.Throttle == nil {
		plan.Throttle = &types.ThrottleSettings{}
	}
	return plan.Throttle
}

func patchBurst(throttle *types.ThrottleSettings, p patch) (err error) {
	throttle.BurstLimit, err = patchInt(p, 0, math.MaxInt32, badPlanNumber(p))
	return err
}

func patchRate(throttle *types.ThrottleSettings, p patch) error {
	rate, err := strconv.ParseFloat(p.text(), 64)
	if err != nil || !(rate >= 0) || math.IsInf(rate, 0) {
		return badPlanNumber(p)
	}
	throttle.RateLimit = rate
	return nil
}

func badPlanNumber(p patch) error {
	return badRequest("Invalid value of %s: it must be a number that is not negative", p.Path)
}
