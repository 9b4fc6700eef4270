package apigateway

import (
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/apigateway"
	"github.com/aws/aws-sdk-go-v2/service/apigateway/types"
)

const concurrently = "Unable to complete operation due to concurrent modification. Please try again later."

func TestCreateAuthorizerAnswersAsRecorded(t *testing.T) {
	header := aws.String("method.request.header.Auth")
	for _, test := range []struct {
		name, want string
		in         apigateway.CreateAuthorizerInput
	}{
		{"TOKEN without a TTL shows none", `{"type":"TOKEN","authType":"custom","authorizerUri":"` + testInvoke + `","identitySource":"method.request.header.Auth"}`,
			apigateway.CreateAuthorizerInput{Type: types.AuthorizerTypeToken, AuthorizerUri: aws.String(testInvoke), IdentitySource: header}},
		{"REQUEST shows the TTL that was sent", `{"type":"REQUEST","authType":"custom","authorizerUri":"` + testInvoke + `","authorizerResultTtlInSeconds":300,
			"identitySource":"method.request.header.Auth, method.request.querystring.q"}`,
			apigateway.CreateAuthorizerInput{Type: types.AuthorizerTypeRequest, AuthorizerUri: aws.String(testInvoke), AuthorizerResultTtlInSeconds: aws.Int32(300),
				IdentitySource: aws.String("method.request.header.Auth, method.request.querystring.q")}},
		{"REQUEST without caching needs no identity", `{"type":"REQUEST","authType":"custom","authorizerUri":"` + testInvoke + `","authorizerResultTtlInSeconds":0}`,
			apigateway.CreateAuthorizerInput{Type: types.AuthorizerTypeRequest, AuthorizerUri: aws.String(testInvoke), AuthorizerResultTtlInSeconds: aws.Int32(0)}},
		{"COGNITO_USER_POOLS", `{"type":"COGNITO_USER_POOLS","authType":"cognito_user_pools","providerARNs":["` + testPoolARN + `"],
			"identitySource":"method.request.header.Auth","identityValidationExpression":"^[a-z0-9]+$"}`,
			apigateway.CreateAuthorizerInput{Type: types.AuthorizerTypeCognitoUserPools, ProviderARNs: []string{testPoolARN}, IdentitySource: header,
				IdentityValidationExpression: aws.String("^[a-z0-9]+$")}},
		{"a pool by a stage variable, and an own authType", `{"type":"COGNITO_USER_POOLS","authType":"oauth2",
			"providerARNs":["arn:aws:cognito-idp:eu-west-1:111111111111:userpool/${stageVariables.Pool}"],"identitySource":"method.request.header.Auth"}`,
			apigateway.CreateAuthorizerInput{Type: types.AuthorizerTypeCognitoUserPools, AuthType: aws.String("oauth2"), IdentitySource: header,
				ProviderARNs: []string{"arn:aws:cognito-idp:eu-west-1:111111111111:userpool/${stageVariables.Pool}"}}},
	} {
		t.Run(test.name, func(t *testing.T) {
			g := newGate(t)
			api, _ := g.createAPI()
			test.in.RestApiId, test.in.Name = api, aws.String("auth")
			out := ok(g.CreateAuthorizer(g.ctx(), &test.in))(t)
			want := `{"id":"` + *out.Id + `","name":"auth",` + test.want[1:]
			shows(t, out, want)
			shows(t, ok(g.GetAuthorizer(g.ctx(), &apigateway.GetAuthorizerInput{RestApiId: api, AuthorizerId: out.Id}))(t), want)
			if list := ok(g.GetAuthorizers(g.ctx(), &apigateway.GetAuthorizersInput{RestApiId: api}))(t); len(list.Items) != 1 {
				t.Errorf("listed: %v", list.Items)
			}
		})
	}
}

