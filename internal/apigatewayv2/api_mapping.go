package apigatewayv2

import (
	"context"
	"errors"
	"maps"
	"regexp"
	"slices"

	"github.com/aws/aws-sdk-go-v2/aws"
	v1 "github.com/aws/aws-sdk-go-v2/service/apigateway/types"
	"github.com/aws/aws-sdk-go-v2/service/apigatewayv2"
	"github.com/aws/aws-sdk-go-v2/service/apigatewayv2/types"

	"github.com/poolgate/poolgate/internal/entity"
	"github.com/poolgate/poolgate/internal/store"
	"github.com/poolgate/poolgate/internal/wire"
)

// rootKey is how REST APIs name the mapping of a domain's root; here its key is empty.
const rootKey = "(none)"

var (
	badMappingKey = badRequest("An ApiMapping key may contain only letters, numbers and one of $-_.+!*'()")
	badMapped     = badRequest("Invalid stage identifier specified")
	notManaged    = badRequest("Only REGIONAL domain names with a security policy of TLS 1.2 can be managed through the API Gateway V2 API. " +
		"For TLS 1.0 domain names, please use the API Gateway V1 API to upgrade your security policy to TLS 1.2. " +
		"Currently, only REST APIs can be attached to a domain name with a security policy of TLS 1.0.")
	// mappingKey is one segment or several.
	mappingKey = regexp.MustCompile(`^[A-Za-z0-9$_.+!*'()-]+(?:/[A-Za-z0-9$_.+!*'()-]+)*$`)
)

const greatestKey = 300

// CreateApiMapping lets a path of a custom domain name lead to a stage of an HTTP or a REST API.
func (s *Service) CreateApiMapping(ctx context.Context, in *apigatewayv2.CreateApiMappingInput) (*apigatewayv2.CreateApiMappingOutput, error) { //nolint:revive // AWS names the operation
	if err := s.manageable(ctx, in.DomainName); err != nil {
		return nil, err
	}
	id, err := s.newID(entityIDLength)
	if err != nil {
		return nil, err
	}
	mapping := types.ApiMapping{ApiMappingId: &id, ApiId: in.ApiId, Stage: in.Stage, ApiMappingKey: aws.String(aws.ToString(in.ApiMappingKey))}
	err = s.store.Update(ctx, func(tx *store.Tx) error {
		return s.putMapping(tx, wire.CallFrom(ctx), *in.DomainName, mapping)
	})
	if err != nil {
		return nil, err
	}
	return answer[apigatewayv2.CreateApiMappingOutput](mapping), nil
}

// manageable refuses a domain that this API only shows (seen: amplify-education/serverless-domain-manager issue 381).
func (s *Service) manageable(ctx context.Context, name *string) error {
	domain, err := s.domain(ctx, name)
	if err != nil {
		return err
	}
	c := domain.DomainNameConfigurations[0]
	if c.EndpointType != types.EndpointTypeRegional || c.SecurityPolicy == types.SecurityPolicyTls10 {
		return notManaged
	}
	return nil
}

// putMapping checks that a mapping leads somewhere and stores it.
func (s *Service) putMapping(tx *store.Tx, call wire.Call, domain string, m types.ApiMapping) error {
	key := aws.ToString(m.ApiMappingKey)
	if key != "" && (len(key) > greatestKey || !mappingKey.MatchString(key)) {
		return badMappingKey
	}
	if key == "" {
		key = rootKey
	}
	apiID, stage := aws.ToString(m.ApiId), aws.ToString(m.Stage)
	_, err := findAPI(tx, call, apiID)
	switch {
	case err == nil:
		_, err = entity.Get(tx, &stages, apiID, &stage, badMapped)
	case errors.Is(err, store.ErrNotFound):
		if s.domains.CheckStage(tx, call, apiID, stage) == nil {
			err = nil
		}
	}
	if err != nil {
		return err
	}
	return s.domains.PutMapping(tx, call, domain, *m.ApiMappingId, v1.BasePathMapping{BasePath: &key, RestApiId: &apiID, Stage: &stage})
}

