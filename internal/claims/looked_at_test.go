package claims

import (
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	cognito "github.com/aws/aws-sdk-go-v2/service/cognitoidentityprovider"
	"github.com/aws/aws-sdk-go-v2/service/cognitoidentityprovider/types"

	"github.com/poolgate/poolgate/authz"
	"github.com/poolgate/poolgate/poolgatetest"
)

var whatIsChecked = []claim{
	{
		id: "audience-and-issuer-fields", says: "Set the authorizer's Audience and Issuer fields", verdict: isFalse,
		because: `A Cognito authorizer of a REST API has neither. It has pools (providerARNs), a token source and an optional token validation
			expression on aud. Audience and Issuer belong to the JWT authorizer of an HTTP API, and there the audience is needed.`,
		evidence: "The model of Authorizer; API Gateway guide, http-api-jwt-authorizer.", confidence: "[D]",
		try: "The REST authorizer opens with neither; the HTTP API's refuses the same token for another audience and takes it for its own.",
		show: func(l *lab) {
			token := l.signIn().ID
			l.opens("the REST API", l.api.Get("/plain", token))
			l.refuses("an HTTP API for another audience", l.httpAPI("another-client")(token), 401, authz.TokenAudience)
			if got := l.httpAPI(l.client.ID)(token); got.Status != 204 {
				l.Errorf("an HTTP API for the client: %d %s", got.Status, got.Reason)
			}
		},
	},
	{
		id: "aud-must-equal-the-client-id", says: "The token's aud must equal the client id that the authorizer is for", verdict: isPartly,
		because: `A Cognito authorizer is for pools, not for clients: every app client of the pool is accepted, until a token validation expression is
			set. Then aud must match it as a whole, and as access tokens have no aud, all of them are refused. A JWT authorizer of an HTTP API compares aud, or client_id where
			there is no aud, with its audience.`,
		evidence: guideREST + "; the model of Authorizer; API Gateway guide, http-api-jwt-authorizer.", confidence: "[D]",
		try:  "Two app clients' tokens with no expression, with one that matches the first client, and the access token on an HTTP API.",
		show: showAudience,
	},
	{
		id: "same-region-or-account", says: "The user pool and the API must be in the same region, or the same account", verdict: isFalse,
		because:  `The pool is found by its ARN, in whatever region and account it is. The ARN in the authorizer must be the right one; the console just lists the pools of its own.`,
		evidence: "API Gateway guide, apigateway-cross-account-cognito-authorizer.", confidence: "[D]",
		try:  "A pool of another account in us-west-2 protects an API in eu-west-1.",
		show: showElsewhere,
	},
}

func showAudience(l *lab) {
	other := l.pool.Client()
	first, second := l.signIn(), other.SignIn(l.ada)
	scoped := l.login().Access
	l.opens("the first client without an expression", l.api.Get("/plain", first.ID))
	l.opens("the second client without an expression", l.api.Get("/plain", second.ID))
	l.editAuthorizer("replace", "/identityValidationExpression", l.client.ID)
	l.api.Deploy()
	l.opens("the first client with its expression", l.api.Get("/plain", first.ID))
	l.refuses("the second client", l.api.Get("/plain", second.ID), 401, authz.TokenAudience)
	l.refuses("the first client's access token", l.api.Get("/scoped", scoped), 401, authz.TokenAudience)
	if got := l.httpAPI(l.client.ID, scope)(scoped); got.Status != 204 {
		l.Errorf("the access token on an HTTP API whose audience is its client_id: %d %s", got.Status, got.Reason)
	}
}

