package e2e

import (
	"crypto"
	"crypto/hmac"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"crypto/x509"
	"encoding/base64"
	"encoding/json"
	"encoding/pem"
	"fmt"
	"math/big"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"
)

// forger makes tokens that look as the pool's, with a key of its own.
type forger struct {
	key *rsa.PrivateKey
	// kid, public and payload are of a real token of the pool.
	kid     string
	public  *rsa.PublicKey
	payload string
}

func newForger(t *testing.T, s *site, token string) *forger {
	t.Helper()
	key, err := rsa.GenerateKey(rand.Reader, 2048)
	must(t, err)
	parts := strings.Split(token, ".")
	header, err := base64.RawURLEncoding.DecodeString(parts[0])
	must(t, err)
	payload, err := base64.RawURLEncoding.DecodeString(parts[1])
	must(t, err)
	var named struct {
		Kid string `json:"kid"`
	}
	must(t, json.Unmarshal(header, &named))
	var set struct {
		Keys []struct{ Kid, N, E string } `json:"keys"`
	}
	must(t, json.Unmarshal([]byte(send(t, http.MethodGet, s.url+"/"+s.poolID+"/.well-known/jwks.json", "", nil).body), &set))
	f := &forger{key: key, kid: named.Kid, payload: string(payload)}
	for _, k := range set.Keys {
		if k.Kid == named.Kid {
			n, err := base64.RawURLEncoding.DecodeString(k.N)
			must(t, err)
			f.public = &rsa.PublicKey{N: new(big.Int).SetBytes(n), E: 65537}
		}
	}
	if f.public == nil {
		t.Fatal("the token's key is not published")
	}
	return f
}

// sign is a token of that header and payload, signed with the forger's key.
func (f *forger) sign(t *testing.T, header, payload string) string {
	t.Helper()
	text := base64.RawURLEncoding.EncodeToString([]byte(header)) + "." + base64.RawURLEncoding.EncodeToString([]byte(payload))
	sum := sha256.Sum256([]byte(text))
	signature, err := rsa.SignPKCS1v15(rand.Reader, f.key, crypto.SHA256, sum[:])
	must(t, err)
	return text + "." + base64.RawURLEncoding.EncodeToString(signature)
}

// hs256 is a token signed with the public key's text as if that were a shared secret.
func (f *forger) hs256(t *testing.T) string {
	t.Helper()
	der, err := x509.MarshalPKIXPublicKey(f.public)
	must(t, err)
	text := base64.RawURLEncoding.EncodeToString(fmt.Appendf(nil, `{"kid":%q,"alg":"HS256"}`, f.kid)) + "." + base64.RawURLEncoding.EncodeToString([]byte(f.payload))
	mac := hmac.New(sha256.New, pem.EncodeToMemory(&pem.Block{Type: "PUBLIC KEY", Bytes: der}))
	mac.Write([]byte(text))
	return text + "." + base64.RawURLEncoding.EncodeToString(mac.Sum(nil))
}

