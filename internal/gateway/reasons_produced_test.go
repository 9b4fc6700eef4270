package gateway_test

import (
	"context"
	"crypto/rsa"
	"errors"
	"flag"
	"fmt"
	"os"
	"strings"
	"sync"
	"testing"

	"github.com/poolgate/poolgate/authz"
	"github.com/poolgate/poolgate/internal/gateway"
	"github.com/poolgate/poolgate/internal/gateway/decision"
)

// neverHere are the codes of the closed list that no request to this gateway is refused with, and why.
var neverHere = map[authz.Reason]string{
	authz.WAFBlocked: "there is no web application firewall here; explain names it for APIs on AWS",
}

// produced are the reasons of all requests that the tests' worlds answered.
var produced sync.Map

// noting lets a gateway's decision records be counted when its test is over.
func noting(t testing.TB, c *gateway.Config) {
	if c.Ring == nil {
		c.Ring = decision.NewRing(decision.RingRecords, decision.RingBytes)
	}
	ring := c.Ring
	t.Cleanup(func() {
		for _, record := range ring.Recent(decision.RingRecords, nil) {
			produced.Store(record.Reason, true)
		}
	})
}

// TestMain fails a run of all tests in which a code of the closed list was never the reason of a refusal: a code that nothing produces is
// untested or dead.
func TestMain(m *testing.M) {
	status := m.Run()
	part := testing.Short() || flag.Lookup("test.run").Value.String() != "" || flag.Lookup("test.skip").Value.String() != "" || flag.Lookup("test.list").Value.String() != ""
	if status == 0 && !part {
		for _, info := range authz.Reasons() {
			_, seen := produced.Load(info.Code)
			switch _, never := neverHere[info.Code]; {
			case seen && never:
				fmt.Printf("FAIL: %s is a reason of a refusal, which neverHere denies\n", info.Code)
				status = 1
			case !seen && !never:
				fmt.Printf("FAIL: no test brought about a refusal for %s\n", info.Code)
				status = 1
			}
		}
	}
	os.Exit(status)
}

// unreachable are a pool's keys that nobody answers for.
type unreachable struct{ poolKeys }

func (unreachable) Key(context.Context, authz.Pool, string) (*rsa.PublicKey, error) {
	return nil, errors.New("no route to host")
}

// TestTokensThatTheTableOfFactsDoesNotList are refused as the others: Unauthorized, with a reason each.
func TestTokensThatTheTableOfFactsDoesNotList(t *testing.T) {
	known := newWorld(t, protected(), nil)
	unknown := newWorld(t, protected(), nil, func(c *gateway.Config) { c.Engine = authz.New(unreachable{}) })
	fiveParts := segmentOf(claims{"cty": "JWT", "enc": "A256GCM", "alg": "RSA-OAEP"}) + strings.Repeat(".abcd", 4)
	for _, tt := range []struct {
		name, token string
		at          *world
		reason      authz.Reason
	}{
		{"a refresh token", fiveParts, known, authz.TokenIsRefreshToken},
		{"an algorithm that pools do not sign with", mint(signingKey(), claims{"kid": keyID, "alg": "RS512"}, idClaims()), known, authz.TokenAlgorithm},
		{"a token for later", token(idClaims().with(claims{"nbf": epoch.Unix() + 3600})), known, authz.TokenNotYetValid},
		{"keys that cannot be had", token(idClaims()), unknown, authz.KeysUnavailable},
	} {
		t.Run(tt.name, func(t *testing.T) {
			got := send(t, tt.at, "GET", "/prod/id", "Authorization", tt.token)
			if got.StatusCode != 401 || got.body != unauthorized || got.Header.Get("X-Amzn-Errortype") != "UnauthorizedException" {
				t.Errorf("answered %d %s %v", got.StatusCode, got.body, got.Header)
			}
			if reason := got.Header.Get("X-Poolgate-Reason"); reason != string(tt.reason) {
				t.Errorf("the reason is %q, want %q", reason, tt.reason)
			}
		})
	}
}
