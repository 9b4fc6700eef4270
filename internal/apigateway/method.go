package apigateway

import (
	"context"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/apigateway"
	"github.com/aws/aws-sdk-go-v2/service/apigateway/types"

	"github.com/poolgate/poolgate/internal/fault"
)

// PutMethod adds a method to a resource. One that is there already is not replaced.
func (s *Service) PutMethod(ctx context.Context, in *apigateway.PutMethodInput) (*apigateway.PutMethodOutput, error) {
	method := types.Method{
		HttpMethod: in.HttpMethod, AuthorizationType: in.AuthorizationType, AuthorizerId: in.AuthorizerId,
		ApiKeyRequired: aws.Bool(in.ApiKeyRequired), OperationName: in.OperationName, RequestValidatorId: emptyIsNil(in.RequestValidatorId),
		RequestModels: in.RequestModels, RequestParameters: in.RequestParameters,
	}
	if len(in.AuthorizationScopes) > 0 {
		method.AuthorizationScopes = in.AuthorizationScopes
	}
	err := s.change(ctx, in.RestApiId, noResource, func(e *edit) error {
		resource, err := get(e.tx, &resources, e.id, in.ResourceId, noResource)
		if err != nil {
			return err
		}
		verb := aws.ToString(in.HttpMethod)
		if !verbs[verb] {
			return badVerb
		}
		if _, exists := resource.Value.ResourceMethods[verb]; exists {
			return conflict("Method already exists for this resource")
		}
		if err := checkMethod(e, &method); err != nil {
			return err
		}
		if resource.Value.ResourceMethods == nil {
			resource.Value.ResourceMethods = make(map[string]types.Method, 1)
		}
		resource.Value.ResourceMethods[verb] = method
		return resources.Put(e.tx, e.id, *in.ResourceId, resource)
	})
	if err != nil {
		return nil, err
	}
	return answer[apigateway.PutMethodOutput](method), nil
}

// GetMethod returns a method with its integration and responses.
func (s *Service) GetMethod(ctx context.Context, in *apigateway.GetMethodInput) (*apigateway.GetMethodOutput, error) {
	method, err := s.lookMethod(ctx, in.RestApiId, in.ResourceId, in.HttpMethod, noMethod)
	if err != nil {
		return nil, err
	}
	return answer[apigateway.GetMethodOutput](method), nil
}

// UpdateMethod patches a method.
func (s *Service) UpdateMethod(ctx context.Context, in *apigateway.UpdateMethodInput) (*apigateway.UpdateMethodOutput, error) {
	var updated types.Method
	err := s.changeMethod(ctx, in.RestApiId, in.ResourceId, in.HttpMethod, noMethod, func(e *edit, method *types.Method) error {
		if err := methodPatches.apply(method, in.PatchOperations); err != nil {
			return err
		}
		updated = *method
		err := checkMethod(e, &updated)
		*method = updated
		return err
	})
	if err != nil {
		return nil, err
	}
	return answer[apigateway.UpdateMethodOutput](updated), nil
}

// DeleteMethod deletes a method with its integration and responses.
func (s *Service) DeleteMethod(ctx context.Context, in *apigateway.DeleteMethodInput) (*apigateway.DeleteMethodOutput, error) {
	err := s.change(ctx, in.RestApiId, noResource, func(e *edit) error {
		resource, err := get(e.tx, &resources, e.id, in.ResourceId, noResource)
		if err != nil {
			return err
		}
		verb := aws.ToString(in.HttpMethod)
		if _, exists := resource.Value.ResourceMethods[verb]; !exists {
			return noMethod
		}
		if delete(resource.Value.ResourceMethods, verb); len(resource.Value.ResourceMethods) == 0 {
			resource.Value.ResourceMethods = nil
		}
		return resources.Put(e.tx, e.id, *in.ResourceId, resource)
	})
	if err != nil {
		return nil, err
	}
	return &apigateway.DeleteMethodOutput{}, nil
}

// changeMethod runs fn on a method in an Update and stores what fn made of it. A method that does not exist is the fault missing.
func (s *Service) changeMethod(ctx context.Context, apiID, resourceID, verb *string, missing *fault.Error, fn func(*edit, *types.Method) error) error {
	return s.change(ctx, apiID, noResource, func(e *edit) error {
		resource, err := get(e.tx, &resources, e.id, resourceID, noResource)
		if err != nil {
			return err
		}
		method, exists := resource.Value.ResourceMethods[aws.ToString(verb)]
		if !exists {
			return missing
		}
		if err := fn(e, &method); err != nil {
			return err
		}
		resource.Value.ResourceMethods[*verb] = method
		return resources.Put(e.tx, e.id, *resourceID, resource)
	})
}

// lookMethod reads a method.
func (s *Service) lookMethod(ctx context.Context, apiID, resourceID, verb *string, missing *fault.Error) (types.Method, error) {
	var method types.Method
	err := s.look(ctx, apiID, noResource, func(e *edit) error {
		resource, err := get(e.tx, &resources, e.id, resourceID, noResource)
		if err != nil {
			return err
		}
		found, exists := resource.Value.ResourceMethods[aws.ToString(verb)]
		if !exists {
			return missing
		}
		method = found
		return nil
	})
	return method, err
}

var methodPatches = patchTable[types.Method]{
	refuse: refusePlainly[types.Method],
	rows: []patchRow[types.Method]{
		replaceText("/authorizationType", func(m *types.Method) **string { return &m.AuthorizationType }),
		replaceText("/authorizerId", func(m *types.Method) **string { return &m.AuthorizerId }),
		replaceText("/operationName", func(m *types.Method) **string { return &m.OperationName }),
		replaceText("/requestValidatorId", func(m *types.Method) **string { return &m.RequestValidatorId }),
		{path: "/apiKeyRequired", ops: ops(opReplace), apply: func(m *types.Method, p patch) error {
			m.ApiKeyRequired = aws.Bool(p.flag())
			return nil
		}},
		{path: "/authorizationScopes", ops: ops(opAdd, opRemove), apply: func(m *types.Method, p patch) error {
			if p.text() == "" {
				return refusePath(p)
			}
			m.AuthorizationScopes = patchMember(m.AuthorizationScopes, p, p.text())
			return nil
		}},
		{path: "/requestParameters/{}", ops: ops(opAdd, opReplace, opRemove), apply: func(m *types.Method, p patch) error {
			return patchEntry(&m.RequestParameters, p, p.flag(), noParameter)
		}},
		{path: "/requestModels/{}", ops: ops(opAdd, opReplace, opRemove), apply: func(m *types.Method, p patch) error {
			return patchEntry(&m.RequestModels, p, p.text(), noContentType)
		}},
	},
}