// TestForgedTokens sends what an attacker makes of a real token and the pool's published keys: each is the exact 401 with its
// reason, no address that a token names is called, and the real token goes on to open.
func TestForgedTokens(t *testing.T) {
	s := serve(t).newSite(t)
	real := s.passwordSignIn(t, "jo")
	f := newForger(t, s, real.id)
	parts := strings.Split(real.id, ".")
	var called atomic.Int64
	mallory := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { called.Add(1); w.WriteHeader(http.StatusNotFound) }))
	defer mallory.Close()
	kid := fmt.Sprintf(`"kid":%q,"alg":"RS256"`, f.kid)
	jwk := fmt.Sprintf(`"jwk":{"kty":"RSA","kid":%q,"e":"AQAB","n":%q}`, f.kid, base64.RawURLEncoding.EncodeToString(f.key.N.Bytes()))
	twice := func(claim, value string) string {
		return strings.TrimSuffix(f.payload, "}") + fmt.Sprintf(`,%q:%q}`, claim, value)
	}
	for name, row := range map[string]struct{ authorization, reason string }{
		"cut short in the header":                 {parts[0][:10], "token_malformed"},
		"cut short in the payload":                {real.id[:len(parts[0])+30], "token_malformed"},
		"cut short before the signature":          {parts[0] + "." + parts[1], "token_malformed"},
		"without its signature":                   {parts[0] + "." + parts[1] + ".", "token_signature"},
		"alg none":                                {withHeader(t, parts[0]+"."+parts[1]+".", fmt.Sprintf(`{"kid":%q,"alg":"none"}`, f.kid)), "token_algorithm"},
		"HS256 with the public key":               {f.hs256(t), "token_algorithm"},
		"an unknown kid":                          {f.sign(t, `{"kid":"mallory","alg":"RS256"}`, f.payload), "token_key_unknown"},
		"the pool's kid over another key":         {f.sign(t, `{`+kid+`}`, f.payload), "token_signature"},
		"a key of its own in jwk":                 {f.sign(t, `{`+kid+`,`+jwk+`}`, f.payload), "token_signature"},
		"an address of its own in jku":            {f.sign(t, `{`+kid+`,"jku":"`+mallory.URL+`/jwks.json"}`, f.payload), "token_signature"},
		"an address of its own in x5u":            {f.sign(t, `{`+kid+`,"x5u":"`+mallory.URL+`/cert.pem"}`, f.payload), "token_signature"},
		"an address of its own as issuer":         {f.sign(t, `{`+kid+`}`, `{"iss":"`+mallory.URL+`/`+s.poolID+`","sub":"x","token_use":"id","exp":99999999999}`), "token_issuer"},
		"a tampered payload":                      {tampered(real.id), "token_signature"},
		"a claim twice":                           {f.sign(t, `{`+kid+`}`, twice("token_use", "id")), "token_malformed"},
		"a claim twice, under the real signature": {parts[0] + "." + base64.RawURLEncoding.EncodeToString([]byte(twice("sub", "root"))) + "." + parts[2], "token_malformed"},
		"a payload that is not UTF-8":             {f.sign(t, `{`+kid+`}`, strings.Replace(f.payload, `"sub":"`, "\"sub\":\"\xff", 1)), "token_malformed"},
		"two tokens in one header":                {real.id + "," + real.id, "token_malformed"},
		"a refresh token":                         {real.refresh, "token_is_refresh_token"},
		"a refresh token as bearer":               {"Bearer " + real.refresh, "token_is_refresh_token"},
	} {
		t.Run(name, func(t *testing.T) {
			for range 2 { // what was refused once is not remembered as something else
				check(t, s.invoke(t, "/plain", row.authorization), refusal{401, unauthorized, "UnauthorizedException", row.reason})
			}
		})
	}
	if got := s.invoke(t, "/plain", real.id); got.status != http.StatusOK {
		t.Errorf("after all of these the real token got %d %s", got.status, got.body)
	}
	if called.Load() != 0 {
		t.Error("an address that a token named was called")
	}
	if strings.Contains(s.stderr.String(), "panic") {
		t.Errorf("the server said\n%s", s.stderr)
	}
}