func TestCreateAuthorizerRefuses(t *testing.T) {
	const badSource = "The source must be a method request header, matching 'method.request.header.[a-zA-Z0-9._-]+'."
	g := newGate(t)
	api, _ := g.createAPI()
	g.createPoolAuthorizer(api, "taken")
	pools := types.AuthorizerTypeCognitoUserPools
	header := aws.String("method.request.header.Authorization")
	for _, test := range []struct {
		name, code, want string
		in               apigateway.CreateAuthorizerInput
	}{
		{"an unknown API as a concurrent modification", "ConflictException", concurrently,
			apigateway.CreateAuthorizerInput{RestApiId: aws.String("nosuch"), Type: pools, ProviderARNs: []string{testPoolARN}, IdentitySource: header}},
		{"a name that is taken", "BadRequestException", "Authorizer name must be unique. Authorizer taken already exists in this RestApi.",
			apigateway.CreateAuthorizerInput{Name: aws.String("taken"), Type: pools, ProviderARNs: []string{testPoolARN}, IdentitySource: header}},
		{"no pool", "BadRequestException", "Authorizers of type COGNITO_USER_POOLS require at least one user pool ARN in providerARNs",
			apigateway.CreateAuthorizerInput{Type: pools, IdentitySource: header}},
		{"an ARN of something else", "BadRequestException", "Invalid Cognito user pool ARN specified: " + testFunction,
			apigateway.CreateAuthorizerInput{Type: pools, ProviderARNs: []string{testPoolARN, testFunction}, IdentitySource: header}},
		{"no identity source", "BadRequestException", "Invalid token source expression: . " + badSource,
			apigateway.CreateAuthorizerInput{Type: pools, ProviderARNs: []string{testPoolARN}}},
		{"a query parameter as identity source", "BadRequestException", "Invalid token source expression: method.request.querystring.key. " + badSource,
			apigateway.CreateAuthorizerInput{Type: types.AuthorizerTypeToken, AuthorizerUri: aws.String(testInvoke), IdentitySource: aws.String("method.request.querystring.key")}},
		{"two headers as identity source", "BadRequestException", "Invalid token source expression: method.request.header.A,method.request.header.B. " + badSource,
			apigateway.CreateAuthorizerInput{Type: pools, ProviderARNs: []string{testPoolARN}, IdentitySource: aws.String("method.request.header.A,method.request.header.B")}},
		{"a REQUEST authorizer that caches by nothing, for the time that is the default", "BadRequestException", "Identity source must be set if authorizer caching is enabled (TTL is greater than 0)",
			apigateway.CreateAuthorizerInput{Type: types.AuthorizerTypeRequest, AuthorizerUri: aws.String(testInvoke)}},
		{"a REQUEST authorizer that caches by nothing, for a second", "BadRequestException", "Identity source must be set if authorizer caching is enabled (TTL is greater than 0)",
			apigateway.CreateAuthorizerInput{Type: types.AuthorizerTypeRequest, AuthorizerUri: aws.String(testInvoke), AuthorizerResultTtlInSeconds: aws.Int32(1), IdentitySource: aws.String("")}},
		{"a REQUEST authorizer that looks into the body", "BadRequestException", "Invalid identity source expression: method.request.body.user",
			apigateway.CreateAuthorizerInput{Type: types.AuthorizerTypeRequest, AuthorizerUri: aws.String(testInvoke), IdentitySource: aws.String("context.httpMethod, method.request.body.user")}},
		{"a TOKEN authorizer without identity source", "BadRequestException", "Invalid token source expression: . " + badSource,
			apigateway.CreateAuthorizerInput{Type: types.AuthorizerTypeToken, AuthorizerUri: aws.String(testInvoke)}},
		{"a TOKEN authorizer with two", "BadRequestException", "Invalid token source expression: method.request.header.A, method.request.header.B. " + badSource,
			apigateway.CreateAuthorizerInput{Type: types.AuthorizerTypeToken, AuthorizerUri: aws.String(testInvoke), IdentitySource: aws.String("method.request.header.A, method.request.header.B")}},
		{"a function's own ARN", "BadRequestException", "Invalid Authorizer URI: " + testFunction + ". Authorizer URI should be a valid API Gateway ARN that represents a Lambda function invocation.",
			apigateway.CreateAuthorizerInput{Type: types.AuthorizerTypeToken, AuthorizerUri: aws.String(testFunction), IdentitySource: header}},
		{"a TTL of more than an hour", "BadRequestException", "Authorizer result TTL must be between 0 and 3600 seconds",
			apigateway.CreateAuthorizerInput{Type: pools, ProviderARNs: []string{testPoolARN}, IdentitySource: header, AuthorizerResultTtlInSeconds: aws.Int32(3601)}},
		{"an expression that does not compile", "BadRequestException", "Invalid identity validation expression specified: (",
			apigateway.CreateAuthorizerInput{Type: pools, ProviderARNs: []string{testPoolARN}, IdentitySource: header, IdentityValidationExpression: aws.String("(")}},
	} {
		t.Run(test.name, func(t *testing.T) {
			if test.in.RestApiId == nil {
				test.in.RestApiId = api
			}
			if test.in.Name == nil {
				test.in.Name = aws.String("auth")
			}
			refused(g.CreateAuthorizer(g.ctx(), &test.in))(t, test.code, test.want)
		})
	}
	unknown := aws.String("test-fake-rest-id")
	refused(g.GetAuthorizers(g.ctx(), &apigateway.GetAuthorizersInput{RestApiId: unknown}))(t, "NotFoundException", "Invalid API identifier specified 111111111111:test-fake-rest-id")
	refused(g.GetAuthorizer(g.ctx(), &apigateway.GetAuthorizerInput{RestApiId: api, AuthorizerId: unknown}))(t, "NotFoundException", "Invalid Authorizer identifier specified")
}

