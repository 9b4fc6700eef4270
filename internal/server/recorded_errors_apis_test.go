package server

import (
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/apigateway"
	"github.com/aws/aws-sdk-go-v2/service/apigateway/types"
)

// The texts of the recorded control plane ("apigateway-recorded", section 12) for APIs as a whole.
func TestRecordedErrorsOfAPIs(t *testing.T) {
	create := func(in apigateway.CreateRestApiInput) func(*caller) error {
		return func(c *caller) error {
			in.Name = aws.String("pets")
			return only(c.api.CreateRestApi(c.ctx(), &in))
		}
	}
	endpoint := func(kinds []types.EndpointType, addresses types.IpAddressType) *types.EndpointConfiguration {
		return &types.EndpointConfiguration{Types: kinds, IpAddressType: addresses}
	}
	update := func(operations ...types.PatchOperation) func(*caller) error {
		return func(c *caller) error {
			api, _ := c.newAPI()
			return only(c.api.UpdateRestApi(c.ctx(), &apigateway.UpdateRestApiInput{RestApiId: api, PatchOperations: operations}))
		}
	}
	const (
		addresses = "/endpointConfiguration/ipAddressType"
		kinds     = "/endpointConfiguration/types/EDGE"
		opSet     = "failed to satisfy constraint: Member must satisfy enum value set: [add, remove, move, test, replace, copy]"
	)
	private := []types.EndpointType{types.EndpointTypePrivate}
	makeMistakes(t, []mistake{
		{"two endpoint types", 400, "BadRequestException", "Cannot create an api with multiple Endpoint Types.",
			create(apigateway.CreateRestApiInput{EndpointConfiguration: endpoint([]types.EndpointType{types.EndpointTypeEdge, types.EndpointTypeRegional}, "")})},
		{"an empty description", 400, "BadRequestException", "Description cannot be an empty string", create(apigateway.CreateRestApiInput{Description: aws.String("")})},
		{"no endpoint type", 400, "BadRequestException", "REGIONAL Configuration and EDGE Configuration cannot be both DISABLED.",
			create(apigateway.CreateRestApiInput{EndpointConfiguration: endpoint([]types.EndpointType{}, "")})},
		{"a private API with IPv4", 400, "BadRequestException", "Only dualstack ipAddressType is supported for Private APIs.",
			create(apigateway.CreateRestApiInput{EndpointConfiguration: endpoint(private, types.IpAddressTypeIpv4)})},
		{"compression below zero", 400, "BadRequestException", "Invalid minimum compression size, must be between 0 and 10485760",
			update(patchOf(types.OpReplace, "/minimumCompressionSize", "-1"))},
		{"an endpoint type that is none", 400, "ValidationException",
			"1 validation error detected: Value '[wrong]' at 'createRestApiInput.endpointConfiguration.types' failed to satisfy constraint: Member must satisfy constraint: [Member must satisfy enum value set: [PRIVATE, EDGE, REGIONAL]]",
			create(apigateway.CreateRestApiInput{EndpointConfiguration: endpoint([]types.EndpointType{"wrong"}, "")})},
		{"an address type that is none", 400, "ValidationException",
			"1 validation error detected: Value 'wrong' at 'createRestApiInput.endpointConfiguration.ipAddressType' failed to satisfy constraint: Member must satisfy enum value set: [ipv4, dualstack]",
			create(apigateway.CreateRestApiInput{EndpointConfiguration: endpoint(private, "wrong")})},
		{"neither type that is one", 400, "ValidationException",
			"2 validation errors detected: Value '[wrong]' at 'createRestApiInput.endpointConfiguration.types' failed to satisfy constraint: Member must satisfy constraint: [Member must satisfy enum value set: [PRIVATE, EDGE, REGIONAL]]; " +
				"Value 'wrong' at 'createRestApiInput.endpointConfiguration.ipAddressType' failed to satisfy constraint: Member must satisfy enum value set: [ipv4, dualstack]",
			create(apigateway.CreateRestApiInput{EndpointConfiguration: endpoint([]types.EndpointType{"wrong"}, "wrong")})},
		{"a patch to an endpoint type that is none", 400, "BadRequestException", "Invalid EndpointTypes specified. Valid options are REGIONAL,EDGE,PRIVATE", update(patchOf(types.OpReplace, kinds, "wrong"))},
		{"a patch to an address type that is none", 400, "BadRequestException", "ipAddressType must be either ipv4 or dualstack.", update(patchOf(types.OpReplace, addresses, "wrong"))},
		{"an operation that types do not know", 400, "BadRequestException", "Invalid patch operation specified. Must be 'add'|'remove'|'replace'", update(patchOf(types.OpTest, kinds, "EDGE"))},
		{"an operation that compression does not know", 400, "BadRequestException", "Invalid patch operation specified. Must be one of: [replace]",
			update(patchOf(types.OpAdd, "/minimumCompressionSize", "10"))},
		{"all binary media types at once", 400, "BadRequestException", "Invalid patch path /binaryMediaTypes", update(patchOf(types.OpAdd, "/binaryMediaTypes", "image/gif"))},
		{"two operations that are none", 400, "ValidationException",
			"2 validation errors detected: Value 'wrong' at 'updateRestApiInput.patchOperations.1.member.op' " + opSet + "; Value 'wrong' at 'updateRestApiInput.patchOperations.2.member.op' " + opSet,
			update(patchOf("wrong", addresses, "a"), patchOf("wrong", addresses, "b"))},
		{"three operations that are none", 400, "ValidationException",
			"3 validation errors detected: Value 'wrong' at 'updateRestApiInput.patchOperations.1.member.op' " + opSet + "; Value 'wrong' at 'updateRestApiInput.patchOperations.2.member.op' " + opSet +
				"; Value 'wrong' at 'updateRestApiInput.patchOperations.3.member.op' " + opSet,
			update(patchOf("wrong", kinds, "a"), patchOf("wrong", addresses, "b"), patchOf("wrong", addresses, "c"))},
		{"an API in capitals", 404, "NotFoundException", "Invalid API identifier specified 111111111111:{upper}", func(c *caller) error {
			api, _ := c.newAPI()
			upper := strings.ToUpper(*api)
			c.named["upper"] = upper
			return only(c.api.GetRestApi(c.ctx(), &apigateway.GetRestApiInput{RestApiId: &upper}))
		}},
		{"an unknown API updated", 404, "NotFoundException", "Invalid API identifier specified 111111111111:api_id", func(c *caller) error {
			return only(c.api.UpdateRestApi(c.ctx(), &apigateway.UpdateRestApiInput{RestApiId: aws.String("api_id"), PatchOperations: patches(patchOf(types.OpReplace, "/name", "x"))}))
		}},
		{"a clash of edits", 409, "ConflictException", "Unable to complete operation due to concurrent modification. Please try again later.", func(c *caller) error {
			return only(c.api.CreateAuthorizer(c.ctx(), &apigateway.CreateAuthorizerInput{RestApiId: aws.String("test-fake-rest-id"), Name: aws.String("a"), Type: types.AuthorizerTypeToken}))
		}},
		{"authorizers of an unknown API", 404, "NotFoundException", "Invalid API identifier specified 111111111111:test-fake-rest-id", func(c *caller) error {
			return only(c.api.GetAuthorizers(c.ctx(), &apigateway.GetAuthorizersInput{RestApiId: aws.String("test-fake-rest-id")}))
		}},
	})
}

