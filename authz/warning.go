package authz

import "slices"

// Warning is something explain tells though it refused nothing; one of a second closed list.
type Warning string

// What explain warns of.
const (
	UndeployedChange          Warning = "undeployed_change"
	CORSHeadersMissing        Warning = "cors_headers_missing"
	PreflightBehindAuthorizer Warning = "preflight_behind_authorizer"
	TokenRevoked              Warning = "token_revoked"
	UserDisabled              Warning = "user_disabled"
	UserDeleted               Warning = "user_deleted"
	ClientDeleted             Warning = "client_deleted"
	ScopeNotAllowed           Warning = "scope_not_allowed"
	ExecutionLogOff           Warning = "execution_log_off"
	TestAcceptsIDTokensOnly   Warning = "test_accepts_id_tokens_only"
	UserUnconfirmed           Warning = "user_unconfirmed"
	PreflightMissing          Warning = "preflight_missing"
	MethodOpen                Warning = "method_without_authorizer"
	AuthorizerRemembers       Warning = "authorizer_remembers"
	ClockSkew                 Warning = "clock_skew"
)

// WarningInfo is what the closed list says of a warning.
type WarningInfo struct {
	Code     Warning `json:"code"`
	Sentence string  `json:"sentence"`
	// Mend is what to do about it.
	Mend []string `json:"mend,omitempty"`
}

// Warnings is the closed list of warnings. The caller may keep and change it.
func Warnings() []WarningInfo {
	out := slices.Clone(warningTable)
	for i := range out {
		out[i].Mend = slices.Clone(out[i].Mend)
	}
	return out
}

// Info is what the closed list says of the warning; the zero WarningInfo when it is not in the list.
func (w Warning) Info() WarningInfo {
	for _, info := range Warnings() {
		if info.Code == w {
			return info
		}
	}
	return WarningInfo{}
}

var warningTable = []WarningInfo{
	{UndeployedChange, "The API was edited after the stage was deployed; the stage still serves what it was before.",
		[]string{"Deploy the edit: aws apigateway create-deployment --rest-api-id API --stage-name STAGE"}},
	{CORSHeadersMissing, "The refusal carries no CORS headers, so that a browser reports a CORS error and hides the status and the message.",
		[]string{"Add CORS headers, to DEFAULT_5XX in the same way, and deploy: aws apigateway put-gateway-response --rest-api-id API --response-type DEFAULT_4XX --response-parameters \"{\\\"gatewayresponse.header.Access-Control-Allow-Origin\\\":\\\"'*'\\\"}\"" + thenDeploy}},
	{PreflightBehindAuthorizer, "OPTIONS of this resource asks for a token. Browsers send none with a preflight, so that it is refused and the real request never comes.",
		[]string{"Take the authorizer off OPTIONS and deploy: aws apigateway update-method --rest-api-id API --resource-id RESOURCE --http-method OPTIONS --patch-operations op=replace,path=/authorizationType,value=NONE" + thenDeploy}},
	{TokenRevoked, "The token was revoked or its user signed out everywhere. An authorizer does not look at that: the token opens until it expires.",
		[]string{"Let access and ID tokens of the app client live shorter, or check revocation in the backend."}},
	{UserDisabled, "The token's user is disabled. An authorizer does not look at that: the token opens until it expires.",
		[]string{"Let access and ID tokens of the app client live shorter, or check the user in the backend."}},
	{UserDeleted, "The token's user was deleted. An authorizer does not look at that: the token opens until it expires.",
		[]string{"Let access and ID tokens of the app client live shorter, or check the user in the backend."}},
	{ClientDeleted, "The app client that the token was issued to was deleted. An authorizer does not look at that: the token opens until it expires.",
		[]string{"Let access and ID tokens of the app client live shorter, or check the client in the backend."}},
	{ScopeNotAllowed, "The method asks for a scope that no app client of the pool may be granted, so that no token can open it.",
		[]string{"Allow it on an app client; give every other setting of the client too, because what is left out is reset: aws cognito-idp update-user-pool-client --user-pool-id POOL --client-id CLIENT --allowed-o-auth-scopes SCOPE"}},
	{ExecutionLogOff, "The stage writes no execution log, so that a refusal leaves no trace on AWS.",
		[]string{"Let the stage write one: aws apigateway update-stage --rest-api-id API --stage-name STAGE --patch-operations 'op=replace,path=/*/*/logging/loglevel,value=INFO'"}},
	{TestAcceptsIDTokensOnly, "The authorizer's own test accepts ID tokens only, whatever scopes the methods have.",
		[]string{"Test an access token by calling the deployed method."}},
	{UserUnconfirmed, "The token's user is not confirmed. An authorizer does not look at that: the token opens until it expires.",
		[]string{"Confirm the user: aws cognito-idp admin-confirm-sign-up --user-pool-id POOL --username USER"}},
	{PreflightMissing, "Nothing answers OPTIONS of this path. A browser asks with OPTIONS before it sends a token to another origin, and does not send the request when the answer is an error.",
		[]string{"Let OPTIONS of the path answer with CORS headers and without an authorizer, and deploy."}},
	{MethodOpen, "The method asks nobody: it lets everybody in, and the token that was sent is not looked at.",
		[]string{"If it should ask for a token, give it an authorizer and deploy: aws apigateway update-method --rest-api-id API --resource-id RESOURCE --http-method METHOD --patch-operations op=replace,path=/authorizationType,value=COGNITO_USER_POOLS op=replace,path=/authorizerId,value=AUTHORIZER" + thenDeploy}},
	{AuthorizerRemembers, "The stage remembers what the authorizer's function answered, whatever path it was asked for: a policy that is too narrow refuses other paths until it is forgotten.",
		[]string{"Drop what the stage remembers: aws apigateway flush-stage-authorizers-cache --rest-api-id API --stage-name STAGE"}},
	{ClockSkew, "The local clock and that of the answering server are more than a minute apart. Signatures and times of tokens are judged by the server's.",
		[]string{"Set the local clock right."}},
}
