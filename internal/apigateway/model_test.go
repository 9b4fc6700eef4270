package apigateway

import (
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/apigateway"
	"github.com/aws/aws-sdk-go-v2/service/apigateway/types"
)

func (g *gate) createModel(api *string, name string) (*apigateway.CreateModelOutput, error) {
	return g.CreateModel(g.ctx(), &apigateway.CreateModelInput{
		RestApiId: api, Name: &name, ContentType: aws.String("application/json"), Schema: aws.String(`{"title":"` + name + `","type":"object"}`),
	})
}

func TestModelsAnswerAsRecorded(t *testing.T) {
	g := newGate(t)
	api, _ := g.createAPI()
	created := ok(g.createModel(api, "CalcOutput"))(t)
	want := `{"contentType":"application/json","id":"` + *created.Id + `","name":"CalcOutput","schema":"{\"title\":\"CalcOutput\",\"type\":\"object\"}"}`
	shows(t, created, want)
	shows(t, ok(g.GetModel(g.ctx(), &apigateway.GetModelInput{RestApiId: api, ModelName: aws.String("CalcOutput")}))(t), want)
	list := ok(g.GetModels(g.ctx(), &apigateway.GetModelsInput{RestApiId: api}))(t).Items
	if len(list) != 3 || *list[0].Name != "CalcOutput" || *list[1].Name != "Empty" || *list[2].Name != "Error" {
		t.Errorf("listed: %v", list)
	}
	if *list[1].Description != "This is a default empty schema model" || *list[2].Description != "This is a default error schema model" {
		t.Errorf("default models: %+v", list[1:])
	}
	updated := ok(g.UpdateModel(g.ctx(), &apigateway.UpdateModelInput{RestApiId: api, ModelName: aws.String("CalcOutput"), PatchOperations: []types.PatchOperation{
		operation(opReplace, "/schema", `{"title":"Updated schema"}`), operation(opReplace, "/description", "d")}}))(t)
	shows(t, updated, `{"contentType":"application/json","id":"`+*created.Id+`","name":"CalcOutput","description":"d","schema":"{\"title\":\"Updated schema\"}"}`)
}

func TestModelsRefuseAsRecorded(t *testing.T) {
	g := newGate(t)
	api, _ := g.createAPI()
	ok(g.createModel(api, "MyModel"))(t)
	const noSchema = "Model schema must have at least 1 property or array items defined"
	for _, test := range []struct {
		name, code, want string
		in               apigateway.CreateModelInput
	}{
		{"an unknown API", "NotFoundException", "Invalid API identifier specified 111111111111:abcde0",
			apigateway.CreateModelInput{RestApiId: aws.String("abcde0"), Name: aws.String("MySchema"), Schema: aws.String("{}")}},
		{"a name that is taken", "ConflictException", "Model name already exists for this REST API", apigateway.CreateModelInput{Name: aws.String("MyModel"), Schema: aws.String("{}")}},
		{"an empty name", "BadRequestException", "Model name must be non-empty", apigateway.CreateModelInput{Name: aws.String(""), Schema: aws.String("{}")}},
		{"an empty schema", "BadRequestException", noSchema, apigateway.CreateModelInput{Name: aws.String("Other"), Schema: aws.String("")}},
		{"no schema", "BadRequestException", noSchema, apigateway.CreateModelInput{Name: aws.String("Other")}},
		{"no schema of XML", "BadRequestException", noSchema, apigateway.CreateModelInput{Name: aws.String("Other"), ContentType: aws.String("application/xml")}},
	} {
		t.Run(test.name, func(t *testing.T) {
			if test.in.RestApiId == nil {
				test.in.RestApiId = api
			}
			if test.in.ContentType == nil {
				test.in.ContentType = aws.String("application/json")
			}
			refused(g.CreateModel(g.ctx(), &test.in))(t, test.code, test.want)
		})
	}
	refused(g.GetModels(g.ctx(), &apigateway.GetModelsInput{RestApiId: aws.String("abcde0")}))(t, "NotFoundException", "Invalid API identifier specified 111111111111:abcde0")
	const unknown = "Invalid model name specified: MySchema"
	refused(g.GetModel(g.ctx(), &apigateway.GetModelInput{RestApiId: api, ModelName: aws.String("MySchema")}))(t, "NotFoundException", unknown)
	refused(g.DeleteModel(g.ctx(), &apigateway.DeleteModelInput{RestApiId: api, ModelName: aws.String("MySchema")}))(t, "NotFoundException", unknown)
	refused(g.UpdateModel(g.ctx(), &apigateway.UpdateModelInput{RestApiId: api, ModelName: aws.String("mySchema")}))(t, "NotFoundException", "Invalid model name specified: mySchema")
	update := func(o types.PatchOperation) (*apigateway.UpdateModelOutput, error) {
		return g.UpdateModel(g.ctx(), &apigateway.UpdateModelInput{RestApiId: api, ModelName: aws.String("MyModel"), PatchOperations: []types.PatchOperation{o}})
	}
	refused(update(operation(opAdd, "/wrong-path", "x")))(t, "BadRequestException", "Invalid patch path  '/wrong-path' specified for op 'add'. Please choose supported operations")
	refused(update(operation(opReplace, "/name", "x")))(t, "BadRequestException", "Invalid patch path  '/name' specified for op 'replace'. Must be one of: [/description, /schema]")
	refused(update(operation(opReplace, "/schema", "")))(t, "BadRequestException", noSchema)
}

