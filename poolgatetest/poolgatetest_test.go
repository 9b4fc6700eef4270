package poolgatetest_test

import (
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"runtime"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	cognito "github.com/aws/aws-sdk-go-v2/service/cognitoidentityprovider"
	"github.com/golang-jwt/jwt/v5"

	"github.com/poolgate/poolgate/authz"
	"github.com/poolgate/poolgate/poolgatetest"
)

var _ poolgatetest.TB = testing.TB(nil)

// claims reads a token without verifying it.
func claims(t *testing.T, token string) jwt.MapClaims {
	t.Helper()
	parsed, _, err := jwt.NewParser().ParseUnverified(token, jwt.MapClaims{})
	if err != nil {
		t.Fatal(err)
	}
	return parsed.Claims.(jwt.MapClaims)
}

func TestServersInParallelShareNothing(t *testing.T) {
	for i := range 3 {
		t.Run(fmt.Sprint("server ", i), func(t *testing.T) {
			t.Parallel()
			s := poolgatetest.Start(t)
			pool := s.Pool()
			pools, err := cognito.NewFromConfig(s.Config()).ListUserPools(t.Context(), &cognito.ListUserPoolsInput{MaxResults: aws.Int32(10)})
			if err != nil {
				t.Fatal(err)
			}
			if len(pools.UserPools) != 1 || *pools.UserPools[0].Id != pool.ID {
				t.Errorf("the server has %d pools", len(pools.UserPools))
			}
			api := pool.API(orders)
			tokens := pool.Client().SignIn(pool.User("ada"))
			s.Advance(time.Duration(i) * time.Hour) // one more hour than the tokens live is one too many
			want := []int{200, 401, 401}[i]
			if got := api.Get("/orders", tokens.ID); got.Status != want {
				t.Errorf("answered %d %s, expected %d", got.Status, got.Reason, want)
			}
		})
	}
}

func TestAServerEndsWithItsTest(t *testing.T) {
	before := runtime.NumGoroutine()
	url := ""
	t.Run("the test", func(t *testing.T) {
		s := poolgatetest.Start(t)
		pool := s.Pool()
		pool.Client().SignIn(pool.User("ada"))
		url = s.URL
	})
	if answer, err := http.Get(url + "/_poolgate/health"); err == nil {
		answer.Body.Close()
		t.Error("it still answers")
	}
	deadline := time.After(10 * time.Second)
	for tick := time.NewTicker(time.Millisecond); runtime.NumGoroutine() > before; {
		select {
		case <-tick.C:
		case <-deadline:
			stacks := make([]byte, 64<<10)
			t.Fatalf("%d goroutines before, %d after:\n%s", before, runtime.NumGoroutine(), stacks[:runtime.Stack(stacks, true)])
		}
	}
}

func TestTokensAreThoseOfTheUserAndTheClient(t *testing.T) {
	t.Parallel()
	s := poolgatetest.Start(t)
	pool := s.Pool("https://orders.example/v1/read", "orders/read", "orders/write")
	client, ada := pool.Client(), pool.User("ada", "admins", "readers")
	pool.User("bea", "admins")
	tokens := client.SignIn(ada)
	id, access := claims(t, tokens.ID), claims(t, tokens.Access)
	if id["aud"] != client.ID || id["iss"] != pool.Issuer || id["email"] != "ada@example.com" || fmt.Sprint(id["cognito:groups"]) != "[admins readers]" {
		t.Errorf("the ID token has %v", id)
	}
	if access["client_id"] != client.ID || access["scope"] != "aws.cognito.signin.user.admin" {
		t.Errorf("the access token has %v", access)
	}
	login := claims(t, client.Login(ada, "openid https://orders.example/v1/read orders/write").Access)
	if got := strings.Fields(login["scope"].(string)); len(got) != 3 || !slices.Contains(got, "https://orders.example/v1/read") {
		t.Errorf("the page's access token has the scopes %q", got)
	}
	if got := claims(t, client.Refresh(tokens.Refresh).ID); got["sub"] != id["sub"] {
		t.Errorf("the refreshed ID token is for %v", got["sub"])
	}
	machine := pool.Machine()
	if got := strings.Fields(claims(t, machine.Token())["scope"].(string)); len(got) != 3 {
		t.Errorf("a machine's token has the scopes %q", got)
	}
	if got := claims(t, machine.Token("orders/read"))["scope"]; got != "orders/read" {
		t.Errorf("a machine's token for one scope has %q", got)
	}
}

func TestTokensMayNameAWSsIssuer(t *testing.T) {
	t.Parallel()
	pool := poolgatetest.Start(t, poolgatetest.WithAWSIssuer()).Pool()
	want := "https://cognito-idp.eu-west-1.amazonaws.com/" + pool.ID
	if got := claims(t, pool.Client().SignIn(pool.User("ada")).Access)["iss"]; got != want || pool.Issuer != want {
		t.Errorf("iss is %q, Issuer %q", got, pool.Issuer)
	}
}

