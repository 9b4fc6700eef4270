package apigateway

import (
	"context"
	"maps"
	"slices"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/apigateway"
	"github.com/aws/aws-sdk-go-v2/service/apigateway/types"
)

// PutIntegrationResponse says how an answer of the integration becomes one of the method's responses.
func (s *Service) PutIntegrationResponse(ctx context.Context, in *apigateway.PutIntegrationResponseInput) (*apigateway.PutIntegrationResponseOutput, error) {
	response := types.IntegrationResponse{
		StatusCode: in.StatusCode, SelectionPattern: in.SelectionPattern, ContentHandling: in.ContentHandling,
		ResponseParameters: in.ResponseParameters, ResponseTemplates: in.ResponseTemplates,
	}
	err := s.changeMethod(ctx, in.RestApiId, in.ResourceId, in.HttpMethod, noMethod, func(_ *edit, m *types.Method) error {
		i := m.MethodIntegration
		if i == nil {
			return noIntegration
		}
		if err := checkIntegrationResponse(m, response); err != nil {
			return err
		}
		if i.IntegrationResponses == nil {
			i.IntegrationResponses = make(map[string]types.IntegrationResponse, 1)
		}
		i.IntegrationResponses[aws.ToString(in.StatusCode)] = response
		return nil
	})
	if err != nil {
		return nil, err
	}
	return answer[apigateway.PutIntegrationResponseOutput](response), nil
}

// GetIntegrationResponse returns one response of an integration.
func (s *Service) GetIntegrationResponse(ctx context.Context, in *apigateway.GetIntegrationResponseInput) (*apigateway.GetIntegrationResponseOutput, error) {
	method, err := s.lookMethod(ctx, in.RestApiId, in.ResourceId, in.HttpMethod, noMethod)
	if err != nil {
		return nil, err
	}
	if method.MethodIntegration == nil {
		return nil, noIntegration
	}
	response, exists := method.MethodIntegration.IntegrationResponses[aws.ToString(in.StatusCode)]
	if !exists {
		return nil, noResponse
	}
	return answer[apigateway.GetIntegrationResponseOutput](response), nil
}

// UpdateIntegrationResponse patches one response of an integration.
func (s *Service) UpdateIntegrationResponse(ctx context.Context, in *apigateway.UpdateIntegrationResponseInput) (*apigateway.UpdateIntegrationResponseOutput, error) {
	var updated types.IntegrationResponse
	err := s.changeMethod(ctx, in.RestApiId, in.ResourceId, in.HttpMethod, noMethod, func(_ *edit, m *types.Method) error {
		if m.MethodIntegration == nil {
			return noIntegration
		}
		response, exists := m.MethodIntegration.IntegrationResponses[aws.ToString(in.StatusCode)]
		if !exists {
			return noResponse
		}
		if err := integrationResponsePatches.apply(&response, in.PatchOperations); err != nil {
			return err
		}
		updated, m.MethodIntegration.IntegrationResponses[*in.StatusCode] = response, response
		return checkIntegrationResponse(m, response)
	})
	if err != nil {
		return nil, err
	}
	return answer[apigateway.UpdateIntegrationResponseOutput](updated), nil
}

// DeleteIntegrationResponse takes one response of an integration away. A method that does not exist is answered as an
// integration that does not (recorded: test_delete_integration_response_errors).
func (s *Service) DeleteIntegrationResponse(ctx context.Context, in *apigateway.DeleteIntegrationResponseInput) (*apigateway.DeleteIntegrationResponseOutput, error) {
	err := s.changeMethod(ctx, in.RestApiId, in.ResourceId, in.HttpMethod, noIntegration, func(_ *edit, m *types.Method) error {
		i := m.MethodIntegration
		if i == nil {
			return noIntegration
		}
		if _, exists := i.IntegrationResponses[aws.ToString(in.StatusCode)]; !exists {
			return noResponse
		}
		if delete(i.IntegrationResponses, *in.StatusCode); len(i.IntegrationResponses) == 0 {
			i.IntegrationResponses = nil
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	return &apigateway.DeleteIntegrationResponseOutput{}, nil
}

var integrationResponsePatches = patchTable[types.IntegrationResponse]{
	refuse: refusePlainly[types.IntegrationResponse],
	rows: []patchRow[types.IntegrationResponse]{
		{path: "/selectionPattern", ops: ops(opReplace), apply: func(r *types.IntegrationResponse, p patch) error {
			r.SelectionPattern = p.Value
			return nil
		}},
		replaceWord("/contentHandling", "content handling", func(r *types.IntegrationResponse) *types.ContentHandlingStrategy { return &r.ContentHandling }),
		{path: "/responseParameters/{}", ops: ops(opAdd, opReplace, opRemove), apply: func(r *types.IntegrationResponse, p patch) error {
			return patchEntry(&r.ResponseParameters, p, p.text(), noParameter)
		}},
		{path: "/responseTemplates/{}", ops: ops(opAdd, opReplace, opRemove), apply: func(r *types.IntegrationResponse, p patch) error {
			return patchEntry(&r.ResponseTemplates, p, p.text(), noContentType)
		}},
	},
}

// checkIntegrationResponse checks that a response only sets headers that the method declares for its status.
func checkIntegrationResponse(m *types.Method, r types.IntegrationResponse) error {
	declared := m.MethodResponses[aws.ToString(r.StatusCode)].ResponseParameters
	for _, to := range slices.Sorted(maps.Keys(r.ResponseParameters)) {
		if _, ok := declared[to]; !ok {
			return invalidMapping("Invalid mapping expression parameter specified: " + to)
		}
		if from := r.ResponseParameters[to]; !isValueExpression(from) && !isResponseExpression(from) {
			return invalidMapping("Invalid mapping expression specified: " + from)
		}
	}
	return checkContentTypes(r.ResponseTemplates)
}

// isResponseExpression tells whether a mapping's value is a part of the integration's answer.
func isResponseExpression(value string) bool {
	return hasName(value, "integration.response.header.") || hasName(value, "integration.response.multivalueheader.") ||
		value == "integration.response.body" || strings.HasPrefix(value, "integration.response.body.")
}
