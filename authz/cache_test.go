package authz

import (
	"context"
	"crypto/rsa"
	"fmt"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
)

// forgetToken drops one token, so that it is new again.
func (c *cache) forgetToken(token string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	b := c.bucket(c.hashOf(token))
	for i := range b {
		if v := b[i].Load(); v != nil && v.token == token {
			c.drop(&b[i])
		}
	}
}

// count is how many tokens are there, and their size, as the table has them.
func (c *cache) count() (tokens, bytes int) {
	for i := range c.buckets {
		for j := range c.buckets[i] {
			if v := c.buckets[i][j].Load(); v != nil {
				tokens++
				bytes += v.size
			}
		}
	}
	return tokens, bytes
}

func TestKnownTokenTakesNoMemory(t *testing.T) {
	id := "Bearer " + idToken(ireland, idClaims(ireland))
	access := "Bearer " + accessToken(ireland, accessClaims(ireland, "openid orders/read"))
	for _, tt := range []struct {
		name       string
		identity   string
		scopes     []string
		expression string
		want       Reason
	}{
		{"an ID token that passes", id, nil, "", ""},
		{"an access token that passes", access, []string{"orders/write", "orders/read"}, "", ""},
		{"an audience that is a text", id, nil, clientID, ""},
		{"an audience that is a pattern", id, nil, "(3n|4m)[a-z0-9]+", ""},
		{"a use that is refused", access, nil, "", TokenUseIDExpected},
		{"a scope that is refused", access, []string{"orders/delete"}, "", ScopeMissing},
		{"an audience that is refused", id, nil, "[a-c]+", TokenAudience},
	} {
		t.Run(tt.name, func(t *testing.T) {
			a := compile(t, New(newTestKeys(ireland)), Settings{Pools: []Pool{ireland}, AudienceExpression: tt.expression})
			ctx := context.Background()
			if n := testing.AllocsPerRun(100, func() {
				d := a.Decide(ctx, tt.identity, tt.scopes, noon)
				if d.Reason != tt.want || d.Allowed && d.Message() != "" {
					t.Fatal(d.Reason)
				}
			}); n != 0 {
				t.Errorf("%v allocations", n)
			}
		})
	}
}

func TestKnownTokenAsksForNoKey(t *testing.T) {
	keys := newTestKeys(ireland)
	a := compile(t, New(keys), Settings{Pools: []Pool{ireland}})
	token := idToken(ireland, idClaims(ireland))
	for _, identity := range []string{token, "Bearer " + token, "bearer " + token} {
		if !a.Decide(context.Background(), identity, nil, noon).Allowed {
			t.Fatal("refused")
		}
	}
	if keys.asked != 1 {
		t.Errorf("asked for the key %d times", keys.asked)
	}
}

func TestForgetDropsOnePoolsTokens(t *testing.T) {
	keys := newTestKeys(ireland, frankfurt)
	e := New(keys)
	a := compile(t, e, Settings{Pools: []Pool{ireland, frankfurt}})
	ours, theirs := idToken(ireland, idClaims(ireland)), idToken(frankfurt, idClaims(frankfurt))
	for _, token := range []string{ours, theirs} {
		if !a.Decide(context.Background(), token, nil, noon).Allowed {
			t.Fatal("refused")
		}
	}
	keys.keys = map[Pool]map[string]*rsa.PublicKey{}
	e.Forget(ireland)
	if d := a.Decide(context.Background(), ours, nil, noon); d.Reason != PoolNotFound {
		t.Errorf("a token of the forgotten pool: %q", d.Reason)
	}
	if d := a.Decide(context.Background(), theirs, nil, noon); !d.Allowed {
		t.Errorf("a token of the other pool: %q", d.Reason)
	}
}

// TestForgetDuringAVerification is the race that would let a token outlive its key: Forget comes between the key's being
// had and the token's being remembered.
func TestForgetDuringAVerification(t *testing.T) {
	keys := newTestKeys(ireland)
	e := New(keys)
	keys.before = func() { e.Forget(ireland) }
	a := compile(t, e, Settings{Pools: []Pool{ireland}})
	token := idToken(ireland, idClaims(ireland))
	if !a.Decide(context.Background(), token, nil, noon).Allowed {
		t.Fatal("refused")
	}
	keys.before, keys.fail = nil, ErrKeyUnknown
	if d := a.Decide(context.Background(), token, nil, noon); d.Reason != TokenKeyUnknown {
		t.Errorf("the token was remembered past Forget: %q", d.Reason)
	}
}

func TestATokenVerifiedForOnePoolOpensNoOther(t *testing.T) {
	e := New(newTestKeys(ireland, frankfurt))
	token := idToken(ireland, idClaims(ireland))
	many := make([]Pool, 0, 100)
	for i := range 100 {
		many = append(many, Pool{Region: "eu-west-1", ID: fmt.Sprintf("eu-west-1_%d", i)})
	}
	for _, tt := range []struct {
		name  string
		pools []Pool
		want  Reason
	}{
		{"the token's pool", []Pool{ireland}, ""},
		{"another pool", []Pool{frankfurt}, TokenIssuer},
		{"both", []Pool{frankfurt, ireland}, ""},
		{"the same id in another region", []Pool{{Region: "eu-west-9", ID: ireland.ID}, frankfurt}, TokenIssuer},
		{"many pools, not the token's", append(many[:99:99], frankfurt), TokenIssuer},
		{"many pools and the token's", append(many[:99:99], ireland), ""},
		{"many pools that nobody knows", many, PoolNotFound},
		{"no pool", nil, PoolNotFound},
	} {
		t.Run(tt.name, func(t *testing.T) {
			a := compile(t, e, Settings{Pools: tt.pools})
			if d := a.Decide(context.Background(), token, nil, noon); d.Reason != tt.want {
				t.Errorf("%q, want %q", d.Reason, tt.want)
			}
		})
	}
}

