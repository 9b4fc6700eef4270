package explain

import (
	"net/http"
	"slices"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"

	"github.com/poolgate/poolgate/authz"
)

// tokenSource is the header that the authorizer of the request reads; empty when it reads none.
func (l *look) tokenSource() string {
	if a := l.restAuthorizer(l.deployed.AuthorizerID, false); a != nil {
		name, _, _ := strings.Cut(aws.ToString(a.IdentitySource), ",")
		return strings.TrimPrefix(strings.TrimSpace(name), "method.request.header.")
	}
	if a := l.httpAuthorizer(l.deployed.AuthorizerID); a != nil && len(a.IdentitySource) > 0 {
		if name, isHeader := strings.CutPrefix(a.IdentitySource[0], "$request.header."); isHeader {
			return name
		}
	}
	return ""
}

// mendSource: the token is not where the authorizer looks.
func (l *look) mendSource() (steps []string) {
	source := l.tokenSource()
	if source == "" {
		return []string{"Send every identity source that the authorizer reads."}
	}
	if l.isPreflight() {
		return l.mendPreflight()
	}
	kind := "an ID token"
	if len(l.deployed.Scopes) > 0 {
		kind = "an access token with one of the scopes " + someOf(l.deployed.Scopes)
	}
	t := l.token
	if t == nil || strings.EqualFold(t.header, source) {
		return []string{"Send " + kind + " in the header " + source + "."}
	}
	steps = append(steps, "Send the token in the header "+source+", not in "+t.header+".")
	if l.rest != nil {
		return append(steps, step("Or let the authorizer read "+t.header, l.editAuthorizer(patch{"replace", "/identitySource", "method.request.header." + t.header})))
	}
	return append(steps, step("Or let the authorizer read "+t.header, l.andDeploy(l.aws("apigatewayv2", "update-authorizer", "--api-id", l.api,
		"--authorizer-id", l.deployed.AuthorizerID, "--identity-source", "$request.header."+t.header))))
}

// mendShape: the value is no token, mostly for something that was pasted with it.
func (l *look) mendShape() []string {
	value := l.c.Request.Header.Get(l.tokenSource())
	trimmed := strings.TrimSpace(value)
	rest, isBearer := trimmed, false
	if len(trimmed) > 7 && strings.EqualFold(trimmed[:7], "bearer ") {
		rest, isBearer = trimmed[7:], true
	}
	switch {
	case strings.ContainsAny(rest, `"'`):
		return []string{"Take the quotation marks off the token: what was printed as JSON is not the token itself. jq -r prints it without them."}
	case strings.ContainsAny(value, "\r\n"):
		return []string{"Take the line breaks out of the token; it is one line."}
	case isBearer && strings.HasPrefix(rest, " "):
		return []string{"Put exactly one space between \"Bearer\" and the token."}
	case isBearer && strings.HasPrefix(strings.ToLower(rest), "bearer "):
		return []string{"Write \"Bearer \" once; the token already had it."}
	case rest == "undefined" || rest == "null" || rest == "[object Object]":
		return []string{"The client sends " + quote(rest) + " in the place of a token: it had none yet, or sends the object around it. Wait for the sign-in, and send the token's text."}
	case strings.Contains(rest, "%"):
		return []string{"Send the token as it is, not escaped for a URL."}
	case strings.Contains(rest, " ") && l.token != nil:
		return []string{"Take the white space out of the token; it is one word, alone or after \"Bearer \"."}
	case strings.Contains(rest, " "):
		return []string{"Send the token alone or after \"Bearer \"; no other scheme is read."}
	case strings.Count(rest, ".") != 2:
		return []string{"Send the whole token: it has three parts with a dot between them, and this value has " + number(strings.Count(rest, ".")+1) + ". Something on the way cut it, or it is not a token."}
	}
	return nil
}

func number(n int) string {
	if n == 1 {
		return "one"
	}
	if n == 2 {
		return "two"
	}
	return "more"
}

