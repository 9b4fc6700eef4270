package httpapi

import "github.com/poolgate/poolgate/authz"

// tale is what people are told of a reason where an HTTP API differs from what the closed list says of REST APIs.
type tale struct {
	sentence string
	mend     []string
}

// orDeploy ends what a mend of the API says: without auto-deploy an edit does nothing until it is deployed.
const orDeploy = "Unless the stage deploys by itself, deploy the edit: aws apigatewayv2 create-deployment --api-id API --stage-name STAGE"

var told = map[authz.Reason]tale{
	authz.RouteNotFound: {"No deployed route matches the request's path and verb, and there is no $default route. No authorizer was asked.", []string{
		"Compare path and verb with the API's routes; a path that ends in a slash is another one, and GET does not take HEAD: aws apigatewayv2 get-routes --api-id API",
		orDeploy}},
	authz.StageNotFound: {"The API has no stage of the name that the URL begins with, and no stage $default.", []string{
		"See which stages there are: aws apigatewayv2 get-stages --api-id API",
		"Or make the one that needs no name in the URL: aws apigatewayv2 create-stage --api-id API --stage-name '$default' --auto-deploy"}},
	authz.DomainMappingMissing: {"There is no API of this id in this region, or the custom domain has no mapping for this path.", []string{
		"See which APIs there are: aws apigatewayv2 get-apis"}},
	authz.EndpointDisabled: {"The API's own endpoint is disabled; only its custom domain answers.", []string{
		"Call the custom domain, or enable the endpoint: aws apigatewayv2 update-api --api-id API --no-disable-execute-api-endpoint",
		orDeploy}},
	authz.IdentitySourceMissing: {"An identity source of the authorizer is missing or empty, so that it was not asked.", []string{
		"Send what the authorizer reads (identitySource): aws apigatewayv2 get-authorizer --api-id API --authorizer-id AUTHORIZER"}},
	authz.TokenAlgorithm: {"The token is not signed with RS256, RS384 or RS512, or not with the one that its key is for.", []string{
		"Send a token that the issuer signed with an RSA key."}},
	authz.TokenIssuer: {"The token's iss is not the issuer of the authorizer, to the byte.", []string{
		"Sign in at the authorizer's issuer, or name the token's issuer: aws apigatewayv2 update-authorizer --api-id API --authorizer-id AUTHORIZER --jwt-configuration Issuer=ISSUER,Audience=CLIENT_ID",
		orDeploy}},
	authz.TokenAudience: {"Neither the token's aud nor, where it has none, its client_id is in the authorizer's audience.", []string{
		"Sign in with an app client that the audience lists, or add the client's id to the list: aws apigatewayv2 update-authorizer --api-id API --authorizer-id AUTHORIZER --jwt-configuration Issuer=ISSUER,Audience=CLIENT_ID",
		orDeploy}},
	authz.PoolNotFound: {"The issuer's user pool does not exist here.", []string{
		"Create the pool, or name another issuer: aws apigatewayv2 update-authorizer --api-id API --authorizer-id AUTHORIZER --jwt-configuration Issuer=ISSUER,Audience=CLIENT_ID",
		orDeploy}},
	authz.KeysUnavailable: {"The issuer's discovery document or its keys could not be fetched, so that no token of it can be verified just now.", []string{
		"Check the connection to the issuer's /.well-known/openid-configuration and to the jwks_uri in it."}},
	authz.TokenNotYetValid: {"The token's nbf or iat lies in the future.", []string{"Set the clocks right, or wait."}},
	authz.ScopeMissing: {"The token carries none of the route's authorization scopes. An ID token carries none at all.", []string{
		"Send an access token with one of the scopes; sign in again and ask for it there.",
		"Or take the scopes off the route: aws apigatewayv2 update-route --api-id API --route-id RESOURCE --authorization-scopes",
		orDeploy}},
	authz.AuthorizerDenied: {"The authorizer's function does not allow this route.", []string{
		"Let the function return isAuthorized true, or a policy that allows execute-api:Invoke on the route's ARN. A remembered policy serves every route: end its resource with a wildcard, or add $context.routeKey to the identity sources.",
		"Drop what the stage remembers: aws apigatewayv2 reset-authorizers-cache --api-id API --stage-name STAGE"}},
	authz.AuthorizerFailed: {"The authorizer's function failed, ran too long or returned something that decides nothing.", []string{
		"Read the function's log. With simple responses it must return isAuthorized as true or false, else a policyDocument."}},
	authz.AuthorizerMisconfigured: {"The authorizer cannot be run: it or its function does not exist, or the API may not invoke it.", []string{
		"Let the API invoke the function: aws lambda add-permission --function-name FUNCTION --statement-id api --action lambda:InvokeFunction --principal apigateway.amazonaws.com --source-arn 'arn:aws:execute-api:REGION:ACCOUNT:API/authorizers/AUTHORIZER'"}},
	authz.SignatureMissing: {"The route is authorized by IAM and the request is not signed.", []string{
		"Sign the request: curl --aws-sigv4 aws:amz:REGION:execute-api --user ACCESS_KEY:SECRET URL"}},
	authz.Throttled: {"More requests came than the rate and burst of the route's settings allow.", []string{
		"Send fewer, with pauses that grow, or raise the limit: aws apigatewayv2 update-stage --api-id API --stage-name STAGE --default-route-settings ThrottlingRateLimit=RATE,ThrottlingBurstLimit=BURST"}},
	authz.BodyTooLarge: {"The body is larger than 10 MB, or than the 6 MB that a function takes.", []string{
		"Send less, or upload to a place that the request then names."}},
	authz.IntegrationFailed: {"The integration could not be run, could not be reached or failed.", []string{
		"Check what the route leads to, and that it answers: aws apigatewayv2 get-integrations --api-id API"}},
	authz.IntegrationTimeout: {"The integration did not answer within its timeout, 30 seconds at the most.", []string{
		"Make it answer faster, or raise its timeoutInMillis."}},
	authz.FunctionPermissionMissing: {"The API may not invoke the integration's function.", []string{
		"Let the API invoke the function: aws lambda add-permission --function-name FUNCTION --statement-id api --action lambda:InvokeFunction --principal apigateway.amazonaws.com --source-arn 'arn:aws:execute-api:REGION:ACCOUNT:API/*/*'"}},
	authz.FunctionAnswerMalformed: {"The function's answer is not of the form that the integration's payload format needs.", []string{
		`Return {"statusCode": 200, "headers": {…}, "body": "a string"}; a body that is an object must be turned into a string first.`}},
}

// warned is what mends a warning at an HTTP API.
var warned = map[authz.Warning][]string{
	authz.UndeployedChange:   {"Deploy the edit: aws apigatewayv2 create-deployment --api-id API --stage-name STAGE"},
	authz.CORSHeadersMissing: {"Let the API speak to the page's origin: aws apigatewayv2 update-api --api-id API --cors-configuration AllowOrigins=ORIGIN,AllowHeaders=authorization"},
	authz.PreflightBehindAuthorizer: {
		"Add a route for preflights that asks for nothing: aws apigatewayv2 create-route --api-id API --route-key 'OPTIONS /{proxy+}' --target TARGET"},
}
