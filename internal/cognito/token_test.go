package cognito

import (
	"crypto/rsa"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"math/big"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	cip "github.com/aws/aws-sdk-go-v2/service/cognitoidentityprovider"
	"github.com/aws/aws-sdk-go-v2/service/cognitoidentityprovider/types"
	"github.com/go-jose/go-jose/v4"
	"github.com/go-jose/go-jose/v4/jwt"
	"github.com/google/go-cmp/cmp"

	"github.com/poolgate/poolgate/authz"
)

// settled replaces what differs from run to run by a word, after checking that it is a UUID.
func settled(t *testing.T, claims map[string]any) map[string]any {
	t.Helper()
	for _, name := range []string{"sub", "jti", "origin_jti", "event_id"} {
		if id, ok := claims[name].(string); ok && subFormat.MatchString(id) {
			claims[name] = "a UUID"
		}
	}
	return claims
}

func TestClaimsOfAnSDKSignIn(t *testing.T) {
	s := newSignIn(t, nil)
	for name, group := range map[string]cip.CreateGroupInput{
		"readers": {Precedence: aws.Int32(7), RoleArn: aws.String("arn:aws:iam::123456789012:role/reader")},
		"admins":  {Precedence: aws.Int32(1), RoleArn: aws.String("arn:aws:iam::123456789012:role/admin")},
		"others":  {},
	} {
		group.UserPoolId, group.GroupName = &s.poolID, aws.String(name)
		must(s.CreateGroup(s.ctx, &group))(t)
		must(s.AdminAddUserToGroup(s.ctx, &cip.AdminAddUserToGroupInput{UserPoolId: &s.poolID, GroupName: aws.String(name), Username: aws.String("ann")}))(t)
	}
	before := s.now().Unix()
	r := must(s.byPassword("ann", goodPassword))(t).AuthenticationResult
	id, access := payload(t, *r.IdToken), payload(t, *r.AccessToken)

	if id["sub"] != access["sub"] || id["origin_jti"] != access["origin_jti"] || id["event_id"] != access["event_id"] || id["jti"] == access["jti"] {
		t.Errorf("the tokens do not belong together: %v %v", id, access)
	}
	at, _ := id["iat"].(float64)
	if at < float64(before) || at > float64(before)+60 {
		t.Errorf("iat is %v, want about %d", at, before)
	}
	if diff := cmp.Diff(map[string]any{
		"sub": "a UUID", "aud": s.clientID, "iss": "http://localhost:4566/" + s.poolID, "token_use": "id",
		"auth_time": at, "iat": at, "exp": at + 3600, "jti": "a UUID", "origin_jti": "a UUID", "event_id": "a UUID",
		"cognito:username": "ann", "cognito:groups": []any{"admins", "readers", "others"},
		"cognito:roles":          []any{"arn:aws:iam::123456789012:role/admin", "arn:aws:iam::123456789012:role/reader"},
		"cognito:preferred_role": "arn:aws:iam::123456789012:role/admin",
		"email":                  "ann@example.com", "email_verified": true, "custom:age": "41",
	}, settled(t, id)); diff != "" {
		t.Errorf("ID token (-want +got):\n%s", diff)
	}
	if diff := cmp.Diff(map[string]any{
		"sub": "a UUID", "client_id": s.clientID, "iss": "http://localhost:4566/" + s.poolID, "token_use": "access",
		"scope": "aws.cognito.signin.user.admin", "username": "ann", "cognito:groups": []any{"admins", "readers", "others"},
		"auth_time": at, "iat": at, "exp": at + 3600, "jti": "a UUID", "origin_jti": "a UUID", "event_id": "a UUID",
	}, settled(t, access)); diff != "" {
		t.Errorf("access token (-want +got):\n%s", diff)
	}
}

