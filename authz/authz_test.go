package authz

import (
	"context"
	"errors"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestHandler(t *testing.T) {
	lasting := claim{"exp", "9999999999"}
	a := compile(t, New(newTestKeys(ireland)), Settings{Pools: []Pool{ireland}})
	handler := a.Handler([]string{"orders/read"}, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		name, _ := ClaimsFrom(r.Context()).String("username")
		_, _ = w.Write([]byte("hello " + name))
	}))
	for _, tt := range []struct {
		name          string
		authorization string
		status        int
		body          string
		errorType     string
	}{
		{"a good token", "Bearer " + accessToken(ireland, with(accessClaims(ireland, "orders/read"), lasting)), 200, "hello ada", ""},
		{"no token", "", 401, `{"message":"Unauthorized"}`, "UnauthorizedException"},
		{"a token without the scope", accessToken(ireland, with(accessClaims(ireland, "openid"), lasting)), 401, `{"message":"Unauthorized"}`, "UnauthorizedException"},
		{"an expired token", accessToken(ireland, with(accessClaims(ireland, "orders/read"), claim{"exp", "1700000000"})), 401, `{"message":"The incoming token has expired"}`, "UnauthorizedException"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			r := httptest.NewRequest(http.MethodGet, "/", nil)
			if tt.authorization != "" {
				r.Header.Set("Authorization", tt.authorization)
			}
			w := httptest.NewRecorder()
			handler.ServeHTTP(w, r)
			if w.Code != tt.status || w.Body.String() != tt.body || w.Header().Get("x-amzn-ErrorType") != tt.errorType {
				t.Errorf("%d %s %v", w.Code, w.Body, w.Header())
			}
			if w.Header().Get("WWW-Authenticate") != "" || w.Header().Get("x-poolgate-reason") != "" {
				t.Error("more is told than AWS tells:", w.Header())
			}
		})
	}
	if ClaimsFrom(context.Background()).Subject() != "" {
		t.Error("a context without claims has some")
	}
}

func TestParsePoolARN(t *testing.T) {
	for arn, want := range map[string]Pool{
		"arn:aws:cognito-idp:eu-west-1:123456789012:userpool/eu-west-1_Abc123xyz":        {"eu-west-1", "eu-west-1_Abc123xyz"},
		"arn:aws:cognito-idp:eu-west-1:123:userpool/eu-west-1_abc":                       {"eu-west-1", "eu-west-1_abc"},
		"arn:aws-us-gov:cognito-idp:us-gov-west-1:000000000000:userpool/us-gov-west-1_a": {"us-gov-west-1", "us-gov-west-1_a"},
		"arn:aws:cognito-idp:eu-west-1:123456789012:userpool/eu-central-1_abc":           {},
		"arn:aws:cognito-idp:eu-west-1:123456789012:userpool/eu-west-10_abc":             {},
		"arn:aws:cognito-idp:eu-west-1:123456789012:userpool/eu-west-1_a/client/b":       {},
		"arn:aws:cognito-idp:eu-west-1:123456789012:userpool/":                           {},
		"arn:aws:cognito-idp:EU-WEST-1:123456789012:userpool/EU-WEST-1_abc":              {},
		"arn:aws:cognito-idp::123456789012:userpool/eu-west-1_abc":                       {},
		"arn:aws:cognito-identity:eu-west-1:123456789012:userpool/eu-west-1_abc":         {},
		"arn:aws:cognito-idp:x.evil.example/:1:userpool/x.evil.example/_abc":             {},
		" arn:aws:cognito-idp:eu-west-1:123456789012:userpool/eu-west-1_Abc123xyz\n":     {},
		"eu-west-1_Abc123xyz": {},
		"":                    {},
	} {
		got, err := ParsePoolARN(arn)
		if got != want || (err != nil) != (want == Pool{}) {
			t.Errorf("%q: %v %v", arn, got, err)
		}
	}
}