// withFunction is an API whose one method is a Lambda function.
const withFunction = `
openapi: 3.0.1
info: {title: function, version: "1"}
paths:
  /:
    get:
      responses: {"200": {description: what the function says}}
      x-amazon-apigateway-integration:
        type: aws_proxy
        httpMethod: POST
        uri: arn:aws:apigateway:eu-west-1:lambda:path/2015-03-31/functions/arn:aws:lambda:eu-west-1:000000000000:function:hello/invocations
`

func TestAFunctionMayBeAHandlerOfTheTest(t *testing.T) {
	t.Parallel()
	handler := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		fmt.Fprint(w, `{"statusCode":201,"body":"hello"}`)
	}))
	defer handler.Close()
	api := poolgatetest.Start(t, poolgatetest.WithFunction("hello", handler.URL)).API(withFunction)
	if got := api.Get("/", ""); got.Status != http.StatusCreated || got.Body != "hello" {
		t.Errorf("answered %d %s %s", got.Status, got.Body, got.Reason)
	}
}

func TestFurtherHostNames(t *testing.T) {
	t.Parallel()
	for name, row := range map[string]struct {
		options []poolgatetest.Option
		refused bool
	}{"not told of it": {nil, true}, "told of it": {[]poolgatetest.Option{poolgatetest.WithHost("api.example.com")}, false}} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			request, err := http.NewRequest(http.MethodGet, poolgatetest.Start(t, row.options...).URL+"/", nil)
			if err != nil {
				t.Fatal(err)
			}
			request.Host = "api.example.com"
			answer, err := http.DefaultClient.Do(request)
			if err != nil {
				t.Fatal(err)
			}
			defer answer.Body.Close()
			body := make([]byte, 512)
			n, _ := answer.Body.Read(body)
			if refused := strings.Contains(string(body[:n]), "does not answer to the host name"); refused != row.refused {
				t.Errorf("answered %d %s", answer.StatusCode, body[:n])
			}
		})
	}
}

// failing is a test that ends at its first failure, which it keeps.
type failing struct {
	testing.TB
	said error
}

func (f *failing) Helper() {}
func (f *failing) Fatalf(format string, args ...any) {
	f.said = fmt.Errorf(format, args...)
	runtime.Goexit()
}

func TestAMisuseEndsTheTestAndSaysWhy(t *testing.T) {
	t.Parallel()
	for name, row := range map[string]struct {
		misuse func(t poolgatetest.TB)
		says   string
	}{
		"a scope that is none": {func(t poolgatetest.TB) { poolgatetest.Start(t).Pool("read") }, "resource server"},
		"a user twice": {func(t poolgatetest.TB) {
			pool := poolgatetest.Start(t).Pool()
			pool.User("ada")
			pool.User("ada")
		}, "UsernameExistsException"},
		"a wrong password": {func(t poolgatetest.TB) {
			pool := poolgatetest.Start(t).Pool()
			pool.User("ada")
			pool.Client().SignIn(poolgatetest.User{Name: "ada", Password: "secret-of-mine"})
		}, "NotAuthorizedException"},
		"a wrong password on the page": {func(t poolgatetest.TB) {
			pool := poolgatetest.Start(t).Pool()
			pool.User("ada")
			pool.Client().Login(poolgatetest.User{Name: "ada", Password: "secret-of-mine"}, "openid")
		}, "instead of a redirect"},
		"a scope that the client may not have": {func(t poolgatetest.TB) {
			pool := poolgatetest.Start(t).Pool("orders/read")
			pool.Client("openid").Login(pool.User("ada"), "orders/read")
		}, "invalid_scope"},
		"a machine that asks for a user's scope": {func(t poolgatetest.TB) { poolgatetest.Start(t).Pool("orders/read").Machine().Token("openid") }, "invalid_scope"},
		"a document that is none":                {func(t poolgatetest.TB) { poolgatetest.Start(t).API("openapi: [") }, "Invalid OpenAPI input"},
		"a function without code":                {func(t poolgatetest.TB) { poolgatetest.Start(t, poolgatetest.WithFunction("x", "/nowhere/at/all")) }, "does not start"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			f := &failing{TB: t, said: errors.New("nothing")}
			done := make(chan struct{})
			go func() {
				defer close(done)
				row.misuse(f)
			}()
			<-done
			if !strings.Contains(f.said.Error(), row.says) || strings.Contains(f.said.Error(), "secret-of-mine") {
				t.Errorf("it says: %v", f.said)
			}
		})
	}
}

func TestTheReasonIsOneOfTheList(t *testing.T) {
	t.Parallel()
	s := poolgatetest.Start(t)
	api := s.Pool().API(orders)
	for path, want := range map[string]authz.Reason{"/orders": authz.IdentitySourceMissing, "/nowhere": authz.RouteNotFound} {
		if got := api.Get(path, ""); got.Reason != want || got.Reason.Info().Status != got.Status {
			t.Errorf("%s: %d %s", path, got.Status, got.Reason)
		}
	}
}