func TestHeadersAndKeysAreAWSs(t *testing.T) {
	s := newSignIn(t, nil)
	r := must(s.byPassword("ann", goodPassword))(t).AuthenticationResult
	header := func(token string) string {
		first, _, _ := strings.Cut(token, ".")
		raw, err := base64.RawURLEncoding.DecodeString(first)
		if err != nil {
			t.Fatal(err)
		}
		return string(raw)
	}
	format := regexp.MustCompile(`^\{"kid":"([A-Za-z0-9+/]{43}=)","alg":"RS256"\}$`)
	id, access := format.FindStringSubmatch(header(*r.IdToken)), format.FindStringSubmatch(header(*r.AccessToken))
	if id == nil || access == nil {
		t.Fatalf("headers are %s and %s", header(*r.IdToken), header(*r.AccessToken))
	}
	if id[1] == access[1] {
		t.Error("ID and access token are signed with the same key")
	}
	encoded := must(s.JWKS(t.Context(), s.poolID))(t)
	if !regexp.MustCompile(`^\{"keys":\[(\{"alg":"RS256","e":"AQAB","kid":"[^"]+","kty":"RSA","n":"[\w-]+","use":"sig"\},?){2}\]\}$`).Match(encoded) {
		t.Errorf("the JWKS is %s", encoded)
	}
	// Another library reads the keys and verifies the tokens.
	var set jose.JSONWebKeySet
	if err := json.Unmarshal(encoded, &set); err != nil {
		t.Fatal(err)
	}
	for kid, token := range map[string]string{id[1]: *r.IdToken, access[1]: *r.AccessToken} {
		parsed, err := jwt.ParseSigned(token, []jose.SignatureAlgorithm{jose.RS256})
		if err != nil {
			t.Fatal(err)
		}
		var claims jwt.Claims
		if err := parsed.Claims(set.Key(kid)[0].Key, &claims); err != nil {
			t.Error(err)
		}
		key, err := s.Key(t.Context(), authz.Pool{Region: "eu-west-1", ID: s.poolID}, kid)
		if err != nil || !key.Equal(set.Key(kid)[0].Key) {
			t.Errorf("Key returns %v, %v", key, err)
		}
	}
	_, err := s.Key(t.Context(), authz.Pool{Region: "eu-west-1", ID: s.poolID}, "no such key")
	if err != authz.ErrKeyUnknown {
		t.Errorf("an unknown kid gives %v", err)
	}
	for _, pool := range []authz.Pool{{Region: "us-east-1", ID: s.poolID}, {Region: "eu-west-1", ID: "eu-west-1_none"}} {
		if _, err := s.Key(t.Context(), pool, id[1]); err != authz.ErrPoolNotFound {
			t.Errorf("%v gives %v", pool, err)
		}
	}
}

func TestRefreshTokensAreFivePartJWEsAsAWSs(t *testing.T) {
	s := newSignIn(t, nil)
	token := *must(s.byPassword("ann", goodPassword))(t).AuthenticationResult.RefreshToken
	parts := strings.Split(token, ".")
	if len(parts) != 5 || !strings.HasPrefix(token, "eyJjdHkiOiJKV1QiLCJlbmMiO") {
		t.Fatalf("the token is %q", token)
	}
	header, err := base64.RawURLEncoding.DecodeString(parts[0])
	if err != nil || string(header) != `{"cty":"JWT","enc":"A256GCM","alg":"RSA-OAEP"}` {
		t.Errorf("the header is %s, %v", header, err)
	}
	// It is a real one: another library decrypts it, with the key that nobody uses for that.
	keys := must(s.keys.of(t.Context(), s.poolID))(t)
	parsed, err := jose.ParseEncryptedCompact(token, []jose.KeyAlgorithm{jose.RSA_OAEP}, []jose.ContentEncryption{jose.A256GCM})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := parsed.Decrypt(keys.id.key); err != nil {
		t.Error(err)
	}
}

