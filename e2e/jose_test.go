package e2e

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/apigateway"
	"github.com/aws/aws-sdk-go-v2/service/apigatewayv2"
	v2types "github.com/aws/aws-sdk-go-v2/service/apigatewayv2/types"
	cognito "github.com/aws/aws-sdk-go-v2/service/cognitoidentityprovider"

	"github.com/poolgate/poolgate/internal/josetest"
)

// tokenDoor is one of the places that take a token.
type tokenDoor struct {
	name string
	// good is a token that the door lets in.
	good string
	// inHeader says that the token travels in an HTTP header, where not every text can stand.
	inHeader bool
	// knock brings a token and tells whether it was let in.
	knock func(t *testing.T, token string) (in bool, answer reply)
	// wrong are good tokens of the same users that are for other doors.
	wrong []string
	// harmless says that knocking with the good token changes nothing, so that it can be tried.
	harmless bool
}

// operation is an unsigned operation of a pool.
func (s *site) operation(t *testing.T, name string, input map[string]any) reply {
	t.Helper()
	body, err := json.Marshal(input)
	must(t, err)
	return send(t, http.MethodPost, s.url, string(body), http.Header{"Content-Type": {"application/x-amz-json-1.1"}, "X-Amz-Target": {jsonTarget + name}})
}

// issuer is the iss of the pool's tokens, as its discovery tells it.
func (s *site) issuer(t *testing.T) string {
	t.Helper()
	discovery := send(t, http.MethodGet, s.url+"/"+s.poolID+"/.well-known/openid-configuration", "", nil)
	var configuration struct{ Issuer string }
	must(t, json.Unmarshal([]byte(discovery.body), &configuration))
	return configuration.Issuer
}

// newHTTPAPI makes an HTTP API whose one route asks for a token of an issuer for an audience, by its JWT authorizer, and says where it is.
func (p *process) newHTTPAPI(t *testing.T, issuer, audience string, scopes ...string) string {
	t.Helper()
	upstream := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { _, _ = w.Write([]byte("in")) }))
	t.Cleanup(upstream.Close)
	apis := apigatewayv2.NewFromConfig(p.sdk())
	api, err := apis.CreateApi(t.Context(), &apigatewayv2.CreateApiInput{Name: aws.String("http"), ProtocolType: v2types.ProtocolTypeHttp})
	must(t, err)
	authorizer, err := apis.CreateAuthorizer(t.Context(), &apigatewayv2.CreateAuthorizerInput{ApiId: api.ApiId, Name: aws.String("pool"),
		AuthorizerType: v2types.AuthorizerTypeJwt, IdentitySource: []string{"$request.header.Authorization"},
		JwtConfiguration: &v2types.JWTConfiguration{Issuer: &issuer, Audience: []string{audience}}})
	must(t, err)
	integration, err := apis.CreateIntegration(t.Context(), &apigatewayv2.CreateIntegrationInput{ApiId: api.ApiId, IntegrationType: v2types.IntegrationTypeHttpProxy,
		IntegrationMethod: aws.String("GET"), IntegrationUri: aws.String(upstream.URL), PayloadFormatVersion: aws.String("1.0")})
	must(t, err)
	_, err = apis.CreateRoute(t.Context(), &apigatewayv2.CreateRouteInput{ApiId: api.ApiId, RouteKey: aws.String("GET /"),
		AuthorizationType: v2types.AuthorizationTypeJwt, AuthorizerId: authorizer.AuthorizerId, AuthorizationScopes: scopes, Target: aws.String("integrations/" + *integration.IntegrationId)})
	must(t, err)
	_, err = apis.CreateStage(t.Context(), &apigatewayv2.CreateStageInput{ApiId: api.ApiId, StageName: aws.String("$default"), AutoDeploy: aws.Bool(true)})
	must(t, err)
	return p.url + "/_aws/execute-api/" + *api.ApiId + "/$default/"
}

