package apigateway

import (
	"context"
	"maps"
	"slices"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/apigateway"
	"github.com/aws/aws-sdk-go-v2/service/apigateway/types"

	"github.com/poolgate/poolgate/internal/store"
	"github.com/poolgate/poolgate/internal/wire"
)

// CreateApiKey makes an API key, of a value of its own unless one is given. It is disabled unless it is asked to be
// enabled (recorded section 5). This is the one answer beside that of CreateUsagePlanKey that shows the value unasked.
func (s *Service) CreateApiKey(ctx context.Context, in *apigateway.CreateApiKeyInput) (*apigateway.CreateApiKeyOutput, error) { //nolint:revive // AWS names the operation
	now := s.now()
	key := types.ApiKey{
		Name: emptyIsNil(in.Name), Description: in.Description, CustomerId: emptyIsNil(in.CustomerId), Enabled: in.Enabled,
		StageKeys: []string{}, CreatedDate: now, LastUpdatedDate: now, Value: emptyIsNil(in.Value),
	}
	if len(in.Tags) > 0 {
		key.Tags = maps.Clone(in.Tags)
	}
	for _, stage := range in.StageKeys {
		key.StageKeys = append(key.StageKeys, aws.ToString(stage.RestApiId)+"/"+aws.ToString(stage.StageName))
	}
	if err := s.newAPIKey(&key); err != nil {
		return nil, err
	}
	call := wire.CallFrom(ctx)
	err := s.store.Update(ctx, func(tx *store.Tx) error {
		for _, stage := range key.StageKeys {
			if err := checkStageKey(tx, call, stage); err != nil {
				return err
			}
		}
		tx.Bump(apiKeyShardTopic(call, s.apiKeyDigest(ownerOf(call), *key.Value)))
		return s.insertAPIKey(tx, call, key)
	})
	if err != nil {
		return nil, err
	}
	return answer[apigateway.CreateApiKeyOutput](key), nil
}

// GetApiKey returns one API key, with its value when that is asked for.
func (s *Service) GetApiKey(ctx context.Context, in *apigateway.GetApiKeyInput) (*apigateway.GetApiKeyOutput, error) { //nolint:revive // AWS names the operation
	call := wire.CallFrom(ctx)
	var found *apiKey
	err := s.store.View(ctx, func(tx *store.Tx) (err error) {
		found, err = get(tx, &apiKeys, ownerOf(call), in.ApiKey, noAPIKey)
		return err
	})
	if err != nil {
		return nil, err
	}
	key := found.Key.Value
	if aws.ToBool(in.IncludeValue) {
		if key.Value, err = s.valueOf(call, found); err != nil {
			return nil, err
		}
	}
	if key.Tags == nil {
		key.Tags = map[string]string{}
	}
	return answer[apigateway.GetApiKeyOutput](key), nil
}

// GetApiKeys lists the caller's API keys in the order of their ids: those whose name begins with nameQuery, those of a
// customer, or all.
func (s *Service) GetApiKeys(ctx context.Context, in *apigateway.GetApiKeysInput) (*apigateway.GetApiKeysOutput, error) { //nolint:revive // AWS names the operation
	call := wire.CallFrom(ctx)
	out := &apigateway.GetApiKeysOutput{Items: []types.ApiKey{}}
	var found []store.Found[apiKey]
	err := s.store.View(ctx, func(tx *store.Tx) (err error) {
		found, out.Position, err = inScope(tx, &apiKeys, ownerOf(call)).page(in.Limit, in.Position, func(k *apiKey) bool {
			return strings.HasPrefix(aws.ToString(k.Key.Value.Name), aws.ToString(in.NameQuery)) &&
				(in.CustomerId == nil || aws.ToString(k.Key.Value.CustomerId) == *in.CustomerId)
		})
		return err
	})
	if err != nil {
		return nil, err
	}
	for _, f := range found {
		key := f.Value.Key.Value
		if aws.ToBool(in.IncludeValues) {
			if key.Value, err = s.valueOf(call, f.Value); err != nil {
				return nil, err
			}
		}
		out.Items = append(out.Items, key)
	}
	return out, nil
}

