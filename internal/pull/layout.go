package pull

import (
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	rest "github.com/aws/aws-sdk-go-v2/service/apigateway/types"
	v2 "github.com/aws/aws-sdk-go-v2/service/apigatewayv2/types"
	cip "github.com/aws/aws-sdk-go-v2/service/cognitoidentityprovider"
	users "github.com/aws/aws-sdk-go-v2/service/cognitoidentityprovider/types"

	"github.com/poolgate/poolgate/internal/apigateway"
	"github.com/poolgate/poolgate/internal/apigatewayv2"
	"github.com/poolgate/poolgate/internal/cognito"
	"github.com/poolgate/poolgate/internal/wire"
)

// manifestFile makes a directory one of these.
const manifestFile = "poolgate.json"

var errMissing = errors.New("the file is missing")

// tree writes a copy as files.
func (c *Copy) tree() (*tree, error) {
	t := newTree()
	for _, api := range c.RESTAPIs {
		writeREST(t, "restapis/"+*api.Live.API.Value.Id+"/", api)
	}
	for _, api := range c.HTTPAPIs {
		writeHTTP(t, "httpapis/"+*api.Live.API.Value.ApiId+"/", api)
	}
	for _, plan := range c.Plans {
		put(t, "usageplans/", aws.ToString(plan.Id), plan)
	}
	for _, pool := range c.Pools {
		writePool(t, "pools/"+*pool.Pool.Id+"/", pool)
	}
	return t, t.err
}

// copyOf reads a copy from files.
func copyOf(t *tree, manifest Manifest) (*Copy, error) {
	c := &Copy{Manifest: manifest, Plans: list[rest.UsagePlan](t, "usageplans/")}
	for _, id := range t.under("restapis/") {
		api := readREST(t, "restapis/"+id+"/", manifest)
		c.RESTAPIs = append(c.RESTAPIs, api)
		if found := aws.ToString(api.Live.API.Value.Id); found != id {
			t.wrong("restapis/"+id+"/edited/api.json", fmt.Errorf("the API in it is %q", found))
		}
	}
	for _, id := range t.under("httpapis/") {
		api := readHTTP(t, "httpapis/"+id+"/", manifest)
		c.HTTPAPIs = append(c.HTTPAPIs, api)
		if found := aws.ToString(api.Live.API.Value.ApiId); found != id {
			t.wrong("httpapis/"+id+"/edited/api.json", fmt.Errorf("the API in it is %q", found))
		}
	}
	for _, id := range t.under("pools/") {
		pool := readPool(t, "pools/"+id+"/")
		c.Pools = append(c.Pools, pool)
		if found := aws.ToString(pool.Pool.Id); found != id {
			t.wrong("pools/"+id+"/pool.json", fmt.Errorf("the pool in it is %q", found))
		}
	}
	return c, t.err
}

func writeREST(t *tree, dir string, c *apigateway.Copy) {
	writeSnapshot(t, dir+"edited/", c.Live)
	for _, d := range c.Deployments {
		at := dir + "deployments/" + fileName(aws.ToString(d.Id)) + "/"
		put(t, at, "deployment", d)
		if snapshot := c.Snapshots[*d.Id]; snapshot != nil {
			writeSnapshot(t, at, snapshot)
		}
	}
	for _, stage := range c.Stages {
		put(t, dir+"stages/", aws.ToString(stage.StageName), stage)
	}
}

func readREST(t *tree, dir string, m Manifest) *apigateway.Copy {
	c := &apigateway.Copy{Live: readSnapshot(t, dir+"edited/", m), Snapshots: map[string]*apigateway.Snapshot{}, Stages: list[rest.Stage](t, dir+"stages/")}
	for _, name := range t.under(dir + "deployments/") {
		at := dir + "deployments/" + name + "/"
		d := mustGet[rest.Deployment](t, at+"deployment.json")
		c.Deployments = append(c.Deployments, d)
		if _, there := t.files[at+"api.json"]; there {
			c.Snapshots[aws.ToString(d.Id)] = readSnapshot(t, at, m)
		}
	}
	return c
}

