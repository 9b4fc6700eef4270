package authz

import (
	"bytes"
	"context"
	"encoding/json"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/golang-jwt/jwt/v5"
)

// FuzzScanner compares the scanner with encoding/json: it accepts exactly the objects that are UTF-8, not too deep and
// without a name twice, and reads the same values out of them.
func FuzzScanner(f *testing.F) {
	for _, seed := range []string{
		object(idClaims(ireland)), object(accessClaims(ireland, "openid")), header(idKid), ``, `{}`, ` { } `, `{"a":1,"a":2}`, `{"a":1,"\u0061":2}`,
		`{"a":"\ud83d\ude00\ud83d\n\"\\\/","b":[1,-0.5e+3,{"c":null}],"d":true,"e":false}`, `{"a":01}`, `{"a":1.}`, `{"a":-}`, `{"a":1e}`, `{"a" 1}`, `{"a":1,}`,
		`{a:1}`, `{"a":[1,]}`, `{"a":[}`, `{"a":{"b":1,}}`, `{"a":nul}`, `{"a":"` + "\x1f" + `"}`, `{"a":"\x"}`, `{"a":"\u12g4"}`, `[]`, `"a"`, "{\"a\":\"\xff\"}",
		`{"a":` + strings.Repeat("[", 70) + strings.Repeat("]", 70) + `}`, `{"\ud800":1,"\udc00":2}`,
	} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		if len(data) > maxToken {
			return
		}
		members, ok := scanObject(data, nil)
		want, wantNames := reference(data)
		if ok != (want != nil) {
			t.Fatalf("accepted %v, encoding/json %v: %q", ok, want != nil, data)
		}
		if !ok {
			return
		}
		if len(members) != len(wantNames) {
			t.Fatalf("%d members, want %d", len(members), len(wantNames))
		}
		c := Claims{payload: string(data), members: members}
		i := 0
		c.Each(func(name string, raw []byte) bool {
			if name != wantNames[i] || !bytes.Equal(raw, bytes.TrimSpace(want[name])) {
				t.Fatalf("member %d is %q: %s, want %q: %s", i, name, raw, wantNames[i], want[name])
			}
			got, _ := c.String(name)
			var text string
			if json.Unmarshal(raw, &text) == nil && raw[0] == '"' && got != text {
				t.Fatalf("%q reads %q, want %q", raw, got, text)
			}
			c.RESTValue(name) // must not panic
			i++
			return true
		})
	})
}

// reference reads an object with encoding/json; nil when the scanner must refuse it.
func reference(data []byte) (values map[string]json.RawMessage, names []string) {
	if !json.Valid(data) || !utf8.Valid(data) {
		return nil, nil
	}
	d := json.NewDecoder(bytes.NewReader(data))
	if open, err := d.Token(); err != nil || open != json.Delim('{') {
		return nil, nil
	}
	values = map[string]json.RawMessage{}
	for d.More() {
		name, err := d.Token()
		if err != nil {
			return nil, nil
		}
		var value json.RawMessage
		if err := d.Decode(&value); err != nil || depth(value) > maxDepth-1 {
			return nil, nil
		}
		if _, twice := values[name.(string)]; twice {
			return nil, nil
		}
		values[name.(string)] = value
		names = append(names, name.(string))
	}
	return values, names
}

// depth is how deep arrays and objects are nested in a valid JSON value.
func depth(value []byte) (deepest int) {
	now, inString := 0, false
	for i := 0; i < len(value); i++ {
		switch c := value[i]; {
		case inString && c == '\\':
			i++
		case c == '"':
			inString = !inString
		case inString:
		case c == '[' || c == '{':
			now++
			deepest = max(deepest, now)
		case c == ']' || c == '}':
			now--
		}
	}
	return deepest
}

