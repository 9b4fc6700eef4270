package apigateway

import (
	"context"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/apigateway"
	"github.com/aws/aws-sdk-go-v2/service/apigateway/types"

	"github.com/poolgate/poolgate/internal/wire"
)

var (
	blankValidatorName = badRequest("Request Validator name cannot be blank")
	badAPIOfValidator  = badRequest("Invalid REST API identifier specified")
)

// CreateRequestValidator adds a request validator to an API. An unknown API is a bad request here (recorded:
// test_validators_crud_no_api).
func (s *Service) CreateRequestValidator(ctx context.Context, in *apigateway.CreateRequestValidatorInput) (*apigateway.CreateRequestValidatorOutput, error) {
	id, err := s.newID(entityIDLength)
	if err != nil {
		return nil, err
	}
	validator := types.RequestValidator{
		Id: &id, Name: in.Name, ValidateRequestBody: in.ValidateRequestBody, ValidateRequestParameters: in.ValidateRequestParameters,
	}
	err = s.change(ctx, in.RestApiId, badAPIOfValidator, func(e *edit) error {
		if in.Name != nil && strings.TrimSpace(*in.Name) == "" {
			return blankValidatorName
		}
		return validators.Insert(e.tx, e.id, id, document(validator))
	})
	if err != nil {
		return nil, err
	}
	return answer[apigateway.CreateRequestValidatorOutput](validator), nil
}

// GetRequestValidator returns one request validator.
func (s *Service) GetRequestValidator(ctx context.Context, in *apigateway.GetRequestValidatorInput) (*apigateway.GetRequestValidatorOutput, error) {
	var validator types.RequestValidator
	err := s.look(ctx, in.RestApiId, noValidator, func(e *edit) error {
		found, err := get(e.tx, &validators, e.id, in.RequestValidatorId, noValidator)
		if err == nil {
			validator = found.Value
		}
		return err
	})
	if err != nil {
		return nil, err
	}
	return answer[apigateway.GetRequestValidatorOutput](validator), nil
}

// GetRequestValidators lists an API's request validators in the order of their ids.
func (s *Service) GetRequestValidators(ctx context.Context, in *apigateway.GetRequestValidatorsInput) (*apigateway.GetRequestValidatorsOutput, error) {
	out := &apigateway.GetRequestValidatorsOutput{}
	err := s.look(ctx, in.RestApiId, noAPI(wire.CallFrom(ctx), in.RestApiId), func(e *edit) error {
		list, err := all(e.tx, &validators, e.id)
		if err != nil {
			return err
		}
		out.Items, out.Position, err = page(list, func(v types.RequestValidator) string { return *v.Id }, in.Limit, in.Position)
		return err
	})
	if err != nil {
		return nil, err
	}
	return out, nil
}

// UpdateRequestValidator patches a request validator.
func (s *Service) UpdateRequestValidator(ctx context.Context, in *apigateway.UpdateRequestValidatorInput) (*apigateway.UpdateRequestValidatorOutput, error) {
	var updated types.RequestValidator
	err := s.change(ctx, in.RestApiId, noValidator, func(e *edit) error {
		found, err := get(e.tx, &validators, e.id, in.RequestValidatorId, noValidator)
		if err != nil {
			return err
		}
		if err := validatorPatches.apply(&found.Value, in.PatchOperations); err != nil {
			return err
		}
		updated = found.Value
		return validators.Put(e.tx, e.id, *in.RequestValidatorId, found)
	})
	if err != nil {
		return nil, err
	}
	return answer[apigateway.UpdateRequestValidatorOutput](updated), nil
}

// DeleteRequestValidator deletes a request validator that no method uses.
func (s *Service) DeleteRequestValidator(ctx context.Context, in *apigateway.DeleteRequestValidatorInput) (*apigateway.DeleteRequestValidatorOutput, error) {
	err := s.change(ctx, in.RestApiId, noValidator, func(e *edit) error {
		found, err := get(e.tx, &validators, e.id, in.RequestValidatorId, noValidator)
		if err != nil {
			return err
		}
		verb, path, err := methodUsing(e.tx, e.id, func(m types.Method) bool {
			return aws.ToString(m.RequestValidatorId) == *in.RequestValidatorId
		})
		if err != nil {
			return err
		}
		if verb != "" {
			return conflict("Cannot delete request validator '%s', is referenced in method: %s/%s", aws.ToString(found.Value.Name), verb, path)
		}
		return validators.Delete(e.tx, e.id, *in.RequestValidatorId)
	})
	if err != nil {
		return nil, err
	}
	return &apigateway.DeleteRequestValidatorOutput{}, nil
}

var validatorPatches = patchTable[types.RequestValidator]{
	refuse: refuseByList[types.RequestValidator],
	rows: []patchRow[types.RequestValidator]{
		{path: "/name", ops: ops(opReplace), apply: func(v *types.RequestValidator, p patch) error {
			if strings.TrimSpace(p.text()) == "" {
				return blankValidatorName
			}
			v.Name = p.Value
			return nil
		}},
		replaceFlag("/validateRequestParameters", func(v *types.RequestValidator) *bool { return &v.ValidateRequestParameters }),
		replaceFlag("/validateRequestBody", func(v *types.RequestValidator) *bool { return &v.ValidateRequestBody }),
	},
}
