package apigatewayv2

import (
	"cmp"
	"crypto/sha256"
	"fmt"
	"reflect"
	"slices"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/apigatewayv2/types"

	"github.com/poolgate/poolgate/internal/openapi"
	"github.com/poolgate/poolgate/internal/wire"
)

// Deployed makes a snapshot of a stage's export, for whoever can read an API and not its store. A route gets the id that the route
// of its key has in live, an authorizer that of its name, an integration that of its route's; what is no longer there gets one that
// follows from the key or the name. What live would have been exported as is taken from live as it is, shared integrations among
// it. live may be nil. The error is openapi.ErrInvalid for what is no document at all.
func Deployed(live *Snapshot, export []byte) (*Snapshot, error) {
	def, err := openapi.ParseHTTP(export, openapi.ReadOptions{BasePath: openapi.IgnoreBasePath})
	if err != nil {
		return nil, err
	}
	if live == nil {
		return newAssembly(&Snapshot{}).assemble(def, nil), nil
	}
	mirror, err := mirrored(live)
	if err != nil {
		mirror = nil // live cannot be written as a document: nothing is taken from it
	}
	snapshot := newAssembly(live).assemble(def, mirror)
	snapshot.Account, snapshot.Region = live.Account, live.Region
	return snapshot, nil
}

// mirrored is what live's export says.
func mirrored(live *Snapshot) (*openapi.HTTPDefinition, error) {
	document, err := openapi.WriteHTTP(define(live), openapi.HTTPWriteOptions{Extensions: true, Format: openapi.JSON})
	if err != nil {
		return nil, err
	}
	return openapi.ParseHTTP(document, openapi.ReadOptions{BasePath: openapi.IgnoreBasePath})
}

// assembly makes a snapshot of a definition, with what a live one has alike.
type assembly struct {
	live         *Snapshot
	routes       map[string]types.Route
	authorizers  map[string]types.Authorizer
	integrations map[string]types.Integration
}

func newAssembly(live *Snapshot) *assembly {
	a := &assembly{live: live, routes: map[string]types.Route{}, authorizers: map[string]types.Authorizer{}, integrations: map[string]types.Integration{}}
	for _, d := range live.Routes {
		a.routes[aws.ToString(d.Value.RouteKey)] = d.Value
	}
	for _, d := range live.Authorizers {
		a.authorizers[aws.ToString(d.Value.Name)] = d.Value
	}
	for _, d := range live.Integrations {
		a.integrations[aws.ToString(d.Value.IntegrationId)] = d.Value
	}
	return a
}

func (a *assembly) assemble(def, mirror *openapi.HTTPDefinition) *Snapshot {
	if mirror == nil {
		mirror = &openapi.HTTPDefinition{}
	}
	s := &Snapshot{API: wire.Document[types.Api]{Value: a.api(def.API, mirror.API)}}
	a.putAuthorizers(s, def, mirror)
	exported := make(map[string]openapi.HTTPRoute, len(mirror.Routes))
	for _, r := range mirror.Routes {
		exported[*r.Route.RouteKey] = r
	}
	used := map[string]types.Integration{}
	for _, r := range def.Routes {
		like, there := exported[*r.Route.RouteKey]
		route, integration := a.route(r), a.integration(r)
		own := a.routes[*r.Route.RouteKey]
		if there && reflect.DeepEqual(r.Route, like.Route) {
			own.Target = route.Target
			route = own
		}
		if there && reflect.DeepEqual(r.Integration, like.Integration) {
			integration = a.integrations[*integration.IntegrationId]
		} else if other, taken := used[*integration.IntegrationId]; taken && !reflect.DeepEqual(other, integration) {
			integration.IntegrationId = aws.String(derived("integration", *r.Route.RouteKey, routeIDLength)) // what routes share today they did not then
			route.Target = aws.String(targetPrefix + *integration.IntegrationId)
		}
		used[*integration.IntegrationId] = integration
		s.Routes = append(s.Routes, wire.Document[types.Route]{Value: route})
	}
	for _, integration := range used {
		s.Integrations = append(s.Integrations, wire.Document[types.Integration]{Value: integration})
	}
	s.sort()
	return s
}

