package claims

import (
	"net/url"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/apigateway"
	cognito "github.com/aws/aws-sdk-go-v2/service/cognitoidentityprovider"
	"github.com/aws/aws-sdk-go-v2/service/cognitoidentityprovider/types"

	"github.com/poolgate/poolgate/authz"
)

const guideDeploy = "API Gateway guide, how-to-deploy-api"

var afterChanges = []claim{
	{
		id: "redeploy-after-editing-an-authorizer", says: "Redeploy after editing an authorizer", verdict: isTrue,
		because: `A stage serves what was deployed to it. An edit of an authorizer, a method, its scopes, a gateway response or the resource policy does
			nothing there until the next deployment; a stage's own settings act at once.`,
		evidence: guideDeploy + "; that the authorizer's settings are part of a deployment is inferred from it.", confidence: "[D], [I] for authorizers",
		try: "The authorizer is given another pool: its token opens after the deployment and not before.",
		show: func(l *lab) {
			other := l.s.Pool()
			token := other.Client().SignIn(other.User("bea")).ID
			l.editAuthorizer("add", "/providerARNs", other.ARN)
			l.refuses("before the deployment", l.api.Get("/plain", token), 401, authz.TokenIssuer)
			l.api.Deploy()
			l.opens("after the deployment", l.api.Get("/plain", token))
		},
	},
	{
		id: "recreate-the-authorizer", says: "Delete the authorizer and create it again", verdict: isNoMatter,
		because: `A new authorizer with the same settings decides the same. Where it seemed to help, the deployment that came with it did, or
			a setting was different the second time.`,
		evidence: "An authorizer has no state but its settings, by its model; " + guideDeploy + ".", confidence: "[I]",
		try:  "A refused token is refused by the new authorizer too; what was waiting for a deployment is there after one without it.",
		show: showRecreate,
	},
	{
		id: "ttl-0", says: "Set the authorizer's TTL to 0 against stale results", verdict: isNoMatter,
		because: `For a Cognito authorizer. Its verdict follows from the token, the pool's keys and the method alone, and the console does not even offer the
			setting. For a Lambda authorizer the TTL is real.`,
		evidence: "The model has the field for all kinds, the console for Lambda authorizers only; that AWS caches no Cognito verdict is not documented.", confidence: "[I]",
		try: "With 3600 and with 0 the same requests get the same answers.",
		show: func(l *lab) {
			tokens := l.login()
			for _, ttl := range []string{"3600", "0"} {
				l.editAuthorizer("replace", "/authorizerResultTtlInSeconds", ttl)
				l.api.Deploy()
				for range 2 {
					l.opens("the ID token with TTL "+ttl, l.api.Get("/plain", tokens.ID))
					l.refuses("the access token with TTL "+ttl, l.api.Get("/plain", tokens.Access), 401, authz.TokenUseIDExpected)
					l.opens("the access token where it belongs, with TTL "+ttl, l.api.Get("/scoped", tokens.Access))
				}
			}
		},
	},
	{
		id: "cached-cognito-verdict", says: "API Gateway caches the verdict on a Cognito token", verdict: isNotShown,
		because: `AWS does not say, and nobody has shown it. As the verdict is made of the token alone, all that a cache could do is let a token open for the TTL after
			it expired. This server keeps no verdict: what it remembers of a token is that its signature held.`,
		evidence: "Undocumented; no report of a token that opened after it expired.", confidence: "[I]",
		try: "With a TTL of 3600 a token that just opened is refused the second it expires, and a token that was refused opens after the mend.",
		show: func(l *lab) {
			tokens := l.login()
			l.editAuthorizer("replace", "/authorizerResultTtlInSeconds", "3600")
			l.api.Deploy()
			l.refuses("the access token", l.api.Get("/plain", tokens.Access), 401, authz.TokenUseIDExpected)
			l.editMethod("/plain", "add", "/authorizationScopes", scope)
			l.api.Deploy()
			l.opens("the same token after the mend", l.api.Get("/plain", tokens.Access))
			l.s.Advance(time.Hour)
			l.refuses("the same token when it has expired", l.api.Get("/plain", tokens.Access), 401, authz.TokenExpired)
		},
	},
	{
		id: "stale-tokens-after-changing-the-pool", says: "After a change of the pool, tokens from before are stale", verdict: isTrue,
		because: `A token says what was true when it was issued. A new group, attribute or scope is in the tokens that come after it, and the old ones
			go on as they are until they expire, opening what they opened.`,
		evidence: "Cognito guide, the ID token: claims are set at authentication or refresh.", confidence: "[D]",
		try:  "A user joins a group and changes the address: the old token has neither and still opens, the next one has both.",
		show: showStale,
	},
	{
		id: "refresh-brings-new-scopes", says: "A refresh brings the new scopes", verdict: isFalse,
		because: `A refreshed access token has the scopes that the sign-in had. To get another, sign in again and ask for it. After a change of the
			client's allowed scopes the login domain is reported to refuse older refresh tokens altogether. Groups and attributes do come with a refresh.`,
		evidence: "OAuth 2.0 (RFC 6749, section 6) forbids more scopes than were granted; one implementer's report of “session expired”.", confidence: "[R]",
		try:  "Refreshes by SDK and at the token endpoint, after the client was allowed one more scope; and a sign-in that asks for it.",
		show: showRefresh,
	},
}

