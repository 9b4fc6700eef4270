package apigatewayv2

import (
	"errors"
	"fmt"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/apigatewayv2/types"

	"github.com/poolgate/poolgate/internal/entity"
	"github.com/poolgate/poolgate/internal/store"
	"github.com/poolgate/poolgate/internal/wire"
)

// Copy is an HTTP API as it was read from an account, to be served here under its own ids.
type Copy struct {
	// Live is the API as it is edited there; its Account and Region become the API's here.
	Live        *Snapshot
	Stages      []types.Stage
	Deployments []types.Deployment
	// Snapshots are what the deployments froze, by their ids.
	Snapshots map[string]*Snapshot
}

// ErrMadeHere tells that something has the id of a copy and is none: nobody's work is replaced by a copy.
var ErrMadeHere = errors.New("was made here")

// Check tells what of a copy cannot be served: an id that is missing, a reference to nothing, a definition that does not compile. A copy
// that passes can be put.
func (s *Service) Check(c *Copy) error {
	if c.Live == nil {
		return errors.New("the API itself is missing")
	}
	if !customID.MatchString(aws.ToString(c.Live.API.Value.ApiId)) || c.Live.API.Value.CreatedDate == nil {
		return fmt.Errorf("%q is not the id of an API, or it has no createdDate", aws.ToString(c.Live.API.Value.ApiId))
	}
	if err := checkSnapshot(c.Live); err != nil {
		return fmt.Errorf("as it is edited: %w", err)
	}
	for id, snapshot := range c.Snapshots {
		err := checkSnapshot(snapshot)
		if err == nil && s.publisher != nil {
			err = s.publisher.Compile(snapshot)
		}
		if err != nil {
			return fmt.Errorf("deployment %s: %w", id, err)
		}
	}
	known := map[string]bool{"": true}
	for _, d := range c.Deployments {
		if aws.ToString(d.DeploymentId) == "" || d.CreatedDate == nil || c.Snapshots[*d.DeploymentId] == nil {
			return errors.New("a deployment has no id, no createdDate or no definition")
		}
		known[*d.DeploymentId] = true
	}
	for _, stage := range c.Stages {
		if aws.ToString(stage.StageName) == "" || !known[aws.ToString(stage.DeploymentId)] {
			return fmt.Errorf("stage %q has no name, or serves a deployment that is not there", aws.ToString(stage.StageName))
		}
	}
	return nil
}

// checkSnapshot holds a snapshot against what everybody takes for granted who reads one.
func checkSnapshot(s *Snapshot) error {
	if s == nil || aws.ToString(s.API.Value.ApiId) == "" || s.API.Value.Name == nil {
		return errors.New("the API has no id or no name")
	}
	authorizerIDs, integrationIDs := map[string]bool{}, map[string]bool{}
	for _, d := range s.Authorizers {
		if aws.ToString(d.Value.AuthorizerId) == "" || d.Value.Name == nil {
			return errors.New("an authorizer has no id or no name")
		}
		authorizerIDs[*d.Value.AuthorizerId] = true
	}
	for _, d := range s.Integrations {
		if aws.ToString(d.Value.IntegrationId) == "" {
			return errors.New("an integration has no id")
		}
		integrationIDs[*d.Value.IntegrationId] = true
	}
	for _, d := range s.Routes {
		if aws.ToString(d.Value.RouteId) == "" || aws.ToString(d.Value.RouteKey) == "" {
			return errors.New("a route has no id or no key")
		}
		if id := aws.ToString(d.Value.AuthorizerId); id != "" && !authorizerIDs[id] {
			return fmt.Errorf("route %s asks authorizer %s, which is not there", *d.Value.RouteKey, id)
		}
		if target, names := strings.CutPrefix(aws.ToString(d.Value.Target), targetPrefix); names && !integrationIDs[target] {
			return fmt.Errorf("route %s leads to integration %s, which is not there", *d.Value.RouteKey, target)
		}
	}
	return nil
}

// PutCopy stores a copy that Check passed, over an earlier copy of the API. from says where it came from. The error is ErrMadeHere when
// an API of that id is here that is no copy. A stage with auto-deploy serves what it served there until the API is edited here.
func (s *Service) PutCopy(tx *store.Tx, from string, c *Copy) error {
	id := *c.Live.API.Value.ApiId
	stored := &httpAPI{Account: c.Live.Account, Region: c.Live.Region, Revision: 1, From: from, API: c.Live.API}
	old, err := apis.Get(tx, apiScope, id)
	switch {
	case err == nil && old.From == "":
		return fmt.Errorf("the HTTP API %s %w", id, ErrMadeHere)
	case err == nil:
		stored.Revision = old.Revision + 1
	case !errors.Is(err, store.ErrNotFound):
		return err
	}
	stored.Automatic = stored.Revision
	if err := clearAPI(tx, id); err != nil {
		return err
	}
	if err := apis.Put(tx, apiScope, id, stored); err != nil {
		return err
	}
	tx.Bump(StageTopic(id))
	for _, d := range c.Deployments {
		kept := &deployment{Revision: stored.Revision, Deployment: wire.Document[types.Deployment]{Value: d}}
		if err := deployments.Put(tx, id, *d.DeploymentId, kept); err != nil {
			return err
		}
		if err := snapshots.Put(tx, id, *d.DeploymentId, c.Snapshots[*d.DeploymentId]); err != nil {
			return err
		}
	}
	for _, stage := range c.Stages {
		if err := stages.Put(tx, id, *stage.StageName, entity.Document(stage)); err != nil {
			return err
		}
	}
	return errors.Join(
		putAll(tx, &routes, id, c.Live.Routes, func(r types.Route) string { return *r.RouteId }),
		putAll(tx, &integrations, id, c.Live.Integrations, func(i types.Integration) string { return *i.IntegrationId }),
		putAll(tx, &authorizers, id, c.Live.Authorizers, func(a types.Authorizer) string { return *a.AuthorizerId }),
	)
}

func putAll[T any](tx *store.Tx, into *store.Collection[wire.Document[T]], scope string, list []wire.Document[T], key func(T) string) error {
	for i := range list {
		if err := into.Put(tx, scope, key(list[i].Value), &list[i]); err != nil {
			return err
		}
	}
	return nil
}

// DropCopies deletes the copies that came from there and are none of keep, by their ids.
func (s *Service) DropCopies(tx *store.Tx, from string, keep map[string]bool) error {
	found, _, err := apis.Find(tx, apiScope, store.Key{Index: fromIndex, Value: from}, store.Page{})
	if err != nil {
		return err
	}
	for _, f := range found {
		if keep[f.ID] {
			continue
		}
		tx.Bump(StageTopic(f.ID))
		if err := clearAPI(tx, f.ID); err != nil {
			return err
		}
		if err := apis.Delete(tx, apiScope, f.ID); err != nil {
			return err
		}
	}
	return nil
}

const fromIndex = "from"
