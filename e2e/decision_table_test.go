package e2e

import (
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"net/http"
	"os"
	"os/exec"
	"strings"
	"testing"
)

// refusal is an answer to the byte, with the reason behind it.
type refusal struct {
	status    int
	body      string
	errorType string
	reason    string
}

const unauthorized = `{"message":"Unauthorized"}`

// check compares an answer with a refusal: status, body, x-amzn-ErrorType, the reason, and that no WWW-Authenticate came along.
func check(t *testing.T, got reply, want refusal) {
	t.Helper()
	have := refusal{got.status, got.body, got.header.Get("x-amzn-ErrorType"), got.header.Get("x-poolgate-reason")}
	if have != want {
		t.Errorf("answered %+v\nexpected %+v", have, want)
	}
	if challenge, sent := got.header["Www-Authenticate"]; sent {
		t.Errorf("carries WWW-Authenticate %q", challenge)
	}
	if got.header.Get("Content-Type") != "application/json" {
		t.Errorf("Content-Type is %q", got.header.Get("Content-Type"))
	}
	for _, name := range []string{"x-amzn-RequestId", "x-amz-apigw-id"} {
		if got.header.Get(name) == "" {
			t.Errorf("has no %s", name)
		}
	}
}

// TestTheDecisionTable asks every row of the decision table of a REST API with a COGNITO_USER_POOLS authorizer.
func TestTheDecisionTable(t *testing.T) {
	p := serve(t)
	s := p.newSite(t)
	other := p.newPool(t, "other").passwordSignIn(t, "jo")
	admin := s.passwordSignIn(t, "jo") // its scope is aws.cognito.signin.user.admin
	granted := s.pageSignIn(t, "openid "+customScope)
	unauthorizedFor := func(reason string) refusal {
		return refusal{401, unauthorized, "UnauthorizedException", reason}
	}
	for name, row := range map[string]struct {
		path, authorization string
		want                refusal
	}{
		"no identity source":                     {"/plain", "", unauthorizedFor("identity_source_missing")},
		"not a JWT":                              {"/plain", "invalid-token", unauthorizedFor("token_malformed")},
		"cut short":                              {"/plain", admin.id[:len(admin.id)/2], unauthorizedFor("token_malformed")},
		"another pool":                           {"/plain", other.id, unauthorizedFor("token_issuer")},
		"unknown kid":                            {"/plain", withHeader(t, admin.id, `{"kid":"nobody","alg":"RS256"}`), unauthorizedFor("token_key_unknown")},
		"alg none":                               {"/plain", withHeader(t, admin.id, `{"kid":"nobody","alg":"none"}`), unauthorizedFor("token_algorithm")},
		"HS256":                                  {"/plain", withHeader(t, admin.id, `{"kid":"nobody","alg":"HS256"}`), unauthorizedFor("token_algorithm")},
		"bad signature":                          {"/plain", tampered(admin.id), unauthorizedFor("token_signature")},
		"refresh token":                          {"/plain", admin.refresh, unauthorizedFor("token_is_refresh_token")},
		"a megabyte of token":                    {"/plain", strings.Repeat("a", 30<<10), unauthorizedFor("token_malformed")},
		"no scopes, access token":                {"/plain", admin.access, unauthorizedFor("token_use_id_expected")},
		"scopes, ID token":                       {"/scoped", admin.id, unauthorizedFor("token_use_access_expected")},
		"scopes, access token with none of them": {"/scoped", admin.access, unauthorizedFor("scope_missing")},
		"unmatched route without an Authorization":  {"/nowhere", "", refusal{403, `{"message":"Missing Authentication Token"}`, "MissingAuthenticationTokenException", "route_not_found"}},
		"unmatched route with a Bearer token":       {"/nowhere", "Bearer " + admin.id, refusal{403, pairMessage("Bearer " + admin.id), "IncompleteSignatureException", "route_not_found_signature_expected"}},
		"unmatched route below a matched one":       {"/plain/more", "", refusal{403, `{"message":"Missing Authentication Token"}`, "MissingAuthenticationTokenException", "route_not_found"}},
		"path tricks do not reach another resource": {"/nowhere/..%2fplain", "", refusal{403, `{"message":"Missing Authentication Token"}`, "MissingAuthenticationTokenException", "route_not_found"}},
	} {
		t.Run(name, func(t *testing.T) { check(t, s.invoke(t, row.path, row.authorization), row.want) })
	}
	for name, row := range map[string]struct{ path, authorization string }{
		"no scopes, ID token":                   {"/plain", admin.id},
		"no scopes, Bearer ID token":            {"/plain", "Bearer " + admin.id},
		"trailing slash":                        {"/plain/", admin.id},
		"scopes, access token with one of them": {"/scoped", granted.access},
	} {
		t.Run(name, func(t *testing.T) {
			got := s.invoke(t, row.path, row.authorization)
			if got.status != http.StatusOK || got.header.Get("x-amzn-ErrorType") != "" || got.header.Get("x-poolgate-reason") != "" {
				t.Errorf("answered %d %s %v", got.status, got.body, got.header)
			}
		})
	}
	t.Run("identityValidationExpression is about aud alone", func(t *testing.T) { s.checkAudience(t, admin) })
	t.Run("explain tells the reason of a request id", func(t *testing.T) { s.checkExplain(t, admin) })
	t.Run("expired", func(t *testing.T) {
		s.moveClock(t, "2h")
		check(t, s.invoke(t, "/plain", admin.id),
			refusal{401, `{"message":"The incoming token has expired"}`, "UnauthorizedException", "token_expired"})
		check(t, s.invoke(t, "/plain", tampered(admin.id)), unauthorizedFor("token_signature"))
	})
}

