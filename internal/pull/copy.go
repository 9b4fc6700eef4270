// Package pull copies APIs and user pools of an account into a directory that can be read and diffed, and brings such a directory up on
// this server. It owns the directory's shape: one JSON file for each thing, members sorted, nothing in it that is secret, nothing that
// changes when the account did not. It reads the account through package account only, and puts what it read through the services' own
// copies, in one transaction.
package pull

import (
	"maps"
	"slices"
	"strings"

	rest "github.com/aws/aws-sdk-go-v2/service/apigateway/types"

	"github.com/poolgate/poolgate/internal/account"
	"github.com/poolgate/poolgate/internal/apigateway"
	"github.com/poolgate/poolgate/internal/apigatewayv2"
	"github.com/poolgate/poolgate/internal/cognito"
)

// format is the directory's version: one that is greater is of a later poolgate.
const format = 1

// Copy is what a directory holds.
type Copy struct {
	Manifest
	RESTAPIs []*apigateway.Copy
	HTTPAPIs []*apigatewayv2.Copy
	Plans    []rest.UsagePlan
	Pools    []*cognito.Copy
}

// Manifest says what a directory is. It is the file poolgate.json.
type Manifest struct {
	Format int `json:"format"`
	// Complete is false while a directory is written.
	Complete bool `json:"complete"`
	// Account and Region are where all of it is from; a pool's region is in its id.
	Account string `json:"account"`
	Region  string `json:"region"`
	// Stage is the one stage that was asked for; empty for all.
	Stage string `json:"stage,omitempty"`
	// Asked is what was pulled, by ids; pools that authorizers trust came along.
	Asked []string `json:"asked"`
	// NotRead is what the account did not show.
	NotRead []NotRead `json:"notRead,omitempty"`
}

// NotRead is one thing that could not be read, and the permission that it needs.
type NotRead struct {
	Operation  string          `json:"operation"`
	Permission string          `json:"permission"`
	Why        account.GapKind `json:"why"`
}

// restCopy makes a copy of what was read of a REST API. A stage whose definition could not be read is left out; its gap tells.
func restCopy(api *account.RESTAPI) *apigateway.Copy {
	c := &apigateway.Copy{Live: api.Live, Snapshots: map[string]*apigateway.Snapshot{}}
	for _, name := range slices.Sorted(maps.Keys(api.Stages)) {
		published := api.Stages[name]
		if _, there := api.Deployments[published.DeploymentID]; published.Snapshot == nil || !there {
			continue
		}
		c.Stages = append(c.Stages, published.Stage)
		c.Snapshots[published.DeploymentID] = published.Snapshot
	}
	for _, id := range slices.Sorted(maps.Keys(api.Deployments)) {
		c.Deployments = append(c.Deployments, api.Deployments[id])
	}
	return c
}

// httpCopy makes a copy of what was read of an HTTP API.
func httpCopy(api *account.HTTPAPI) *apigatewayv2.Copy {
	c := &apigatewayv2.Copy{Live: api.Live, Snapshots: map[string]*apigatewayv2.Snapshot{}}
	for _, name := range slices.Sorted(maps.Keys(api.Stages)) {
		published := api.Stages[name]
		deployment, there := api.Deployments[published.DeploymentID]
		if published.DeploymentID != "" {
			if published.Snapshot == nil || !there {
				continue
			}
			if c.Snapshots[published.DeploymentID] == nil {
				c.Deployments = append(c.Deployments, deployment)
			}
			c.Snapshots[published.DeploymentID] = published.Snapshot
		}
		c.Stages = append(c.Stages, published.Stage)
	}
	return c
}

// poolCopy makes a copy of what was read of a pool.
func poolCopy(pool *account.WholePool) *cognito.Copy {
	c := &cognito.Copy{
		Pool: *pool.Pool.Pool, MFA: pool.MFA, Domains: pool.Domains, Clients: pool.AllClients, ResourceServers: pool.ResourceServers,
		Groups: pool.Groups, Members: pool.Members, Users: pool.Users, Keys: pool.JWKS,
	}
	c.Pool.EstimatedNumberOfUsers = 0 // an estimate, that changes by itself
	return c
}

// trusted are the ids of the pools that an API's authorizers trust, as it is edited and as its stages serve it.
func trustedByREST(c *apigateway.Copy) []string {
	var ids []string
	for _, s := range append(slices.Collect(maps.Values(c.Snapshots)), c.Live) {
		for _, a := range s.Authorizers {
			for _, arn := range a.Value.ProviderARNs {
				ids = append(ids, arn[strings.LastIndexByte(arn, '/')+1:])
			}
		}
	}
	return ids
}

// trustedByHTTP are the ids of the pools that JWT authorizers name as their issuers. An issuer whose path is no pool's id is someone else.
func trustedByHTTP(c *apigatewayv2.Copy) []string {
	var ids []string
	for _, s := range append(slices.Collect(maps.Values(c.Snapshots)), c.Live) {
		for _, a := range s.Authorizers {
			if jwt := a.Value.JwtConfiguration; jwt != nil && jwt.Issuer != nil {
				ids = append(ids, (*jwt.Issuer)[strings.LastIndexByte(*jwt.Issuer, '/')+1:])
			}
		}
	}
	return ids
}
