package apigateway

import (
	"errors"

	"github.com/aws/aws-sdk-go-v2/service/apigateway/types"

	"github.com/poolgate/poolgate/internal/entity"
	"github.com/poolgate/poolgate/internal/fault"
	"github.com/poolgate/poolgate/internal/store"
	"github.com/poolgate/poolgate/internal/wire"
)

// The collections. An API is found by its id in one scope, whoever owns it, because a request to the gateway names
// nothing else; everything inside an API has the API's id as its scope.
var (
	restAPIs = store.Collection[restAPI]{
		Name: "restapi", Version: 1,
		Keys: func(a *restAPI) []store.Key {
			keys := []store.Key{{Index: ownerIndex, Value: owner(a.Account, a.Region)}}
			if a.From != "" {
				keys = append(keys, store.Key{Index: fromIndex, Value: a.From})
			}
			return keys
		},
	}
	resources        = store.Collection[wire.Document[types.Resource]]{Name: "restapi.resource", Version: 1}
	authorizers      = store.Collection[wire.Document[types.Authorizer]]{Name: "restapi.authorizer", Version: 1}
	models           = store.Collection[wire.Document[types.Model]]{Name: "restapi.model", Version: 1}
	validators       = store.Collection[wire.Document[types.RequestValidator]]{Name: "restapi.validator", Version: 1}
	gatewayResponses = store.Collection[wire.Document[types.GatewayResponse]]{Name: "restapi.gatewayresponse", Version: 1}
	deployments      = store.Collection[wire.Document[types.Deployment]]{Name: "restapi.deployment", Version: 1}
	// snapshots are apart from their deployments, so that a list of deployments does not read them.
	snapshots = store.Collection[Snapshot]{Name: "restapi.snapshot", Version: 1}
	stages    = store.Collection[wire.Document[types.Stage]]{Name: "restapi.stage", Version: 1}
	// accounts are the settings of an account in a region: scope account, id region.
	accounts = store.Collection[account]{Name: "apigateway.account", Version: 1}
)

const (
	apiScope   = "restapis"
	ownerIndex = "owner"
)

// restAPI is an API with what AWS does not show of it.
type restAPI struct {
	Account, Region string
	// Revision counts the edits of the API and of everything inside; a deployment is of one revision.
	Revision int64
	// From is where a copy came from; empty for what was made here.
	From string `json:",omitempty"`
	API  wire.Document[types.RestApi]
}

// account is an account's settings in one region, as far as a user can set them.
type account struct {
	CloudwatchRoleArn string
	Features          []string
}

func owner(account, region string) string { return account + "/" + region }

// findAPI returns the caller's API. One of another account or region is as good as missing.
func findAPI(tx *store.Tx, call wire.Call, id string, missing *fault.Error) (*restAPI, error) {
	api, err := restAPIs.Get(tx, apiScope, id)
	switch {
	case errors.Is(err, store.ErrNotFound):
		return nil, missing.Becausef("no API has the id %q", id)
	case err != nil:
		return nil, err
	case api.Account != call.Account || api.Region != call.Region:
		return nil, missing.Becausef("the API %q belongs to account %s in %s", id, api.Account, api.Region)
	}
	return api, nil
}

// get returns the document, or missing when there is none.
func get[T any](tx *store.Tx, c *store.Collection[T], scope string, id *string, missing *fault.Error) (*T, error) {
	return entity.Get(tx, c, scope, id, missing)
}

// remove deletes the document, or returns missing when there is none.
func remove[T any](tx *store.Tx, c *store.Collection[T], scope string, id *string, missing *fault.Error) error {
	return entity.Remove(tx, c, scope, id, missing)
}

// all returns the scope's documents in byte order of their ids.
func all[T any](tx *store.Tx, c *store.Collection[wire.Document[T]], scope string) ([]T, error) {
	return entity.All(tx, c, scope)
}

func document[T any](value T) *wire.Document[T] { return entity.Document(value) }

// clearAPI deletes everything inside an API.
func clearAPI(tx *store.Tx, id string) error {
	for _, deleteScope := range []func(*store.Tx, string) (int, error){
		resources.DeleteScope, authorizers.DeleteScope, models.DeleteScope, validators.DeleteScope,
		gatewayResponses.DeleteScope, deployments.DeleteScope, snapshots.DeleteScope, stages.DeleteScope,
		documentationParts.DeleteScope, documentationVersions.DeleteScope,
	} {
		if _, err := deleteScope(tx, id); err != nil {
			return err
		}
	}
	return nil
}