// GetApiMapping returns one mapping, whichever API made it.
func (s *Service) GetApiMapping(ctx context.Context, in *apigatewayv2.GetApiMappingInput) (*apigatewayv2.GetApiMappingOutput, error) { //nolint:revive // AWS names the operation
	var mapping types.ApiMapping
	err := s.store.View(ctx, func(tx *store.Tx) (err error) {
		mapping, err = s.findMapping(tx, wire.CallFrom(ctx), in.DomainName, in.ApiMappingId)
		return err
	})
	if err != nil {
		return nil, err
	}
	return answer[apigatewayv2.GetApiMappingOutput](mapping), nil
}

func (s *Service) findMapping(tx *store.Tx, call wire.Call, domain, id *string) (types.ApiMapping, error) {
	if s.domains == nil {
		return types.ApiMapping{}, noDomain
	}
	byID, err := s.domains.Mappings(tx, call, aws.ToString(domain))
	if err != nil {
		return types.ApiMapping{}, err
	}
	found, there := byID[aws.ToString(id)]
	if !there {
		return types.ApiMapping{}, noMapping
	}
	return shownMapping(*id, found), nil
}

func shownMapping(id string, m v1.BasePathMapping) types.ApiMapping {
	shown := types.ApiMapping{ApiMappingId: &id, ApiId: m.RestApiId, Stage: m.Stage, ApiMappingKey: m.BasePath}
	if aws.ToString(shown.ApiMappingKey) == rootKey {
		shown.ApiMappingKey = aws.String("")
	}
	return shown
}

// GetApiMappings lists a domain's mappings in the order of their ids.
func (s *Service) GetApiMappings(ctx context.Context, in *apigatewayv2.GetApiMappingsInput) (*apigatewayv2.GetApiMappingsOutput, error) { //nolint:revive // AWS names the operation
	if s.domains == nil {
		return nil, noDomain
	}
	out := &apigatewayv2.GetApiMappingsOutput{}
	err := s.store.View(ctx, func(tx *store.Tx) error {
		byID, err := s.domains.Mappings(tx, wire.CallFrom(ctx), aws.ToString(in.DomainName))
		if err != nil {
			return err
		}
		list := make([]types.ApiMapping, 0, len(byID))
		for _, id := range slices.Sorted(maps.Keys(byID)) {
			list = append(list, shownMapping(id, byID[id]))
		}
		key := func(m types.ApiMapping) string { return *m.ApiMappingId }
		out.Items, out.NextToken, err = page(list, key, in.MaxResults, in.NextToken)
		return err
	})
	if err != nil {
		return nil, err
	}
	return out, nil
}

// UpdateApiMapping changes the members that are given; the mapping keeps its id.
func (s *Service) UpdateApiMapping(ctx context.Context, in *apigatewayv2.UpdateApiMappingInput) (*apigatewayv2.UpdateApiMappingOutput, error) { //nolint:revive // AWS names the operation
	if err := s.manageable(ctx, in.DomainName); err != nil {
		return nil, err
	}
	var updated types.ApiMapping
	err := s.store.Update(ctx, func(tx *store.Tx) (err error) {
		call := wire.CallFrom(ctx)
		if updated, err = s.findMapping(tx, call, in.DomainName, in.ApiMappingId); err != nil {
			return err
		}
		set(&updated.ApiId, in.ApiId)
		set(&updated.Stage, in.Stage)
		set(&updated.ApiMappingKey, in.ApiMappingKey)
		return s.putMapping(tx, call, *in.DomainName, updated)
	})
	if err != nil {
		return nil, err
	}
	return answer[apigatewayv2.UpdateApiMappingOutput](updated), nil
}

// DeleteApiMapping deletes a mapping.
func (s *Service) DeleteApiMapping(ctx context.Context, in *apigatewayv2.DeleteApiMappingInput) (*apigatewayv2.DeleteApiMappingOutput, error) { //nolint:revive // AWS names the operation
	err := s.store.Update(ctx, func(tx *store.Tx) error {
		call := wire.CallFrom(ctx)
		if _, err := s.findMapping(tx, call, in.DomainName, in.ApiMappingId); err != nil {
			return err
		}
		return s.domains.DeleteMapping(tx, call, *in.DomainName, *in.ApiMappingId)
	})
	if err != nil {
		return nil, err
	}
	return &apigatewayv2.DeleteApiMappingOutput{}, nil
}
