package authz_test

import (
	"context"
	"fmt"
	"log"
	"net/http"
	"time"

	"github.com/poolgate/poolgate/authz"
	"github.com/poolgate/poolgate/authz/jwks"
)

// A service behind no gateway can protect itself as API Gateway would protect it.
func ExampleAuthorizer_Handler() {
	pool, err := authz.ParsePoolARN("arn:aws:cognito-idp:eu-west-1:123456789012:userpool/eu-west-1_Abc123xyz")
	if err != nil {
		log.Fatal(err)
	}
	var engine *authz.Engine
	engine = authz.New(jwks.New(jwks.Options{Changed: func(p authz.Pool) { engine.Forget(p) }}))
	authorizer, err := engine.Compile(authz.Settings{Pools: []authz.Pool{pool}})
	if err != nil {
		log.Fatal(err)
	}
	orders := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		fmt.Fprintln(w, "orders of", authz.ClaimsFrom(r.Context()).Subject())
	})
	http.Handle("/orders", authorizer.Handler([]string{"orders/read"}, orders))
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
