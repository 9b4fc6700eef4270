package apigateway

import (
	"context"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/apigateway"
	"github.com/aws/aws-sdk-go-v2/service/apigateway/types"

	"github.com/poolgate/poolgate/internal/entity"
	"github.com/poolgate/poolgate/internal/store"
	"github.com/poolgate/poolgate/internal/wire"
)

// GetRestApi returns one API.
func (s *Service) GetRestApi(ctx context.Context, in *apigateway.GetRestApiInput) (*apigateway.GetRestApiOutput, error) { //nolint:revive // AWS names the operation
	var api types.RestApi
	err := s.look(ctx, in.RestApiId, noAPI(wire.CallFrom(ctx), in.RestApiId), func(e *edit) error {
		api = withTags(e.api.API.Value)
		return nil
	})
	if err != nil {
		return nil, err
	}
	return answer[apigateway.GetRestApiOutput](api), nil
}

// GetRestApis lists the caller's APIs in the order of their ids.
func (s *Service) GetRestApis(ctx context.Context, in *apigateway.GetRestApisInput) (*apigateway.GetRestApisOutput, error) {
	after, bad := entity.DecodePosition(in.Position, badPosition)
	if bad != nil {
		return nil, bad
	}
	call := wire.CallFrom(ctx)
	out := &apigateway.GetRestApisOutput{}
	err := s.store.View(ctx, func(tx *store.Tx) error {
		key := store.Key{Index: ownerIndex, Value: owner(call.Account, call.Region)}
		found, more, err := restAPIs.Find(tx, apiScope, key, store.Page{After: after, Limit: pageSize(in.Limit)})
		if err != nil {
			return err
		}
		out.Items, out.Position = make([]types.RestApi, len(found)), nil
		for i, f := range found {
			out.Items[i] = f.Value.API.Value
		}
		if more {
			out.Position = entity.EncodePosition(found[len(found)-1].ID)
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	return out, nil
}

// DeleteRestApi deletes an API and everything inside; its stages are gone at once.
func (s *Service) DeleteRestApi(ctx context.Context, in *apigateway.DeleteRestApiInput) (*apigateway.DeleteRestApiOutput, error) { //nolint:revive // AWS names the operation
	call := wire.CallFrom(ctx)
	id := aws.ToString(in.RestApiId)
	err := s.store.Update(ctx, func(tx *store.Tx) error {
		if _, err := findAPI(tx, call, id, noAPI(call, in.RestApiId)); err != nil {
			return err
		}
		if err := clearAPI(tx, id); err != nil {
			return err
		}
		tx.Bump(StageTopic(id))
		return restAPIs.Delete(tx, apiScope, id)
	})
	if err != nil {
		return nil, err
	}
	return &apigateway.DeleteRestApiOutput{}, nil
}

// withTags is the API as Get and Update show it: with tags, if only empty ones. Create and the list leave empty tags
// out (recorded: test_update_rest_api_*, test_list_and_delete_apis).
func withTags(api types.RestApi) types.RestApi {
	if api.Tags == nil {
		api.Tags = map[string]string{}
	}
	return api
}
