package authz_test

import (
	"context"
	"crypto"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"encoding/base64"
	"fmt"
	"log"
	"net/http"
	"net/http/httptest"
	"time"

	"github.com/poolgate/poolgate/authz"
	"github.com/poolgate/poolgate/authz/jwks"
)

// provider is an OpenID provider as any other, for the examples: a key, its two documents, and tokens. It is a user pool of any id too.
type provider struct {
	*httptest.Server
	key *rsa.PrivateKey
}

func newProvider() *provider {
	key, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		log.Fatal(err)
	}
	p := &provider{key: key}
	mux := http.NewServeMux()
	mux.HandleFunc("/.well-known/openid-configuration", func(w http.ResponseWriter, _ *http.Request) {
		fmt.Fprintf(w, `{"issuer":%q,"jwks_uri":%q}`, p.URL, p.URL+"/keys")
	})
	keys := func(w http.ResponseWriter, _ *http.Request) {
		fmt.Fprintf(w, `{"keys":[{"kty":"RSA","kid":"1","e":"AQAB","n":%q}]}`, base64.RawURLEncoding.EncodeToString(key.N.Bytes()))
	}
	mux.HandleFunc("/keys", keys)
	mux.HandleFunc("/{pool}/.well-known/jwks.json", keys)
	p.Server = httptest.NewServer(mux)
	return p
}

// token is an access token for an hour with these scopes.
func (p *provider) token(scopes string) string {
	return p.signed(fmt.Sprintf(`"iss":%q,"aud":"orders-api","scope":%q`, p.URL, scopes))
}

// poolToken is a token for an hour as a user pool issues it.
func (p *provider) poolToken(issuer, use, scopes string) string {
	return p.signed(fmt.Sprintf(`"iss":%q,"token_use":%q,"scope":%q`, issuer, use, scopes))
}

// signed is a token for an hour with these claims.
func (p *provider) signed(claims string) string {
	encode := base64.RawURLEncoding.EncodeToString
	text := encode([]byte(`{"alg":"RS256","kid":"1"}`)) + "." + encode(fmt.Appendf(nil, `{%s,"sub":"ada","exp":%d}`, claims, time.Now().Add(time.Hour).Unix()))
	digest := sha256.Sum256([]byte(text))
	signature, err := rsa.SignPKCS1v15(nil, p.key, crypto.SHA256, digest[:])
	if err != nil {
		log.Fatal(err)
	}
	return text + "." + encode(signature)
}

// A service protects its routes as an HTTP API's JWT authorizer would, each with scopes of its own. The tokens may be any OpenID
// provider's; its keys are fetched, remembered and refreshed.
func ExampleJWTAuthorizer_Handler() {
	idp := newProvider()
	defer idp.Close()

	var engine *authz.Engine
	keys := jwks.New(jwks.Options{IssuerChanged: func(issuer string) { engine.ForgetIssuer(issuer) }})
	defer keys.Close()
	engine = authz.New(keys, authz.WithIssuers(keys))
	authorizer, err := engine.CompileJWT(authz.JWTSettings{Issuer: idp.URL, Audience: []string{"orders-api"}})
	if err != nil {
		log.Fatal(err)
	}
	orders := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		fmt.Fprint(w, "orders of ", authz.ClaimsFrom(r.Context()).Subject())
	})
	mux := http.NewServeMux()
	mux.Handle("GET /orders", authorizer.Handler([]string{"orders/read"}, orders))
	mux.Handle("POST /orders", authorizer.Handler([]string{"orders/write"}, orders))

	call := func(method, authorization string) {
		r := httptest.NewRequest(method, "/orders", nil)
		r.Header.Set("Authorization", authorization)
		w := httptest.NewRecorder()
		mux.ServeHTTP(w, r)
		fmt.Println(w.Code, w.Body)
		if challenge := w.Header().Get("WWW-Authenticate"); challenge != "" {
			fmt.Println("  ", challenge)
		}
	}
	token := idp.token("openid orders/read")
	call(http.MethodGet, "Bearer "+token)
	call(http.MethodPost, "Bearer "+token)
	call(http.MethodGet, "Bearer letmein")
	call(http.MethodGet, "")
	// Output:
	// 200 orders of ada
	// 403 {"message":"Forbidden"}
	//    Bearer scope="orders/write" error="insufficient_scope" error_description="the token does not have a valid scope"
	// 401 {"message":"Unauthorized"}
	//    Bearer scope="orders/read" error="invalid_token" error_description="token contains an invalid number of segments"
	// 401 {"message":"Unauthorized"}
	//    Bearer
}

// An explanation says which check refused and what would have passed.
func ExampleJWTAuthorizer_Explain() {
	idp := newProvider()
	defer idp.Close()
	keys := jwks.New(jwks.Options{})
	defer keys.Close()
	authorizer, err := authz.New(keys, authz.WithIssuers(keys)).CompileJWT(authz.JWTSettings{Issuer: idp.URL, Audience: []string{"invoices-api"}})
	if err != nil {
		log.Fatal(err)
	}
	decision, checks := authorizer.Explain(context.Background(), idp.token("orders/read"), nil, time.Now())
	fmt.Println(decision.Reason, decision.Status, decision.AuthorizerError())
	for _, c := range checks {
		if c.Outcome == authz.Failed {
			fmt.Println(c.Name, "saw", c.Saw)
			fmt.Println("expected", c.Expected)
		}
	}
	// Output:
	// token_audience 401 invalid_token: the token does not have a valid audience
	// audience saw aud "orders-api"
	// expected an aud, or without aud a client_id, of the authorizer's audience: "invoices-api"
}
