package apigateway

import (
	"context"
	"maps"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/apigateway"
	"github.com/aws/aws-sdk-go-v2/service/apigateway/types"

	"github.com/poolgate/poolgate/internal/store"
	"github.com/poolgate/poolgate/internal/wire"
)

// usagePlans have their owner as their scope, and a key for each stage that they are for.
var usagePlans = store.Collection[wire.Document[types.UsagePlan]]{
	Name: "apigateway.usageplan", Version: 1,
	Keys: func(p *wire.Document[types.UsagePlan]) []store.Key {
		keys := make([]store.Key, len(p.Value.ApiStages))
		for i, stage := range p.Value.ApiStages {
			keys[i] = store.Key{Index: stageIndex, Value: stageID(stage)}
		}
		return keys
	},
}

const stageIndex = "stage"

// UsagePlanTopic is bumped when an account's usage plans in a region change; which keys are in them is told with the keys.
func UsagePlanTopic(account, region string) string { return "usageplans/" + owner(account, region) }

var noUsagePlan = notFound("Invalid Usage Plan ID specified")

// CreateUsagePlan makes a usage plan for stages that are there.
func (s *Service) CreateUsagePlan(ctx context.Context, in *apigateway.CreateUsagePlanInput) (*apigateway.CreateUsagePlanOutput, error) {
	id, err := s.newID(entityIDLength)
	if err != nil {
		return nil, err
	}
	plan := types.UsagePlan{
		Id: &id, Name: in.Name, Description: in.Description, ApiStages: in.ApiStages, Quota: in.Quota, Throttle: in.Throttle,
	}
	if plan.ApiStages == nil {
		plan.ApiStages = []types.ApiStage{}
	}
	if len(in.Tags) > 0 {
		plan.Tags = maps.Clone(in.Tags)
	}
	if err := checkPlan(&plan); err != nil {
		return nil, err
	}
	call := wire.CallFrom(ctx)
	err = s.store.Update(ctx, func(tx *store.Tx) error {
		for i, stage := range plan.ApiStages {
			switch {
			case aws.ToString(stage.ApiId) == "" || aws.ToString(stage.Stage) == "":
				// AWS answers with the template of its own text (aws/aws-sdk issue 354).
				return badRequest("Invalid API Stage {api: %s, stage: %s} specified for usageplan %s")
			case hasStage(plan.ApiStages[:i], stage):
				return stageTwice(stage)
			}
			if err := mustHaveStage(tx, call, *stage.ApiId, *stage.Stage); err != nil {
				return missingInstead(err, notFound("API Stage not found: %s", stageID(stage)))
			}
		}
		tx.Bump(UsagePlanTopic(call.Account, call.Region))
		return usagePlans.Insert(tx, ownerOf(call), id, document(plan))
	})
	if err != nil {
		return nil, err
	}
	return answer[apigateway.CreateUsagePlanOutput](plan), nil
}

// GetUsagePlan returns one usage plan.
func (s *Service) GetUsagePlan(ctx context.Context, in *apigateway.GetUsagePlanInput) (*apigateway.GetUsagePlanOutput, error) {
	var plan types.UsagePlan
	err := s.store.View(ctx, func(tx *store.Tx) error {
		found, err := findPlan(tx, wire.CallFrom(ctx), in.UsagePlanId)
		if err == nil {
			plan = found.Value
		}
		return err
	})
	if err != nil {
		return nil, err
	}
	return answer[apigateway.GetUsagePlanOutput](plan), nil
}

