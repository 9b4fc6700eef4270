package apigateway

import (
	"context"
	"errors"
	"maps"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/apigateway"
	"github.com/aws/aws-sdk-go-v2/service/apigateway/types"

	"github.com/poolgate/poolgate/internal/store"
	"github.com/poolgate/poolgate/internal/wire"
)

// greatestCompressionSize is AWS's upper bound of minimumCompressionSize.
const greatestCompressionSize = 10485760

var badCompressionSize = badRequest("Invalid minimum compression size, must be between 0 and %d", greatestCompressionSize)

// CreateRestApi makes an API with its root resource and the two models every API begins with.
func (s *Service) CreateRestApi(ctx context.Context, in *apigateway.CreateRestApiInput) (*apigateway.CreateRestApiOutput, error) { //nolint:revive // AWS names the operation
	api, err := newAPI(in)
	if err != nil {
		return nil, err
	}
	id, err := s.apiID(in.Tags)
	if err != nil {
		return nil, err
	}
	rootID, err := s.newID(rootIDLength)
	if err != nil {
		return nil, err
	}
	defaults, err := s.defaultModels()
	if err != nil {
		return nil, err
	}
	call := wire.CallFrom(ctx)
	api.Id, api.RootResourceId, api.CreatedDate = &id, &rootID, s.now()
	err = s.store.Update(ctx, func(tx *store.Tx) error {
		stored := &restAPI{Account: call.Account, Region: call.Region, Revision: 1, API: wire.Document[types.RestApi]{Value: *api}}
		if err := restAPIs.Insert(tx, apiScope, id, stored); err != nil {
			if errors.Is(err, store.ErrExists) {
				return conflict("REST API with id %s already exists", id).Because(err)
			}
			return err
		}
		if in.CloneFrom != nil {
			return s.cloneAPI(tx, call, *in.CloneFrom, id, rootID)
		}
		root := types.Resource{Id: &rootID, Path: aws.String("/")}
		if err := resources.Insert(tx, id, rootID, document(root)); err != nil {
			return err
		}
		for _, model := range defaults {
			if err := models.Insert(tx, id, *model.Name, document(model)); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	return answer[apigateway.CreateRestApiOutput](*api), nil
}

// newAPI checks the input and fills in the defaults that AWS shows (recorded section 8).
func newAPI(in *apigateway.CreateRestApiInput) (*types.RestApi, error) {
	if in.Description != nil && *in.Description == "" {
		return nil, badRequest("Description cannot be an empty string")
	}
	if size := in.MinimumCompressionSize; size != nil && (*size < 0 || *size > greatestCompressionSize) {
		return nil, badCompressionSize
	}
	endpoint, err := newEndpoint(in.EndpointConfiguration)
	if err != nil {
		return nil, err
	}
	policy, err := escapePolicy(in.Policy)
	if err != nil {
		return nil, err
	}
	api := &types.RestApi{
		Name: in.Name, Description: in.Description, Version: in.Version, ApiKeySource: in.ApiKeySource,
		MinimumCompressionSize: in.MinimumCompressionSize, DisableExecuteApiEndpoint: in.DisableExecuteApiEndpoint,
		EndpointConfiguration: endpoint, EndpointAccessMode: in.EndpointAccessMode, SecurityPolicy: in.SecurityPolicy,
		Policy: policy,
	}
	if api.ApiKeySource == "" {
		api.ApiKeySource = types.ApiKeySourceTypeHeader
	}
	if len(in.BinaryMediaTypes) > 0 {
		api.BinaryMediaTypes = in.BinaryMediaTypes
	}
	if len(in.Tags) > 0 {
		api.Tags = maps.Clone(in.Tags)
	}
	return api, nil
}

// newEndpoint checks an endpoint configuration: one type, and IPv4 alone never for a private API.
func newEndpoint(in *types.EndpointConfiguration) (*types.EndpointConfiguration, error) {
	endpoint := &types.EndpointConfiguration{Types: []types.EndpointType{types.EndpointTypeEdge}}
	if in != nil {
		switch {
		case in.Types == nil:
		case len(in.Types) == 0:
			return nil, noEndpointType
		case len(in.Types) > 1:
			return nil, severalEndpointTypes
		default:
			endpoint.Types = in.Types
		}
		endpoint.IpAddressType, endpoint.VpcEndpointIds = in.IpAddressType, in.VpcEndpointIds
	}
	private := endpoint.Types[0] == types.EndpointTypePrivate
	switch {
	case endpoint.IpAddressType == "" && private:
		endpoint.IpAddressType = types.IpAddressTypeDualstack
	case endpoint.IpAddressType == "":
		endpoint.IpAddressType = types.IpAddressTypeIpv4
	case private && endpoint.IpAddressType == types.IpAddressTypeIpv4:
		return nil, privateNeedsDualstack
	}
	return endpoint, nil
}

// apiID is the id that the tag pins, or a new one.
func (s *Service) apiID(tags map[string]string) (string, error) {
	pinned, ok := tags[customIDTag]
	if !ok {
		return s.newID(apiIDLength)
	}
	if !customID().MatchString(pinned) {
		return "", badRequest("Invalid value of the tag %s: lower-case letters, digits and inner hyphens, at most 63 in all", customIDTag)
	}
	return pinned, nil
}

// cloneAPI copies what is inside another API of the caller. Resources get ids of their own, because the cache namespace of an
// integration is its resource's id; other ids are only known within their API and stay.
func (s *Service) cloneAPI(tx *store.Tx, call wire.Call, fromID, toID, rootID string) error {
	from, err := findAPI(tx, call, fromID, noAPI(call, &fromID))
	if err != nil {
		return err
	}
	list, err := all(tx, &resources, fromID)
	if err != nil {
		return err
	}
	ids := map[string]string{aws.ToString(from.API.Value.RootResourceId): rootID}
	for _, r := range list {
		if _, named := ids[*r.Id]; !named {
			if ids[*r.Id], err = s.newID(entityIDLength); err != nil {
				return err
			}
		}
	}
	for _, r := range list {
		for verb, method := range r.ResourceMethods {
			if i := method.MethodIntegration; i != nil && aws.ToString(i.CacheNamespace) == *r.Id {
				i.CacheNamespace = aws.String(ids[*r.Id])
				r.ResourceMethods[verb] = method
			}
		}
		r.Id = aws.String(ids[*r.Id])
		if r.ParentId != nil {
			r.ParentId = aws.String(ids[*r.ParentId])
		}
		if err := resources.Insert(tx, toID, *r.Id, document(r)); err != nil {
			return err
		}
	}
	return errors.Join(
		cloneAll(tx, &authorizers, fromID, toID), cloneAll(tx, &models, fromID, toID),
		cloneAll(tx, &validators, fromID, toID), cloneAll(tx, &gatewayResponses, fromID, toID),
		cloneAll(tx, &documentationParts, fromID, toID),
	)
}

func cloneAll[T any](tx *store.Tx, c *store.Collection[wire.Document[T]], fromID, toID string) error {
	found, _, err := c.List(tx, fromID, store.Page{})
	if err != nil {
		return err
	}
	for _, f := range found {
		if err := c.Insert(tx, toID, f.ID, f.Value); err != nil {
			return err
		}
	}
	return nil
}
