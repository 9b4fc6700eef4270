package cognito

import (
	"encoding/base64"
	"maps"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/cognitoidentityprovider/types"
	"github.com/google/go-cmp/cmp"
)

func TestSRPSignsInWithoutThePassword(t *testing.T) {
	s := newSignIn(t, nil)
	// More than one exchange, because padding depends on the first bits of random numbers.
	for range 6 {
		if got := must(s.bySRP("ann", goodPassword, nil))(t); got.AuthenticationResult == nil {
			t.Fatalf("output is %+v", got)
		}
	}
}

func TestSRPChallengeHasWhatClientsRead(t *testing.T) {
	s := newSignIn(t, nil)
	got := must(s.initiate(types.AuthFlowTypeUserSrpAuth, map[string]string{"USERNAME": "ANN", "SRP_A": newSRPClient(t).A()}))(t)
	p := maps.Clone(got.ChallengeParameters)
	for _, name := range []string{"SALT", "SRP_B", "SECRET_BLOCK"} {
		if p[name] == "" {
			t.Errorf("%s is missing", name)
		}
		delete(p, name)
	}
	if diff := cmp.Diff(map[string]string{"USERNAME": "ann", "USER_ID_FOR_SRP": "ann"}, p); diff != "" {
		t.Errorf("parameters (-want +got):\n%s", diff)
	}
}

func TestTamperedSRPIsRefused(t *testing.T) {
	s := newSignIn(t, nil)
	tests := []struct {
		name    string
		tamper  func(map[string]string)
		code    string
		message string
	}{
		{"a signature of something else", func(p map[string]string) {
			p["PASSWORD_CLAIM_SIGNATURE"] = base64.StdEncoding.EncodeToString(make([]byte, 32))
		}, notAuthorized, "Incorrect username or password."},
		{"a signature that is no base64", func(p map[string]string) { p["PASSWORD_CLAIM_SIGNATURE"] = "%%%" }, notAuthorized, "Incorrect username or password."},
		{"another timestamp than was signed", func(p map[string]string) {
			p["TIMESTAMP"] = time.Now().Add(-time.Minute).UTC().Format(srpTimestampLayout)
		}, notAuthorized, "Incorrect username or password."},
		{"a secret block with one byte changed", func(p map[string]string) {
			block := []byte(p["PASSWORD_CLAIM_SECRET_BLOCK"])
			block[len(block)/2] ^= 1
			p["PASSWORD_CLAIM_SECRET_BLOCK"] = string(block)
		}, notAuthorized, "Invalid session for the user."},
		{"a secret block that was made up", func(p map[string]string) { p["PASSWORD_CLAIM_SECRET_BLOCK"] = "AAAA" }, notAuthorized, "Invalid session for the user."},
		{"another user's name", func(p map[string]string) { p["USERNAME"] = "bob" }, notAuthorized, "Invalid session for the user."},
		{"no timestamp", func(p map[string]string) { delete(p, "TIMESTAMP") }, invalid, "Missing required parameter TIMESTAMP"},
	}
	s.addUser("bob")
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			_, err := s.bySRP("ann", goodPassword, test.tamper)
			refused(t, err, test.code, test.message)
		})
	}
	_, err := s.bySRP("ann", "Wrong-horse-1", nil)
	refused(t, err, notAuthorized, "Incorrect username or password.")
	_, err = s.initiate(types.AuthFlowTypeUserSrpAuth, map[string]string{"USERNAME": "ann", "SRP_A": srpPrimeHex})
	refused(t, err, invalid, "")
}

func TestAnSRPExchangeCanBeUsedOnce(t *testing.T) {
	s := newSignIn(t, nil)
	var sent map[string]string
	must(s.bySRP("ann", goodPassword, func(p map[string]string) { sent = p }))(t)
	_, err := s.respond(types.ChallengeNameTypePasswordVerifier, nil, sent)
	refused(t, err, notAuthorized, "Invalid session for the user, session can only be used once.")
}

func TestAnSRPExchangeExpires(t *testing.T) {
	s := newSignIn(t, nil)
	_, err := s.bySRP("ann", goodPassword, func(map[string]string) { s.clock.Advance(3*time.Minute + time.Second) })
	refused(t, err, notAuthorized, "Invalid session for the user, session is expired.")
}
