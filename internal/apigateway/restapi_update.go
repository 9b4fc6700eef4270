package apigateway

import (
	"context"
	"slices"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/apigateway"
	"github.com/aws/aws-sdk-go-v2/service/apigateway/types"

	"github.com/poolgate/poolgate/internal/wire"
)

var (
	noEndpointType        = badRequest("REGIONAL Configuration and EDGE Configuration cannot be both DISABLED.")
	severalEndpointTypes  = badRequest("Cannot create an api with multiple Endpoint Types.")
	privateNeedsDualstack = badRequest("Only dualstack ipAddressType is supported for Private APIs.")
)

// UpdateRestApi patches an API.
func (s *Service) UpdateRestApi(ctx context.Context, in *apigateway.UpdateRestApiInput) (*apigateway.UpdateRestApiOutput, error) { //nolint:revive // AWS names the operation
	var api types.RestApi
	err := s.change(ctx, in.RestApiId, noAPI(wire.CallFrom(ctx), in.RestApiId), func(e *edit) error {
		if err := restAPIPatches.apply(&e.api.API.Value, in.PatchOperations); err != nil {
			return err
		}
		api = withTags(e.api.API.Value)
		return nil
	})
	if err != nil {
		return nil, err
	}
	return answer[apigateway.UpdateRestApiOutput](api), nil
}

var restAPIPatches = patchTable[types.RestApi]{
	refuse: refusePlainly[types.RestApi],
	rows: []patchRow[types.RestApi]{
		{path: "/name", ops: ops(opReplace), apply: func(api *types.RestApi, p patch) error {
			if p.text() == "" {
				return badRequest("Name cannot be empty")
			}
			api.Name = p.Value
			return nil
		}},
		{path: "/description", ops: ops(opAdd, opReplace, opRemove), apply: func(api *types.RestApi, p patch) error {
			api.Description = nil
			if p.Op != opRemove {
				api.Description = emptyIsNil(p.Value)
			}
			return nil
		}},
		{path: "/policy", ops: ops(opReplace), apply: func(api *types.RestApi, p patch) (err error) {
			api.Policy, err = escapePolicy(p.Value)
			return err
		}},
		{path: "/binaryMediaTypes/{}", ops: ops(opAdd, opReplace, opRemove), apply: patchBinaryMediaType},
		{path: "/minimumCompressionSize", ops: ops(opReplace), apply: func(api *types.RestApi, p patch) error {
			if p.text() == "" { // no value turns compression off (recorded: disable-compression)
				api.MinimumCompressionSize = nil
				return nil
			}
			size, err := patchInt(p, 0, greatestCompressionSize, badCompressionSize)
			if err != nil {
				return err
			}
			api.MinimumCompressionSize = aws.Int32(size)
			return nil
		}},
		{path: "/endpointConfiguration/types/{}", ops: ops(opAdd, opReplace, opRemove), apply: patchEndpointType,
			refuse: func(patch) error {
				return badRequest("Invalid patch operation specified. Must be 'add'|'remove'|'replace'")
			}},
		{path: "/endpointConfiguration/ipAddressType", ops: ops(opReplace), apply: patchIPAddressType},
		{path: "/endpointConfiguration/vpcEndpointIds", ops: ops(opAdd, opRemove), apply: func(api *types.RestApi, p patch) error {
			endpoint := endpointOf(api)
			endpoint.VpcEndpointIds = patchMember(endpoint.VpcEndpointIds, p, p.text())
			return nil
		}},
		replaceFlag("/disableExecuteApiEndpoint", func(api *types.RestApi) *bool { return &api.DisableExecuteApiEndpoint }),
		replaceWord("/apiKeySource", "API key source", func(api *types.RestApi) *types.ApiKeySourceType { return &api.ApiKeySource }),
		replaceWord("/endpointAccessMode", "endpoint access mode", func(api *types.RestApi) *types.EndpointAccessMode { return &api.EndpointAccessMode }),
		replaceWord("/securityPolicy", "security policy", func(api *types.RestApi) *types.SecurityPolicy { return &api.SecurityPolicy }),
	},
}

// patchBinaryMediaType treats the list as a set whose members are named in the path; a replaced one moves to the end
// (recorded: update-rest-api-replace).
func patchBinaryMediaType(api *types.RestApi, p patch) error {
	old := p
	old.Op = opRemove
	api.BinaryMediaTypes = patchMember(api.BinaryMediaTypes, old, p.key())
	switch p.Op {
	case opAdd:
		api.BinaryMediaTypes = append(api.BinaryMediaTypes, p.key())
	case opReplace:
		if p.text() == "" {
			return refusePath(p)
		}
		api.BinaryMediaTypes = patchMember(api.BinaryMediaTypes, p, p.text())
	}
	return nil
}

// patchEndpointType changes the one type an API has. A private API speaks both versions of IP.
func patchEndpointType(api *types.RestApi, p patch) error {
	value := types.EndpointType(p.text())
	endpoint := endpointOf(api)
	switch {
	case p.Op == opRemove:
		return noEndpointType
	case !slices.Contains(value.Values(), value):
		return badRequest("Invalid EndpointTypes specified. Valid options are REGIONAL,EDGE,PRIVATE")
	case p.Op == opAdd && !slices.Contains(endpoint.Types, value):
		return severalEndpointTypes
	}
	endpoint.Types = []types.EndpointType{value}
	if value == types.EndpointTypePrivate {
		endpoint.IpAddressType = types.IpAddressTypeDualstack
	}
	return nil
}

func patchIPAddressType(api *types.RestApi, p patch) error {
	value := types.IpAddressType(p.text())
	endpoint := endpointOf(api)
	switch {
	case !slices.Contains(value.Values(), value):
		return badRequest("ipAddressType must be either ipv4 or dualstack.")
	case value == types.IpAddressTypeIpv4 && slices.Contains(endpoint.Types, types.EndpointTypePrivate):
		return privateNeedsDualstack
	}
	endpoint.IpAddressType = value
	return nil
}

func endpointOf(api *types.RestApi) *types.EndpointConfiguration {
	if api.EndpointConfiguration == nil {
		api.EndpointConfiguration = &types.EndpointConfiguration{}
	}
	return api.EndpointConfiguration
}
