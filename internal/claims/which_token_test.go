package claims

import (
	"net/http"

	"github.com/golang-jwt/jwt/v5"

	"github.com/poolgate/poolgate/authz"
)

const (
	guideREST  = "API Gateway guide, apigateway-integrate-with-cognito"
	testsOnAWS = "LocalStack's tests that were validated on AWS"
	knowledge  = "AWS Knowledge Center, api-gateway-cognito-401-unauthorized"
)

var whichToken = []claim{
	{
		id: "access-token-expected", says: "API Gateway expects the access token", verdict: isPartly,
		because:  `Only on methods that list authorization scopes. A method without scopes refuses every access token, whatever it carries.`,
		evidence: guideREST + "; " + testsOnAWS + ".", confidence: "[D], [V]",
		try: "The access token with the scope opens the method that lists it, and is refused by the one that lists none.",
		show: func(l *lab) {
			token := l.login().Access
			l.opens("GET /scoped", l.api.Get("/scoped", token))
			l.refuses("GET /plain", l.api.Get("/plain", token), 401, authz.TokenUseIDExpected)
		},
	},
	{
		id: "id-token-required", says: "API Gateway requires the ID token", verdict: isPartly,
		because:  `Only on methods without authorization scopes. A method that lists scopes refuses every ID token.`,
		evidence: guideREST + "; " + testsOnAWS + ".", confidence: "[D], [V]",
		try: "The ID token of the same sign-in opens the method without scopes, and is refused by the one with.",
		show: func(l *lab) {
			token := l.login().ID
			l.opens("GET /plain", l.api.Get("/plain", token))
			l.refuses("GET /scoped", l.api.Get("/scoped", token), 401, authz.TokenUseAccessExpected)
		},
	},
	{
		id: "only-scopes-ask-for-access-tokens", says: "Only adding scopes to the method makes the authorizer expect an access token", verdict: isTrue,
		because: `No setting of the authorizer does it; the method's authorizationScopes do. One of the listed scopes is enough. They are part of what
			is deployed.`,
		evidence: guideREST + ", and the model of PutMethod; " + testsOnAWS + ".", confidence: "[D], [V]",
		try: "A method without scopes takes the ID token; with a scope and a deployment it takes the access token, and with a second scope still does.",
		show: func(l *lab) {
			tokens := l.login()
			l.opens("the ID token before", l.api.Get("/plain", tokens.ID))
			l.editMethod("/plain", "add", "/authorizationScopes", scope)
			l.api.Deploy()
			l.refuses("the ID token after", l.api.Get("/plain", tokens.ID), 401, authz.TokenUseAccessExpected)
			l.opens("the access token after", l.api.Get("/plain", tokens.Access))
			l.editMethod("/plain", "add", "/authorizationScopes", "orders/write")
			l.api.Deploy()
			l.opens("the access token with one of two scopes", l.api.Get("/plain", tokens.Access))
		},
	},
	{
		id: "id-token-to-test-access-token-to-call", says: "The Test button takes the ID token, Postman and other clients send the access token", verdict: isPartly,
		because: `The first half is true: the test takes ID tokens only, whatever the methods list. The second is not: a client sends what the
			method asks for, which is the ID token where it lists no scopes.`,
		evidence: knowledge + "; the answers that say so leave the method's scopes out.", confidence: "[D]",
		try: "The test accepts the ID token and not the access token; the method without scopes decides alike, the method with scopes the other way round.",
		show: func(l *lab) {
			tokens := l.login()
			if status, _ := l.button(tokens.ID); status != 0 {
				l.Errorf("the test answered %d to the ID token", status)
			}
			if status, _ := l.button(tokens.Access); status != 401 {
				l.Errorf("the test answered %d to the access token", status)
			}
			l.refuses("the access token by a client", l.api.Get("/plain", tokens.Access), 401, authz.TokenUseIDExpected)
			l.opens("the access token where the test says 401", l.api.Get("/scoped", tokens.Access))
		},
	},
	{
		id: "aud-of-access-token", says: "The access token's aud is the client id", verdict: isFalse,
		because:  `An access token names the app client as client_id and has no aud, unless resource binding was asked for, and then it is that resource's URL. The ID token's aud is the client id.`,
		evidence: "Cognito guide, the access token and the token endpoint.", confidence: "[D]",
		try: "Both tokens of a sign-in are read.",
		show: func(l *lab) {
			tokens := l.login()
			id, access := claimsOf(l, tokens.ID), claimsOf(l, tokens.Access)
			if id["aud"] != l.client.ID || id["client_id"] != nil {
				l.Errorf("the ID token has aud %v and client_id %v", id["aud"], id["client_id"])
			}
			if _, has := access["aud"]; has || access["client_id"] != l.client.ID {
				l.Errorf("the access token has aud %v and client_id %v", access["aud"], access["client_id"])
			}
		},
	},
	{
		id: "two-authorizers-on-one-method", says: "Put two authorizers on the method, one for ID tokens and one for access tokens", verdict: isFalse,
		because: `A method has one authorizer, and one authorizer does for both kinds: the scopes of each method decide. Where both kinds must
			open the same thing, it takes two paths or a Lambda authorizer.`,
		evidence: "The model of PutMethod has one authorizerId; " + guideREST + ".", confidence: "[D]",
		try:  "One authorizer serves an ID-token method and an access-token method; setting a second authorizer on a method replaces the first.",
		show: showTwoAuthorizers,
	},
}

