package apigateway

import (
	"context"
	"maps"
	"slices"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/apigateway"
	"github.com/aws/aws-sdk-go-v2/service/apigateway/types"
)

// PutMethodResponse declares a response of a method.
func (s *Service) PutMethodResponse(ctx context.Context, in *apigateway.PutMethodResponseInput) (*apigateway.PutMethodResponseOutput, error) {
	response := types.MethodResponse{StatusCode: in.StatusCode, ResponseModels: in.ResponseModels, ResponseParameters: in.ResponseParameters}
	err := s.changeMethod(ctx, in.RestApiId, in.ResourceId, in.HttpMethod, noMethod, func(e *edit, m *types.Method) error {
		if _, exists := m.MethodResponses[aws.ToString(in.StatusCode)]; exists {
			return conflict("Response already exists for this resource")
		}
		if err := checkMethodResponse(e, response); err != nil {
			return err
		}
		if m.MethodResponses == nil {
			m.MethodResponses = make(map[string]types.MethodResponse, 1)
		}
		m.MethodResponses[aws.ToString(in.StatusCode)] = response
		return nil
	})
	if err != nil {
		return nil, err
	}
	return answer[apigateway.PutMethodResponseOutput](response), nil
}

// GetMethodResponse returns a declared response.
func (s *Service) GetMethodResponse(ctx context.Context, in *apigateway.GetMethodResponseInput) (*apigateway.GetMethodResponseOutput, error) {
	method, err := s.lookMethod(ctx, in.RestApiId, in.ResourceId, in.HttpMethod, noMethod)
	if err != nil {
		return nil, err
	}
	response, exists := method.MethodResponses[aws.ToString(in.StatusCode)]
	if !exists {
		return nil, noResponse
	}
	return answer[apigateway.GetMethodResponseOutput](response), nil
}

// UpdateMethodResponse patches a declared response.
func (s *Service) UpdateMethodResponse(ctx context.Context, in *apigateway.UpdateMethodResponseInput) (*apigateway.UpdateMethodResponseOutput, error) {
	var updated types.MethodResponse
	err := s.changeMethod(ctx, in.RestApiId, in.ResourceId, in.HttpMethod, noMethod, func(e *edit, m *types.Method) error {
		response, exists := m.MethodResponses[aws.ToString(in.StatusCode)]
		if !exists {
			return noResponse
		}
		if err := methodResponsePatches.apply(&response, in.PatchOperations); err != nil {
			return err
		}
		if err := checkMethodResponse(e, response); err != nil {
			return err
		}
		updated, m.MethodResponses[*in.StatusCode] = response, response
		return nil
	})
	if err != nil {
		return nil, err
	}
	return answer[apigateway.UpdateMethodResponseOutput](updated), nil
}

// DeleteMethodResponse takes a declared response away.
func (s *Service) DeleteMethodResponse(ctx context.Context, in *apigateway.DeleteMethodResponseInput) (*apigateway.DeleteMethodResponseOutput, error) {
	err := s.changeMethod(ctx, in.RestApiId, in.ResourceId, in.HttpMethod, noMethod, func(_ *edit, m *types.Method) error {
		if _, exists := m.MethodResponses[aws.ToString(in.StatusCode)]; !exists {
			return noResponse
		}
		if delete(m.MethodResponses, *in.StatusCode); len(m.MethodResponses) == 0 {
			m.MethodResponses = nil
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	return &apigateway.DeleteMethodResponseOutput{}, nil
}

var methodResponsePatches = patchTable[types.MethodResponse]{
	refuse: refusePlainly[types.MethodResponse],
	rows: []patchRow[types.MethodResponse]{
		{path: "/responseParameters/{}", ops: ops(opAdd, opReplace, opRemove), apply: func(r *types.MethodResponse, p patch) error {
			return patchEntry(&r.ResponseParameters, p, p.flag(), noParameter)
		}},
		{path: "/responseModels/{}", ops: ops(opAdd, opReplace, opRemove), apply: func(r *types.MethodResponse, p patch) error {
			return patchEntry(&r.ResponseModels, p, p.text(), noContentType)
		}},
	},
}

func checkMethodResponse(e *edit, r types.MethodResponse) error {
	for _, parameter := range slices.Sorted(maps.Keys(r.ResponseParameters)) {
		if !responseParameter.MatchString(parameter) {
			return invalidMapping("Invalid mapping expression parameter specified: " + parameter)
		}
	}
	return checkModels(e, r.ResponseModels)
}