func TestUpdateAuthorizerPatchesByTheTable(t *testing.T) {
	g := newGate(t)
	api, _ := g.createAPI()
	id := g.createPoolAuthorizer(api, "pool")
	update := func(operations ...types.PatchOperation) (*apigateway.UpdateAuthorizerOutput, error) {
		return g.UpdateAuthorizer(g.ctx(), &apigateway.UpdateAuthorizerInput{RestApiId: api, AuthorizerId: id, PatchOperations: operations})
	}
	const other = "arn:aws:cognito-idp:us-east-1:222222222222:userpool/us-east-1_Other"
	out := ok(update(
		operation(opReplace, "/name", "renamed"), operation(opReplace, "/authorizerResultTtlInSeconds", "60"),
		operation(opReplace, "/identitySource", "method.request.header.X-Auth"), operation(opReplace, "/identityValidationExpression", "abc"),
		operation(opAdd, "/providerARNs", other), operation(opRemove, "/providerARNs", testPoolARN),
	))(t)
	shows(t, out, `{"id":"`+*id+`","name":"renamed","type":"COGNITO_USER_POOLS","authType":"cognito_user_pools","providerARNs":["`+other+`"],
		"identitySource":"method.request.header.X-Auth","identityValidationExpression":"abc","authorizerResultTtlInSeconds":60}`)
	for _, test := range []struct {
		name, want string
		operation  types.PatchOperation
	}{
		{"the last pool", "Authorizers of type COGNITO_USER_POOLS require at least one user pool ARN in providerARNs", operation(opRemove, "/providerARNs", other)},
		{"to a function", "Authorizer type cannot be changed from COGNITO_USER_POOLS to TOKEN", operation(opReplace, "/type", "TOKEN")},
		{"no identity source", "Invalid token source expression: . The source must be a method request header, matching 'method.request.header.[a-zA-Z0-9._-]+'.",
			operation(opRemove, "/identitySource")},
		{"a TTL in words", "Authorizer result TTL must be between 0 and 3600 seconds", operation(opReplace, "/authorizerResultTtlInSeconds", "long")},
		{"an unknown path", "Invalid patch path /id", operation(opReplace, "/id", "x")},
		{"a name added", "Invalid patch operation specified. Must be one of: [replace]", operation(opAdd, "/name", "x")},
	} {
		t.Run(test.name, func(t *testing.T) { refused(update(test.operation))(t, "BadRequestException", test.want) })
	}
}