func TestRecordedErrorsOfResources(t *testing.T) {
	create := func(parents []string, part string) func(*caller) error {
		return func(c *caller) error {
			api, parent := c.newAPI()
			for _, p := range parents {
				parent = c.newResource(api, parent, p)
			}
			return only(c.api.CreateResource(c.ctx(), &apigateway.CreateResourceInput{RestApiId: api, ParentId: parent, PathPart: &part}))
		}
	}
	// update patches /pets, beside which there is /dogs and below which there is /pets/sub.
	update := func(o func(c *caller, root, sub string) types.PatchOperation) func(*caller) error {
		return func(c *caller) error {
			api, root := c.newAPI()
			pets := c.newResource(api, root, "dogs")
			c.newResource(api, root, "pets")
			sub := c.newResource(api, pets, "pets")
			return only(c.api.UpdateResource(c.ctx(), &apigateway.UpdateResourceInput{RestApiId: api, ResourceId: pets, PatchOperations: patches(o(c, *root, *sub))}))
		}
	}
	plain := func(o types.PatchOperation) func(*caller) error {
		return update(func(*caller, string, string) types.PatchOperation { return o })
	}
	onRoot := func(o types.PatchOperation) func(*caller) error {
		return func(c *caller) error {
			api, root := c.newAPI()
			return only(c.api.UpdateResource(c.ctx(), &apigateway.UpdateResourceInput{RestApiId: api, ResourceId: root, PatchOperations: patches(o)}))
		}
	}
	makeMistakes(t, []mistake{
		{"a variable beside a greedy one", 400, "BadRequestException", "A sibling ({proxy+}) of this resource already has a variable path part -- only one is allowed", func(c *caller) error {
			api, root := c.newAPI()
			c.newResource(api, root, "{proxy+}")
			return only(c.api.CreateResource(c.ctx(), &apigateway.CreateResourceInput{RestApiId: api, ParentId: root, PathPart: aws.String("{child}")}))
		}},
		{"a child of a greedy variable", 400, "BadRequestException", "Cannot create a child of a resource with a greedy path variable: {proxy+}", create([]string{"{proxy+}"}, "static")},
		{"a path that is none", 400, "BadRequestException", "Invalid patch path  '/invalid' specified for op 'replace'. Must be one of: [/parentId, /pathPart]", plain(patchOf(types.OpReplace, "/invalid", "x"))},
		{"a path part added", 400, "BadRequestException", "Invalid patch path  '/pathPart' specified for op 'add'. Please choose supported operations", plain(patchOf(types.OpAdd, "/pathPart", "x"))},
		{"a path part removed", 400, "BadRequestException", "Invalid patch path  '/pathPart' specified for op 'remove'. Please choose supported operations", plain(patchOf(types.OpRemove, "/pathPart"))},
		{"a resource below itself", 400, "BadRequestException", "Resources cannot be cyclical.",
			update(func(_ *caller, _, sub string) types.PatchOperation { return patchOf(types.OpReplace, "/parentId", sub) })},
		{"the root moved", 400, "BadRequestException", "Root resource cannot update its parentId.", onRoot(patchOf(types.OpReplace, "/parentId", "x"))},
		{"the root renamed", 400, "BadRequestException", "Root resource cannot update its pathPart.", onRoot(patchOf(types.OpReplace, "/pathPart", "x"))},
		{"a parent that is none", 404, "NotFoundException", "Invalid Resource identifier specified", plain(patchOf(types.OpReplace, "/parentId", "nosuch"))},
		{"a name that a sibling has", 409, "ConflictException", "Another resource with the same parent already has this name: pets", plain(patchOf(types.OpReplace, "/pathPart", "pets"))},
	})
}

