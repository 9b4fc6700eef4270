package apigateway

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/apigateway"
	"github.com/aws/aws-sdk-go-v2/service/apigateway/types"

	"github.com/poolgate/poolgate/internal/store"
	"github.com/poolgate/poolgate/internal/wire"
)

// basePathMapping is a mapping with the id by which the API of HTTP APIs knows it.
type basePathMapping struct {
	ID      string
	Mapping wire.Document[types.BasePathMapping]
}

// basePathMappings have their domain's id as their scope and the base path as their id. Version 1 had no ids.
var basePathMappings = store.Collection[basePathMapping]{Name: "apigateway.basepathmapping", Version: 2, Upgrade: upgradeMapping}

// upgradeMapping gives a mapping that has no id one that tells the mappings of a domain apart and is the same each time.
func upgradeMapping(_ int, stored []byte) ([]byte, error) {
	var mapping wire.Document[types.BasePathMapping]
	if err := json.Unmarshal(stored, &mapping); err != nil {
		return nil, err
	}
	digest := sha256.Sum256([]byte(aws.ToString(mapping.Value.BasePath)))
	return json.Marshal(basePathMapping{ID: hex.EncodeToString(digest[:])[:mappingIDLength], Mapping: mapping})
}

// mappingIDLength is that of an upgraded mapping's id: as long as it takes for no two to be alike.
const mappingIDLength = 12

// rootBasePath is how the mapping of a domain's root is named.
const rootBasePath = "(none)"

var (
	noMapping      = notFound("Invalid base path mapping identifier specified")
	mappingExists  = conflict("Base path already exists for this domain name")
	badMappedAPI   = badRequest("Invalid REST API identifier specified")
	badMappedStage = badRequest("Invalid stage identifier specified")
	basePath       = expression(`^[a-zA-Z0-9$\-_.+!*'()]{1,300}$`)
)

// CreateBasePathMapping lets a base path of a custom domain name lead to an API, or to one of its stages. Without a
// stage the first segment after the base path names it.
func (s *Service) CreateBasePathMapping(ctx context.Context, in *apigateway.CreateBasePathMappingInput) (*apigateway.CreateBasePathMappingOutput, error) {
	call := wire.CallFrom(ctx)
	mapping := types.BasePathMapping{BasePath: in.BasePath, RestApiId: in.RestApiId, Stage: emptyIsNil(in.Stage)}
	if aws.ToString(in.BasePath) == "" {
		mapping.BasePath = aws.String(rootBasePath)
	}
	if err := checkBasePath(*mapping.BasePath); err != nil {
		return nil, err
	}
	id, err := s.newID(entityIDLength)
	if err != nil {
		return nil, err
	}
	err = s.changeDomain(ctx, in.DomainName, in.DomainNameId, func(tx *store.Tx, scope string) error {
		if err := checkMapping(tx, call, mapping); err != nil {
			return err
		}
		err := basePathMappings.Insert(tx, scope, *mapping.BasePath, &basePathMapping{ID: id, Mapping: *document(mapping)})
		if errors.Is(err, store.ErrExists) {
			return mappingExists
		}
		return err
	})
	if err != nil {
		return nil, err
	}
	return answer[apigateway.CreateBasePathMappingOutput](mapping), nil
}

// GetBasePathMapping returns one mapping.
func (s *Service) GetBasePathMapping(ctx context.Context, in *apigateway.GetBasePathMappingInput) (*apigateway.GetBasePathMappingOutput, error) {
	var mapping types.BasePathMapping
	err := s.store.View(ctx, func(tx *store.Tx) error {
		if _, err := findDomain(tx, wire.CallFrom(ctx), in.DomainName, in.DomainNameId); err != nil {
			return err
		}
		found, err := get(tx, &basePathMappings, domainID(in.DomainName, in.DomainNameId), in.BasePath, noMapping)
		if err == nil {
			mapping = found.Mapping.Value
		}
		return err
	})
	if err != nil {
		return nil, err
	}
	return answer[apigateway.GetBasePathMappingOutput](mapping), nil
}

// GetBasePathMappings lists a domain's mappings in the order of their base paths.
func (s *Service) GetBasePathMappings(ctx context.Context, in *apigateway.GetBasePathMappingsInput) (*apigateway.GetBasePathMappingsOutput, error) {
	out := &apigateway.GetBasePathMappingsOutput{}
	err := s.store.View(ctx, func(tx *store.Tx) error {
		if _, err := findDomain(tx, wire.CallFrom(ctx), in.DomainName, in.DomainNameId); err != nil {
			return err
		}
		found, next, err := inScope(tx, &basePathMappings, domainID(in.DomainName, in.DomainNameId)).page(in.Limit, in.Position, nil)
		out.Items, out.Position = make([]types.BasePathMapping, len(found)), next
		for i, f := range found {
			out.Items[i] = f.Value.Mapping.Value
		}
		return err
	})
	if err != nil {
		return nil, err
	}
	return out, nil
}

