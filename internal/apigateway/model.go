package apigateway

import (
	"context"
	"encoding/json"
	"errors"
	"regexp"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/apigateway"
	"github.com/aws/aws-sdk-go-v2/service/apigateway/types"

	"github.com/poolgate/poolgate/internal/store"
	"github.com/poolgate/poolgate/internal/wire"
)

// modelName is what a model may be called: it is part of a JSON reference.
var modelName = regexp.MustCompile(`^[a-zA-Z0-9]+$`)

// defaultModels are the two every API begins with (recorded: test_model_lifecycle).
func (s *Service) defaultModels() ([]types.Model, error) {
	list := []types.Model{
		{
			Name: aws.String("Empty"), Description: aws.String("This is a default empty schema model"),
			Schema: aws.String("{\n  \"$schema\": \"http://json-schema.org/draft-04/schema#\",\n  \"title\" : \"Empty Schema\",\n  \"type\" : \"object\"\n}"),
		},
		{
			Name: aws.String("Error"), Description: aws.String("This is a default error schema model"),
			Schema: aws.String("{\n  \"$schema\" : \"http://json-schema.org/draft-04/schema#\",\n  \"title\" : \"Error Schema\",\n  \"type\" : \"object\",\n" +
				"  \"properties\" : {\n    \"message\" : { \"type\" : \"string\" }\n  }\n}"),
		},
	}
	for i := range list {
		id, err := s.newID(entityIDLength)
		if err != nil {
			return nil, err
		}
		list[i].Id, list[i].ContentType = &id, aws.String("application/json")
	}
	return list, nil
}

// CreateModel adds a model to an API.
func (s *Service) CreateModel(ctx context.Context, in *apigateway.CreateModelInput) (*apigateway.CreateModelOutput, error) {
	id, err := s.newID(entityIDLength)
	if err != nil {
		return nil, err
	}
	model := types.Model{Id: &id, Name: in.Name, ContentType: in.ContentType, Description: emptyIsNil(in.Description), Schema: in.Schema}
	err = s.change(ctx, in.RestApiId, noAPI(wire.CallFrom(ctx), in.RestApiId), func(e *edit) error {
		name := aws.ToString(in.Name)
		switch {
		case name == "":
			return badRequest("Model name must be non-empty")
		case !modelName.MatchString(name):
			return badRequest("Model name must be alphanumeric: %s", name)
		}
		if _, err := models.Get(e.tx, e.id, name); err == nil {
			return conflict("Model name already exists for this REST API")
		} else if !errors.Is(err, store.ErrNotFound) {
			return err
		}
		if err := checkSchema(model); err != nil {
			return err
		}
		return models.Insert(e.tx, e.id, name, document(model))
	})
	if err != nil {
		return nil, err
	}
	return answer[apigateway.CreateModelOutput](model), nil
}

// checkSchema checks that a model has a schema, and that it is JSON where it says so.
func checkSchema(model types.Model) error {
	schema := strings.TrimSpace(aws.ToString(model.Schema))
	if schema == "" {
		return badRequest("Model schema must have at least 1 property or array items defined")
	}
	if aws.ToString(model.ContentType) == "application/json" && !json.Valid([]byte(schema)) {
		return badRequest("Invalid model specified: Validation Result: warnings : [], errors : [Invalid model schema specified]")
	}
	return nil
}

// GetModel returns one model.
func (s *Service) GetModel(ctx context.Context, in *apigateway.GetModelInput) (*apigateway.GetModelOutput, error) {
	model, err := s.lookModel(ctx, in.RestApiId, in.ModelName)
	if err != nil {
		return nil, err
	}
	return answer[apigateway.GetModelOutput](model), nil
}

func (s *Service) lookModel(ctx context.Context, apiID, name *string) (types.Model, error) {
	var model types.Model
	err := s.look(ctx, apiID, noModel(name), func(e *edit) error {
		found, err := get(e.tx, &models, e.id, name, noModel(name))
		if err == nil {
			model = found.Value
		}
		return err
	})
	return model, err
}

// GetModels lists an API's models in the order of their names.
func (s *Service) GetModels(ctx context.Context, in *apigateway.GetModelsInput) (*apigateway.GetModelsOutput, error) {
	out := &apigateway.GetModelsOutput{}
	err := s.look(ctx, in.RestApiId, noAPI(wire.CallFrom(ctx), in.RestApiId), func(e *edit) error {
		list, err := all(e.tx, &models, e.id)
		if err != nil {
			return err
		}
		out.Items, out.Position, err = page(list, func(m types.Model) string { return *m.Name }, in.Limit, in.Position)
		return err
	})
	if err != nil {
		return nil, err
	}
	return out, nil
}

// UpdateModel patches a model.
func (s *Service) UpdateModel(ctx context.Context, in *apigateway.UpdateModelInput) (*apigateway.UpdateModelOutput, error) {
	var updated types.Model
	err := s.change(ctx, in.RestApiId, noModel(in.ModelName), func(e *edit) error {
		found, err := get(e.tx, &models, e.id, in.ModelName, noModel(in.ModelName))
		if err != nil {
			return err
		}
		if err := modelPatches.apply(&found.Value, in.PatchOperations); err != nil {
			return err
		}
		if err := checkSchema(found.Value); err != nil {
			return err
		}
		updated = found.Value
		return models.Put(e.tx, e.id, *in.ModelName, found)
	})
	if err != nil {
		return nil, err
	}
	return answer[apigateway.UpdateModelOutput](updated), nil
}

var modelPatches = patchTable[types.Model]{
	refuse: refuseByList[types.Model],
	rows: []patchRow[types.Model]{
		replaceText("/description", func(m *types.Model) **string { return &m.Description }),
		replaceText("/schema", func(m *types.Model) **string { return &m.Schema }),
	},
}

// DeleteModel deletes a model that no method refers to.
func (s *Service) DeleteModel(ctx context.Context, in *apigateway.DeleteModelInput) (*apigateway.DeleteModelOutput, error) {
	err := s.change(ctx, in.RestApiId, noModel(in.ModelName), func(e *edit) error {
		if _, err := get(e.tx, &models, e.id, in.ModelName, noModel(in.ModelName)); err != nil {
			return err
		}
		requests := func(m types.Method) bool { return hasValue(m.RequestModels, *in.ModelName) }
		responds := func(m types.Method) bool { return respondsWith(m, *in.ModelName) }
		if err := refuseModelInUse(e, *in.ModelName, "request", requests); err != nil {
			return err
		}
		if err := refuseModelInUse(e, *in.ModelName, "response", responds); err != nil {
			return err
		}
		return models.Delete(e.tx, e.id, *in.ModelName)
	})
	if err != nil {
		return nil, err
	}
	return &apigateway.DeleteModelOutput{}, nil
}

func refuseModelInUse(e *edit, name, where string, uses func(types.Method) bool) error {
	verb, path, err := methodUsing(e.tx, e.id, uses)
	if err == nil && verb != "" {
		return conflict("Cannot delete model '%s', is referenced in method %s: %s/%s", name, where, path, verb)
	}
	return err
}

func respondsWith(m types.Method, model string) bool {
	for _, response := range m.MethodResponses {
		if hasValue(response.ResponseModels, model) {
			return true
		}
	}
	return false
}

func hasValue(entries map[string]string, value string) bool {
	for _, v := range entries {
		if v == value {
			return true
		}
	}
	return false
}