// writeSnapshot writes a definition, a file for each thing in it, named for what people call it.
func writeSnapshot(t *tree, dir string, s *apigateway.Snapshot) {
	put(t, dir, "api", s.API.Value)
	for _, d := range s.Resources {
		put(t, dir+"resources/", named(aws.ToString(d.Value.Path), d.Value.Id), d.Value)
	}
	for _, d := range s.Authorizers {
		put(t, dir+"authorizers/", named(aws.ToString(d.Value.Name), d.Value.Id), d.Value)
	}
	for _, d := range s.Validators {
		put(t, dir+"requestvalidators/", named(aws.ToString(d.Value.Name), d.Value.Id), d.Value)
	}
	for _, d := range s.Models {
		put(t, dir+"models/", aws.ToString(d.Value.Name), d.Value)
	}
	for _, d := range s.GatewayResponses {
		put(t, dir+"gatewayresponses/", string(d.Value.ResponseType), d.Value)
	}
}

// named is a file's name with the id behind it, so that things of one name do not meet.
func named(name string, id *string) string {
	readable := strings.Trim(unsafeInName.ReplaceAllString(strings.NewReplacer("{", "", "}", "").Replace(name), "_"), "_.-")
	return strings.TrimPrefix(readable[:min(len(readable), 60)]+"-"+aws.ToString(id), "-")
}

func readSnapshot(t *tree, dir string, m Manifest) *apigateway.Snapshot {
	s := &apigateway.Snapshot{Account: m.Account, Region: m.Region}
	s.API.Value = mustGet[rest.RestApi](t, dir+"api.json")
	documents(&s.Resources, list[rest.Resource](t, dir+"resources/"), func(r rest.Resource) *string { return r.Path })
	documents(&s.Authorizers, list[rest.Authorizer](t, dir+"authorizers/"), func(a rest.Authorizer) *string { return a.Id })
	documents(&s.Validators, list[rest.RequestValidator](t, dir+"requestvalidators/"), func(v rest.RequestValidator) *string { return v.Id })
	documents(&s.Models, list[rest.Model](t, dir+"models/"), func(m rest.Model) *string { return m.Name })
	documents(&s.GatewayResponses, list[rest.GatewayResponse](t, dir+"gatewayresponses/"), func(r rest.GatewayResponse) *string {
		return aws.String(string(r.ResponseType))
	})
	return s
}

// documents puts a list in the order of its keys.
func documents[T any](into *[]wire.Document[T], list []T, key func(T) *string) {
	slices.SortStableFunc(list, func(a, b T) int { return compare(key(a), key(b)) })
	for _, value := range list {
		*into = append(*into, wire.Document[T]{Value: value})
	}
}

func writeHTTP(t *tree, dir string, c *apigatewayv2.Copy) {
	writeHTTPSnapshot(t, dir+"edited/", c.Live)
	for _, d := range c.Deployments {
		at := dir + "deployments/" + fileName(aws.ToString(d.DeploymentId)) + "/"
		put(t, at, "deployment", d)
		writeHTTPSnapshot(t, at, c.Snapshots[*d.DeploymentId])
	}
	for _, stage := range c.Stages {
		put(t, dir+"stages/", aws.ToString(stage.StageName), stage)
	}
}

func readHTTP(t *tree, dir string, m Manifest) *apigatewayv2.Copy {
	c := &apigatewayv2.Copy{Live: readHTTPSnapshot(t, dir+"edited/", m), Snapshots: map[string]*apigatewayv2.Snapshot{}, Stages: list[v2.Stage](t, dir+"stages/")}
	for _, name := range t.under(dir + "deployments/") {
		at := dir + "deployments/" + name + "/"
		d := mustGet[v2.Deployment](t, at+"deployment.json")
		c.Deployments = append(c.Deployments, d)
		c.Snapshots[aws.ToString(d.DeploymentId)] = readHTTPSnapshot(t, at, m)
	}
	return c
}

