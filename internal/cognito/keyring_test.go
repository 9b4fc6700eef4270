package cognito

import (
	"crypto/rand"
	"crypto/rsa"
	"errors"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	cip "github.com/aws/aws-sdk-go-v2/service/cognitoidentityprovider"

	"github.com/poolgate/poolgate/authz"
)

func TestKeysAreMadeAheadOfNeedAndNotAtOnce(t *testing.T) {
	key := must(rsa.GenerateKey(rand.Reader, 1024))(t)
	synctest.Test(t, func(t *testing.T) {
		var made atomic.Int32
		stock := newKeyStock()
		defer stock.close()
		stock.generate = func() (*rsa.PrivateKey, error) {
			made.Add(1)
			return key, nil
		}
		synctest.Wait()
		if made.Load() != 0 {
			t.Error("starting makes keys")
		}
		must(stock.take())(t)
		if made.Load() != 2 {
			t.Errorf("an empty stock made %d keys for a pool that waits, want 2", made.Load())
		}
		time.Sleep(time.Second)
		synctest.Wait()
		if got := made.Load(); got != 2+2*stockSize {
			t.Errorf("%d keys were made, want the pool's and %d pairs", got, stockSize)
		}
		before := made.Load()
		must(stock.take())(t)
		if made.Load() != before {
			t.Error("a full stock made a key for a pool that waits")
		}
		time.Sleep(time.Second)
		synctest.Wait()
		if got := made.Load(); got != before+2 {
			t.Errorf("%d keys replaced the pair that was taken", got-before)
		}
		stock.close()
		must(stock.take())(t)
		time.Sleep(time.Second)
		synctest.Wait()
		if made.Load() != before+2 {
			t.Error("a closed stock is filled")
		}
	})
}

func TestAPoolWaitsForKeysThatCannotBeMade(t *testing.T) {
	stock := newKeyStock()
	defer stock.close()
	broken := errors.New("no randomness")
	stock.mu.Lock()
	stock.generate = func() (*rsa.PrivateKey, error) { return nil, broken }
	stock.mu.Unlock()
	if _, err := stock.take(); !errors.Is(err, broken) {
		t.Errorf("got %v", err)
	}
}

func TestADeletedPoolHasNoKeys(t *testing.T) {
	s := newSignIn(t, nil)
	token := *s.tokens("ann").AccessToken
	pool := authz.Pool{Region: "eu-west-1", ID: s.poolID}
	keys := must(s.keys.of(t.Context(), s.poolID))(t)
	if _, err := s.Key(t.Context(), pool, keys.access.kid); err != nil {
		t.Fatal(err)
	}
	must(s.DeleteUserPool(s.ctx, &cip.DeleteUserPoolInput{UserPoolId: &s.poolID}))(t)
	if _, err := s.Key(t.Context(), pool, keys.access.kid); !errors.Is(err, authz.ErrPoolNotFound) {
		t.Errorf("the deleted pool's key gives %v", err)
	}
	refused(t, s.getUser(&token), notAuthorized, "Invalid Access Token")
}

func TestTheCacheOfKeysIsBounded(t *testing.T) {
	s := newSignIn(t, nil)
	set := must(s.keys.of(t.Context(), s.poolID))(t)
	for i := range 2 * cachedKeysets {
		id := "eu-west-1_" + time.Duration(i).String()
		remember(s.keys, s.keys.cache, id, set, s.keys.generation)
		if _, err := s.keys.of(t.Context(), "eu-west-2_"+time.Duration(i).String()); !errors.Is(err, authz.ErrPoolNotFound) {
			t.Fatal(err)
		}
	}
	if n, missing := len(s.keys.cache), len(s.keys.missing); n > cachedKeysets || missing > cachedKeysets || missing < cachedKeysets/2 {
		t.Errorf("%d pools' keys and %d missing ones are remembered, want at most %d", n, missing, cachedKeysets)
	}
	s.keys.forget(s.poolID)
	remember(s.keys, s.keys.cache, s.poolID, set, s.keys.generation-1)
	if s.keys.cache[s.poolID] != nil {
		t.Error("keys read before a change were remembered after it")
	}
}

// TestAPoolThatComesIntoBeingIsNoLongerMissing is about what is remembered of pools that do not exist: it ends with their creation.
func TestAPoolThatComesIntoBeingIsNoLongerMissing(t *testing.T) {
	s := newSignIn(t, nil)
	id := "eu-west-1_ComesLater"
	for range 2 { // asked and remembered
		if _, err := s.keys.of(t.Context(), id); !errors.Is(err, authz.ErrPoolNotFound) {
			t.Fatal(err)
		}
	}
	if _, remembered := s.keys.missing[id]; !remembered {
		t.Error("the store is asked for every token of a pool that is elsewhere")
	}
	name := "later"
	must(s.CreateUserPool(s.ctx, &cip.CreateUserPoolInput{PoolName: &name, UserPoolTags: map[string]string{"_custom_id_": id}}))(t)
	if _, err := s.keys.of(t.Context(), id); err != nil {
		t.Error(err)
	}
}