func (a *assembly) putAuthorizers(s *Snapshot, def, mirror *openapi.HTTPDefinition) {
	exported := make(map[string]types.Authorizer, len(mirror.Authorizers))
	for _, authorizer := range mirror.Authorizers {
		exported[*authorizer.Name] = authorizer
	}
	for _, authorizer := range def.Authorizers {
		like, there := exported[*authorizer.Name]
		if there && reflect.DeepEqual(authorizer, like) {
			authorizer = a.authorizers[*authorizer.Name]
		}
		authorizer.AuthorizerId = aws.String(a.authorizerID(*authorizer.Name))
		s.Authorizers = append(s.Authorizers, wire.Document[types.Authorizer]{Value: authorizer})
	}
}

// api is the API as it was deployed. What no document tells of it is as it is now.
func (a *assembly) api(said, like types.Api) types.Api {
	api := a.live.API.Value
	said.Version, like.Version = nil, nil // an export says when the API was made where there is none
	if reflect.DeepEqual(said, like) {
		return api
	}
	api.Name, api.Description, api.CorsConfiguration = said.Name, said.Description, said.CorsConfiguration
	api.DisableExecuteApiEndpoint = said.DisableExecuteApiEndpoint
	if api.DisableExecuteApiEndpoint == nil {
		api.DisableExecuteApiEndpoint = aws.Bool(false)
	}
	api.IpAddressType = cmp.Or(said.IpAddressType, types.IpAddressTypeIpv4)
	return api
}

func (a *assembly) route(r openapi.HTTPRoute) types.Route {
	route := r.Route
	own, there := a.routes[*route.RouteKey]
	route.RouteId = aws.String(derived("route", *route.RouteKey, routeIDLength))
	if there {
		route.RouteId, route.ApiKeyRequired = own.RouteId, own.ApiKeyRequired
	}
	if route.AuthorizerId != nil {
		route.AuthorizerId = aws.String(a.authorizerID(*route.AuthorizerId))
	}
	route.Target = aws.String(targetPrefix + a.integrationID(*route.RouteKey))
	return route
}

func (a *assembly) authorizerID(name string) string {
	if own, there := a.authorizers[name]; there {
		return *own.AuthorizerId
	}
	return derived("authorizer", name, entityIDLength)
}

func (a *assembly) integrationID(routeKey string) string {
	id := strings.TrimPrefix(aws.ToString(a.routes[routeKey].Target), targetPrefix)
	if _, there := a.integrations[id]; there {
		return id
	}
	return derived("integration", routeKey, routeIDLength)
}

func (a *assembly) integration(r openapi.HTTPRoute) types.Integration {
	integration := *r.Integration
	integration.IntegrationId = aws.String(a.integrationID(*r.Route.RouteKey))
	fillIntegration(&integration)
	return integration
}

// derived is an id that follows from what it is for.
func derived(kind, name string, length int) string {
	return fmt.Sprintf("%x", sha256.Sum256([]byte(kind+"\x00"+name)))[:length]
}

// sort puts all in the order of the ids, as a deployment freezes it.
func (s *Snapshot) sort() {
	slices.SortFunc(s.Routes, func(x, y wire.Document[types.Route]) int { return strings.Compare(*x.Value.RouteId, *y.Value.RouteId) })
	slices.SortFunc(s.Authorizers, func(x, y wire.Document[types.Authorizer]) int {
		return strings.Compare(*x.Value.AuthorizerId, *y.Value.AuthorizerId)
	})
	slices.SortFunc(s.Integrations, func(x, y wire.Document[types.Integration]) int {
		return strings.Compare(*x.Value.IntegrationId, *y.Value.IntegrationId)
	})
}