// doors are all of them, each with a token that opens it.
func (s *site) doors(t *testing.T) []tokenDoor {
	t.Helper()
	password, page := s.passwordSignIn(t, "jo"), s.pageSignIn(t, "openid "+customScope)
	header := func(method, path string) func(*testing.T, string) (bool, reply) {
		return func(t *testing.T, token string) (bool, reply) {
			got := send(t, method, path, "", http.Header{"Authorization": {token}})
			return got.status != http.StatusUnauthorized, got
		}
	}
	bearer := func(method, path string) func(*testing.T, string) (bool, reply) {
		return func(t *testing.T, token string) (bool, reply) {
			got := send(t, method, path, "", http.Header{"Authorization": {"Bearer " + token}})
			return got.status != http.StatusUnauthorized && got.status != http.StatusBadRequest, got
		}
	}
	op := func(name, member string, more map[string]any) func(*testing.T, string) (bool, reply) {
		return func(t *testing.T, token string) (bool, reply) {
			input := map[string]any{member: token}
			for k, v := range more {
				input[k] = v
			}
			got := s.operation(t, name, input)
			return got.status != http.StatusBadRequest, got
		}
	}
	rest := s.url + "/_aws/execute-api/" + s.apiID + "/dev"
	tests := apigateway.NewFromConfig(s.sdk())
	noOpenID, noAdmin := []string{password.id, page.id, password.access, page.refresh}, []string{password.id, page.id, page.access, password.refresh}
	noRefresh := []string{password.id, password.access, page.id, page.access}
	return []tokenDoor{
		{"a REST API without scopes", password.id, true, header(http.MethodGet, rest+"/plain"), []string{password.access, page.access, password.refresh}, true},
		{"a REST API with scopes", page.access, true, header(http.MethodGet, rest+"/scoped"), []string{password.id, page.id, password.access, page.refresh}, true},
		{"an HTTP API", password.id, true, header(http.MethodGet, s.newHTTPAPI(t, s.issuer(t), s.clientID)), []string{password.refresh, page.refresh}, true},
		{"an HTTP API, as bearer", page.access, true, bearer(http.MethodGet, s.newHTTPAPI(t, s.issuer(t), s.clientID)), []string{password.refresh, page.refresh}, true},
		{"TestInvokeAuthorizer", password.id, false, func(t *testing.T, token string) (bool, reply) {
			got, err := tests.TestInvokeAuthorizer(t.Context(), &apigateway.TestInvokeAuthorizerInput{RestApiId: &s.apiID, AuthorizerId: &s.authorizerID,
				Headers: map[string]string{"Authorization": token}})
			must(t, err)
			return got.ClientStatus != http.StatusUnauthorized, reply{status: int(got.ClientStatus)}
		}, []string{page.access, password.refresh}, true},
		{"/oauth2/userInfo", page.access, true, bearer(http.MethodGet, s.url+"/_aws/cognito-idp/oauth2/userInfo"), noOpenID, true},
		{"/oauth2/userInfo by POST", page.access, true, bearer(http.MethodPost, s.url+"/_aws/cognito-idp/oauth2/userInfo"), noOpenID, true},
		{"GetUser", password.access, false, op("GetUser", "AccessToken", nil), noAdmin, true},
		{"UpdateUserAttributes", password.access, false, op("UpdateUserAttributes", "AccessToken", map[string]any{"UserAttributes": []map[string]string{{"Name": "email", "Value": "mallory@example.com"}}}), noAdmin, false},
		{"ChangePassword", password.access, false, op("ChangePassword", "AccessToken", map[string]any{"PreviousPassword": userPassword, "ProposedPassword": "Mallory-Was-Here-1"}), noAdmin, false},
		{"GlobalSignOut", password.access, false, op("GlobalSignOut", "AccessToken", nil), noAdmin, false},
		{"DeleteUser", password.access, false, op("DeleteUser", "AccessToken", nil), noAdmin, false},
		{"REFRESH_TOKEN_AUTH", password.refresh, false, func(t *testing.T, token string) (bool, reply) {
			got := s.operation(t, "InitiateAuth", map[string]any{"ClientId": s.clientID, "AuthFlow": "REFRESH_TOKEN_AUTH", "AuthParameters": map[string]string{"REFRESH_TOKEN": token}})
			return got.status != http.StatusBadRequest, got
		}, noRefresh, true},
		{"the grant refresh_token", page.refresh, false, func(t *testing.T, token string) (bool, reply) {
			form := url.Values{"grant_type": {"refresh_token"}, "client_id": {s.clientID}, "refresh_token": {token}}
			got := send(t, http.MethodPost, s.url+"/_aws/cognito-idp/oauth2/token", form.Encode(), http.Header{"Content-Type": {"application/x-www-form-urlencoded"}})
			return got.status != http.StatusBadRequest, got
		}, noRefresh, true},
		// Whoever revokes what is no token is told that all is well (RFC 7009, section 2.2). That nothing was revoked shows at the doors above, afterwards.
		{"RevokeToken", password.refresh, false, func(t *testing.T, token string) (bool, reply) {
			return false, s.operation(t, "RevokeToken", map[string]any{"ClientId": s.clientID, "Token": token})
		}, nil, false},
		{"/oauth2/revoke", page.refresh, false, func(t *testing.T, token string) (bool, reply) {
			form := url.Values{"client_id": {s.clientID}, "token": {token}}
			return false, send(t, http.MethodPost, s.url+"/_aws/cognito-idp/oauth2/revoke", form.Encode(), http.Header{"Content-Type": {"application/x-www-form-urlencoded"}})
		}, nil, false},
		{"the session of a challenge", s.challenged(t), false, func(t *testing.T, token string) (bool, reply) {
			got := s.operation(t, "RespondToAuthChallenge", map[string]any{"ClientId": s.clientID, "ChallengeName": "NEW_PASSWORD_REQUIRED", "Session": token,
				"ChallengeResponses": map[string]string{"USERNAME": "newcomer", "NEW_PASSWORD": "Mallory-Was-Here-1"}})
			return got.status != http.StatusBadRequest, got
		}, append(noRefresh, password.refresh), true},
	}
}