func TestAudienceExpression(t *testing.T) {
	for _, tt := range []struct {
		name       string
		expression string
		audience   string
		want       bool
	}{
		{"a text matches itself", "abc", "abc", true},
		{"the whole must match, not the beginning", "ab", "abc", false},
		{"the whole must match, not the end", "bc", "abc", false},
		{"alternatives are whole too", "a|abc", "abc", true},
		{"an alternative does not end the anchor", "ab|c", "abc", false},
		{"anchors of one's own do no harm", "^abc$", "abc", true},
		{"a pattern", "[a-c]{3}", "abc", true},
		{"flags within", "(?i)ABC", "abc", true},
		{"flags that would loosen anchors", "(?m)^abc$", "x\nabc", false},
		{"a dot is no line break", "a.c", "a\nc", false},
		{"Java's classes", `\p{Alpha}\p{Digit}+`, "a12", true},
		{"Java's classes within brackets", `[\p{Upper}_]+`, "AB_", true},
		{"a class that is quoted", `\Q\p{Alpha}\E`, `\p{Alpha}`, true},
		{"a class whose backslash is escaped", `\\p{Alpha}`, `\p{Alpha}`, true},
		{"Go's classes", `\p{Greek}+`, "αβγ", true},
		{"quoted text without an end", `\Qa.c`, "a.c", true},
	} {
		t.Run(tt.name, func(t *testing.T) {
			a, err := compileAudience(tt.expression)
			if err != nil {
				t.Fatal(err)
			}
			if got := a.matches([]string{"", tt.audience}); got != tt.want {
				t.Errorf("%v", got)
			}
		})
	}
	for _, bad := range []string{"(", "a)(b", "[", `(?=a)`, `(a)\1`, "a++", "\xff", strings.Repeat("(a{1000})", 100), strings.Repeat("a", 100_000)} {
		if _, err := New(newTestKeys()).Compile(Settings{AudienceExpression: bad}); err == nil {
			t.Errorf("%q compiles", bad)
		}
	}
}

func TestAnAudienceThatMatchedOneAuthorizerIsComparedAnewByAnother(t *testing.T) {
	e := New(newTestKeys(ireland))
	token := idToken(ireland, idClaims(ireland))
	for _, tt := range []struct {
		expression string
		want       Reason
	}{{".*", ""}, {"none", TokenAudience}, {"other|none", TokenAudience}, {clientID, ""}, {".*", ""}} {
		a := compile(t, e, Settings{Pools: []Pool{ireland}, AudienceExpression: tt.expression})
		for range 2 {
			if d := a.Decide(context.Background(), token, nil, noon); d.Reason != tt.want {
				t.Errorf("%q: %q, want %q", tt.expression, d.Reason, tt.want)
			}
		}
	}
}

func TestSettingsAreTheCallers(t *testing.T) {
	pools := []Pool{ireland}
	a := compile(t, New(newTestKeys(ireland, frankfurt)), Settings{Pools: pools})
	pools[0] = frankfurt
	if d := a.Decide(context.Background(), idToken(frankfurt, idClaims(frankfurt)), nil, noon); d.Reason != TokenIssuer {
		t.Errorf("a caller changed an authorizer: %v", d)
	}
}

func TestKeysForAsksTheFirstThatOwnsThePool(t *testing.T) {
	local, bound := newTestKeys(ireland), newTestKeys(frankfurt)
	owns := func(pool Pool) func(Pool) bool { return func(p Pool) bool { return p == pool } }
	keys := KeysFor(Source{Keys: local, Owns: owns(ireland)}, Source{Keys: bound, Owns: owns(frankfurt)})
	for pool, want := range map[Pool]*testKeys{ireland: local, frankfurt: bound} {
		before := want.asked
		if k, err := keys.Key(context.Background(), pool, idKid); err != nil || !k.Equal(&testKey(pool.ID+" id").PublicKey) || want.asked != before+1 {
			t.Errorf("%v: %v", pool, err)
		}
		if diff := cmp.Diff([]string{issuerOf(pool)}, keys.Issuers(pool)); diff != "" {
			t.Error(diff)
		}
	}
	nobodys := Pool{Region: "eu-west-1", ID: "eu-west-1_nobody"}
	if _, err := keys.Key(context.Background(), nobodys, idKid); !errors.Is(err, ErrPoolNotFound) || keys.Issuers(nobodys) != nil {
		t.Error(err)
	}
	everything := KeysFor(Source{Keys: local, Owns: owns(frankfurt)}, Source{Keys: bound})
	if _, err := everything.Key(context.Background(), frankfurt, idKid); !errors.Is(err, ErrPoolNotFound) {
		t.Errorf("a later source was asked for a pool that an earlier one owns: %v", err)
	}
}
