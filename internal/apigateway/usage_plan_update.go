package apigateway

import (
	"context"
	"math"
	"slices"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/apigateway"
	"github.com/aws/aws-sdk-go-v2/service/apigateway/types"

	"github.com/poolgate/poolgate/internal/store"
	"github.com/poolgate/poolgate/internal/wire"
)

// UpdateUsagePlan patches a usage plan.
func (s *Service) UpdateUsagePlan(ctx context.Context, in *apigateway.UpdateUsagePlanInput) (*apigateway.UpdateUsagePlanOutput, error) {
	call := wire.CallFrom(ctx)
	var plan types.UsagePlan
	err := s.store.Update(ctx, func(tx *store.Tx) error {
		found, err := findPlan(tx, call, in.UsagePlanId)
		if err != nil {
			return err
		}
		before := slices.Clone(found.Value.ApiStages)
		if err := usagePlanPatches.apply(&found.Value, throttlePointers(in.PatchOperations)); err != nil {
			return err
		}
		plan = found.Value
		if err := checkPlan(&plan); err != nil {
			return err
		}
		var added []types.ApiStage
		for _, stage := range plan.ApiStages {
			if hasStage(before, stage) {
				continue
			}
			if err := mustHaveStage(tx, call, *stage.ApiId, *stage.Stage); err != nil {
				return missingInstead(err, noPlanStage(stage, plan.Id))
			}
			added = append(added, stage)
		}
		if err := checkStagesOfKeys(tx, call, *plan.Id, added); err != nil {
			return err
		}
		tx.Bump(UsagePlanTopic(call.Account, call.Region))
		return usagePlans.Put(tx, ownerOf(call), *in.UsagePlanId, found)
	})
	if err != nil {
		return nil, err
	}
	return answer[apigateway.UpdateUsagePlanOutput](plan), nil
}

var badPlanStage = badRequest("Invalid API Stage specified")

// noPlanStage is recorded for stages that are not in the plan or nowhere (recorded section 12).
func noPlanStage(stage types.ApiStage, planID *string) error {
	return notFound("Invalid API Stage {api: %s, stage: %s} specified for usageplan %s",
		aws.ToString(stage.ApiId), aws.ToString(stage.Stage), aws.ToString(planID))
}

// The lists of paths in AWS's refusals. The one for remove was seen (boto/boto3 issue 2629), typing error and all.
const (
	planPathsToRemove = "/apiStages, /quota, /throttle, /productCode, /apiStages/<apidId:stageName>/throttle/<resourcePath>/<httpMethod>, " +
		"/apiStages/<apidId:stageName>/throttle"
	planPathsToAdd     = "/apiStages, /quota/limit, /quota/offset, /quota/period, /throttle/burstLimit, /throttle/rateLimit, /productCode"
	planPathsToReplace = "/name, /description, /quota/limit, /quota/offset, /quota/period, /throttle/burstLimit, /throttle/rateLimit, /productCode, " +
		"/apiStages/<apidId:stageName>/throttle/<resourcePath>/<httpMethod>/rateLimit, /apiStages/<apidId:stageName>/throttle/<resourcePath>/<httpMethod>/burstLimit"
)

