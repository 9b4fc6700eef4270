package apigateway

import (
	"regexp"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/apigateway/types"

	"github.com/poolgate/poolgate/authz"
	"github.com/poolgate/poolgate/internal/store"
)

const (
	greatestTTL   = 3600
	greatestPools = 1000 // fact 1.6
)

var (
	badTTL = badRequest("Authorizer result TTL must be between 0 and %d seconds", greatestTTL)
	// cachesByNothing is what HTTP APIs answer; REST APIs refuse too (facts 3.1), in words that were not seen.
	cachesByNothing = badRequest("Identity source must be set if authorizer caching is enabled (TTL is greater than 0)")
	noProvider      = badRequest("Authorizers of type COGNITO_USER_POOLS require at least one user pool ARN in providerARNs")

	// variablePoolARN is the ARN of a user pool that a stage variable names (fact 1.6).
	variablePoolARN = regexp.MustCompile(`^arn:aws[a-z-]*:cognito-idp:[a-z0-9-]+:\d{12}:userpool/\$\{stageVariables\.\w+\}$`)

	// tokenSource is the one expression a TOKEN or a Cognito authorizer takes its token from (fact 1.4).
	tokenSource = regexp.MustCompile(`^method\.request\.header\.[a-zA-Z0-9._-]+$`)
	// requestSource is one of the expressions that identify the caller of a REQUEST authorizer.
	requestSource = regexp.MustCompile(`^(?:method\.request\.(?:header|querystring|multivalueheader|multivaluequerystring)|stageVariables|context)\.[a-zA-Z0-9._$-]+$`)

	authorizerURI = regexp.MustCompile(`^arn:aws[a-z-]*:apigateway:[^:]+:lambda:path/+\d{4}-\d{2}-\d{2}/functions/.+/invocations$`)
)

// checkAuthorizer holds an authorizer against AWS's rules and the other authorizers of its API.
func checkAuthorizer(tx *store.Tx, apiID string, a *types.Authorizer) error {
	others, err := all(tx, &authorizers, apiID)
	if err != nil {
		return err
	}
	for _, other := range others {
		if aws.ToString(other.Name) == aws.ToString(a.Name) && *other.Id != *a.Id {
			return badRequest("Authorizer name must be unique. Authorizer %s already exists in this RestApi.", aws.ToString(a.Name))
		}
	}
	if ttl := a.AuthorizerResultTtlInSeconds; ttl != nil && (*ttl < 0 || *ttl > greatestTTL) {
		return badTTL
	}
	if a.Type == types.AuthorizerTypeCognitoUserPools {
		err = checkProviders(a.ProviderARNs)
	} else if uri := aws.ToString(a.AuthorizerUri); !authorizerURI.MatchString(uri) {
		err = badRequest("Invalid Authorizer URI: %s. Authorizer URI should be a valid API Gateway ARN that represents a Lambda function invocation.", uri)
	}
	if err != nil {
		return err
	}
	if err := checkIdentitySource(a); err != nil {
		return err
	}
	return checkExpression(aws.ToString(a.IdentityValidationExpression))
}

func checkProviders(arns []string) error {
	if len(arns) == 0 {
		return noProvider
	}
	if len(arns) > greatestPools {
		return badRequest("An authorizer takes at most %d provider ARNs", greatestPools)
	}
	for _, arn := range arns {
		if _, err := authz.ParsePoolARN(arn); err != nil && !variablePoolARN.MatchString(arn) {
			return badRequest("Invalid Cognito user pool ARN specified: %s", arn).Because(err)
		}
	}
	return nil
}

// checkIdentitySource checks where an authorizer finds its identity: exactly one header, except that a REQUEST
// authorizer may name several places, or none when it does not cache.
func checkIdentitySource(a *types.Authorizer) error {
	source := aws.ToString(a.IdentitySource)
	if a.Type != types.AuthorizerTypeRequest {
		if !tokenSource.MatchString(source) {
			return badRequest("Invalid token source expression: %s. The source must be a method request header, matching 'method.request.header.[a-zA-Z0-9._-]+'.", source)
		}
		return nil
	}
	if source == "" {
		if ttl := a.AuthorizerResultTtlInSeconds; ttl == nil || *ttl > 0 {
			return cachesByNothing
		}
		return nil
	}
	for expression := range strings.SplitSeq(source, ",") {
		if expression = strings.TrimSpace(expression); !requestSource.MatchString(expression) {
			return badRequest("Invalid identity source expression: %s", expression)
		}
	}
	return nil
}

// checkExpression checks that the engine that will judge by the expression understands it.
func checkExpression(expression string) error {
	if _, err := authz.New(nil).Compile(authz.Settings{AudienceExpression: expression}); err != nil {
		return badRequest("Invalid identity validation expression specified: %s", expression).Because(err)
	}
	return nil
}
