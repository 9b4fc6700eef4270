package apigateway

import (
	"errors"
	"maps"
	"regexp"
	"slices"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/apigateway/types"

	"github.com/poolgate/poolgate/internal/store"
)

// Authorization types of a method.
const (
	authNone    = "NONE"
	authIAM     = "AWS_IAM"
	authCustom  = "CUSTOM"
	authCognito = "COGNITO_USER_POOLS"
)

var (
	verbs = map[string]bool{
		"GET": true, "PUT": true, "POST": true, "DELETE": true, "PATCH": true, "OPTIONS": true, "HEAD": true, "ANY": true,
	}
	badVerb         = badRequest("Invalid HttpMethod specified. Valid options are GET,PUT,POST,DELETE,PATCH,OPTIONS,HEAD,ANY")
	badAuthorizerID = badRequest("Invalid authorizer ID specified. Setting the authorization type to CUSTOM or COGNITO_USER_POOLS requires a valid authorizer.")
	badValidatorID  = badRequest("Invalid Request Validator identifier specified")

	// requestParameter is what a method may declare of a request.
	requestParameter = regexp.MustCompile(`^method\.request\.(?:querystring|header|path|multivaluequerystring|multivalueheader)\.([^\s]+)$`)
	// responseParameter is what a method may declare of a response.
	responseParameter = regexp.MustCompile(`^method\.response\.header\.([^\s]+)$`)
)

// checkMethod holds a method against the rest of its API, in the order in which AWS finds fault (recorded: PutMethod).
func checkMethod(e *edit, m *types.Method) error {
	if err := checkAuthorization(e, m); err != nil {
		return err
	}
	if m.RequestValidatorId != nil {
		if _, err := get(e.tx, &validators, e.id, m.RequestValidatorId, badValidatorID); err != nil {
			return err
		}
	}
	if err := checkModels(e, m.RequestModels); err != nil {
		return err
	}
	return checkRequestParameters(m.RequestParameters)
}

func checkAuthorization(e *edit, m *types.Method) error {
	switch kind := aws.ToString(m.AuthorizationType); kind {
	case authCustom, authCognito:
		_, err := get(e.tx, &authorizers, e.id, m.AuthorizerId, badAuthorizerID)
		return err
	case authNone, authIAM:
		m.AuthorizerId = nil // an authorizer of a method that asks none is dropped (recorded: skip-auth-id-with-wrong-type)
		return nil
	}
	return badRequest("Invalid authorization type specified. Valid options are NONE,AWS_IAM,CUSTOM,COGNITO_USER_POOLS")
}

// checkModels checks that each model of a map from content type to model name exists.
func checkModels(e *edit, byContentType map[string]string) error {
	for _, contentType := range slices.Sorted(maps.Keys(byContentType)) {
		name := byContentType[contentType]
		_, err := models.Get(e.tx, e.id, name)
		if errors.Is(err, store.ErrNotFound) {
			return badRequest("Invalid model identifier specified: %s", name)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// checkRequestParameters checks the parameters that a method declares. A name may stand in one place only.
func checkRequestParameters(declared map[string]bool) error {
	names := make(map[string]bool, len(declared))
	for _, parameter := range slices.Sorted(maps.Keys(declared)) {
		match := requestParameter.FindStringSubmatch(parameter)
		if match == nil {
			return invalidMapping("Invalid mapping expression parameter specified: " + parameter)
		}
		if names[match[1]] {
			return badRequest("Parameter names must be unique across querystring, header and path")
		}
		names[match[1]] = true
	}
	return nil
}

// checkContentTypes checks the keys of a map of templates.
func checkContentTypes(templates map[string]string) error {
	for _, contentType := range slices.Sorted(maps.Keys(templates)) {
		kind, subtype, found := strings.Cut(contentType, "/")
		if !found || kind == "" || subtype == "" || strings.ContainsAny(contentType, " \t\r\n") && !strings.Contains(contentType, ";") {
			return badRequest("Validation Result: warnings : [], errors : [Invalid content type specified: %s]", contentType)
		}
	}
	return nil
}
