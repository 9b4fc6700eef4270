package apigatewayv2

import (
	"context"

	"github.com/aws/aws-sdk-go-v2/service/apigateway"
	v1 "github.com/aws/aws-sdk-go-v2/service/apigateway/types"

	"github.com/poolgate/poolgate/internal/store"
	"github.com/poolgate/poolgate/internal/wire"
)

// Domains is who keeps the custom domain names and what they are mapped to. On AWS they are one namespace that both APIs
// see; here REST APIs' service keeps them, and gives them away by its own operations.
type Domains interface {
	CreateDomainName(context.Context, *apigateway.CreateDomainNameInput) (*apigateway.CreateDomainNameOutput, error)
	GetDomainName(context.Context, *apigateway.GetDomainNameInput) (*apigateway.GetDomainNameOutput, error)
	GetDomainNames(context.Context, *apigateway.GetDomainNamesInput) (*apigateway.GetDomainNamesOutput, error)
	UpdateDomainName(context.Context, *apigateway.UpdateDomainNameInput) (*apigateway.UpdateDomainNameOutput, error)
	DeleteDomainName(context.Context, *apigateway.DeleteDomainNameInput) (*apigateway.DeleteDomainNameOutput, error)
	TagResource(context.Context, *apigateway.TagResourceInput) (*apigateway.TagResourceOutput, error)
	UntagResource(context.Context, *apigateway.UntagResourceInput) (*apigateway.UntagResourceOutput, error)
	GetTags(context.Context, *apigateway.GetTagsInput) (*apigateway.GetTagsOutput, error)

	// Mappings returns what a domain of the caller is mapped to, by the mappings' ids.
	Mappings(tx *store.Tx, call wire.Call, domain string) (map[string]v1.BasePathMapping, error)
	// PutMapping makes or replaces the mapping with that id. A base path that another mapping has is a ConflictException.
	PutMapping(tx *store.Tx, call wire.Call, domain, id string, mapping v1.BasePathMapping) error
	// DeleteMapping deletes the mapping with that id.
	DeleteMapping(tx *store.Tx, call wire.Call, domain, id string) error
	// CheckStage checks that a REST API of the caller has that stage.
	CheckStage(tx *store.Tx, call wire.Call, apiID, stage string) error
}
