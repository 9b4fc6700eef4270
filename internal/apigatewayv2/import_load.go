package apigatewayv2

import (
	"errors"
	"fmt"
	"slices"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/apigatewayv2/types"

	"github.com/poolgate/poolgate/internal/entity"
	"github.com/poolgate/poolgate/internal/fault"
	"github.com/poolgate/poolgate/internal/openapi"
)

// mostProblems is how many problems an import tells of.
const mostProblems = 100

// loader puts a definition into an API, in the place of what was there. Whatever is wrong is gathered, so that one answer
// tells all.
type loader struct {
	*Service
	*edit
	problems []string
	// authorizerIDs are by name, routeIDs by key: those that were there before keep theirs.
	authorizerIDs, routeIDs map[string]string
	// shapes are the keys of the routes so far, by what they match.
	shapes map[string]string
}

// load stores a definition, or nothing of it: the fault it returns ends the transaction.
func (s *Service) load(e *edit, def *openapi.HTTPDefinition) error {
	l := &loader{Service: s, edit: e, authorizerIDs: map[string]string{}, routeIDs: map[string]string{}, shapes: map[string]string{}}
	if err := l.clear(); err != nil {
		return err
	}
	for _, a := range def.Authorizers {
		if err := l.authorizer(a); err != nil {
			return err
		}
	}
	for _, route := range def.Routes {
		if err := l.route(route); err != nil {
			return err
		}
	}
	if err := importErrors(l.problems); err != nil {
		return err
	}
	return l.forgetRouteSettings()
}

// clear notes the ids of what is there and takes it away.
func (l *loader) clear() error {
	oldRoutes, err := entity.All(l.tx, &routes, l.id)
	if err != nil {
		return err
	}
	for _, route := range oldRoutes {
		l.routeIDs[*route.RouteKey] = *route.RouteId
	}
	oldAuthorizers, err := entity.All(l.tx, &authorizers, l.id)
	if err != nil {
		return err
	}
	for _, a := range oldAuthorizers {
		l.authorizerIDs[*a.Name] = *a.AuthorizerId
	}
	for _, deleteScope := range []func() (int, error){
		func() (int, error) { return routes.DeleteScope(l.tx, l.id) },
		func() (int, error) { return integrations.DeleteScope(l.tx, l.id) },
		func() (int, error) { return authorizers.DeleteScope(l.tx, l.id) },
	} {
		if _, err := deleteScope(); err != nil {
			return err
		}
	}
	return nil
}

// found gathers what is the document's fault; any other error ends the import. It tells whether there was none.
func (l *loader) found(err error, format string, args ...any) (fine bool, other error) {
	if err == nil {
		return true, nil
	}
	var f *fault.Error
	if !errors.As(err, &f) || f.Kind == fault.KindInternal {
		return false, err
	}
	if len(l.problems) < mostProblems {
		l.problems = append(l.problems, fmt.Sprintf(format, args...)+": "+f.Message)
	}
	return false, nil
}

// idFor is the id of what has that name, a new one if nothing has.
func (l *loader) idFor(ids map[string]string, name string, length int) (string, error) {
	if id, there := ids[name]; there {
		return id, nil
	}
	id, err := l.newID(length)
	if err == nil {
		ids[name] = id
	}
	return id, err
}

func (l *loader) authorizer(a types.Authorizer) error {
	id, err := l.idFor(l.authorizerIDs, *a.Name, entityIDLength)
	if err != nil {
		return err
	}
	a.AuthorizerId = &id
	var wrong error
	if !slices.Contains(a.AuthorizerType.Values(), a.AuthorizerType) {
		wrong = badRequest("Invalid authorizer type specified. Valid options are JWT,REQUEST")
	} else {
		wrong = l.checkAuthorizer(l.edit, &a)
	}
	if fine, err := l.found(wrong, "Unable to create authorizer '%s'", *a.Name); err != nil || !fine {
		return err
	}
	return authorizers.Insert(l.tx, l.id, id, entity.Document(a))
}

func (l *loader) route(r openapi.HTTPRoute) error {
	key := *r.Route.RouteKey
	integration := *r.Integration
	id, err := l.newID(routeIDLength)
	if err != nil {
		return err
	}
	integration.IntegrationId = &id
	fillIntegration(&integration)
	if fine, err := l.found(checkImported(&integration), "Unable to create integration for route '%s'", key); err != nil || !fine {
		return err
	}
	if err := integrations.Insert(l.tx, l.id, id, entity.Document(integration)); err != nil {
		return err
	}
	route := r.Route
	route.Target = aws.String(targetPrefix + id)
	if route.AuthorizerId != nil {
		route.AuthorizerId = aws.String(l.authorizerIDs[*route.AuthorizerId])
	}
	routeID, err := l.idFor(l.routeIDs, key, routeIDLength)
	if err != nil {
		return err
	}
	route.RouteId = &routeID
	if fine, err := l.found(l.check(&route), "Unable to create route '%s'", key); err != nil || !fine {
		return err
	}
	return routes.Insert(l.tx, l.id, routeID, entity.Document(route))
}

// check holds a route against the rules and against those of the document before it.
func (l *loader) check(r *types.Route) error {
	shape, err := checkRouteAlone(l.edit, r)
	if err != nil {
		return err
	}
	switch other, taken := l.shapes[shape]; {
	case taken && other == *r.RouteKey:
		return routeExists(other)
	case taken:
		return variableConflict(*r.RouteKey, other)
	}
	l.shapes[shape] = *r.RouteKey
	return nil
}

// checkImported checks an integration with the words that the wire checks of a call, and of a document nobody yet did.
func checkImported(i *types.Integration) error {
	if !slices.Contains(i.ConnectionType.Values(), i.ConnectionType) {
		return badRequest("Invalid connection type specified. Valid options are INTERNET,VPC_LINK")
	}
	return checkIntegration(i)
}

// forgetRouteSettings drops what stages set for routes that are no more.
func (l *loader) forgetRouteSettings() error {
	known := make(map[string]bool, len(l.shapes))
	for _, key := range l.shapes {
		known[key] = true
	}
	for key := range l.routeIDs {
		if known[key] {
			continue
		}
		if err := moveRouteSettings(l.edit, key, ""); err != nil {
			return err
		}
	}
	return nil
}
