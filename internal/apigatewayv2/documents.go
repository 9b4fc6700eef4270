package apigatewayv2

import (
	"errors"

	"github.com/aws/aws-sdk-go-v2/service/apigatewayv2/types"

	"github.com/poolgate/poolgate/internal/store"
	"github.com/poolgate/poolgate/internal/wire"
)

// The collections. An API is found by its id in one scope, whoever owns it, because a request to the gateway names
// nothing else; everything inside an API has the API's id as its scope.
var (
	apis = store.Collection[httpAPI]{
		Name: "httpapi", Version: 1,
		Keys: func(a *httpAPI) []store.Key {
			keys := []store.Key{{Index: ownerIndex, Value: owner(a.Account, a.Region)}}
			if a.From != "" {
				keys = append(keys, store.Key{Index: fromIndex, Value: a.From})
			}
			return keys
		},
	}
	routes       = store.Collection[wire.Document[types.Route]]{Name: "httpapi.route", Version: 1}
	integrations = store.Collection[wire.Document[types.Integration]]{Name: "httpapi.integration", Version: 1}
	authorizers  = store.Collection[wire.Document[types.Authorizer]]{Name: "httpapi.authorizer", Version: 1}
	deployments  = store.Collection[deployment]{Name: "httpapi.deployment", Version: 1}
	// snapshots are apart from their deployments, so that a list of deployments does not read them.
	snapshots = store.Collection[Snapshot]{Name: "httpapi.snapshot", Version: 1}
	stages    = store.Collection[wire.Document[types.Stage]]{Name: "httpapi.stage", Version: 1}
)

const (
	apiScope   = "httpapis"
	ownerIndex = "owner"
)

// httpAPI is an API with what AWS does not show of it.
type httpAPI struct {
	Account, Region string
	// Revision counts the edits of the API and of everything inside that a deployment freezes.
	Revision int64
	// Automatic is the revision that stages with auto-deploy were last brought to, or tried; 0 asks for it anew.
	Automatic int64
	// From is where a copy came from; empty for what was made here.
	From string `json:",omitempty"`
	API  wire.Document[types.Api]
}

// deployment is a deployment with the revision of the API that it froze, which tells older from newer.
type deployment struct {
	Revision   int64
	Deployment wire.Document[types.Deployment]
}

func owner(account, region string) string { return account + "/" + region }

// findAPI returns the caller's API. One of another account or region is as good as missing.
func findAPI(tx *store.Tx, call wire.Call, id string) (*httpAPI, error) {
	api, err := anyAPI(tx, id)
	if errors.Is(err, store.ErrNotFound) {
		return nil, noAPI(call, id).Because(err)
	}
	if err == nil && (api.Account != call.Account || api.Region != call.Region) {
		return nil, noAPI(call, id).Becausef("the API %q belongs to account %s in %s", id, api.Account, api.Region)
	}
	return api, err
}

// anyAPI returns an API whoever owns it, or a fault whose cause is store.ErrNotFound.
func anyAPI(tx *store.Tx, id string) (*httpAPI, error) {
	api, err := apis.Get(tx, apiScope, id)
	if errors.Is(err, store.ErrNotFound) {
		return nil, notFound("Invalid API identifier specified %s", id).Because(err)
	}
	return api, err
}

// clearAPI deletes everything inside an API.
func clearAPI(tx *store.Tx, id string) error {
	for _, deleteScope := range []func(*store.Tx, string) (int, error){
		routes.DeleteScope, integrations.DeleteScope, authorizers.DeleteScope, deployments.DeleteScope, snapshots.DeleteScope, stages.DeleteScope,
	} {
		if _, err := deleteScope(tx, id); err != nil {
			return err
		}
	}
	return nil
}