func showElsewhere(l *lab) {
	config := l.s.Config()
	config.Region, config.Credentials = "us-west-2", credentials.NewStaticCredentialsProvider("111122223333", "test", "")
	pools := cognito.NewFromConfig(config)
	made, err := pools.CreateUserPool(l.Context(), &cognito.CreateUserPoolInput{PoolName: aws.String("elsewhere")})
	l.must(err)
	id := made.UserPool.Id
	if want := "arn:aws:cognito-idp:us-west-2:111122223333:userpool/" + *id; *made.UserPool.Arn != want {
		l.Fatalf("the pool is %s", *made.UserPool.Arn)
	}
	client, err := pools.CreateUserPoolClient(l.Context(), &cognito.CreateUserPoolClientInput{UserPoolId: id, ClientName: aws.String("web"),
		ExplicitAuthFlows: []types.ExplicitAuthFlowsType{"ALLOW_USER_PASSWORD_AUTH", "ALLOW_REFRESH_TOKEN_AUTH"}})
	l.must(err)
	_, err = pools.SignUp(l.Context(), &cognito.SignUpInput{ClientId: client.UserPoolClient.ClientId, Username: aws.String("bea"), Password: &l.ada.Password})
	l.must(err)
	_, err = pools.AdminConfirmSignUp(l.Context(), &cognito.AdminConfirmSignUpInput{UserPoolId: id, Username: aws.String("bea")})
	l.must(err)
	answer, err := pools.InitiateAuth(l.Context(), &cognito.InitiateAuthInput{ClientId: client.UserPoolClient.ClientId, AuthFlow: "USER_PASSWORD_AUTH",
		AuthParameters: map[string]string{"USERNAME": "bea", "PASSWORD": l.ada.Password}})
	l.must(err)
	token := *answer.AuthenticationResult.IdToken
	l.refuses("before the pool is the authorizer's", l.api.Get("/plain", token), 401, authz.TokenIssuer)
	l.editAuthorizer("add", "/providerARNs", *made.UserPool.Arn)
	l.api.Deploy()
	l.opens("the other region's and account's token", l.api.Get("/plain", token))
}

var whatIsNotChecked = []claim{
	{
		id: "user-confirmed-and-enabled", says: "The user must be confirmed and enabled", verdict: isFalse,
		because: `Not for the authorizer: it verifies the token and asks nobody about the user. Cognito looks at the user when it issues or refreshes
			tokens. A token of a user who was disabled, deleted or signed out everywhere opens until it expires.`,
		evidence: "Cognito guide on token revocation: revoked tokens stay good for everybody else who verifies them; several reports.", confidence: "[D]",
		try:  "The user signs out everywhere, is disabled and then deleted: the token opens until its hour is over, the refresh fails at once.",
		show: showUserGone,
	},
	{
		id: "oauth-grants-enabled", says: "The app client must have the implicit or authorization code grant enabled", verdict: isFalse,
		because: `Tokens of a sign-in by SDK open methods without scopes (the ID token) and methods with the scope aws.cognito.signin.user.admin (the
			access token). Grants are needed for the login page and for custom scopes of users; machines use client_credentials.`,
		evidence: testsOnAWS + " sign in by USER_PASSWORD_AUTH; reports of aws.cognito.signin.user.admin as a method's scope.", confidence: "[V], [R] for the scope",
		try:  "A client without any OAuth setting opens both; a machine opens a custom scope.",
		show: showNoGrants,
	},
	{
		id: "callback-url", says: "The callback URL must match for the authorizer to accept the token", verdict: isFalse,
		because:  `A callback URL matters to the login page, before there is a token. The token does not hold it and the authorizer does not know it.`,
		evidence: "Cognito guide, the authorize endpoint; the model of Authorizer has no such setting.", confidence: "[D]",
		try: "The client's callback URLs are replaced after the sign-in, and a client without any signs in.",
		show: func(l *lab) {
			tokens := l.login()
			_, err := l.pools.UpdateUserPoolClient(l.Context(), &cognito.UpdateUserPoolClientInput{UserPoolId: &l.pool.ID, ClientId: &l.client.ID,
				AllowedOAuthFlowsUserPoolClient: true, AllowedOAuthFlows: []types.OAuthFlowType{"code"}, AllowedOAuthScopes: []string{"openid", scope},
				CallbackURLs: []string{"https://elsewhere.example/"}, SupportedIdentityProviders: []string{"COGNITO"}})
			l.must(err)
			l.opens("the ID token", l.api.Get("/plain", tokens.ID))
			l.opens("the access token", l.api.Get("/scoped", tokens.Access))
			l.opens("a client without callback URLs", l.api.Get("/plain", l.bareClient().SignIn(l.ada).ID))
		},
	},
	{
		id: "pool-domain", says: "The pool's domain must be set in the authorizer", verdict: isFalse,
		because:  `An authorizer has no such setting, and the pool needs no domain: its keys and its issuer are at cognito-idp, not at the login domain. Only the login page needs one.`,
		evidence: "The model of Authorizer; Cognito guide on verifying tokens.", confidence: "[D]",
		try: "The pool has no domain, and its tokens open.",
		show: func(l *lab) {
			pool, err := l.pools.DescribeUserPool(l.Context(), &cognito.DescribeUserPoolInput{UserPoolId: &l.pool.ID})
			l.must(err)
			if pool.UserPool.Domain != nil || pool.UserPool.CustomDomain != nil {
				l.Fatal("the pool has a domain")
			}
			l.opens("the ID token", l.api.Get("/plain", l.signIn().ID))
		},
	},
}