// TestNothingSecretIsLogged signs in, fails to and calls an API with --verbose: no password, code, secret or token is
// in what the server says, not even the beginning of a token.
func TestNothingSecretIsLogged(t *testing.T) {
	p := serve(t, "--verbose")
	s := p.newSite(t)
	real := s.passwordSignIn(t, "jo")
	const wrong, secret, code = "Wr0ng-horse-battery", "5ecret-of-nobody", "c0de-of-nobody"
	amz := http.Header{"Content-Type": {"application/x-amz-json-1.1"}}
	call := func(operation, body string) {
		header := amz.Clone()
		header["X-Amz-Target"] = []string{jsonTarget + operation}
		send(t, http.MethodPost, s.url, body, header)
	}
	for _, user := range []string{"jo", "nobody"} {
		call("InitiateAuth", fmt.Sprintf(`{"AuthFlow":"USER_PASSWORD_AUTH","ClientId":%q,"AuthParameters":{"USERNAME":%q,"PASSWORD":%q}}`, s.clientID, user, wrong))
		call("ConfirmForgotPassword", fmt.Sprintf(`{"ClientId":%q,"Username":%q,"ConfirmationCode":%q,"Password":%q}`, s.clientID, user, code, wrong))
		call("InitiateAuth", fmt.Sprintf(`{"AuthFlow":"USER_PASSWORD_AUTH","ClientId":%q,"AuthParameters":{"USERNAME":%q,"PASSWORD":`, s.clientID, wrong))
		// A password typed into the field of the name.
		call("InitiateAuth", fmt.Sprintf(`{"AuthFlow":"USER_PASSWORD_AUTH","ClientId":%q,"AuthParameters":{"USERNAME":%q,"PASSWORD":"x"}}`, s.clientID, wrong))
	}
	call("GetUser", fmt.Sprintf(`{"AccessToken":%q}`, real.id))
	for _, token := range []string{real.id, real.access, real.refresh, tampered(real.id)} {
		s.invoke(t, "/plain", "Bearer "+token)
		s.invoke(t, "/nowhere?token="+token, token)
		send(t, http.MethodGet, s.url+"/_aws/cognito-idp/oauth2/userInfo", "", http.Header{"Authorization": {"Bearer " + token}})
	}
	form := http.Header{"Content-Type": {"application/x-www-form-urlencoded"}}
	for _, body := range []string{
		"grant_type=authorization_code&client_id=" + s.clientID + "&code=" + code,
		"grant_type=refresh_token&client_id=" + s.clientID + "&refresh_token=" + real.refresh[:len(real.refresh)-1],
		"grant_type=client_credentials&client_id=" + s.clientID + "&client_secret=" + secret,
	} {
		send(t, http.MethodPost, s.url+"/_aws/cognito-idp/oauth2/token", body, form)
	}
	log := s.stderr.String()
	for _, said := range []string{"operation=InitiateAuth", "operation=GetUser", "msg=request", "login refused"} {
		if !strings.Contains(log, said) {
			t.Errorf("--verbose does not say %q", said)
		}
	}
	for name, text := range map[string]string{
		"password": userPassword, "wrong password": wrong, "client secret": secret, "code": code,
		"ID token": real.id[:60], "access token": real.access[:60], "refresh token": real.refresh[:60], "signature": real.id[len(real.id)-40:],
	} {
		if strings.Contains(log, text) {
			t.Errorf("the log holds the %s", name)
		}
	}
}

// TestNobodyElseIsToldAReason: only a client on this machine, while no access keys are configured, reads why it was refused.
func TestNobodyElseIsToldAReason(t *testing.T) {
	s := serve(t).newSite(t)
	signed := serve(t, "--access-key", "test:test").newSite(t)
	for name, row := range map[string]struct {
		s      *site
		header http.Header
		told   bool
	}{
		"on this machine":              {s, http.Header{}, true},
		"through a proxy":              {s, http.Header{"X-Forwarded-For": {"10.0.0.1"}}, false},
		"through a proxy that says so": {s, http.Header{"Forwarded": {"for=10.0.0.1"}}, false},
		"with access keys configured":  {signed, http.Header{}, false},
	} {
		t.Run(name, func(t *testing.T) {
			row.header.Set("Authorization", "no-token")
			for _, path := range []string{"/plain", "/nowhere"} {
				got := send(t, http.MethodGet, row.s.url+"/_aws/execute-api/"+row.s.apiID+"/dev"+path, "", row.header)
				var named []string
				for name := range got.header {
					if strings.Contains(strings.ToLower(name), "poolgate") {
						named = append(named, name)
					}
				}
				if got.status != map[string]int{"/plain": 401, "/nowhere": 403}[path] || (len(named) > 0) != row.told {
					t.Errorf("%s answered %d with %q", path, got.status, named)
				}
				if strings.Contains(strings.ToLower(got.body), "poolgate") {
					t.Errorf("%s answered %s", path, got.body)
				}
			}
		})
	}
}
