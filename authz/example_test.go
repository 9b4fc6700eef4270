package authz_test

import (
	"context"
	"fmt"
	"log"
	"net/http"
	"net/http/httptest"
	"time"

	"github.com/poolgate/poolgate/authz"
	"github.com/poolgate/poolgate/authz/jwks"
)

// A service behind no gateway protects its routes as API Gateway would, each with scopes of its own: a route that lists none takes ID tokens,
// one that lists some takes access tokens that carry one of them. What clients are told is what AWS would tell them; the
// service learns the reason.
func ExampleAuthorizer_Handler() {
	pool, err := authz.ParsePoolARN("arn:aws:cognito-idp:eu-west-1:123456789012:userpool/eu-west-1_Abc123xyz")
	if err != nil {
		log.Fatal(err)
	}
	// For a pool on AWS leave Issuer out.
	idp := newProvider()
	defer idp.Close()
	issuer := func(p authz.Pool) string { return idp.URL + "/" + p.ID }

	var engine *authz.Engine
	keys := jwks.New(jwks.Options{Issuer: issuer, Changed: func(p authz.Pool) { engine.Forget(p) }})
	defer keys.Close()
	engine = authz.New(keys)
	authorizer, err := engine.Compile(authz.Settings{Pools: []authz.Pool{pool}})
	if err != nil {
		log.Fatal(err)
	}
	reply := func(text string) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			fmt.Fprint(w, text, " ", authz.ClaimsFrom(r.Context()).Subject())
		})
	}
	why := authz.OnRefusal(func(r *http.Request, reason authz.Reason) {
		fmt.Println("refused", r.Method, r.URL.Path, reason)
	})
	mux := http.NewServeMux()
	mux.Handle("GET /me", authorizer.Handler(nil, reply("you are"), why))
	mux.Handle("GET /orders", authorizer.Handler([]string{"orders/read", "orders/write"}, reply("orders of"), why))
	mux.Handle("POST /orders", authorizer.Handler([]string{"orders/write"}, reply("ordered by"), why))

	call := func(method, path, token string) {
		r := httptest.NewRequest(method, path, nil)
		r.Header.Set("Authorization", token)
		w := httptest.NewRecorder()
		mux.ServeHTTP(w, r)
		fmt.Println(w.Code, w.Body)
	}
	id, access := idp.poolToken(issuer(pool), "id", ""), idp.poolToken(issuer(pool), "access", "openid orders/read")
	call(http.MethodGet, "/me", id)
	call(http.MethodGet, "/me", access)
	call(http.MethodGet, "/orders", "Bearer "+access)
	call(http.MethodPost, "/orders", "Bearer "+access)
	call(http.MethodPost, "/orders", id)
	// Output:
	// 200 you are ada
	// refused GET /me token_use_id_expected
	// 401 {"message":"Unauthorized"}
	// 200 orders of ada
	// refused POST /orders scope_missing
	// 401 {"message":"Unauthorized"}
	// refused POST /orders token_use_access_expected
	// 401 {"message":"Unauthorized"}
}

// Without net/http: a gRPC interceptor or a message consumer decides about the token that it was given.
func ExampleAuthorizer_Decide() {
	idp := newProvider()
	defer idp.Close()
	pool := authz.Pool{Region: "eu-west-1", ID: "eu-west-1_Abc123xyz"}
	issuer := func(p authz.Pool) string { return idp.URL + "/" + p.ID }
	keys := jwks.New(jwks.Options{Issuer: issuer})
	defer keys.Close()
	authorizer, err := authz.New(keys).Compile(authz.Settings{Pools: []authz.Pool{pool}})
	if err != nil {
		log.Fatal(err)
	}
	token := idp.poolToken(issuer(pool), "access", "orders/read")
	for _, scopes := range [][]string{{"orders/read"}, {"orders/write"}} {
		decision := authorizer.Decide(context.Background(), token, scopes, time.Now())
		if decision.Allowed {
			fmt.Println("come in,", decision.Claims.Subject())
			continue
		}
		info := decision.Reason.Info()
		fmt.Println(info.Status, decision.Message())
		fmt.Println(info.Code+":", info.Sentence)
	}
	// Output:
	// come in, ada
	// 401 Unauthorized
	// scope_missing: The access token carries none of the method's authorization scopes.
}

// An explanation says which check refused, what it saw and what would mend it.
func ExampleAuthorizer_Explain() {
	engine := authz.New(jwks.New(jwks.Options{}))
	authorizer, err := engine.Compile(authz.Settings{Pools: []authz.Pool{{Region: "eu-west-1", ID: "eu-west-1_Abc123xyz"}}})
	if err != nil {
		log.Fatal(err)
	}
	decision, checks := authorizer.Explain(context.Background(), "Bearer  twice.the.space", nil, time.Now())
	fmt.Println(decision.Reason, decision.Reason.Info().Status, decision.Message())
	for _, c := range checks {
		if c.Outcome == authz.Failed {
			fmt.Println(c.Name, "saw", c.Saw)
		}
	}
	// Output:
	// token_malformed 401 Unauthorized
	// shape saw a header that is not base64url
}
