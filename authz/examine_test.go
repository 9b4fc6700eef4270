package authz

import (
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

// TestExamineVerifiesOnce: what a gateway asks of the engine is the decision of Decide with the checks of Explain, and the keys are
// asked for once where those two ask twice.
func TestExamineVerifiesOnce(t *testing.T) {
	id := idToken(ireland, idClaims(ireland))
	for _, tt := range []struct {
		name     string
		identity string
		now      time.Time
		asks     int
	}{
		{"no token", "", noon, 0},
		{"a token that is none", "Bearer x", noon, 0},
		{"an algorithm that is not taken", unsigned(`{"alg":"none"}`, object(idClaims(ireland)), ""), noon, 0},
		{"an issuer elsewhere", idToken(frankfurt, idClaims(frankfurt)), noon, 0},
		{"a key that nobody has", sign(testKey("mallory"), header("unknown"), object(idClaims(ireland))), noon, 1},
		{"a forged token", id[:len(id)-20] + strings.Repeat("A", 20), noon, 1},
		{"a token whose time is up", id, noon.Add(2 * time.Hour), 1},
		{"a good token", id, noon, 1},
	} {
		t.Run(tt.name, func(t *testing.T) {
			keys := newTestKeys(ireland)
			got, checks := compile(t, New(keys), Settings{Pools: []Pool{ireland}}).Examine(t.Context(), tt.identity, nil, tt.now)
			if keys.asked != tt.asks {
				t.Errorf("the keys were asked for %d times, want %d", keys.asked, tt.asks)
			}
			want, told := compile(t, New(newTestKeys(ireland)), Settings{Pools: []Pool{ireland}}).Explain(t.Context(), tt.identity, nil, tt.now)
			if got.Allowed != want.Allowed || got.Reason != want.Reason {
				t.Errorf("decided %+v, explained %+v", got, want)
			}
			if want.Allowed {
				told = nil
			}
			if diff := cmp.Diff(told, checks); diff != "" {
				t.Error(diff)
			}
		})
	}
}
