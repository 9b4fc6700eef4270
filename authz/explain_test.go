package authz

import (
	"context"
	"encoding/json"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

func TestExplanationOfATokenThatPasses(t *testing.T) {
	a := compile(t, New(newTestKeys(ireland)), Settings{Pools: []Pool{ireland}})
	token := accessToken(ireland, accessClaims(ireland, "openid orders/read"))
	_, checks := a.Explain(context.Background(), "Bearer "+token, []string{"orders/read"}, noon)
	want := []Check{
		{Name: "source", Outcome: "passed", Saw: `a value with the prefix "Bearer "`},
		{Name: "shape", Outcome: "passed", Saw: "a token of three parts"},
		{Name: "algorithm", Outcome: "passed", Saw: `alg "RS256"`},
		{Name: "issuer", Outcome: "passed", Saw: `iss "https://cognito-idp.eu-west-1.amazonaws.com/eu-west-1_Abc123xyz"`},
		{Name: "key", Outcome: "passed", Saw: `kid "` + accessKid + `"`},
		{Name: "signature", Outcome: "passed", Saw: `a signature by the pool's key "` + accessKid + `"`},
		{Name: "expiry", Outcome: "passed", Saw: "exp 2026-03-01 13:00:00 UTC, in 1h0m0s"},
		{Name: "not_before", Outcome: "skipped"},
		{Name: "token_use", Outcome: "passed", Saw: `token_use is "access"`},
		{Name: "audience", Outcome: "skipped"},
		{Name: "scope", Outcome: "passed", Saw: `scope "openid orders/read"`},
	}
	if diff := cmp.Diff(want, checks); diff != "" {
		t.Error(diff)
	}
	_, again := a.Explain(context.Background(), "Bearer "+token, []string{"orders/read"}, noon)
	if diff := cmp.Diff(checks, again); diff != "" {
		t.Error("a token seen before is explained otherwise:", diff)
	}
}

func TestExplanationOfARefusal(t *testing.T) {
	id, access := idToken(ireland, idClaims(ireland)), accessToken(ireland, accessClaims(ireland, "openid"))
	key := testKey(ireland.ID + " id")
	for _, tt := range []struct {
		name       string
		identity   string
		scopes     []string
		expression string
		now        time.Time
		fail       error
		want       Check
	}{
		{name: "no token", want: Check{Name: "source", Reason: IdentitySourceMissing, Saw: "no value in the authorizer's token source",
			Expected: "a token in the header that the authorizer names as its token source"}},
		{name: "two spaces", identity: "Bearer  " + id, want: Check{Name: "shape", Reason: TokenMalformed, Saw: "a header that is not base64url",
			Expected: `a whole token as a user pool issues it: three base64url parts, alone or after "Bearer " and exactly one space`}},
		{name: "a refresh token", identity: refreshToken(), want: Check{Name: "shape", Reason: TokenIsRefreshToken, Saw: "an encrypted token of five parts, as refresh tokens are",
			Expected: `a whole token as a user pool issues it: three base64url parts, alone or after "Bearer " and exactly one space`}},
		{name: "alg none", identity: unsigned(`{"alg":"none"}`, object(idClaims(ireland)), ""), want: Check{Name: "algorithm", Reason: TokenAlgorithm, Saw: `alg "none"`, Expected: `alg "RS256"`}},
		{name: "another pool", identity: idToken(frankfurt, idClaims(frankfurt)), want: Check{Name: "issuer", Reason: TokenIssuer,
			Saw:      `iss "https://cognito-idp.eu-central-1.amazonaws.com/eu-central-1_Def456uvw"`,
			Expected: `an issuer of one of the authorizer's user pools: "https://cognito-idp.eu-west-1.amazonaws.com/eu-west-1_Abc123xyz"`}},
		{name: "no kid", identity: sign(key, `{"alg":"RS256"}`, object(idClaims(ireland))), want: Check{Name: "key", Reason: TokenKeyUnknown, Saw: "no kid that is a string",
			Expected: `the kid of one of the keys of the user pool "eu-west-1_Abc123xyz"`}},
		{name: "no such pool", identity: id, fail: ErrPoolNotFound, want: Check{Name: "key", Reason: PoolNotFound, Saw: `the user pool "eu-west-1_Abc123xyz", which does not exist`,
			Expected: "a user pool that exists"}},
		{name: "no keys", identity: id, fail: fmt.Errorf("no route to host"), want: Check{Name: "key", Reason: KeysUnavailable, Saw: `no answer for the keys of the user pool "eu-west-1_Abc123xyz"`,
			Expected: `the pool's keys (kid "` + idKid + `")`}},
		{name: "forged", identity: sign(testKey("mallory"), header(idKid), object(idClaims(ireland))), want: Check{Name: "signature", Reason: TokenSignature,
			Saw:      "a signature that does not fit the token's header and payload",
			Expected: `a signature by the pool's key "` + idKid + `" of the token as it was issued`}},
		{name: "expired", identity: id, now: noon.Add(90 * time.Minute), want: Check{Name: "expiry", Reason: TokenExpired, Saw: "exp 2026-03-01 13:00:00 UTC, 30m0s ago",
			Expected: "a time after 2026-03-01 13:30:00 UTC"}},
		{name: "an access token for a method without scopes", identity: access, want: Check{Name: "token_use", Reason: TokenUseIDExpected, Saw: `token_use is "access"`,
			Expected: `token_use "id", because the method has no authorization scopes`}},
		{name: "an ID token for a method with scopes", identity: id, scopes: []string{"openid"}, want: Check{Name: "token_use", Reason: TokenUseAccessExpected, Saw: `token_use is "id"`,
			Expected: `token_use "access", because the method has authorization scopes`}},
		{name: "no token_use", identity: idToken(ireland, without(idClaims(ireland), "token_use")), want: Check{Name: "token_use", Reason: TokenUseIDExpected, Saw: "token_use is missing",
			Expected: `token_use "id", because the method has no authorization scopes`}},
		{name: "another audience", identity: id, expression: "abc|def", want: Check{Name: "audience", Reason: TokenAudience, Saw: `aud "` + clientID + `"`,
			Expected: `an aud that matches "abc|def" as a whole, the authorizer's token validation expression`}},
		{name: "an access token and an expression", identity: access, scopes: []string{"openid"}, expression: clientID, want: Check{Name: "audience", Reason: TokenAudience,
			Saw:      `no aud; the token has client_id "` + clientID + `", which the expression is not compared with`,
			Expected: `an aud that matches "` + clientID + `" as a whole, the authorizer's token validation expression`}},
		{name: "another scope", identity: access, scopes: []string{"orders/read", "orders/write"}, want: Check{Name: "scope", Reason: ScopeMissing, Saw: `scope "openid"`,
			Expected: `a scope claim with one of the method's scopes: "orders/read", "orders/write"`}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			keys := newTestKeys(ireland)
			keys.fail = tt.fail
			a := compile(t, New(keys), Settings{Pools: []Pool{ireland}, AudienceExpression: tt.expression})
			now := tt.now
			if now.IsZero() {
				now = noon
			}
			d, checks := a.Explain(context.Background(), tt.identity, tt.scopes, now)
			checkExplanation(t, d, checks, tt.identity)
			tt.want.Outcome = Failed
			for _, c := range checks {
				if c.Outcome == Failed {
					if diff := cmp.Diff(tt.want, c); diff != "" {
						t.Error(diff)
					}
					return
				}
			}
			t.Error("nothing failed")
		})
	}
}

