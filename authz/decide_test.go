package authz

import (
	"context"
	"testing"
	"time"
)

// TestDecisionTable holds the rows of fact 0 that an authorizer answers.
func TestDecisionTable(t *testing.T) {
	id := idToken(ireland, idClaims(ireland))
	access := accessToken(ireland, accessClaims(ireland, "openid orders/read orders/write"))
	other := idToken(frankfurt, idClaims(frankfurt))
	for _, tt := range []struct {
		name       string
		identity   string
		scopes     []string
		expression string
		now        time.Time
		want       Reason
		message    string
	}{
		{name: "an ID token opens a method without scopes", identity: id},
		{name: "an ID token opens a method without scopes, with the Bearer prefix", identity: "Bearer " + id},
		{name: "the prefix may be spelled in any case", identity: "bEARER " + id},
		{name: "an access token does not open a method without scopes", identity: access, want: TokenUseIDExpected},
		{name: "an access token with one of the scopes opens a method with scopes", identity: access, scopes: []string{"orders/delete", "orders/write"}},
		{name: "an access token with none of the scopes does not", identity: access, scopes: []string{"orders/delete"}, want: ScopeMissing},
		{name: "a scope is a whole word", identity: access, scopes: []string{"orders/rea", "orders", "orders/read orders/write", ""}, want: ScopeMissing},
		{name: "an ID token does not open a method with scopes", identity: id, scopes: []string{"openid"}, want: TokenUseAccessExpected},
		{name: "no token", identity: "", want: IdentitySourceMissing},
		{name: "no token at all", identity: "invalid-token", want: TokenMalformed},
		{name: "a token of another pool", identity: other, want: TokenIssuer},
		{name: "a token that ends now has ended", identity: id, now: noon.Add(time.Hour), want: TokenExpired, message: "The incoming token has expired"},
		{name: "a token that ends in a second has not", identity: id, now: noon.Add(time.Hour - time.Second)},
		{name: "an expired token of the wrong use is told that it expired", identity: access, now: noon.Add(time.Hour), want: TokenExpired, message: "The incoming token has expired"},
		{name: "the audience is the client that the expression names", identity: id, expression: clientID},
		{name: "the audience is another client", identity: id, expression: "7jb1ok7t1hk1tqkpl5fnkfg0l8", want: TokenAudience},
		{name: "an access token has no audience", identity: access, scopes: []string{"openid"}, expression: ".*", want: TokenAudience},
		{name: "the use is judged before the audience", identity: access, expression: ".*", want: TokenUseIDExpected},
		{name: "the audience is judged before the scope", identity: access, scopes: []string{"none"}, expression: ".*", want: TokenAudience},
	} {
		t.Run(tt.name, func(t *testing.T) {
			a := compile(t, New(newTestKeys(ireland, frankfurt)), Settings{Pools: []Pool{ireland}, AudienceExpression: tt.expression})
			now := tt.now
			if now.IsZero() {
				now = noon
			}
			message := tt.message
			if message == "" && tt.want != "" {
				message = "Unauthorized"
			}
			for _, seen := range []string{"new", "known"} {
				d := a.Decide(context.Background(), tt.identity, tt.scopes, now)
				if d.Reason != tt.want || d.Allowed != (tt.want == "") || d.Message() != message {
					t.Errorf("%s token: %v %q %q, want %q %q", seen, d.Allowed, d.Reason, d.Message(), tt.want, message)
				}
			}
		})
	}
}
