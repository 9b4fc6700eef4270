package apigateway

import (
	"reflect"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/service/apigateway"
	"github.com/aws/aws-sdk-go-v2/service/apigateway/types"
	"github.com/google/go-cmp/cmp"
)

func TestMatchPointer(t *testing.T) {
	for _, test := range []struct {
		name, pattern, pointer string
		keys                   []string
		ok                     bool
	}{
		{"literal segments", "/a/b", "/a/b", nil, true},
		{"another literal", "/a/b", "/a/c", nil, false},
		{"a key with escapes", "/a/{}", "/a/application~1json~0x", []string{"application/json~x"}, true},
		{"an escaped tilde before a one", "/{}", "/~01", []string{"~1"}, true},
		{"two keys", "/{}/{}/metrics/enabled", "/~1pets/GET/metrics/enabled", []string{"/pets", "GET"}, true},
		{"no key", "/a/{}", "/a/", nil, false},
		{"a segment too few", "/a/{}", "/a", nil, false},
		{"a segment too many", "/a", "/a/b", nil, false},
		{"no slash in front", "/a", "a", nil, false},
		{"nothing", "/a", "", nil, false},
	} {
		t.Run(test.name, func(t *testing.T) {
			keys, ok := matchPointer(test.pattern, test.pointer)
			if ok != test.ok || ok && !cmp.Equal(test.keys, keys) {
				t.Errorf("keys %q, %v", keys, ok)
			}
		})
	}
}

// Whatever the path, a table either refuses it or has a row for it, and every table survives.
func FuzzPatchPaths(f *testing.F) {
	for _, seed := range []string{"/name", "/binaryMediaTypes/image~1png", "/*/*/logging/loglevel", "/canarySettings/x", "//", "~", "/a/~", "/accessLogSettings/*"} {
		f.Add(seed, "value", "replace")
	}
	f.Fuzz(func(t *testing.T, path, value, op string) {
		o := []types.PatchOperation{{Op: types.Op(op), Path: &path, Value: &value, From: &value}}
		_ = restAPIPatches.apply(&types.RestApi{}, o)
		_ = methodPatches.apply(&types.Method{}, o)
		_ = integrationPatches.apply(&types.Integration{}, o)
		_ = gatewayResponsePatches.apply(&types.GatewayResponse{}, o)
		_ = authorizerPatches.apply(&types.Authorizer{}, o)
		_ = resourcePatches.apply(&types.Resource{}, o)
		stage := types.Stage{}
		if err := stagePatches.apply(&stage, o); err == nil && !strings.HasPrefix(path, "/") {
			t.Errorf("a stage took the path %q", path)
		}
		for key := range stage.MethodSettings {
			if !strings.HasPrefix(path, "/"+key+"/") {
				t.Errorf("the path %q set the key %q", path, key)
			}
		}
	})
}

// answer needs every field of an entity in each output that is made of it.
func TestEveryEntityFitsItsOutputs(t *testing.T) {
	for _, test := range []struct {
		entity  any
		outputs []any
	}{
		{types.RestApi{}, []any{apigateway.CreateRestApiOutput{}, apigateway.GetRestApiOutput{}, apigateway.UpdateRestApiOutput{}}},
		{types.Resource{}, []any{apigateway.CreateResourceOutput{}, apigateway.GetResourceOutput{}, apigateway.UpdateResourceOutput{}}},
		{types.Method{}, []any{apigateway.PutMethodOutput{}, apigateway.GetMethodOutput{}, apigateway.UpdateMethodOutput{}}},
		{types.MethodResponse{}, []any{apigateway.PutMethodResponseOutput{}, apigateway.GetMethodResponseOutput{}, apigateway.UpdateMethodResponseOutput{}}},
		{types.Integration{}, []any{apigateway.PutIntegrationOutput{}, apigateway.GetIntegrationOutput{}, apigateway.UpdateIntegrationOutput{}}},
		{types.IntegrationResponse{}, []any{apigateway.PutIntegrationResponseOutput{}, apigateway.GetIntegrationResponseOutput{}, apigateway.UpdateIntegrationResponseOutput{}}},
		{types.Authorizer{}, []any{apigateway.CreateAuthorizerOutput{}, apigateway.GetAuthorizerOutput{}, apigateway.UpdateAuthorizerOutput{}}},
		{types.Deployment{}, []any{apigateway.CreateDeploymentOutput{}, apigateway.GetDeploymentOutput{}, apigateway.UpdateDeploymentOutput{}}},
		{types.Stage{}, []any{apigateway.CreateStageOutput{}, apigateway.GetStageOutput{}, apigateway.UpdateStageOutput{}}},
		{types.GatewayResponse{}, []any{apigateway.PutGatewayResponseOutput{}, apigateway.GetGatewayResponseOutput{}, apigateway.UpdateGatewayResponseOutput{}}},
		{types.Model{}, []any{apigateway.CreateModelOutput{}, apigateway.GetModelOutput{}, apigateway.UpdateModelOutput{}}},
		{types.RequestValidator{}, []any{apigateway.CreateRequestValidatorOutput{}, apigateway.GetRequestValidatorOutput{}, apigateway.UpdateRequestValidatorOutput{}}},
	} {
		entity := reflect.TypeOf(test.entity)
		for _, output := range test.outputs {
			out := reflect.TypeOf(output)
			for _, field := range reflect.VisibleFields(entity) {
				if !field.IsExported() {
					continue
				}
				if target, exists := out.FieldByName(field.Name); !exists || target.Type != field.Type {
					t.Errorf("%s has no %s %s of %s", out, field.Name, field.Type, entity)
				}
			}
		}
	}
}

func TestIdsAreDrawnEvenlyFromTheirLetters(t *testing.T) {
	s := New(Config{Random: strings.NewReader(string([]byte{255, 253, 252, 251, 36, 0, 35, 71, 1, 2, 3, 4, 5, 6, 7, 8}))})
	id, err := s.newID(6)
	if err != nil || id != "9aa99b" {
		t.Errorf("id %q, %v", id, err)
	}
	if _, err := s.newID(6); err == nil {
		t.Error("an id was made of no randomness")
	}
}