// The steps of test_put_method_model, one after the other.
func TestAModelInUseCannotBeDeleted(t *testing.T) {
	g := newGate(t)
	api, root := g.createAPI()
	ok(g.createModel(api, "MyModel"))(t)
	ok(g.createModel(api, "MyModelTwo"))(t)
	test := g.createResource(api, root, "test")
	put := func(resource *string, model string) {
		t.Helper()
		ok(g.PutMethod(g.ctx(), &apigateway.PutMethodInput{RestApiId: api, ResourceId: resource, HttpMethod: aws.String("ANY"),
			AuthorizationType: aws.String("NONE"), RequestModels: map[string]string{"application/json": model}}))(t)
	}
	update := func(resource *string, o types.PatchOperation) *apigateway.UpdateMethodOutput {
		t.Helper()
		return ok(g.UpdateMethod(g.ctx(), &apigateway.UpdateMethodInput{RestApiId: api, ResourceId: resource, HttpMethod: aws.String("ANY"), PatchOperations: []types.PatchOperation{o}}))(t)
	}
	remove := func(name string) (*apigateway.DeleteModelOutput, error) {
		return g.DeleteModel(g.ctx(), &apigateway.DeleteModelInput{RestApiId: api, ModelName: &name})
	}
	put(root, "MyModel")
	refused(remove("MyModel"))(t, "ConflictException", "Cannot delete model 'MyModel', is referenced in method request: //ANY")
	update(root, operation(opReplace, "/requestModels/application~1json", "MyModelTwo"))
	ok(remove("MyModel"))(t)
	refused(remove("MyModelTwo"))(t, "ConflictException", "Cannot delete model 'MyModelTwo', is referenced in method request: //ANY")
	put(test, "MyModelTwo")
	refused(remove("MyModelTwo"))(t, "ConflictException", "Cannot delete model 'MyModelTwo', is referenced in method request: /test/ANY")
	shows(t, update(test, operation(opRemove, "/requestModels/application~1json")), `{"apiKeyRequired":false,"authorizationType":"NONE","httpMethod":"ANY"}`)
	refused(remove("MyModelTwo"))(t, "ConflictException", "Cannot delete model 'MyModelTwo', is referenced in method request: //ANY")
	ok(g.DeleteMethod(g.ctx(), &apigateway.DeleteMethodInput{RestApiId: api, ResourceId: root, HttpMethod: aws.String("ANY")}))(t)
	ok(remove("MyModelTwo"))(t)
}