// UpdateBasePathMapping patches a mapping; it may move to another base path.
func (s *Service) UpdateBasePathMapping(ctx context.Context, in *apigateway.UpdateBasePathMappingInput) (*apigateway.UpdateBasePathMappingOutput, error) {
	call := wire.CallFrom(ctx)
	var mapping types.BasePathMapping
	err := s.changeDomain(ctx, in.DomainName, in.DomainNameId, func(tx *store.Tx, scope string) error {
		found, err := get(tx, &basePathMappings, scope, in.BasePath, noMapping)
		if err != nil {
			return err
		}
		if err := mappingPatches.apply(&found.Mapping.Value, in.PatchOperations); err != nil {
			return err
		}
		mapping = found.Mapping.Value
		if err := checkMapping(tx, call, mapping); err != nil {
			return err
		}
		if *mapping.BasePath == *in.BasePath {
			return basePathMappings.Put(tx, scope, *in.BasePath, found)
		}
		if err := basePathMappings.Delete(tx, scope, *in.BasePath); err != nil {
			return err
		}
		err = basePathMappings.Insert(tx, scope, *mapping.BasePath, found)
		if errors.Is(err, store.ErrExists) {
			return mappingExists
		}
		return err
	})
	if err != nil {
		return nil, err
	}
	return answer[apigateway.UpdateBasePathMappingOutput](mapping), nil
}

// DeleteBasePathMapping deletes a mapping.
func (s *Service) DeleteBasePathMapping(ctx context.Context, in *apigateway.DeleteBasePathMappingInput) (*apigateway.DeleteBasePathMappingOutput, error) {
	err := s.changeDomain(ctx, in.DomainName, in.DomainNameId, func(tx *store.Tx, scope string) error {
		return remove(tx, &basePathMappings, scope, in.BasePath, noMapping)
	})
	if err != nil {
		return nil, err
	}
	return &apigateway.DeleteBasePathMappingOutput{}, nil
}

// changeDomain runs fn on a domain of the caller; scope is that of its mappings.
func (s *Service) changeDomain(ctx context.Context, name, id *string, fn func(tx *store.Tx, scope string) error) error {
	return s.store.Update(ctx, func(tx *store.Tx) error {
		domain, err := findDomain(tx, wire.CallFrom(ctx), name, id)
		if err != nil {
			return err
		}
		tx.Bump(DomainNameTopic(*domain.Domain.Value.DomainName))
		return fn(tx, domainID(name, id))
	})
}

// checkMapping checks that a mapping leads somewhere.
func checkMapping(tx *store.Tx, call wire.Call, mapping types.BasePathMapping) error {
	if _, err := findAPI(tx, call, aws.ToString(mapping.RestApiId), badMappedAPI); err != nil {
		return err
	}
	if mapping.Stage == nil {
		return nil
	}
	_, err := get(tx, &stages, *mapping.RestApiId, mapping.Stage, badMappedStage)
	return err
}

func checkBasePath(path string) error {
	switch {
	case strings.Contains(path, "/"):
		return badRequest("API Gateway V1 doesn't support the slash character (/) in base path mappings. To create a multi-level base path mapping, use API Gateway V2.")
	case !basePath().MatchString(path):
		return badRequest("Invalid base path specified")
	}
	return nil
}

// mappingPatches is the table of a mapping. AWS's table writes /basepath, clients send /basePath.
var mappingPatches = patchTable[types.BasePathMapping]{
	refuse: refuseByList[types.BasePathMapping],
	rows: []patchRow[types.BasePathMapping]{
		{path: "/basePath", ops: ops(opReplace), apply: patchBasePath},
		{path: "/basepath", ops: ops(opReplace), apply: patchBasePath},
		{path: "/restapiId", ops: ops(opReplace), apply: func(m *types.BasePathMapping, p patch) error {
			m.RestApiId = p.Value
			return nil
		}},
		replaceText("/stage", func(m *types.BasePathMapping) **string { return &m.Stage }),
	},
}

func patchBasePath(m *types.BasePathMapping, p patch) error {
	m.BasePath = p.Value
	if p.text() == "" {
		m.BasePath = aws.String(rootBasePath)
	}
	return checkBasePath(*m.BasePath)
}