func showRecreate(l *lab) {
	tokens := l.login()
	old := *l.authorizer().Id
	l.refuses("with the first authorizer", l.api.Get("/plain", tokens.Access), 401, authz.TokenUseIDExpected)
	l.opens("with the first authorizer", l.api.Get("/plain", tokens.ID))
	again := l.createAuthorizer("again", l.pool.ARN)
	for _, path := range []string{"/plain", "/scoped"} {
		l.editMethod(path, "replace", "/authorizerId", again)
	}
	_, err := l.apis.DeleteAuthorizer(l.Context(), &apigateway.DeleteAuthorizerInput{RestApiId: &l.api.ID, AuthorizerId: &old})
	l.must(err)
	l.api.Deploy()
	l.refuses("with the second", l.api.Get("/plain", tokens.Access), 401, authz.TokenUseIDExpected)
	l.opens("with the second", l.api.Get("/plain", tokens.ID))

	l.editMethod("/plain", "add", "/authorizationScopes", scope)
	l.refuses("an edit that waits", l.api.Get("/plain", tokens.Access), 401, authz.TokenUseIDExpected)
	l.api.Deploy()
	l.opens("a deployment alone", l.api.Get("/plain", tokens.Access))
}

func showStale(l *lab) {
	tokens := l.signIn()
	_, err := l.pools.CreateGroup(l.Context(), &cognito.CreateGroupInput{UserPoolId: &l.pool.ID, GroupName: aws.String("admins")})
	l.must(err)
	_, err = l.pools.AdminAddUserToGroup(l.Context(), &cognito.AdminAddUserToGroupInput{UserPoolId: &l.pool.ID, Username: &l.ada.Name, GroupName: aws.String("admins")})
	l.must(err)
	_, err = l.pools.AdminUpdateUserAttributes(l.Context(), &cognito.AdminUpdateUserAttributesInput{UserPoolId: &l.pool.ID, Username: &l.ada.Name,
		UserAttributes: []types.AttributeType{{Name: aws.String("email"), Value: aws.String("new@example.com")}}})
	l.must(err)
	if old := claimsOf(l, tokens.ID); old["cognito:groups"] != nil || old["email"] != "ada@example.com" {
		l.Errorf("the old token has %v", old)
	}
	l.opens("the old token", l.api.Get("/plain", tokens.ID))
	for what, id := range map[string]string{"refresh": l.client.Refresh(tokens.Refresh).ID, "sign-in": l.signIn().ID} {
		if got := claimsOf(l, id); got["cognito:groups"] == nil || got["email"] != "new@example.com" {
			l.Errorf("the token of the next %s has %v", what, got)
		}
	}
}

func showRefresh(l *lab) {
	client := l.pool.Client("openid")
	bySDK, byPage := client.SignIn(l.ada), client.Login(l.ada, "openid")
	_, err := l.pools.UpdateUserPoolClient(l.Context(), &cognito.UpdateUserPoolClientInput{UserPoolId: &l.pool.ID, ClientId: &client.ID,
		ExplicitAuthFlows:               []types.ExplicitAuthFlowsType{"ALLOW_USER_PASSWORD_AUTH", "ALLOW_REFRESH_TOKEN_AUTH"},
		AllowedOAuthFlowsUserPoolClient: true, AllowedOAuthFlows: []types.OAuthFlowType{"code"}, AllowedOAuthScopes: []string{"openid", scope},
		CallbackURLs: []string{"http://localhost:3000/callback"}, SupportedIdentityProviders: []string{"COGNITO"}})
	l.must(err)
	refreshed := client.Refresh(bySDK.Refresh).Access
	if got := claimsOf(l, refreshed)["scope"]; got != "aws.cognito.signin.user.admin" {
		l.Errorf("a refresh by SDK has the scopes %v", got)
	}
	l.refuses("the refreshed token", l.api.Get("/scoped", refreshed), 401, authz.ScopeMissing)
	status, body := l.redeem(url.Values{"grant_type": {"refresh_token"}, "client_id": {client.ID}, "refresh_token": {byPage.Refresh}})
	if status != 400 || !strings.Contains(body, "invalid_grant") || !strings.Contains(body, "session expired") {
		l.Errorf("a refresh at the token endpoint answered %d %s", status, body)
	}
	again := client.Login(l.ada, "openid")
	next := claimsOf(l, client.Refresh(again.Refresh).Access)["scope"]
	if strings.Contains(next.(string), scope) {
		l.Errorf("a refresh of a sign-in that did not ask for the scope has %v", next)
	}
	l.opens("a sign-in that asks for it", l.api.Get("/scoped", client.Login(l.ada, "openid "+scope).Access))
}
