package apigateway

import (
	"context"
	"errors"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/apigateway"
	"github.com/aws/aws-sdk-go-v2/service/apigateway/types"

	"github.com/poolgate/poolgate/internal/store"
	"github.com/poolgate/poolgate/internal/wire"
)

// planKey is an API key's membership in a usage plan.
type planKey struct{ PlanID, KeyID string }

// planKeys have the owner as their scope and PLAN/KEY as their id.
var planKeys = store.Collection[planKey]{
	Name: "apigateway.usageplankey", Version: 1,
	Keys: func(k *planKey) []store.Key {
		return []store.Key{{Index: planIndex, Value: k.PlanID}, {Index: keyIndex, Value: k.KeyID}}
	},
}

const (
	planIndex = "plan"
	keyIndex  = "key"
	// planKeyType is the only type there is.
	planKeyType = "API_KEY"
)

// CreateUsagePlanKey puts an API key into a usage plan. The answer shows the key's value (recorded section 5).
func (s *Service) CreateUsagePlanKey(ctx context.Context, in *apigateway.CreateUsagePlanKeyInput) (*apigateway.CreateUsagePlanKeyOutput, error) {
	call := wire.CallFrom(ctx)
	if aws.ToString(in.KeyType) != planKeyType {
		return nil, badRequest("Invalid key type specified. Valid options are %s", planKeyType)
	}
	var member types.UsagePlanKey
	err := s.store.Update(ctx, func(tx *store.Tx) error {
		plan, err := findPlan(tx, call, in.UsagePlanId)
		if err != nil {
			return err
		}
		key, err := get(tx, &apiKeys, ownerOf(call), in.KeyId, noAPIKey)
		if err != nil {
			return err
		}
		err = plansOfKey(tx, call, *in.KeyId).each(func(f store.Found[planKey]) error {
			if f.Value.PlanID == *in.UsagePlanId {
				return conflict("The API Key %s is already in the usage plan %s", *in.KeyId, *in.UsagePlanId)
			}
			other, err := findPlan(tx, call, &f.Value.PlanID)
			if err != nil {
				return err
			}
			if shared, ok := sharedStage(plan.Value.ApiStages, other.Value.ApiStages); ok {
				return keyInTwoPlans(*in.KeyId, shared)
			}
			return nil
		})
		if err != nil {
			return err
		}
		if member, err = s.planKeyShown(call, key); err != nil {
			return err
		}
		tx.Bump(apiKeyShardTopic(call, key.Digest))
		return addPlanKey(tx, call, *in.UsagePlanId, *in.KeyId)
	})
	if err != nil {
		return nil, err
	}
	return answer[apigateway.CreateUsagePlanKeyOutput](member), nil
}

// GetUsagePlanKey returns one API key of a usage plan.
func (s *Service) GetUsagePlanKey(ctx context.Context, in *apigateway.GetUsagePlanKeyInput) (*apigateway.GetUsagePlanKeyOutput, error) {
	call := wire.CallFrom(ctx)
	var member types.UsagePlanKey
	err := s.store.View(ctx, func(tx *store.Tx) error {
		key, err := findPlanKey(tx, call, in.UsagePlanId, in.KeyId)
		if err != nil {
			return err
		}
		member, err = s.planKeyShown(call, key)
		return err
	})
	if err != nil {
		return nil, err
	}
	return answer[apigateway.GetUsagePlanKeyOutput](member), nil
}

