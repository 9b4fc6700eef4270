package apigatewayv2

import (
	"errors"
	"regexp"
	"slices"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/apigatewayv2/types"

	"github.com/poolgate/poolgate/internal/entity"
	"github.com/poolgate/poolgate/internal/fault"
)

// targetPrefix stands before an integration's id in a route's target.
const targetPrefix = "integrations/"

// greatestPath bounds a route's path, in bytes, as an import does.
const greatestPath = 2048

// The texts about keys, targets, scopes and API keys are those that deployments on AWS were seen to fail with.
var (
	badRouteKey = badRequest(`The provided route key is not formatted properly for HTTP protocol. Format should be "[HTTP METHOD] /[RESOURCE PATH]" or "$default"`)
	badTarget   = badRequest("Unexpected or malformed target in route. Correct format should be integrations/<integration_id>.")
	scopesNoJWT = badRequest("Authorization Scopes are only valid for COGNITO_USER_POOLS and JWT authorization type")
	keyRequired = badRequest("ApiKeyRequired is not currently supported for HTTP APIs.")
	needsJWT    = badRequest("Invalid authorizer ID specified. Setting the authorization type to JWT requires a valid JWT authorizer.")
	needsCustom = badRequest("Invalid authorizer ID specified. Setting the authorization type to CUSTOM requires a valid authorizer.")

	routeMethods = []string{"ANY", "DELETE", "GET", "HEAD", "OPTIONS", "PATCH", "POST", "PUT"}
	// literalSegment is what a segment without a variable may hold: the characters of a path (RFC 3986 section 3.3) but for
	// those that mean something else in a key or in a path.
	literalSegment = regexp.MustCompile(`^(?:[A-Za-z0-9._~!$&'()*+,=:@-]|%[0-9A-Fa-f]{2})+$`)
	pathVariable   = regexp.MustCompile(`^\{([A-Za-z0-9._-]+)(\+?)\}$`)
	// routeParameter is how a request parameter of a route is named.
	routeParameter = regexp.MustCompile(`^route\.request\.(?:header|querystring|path|body)\.\S+$`)
)

// checkRoute holds a route against AWS's rules, the API's other routes, its authorizers and integrations, and fills in
// what AWS shows of every route.
func checkRoute(e *edit, r *types.Route) error {
	shape, err := checkRouteAlone(e, r)
	if err != nil {
		return err
	}
	return checkUnique(e, r, shape)
}

// checkRouteAlone is checkRoute without the API's other routes; it returns the shape of the route's key.
func checkRouteAlone(e *edit, r *types.Route) (shape string, err error) {
	if r.ApiKeyRequired = aws.Bool(aws.ToBool(r.ApiKeyRequired)); *r.ApiKeyRequired {
		return "", keyRequired
	}
	if shape, err = routeShape(aws.ToString(r.RouteKey)); err != nil {
		return "", err
	}
	if err := checkAuthorization(e, r); err != nil {
		return "", err
	}
	for key := range r.RequestParameters {
		if !routeParameter.MatchString(key) {
			return "", badRequest("Invalid request parameter specified: %s", key)
		}
	}
	return shape, checkTarget(e, r)
}

// routeShape checks a route's key and returns it with its variables' names taken out, so that two keys that match the
// same requests are the same. The names of one path's variables must differ, and a greedy one is the last segment.
func routeShape(key string) (string, error) {
	if key == DefaultRouteKey {
		return key, nil
	}
	method, path, _ := strings.Cut(key, " ")
	if !slices.Contains(routeMethods, method) || !strings.HasPrefix(path, "/") {
		return "", badRouteKey
	}
	if path == "/" {
		return key, nil
	}
	if len(path) > greatestPath {
		return "", badRequest("A route key's path has at most %d characters", greatestPath)
	}
	segments := strings.Split(path[1:], "/")
	names := map[string]bool{}
	for i, segment := range segments {
		last := i == len(segments)-1
		variable := pathVariable.FindStringSubmatch(segment)
		switch {
		case segment == "" && last: // a trailing slash
		case variable == nil && !literalSegment.MatchString(segment), segment == "." || segment == "..":
			return "", badPath(path)
		case variable == nil:
		case variable[2] != "" && !last, names[variable[1]]:
			return "", badPath(path)
		default:
			names[variable[1]] = true
			segments[i] = "{" + variable[2] + "}"
		}
	}
	return method + " /" + strings.Join(segments, "/"), nil
}

func badPath(path string) error {
	return badRequest("Invalid path %s specified in the route key", path)
}

// routeExists and variableConflict are how a second route for the same requests is refused (seen: pwrdrvr/microapps-core
// issue 194, plutomi/plutomi issue 271).
func routeExists(key string) *fault.Error {
	return conflict("Route with key %s already exists for this API", key)
}

func variableConflict(key, other string) *fault.Error {
	return conflict("The provided route key %q has a conflicting variable on the same hierarchical level as %q", key, other)
}

// checkUnique refuses a key that another route has, or that differs from it by the names of variables only.
func checkUnique(e *edit, r *types.Route, shape string) error {
	list, err := entity.All(e.tx, &routes, e.id)
	if err != nil {
		return err
	}
	for _, other := range list {
		if *other.RouteId == *r.RouteId {
			continue
		}
		if *other.RouteKey == *r.RouteKey {
			return routeExists(*r.RouteKey)
		}
		if others, err := routeShape(*other.RouteKey); err == nil && others == shape {
			return variableConflict(*r.RouteKey, *other.RouteKey)
		}
	}
	return nil
}

// checkAuthorization checks that a route's authorization has the authorizer that it needs, and no other.
func checkAuthorization(e *edit, r *types.Route) error {
	if r.AuthorizationType == "" {
		r.AuthorizationType = types.AuthorizationTypeNone
	}
	if len(r.AuthorizationScopes) > 0 && r.AuthorizationType != types.AuthorizationTypeJwt {
		return scopesNoJWT
	}
	kind, refusal := types.AuthorizerTypeJwt, needsJWT
	switch r.AuthorizationType {
	case types.AuthorizationTypeJwt:
	case types.AuthorizationTypeCustom:
		kind, refusal = types.AuthorizerTypeRequest, needsCustom
	default:
		r.AuthorizerId = nil
		return nil
	}
	found, err := entity.Get(e.tx, &authorizers, e.id, r.AuthorizerId, refusal)
	if err != nil {
		return err
	}
	if found.Value.AuthorizerType != kind {
		return refusal
	}
	return nil
}

func checkTarget(e *edit, r *types.Route) error {
	if r.Target = emptyIsNil(r.Target); r.Target == nil {
		return nil
	}
	id, named := strings.CutPrefix(*r.Target, targetPrefix)
	if !named || id == "" || strings.Contains(id, "/") {
		return badTarget
	}
	_, err := entity.Get(e.tx, &integrations, e.id, &id, noIntegration)
	var f *fault.Error
	if errors.As(err, &f) && f.Kind == fault.KindNotFound {
		return noIntegration.Becausef("the route's target names the integration %q, which the API does not have", id)
	}
	return err
}