// usagePlanPatches is the table of a usage plan (fact 7.4).
var usagePlanPatches = patchTable[types.UsagePlan]{
	refuse: func(_ *patchTable[types.UsagePlan], p patch, _ *patchRow[types.UsagePlan]) error {
		paths := map[types.Op]string{opAdd: planPathsToAdd, opReplace: planPathsToReplace, opRemove: planPathsToRemove}[p.Op]
		if paths == "" {
			return badRequest("Invalid patch path  '%s' specified for op '%s'. Please choose supported operations", p.shownPath(), p.Op)
		}
		return badRequest("Invalid patch path  '%s' specified for op '%s'. Must be one of: [%s]", p.shownPath(), p.Op, paths)
	},
	rows: []patchRow[types.UsagePlan]{
		{path: "/name", ops: ops(opReplace), apply: func(plan *types.UsagePlan, p patch) error {
			plan.Name = p.Value
			return nil
		}},
		replaceText("/description", func(plan *types.UsagePlan) **string { return &plan.Description }),
		{path: "/productCode", ops: ops(opAdd, opReplace, opRemove), apply: func(plan *types.UsagePlan, p patch) error {
			plan.ProductCode = nil
			if p.Op != opRemove {
				plan.ProductCode = emptyIsNil(p.Value)
			}
			return nil
		}},
		{path: "/apiStages", ops: ops(opAdd, opRemove), apply: patchPlanStage},
		{path: "/apiStages/{}/throttle", ops: ops(opRemove), apply: func(plan *types.UsagePlan, p patch) error {
			stage, err := planStage(plan, p.key())
			if err == nil {
				stage.Throttle = nil
			}
			return err
		}},
		{path: "/apiStages/{}/throttle", ops: ops(opReplace), apply: func(plan *types.UsagePlan, p patch) error {
			stage, err := planStage(plan, p.key())
			if err == nil {
				stage.Throttle, err = readThrottles(p)
			}
			return err
		}},
		{path: "/apiStages/{}/throttle/{}", ops: ops(opRemove), apply: func(plan *types.UsagePlan, p patch) error {
			stage, err := planStage(plan, p.key())
			if err != nil {
				return err
			}
			if delete(stage.Throttle, p.keys[1]); len(stage.Throttle) == 0 {
				stage.Throttle = nil
			}
			return nil
		}},
		{path: "/apiStages/{}/throttle/{}/burstLimit", ops: ops(opAdd, opReplace), apply: patchMethodThrottle(patchBurst)},
		{path: "/apiStages/{}/throttle/{}/rateLimit", ops: ops(opAdd, opReplace), apply: patchMethodThrottle(patchRate)},
		{path: "/quota", ops: ops(opRemove), apply: func(plan *types.UsagePlan, _ patch) error {
			plan.Quota = nil
			return nil
		}},
		{path: "/quota/limit", ops: ops(opAdd, opReplace), apply: func(plan *types.UsagePlan, p patch) (err error) {
			quotaOf(plan).Limit, err = patchInt(p, 0, math.MaxInt32, badPlanNumber(p))
			return err
		}},
		{path: "/quota/offset", ops: ops(opAdd, opReplace), apply: func(plan *types.UsagePlan, p patch) (err error) {
			quotaOf(plan).Offset, err = patchInt(p, 0, math.MaxInt32, badPlanNumber(p))
			return err
		}},
		{path: "/quota/period", ops: ops(opAdd, opReplace), apply: func(plan *types.UsagePlan, p patch) error {
			quotaOf(plan).Period = types.QuotaPeriodType(p.text())
			return nil
		}},
		{path: "/throttle", ops: ops(opRemove), apply: func(plan *types.UsagePlan, _ patch) error {
			plan.Throttle = nil
			return nil
		}},
		{path: "/throttle/burstLimit", ops: ops(opAdd, opReplace), apply: func(plan *types.UsagePlan, p patch) error {
			return patchBurst(throttleOf(plan), p)
		}},
		{path: "/throttle/rateLimit", ops: ops(opAdd, opReplace), apply: func(plan *types.UsagePlan, p patch) error {
			return patchRate(throttleOf(plan), p)
		}},
	},
}

func quotaOf(plan *types.UsagePlan) *types.QuotaSettings {
	if plan.Quota == nil {
		plan.Quota = &types.QuotaSettings{}
	}
	return plan.Quota
}

// patchPlanStage adds or removes the stage "API:STAGE" that is the value.
func patchPlanStage(plan *types.UsagePlan, p patch) error {
	apiID, name, ok := strings.Cut(p.text(), ":")
	if !ok || apiID == "" || name == "" || strings.Contains(name, ":") {
		return badPlanStage
	}
	stage := types.ApiStage{ApiId: &apiID, Stage: &name}
	there := hasStage(plan.ApiStages, stage)
	switch {
	case p.Op == opRemove && !there:
		return noPlanStage(stage, plan.Id)
	case p.Op == opRemove:
		plan.ApiStages = slices.DeleteFunc(plan.ApiStages, func(s types.ApiStage) bool { return stageID(s) == stageID(stage) })
	case there:
		return stageTwice(stage)
	default:
		plan.ApiStages = append(plan.ApiStages, stage)
	}
	return nil
}

// planStage finds the stage of a plan that a path names.
func planStage(plan *types.UsagePlan, id string) (*types.ApiStage, error) {
	for i := range plan.ApiStages {
		if stageID(plan.ApiStages[i]) == id {
			return &plan.ApiStages[i], nil
		}
	}
	apiID, name, ok := strings.Cut(id, ":")
	if !ok {
		return nil, badPlanStage
	}
	return nil, noPlanStage(types.ApiStage{ApiId: &apiID, Stage: &name}, plan.Id)
}