func showTwoAuthorizers(l *lab) {
	tokens := l.login()
	first := *l.authorizer().Id
	l.opens("the ID token", l.api.Get("/plain", tokens.ID))
	l.opens("the access token", l.api.Get("/scoped", tokens.Access))
	second := l.createAuthorizer("second", l.s.Pool().ARN)
	l.editMethod("/plain", "replace", "/authorizerId", second)
	l.api.Deploy()
	l.refuses("a token of the first authorizer's pool", l.api.Get("/plain", tokens.ID), 401, authz.TokenIssuer)
	l.opens("the method that kept the first", l.api.Get("/scoped", tokens.Access))
	if first == second {
		l.Error("there is only one authorizer")
	}
}

// claimsOf reads a token without verifying it.
func claimsOf(l *lab, token string) jwt.MapClaims {
	l.Helper()
	parsed, _, err := jwt.NewParser().ParseUnverified(token, jwt.MapClaims{})
	l.must(err)
	return parsed.Claims.(jwt.MapClaims)
}

var howSent = []claim{
	{
		id: "bearer-prefix", says: "API Gateway may reject a token without the Bearer prefix", verdict: isFalse,
		because: `The token alone is what AWS documents, and “Bearer ” in front of it works as well. What looks like the opposite, a 403 that complains
			about the Authorization header, is the answer to a path that does not exist.`,
		evidence: testsOnAWS + " send both; the guide sends the token alone.", confidence: "[V]",
		try: "Both forms open both methods; the same header at a path that is no method's gets the 403 about the header.",
		show: func(l *lab) {
			tokens := l.login()
			for _, prefix := range []string{"", "Bearer "} {
				l.opens(prefix+"ID token", l.api.Get("/plain", prefix+tokens.ID))
				l.opens(prefix+"access token", l.api.Get("/scoped", prefix+tokens.Access))
			}
			l.refuses("an unknown path", l.api.Get("/nowhere", "Bearer "+tokens.ID), 403, authz.RouteNotFoundSignatureExpected)
		},
	},
	{
		id: "token-source-case", says: "The token source is case-sensitive", verdict: isFalse,
		because: `The name of a header is looked up in any case. Case matters elsewhere: in mapping expressions, and in the keys of
			event.headers, which keep the client's spelling.`,
		evidence: testsOnAWS + " for Lambda authorizers; that Cognito authorizers look headers up alike is inferred.", confidence: "[V] for Lambda authorizers, [I] for Cognito's",
		try: "The header's name in three spellings, over a socket.",
		show: func(l *lab) {
			token := l.signIn().ID
			for _, name := range []string{"authorization", "AUTHORIZATION", "aUthorization"} {
				l.opens(name, rawGet(l, "/plain", name+": "+token))
			}
		},
	},
	{
		id: "white-space-in-the-header", says: "White space in the header breaks the token", verdict: isPartly,
		because: `White space inside the value does: a second space after Bearer, a tab, a space in the token. White space around the value does not, because
			HTTP takes it off before anybody sees it.`,
		evidence: knowledge + ", tells to look for extra spaces; which ones break it is not said.", confidence: "[D] that extra spaces break it, [I] for each kind",
		try: "Seven spellings of one token, over a socket.",
		show: func(l *lab) {
			token := l.signIn().ID
			middle := len(token) / 2
			for name, value := range map[string]string{
				"two spaces": "Bearer  " + token, "a tab": "Bearer\t" + token, "a space in the token": token[:middle] + " " + token[middle:],
				"no space": "Bearer" + token,
			} {
				l.refuses(name, rawGet(l, "/plain", "Authorization: "+value), 401, authz.TokenMalformed)
			}
			for name, line := range map[string]string{"one space": "Authorization: Bearer " + token, "space after": "Authorization: " + token + "  ", "space before": "Authorization:    " + token} {
				l.opens(name, rawGet(l, "/plain", line))
			}
		},
	},
	{
		id: "preflight", says: "OPTIONS must not require authorization", verdict: isTrue,
		because: `A browser sends no token with a preflight. Behind an authorizer OPTIONS is refused, and the real request never leaves the
			browser, which tells of CORS and not of 401.`,
		evidence: "API Gateway guide, how-to-cors; deploy tools make OPTIONS with NONE.", confidence: "[D]",
		try:  "A preflight at an OPTIONS with the authorizer, and then without.",
		show: showPreflight,
	},
}

func showPreflight(l *lab) {
	api := l.pool.API(withOptions)
	preflight := func() int {
		return api.Send(http.MethodOptions, "/guarded", "", http.Header{"Origin": {"https://app.example"}, "Access-Control-Request-Method": {"GET"}}).Status
	}
	if got := preflight(); got != 401 {
		l.Errorf("behind the authorizer the preflight got %d", got)
	}
	l.api = api
	l.must(l.editOptions("/guarded", "NONE"))
	if got := preflight(); got != 401 {
		l.Errorf("before the deployment the preflight got %d", got)
	}
	api.Deploy()
	if got := preflight(); got != 200 {
		l.Errorf("without the authorizer the preflight got %d", got)
	}
	l.refuses("GET, which kept it", api.Get("/guarded", ""), 401, authz.IdentitySourceMissing)
}
