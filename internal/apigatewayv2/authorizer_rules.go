package apigatewayv2

import (
	"net/url"
	"regexp"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/apigatewayv2/types"

	"github.com/poolgate/poolgate/internal/entity"
)

const (
	greatestTTL       = 3600
	greatestAudiences = 50 // AWS's quota
	greatestSources   = 10
)

// But for those of names, audiences and numbers, the texts are those that deployments on AWS were seen to fail with.
var (
	badTTL        = badRequest("Authorizer result TTL outside allowable range. TTL must be between 0 and %d seconds.", greatestTTL)
	cacheNoSource = badRequest("Identity source must be set if authorizer caching is enabled (TTL is greater than 0)")
	noURI         = badRequest("AuthorizerUri is a required field in an Authorizer")
	noVersion     = badRequest("AuthorizerPayloadFormatVersion is a required parameter for REQUEST authorizer")
	notSimple     = badRequest(`EnableSimpleResponses can only be set for AuthorizerPayloadFormatVersion "2.0".`)
	noJWT         = badRequest("JwtConfiguration must not be null for JWT Authorizer")
	badIssuer     = badRequest("Invalid issuer: Issuer is not a valid URL for JWT Authorizer")
	noAudience    = badRequest("Invalid audience: Audience must not be empty for JWT Authorizer")
	oneSource     = badRequest("Exactly one identity source must be specified for JWT Authorizer")

	// identitySource is where a function's caller is found, tokenSource where a token is.
	identitySource = regexp.MustCompile(`^\$(?:request\.(?:header|querystring)\.[^ ]+|context\.[^ ]+|stageVariables\.[^ ]+)$`)
	tokenSource    = regexp.MustCompile(`^\$request\.(?:header|querystring)\.[^ ]+$`)
	invokeURI      = regexp.MustCompile(`^arn:aws[a-z-]*:apigateway:[^:]+:lambda:path/+\d{4}-\d{2}-\d{2}/functions/\S+/invocations$`)
)

// checkAuthorizer holds an authorizer against AWS's rules and the other authorizers of its API.
func (s *Service) checkAuthorizer(e *edit, a *types.Authorizer) error {
	if aws.ToString(a.Name) == "" {
		return badRequest("Authorizer name cannot be empty")
	}
	others, err := entity.All(e.tx, &authorizers, e.id)
	if err != nil {
		return err
	}
	for _, other := range others {
		if *other.Name == *a.Name && *other.AuthorizerId != *a.AuthorizerId {
			return badRequest("Authorizer name must be unique. Authorizer %s already exists in this API.", *a.Name)
		}
	}
	if a.AuthorizerType == types.AuthorizerTypeJwt {
		return s.checkJWT(a)
	}
	return checkFunction(a)
}

// checkJWT checks an authorizer of tokens: one place to find the token in, an issuer and at least one audience.
func (s *Service) checkJWT(a *types.Authorizer) error {
	jwt := a.JwtConfiguration
	switch {
	case jwt == nil:
		return noJWT
	case !s.isIssuer(aws.ToString(jwt.Issuer)):
		return badIssuer
	case len(jwt.Audience) == 0:
		return noAudience
	case len(jwt.Audience) > greatestAudiences:
		return badRequest("An authorizer has at most %d audiences", greatestAudiences)
	case len(a.IdentitySource) != 1:
		return oneSource
	case !tokenSource.MatchString(a.IdentitySource[0]):
		return badRequest("Invalid identity source expression: %s", a.IdentitySource[0])
	case a.AuthorizerUri != nil, aws.ToInt32(a.AuthorizerResultTtlInSeconds) != 0, aws.ToBool(a.EnableSimpleResponses):
		return badRequest("AuthorizerUri, AuthorizerResultTtlInSeconds and EnableSimpleResponses can only be set for REQUEST authorizer")
	}
	return nil
}

// isIssuer tells whether a token's issuer may be trusted by its URL: by https, as on AWS. What comes from this very
// server, or from this machine, needs no TLS to be believed.
func (s *Service) isIssuer(text string) bool {
	issuer, err := url.Parse(text)
	if err != nil || issuer.Host == "" || issuer.User != nil || issuer.Fragment != "" {
		return false
	}
	own := s.publicURL != "" && strings.HasPrefix(text, s.publicURL+"/")
	return issuer.Scheme == "https" || issuer.Scheme == "http" && (own || isLocal(issuer.Hostname()))
}

// checkFunction checks an authorizer that is a function.
func checkFunction(a *types.Authorizer) error {
	version := aws.ToString(a.AuthorizerPayloadFormatVersion)
	ttl := aws.ToInt32(a.AuthorizerResultTtlInSeconds)
	switch {
	case a.JwtConfiguration != nil:
		return badRequest("JwtConfiguration can only be set for JWT Authorizer")
	case a.AuthorizerUri == nil:
		return noURI
	case !invokeURI.MatchString(*a.AuthorizerUri):
		return badRequest("Invalid Authorizer URI: %s. Authorizer URI should be a valid API Gateway ARN that represents a Lambda function invocation.", *a.AuthorizerUri)
	case version == "":
		return noVersion
	case version != payload1 && version != payload2:
		return badRequest("Unsupported AuthorizerPayloadFormatVersion: %s", version)
	case aws.ToBool(a.EnableSimpleResponses) && version != payload2:
		return notSimple
	case ttl < 0 || ttl > greatestTTL:
		return badTTL
	case ttl > 0 && len(a.IdentitySource) == 0:
		return cacheNoSource
	case len(a.IdentitySource) > greatestSources:
		return badRequest("An authorizer has at most %d identity sources", greatestSources)
	}
	for _, source := range a.IdentitySource {
		if !identitySource.MatchString(source) {
			return badRequest("Invalid identity source expression: %s", source)
		}
	}
	return nil
}