// bareClient is an app client with sign-in by password and nothing of OAuth.
func (l *lab) bareClient() *poolgatetest.Client {
	l.Helper()
	made, err := l.pools.CreateUserPoolClient(l.Context(), &cognito.CreateUserPoolClientInput{UserPoolId: &l.pool.ID, ClientName: aws.String("bare"),
		ExplicitAuthFlows: []types.ExplicitAuthFlowsType{"ALLOW_USER_PASSWORD_AUTH", "ALLOW_REFRESH_TOKEN_AUTH"}})
	l.must(err)
	if made.UserPoolClient.AllowedOAuthFlowsUserPoolClient != nil && *made.UserPoolClient.AllowedOAuthFlowsUserPoolClient {
		l.Fatal("the client has OAuth flows")
	}
	bare := *l.client
	bare.ID = *made.UserPoolClient.ClientId
	return &bare
}

func showNoGrants(l *lab) {
	tokens := l.bareClient().SignIn(l.ada)
	l.opens("the ID token", l.api.Get("/plain", tokens.ID))
	l.refuses("the access token at a custom scope", l.api.Get("/scoped", tokens.Access), 401, authz.ScopeMissing)
	l.editMethod("/scoped", "add", "/authorizationScopes", "aws.cognito.signin.user.admin")
	l.api.Deploy()
	l.opens("the access token at a method with Cognito's own scope", l.api.Get("/scoped", tokens.Access))
	l.opens("a machine at a custom scope", l.api.Get("/scoped", l.pool.Machine().Token(scope)))
}

func showUserGone(l *lab) {
	tokens := l.signIn()
	name, pool := &l.ada.Name, &l.pool.ID
	for _, step := range []struct {
		what string
		do   func() error
	}{
		{"signed out everywhere", func() error {
			_, err := l.pools.GlobalSignOut(l.Context(), &cognito.GlobalSignOutInput{AccessToken: &tokens.Access})
			return err
		}},
		{"disabled", func() error {
			_, err := l.pools.AdminDisableUser(l.Context(), &cognito.AdminDisableUserInput{UserPoolId: pool, Username: name})
			return err
		}},
		{"deleted", func() error {
			_, err := l.pools.AdminDeleteUser(l.Context(), &cognito.AdminDeleteUserInput{UserPoolId: pool, Username: name})
			return err
		}},
	} {
		l.must(step.do())
		l.opens("the token of a user who was "+step.what, l.api.Get("/plain", tokens.ID))
		if _, err := l.pools.InitiateAuth(l.Context(), &cognito.InitiateAuthInput{ClientId: &l.client.ID, AuthFlow: "REFRESH_TOKEN_AUTH",
			AuthParameters: map[string]string{"REFRESH_TOKEN": tokens.Refresh}}); err == nil {
			l.Errorf("a user who was %s refreshed", step.what)
		}
	}
	l.s.Advance(time.Hour)
	l.refuses("after the token's hour", l.api.Get("/plain", tokens.ID), 401, authz.TokenExpired)
}
