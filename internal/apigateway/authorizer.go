package apigateway

import (
	"context"
	"slices"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/apigateway"
	"github.com/aws/aws-sdk-go-v2/service/apigateway/types"

	"github.com/poolgate/poolgate/internal/store"
	"github.com/poolgate/poolgate/internal/wire"
)

// CreateAuthorizer adds an authorizer to an API. An unknown API is answered as a concurrent modification (recorded:
// test_authorizer_crud_no_api).
func (s *Service) CreateAuthorizer(ctx context.Context, in *apigateway.CreateAuthorizerInput) (*apigateway.CreateAuthorizerOutput, error) {
	id, err := s.newID(entityIDLength)
	if err != nil {
		return nil, err
	}
	authorizer := types.Authorizer{
		Id: &id, Name: in.Name, Type: in.Type, AuthType: in.AuthType, ProviderARNs: in.ProviderARNs,
		AuthorizerUri: in.AuthorizerUri, AuthorizerCredentials: in.AuthorizerCredentials,
		IdentitySource: in.IdentitySource, IdentityValidationExpression: emptyIsNil(in.IdentityValidationExpression),
		// Only shown when it was sent (recorded section 1, fact 1.7).
		AuthorizerResultTtlInSeconds: in.AuthorizerResultTtlInSeconds,
	}
	if authorizer.AuthType == nil {
		authorizer.AuthType = aws.String("custom")
		if in.Type == types.AuthorizerTypeCognitoUserPools {
			authorizer.AuthType = aws.String("cognito_user_pools")
		}
	}
	err = s.change(ctx, in.RestApiId, modifiedMeantime, func(e *edit) error {
		if err := checkAuthorizer(e.tx, e.id, &authorizer); err != nil {
			return err
		}
		return authorizers.Insert(e.tx, e.id, id, document(authorizer))
	})
	if err != nil {
		return nil, err
	}
	return answer[apigateway.CreateAuthorizerOutput](authorizer), nil
}

// GetAuthorizer returns one authorizer.
func (s *Service) GetAuthorizer(ctx context.Context, in *apigateway.GetAuthorizerInput) (*apigateway.GetAuthorizerOutput, error) {
	var authorizer types.Authorizer
	err := s.look(ctx, in.RestApiId, noAuthorizer, func(e *edit) error {
		found, err := get(e.tx, &authorizers, e.id, in.AuthorizerId, noAuthorizer)
		if err == nil {
			authorizer = found.Value
		}
		return err
	})
	if err != nil {
		return nil, err
	}
	return answer[apigateway.GetAuthorizerOutput](authorizer), nil
}

// GetAuthorizers lists an API's authorizers in the order of their ids.
func (s *Service) GetAuthorizers(ctx context.Context, in *apigateway.GetAuthorizersInput) (*apigateway.GetAuthorizersOutput, error) {
	out := &apigateway.GetAuthorizersOutput{}
	err := s.look(ctx, in.RestApiId, noAPI(wire.CallFrom(ctx), in.RestApiId), func(e *edit) error {
		list, err := all(e.tx, &authorizers, e.id)
		if err != nil {
			return err
		}
		out.Items, out.Position, err = page(list, func(a types.Authorizer) string { return *a.Id }, in.Limit, in.Position)
		return err
	})
	if err != nil {
		return nil, err
	}
	return out, nil
}

// UpdateAuthorizer patches an authorizer.
func (s *Service) UpdateAuthorizer(ctx context.Context, in *apigateway.UpdateAuthorizerInput) (*apigateway.UpdateAuthorizerOutput, error) {
	var updated types.Authorizer
	err := s.change(ctx, in.RestApiId, noAuthorizer, func(e *edit) error {
		found, err := get(e.tx, &authorizers, e.id, in.AuthorizerId, noAuthorizer)
		if err != nil {
			return err
		}
		if err := authorizerPatches.apply(&found.Value, in.PatchOperations); err != nil {
			return err
		}
		if err := checkAuthorizer(e.tx, e.id, &found.Value); err != nil {
			return err
		}
		updated = found.Value
		return authorizers.Put(e.tx, e.id, *in.AuthorizerId, found)
	})
	if err != nil {
		return nil, err
	}
	return answer[apigateway.UpdateAuthorizerOutput](updated), nil
}