func TestRecordedErrorsOfModelsAndValidators(t *testing.T) {
	const json = "application/json"
	createModel := func(in apigateway.CreateModelInput) func(*caller) error {
		return func(c *caller) error {
			if in.RestApiId == nil {
				in.RestApiId, _ = c.newAPI()
			}
			in.ContentType = aws.String(json)
			return only(c.api.CreateModel(c.ctx(), &in))
		}
	}
	updateModel := func(name string, o types.PatchOperation) func(*caller) error {
		return func(c *caller) error {
			api, _ := c.newAPI()
			return only(c.api.UpdateModel(c.ctx(), &apigateway.UpdateModelInput{RestApiId: api, ModelName: &name, PatchOperations: patches(o)}))
		}
	}
	// deleteUsed deletes a model that the methods ANY of these paths use.
	deleteUsed := func(name string, parts ...string) func(*caller) error {
		return func(c *caller) error {
			api, root := c.newAPI()
			out, err := c.api.CreateModel(c.ctx(), &apigateway.CreateModelInput{RestApiId: api, Name: &name, ContentType: aws.String(json), Schema: aws.String(`{"type":"object"}`)})
			done(c, out, err)
			for _, part := range parts {
				resource := root
				if part != "" {
					resource = c.newResource(api, root, part)
				}
				out, err := c.api.PutMethod(c.ctx(), &apigateway.PutMethodInput{RestApiId: api, ResourceId: resource, HttpMethod: aws.String("ANY"),
					AuthorizationType: aws.String("NONE"), RequestModels: map[string]string{json: name}})
				done(c, out, err)
			}
			return only(c.api.DeleteModel(c.ctx(), &apigateway.DeleteModelInput{RestApiId: api, ModelName: &name}))
		}
	}
	updateValidator := func(o types.PatchOperation) func(*caller) error {
		return func(c *caller) error {
			api, _ := c.newAPI()
			out, err := c.api.CreateRequestValidator(c.ctx(), &apigateway.CreateRequestValidatorInput{RestApiId: api, Name: aws.String("v")})
			return only(c.api.UpdateRequestValidator(c.ctx(), &apigateway.UpdateRequestValidatorInput{
				RestApiId: api, RequestValidatorId: done(c, out, err).Id, PatchOperations: patches(o)}))
		}
	}
	makeMistakes(t, []mistake{
		{"a model without a name", 400, "BadRequestException", "Model name must be non-empty", createModel(apigateway.CreateModelInput{Name: aws.String(""), Schema: aws.String("{}")})},
		{"a model without a schema", 400, "BadRequestException", "Model schema must have at least 1 property or array items defined", createModel(apigateway.CreateModelInput{Name: aws.String("MySchema")})},
		{"a model of an unknown API", 404, "NotFoundException", "Invalid API identifier specified 111111111111:abcde0",
			createModel(apigateway.CreateModelInput{RestApiId: aws.String("abcde0"), Name: aws.String("MySchema"), Schema: aws.String("{}")})},
		{"a model that is there", 409, "ConflictException", "Model name already exists for this REST API", createModel(apigateway.CreateModelInput{Name: aws.String("Empty"), Schema: aws.String("{}")})},
		{"an unknown model", 404, "NotFoundException", "Invalid model name specified: MySchema", func(c *caller) error {
			api, _ := c.newAPI()
			return only(c.api.GetModel(c.ctx(), &apigateway.GetModelInput{RestApiId: api, ModelName: aws.String("MySchema")}))
		}},
		{"an unknown model updated", 404, "NotFoundException", "Invalid model name specified: mySchema", updateModel("mySchema", patchOf(types.OpReplace, "/schema", "{}"))},
		{"a model's name", 400, "BadRequestException", "Invalid patch path  '/name' specified for op 'replace'. Must be one of: [/description, /schema]", updateModel("Empty", patchOf(types.OpReplace, "/name", "x"))},
		{"an operation that models do not know", 400, "BadRequestException", "Invalid patch path  '/wrong-path' specified for op 'add'. Please choose supported operations",
			updateModel("Empty", patchOf(types.OpAdd, "/wrong-path", "x"))},
		{"a model that the root uses", 409, "ConflictException", "Cannot delete model 'MyModel', is referenced in method request: //ANY", deleteUsed("MyModel", "")},
		{"a second model that the root uses", 409, "ConflictException", "Cannot delete model 'MyModelTwo', is referenced in method request: //ANY", deleteUsed("MyModelTwo", "")},
		{"a model that two methods use", 409, "ConflictException", "Cannot delete model 'MyModelTwo', is referenced in method request: /test/ANY", deleteUsed("MyModelTwo", "", "test")},
		{"a validator of an unknown API", 400, "BadRequestException", "Invalid REST API identifier specified", func(c *caller) error {
			return only(c.api.CreateRequestValidator(c.ctx(), &apigateway.CreateRequestValidatorInput{RestApiId: aws.String("api_id"), Name: aws.String("v")}))
		}},
		{"an unknown validator", 404, "NotFoundException", "Invalid Request Validator identifier specified", func(c *caller) error {
			api, _ := c.newAPI()
			return only(c.api.GetRequestValidator(c.ctx(), &apigateway.GetRequestValidatorInput{RestApiId: api, RequestValidatorId: aws.String("nosuch")}))
		}},
		{"a validator without a name", 400, "BadRequestException", "Request Validator name cannot be blank", updateValidator(patchOf(types.OpReplace, "/name", ""))},
		{"a path that validators do not know", 400, "BadRequestException",
			"Invalid patch path  '/invalidPath' specified for op 'replace'. Must be one of: [/name, /validateRequestParameters, /validateRequestBody]", updateValidator(patchOf(types.OpReplace, "/invalidPath", "x"))},
		{"a validator's check added", 400, "BadRequestException", "Invalid patch path  '/validateRequestBody' specified for op 'add'. Please choose supported operations",
			updateValidator(patchOf(types.OpAdd, "/validateRequestBody", "true"))},
		{"a validator's check removed", 400, "BadRequestException", "Invalid patch path  '/validateRequestBody' specified for op 'remove'. Please choose supported operations",
			updateValidator(patchOf(types.OpRemove, "/validateRequestBody", "true"))},
	})
}