// GetUsagePlans lists the caller's usage plans in the order of their ids: all, or those of one API key.
func (s *Service) GetUsagePlans(ctx context.Context, in *apigateway.GetUsagePlansInput) (*apigateway.GetUsagePlansOutput, error) {
	call := wire.CallFrom(ctx)
	out := &apigateway.GetUsagePlansOutput{Items: []types.UsagePlan{}}
	err := s.store.View(ctx, func(tx *store.Tx) error {
		of := map[string]bool{}
		if in.KeyId != nil {
			if _, err := get(tx, &apiKeys, ownerOf(call), in.KeyId, noAPIKey); err != nil {
				return err
			}
			err := plansOfKey(tx, call, *in.KeyId).each(func(f store.Found[planKey]) error {
				of[f.Value.PlanID] = true
				return nil
			})
			if err != nil {
				return err
			}
		}
		found, next, err := inScope(tx, &usagePlans, ownerOf(call)).page(in.Limit, in.Position, func(p *wire.Document[types.UsagePlan]) bool {
			return in.KeyId == nil || of[*p.Value.Id]
		})
		out.Position = next
		for _, f := range found {
			out.Items = append(out.Items, f.Value.Value)
		}
		return err
	})
	if err != nil {
		return nil, err
	}
	return out, nil
}

// DeleteUsagePlan deletes a usage plan that is for no stage any more.
func (s *Service) DeleteUsagePlan(ctx context.Context, in *apigateway.DeleteUsagePlanInput) (*apigateway.DeleteUsagePlanOutput, error) {
	call := wire.CallFrom(ctx)
	err := s.store.Update(ctx, func(tx *store.Tx) error {
		plan, err := findPlan(tx, call, in.UsagePlanId)
		if err != nil {
			return err
		}
		if stages := plan.Value.ApiStages; len(stages) > 0 {
			return badRequest("Cannot delete Usage Plan %s because there are API Stages associated with it, including %s",
				*in.UsagePlanId, stageID(stages[0]))
		}
		err = keysOfPlan(tx, call, *in.UsagePlanId).each(func(f store.Found[planKey]) error { return removePlanKey(tx, call, f.Value) })
		if err != nil {
			return err
		}
		if err := forgetOrigin(tx, call, *in.UsagePlanId); err != nil {
			return err
		}
		tx.Bump(UsagePlanTopic(call.Account, call.Region))
		return usagePlans.Delete(tx, ownerOf(call), *in.UsagePlanId)
	})
	if err != nil {
		return nil, err
	}
	return &apigateway.DeleteUsagePlanOutput{}, nil
}

func findPlan(tx *store.Tx, call wire.Call, id *string) (*wire.Document[types.UsagePlan], error) {
	return get(tx, &usagePlans, ownerOf(call), id, noUsagePlan)
}

// The days on which a period of a quota may start, counted from its first.
var latestOffset = map[types.QuotaPeriodType]int32{
	types.QuotaPeriodTypeDay: 0, types.QuotaPeriodTypeWeek: 6, types.QuotaPeriodTypeMonth: 27,
}

// checkPlan checks what a user writes, its stages apart.
func checkPlan(plan *types.UsagePlan) error {
	if aws.ToString(plan.Name) == "" {
		return badRequest("Usage Plan name cannot be blank")
	}
	if quota := plan.Quota; quota != nil {
		latest, known := latestOffset[quota.Period]
		switch {
		case !known:
			return badRequest("Invalid quota period specified. Valid options are DAY,WEEK,MONTH")
		case quota.Limit <= 0:
			return badRequest("Usage Plan quota limit must be greater than zero")
		case quota.Offset < 0 || quota.Offset > latest:
			return badRequest("Usage Plan quota offset must be between zero and %d in the %s period", latest, quota.Period)
		}
	}
	limits := []*types.ThrottleSettings{plan.Throttle}
	for _, stage := range plan.ApiStages {
		for _, throttle := range stage.Throttle {
			limits = append(limits, &throttle)
		}
	}
	for _, throttle := range limits {
		if throttle != nil && (throttle.BurstLimit < 0 || !(throttle.RateLimit >= 0)) {
			return badRequest("Usage Plan throttle limits cannot be negative")
		}
	}
	return nil
}

// stageID names a stage as usage plans do.
func stageID(stage types.ApiStage) string {
	return aws.ToString(stage.ApiId) + ":" + aws.ToString(stage.Stage)
}

func hasStage(stages []types.ApiStage, stage types.ApiStage) bool {
	for _, other := range stages {
		if stageID(other) == stageID(stage) {
			return true
		}
	}
	return false
}

func stageTwice(stage types.ApiStage) error {
	return conflict("API Stage %s is already associated with the usage plan", stageID(stage))
}
