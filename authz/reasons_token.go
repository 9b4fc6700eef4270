package authz

// The answers of an authorizer. Expiry alone has a message of its own (fact 0).
const (
	unauthorizedType    = "UNAUTHORIZED"
	unauthorizedMessage = "Unauthorized"
	expiredMessage      = "The incoming token has expired"
)

// thenDeploy ends the command of a mend that edits the API: an edit does nothing until it is deployed.
const thenDeploy = " && aws apigateway create-deployment --rest-api-id API --stage-name STAGE"

// refusedToken is a row of tokenReasons: every token that an authorizer refuses is answered 401 UNAUTHORIZED.
func refusedToken(code Reason, sentence string, mend ...string) ReasonInfo {
	return ReasonInfo{Code: code, RefusedBy: ByAuthorizer, ResponseType: unauthorizedType, Status: 401, Message: unauthorizedMessage,
		Sentence: sentence, Mend: mend}
}

// expired is a row with expiry's own message.
func expired(info ReasonInfo) ReasonInfo {
	info.Message = expiredMessage
	return info
}

var tokenReasons = []ReasonInfo{
	refusedToken(IdentitySourceMissing,
		"The header that the authorizer takes the token from is missing or empty.",
		"Send the token in that header: curl -H 'HEADER: TOKEN' URL",
		"See which header the authorizer reads (identitySource): aws apigateway get-authorizer --rest-api-id API --authorizer-id AUTHORIZER"),
	refusedToken(TokenMalformed,
		"The value is not a JSON Web Token, or not one that can be read in one way only.",
		"Send the token exactly as it was issued, alone or after \"Bearer \" and one space: no quotes, no line breaks, no second space, no other scheme.",
		"Check that nothing on the way cut the token short."),
	refusedToken(TokenIsRefreshToken,
		"The value is an encrypted token, as refresh tokens are. A refresh token only fetches new tokens; it opens nothing.",
		"Fetch an ID or access token with it and send that: aws cognito-idp initiate-auth --auth-flow REFRESH_TOKEN_AUTH --client-id CLIENT --auth-parameters REFRESH_TOKEN=TOKEN"),
	refusedToken(TokenAlgorithm,
		"The token is not signed with RS256, the one algorithm that user pools use.",
		"Send a token that the user pool issued; tokens made by hand or by another issuer do not open the API."),
	refusedToken(TokenIssuer,
		"The token was issued by somebody else than the authorizer's user pools.",
		"Sign in at the authorizer's user pool, or add the token's pool to the authorizer and deploy: aws apigateway update-authorizer --rest-api-id API --authorizer-id AUTHORIZER --patch-operations op=add,path=/providerARNs,value=POOL_ARN"+thenDeploy,
		"On this server, check that it was started with the public URL or issuer that the tokens carry."),
	refusedToken(PoolNotFound,
		"The user pool that the authorizer trusts does not exist here.",
		"Create the pool, or name an existing one in the authorizer's providerARNs and deploy: aws apigateway update-authorizer --rest-api-id API --authorizer-id AUTHORIZER --patch-operations op=add,path=/providerARNs,value=POOL_ARN"+thenDeploy,
		"For a pool that lives on AWS, start the server with --aws-pools, or with --jwks POOL_ARN=FILE."),
	refusedToken(TokenKeyUnknown,
		"The token names a signing key that the user pool does not have.",
		"Sign in again: the token may be from a pool that was deleted and made anew under the same id.",
		"If the keys came from a file, fetch the pool's jwks.json again."),
	refusedToken(KeysUnavailable,
		"The user pool's public keys could not be fetched, so that no token of it can be verified just now.",
		"Check the connection to https://cognito-idp.REGION.amazonaws.com/POOL/.well-known/jwks.json, or bind the keys with --jwks POOL_ARN=FILE."),
	refusedToken(TokenSignature,
		"The signature does not fit the token: it was changed after it was issued, or somebody else made it.",
		"Send the token exactly as it was issued.",
		"Sign in again: the token may be from a pool whose keys have changed."),
	expired(refusedToken(TokenExpired,
		"The token has expired.",
		"Fetch a new one: aws cognito-idp initiate-auth --auth-flow REFRESH_TOKEN_AUTH --client-id CLIENT --auth-parameters REFRESH_TOKEN=TOKEN",
		"Let the client's tokens live longer; give every other setting of the client too, because what is left out is reset: aws cognito-idp update-user-pool-client --user-pool-id POOL --client-id CLIENT --id-token-validity HOURS --access-token-validity HOURS")),
	refusedToken(TokenNotYetValid,
		"The token's nbf lies in the future.",
		"Set the clocks right, or wait."),
	refusedToken(TokenUseIDExpected,
		"The method has no authorization scopes, so that it takes ID tokens; this token is none.",
		"Send the ID token of the same sign-in instead.",
		"Or make the method take access tokens by giving it scopes, and deploy: aws apigateway update-method --rest-api-id API --resource-id RESOURCE --http-method METHOD --patch-operations op=add,path=/authorizationScopes,value=SCOPE"+thenDeploy),
	refusedToken(TokenUseAccessExpected,
		"The method has authorization scopes, so that it takes access tokens; this token is none.",
		"Send the access token of the same sign-in instead; it must carry one of the method's scopes.",
		"Or make the method take ID tokens by removing its scopes, and deploy: aws apigateway update-method --rest-api-id API --resource-id RESOURCE --http-method METHOD --patch-operations op=remove,path=/authorizationScopes,value=SCOPE"+thenDeploy),
	refusedToken(TokenAudience,
		"The token's aud does not match the authorizer's validation expression. Access tokens carry no aud and never match one.",
		"Sign in with an app client whose id the expression matches.",
		"Or change the expression (empty checks nothing) and deploy: aws apigateway update-authorizer --rest-api-id API --authorizer-id AUTHORIZER --patch-operations op=replace,path=/identityValidationExpression,value=CLIENT_ID"+thenDeploy),
	refusedToken(ScopeMissing,
		"The access token carries none of the method's authorization scopes.",
		"Sign in again, through the login page or at the token endpoint, and ask for the scope there. Refreshing an old token does not add it.",
		"If the app client may not be granted the scope, allow it; give every other setting of the client too, because what is left out is reset: aws cognito-idp update-user-pool-client --user-pool-id POOL --client-id CLIENT --allowed-o-auth-flows-user-pool-client --allowed-o-auth-flows code --allowed-o-auth-scopes openid SCOPE",
		"Tokens from initiate-auth carry only aws.cognito.signin.user.admin: sign in through the login page, or put that scope on the method."),
}