// challenged is the session of a user who must choose a password.
func (s *site) challenged(t *testing.T) string {
	t.Helper()
	pools := cognito.NewFromConfig(s.sdk())
	_, err := pools.AdminCreateUser(t.Context(), &cognito.AdminCreateUserInput{UserPoolId: &s.poolID, Username: aws.String("newcomer"), TemporaryPassword: aws.String(userPassword)})
	must(t, err)
	answer, err := pools.InitiateAuth(t.Context(), &cognito.InitiateAuthInput{ClientId: &s.clientID, AuthFlow: "USER_PASSWORD_AUTH",
		AuthParameters: map[string]string{"USERNAME": "newcomer", "PASSWORD": userPassword}})
	must(t, err)
	return *answer.Session
}

// TestNoAttackOpensAnyDoor brings the whole attack list, made of the token that the door lets in, and Wycheproof's vectors as they are, to
// every door that takes a token. None is let in, and afterwards the good tokens still are: nothing was revoked, changed or deleted either.
func TestNoAttackOpensAnyDoor(t *testing.T) {
	s := serve(t).newSite(t)
	jwks := send(t, http.MethodGet, s.url+"/"+s.poolID+"/.well-known/jwks.json", "", nil)
	vectors := wycheproofTokens(t)
	doors := s.doors(t)
	for _, d := range doors {
		t.Run(d.name, func(t *testing.T) {
			attacks := append(refreshAttacks(d.good), vectors...)
			if strings.Count(d.good, ".") == 2 {
				made, err := josetest.Attacks(d.good, []byte(jwks.body))
				must(t, err)
				attacks = append(made, vectors...)
			}
			for i, token := range d.wrong {
				attacks = append(attacks, josetest.Attack{Name: fmt.Sprintf("token %d of another kind", i), Token: token})
			}
			knocked := 0
			for _, attack := range attacks {
				if d.inHeader && !attack.Sendable() {
					continue
				}
				knocked++
				in, answer := d.knock(t, attack.Token)
				if in || answer.status >= 500 {
					t.Errorf("%s: %d %.300s", attack.Name, answer.status, answer.body)
				}
			}
			if knocked < 440 {
				t.Errorf("only %d attacks", knocked)
			}
		})
	}
	for _, d := range doors {
		if !d.harmless {
			continue
		}
		if in, answer := d.knock(t, d.good); !in || answer.status >= 300 {
			t.Errorf("after the attacks, %s no longer lets the good token in: %d %.300s", d.name, answer.status, answer.body)
		}
	}
	if strings.Contains(s.stderr.String(), "panic") {
		t.Errorf("the server said\n%s", s.stderr)
	}
}

// wycheproofTokens are the vectors of Project Wycheproof, see authz/testdata/wycheproof.
func wycheproofTokens(t *testing.T) (all []josetest.Attack) {
	t.Helper()
	for _, file := range []string{"json_web_signature_test.json", "json_web_key_test.json"} {
		content, err := os.ReadFile("../authz/testdata/wycheproof/" + file)
		must(t, err)
		var vectors struct {
			TestGroups []struct {
				Tests []struct {
					TcID int    `json:"tcId"`
					JWS  string `json:"jws"`
				}
			}
		}
		must(t, json.Unmarshal(content, &vectors))
		for _, group := range vectors.TestGroups {
			for _, test := range group.Tests {
				all = append(all, josetest.Attack{Name: fmt.Sprintf("%s %d", file, test.TcID), Token: test.JWS})
			}
		}
	}
	return all
}

// refreshAttacks alter a refresh token, which is encrypted and not signed.
func refreshAttacks(good string) (all []josetest.Attack) {
	parts := strings.Split(good, ".")
	for i, part := range parts {
		if part == "" {
			continue
		}
		flipped := "A"
		if part[0] == 'A' {
			flipped = "B"
		}
		altered := append([]string{}, parts...)
		altered[i] = flipped + part[1:]
		dropped := append([]string{}, parts...)
		dropped[i] = ""
		all = append(all,
			josetest.Attack{Name: fmt.Sprintf("part %d altered", i), Token: strings.Join(altered, ".")},
			josetest.Attack{Name: fmt.Sprintf("part %d dropped", i), Token: strings.Join(dropped, ".")},
			josetest.Attack{Name: fmt.Sprintf("part %d alone", i), Token: part})
	}
	for name, token := range map[string]string{
		"padding": good + "=", "a blank before it": " " + good, "a blank behind it": good + " ", "a line break behind it": good + "\n", "a dot more": good + ".",
		"a nul byte": good + "\x00", "in capitals": strings.ToUpper(good), "cut short": good[:len(good)-1], "twice": good + good, "percent escapes": strings.ReplaceAll(good, ".", "%2E"),
		"as bearer": "Bearer " + good, "nothing but dots": "....", "a wildcard": "%",
	} {
		all = append(all, josetest.Attack{Name: name, Token: token})
	}
	return all
}