// mendRefresh: a refresh token was sent.
func (l *look) mendRefresh() []string {
	kind := "ID token"
	if len(l.deployed.Scopes) > 0 {
		kind = "access token"
	}
	return []string{"Send the " + kind + " of the same sign-in, not the refresh token. When it has expired, the refresh token fetches a new one with the flow REFRESH_TOKEN_AUTH of initiate-auth."}
}

// mendExpired and mendSignIn: another token is needed.
func (l *look) mendExpired() []string {
	return append(l.newToken(l.deployed.Scopes), l.longerLife()...)
}

func (l *look) mendSignIn() []string { return l.newToken(l.deployed.Scopes) }

func (l *look) mendSignature() []string {
	return append([]string{"Send the token exactly as it was issued: its signature does not fit the rest of it."}, l.newToken(l.deployed.Scopes)...)
}

// newToken says how to get another token for the client of the one at hand.
func (l *look) newToken(scopes []string) []string {
	if l.token != nil && l.token.isClient() {
		if command := l.clientCredentials(l.client(), scopes); command != "" {
			return []string{step("Fetch a new token and send its access_token", command)}
		}
	}
	if page := l.loginPage(l.client(), scopes); page != "" && len(scopes) > 0 && !slices.Contains(scopes, "aws.cognito.signin.user.admin") {
		return []string{"Sign in again, and send the new access token. The login page: " + page}
	}
	kind := "ID token"
	if len(scopes) > 0 {
		kind = "access token"
	}
	return []string{"Sign in again, or refresh the session, and send the new " + kind + "."}
}

// mendUseID: an access token where ID tokens are taken.
func (l *look) mendUseID() (steps []string) {
	t := l.token
	if t == nil || !t.isClient() {
		steps = append(steps, "Send the ID token of the same sign-in: the method has no authorization scopes, and so takes ID tokens only.")
	}
	if t != nil && len(t.scopes) > 0 {
		steps = append(steps, step("Or make the method take access tokens with the scope "+t.scopes[0], l.editMethod(patch{"add", "/authorizationScopes", t.scopes[0]})))
		if t.isClient() {
			steps[0] = strings.Replace(steps[0], "Or make", "Make", 1)
		}
	}
	return steps
}

// mendUseAccess: an ID token where access tokens are taken.
func (l *look) mendUseAccess() []string {
	steps := []string{"Send the access token of the same sign-in; it must carry one of the scopes " + someOf(l.deployed.Scopes) + "."}
	return append(steps, l.withoutScopes())
}

// withoutScopes makes the method take tokens without a scope.
func (l *look) withoutScopes() string {
	if l.http != nil {
		return step("Or take the scopes off the route, so that it takes any token of the issuer", l.editRoute("--authorization-scopes", "[]"))
	}
	var all []patch
	for _, scope := range l.deployed.Scopes {
		all = append(all, patch{"remove", "/authorizationScopes", scope})
	}
	return step("Or take the scopes off the method, so that it takes ID tokens and no others", l.editMethod(all...))
}

// mendClock: a token from the future.
func (l *look) mendClock() []string {
	return []string{"Set the clock of whoever issued the token right (nbf and iat lie in the future), or wait until then."}
}

// isPreflight tells that a browser asks whether it may send the request.
func (l *look) isPreflight() bool {
	h := l.c.Request.Header
	return l.c.Request.Method == http.MethodOptions && (h.Get("Access-Control-Request-Method") != "" || h.Get("Origin") != "")
}

// mendPreflight takes the authorizer off OPTIONS.
func (l *look) mendPreflight() []string {
	if l.http != nil {
		return []string{step("Browsers send no token with a preflight. Let the API answer it", l.cors())}
	}
	return []string{step("Browsers send no token with a preflight. Take the authorizer off OPTIONS",
		l.editMethod(patch{"replace", "/authorizationType", "NONE"}))}
}

// tokenReasons are those that concern the token's text and not the API.
func aboutToken(reason authz.Reason) bool {
	return slices.Contains(tokenRefusals, reason) || reason == authz.TokenExpired
}
