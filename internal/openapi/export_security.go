package openapi

import (
	"regexp"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/apigateway/types"
)

// headerSource is an identity source that a scheme can say by itself.
var headerSource = regexp.MustCompile(`^method\.request\.header\.([a-zA-Z0-9._-]+)$`)

// securitySchemes are the authorizers, and the schemes of API keys and signatures if a method asks for them.
func (w *writer) securitySchemes() *object {
	list := newObject()
	for _, a := range w.def.Authorizers {
		list.set(aws.ToString(a.Name), w.authorizer(a))
	}
	if w.anyMethod(func(m types.Method) bool { return aws.ToBool(m.ApiKeyRequired) }) {
		list.set(w.apiKey, apiKeyScheme("x-api-key"))
	}
	if w.anyMethod(func(m types.Method) bool { return aws.ToString(m.AuthorizationType) == authIAM }) {
		iam := apiKeyScheme("Authorization")
		iam.set("x-amazon-apigateway-authtype", "awsSigv4")
		list.set(w.iam, iam)
	}
	return list
}

func (w *writer) anyMethod(asks func(types.Method) bool) bool {
	for _, methods := range w.def.Methods {
		for _, m := range methods {
			if asks(m) {
				return true
			}
		}
	}
	return false
}

func apiKeyScheme(header string) *object {
	o := newObject()
	o.set("type", "apiKey")
	o.set("name", header)
	o.set("in", "header")
	return o
}

func (w *writer) authorizer(a types.Authorizer) *object {
	header, source := unusedName, aws.ToString(a.IdentitySource)
	if match := headerSource.FindStringSubmatch(source); match != nil {
		header = match[1]
		if a.Type != types.AuthorizerTypeRequest {
			source = "" // the scheme says it
		}
	}
	o := apiKeyScheme(header)
	w.describe(o, types.DocumentationPartLocation{Type: types.DocumentationPartTypeAuthorizer, Name: a.Name})
	o.setText("x-amazon-apigateway-authtype", aws.ToString(a.AuthType))
	if !w.Authorizers {
		return o
	}
	said := newObject()
	said.set("type", strings.ToLower(string(a.Type)))
	said.setText("authorizerUri", aws.ToString(a.AuthorizerUri))
	said.setText("authorizerCredentials", aws.ToString(a.AuthorizerCredentials))
	if ttl := a.AuthorizerResultTtlInSeconds; ttl != nil {
		said.set("authorizerResultTtlInSeconds", number(*ttl))
	}
	said.setText("identitySource", source)
	said.setText("identityValidationExpression", aws.ToString(a.IdentityValidationExpression))
	if len(a.ProviderARNs) > 0 {
		said.set("providerARNs", anyList(a.ProviderARNs))
	}
	o.set("x-amazon-apigateway-authorizer", said)
	return o
}

// security is what a method asks of its caller, one requirement for each scheme as AWS writes it.
func (w *writer) security(m types.Method) []any {
	var list []any
	require := func(scheme string, scopes []string) {
		requirement := newObject()
		requirement.set(scheme, anyList(scopes))
		list = append(list, requirement)
	}
	switch aws.ToString(m.AuthorizationType) {
	case authIAM:
		require(w.iam, nil)
	case authCustom, authCognito:
		require(aws.ToString(m.AuthorizerId), m.AuthorizationScopes)
	}
	if aws.ToBool(m.ApiKeyRequired) {
		require(w.apiKey, nil)
	}
	return list
}