func TestDiscovery(t *testing.T) {
	s := newSignIn(t, nil)
	got := string(must(s.Discovery(t.Context(), s.poolID, ""))(t))
	base := "http://localhost:4566"
	want := `{"authorization_endpoint":"` + base + `/_aws/cognito-idp/oauth2/authorize","end_session_endpoint":"` + base + `/_aws/cognito-idp/logout",` +
		`"id_token_signing_alg_values_supported":["RS256"],"issuer":"` + base + `/` + s.poolID + `","jwks_uri":"` + base + `/` + s.poolID + `/.well-known/jwks.json",` +
		`"response_types_supported":["code","token"],"revocation_endpoint":"` + base + `/_aws/cognito-idp/oauth2/revoke",` +
		`"scopes_supported":["openid","email","phone","profile"],"subject_types_supported":["public"],` +
		`"token_endpoint":"` + base + `/_aws/cognito-idp/oauth2/token","token_endpoint_auth_methods_supported":["client_secret_basic","client_secret_post"],` +
		`"userinfo_endpoint":"` + base + `/_aws/cognito-idp/oauth2/userInfo"}`
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("discovery (-want +got):\n%s", diff)
	}
	_, err := s.Discovery(t.Context(), "eu-west-1_none", "")
	refused(t, err, notFound, "User pool eu-west-1_none does not exist.")
	_, err = s.JWKS(t.Context(), "eu-west-1_none")
	refused(t, err, notFound, "User pool eu-west-1_none does not exist.")
}

func TestIssuersNameTheOneThatTokensCarryFirst(t *testing.T) {
	pool := authz.Pool{Region: "eu-west-1", ID: "eu-west-1_x"}
	local, cloud := "http://localhost:4566/eu-west-1_x", "https://cognito-idp.eu-west-1.amazonaws.com/eu-west-1_x"
	s := &Service{baseURL: "http://localhost:4566"}
	if diff := cmp.Diff([]string{local, cloud}, s.Issuers(pool)); diff != "" {
		t.Error(diff)
	}
	s.issuerAWS = true
	if diff := cmp.Diff([]string{cloud, local}, s.Issuers(pool)); diff != "" {
		t.Error(diff)
	}
}

func TestTheClientsSettingsShapeTokens(t *testing.T) {
	s := newSignIn(t, func(in *cip.CreateUserPoolClientInput) {
		in.ReadAttributes = []string{"email"}
		in.EnableTokenRevocation = aws.Bool(false)
		in.AccessTokenValidity, in.IdTokenValidity, in.RefreshTokenValidity = aws.Int32(600), aws.Int32(30), 90
		in.TokenValidityUnits = &types.TokenValidityUnitsType{
			AccessToken: types.TimeUnitsTypeSeconds, IdToken: types.TimeUnitsTypeMinutes, RefreshToken: types.TimeUnitsTypeMinutes,
		}
	})
	r := must(s.byPassword("ann", goodPassword))(t).AuthenticationResult
	id, access := payload(t, *r.IdToken), payload(t, *r.AccessToken)
	if _, ok := id["email_verified"]; ok || id["custom:age"] != nil || id["email"] == nil {
		t.Errorf("the client may read email only, and got %v", id)
	}
	if id["origin_jti"] != nil || access["origin_jti"] != nil {
		t.Error("tokens that cannot be revoked name their sign-in")
	}
	life := func(c map[string]any) float64 { return c["exp"].(float64) - c["iat"].(float64) }
	if life(access) != 600 || life(id) != 1800 || r.ExpiresIn != 600 {
		t.Errorf("lives are %v, %v, %d", life(access), life(id), r.ExpiresIn)
	}
	refresh := map[string]string{"REFRESH_TOKEN": *r.RefreshToken}
	s.clock.Advance(89 * time.Minute)
	must(s.initiate(types.AuthFlowTypeRefreshTokenAuth, refresh))(t)
	s.clock.Advance(2 * time.Minute)
	_, err := s.initiate(types.AuthFlowTypeRefreshTokenAuth, refresh)
	refused(t, err, notAuthorized, "Refresh Token has expired")
}