// GetUsagePlanKeys lists a usage plan's API keys in the order of their ids, those whose name begins with nameQuery.
func (s *Service) GetUsagePlanKeys(ctx context.Context, in *apigateway.GetUsagePlanKeysInput) (*apigateway.GetUsagePlanKeysOutput, error) {
	call := wire.CallFrom(ctx)
	var out *apigateway.GetUsagePlanKeysOutput
	err := s.store.View(ctx, func(tx *store.Tx) error {
		out = &apigateway.GetUsagePlanKeysOutput{Items: []types.UsagePlanKey{}}
		if _, err := findPlan(tx, call, in.UsagePlanId); err != nil {
			return err
		}
		named := map[string]*apiKey{}
		var failure error
		found, next, err := keysOfPlan(tx, call, *in.UsagePlanId).page(in.Limit, in.Position, func(k *planKey) bool {
			key, err := apiKeys.Get(tx, ownerOf(call), k.KeyID)
			if err != nil {
				failure = err
				return false
			}
			named[k.KeyID] = key
			return strings.HasPrefix(aws.ToString(key.Key.Value.Name), aws.ToString(in.NameQuery))
		})
		if err != nil {
			return err
		}
		if failure != nil {
			return failure
		}
		out.Position = next
		for _, f := range found {
			member, err := s.planKeyShown(call, named[f.Value.KeyID])
			if err != nil {
				return err
			}
			out.Items = append(out.Items, member)
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	return out, nil
}

// DeleteUsagePlanKey takes an API key out of a usage plan.
func (s *Service) DeleteUsagePlanKey(ctx context.Context, in *apigateway.DeleteUsagePlanKeyInput) (*apigateway.DeleteUsagePlanKeyOutput, error) {
	call := wire.CallFrom(ctx)
	err := s.store.Update(ctx, func(tx *store.Tx) error {
		key, err := findPlanKey(tx, call, in.UsagePlanId, in.KeyId)
		if err != nil {
			return err
		}
		tx.Bump(apiKeyShardTopic(call, key.Digest))
		return removePlanKey(tx, call, &planKey{PlanID: *in.UsagePlanId, KeyID: *in.KeyId})
	})
	if err != nil {
		return nil, err
	}
	return &apigateway.DeleteUsagePlanKeyOutput{}, nil
}

// findPlanKey finds an API key that is in a plan.
func findPlanKey(tx *store.Tx, call wire.Call, planID, keyID *string) (*apiKey, error) {
	if _, err := findPlan(tx, call, planID); err != nil {
		return nil, err
	}
	if keyID == nil {
		return nil, noAPIKey
	}
	id := planKeyID(*planID, *keyID)
	if _, err := get(tx, &planKeys, ownerOf(call), &id, noAPIKey); err != nil {
		return nil, err
	}
	return get(tx, &apiKeys, ownerOf(call), keyID, noAPIKey)
}

// planKeyShown is a key as plans show it.
func (s *Service) planKeyShown(call wire.Call, key *apiKey) (types.UsagePlanKey, error) {
	value, err := s.valueOf(call, key)
	return types.UsagePlanKey{Id: key.Key.Value.Id, Name: key.Key.Value.Name, Type: aws.String(planKeyType), Value: value}, err
}

func planKeyID(planID, keyID string) string { return planID + "/" + keyID }

func plansOfKey(tx *store.Tx, call wire.Call, keyID string) listing[planKey] {
	return withKey(tx, &planKeys, ownerOf(call), store.Key{Index: keyIndex, Value: keyID})
}

func keysOfPlan(tx *store.Tx, call wire.Call, planID string) listing[planKey] {
	return withKey(tx, &planKeys, ownerOf(call), store.Key{Index: planIndex, Value: planID})
}

// addPlanKey begins a membership. The caller bumps the key's topic.
func addPlanKey(tx *store.Tx, call wire.Call, planID, keyID string) error {
	return planKeys.Insert(tx, ownerOf(call), planKeyID(planID, keyID), &planKey{PlanID: planID, KeyID: keyID})
}

// removePlanKey ends a membership. What was used goes with it. The caller bumps the topic of the key or of its plans.
func removePlanKey(tx *store.Tx, call wire.Call, k *planKey) error {
	bumpUsage(tx, call, k.PlanID, k.KeyID)
	if _, err := usage.DeleteScope(tx, usageScope(call, k.PlanID, k.KeyID)); err != nil {
		return err
	}
	return planKeys.Delete(tx, ownerOf(call), planKeyID(k.PlanID, k.KeyID))
}

// checkStagesOfKeys refuses stages to a plan when one of its keys is in another plan of the same stage: for each stage
// an API key has one plan at most, or it could not be told which one counts.
func checkStagesOfKeys(tx *store.Tx, call wire.Call, planID string, added []types.ApiStage) error {
	for _, stage := range added {
		others, _, err := usagePlans.Find(tx, ownerOf(call), store.Key{Index: stageIndex, Value: stageID(stage)}, store.Page{})
		if err != nil {
			return err
		}
		for _, other := range others {
			err := keysOfPlan(tx, call, other.ID).each(func(f store.Found[planKey]) error {
				_, err := planKeys.Get(tx, ownerOf(call), planKeyID(planID, f.Value.KeyID))
				switch {
				case errors.Is(err, store.ErrNotFound):
					return nil
				case err != nil:
					return err
				}
				return keyInTwoPlans(f.Value.KeyID, stageID(stage))
			})
			if err != nil {
				return err
			}
		}
	}
	return nil
}

// sharedStage finds a stage that is in both lists.
func sharedStage(stages, others []types.ApiStage) (string, bool) {
	for _, stage := range stages {
		if hasStage(others, stage) {
			return stageID(stage), true
		}
	}
	return "", false
}

func keyInTwoPlans(keyID, stage string) error {
	return conflict("The API Key %s is already in a usage plan of the API Stage %s", keyID, stage)
}