func TestExplanationNamesPoolsThatNobodyKnows(t *testing.T) {
	a := compile(t, New(newTestKeys()), Settings{Pools: []Pool{{Region: "eu-west-1", ID: "eu-west-1_gone"}}})
	_, checks := a.Explain(context.Background(), idToken(ireland, idClaims(ireland)), nil, noon)
	want := `an issuer of one of the authorizer's user pools, none of which is known: "eu-west-1_gone"`
	if got := checks[checkIssuer]; got.Reason != PoolNotFound || got.Expected != want {
		t.Errorf("%+v", got)
	}
}

func TestExplanationIsBounded(t *testing.T) {
	pools := make([]Pool, 1000)
	for i := range pools {
		pools[i] = ireland
	}
	a := compile(t, New(newTestKeys(ireland)), Settings{Pools: pools})
	long := sign(testKey(ireland.ID+" id"), header(idKid), object(with(idClaims(ireland), claim{"iss", text(strings.Repeat("é", 4000))})))
	d, checks := a.Explain(context.Background(), long, nil, noon)
	text, err := json.Marshal(checks)
	if err != nil || d.Reason != TokenIssuer || len(text) > 4096 {
		t.Errorf("%v %q %d bytes", err, d.Reason, len(text))
	}
}

// TestCheckJSON pins the shape that decision records and explain --json carry.
func TestCheckJSON(t *testing.T) {
	text, err := json.Marshal([]Check{{Name: "scope", Outcome: Failed, Reason: ScopeMissing, Saw: "a", Expected: "b"}, {Name: "audience", Outcome: Skipped}})
	want := `[{"name":"scope","outcome":"failed","reason":"scope_missing","saw":"a","expected":"b"},{"name":"audience","outcome":"skipped"}]`
	if err != nil || string(text) != want {
		t.Errorf("%s %v", text, err)
	}
}