func (s *site) checkAudience(t *testing.T, token tokens) {
	t.Helper()
	for _, step := range []struct {
		op, value string
		want      int
	}{{"replace", "nobody", 401}, {"replace", s.clientID, 200}} {
		s.aws(t, "apigateway", "update-authorizer", "--rest-api-id", s.apiID, "--authorizer-id", s.authorizerID,
			"--patch-operations", "op="+step.op+",path=/identityValidationExpression,value="+step.value)
		s.deploy(t)
		got := s.invoke(t, "/plain", token.id)
		if got.status != step.want {
			t.Errorf("with the expression %s the ID token got %d %s", step.value, got.status, got.body)
		}
		if step.want == 401 {
			check(t, got, refusal{401, unauthorized, "UnauthorizedException", "token_audience"})
		}
	}
}

func (s *site) checkExplain(t *testing.T, token tokens) {
	t.Helper()
	id := s.invoke(t, "/scoped", token.id).header.Get("x-amzn-RequestId")
	explain := exec.CommandContext(t.Context(), binary, "explain", "--endpoint-url", s.url, id)
	out, err := explain.Output()
	if code := explain.ProcessState.ExitCode(); code != 1 {
		t.Fatalf("exit %d: %v %s", code, err, out)
	}
	for _, part := range []string{"token_use_access_expected", "Refused with 401", "saw", "expected", "What mends it", "signature"} {
		if !strings.Contains(string(out), part) {
			t.Errorf("explain does not say %q:\n%s", part, out)
		}
	}
	if strings.Contains(string(out), token.id[:40]) {
		t.Error("explain prints the token")
	}
	id = s.invoke(t, "/plain", token.id).header.Get("x-amzn-RequestId")
	if out, err := exec.CommandContext(t.Context(), binary, "explain", "--json", "--endpoint-url", s.url, id).Output(); err != nil || !json.Valid(out) {
		t.Errorf("an allowed request: %v %s", err, out)
	}
	unknown := exec.CommandContext(t.Context(), binary, "explain", "--endpoint-url", s.url, "00000000-0000-4000-8000-000000000000")
	unknown.Env = os.Environ()
	if out, err := unknown.CombinedOutput(); err == nil || unknown.ProcessState.ExitCode() != 2 || !strings.Contains(string(out), "hint:") {
		t.Errorf("an unknown request: exit %d %s", unknown.ProcessState.ExitCode(), out)
	}
}

// pairMessage is what AWS says of an Authorization header it takes for a broken signature. That the whole value is hashed is chosen.
func pairMessage(header string) string {
	sum := sha256.Sum256([]byte(header))
	return fmt.Sprintf(`{"message":"Invalid key=value pair (missing equal-sign) in Authorization header (hashed with SHA-256 and encoded with Base64): '%s'."}`,
		base64.StdEncoding.EncodeToString(sum[:]))
}

// withHeader puts another JOSE header on a token.
func withHeader(t *testing.T, token, header string) string {
	t.Helper()
	_, rest, found := strings.Cut(token, ".")
	if !found {
		t.Fatal("no token")
	}
	return base64.RawURLEncoding.EncodeToString([]byte(header)) + "." + rest
}

// tampered changes the payload under a signature that no longer fits.
func tampered(token string) string {
	parts := strings.Split(token, ".")
	payload, _ := base64.RawURLEncoding.DecodeString(parts[1])
	changed := strings.Replace(string(payload), `"sub":"`, `"sub":"x`, 1)
	return parts[0] + "." + base64.RawURLEncoding.EncodeToString([]byte(changed)) + "." + parts[2]
}