// DeleteAuthorizer deletes an authorizer that no method uses.
func (s *Service) DeleteAuthorizer(ctx context.Context, in *apigateway.DeleteAuthorizerInput) (*apigateway.DeleteAuthorizerOutput, error) {
	err := s.change(ctx, in.RestApiId, noAuthorizer, func(e *edit) error {
		found, err := get(e.tx, &authorizers, e.id, in.AuthorizerId, noAuthorizer)
		if err != nil {
			return err
		}
		verb, path, err := methodUsing(e.tx, e.id, func(m types.Method) bool { return aws.ToString(m.AuthorizerId) == *in.AuthorizerId })
		if err != nil {
			return err
		}
		if verb != "" {
			return conflict("Cannot delete authorizer '%s', is referenced in method: %s/%s", aws.ToString(found.Value.Name), verb, path)
		}
		return authorizers.Delete(e.tx, e.id, *in.AuthorizerId)
	})
	if err != nil {
		return nil, err
	}
	return &apigateway.DeleteAuthorizerOutput{}, nil
}

// methodUsing finds a method that uses what is to be deleted: the last by path, as AWS names it (recorded:
// test_put_method_model). verb is empty when there is none.
func methodUsing(tx *store.Tx, apiID string, uses func(types.Method) bool) (verb, path string, err error) {
	list, err := resourcesByPath(tx, apiID)
	if err != nil {
		return "", "", err
	}
	for _, resource := range slices.Backward(list) {
		for _, candidate := range slices.Backward(sortedVerbs(resource)) {
			if uses(resource.ResourceMethods[candidate]) {
				return candidate, *resource.Path, nil
			}
		}
	}
	return "", "", nil
}

func sortedVerbs(r types.Resource) []string {
	list := make([]string, 0, len(r.ResourceMethods))
	for verb := range r.ResourceMethods {
		list = append(list, verb)
	}
	slices.Sort(list)
	return list
}

var authorizerPatches = patchTable[types.Authorizer]{
	refuse: refusePlainly[types.Authorizer],
	rows: []patchRow[types.Authorizer]{
		replaceText("/authorizerUri", func(a *types.Authorizer) **string { return &a.AuthorizerUri }),
		replaceText("/authorizerCredentials", func(a *types.Authorizer) **string { return &a.AuthorizerCredentials }),
		replaceText("/authType", func(a *types.Authorizer) **string { return &a.AuthType }),
		replaceText("/identityValidationExpression", func(a *types.Authorizer) **string { return &a.IdentityValidationExpression }),
		{path: "/name", ops: ops(opReplace), apply: func(a *types.Authorizer, p patch) error {
			if strings.TrimSpace(p.text()) == "" {
				return badRequest("Authorizer name cannot be blank")
			}
			a.Name = p.Value
			return nil
		}},
		{path: "/type", ops: ops(opReplace), apply: func(a *types.Authorizer, p patch) error {
			kind := types.AuthorizerType(p.text())
			cognito := types.AuthorizerTypeCognitoUserPools
			if err := oneOf("authorizer type", kind); err != nil {
				return err
			}
			if kind != a.Type && (kind == "" || kind == cognito || a.Type == cognito) {
				return badRequest("Authorizer type cannot be changed from %s to %s", a.Type, kind)
			}
			a.Type = kind
			return nil
		}},
		{path: "/authorizerResultTtlInSeconds", ops: ops(opReplace), apply: func(a *types.Authorizer, p patch) error {
			ttl, err := patchInt(p, 0, greatestTTL, badTTL)
			if err != nil {
				return err
			}
			a.AuthorizerResultTtlInSeconds = aws.Int32(ttl)
			return nil
		}},
		{path: "/identitySource", ops: ops(opAdd, opReplace, opRemove), apply: func(a *types.Authorizer, p patch) error {
			a.IdentitySource = nil
			if p.Op != opRemove {
				a.IdentitySource = emptyIsNil(p.Value)
			}
			return nil
		}},
		{path: "/providerARNs", ops: ops(opAdd, opRemove), apply: func(a *types.Authorizer, p patch) error {
			a.ProviderARNs = patchMember(a.ProviderARNs, p, p.text())
			return nil
		}},
	},
}
