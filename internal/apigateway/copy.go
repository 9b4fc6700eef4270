package apigateway

import (
	"errors"
	"fmt"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/apigateway/types"

	"github.com/poolgate/poolgate/internal/store"
	"github.com/poolgate/poolgate/internal/wire"
)

// Copy is a REST API as it was read from an account, to be served here under its own ids.
type Copy struct {
	// Live is the API as it is edited there; its Account and Region become the API's here.
	Live   *Snapshot
	Stages []types.Stage
	// Deployments are those that the stages serve, canaries' among them. Snapshots are what they froze, by their ids; a canary's may be
	// missing, because no call shows it: its stage then gives all requests the stage's own.
	Deployments []types.Deployment
	Snapshots   map[string]*Snapshot
}

// ErrMadeHere tells that something has the id of a copy and is none: nobody's work is replaced by a copy.
var ErrMadeHere = errors.New("was made here")

// Check tells what of a copy cannot be served: an id that is missing or named twice, a reference to nothing, a definition that does not
// compile. A copy that passes can be put.
func (s *Service) Check(c *Copy) error {
	if c.Live == nil {
		return errors.New("the API itself is missing")
	}
	if !customID().MatchString(aws.ToString(c.Live.API.Value.Id)) {
		return fmt.Errorf("%q is not the id of an API", aws.ToString(c.Live.API.Value.Id))
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
	known := map[string]bool{}
	for _, d := range c.Deployments {
		if aws.ToString(d.Id) == "" || d.CreatedDate == nil {
			return errors.New("a deployment has no id or no createdDate")
		}
		known[*d.Id] = true
	}
	for _, stage := range c.Stages {
		if aws.ToString(stage.StageName) == "" {
			return errors.New("a stage has no name")
		}
		if id := aws.ToString(stage.DeploymentId); !known[id] || c.Snapshots[id] == nil {
			return fmt.Errorf("stage %s serves deployment %q, which is not there", *stage.StageName, id)
		}
		if canary := stage.CanarySettings; canary != nil && canary.DeploymentId != nil && !known[*canary.DeploymentId] {
			return fmt.Errorf("the canary of stage %s is deployment %s, which is not there", *stage.StageName, *canary.DeploymentId)
		}
	}
	return nil
}

// checkSnapshot holds a snapshot against what everybody takes for granted who reads one.
func checkSnapshot(s *Snapshot) error {
	if s == nil || aws.ToString(s.API.Value.Id) == "" || s.API.Value.Name == nil {
		return errors.New("the API has no id or no name")
	}
	authorizerIDs, validatorIDs := map[string]bool{}, map[string]bool{}
	for _, d := range s.Authorizers {
		if aws.ToString(d.Value.Id) == "" || d.Value.Name == nil {
			return errors.New("an authorizer has no id or no name")
		}
		authorizerIDs[*d.Value.Id] = true
	}
	for _, d := range s.Validators {
		if aws.ToString(d.Value.Id) == "" {
			return errors.New("a request validator has no id")
		}
		validatorIDs[*d.Value.Id] = true
	}
	for _, d := range s.Models {
		if aws.ToString(d.Value.Name) == "" {
			return errors.New("a model has no name")
		}
	}
	for _, d := range s.GatewayResponses {
		if _, known := builtinStatus[d.Value.ResponseType]; !known {
			return fmt.Errorf("there is no gateway response %q", d.Value.ResponseType)
		}
	}
	return checkResources(s.Resources, authorizerIDs, validatorIDs)
}

// checkResources looks for the root, for what is above each resource, and for what each method names.
func checkResources(list []wire.Document[types.Resource], authorizerIDs, validatorIDs map[string]bool) error {
	root, ids := false, map[string]bool{}
	for _, d := range list {
		if aws.ToString(d.Value.Id) == "" || aws.ToString(d.Value.Path) == "" || ids[*d.Value.Id] {
			return errors.New("a resource has no path, or no id of its own")
		}
		ids[*d.Value.Id] = true
		root = root || *d.Value.Path == "/"
	}
	if !root {
		return errors.New("the resource of the path / is missing")
	}
	for _, d := range list {
		if parent := aws.ToString(d.Value.ParentId); *d.Value.Path != "/" && (!ids[parent] || d.Value.PathPart == nil) {
			return fmt.Errorf("the resource above %s is missing", *d.Value.Path)
		}
		for verb, m := range d.Value.ResourceMethods {
			if id := aws.ToString(m.AuthorizerId); id != "" && !authorizerIDs[id] {
				return fmt.Errorf("%s %s asks authorizer %s, which is not there", verb, *d.Value.Path, id)
			}
			if id := aws.ToString(m.RequestValidatorId); id != "" && !validatorIDs[id] {
				return fmt.Errorf("%s %s has the validator %s, which is not there", verb, *d.Value.Path, id)
			}
		}
	}
	return nil
}

// PutCopy stores a copy that Check passed, over an earlier copy of the API. from says where it came from. The error is ErrMadeHere when
// an API of that id is here that is no copy.
func (s *Service) PutCopy(tx *store.Tx, from string, c *Copy) error {
	id := *c.Live.API.Value.Id
	stored := &restAPI{Account: c.Live.Account, Region: c.Live.Region, Revision: 1, From: from, API: c.Live.API}
	old, err := restAPIs.Get(tx, apiScope, id)
	switch {
	case err == nil && old.From == "":
		return fmt.Errorf("the REST API %s %w", id, ErrMadeHere)
	case err == nil:
		stored.Revision = old.Revision + 1
	case !errors.Is(err, store.ErrNotFound):
		return err
	}
	if err := clearAPI(tx, id); err != nil {
		return err
	}
	if err := restAPIs.Put(tx, apiScope, id, stored); err != nil {
		return err
	}
	tx.Bump(StageTopic(id))
	return errors.Join(
		putAll(tx, &resources, id, c.Live.Resources, func(r types.Resource) string { return *r.Id }),
		putAll(tx, &authorizers, id, c.Live.Authorizers, func(a types.Authorizer) string { return *a.Id }),
		putAll(tx, &gatewayResponses, id, c.Live.GatewayResponses, func(r types.GatewayResponse) string { return string(r.ResponseType) }),
		putAll(tx, &models, id, c.Live.Models, func(m types.Model) string { return *m.Name }),
		putAll(tx, &validators, id, c.Live.Validators, func(v types.RequestValidator) string { return *v.Id }),
		putServed(tx, id, c),
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

// putServed stores the stages and what they serve.
func putServed(tx *store.Tx, id string, c *Copy) error {
	for _, d := range c.Deployments {
		if err := deployments.Put(tx, id, *d.Id, document(d)); err != nil {
			return err
		}
	}
	for deployment, snapshot := range c.Snapshots {
		if err := snapshots.Put(tx, id, deployment, snapshot); err != nil {
			return err
		}
	}
	for _, stage := range c.Stages {
		if err := stages.Put(tx, id, *stage.StageName, document(stage)); err != nil {
			return err
		}
		if canary := stage.CanarySettings; canary != nil && canary.DeploymentId != nil && c.Snapshots[*canary.DeploymentId] == nil {
			if err := snapshots.Put(tx, id, *canary.DeploymentId, c.Snapshots[*stage.DeploymentId]); err != nil {
				return err
			}
		}
	}
	return nil
}

// DropCopies deletes the copies that came from there and are none of keep, by their ids.
func (s *Service) DropCopies(tx *store.Tx, from string, keep map[string]bool) error {
	found, _, err := restAPIs.Find(tx, apiScope, store.Key{Index: fromIndex, Value: from}, store.Page{})
	if err != nil {
		return err
	}
	for _, f := range found {
		if keep[f.ID] {
			continue
		}
		tx.Bump(StageTopic(f.ID))
		if err := errors.Join(clearAPI(tx, f.ID), restAPIs.Delete(tx, apiScope, f.ID)); err != nil {
			return err
		}
	}
	return nil
}

const fromIndex = "from"
