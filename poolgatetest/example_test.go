package poolgatetest_test

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"time"

	"github.com/poolgate/poolgate/authz"
	"github.com/poolgate/poolgate/authz/jwks"
	"github.com/poolgate/poolgate/poolgatetest"
)

// orders is an API whose GET wants an ID token and whose POST an access token with the scope orders/write.
const orders = `
openapi: 3.0.1
info: {title: orders, version: "1"}
paths:
  /orders:
    get:
      security: [{pool: []}]
      responses: {"200": {description: whose orders}}
      x-amazon-apigateway-integration: &mock
        type: mock
        requestTemplates: {application/json: '{"statusCode":200}'}
        responses: {default: {statusCode: "200", responseTemplates: {application/json: 'orders of $context.authorizer.claims.sub.length() letters'}}}
    post:
      security: [{pool: [orders/write]}]
      responses: {"200": {description: done}}
      x-amazon-apigateway-integration: *mock
components:
  securitySchemes:
    pool:
      type: apiKey
      name: Authorization
      in: header
      x-amazon-apigateway-authtype: cognito_user_pools
      x-amazon-apigateway-authorizer: {type: cognito_user_pools, providerARNs: [POOL_ARN]}
`

// example stands in for the *testing.T of a test.
type example struct{ cleanups []func() }

func (*example) Helper()                           {}
func (e *example) Cleanup(f func())                { e.cleanups = append(e.cleanups, f) }
func (*example) Fatalf(format string, args ...any) { panic(fmt.Sprintf(format, args...)) }
func (e *example) end() {
	for i := len(e.cleanups) - 1; i >= 0; i-- {
		e.cleanups[i]()
	}
}

// A method without scopes takes ID tokens, a method with scopes takes access tokens that carry one of them. In a test, t is its *testing.T.
func ExampleStart() {
	t := new(example)
	defer t.end()

	s := poolgatetest.Start(t)
	pool := s.Pool("orders/read", "orders/write")
	ada, client := pool.User("ada"), pool.Client()
	api := pool.API(orders)

	tokens := client.SignIn(ada)
	fmt.Println(api.Get("/orders", tokens.ID).Body)
	fmt.Println(api.Get("/orders", tokens.Access).Reason)

	scoped := client.Login(ada, "openid orders/write")
	post := func(token string) poolgatetest.Answer {
		return api.Send(http.MethodPost, "/orders", "", http.Header{"Authorization": {token}})
	}
	fmt.Println(post(tokens.Access).Reason)
	fmt.Println(post(scoped.Access).Status)

	s.Advance(2 * time.Hour)
	late := post(scoped.Access)
	fmt.Println(late.Status, late.Body, late.Reason)
	// Output:
	// orders of 36 letters
	// token_use_id_expected
	// scope_missing
	// 200
	// 401 {"message":"The incoming token has expired"} token_expired
}

// A machine is given tokens for itself, at the token endpoint.
func ExamplePool_Machine() {
	t := new(example)
	defer t.end()

	pool := poolgatetest.Start(t).Pool("orders/write")
	token := pool.Machine().Token("orders/write")
	got := pool.API(orders).Send(http.MethodPost, "/orders", "", http.Header{"Authorization": {"Bearer " + token}})
	fmt.Println(got.Status)
	// Output:
	// 200
}

// An HTTP API takes ID and access tokens alike where a route lists no scopes, and says in a header what is wrong. Its backend is the test's own.
func ExampleClient_HTTPAPI() {
	t := new(example)
	defer t.end()
	backend := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		fmt.Fprint(w, r.Method, " orders")
	}))
	defer backend.Close()

	pool := poolgatetest.Start(t).Pool("orders/write")
	client, ada := pool.Client(), pool.User("ada")
	api := client.HTTPAPI(strings.ReplaceAll(`
openapi: 3.0.1
info: {title: orders, version: "1"}
paths:
  /orders:
    get:
      security: [{jwt: []}]
      x-amazon-apigateway-integration: {type: http_proxy, httpMethod: GET, uri: BACKEND, payloadFormatVersion: "1.0"}
    post:
      security: [{jwt: [orders/write]}]
      x-amazon-apigateway-integration: {type: http_proxy, httpMethod: POST, uri: BACKEND, payloadFormatVersion: "1.0"}
components:
  securitySchemes:
    jwt:
      type: oauth2
      x-amazon-apigateway-authorizer:
        type: jwt
        identitySource: $request.header.Authorization
        jwtConfiguration: {issuer: POOL_ISSUER, audience: [CLIENT_ID]}
`, "BACKEND", backend.URL))

	tokens := client.SignIn(ada)
	fmt.Println(api.Get("/orders", tokens.ID).Body)
	fmt.Println(api.Get("/orders", tokens.Access).Body)
	refused := api.Send(http.MethodPost, "/orders", "", http.Header{"Authorization": {tokens.Access}})
	fmt.Println(refused.Status, refused.Reason)
	fmt.Println(refused.Header.Get("WWW-Authenticate"))
	// Output:
	// GET orders
	// GET orders
	// 403 scope_missing
	// Bearer scope="orders/write" error="insufficient_scope" error_description="the token does not have a valid scope"
}

// A service that protects itself with package authz is tested with the tokens of a real pool.
func ExampleServer_Issuer() {
	t := new(example)
	defer t.end()

	s := poolgatetest.Start(t)
	pool := s.Pool("orders/read")

	keys := jwks.New(jwks.Options{Issuer: s.Issuer})
	defer keys.Close()
	authorizer, err := authz.New(keys).Compile(authz.Settings{Pools: []authz.Pool{pool.Ref()}})
	if err != nil {
		t.Fatalf("%v", err)
	}
	service := httptest.NewServer(authorizer.Handler([]string{"orders/read"}, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		fmt.Fprint(w, "scopes: ", authz.ClaimsFrom(r.Context()).Scopes())
	})))
	defer service.Close()

	request := httptest.NewRequest(http.MethodGet, service.URL, nil)
	request.RequestURI = ""
	request.Header.Set("Authorization", "Bearer "+pool.Client().Login(pool.User("ada"), "openid orders/read").Access)
	answer, err := http.DefaultClient.Do(request)
	if err != nil {
		t.Fatalf("%v", err)
	}
	defer answer.Body.Close()
	body := make([]byte, 64)
	n, _ := answer.Body.Read(body)
	fmt.Println(answer.StatusCode, string(body[:n]))
	// Output:
	// 200 scopes: [openid orders/read]
}