func TestOnlyVerifiedTokensAreRemembered(t *testing.T) {
	e := New(newTestKeys(ireland, frankfurt))
	a := compile(t, e, Settings{Pools: []Pool{ireland}})
	for _, in := range badInputs() {
		a.Decide(context.Background(), in.identity, nil, noon)
	}
	for i := range e.known.buckets {
		for j := range e.known.buckets[i] {
			if v := e.known.buckets[i][j].Load(); v != nil && !signedByOne([]Pool{ireland}, v.token) {
				t.Errorf("%q is remembered", v.claims.JSON())
			}
		}
	}
}

// put makes an entry of this size for a token.
func put(c *cache, token string, size int) {
	c.put(&verified{token: token, size: size}, new(atomic.Uint64), 0)
}

func TestCacheIsBounded(t *testing.T) {
	for _, tt := range []struct {
		name                string
		maxTokens, maxBytes int
		size                func(i int) int
	}{
		{"by count", 100, 1 << 30, func(int) int { return 1000 }},
		{"by bytes", 1000, 100_000, func(i int) int { return 500 + i%3000 }},
		{"with a single token", 1, 1 << 30, func(int) int { return 1 }},
	} {
		t.Run(tt.name, func(t *testing.T) {
			c := newCache(tt.maxTokens, tt.maxBytes)
			for i := range 20_000 {
				token := fmt.Sprint("token ", i)
				put(c, token, tt.size(i))
				if c.get(token) == nil {
					t.Fatalf("token %d is not remembered", i)
				}
				if c.tokens > tt.maxTokens || c.bytes > tt.maxBytes {
					t.Fatalf("%d tokens, %d bytes", c.tokens, c.bytes)
				}
			}
			if tokens, bytes := c.count(); tokens != c.tokens || bytes != c.bytes || tokens < tt.maxTokens/50 {
				t.Errorf("%d tokens in %d bytes, counted as %d in %d", tokens, bytes, c.tokens, c.bytes)
			}
		})
	}
}

func TestCacheKeepsWhatIsUsed(t *testing.T) {
	c := newCache(1000, 1<<30)
	busy := make([]string, 50)
	for i := range busy {
		busy[i] = fmt.Sprint("busy ", i)
		put(c, busy[i], 1)
	}
	for i := range 50_000 {
		put(c, fmt.Sprint("seen once ", i), 1)
		c.get(busy[i%len(busy)])
	}
	kept := 0
	for _, token := range busy {
		if c.get(token) != nil {
			kept++
		}
	}
	if kept < len(busy)*9/10 {
		t.Errorf("%d of %d used tokens were kept", kept, len(busy))
	}
}

func TestCacheRefusesWhatIsTooLarge(t *testing.T) {
	c := newCache(10, 1000)
	put(c, "large", 1001)
	put(c, "small", 1000)
	if c.get("large") != nil || c.get("small") == nil {
		t.Error("the wrong one is remembered")
	}
}

func TestTokensWithOneEndAreToldApart(t *testing.T) {
	c := newCache(100, 1<<20)
	end := strings.Repeat("e", hashed)
	for i := range ways {
		put(c, fmt.Sprint(i, end), 1)
	}
	for i := range ways {
		if v := c.get(fmt.Sprint(i, end)); v == nil || v.token != fmt.Sprint(i, end) {
			t.Errorf("token %d is another or none", i)
		}
	}
	if c.get("x"+end) != nil {
		t.Error("an unknown token with a known end is known")
	}
}

// TestEverythingAtOnce is for the race detector: decisions, forgetting and eviction on all sides.
func TestEverythingAtOnce(t *testing.T) {
	keys := newTestKeys(ireland, frankfurt)
	e := New(keys)
	e.known = newCache(8, 1<<20)
	var tokens []string
	for i := range 16 {
		pool := []Pool{ireland, frankfurt}[i%2]
		tokens = append(tokens, idToken(pool, with(idClaims(pool), claim{"jti", fmt.Sprint(i)})))
	}
	a := compile(t, e, Settings{Pools: []Pool{ireland, frankfurt}, AudienceExpression: "[a-z0-9]+"})
	var wg sync.WaitGroup
	for worker := range 8 {
		wg.Go(func() {
			for i := range 200 {
				token := tokens[(i*7+worker)%len(tokens)]
				if d := a.Decide(context.Background(), token, nil, noon); !d.Allowed || d.Claims.Subject() == "" {
					t.Error(d.Reason)
				}
				if i%20 == worker {
					e.Forget(ireland)
				}
			}
		})
	}
	wg.Wait()
	if tokens, bytes := e.known.count(); tokens != e.known.tokens || bytes != e.known.bytes || tokens > 8 {
		t.Errorf("%d tokens in %d bytes, counted as %d in %d", tokens, bytes, e.known.tokens, e.known.bytes)
	}
}