// UpdateApiKey patches an API key. The answer is without the value and with tags, if only empty ones (recorded section 5).
func (s *Service) UpdateApiKey(ctx context.Context, in *apigateway.UpdateApiKeyInput) (*apigateway.UpdateApiKeyOutput, error) { //nolint:revive // AWS names the operation
	call := wire.CallFrom(ctx)
	var key types.ApiKey
	err := s.store.Update(ctx, func(tx *store.Tx) error {
		found, err := get(tx, &apiKeys, ownerOf(call), in.ApiKey, noAPIKey)
		if err != nil {
			return err
		}
		key = found.Key.Value
		if err := apiKeyPatches.apply(&key, in.PatchOperations); err != nil {
			return err
		}
		for _, stage := range key.StageKeys {
			if slices.Contains(found.Key.Value.StageKeys, stage) {
				continue
			}
			if err := checkStageKey(tx, call, stage); err != nil {
				return err
			}
		}
		key.LastUpdatedDate = s.now()
		found.Key.Value = key
		tx.Bump(apiKeyShardTopic(call, found.Digest))
		return apiKeys.Put(tx, ownerOf(call), *in.ApiKey, found)
	})
	if err != nil {
		return nil, err
	}
	if key.Tags == nil {
		key.Tags = map[string]string{}
	}
	return answer[apigateway.UpdateApiKeyOutput](key), nil
}

// DeleteApiKey deletes an API key and takes it out of its usage plans.
func (s *Service) DeleteApiKey(ctx context.Context, in *apigateway.DeleteApiKeyInput) (*apigateway.DeleteApiKeyOutput, error) { //nolint:revive // AWS names the operation
	call := wire.CallFrom(ctx)
	err := s.store.Update(ctx, func(tx *store.Tx) error {
		key, err := get(tx, &apiKeys, ownerOf(call), in.ApiKey, noAPIKey)
		if err != nil {
			return err
		}
		if err := apiKeys.Delete(tx, ownerOf(call), *in.ApiKey); err != nil {
			return err
		}
		tx.Bump(apiKeyShardTopic(call, key.Digest))
		return plansOfKey(tx, call, *in.ApiKey).each(func(f store.Found[planKey]) error {
			return removePlanKey(tx, call, f.Value)
		})
	})
	if err != nil {
		return nil, err
	}
	return &apigateway.DeleteApiKeyOutput{}, nil
}

// apiKeyPatches is the table of an API key. Stages and labels are in it for /stages alone and not in AWS's list of
// paths, which is for replace.
var apiKeyPatches = patchTable[types.ApiKey]{
	refuse: func(_ *patchTable[types.ApiKey], p patch, _ *patchRow[types.ApiKey]) error {
		paths := "/stages, /labels"
		if p.Op == opReplace {
			paths = "/description, /enabled, /name, /customerId" // the order of the recording
		}
		return badRequest("Invalid patch path  '%s' specified for op '%s'. Must be one of: [%s]", p.shownPath(), p.Op, paths)
	},
	rows: []patchRow[types.ApiKey]{
		{path: "/description", ops: ops(opReplace), apply: func(k *types.ApiKey, p patch) error {
			k.Description = emptyIsNil(p.Value)
			return checkAPIKey(k)
		}},
		replaceFlag("/enabled", func(k *types.ApiKey) *bool { return &k.Enabled }),
		{path: "/name", ops: ops(opReplace), apply: func(k *types.ApiKey, p patch) error {
			k.Name = emptyIsNil(p.Value)
			return checkAPIKey(k)
		}},
		replaceText("/customerId", func(k *types.ApiKey) **string { return &k.CustomerId }),
		{path: "/stages", ops: ops(opAdd, opRemove), apply: func(k *types.ApiKey, p patch) error {
			k.StageKeys = patchMember(slices.Clone(k.StageKeys), p, p.text())
			if k.StageKeys == nil {
				k.StageKeys = []string{}
			}
			return nil
		}},
		{path: "/labels", ops: ops(opAdd, opRemove), apply: func(*types.ApiKey, patch) error {
			return nil // AWS's table names labels, and no answer has ever shown one
		}},
	},
}
