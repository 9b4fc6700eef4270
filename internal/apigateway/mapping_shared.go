package apigateway

import (
	"errors"

	"github.com/aws/aws-sdk-go-v2/service/apigateway/types"

	"github.com/poolgate/poolgate/internal/store"
	"github.com/poolgate/poolgate/internal/wire"
)

// The mappings of a custom domain name are one namespace, whichever of the two APIs made them: HTTP APIs' service reads
// and writes them through these methods, inside a transaction of its own. What they lead to is its own to check.

var mappingKeyExists = conflict("ApiMapping key already exists for this domain name")

// Mappings returns what a domain of the caller is mapped to, by the mappings' ids.
func (s *Service) Mappings(tx *store.Tx, call wire.Call, domain string) (map[string]types.BasePathMapping, error) {
	scope, _, err := sharedScope(tx, call, domain)
	if err != nil {
		return nil, err
	}
	list, _, err := basePathMappings.List(tx, scope, store.Page{})
	if err != nil {
		return nil, err
	}
	byID := make(map[string]types.BasePathMapping, len(list))
	for _, f := range list {
		byID[f.Value.ID] = f.Value.Mapping.Value
	}
	return byID, nil
}

// PutMapping makes or replaces the mapping with that id. A base path that another mapping has is a ConflictException.
func (s *Service) PutMapping(tx *store.Tx, call wire.Call, domain, id string, mapping types.BasePathMapping) error {
	scope, name, err := sharedScope(tx, call, domain)
	if err != nil {
		return err
	}
	tx.Bump(DomainNameTopic(name))
	if err := dropMapping(tx, scope, id); err != nil {
		return err
	}
	err = basePathMappings.Insert(tx, scope, *mapping.BasePath, &basePathMapping{ID: id, Mapping: *document(mapping)})
	if errors.Is(err, store.ErrExists) {
		return mappingKeyExists
	}
	return err
}

// DeleteMapping deletes the mapping with that id, if there is one.
func (s *Service) DeleteMapping(tx *store.Tx, call wire.Call, domain, id string) error {
	scope, name, err := sharedScope(tx, call, domain)
	if err != nil {
		return err
	}
	tx.Bump(DomainNameTopic(name))
	return dropMapping(tx, scope, id)
}

// CheckStage checks that a REST API of the caller has that stage.
func (s *Service) CheckStage(tx *store.Tx, call wire.Call, apiID, stage string) error {
	return checkMapping(tx, call, types.BasePathMapping{RestApiId: &apiID, Stage: &stage})
}

func sharedScope(tx *store.Tx, call wire.Call, domain string) (scope, name string, err error) {
	found, err := findDomain(tx, call, &domain, nil)
	if err != nil {
		return "", "", err
	}
	return domainID(&domain, nil), *found.Domain.Value.DomainName, nil
}

func dropMapping(tx *store.Tx, scope, id string) error {
	list, _, err := basePathMappings.List(tx, scope, store.Page{})
	if err != nil {
		return err
	}
	for _, f := range list {
		if f.Value.ID == id {
			return basePathMappings.Delete(tx, scope, f.ID)
		}
	}
	return nil
}