func TestAttributesBecomeClaims(t *testing.T) {
	tests := []struct {
		name string
		give attribute
		want any
	}{
		{"a verified flag is a boolean", attribute{"email_verified", "true"}, true},
		{"the other too", attribute{"phone_number_verified", "false"}, false},
		{"a custom number is a string", attribute{"custom:age", "41"}, "41"},
		{"a custom boolean is a string", attribute{"custom:member", "true"}, "true"},
		{"updated_at is a number", attribute{"updated_at", "1700000000"}, int64(1700000000)},
		{"a standard attribute is a string", attribute{"name", "Ann <a@b>"}, "Ann <a@b>"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			if diff := cmp.Diff(test.want, claimValue(test.give)); diff != "" {
				t.Error(diff)
			}
		})
	}
	var c claims
	c.set("b", "<&>")
	c.set("a", claimValue(attribute{"address", "1 Main St"}))
	c.setText("empty", "")
	c.set("b", "<again>")
	encoded := must(c.MarshalJSON())(t)
	if want := `{"b":"<again>","a":{"formatted":"1 Main St"}}`; string(encoded) != want {
		t.Errorf("claims are %s, want %s", encoded, want)
	}
}

func TestScopesOpenAttributes(t *testing.T) {
	u := &user{Attributes: []attribute{
		{"email", "a@b.c"}, {"email_verified", "true"}, {"phone_number", "+15550100"}, {"name", "Ann"}, {"custom:age", "41"}, {"nickname", ""},
	}}
	tests := []struct {
		name     string
		readList []string
		oauth    bool
		scopes   []string
		want     string
	}{
		{"an SDK's sign-in reads all", nil, false, []string{adminScope}, "email email_verified phone_number name custom:age"},
		{"openid alone opens all", nil, true, []string{"openid"}, "email email_verified phone_number name custom:age"},
		{"a custom scope beside openid closes nothing", nil, true, []string{"openid", "api/read"}, "email email_verified phone_number name custom:age"},
		{"email opens the e-mail address only", nil, true, []string{"openid", "email"}, "email email_verified"},
		{"phone opens the number only", nil, true, []string{"openid", "phone"}, "phone_number"},
		{"profile opens all", nil, true, []string{"openid", "profile", "email"}, "email email_verified phone_number name custom:age"},
		{"the client's list counts before the scopes", []string{"name", "email"}, true, []string{"openid", "email"}, "email"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			var names []string
			for _, a := range readableAttributes(u, test.readList, test.oauth, test.scopes) {
				names = append(names, a.Name)
			}
			if diff := cmp.Diff(test.want, strings.Join(names, " ")); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestThePreferredRole(t *testing.T) {
	group := func(name, role string, precedence *int32) types.GroupType {
		g := types.GroupType{GroupName: &name, Precedence: precedence}
		if role != "" {
			g.RoleArn = &role
		}
		return g
	}
	one, two := aws.Int32(1), aws.Int32(2)
	tests := []struct {
		name             string
		groups           []types.GroupType
		roles, preferred string
	}{
		{"no group", nil, "", ""},
		{"no role", []types.GroupType{group("a", "", one)}, "", ""},
		{"the only role", []types.GroupType{group("a", "A", nil)}, "A", "A"},
		{"the better group's", []types.GroupType{group("a", "A", one), group("b", "B", two)}, "A B", "A"},
		{"two equals disagree", []types.GroupType{group("a", "A", one), group("b", "B", one)}, "A B", ""},
		{"two equals agree", []types.GroupType{group("a", "A", one), group("b", "A", one), group("c", "C", two)}, "A C", "A"},
		{"groups without precedence disagree", []types.GroupType{group("a", "A", nil), group("b", "B", nil)}, "A B", ""},
		{"a group without a role does not count", []types.GroupType{group("a", "", one), group("b", "B", two)}, "B", "B"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			roles, preferred := (&grant{groups: test.groups}).roles()
			if strings.Join(roles, " ") != test.roles || preferred != test.preferred {
				t.Errorf("got %v and %q, want %q and %q", roles, preferred, test.roles, test.preferred)
			}
		})
	}
}

func TestKeysAreKnownByTheHashOfThePublicKey(t *testing.T) {
	key := &rsa.PublicKey{N: big.NewInt(0xabcdef), E: 65537}
	if got := keyID(key); len(got) != 44 || !strings.HasSuffix(got, "=") {
		t.Errorf("kid is %q", got)
	}
	if raw, err := base64.StdEncoding.DecodeString(keyID(key)); err != nil || len(raw) != sha256.Size {
		t.Errorf("kid is %d bytes, %v", len(raw), err)
	}
}