func writeHTTPSnapshot(t *tree, dir string, s *apigatewayv2.Snapshot) {
	put(t, dir, "api", s.API.Value)
	for _, d := range s.Routes {
		put(t, dir+"routes/", named(aws.ToString(d.Value.RouteKey), d.Value.RouteId), d.Value)
	}
	for _, d := range s.Integrations {
		put(t, dir+"integrations/", aws.ToString(d.Value.IntegrationId), d.Value)
	}
	for _, d := range s.Authorizers {
		put(t, dir+"authorizers/", named(aws.ToString(d.Value.Name), d.Value.AuthorizerId), d.Value)
	}
}

func readHTTPSnapshot(t *tree, dir string, m Manifest) *apigatewayv2.Snapshot {
	s := &apigatewayv2.Snapshot{Account: m.Account, Region: m.Region}
	s.API.Value = mustGet[v2.Api](t, dir+"api.json")
	documents(&s.Routes, list[v2.Route](t, dir+"routes/"), func(r v2.Route) *string { return r.RouteId })
	documents(&s.Integrations, list[v2.Integration](t, dir+"integrations/"), func(i v2.Integration) *string { return i.IntegrationId })
	documents(&s.Authorizers, list[v2.Authorizer](t, dir+"authorizers/"), func(a v2.Authorizer) *string { return a.AuthorizerId })
	return s
}

// groupFile is a group with those who are in it.
type groupFile struct {
	Group   wire.Document[users.GroupType]
	Members []string
}

func writePool(t *tree, dir string, c *cognito.Copy) {
	put(t, dir, "pool", c.Pool)
	if c.MFA != nil {
		put(t, dir, "mfa", *c.MFA)
	}
	if len(c.Keys) > 0 {
		t.add(dir, "jwks", c.Keys, nil)
	}
	for _, d := range c.Domains {
		put(t, dir+"domains/", aws.ToString(d.Domain), d)
	}
	for _, client := range c.Clients {
		put(t, dir+"clients/", named(aws.ToString(client.ClientName), client.ClientId), client)
	}
	for _, r := range c.ResourceServers {
		put(t, dir+"resourceservers/", aws.ToString(r.Identifier), r)
	}
	for _, g := range c.Groups {
		name := aws.ToString(g.GroupName)
		members := c.Members[name]
		if members == nil {
			members = []string{}
		}
		document, err := json.Marshal(groupFile{wire.Document[users.GroupType]{Value: g}, members})
		t.add(dir+"groups/", name, document, err)
	}
	for _, u := range c.Users {
		put(t, dir+"users/", aws.ToString(u.Username), u)
	}
}

func readPool(t *tree, dir string) *cognito.Copy {
	c := &cognito.Copy{
		Pool: mustGet[users.UserPoolType](t, dir+"pool.json"), Keys: t.files[dir+"jwks.json"], Members: map[string][]string{},
		Domains: list[users.DomainDescriptionType](t, dir+"domains/"), Clients: list[users.UserPoolClientType](t, dir+"clients/"),
		ResourceServers: list[users.ResourceServerType](t, dir+"resourceservers/"), Users: list[users.UserType](t, dir+"users/"),
	}
	if mfa, there := get[cip.GetUserPoolMfaConfigOutput](t, dir+"mfa.json"); there {
		c.MFA = &mfa
	}
	for _, path := range t.in(dir + "groups/") {
		var g groupFile
		if err := json.Unmarshal(t.files[path], &g); err != nil {
			t.wrong(path, err)
			continue
		}
		c.Groups = append(c.Groups, g.Group.Value)
		c.Members[aws.ToString(g.Group.Value.GroupName)] = g.Members
	}
	return c
}

// parts are the directories that a copy fills.
var parts = []string{"httpapis", "pools", "restapis", "usageplans"}