func TestRequestValidatorsAnswerAsRecorded(t *testing.T) {
	g := newGate(t)
	api, root := g.createAPI()
	created := ok(g.CreateRequestValidator(g.ctx(), &apigateway.CreateRequestValidatorInput{RestApiId: api, Name: aws.String("validator")}))(t)
	shown := func(body string) string {
		return `{"id":"` + *created.Id + `","name":"validator","validateRequestBody":` + body + `,"validateRequestParameters":false}`
	}
	shows(t, created, shown("false"))
	shows(t, ok(g.GetRequestValidator(g.ctx(), &apigateway.GetRequestValidatorInput{RestApiId: api, RequestValidatorId: created.Id}))(t), shown("false"))
	update := func(o types.PatchOperation) (*apigateway.UpdateRequestValidatorOutput, error) {
		return g.UpdateRequestValidator(g.ctx(), &apigateway.UpdateRequestValidatorInput{RestApiId: api, RequestValidatorId: created.Id, PatchOperations: []types.PatchOperation{o}})
	}
	shows(t, ok(update(operation(opReplace, "/validateRequestBody", "true")))(t), shown("true"))
	shows(t, ok(update(operation(opReplace, "/validateRequestBody")))(t), shown("false"))

	for _, test := range []struct {
		name, want string
		operation  types.PatchOperation
	}{
		{"adding", "Invalid patch path  '/validateRequestBody' specified for op 'add'. Please choose supported operations", operation(opAdd, "/validateRequestBody", "true")},
		{"removing", "Invalid patch path  '/validateRequestBody' specified for op 'remove'. Please choose supported operations", operation(opRemove, "/validateRequestBody")},
		{"another path", "Invalid patch path  '/invalidPath' specified for op 'replace'. Must be one of: [/name, /validateRequestParameters, /validateRequestBody]",
			operation(opReplace, "/invalidPath", "x")},
		{"an empty name", "Request Validator name cannot be blank", operation(opReplace, "/name", "")},
	} {
		t.Run(test.name, func(t *testing.T) { refused(update(test.operation))(t, "BadRequestException", test.want) })
	}

	const unknown = "Invalid Request Validator identifier specified"
	for _, at := range [][2]*string{{aws.String("api_id"), created.Id}, {api, aws.String("nosuch")}} {
		refused(g.GetRequestValidator(g.ctx(), &apigateway.GetRequestValidatorInput{RestApiId: at[0], RequestValidatorId: at[1]}))(t, "NotFoundException", unknown)
		refused(g.UpdateRequestValidator(g.ctx(), &apigateway.UpdateRequestValidatorInput{RestApiId: at[0], RequestValidatorId: at[1]}))(t, "NotFoundException", unknown)
		refused(g.DeleteRequestValidator(g.ctx(), &apigateway.DeleteRequestValidatorInput{RestApiId: at[0], RequestValidatorId: at[1]}))(t, "NotFoundException", unknown)
	}
	refused(g.CreateRequestValidator(g.ctx(), &apigateway.CreateRequestValidatorInput{RestApiId: aws.String("api_id")}))(t, "BadRequestException", "Invalid REST API identifier specified")
	refused(g.GetRequestValidators(g.ctx(), &apigateway.GetRequestValidatorsInput{RestApiId: aws.String("api_id")}))(t, "NotFoundException", "Invalid API identifier specified 111111111111:api_id")

	ok(g.PutMethod(g.ctx(), &apigateway.PutMethodInput{RestApiId: api, ResourceId: root, HttpMethod: aws.String("GET"), AuthorizationType: aws.String("NONE"), RequestValidatorId: created.Id}))(t)
	remove := &apigateway.DeleteRequestValidatorInput{RestApiId: api, RequestValidatorId: created.Id}
	refused(g.DeleteRequestValidator(g.ctx(), remove))(t, "ConflictException", "Cannot delete request validator 'validator', is referenced in method: GET//")
	method := ok(g.UpdateMethod(g.ctx(), &apigateway.UpdateMethodInput{RestApiId: api, ResourceId: root, HttpMethod: aws.String("GET"),
		PatchOperations: []types.PatchOperation{operation(opReplace, "/requestValidatorId", "")}}))(t)
	shows(t, method, `{"apiKeyRequired":false,"authorizationType":"NONE","httpMethod":"GET"}`)
	ok(g.DeleteRequestValidator(g.ctx(), remove))(t)
	if list := ok(g.GetRequestValidators(g.ctx(), &apigateway.GetRequestValidatorsInput{RestApiId: api}))(t); len(list.Items) != 0 {
		t.Errorf("left: %v", list.Items)
	}
}
