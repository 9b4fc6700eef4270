package openapi

import (
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/apigateway/types"
)

// Authorization types of a method.
const (
	authNone    = "NONE"
	authIAM     = "AWS_IAM"
	authCustom  = "CUSTOM"
	authCognito = "COGNITO_USER_POOLS"
)

// unusedName is the header name of a scheme whose authorizer says itself where it finds the caller.
const unusedName = "Unused"

// scheme is what a security scheme asks of a method.
type scheme struct {
	// authorization is the method's authorization type; empty for a scheme that asks for an API key or for nothing.
	authorization string
	apiKey        bool
}

// securitySchemes makes the authorizers, used or not (recorded section 8).
func (r *reader) securitySchemes() {
	defined := r.section("securityDefinitions", "securitySchemes")
	r.schemes = make(map[string]scheme, len(defined.names()))
	for _, name := range defined.names() {
		from := r.resolve(defined.get(name))
		r.describe(types.DocumentationPartLocation{Type: types.DocumentationPartTypeAuthorizer, Name: aws.String(name)}, from, "description")
		r.schemes[name] = r.scheme(name, from)
	}
	r.security = r.root.list("security")
}

func (r *reader) scheme(name string, from *object) scheme {
	authType := from.text("x-amazon-apigateway-authtype")
	if authorizer := r.resolve(from.get("x-amazon-apigateway-authorizer")); authorizer != nil {
		made := newAuthorizer(name, authType, from, authorizer)
		r.def.Authorizers = append(r.def.Authorizers, made)
		if made.Type == types.AuthorizerTypeCognitoUserPools {
			return scheme{authorization: authCognito}
		}
		return scheme{authorization: authCustom} // having an authorizer decides, not that it is an apiKey scheme
	}
	switch {
	case strings.EqualFold(authType, "awsSigv4"):
		return scheme{authorization: authIAM}
	case from.text("type") == "apiKey" && from.text("in") == "header" && strings.EqualFold(from.text("name"), "x-api-key"):
		return scheme{apiKey: true}
	}
	r.warn("Security scheme %s has no authorizer and is no API key: it protects nothing", name)
	return scheme{}
}

func newAuthorizer(name, authType string, from, said *object) types.Authorizer {
	a := types.Authorizer{
		Name: &name, Type: types.AuthorizerType(strings.ToUpper(said.text("type"))), AuthType: &authType,
		ProviderARNs: said.texts("providerARNs"), AuthorizerUri: said.optional("authorizerUri"),
		AuthorizerCredentials: said.optional("authorizerCredentials"), IdentitySource: said.optional("identitySource"),
		IdentityValidationExpression: said.optional("identityValidationExpression"),
	}
	if authType == "" {
		a.AuthType = aws.String("custom")
		if a.Type == types.AuthorizerTypeCognitoUserPools {
			a.AuthType = aws.String("cognito_user_pools")
		}
	}
	if ttl, ok := said.integer("authorizerResultTtlInSeconds"); ok {
		a.AuthorizerResultTtlInSeconds = &ttl
	}
	if aws.ToString(a.IdentitySource) == "" {
		a.IdentitySource = schemeSource(from, a)
	}
	return a
}

// schemeSource is where an authorizer finds the caller when only its scheme tells: the scheme's header or query
// parameter. A REQUEST authorizer that does not cache needs no place.
func schemeSource(from *object, a types.Authorizer) *string {
	header := from.text("name")
	if a.Type == types.AuthorizerTypeRequest {
		if header == "" || header == unusedName || a.AuthorizerResultTtlInSeconds != nil && *a.AuthorizerResultTtlInSeconds == 0 {
			return nil
		}
		if from.text("in") == "query" {
			return aws.String("method.request.querystring." + header)
		}
	}
	if header == "" {
		header = "Authorization" // an oauth2 or http scheme names none
	}
	return aws.String("method.request.header." + header)
}

// secure applies an operation's own security, or the document's, to its method.
func (r *reader) secure(where string, op *object, m *types.Method) {
	m.AuthorizationType, m.ApiKeyRequired = aws.String(authNone), aws.Bool(false)
	requirements := r.security
	if op.has("security") {
		requirements = op.list("security")
	}
	for _, requirement := range requirements {
		requirement, _ := requirement.(*object)
		for _, name := range requirement.names() {
			asked, defined := r.schemes[name]
			switch {
			case !defined:
				r.warn("Security scheme %s of %s is not defined", name, where)
			case asked.apiKey:
				m.ApiKeyRequired = aws.Bool(true)
			case asked.authorization == "":
			case *m.AuthorizationType != authNone:
				r.warn("Only one authorizer can protect %s: %s was ignored", where, name)
			default:
				m.AuthorizationType = aws.String(asked.authorization)
				if asked.authorization != authIAM {
					m.AuthorizerId = aws.String(name)
				}
				if asked.authorization == authCognito {
					m.AuthorizationScopes = requirement.texts(name)
				}
			}
		}
	}
	if kind := op.object("x-amazon-apigateway-auth").text("type"); kind != "" {
		if kind = strings.ToUpper(kind); kind == authNone || kind == authIAM {
			m.AuthorizerId, m.AuthorizationScopes = nil, nil
		}
		m.AuthorizationType = &kind
	}
}