func TestUpdateAuthorizerOfAFunction(t *testing.T) {
	g := newGate(t)
	api, _ := g.createAPI()
	created := ok(g.CreateAuthorizer(g.ctx(), &apigateway.CreateAuthorizerInput{RestApiId: api, Name: aws.String("fn"), Type: types.AuthorizerTypeToken, AuthorizerUri: aws.String(testInvoke),
		IdentitySource: aws.String("method.request.header.Auth"), IdentityValidationExpression: aws.String("a+")}))(t)
	update := func(operations ...types.PatchOperation) (*apigateway.UpdateAuthorizerOutput, error) {
		return g.UpdateAuthorizer(g.ctx(), &apigateway.UpdateAuthorizerInput{RestApiId: api, AuthorizerId: created.Id, PatchOperations: operations})
	}
	const other = "arn:aws:apigateway:eu-west-1:lambda:path/2015-03-31/functions/arn:aws:lambda:eu-west-1:111111111111:function:other/invocations"
	for _, step := range []struct {
		name, refusal string
		operations    []types.PatchOperation
	}{
		{"REQUEST, by several sources", "", []types.PatchOperation{operation(opReplace, "/type", "REQUEST"), operation(opReplace, "/identitySource", "method.request.header.Auth,stageVariables.v")}},
		{"TOKEN takes one source", "Invalid token source expression: method.request.header.Auth,stageVariables.v. The source must be a method request header, matching 'method.request.header.[a-zA-Z0-9._-]+'.",
			[]types.PatchOperation{operation(opReplace, "/type", "TOKEN")}},
		{"no source while it caches", "Identity source must be set if authorizer caching is enabled (TTL is greater than 0)", []types.PatchOperation{operation(opRemove, "/identitySource")}},
		{"no source and no cache", "", []types.PatchOperation{operation(opRemove, "/identitySource"), operation(opReplace, "/authorizerResultTtlInSeconds", "0")}},
		{"a cache and no source", "Identity source must be set if authorizer caching is enabled (TTL is greater than 0)", []types.PatchOperation{operation(opReplace, "/authorizerResultTtlInSeconds", "60")}},
		{"a function, a role and another name", "", []types.PatchOperation{operation(opReplace, "/authorizerUri", other),
			operation(opReplace, "/authorizerCredentials", "arn:aws:iam::111111111111:role/r"), operation(opReplace, "/authType", "oauth2"), operation(opReplace, "/name", "renamed")}},
		{"to user pools", "Authorizer type cannot be changed from REQUEST to COGNITO_USER_POOLS", []types.PatchOperation{operation(opReplace, "/type", "COGNITO_USER_POOLS")}},
		{"no function", "Invalid Authorizer URI: x. Authorizer URI should be a valid API Gateway ARN that represents a Lambda function invocation.", []types.PatchOperation{operation(opReplace, "/authorizerUri", "x")}},
	} {
		t.Run(step.name, func(t *testing.T) {
			if step.refusal == "" {
				ok(update(step.operations...))(t)
				return
			}
			refused(update(step.operations...))(t, "BadRequestException", step.refusal)
		})
	}
	shows(t, ok(g.GetAuthorizer(g.ctx(), &apigateway.GetAuthorizerInput{RestApiId: api, AuthorizerId: created.Id}))(t), `{"id":"`+*created.Id+`","name":"renamed","type":"REQUEST",
		"authType":"oauth2","authorizerUri":"`+other+`","authorizerCredentials":"arn:aws:iam::111111111111:role/r","identityValidationExpression":"a+","authorizerResultTtlInSeconds":0}`)
}

func TestAnAuthorizerInUseCannotBeDeleted(t *testing.T) {
	g := newGate(t)
	api, root := g.createAPI()
	id := g.createPoolAuthorizer(api, "pool")
	test := g.createResource(api, root, "test")
	ok(g.PutMethod(g.ctx(), &apigateway.PutMethodInput{RestApiId: api, ResourceId: test, HttpMethod: aws.String("GET"),
		AuthorizationType: aws.String("COGNITO_USER_POOLS"), AuthorizerId: id}))(t)
	in := &apigateway.DeleteAuthorizerInput{RestApiId: api, AuthorizerId: id}
	refused(g.DeleteAuthorizer(g.ctx(), in))(t, "ConflictException", "Cannot delete authorizer 'pool', is referenced in method: GET//test")
	ok(g.DeleteMethod(g.ctx(), &apigateway.DeleteMethodInput{RestApiId: api, ResourceId: test, HttpMethod: aws.String("GET")}))(t)
	ok(g.DeleteAuthorizer(g.ctx(), in))(t)
	refused(g.DeleteAuthorizer(g.ctx(), in))(t, "NotFoundException", "Invalid Authorizer identifier specified")
}