// FuzzDecide feeds the engine anything, and signed tokens of any header and payload. Decide and Explain must agree, whether the token was
// seen before or not, and only a token that a pool's key signed may ever pass.
func FuzzDecide(f *testing.F) {
	f.Add(idToken(ireland, idClaims(ireland)), header(idKid), object(idClaims(ireland)), "", "", int64(0))
	f.Add("Bearer "+accessToken(ireland, accessClaims(ireland, "a b")), header(accessKid), object(accessClaims(ireland, "a b")), "a", ".*", int64(3600))
	f.Add(refreshToken(), `{"alg":"none"}`, `{}`, "a b", "[", int64(-1))
	for _, bad := range badInputs() {
		if len(bad.identity) < 4096 {
			f.Add(bad.identity, header(idKid), object(idClaims(ireland)), "", "", int64(0))
		}
	}
	keys := newTestKeys(ireland, frankfurt)
	warm, key := New(keys), testKey(ireland.ID+" id")
	f.Fuzz(func(t *testing.T, identity, head, payload, scopeWords, expression string, seconds int64) {
		ctx, scopes, now := context.Background(), strings.Fields(scopeWords), noon.Add(time.Duration(seconds%1e6)*time.Second)
		tokens := []string{identity, sign(key, head, payload), sign(testKey("mallory"), head, payload)}
		for _, pools := range [][]Pool{{ireland}, {frankfurt, ireland}, {frankfurt}} {
			s := Settings{Pools: pools, AudienceExpression: expression}
			a, err := warm.Compile(s)
			if err != nil {
				return
			}
			for _, token := range tokens {
				cold := compile(t, &Engine{keys: keys, known: newCache(10, 1<<20)}, s)
				first := cold.Decide(ctx, token, scopes, now)
				if first.Allowed && !signedByOne(pools, bearerToken(token)) {
					t.Fatalf("allowed: %q", token)
				}
				for _, a := range []*Authorizer{cold, a} {
					d := a.Decide(ctx, token, scopes, now)
					explained, checks := a.Explain(ctx, token, scopes, now)
					if !same(first, d) || !same(first, explained) {
						t.Fatalf("%v, then %v, explained %v: %q", first, d, explained, token)
					}
					checkExplanation(t, explained, checks, token)
				}
			}
		}
	})
}

// signedByOne tells whether golang-jwt finds a key of the pools that signed the token.
func signedByOne(pools []Pool, token string) bool {
	parser := jwt.NewParser(jwt.WithValidMethods([]string{"RS256"}), jwt.WithoutClaimsValidation())
	for _, pool := range pools {
		for _, use := range []string{" id", " access"} {
			if _, err := parser.Parse(token, func(*jwt.Token) (any, error) { return &testKey(pool.ID + use).PublicKey, nil }); err == nil {
				return true
			}
		}
	}
	return false
}

// same compares two decisions about one token.
func same(a, b Decision) bool {
	return a.Allowed == b.Allowed && a.Reason == b.Reason && (a.Claims == nil) == (b.Claims == nil) && a.Claims.JSON() == b.Claims.JSON()
}

// checkExplanation checks what holds of every explanation: the failed check carries the decision's reason and is the only one,
// and the token is not in it.
func checkExplanation(t *testing.T, d Decision, checks []Check, token string) {
	t.Helper()
	if len(checks) != int(passedAll) {
		t.Fatalf("%d checks", len(checks))
	}
	failed := ""
	for i, c := range checks {
		if c.Name != checkNames[i] {
			t.Fatalf("check %d is %q", i, c.Name)
		}
		switch c.Outcome {
		case Passed:
			if failed != "" || c.Reason != "" || c.Saw == "" {
				t.Fatalf("%+v after %q failed", c, failed)
			}
		case Skipped:
			if failed != "" || c.Reason != "" {
				t.Fatalf("%+v after %q failed", c, failed)
			}
		case Failed:
			if failed != "" || c.Reason != d.Reason || c.Saw == "" || c.Expected == "" {
				t.Fatalf("%+v of %v, after %q failed", c, d, failed)
			}
			failed = c.Name
		case NotReached:
			if failed == "" || c.Reason != "" || c.Saw != "" {
				t.Fatalf("%+v though nothing failed", c)
			}
		default:
			t.Fatalf("%+v", c)
		}
		if bare := bearerToken(token); len(bare) > 300 && (strings.Contains(c.Saw, bare) || strings.Contains(c.Expected, bare)) {
			t.Fatalf("%s shows the token", c.Name)
		}
	}
	if (failed == "") != d.Allowed {
		t.Fatalf("allowed %v, failed %q", d.Allowed, failed)
	}
}

// TestDecideAndExplainAgree is the property of FuzzDecide on every bad input.
func TestDecideAndExplainAgree(t *testing.T) {
	e := New(newTestKeys(ireland, frankfurt))
	inputs := badInputs()
	for _, good := range []string{idToken(ireland, idClaims(ireland)), accessToken(ireland, accessClaims(ireland, "openid orders/read"))} {
		inputs = append(inputs, badInput{name: "a good token", identity: good})
	}
	for _, in := range inputs {
		for _, scopes := range [][]string{nil, {"orders/read"}, {"none"}} {
			for _, expression := range []string{"", ".*", "none"} {
				for _, pools := range [][]Pool{{ireland}, {frankfurt}, nil} {
					a := compile(t, e, Settings{Pools: pools, AudienceExpression: expression})
					explained, checks := a.Explain(context.Background(), in.identity, scopes, noon)
					if d := a.Decide(context.Background(), in.identity, scopes, noon); !same(d, explained) {
						t.Fatalf("%s: decided %v, explained %v", in.name, d, explained)
					}
					checkExplanation(t, explained, checks, in.identity)
				}
			}
		}
	}
}
