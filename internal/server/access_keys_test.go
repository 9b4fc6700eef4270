package server

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/poolgate/poolgate/internal/gateway/signed"
	"github.com/poolgate/poolgate/internal/policy"
	"github.com/poolgate/poolgate/internal/wire"
)

func sessions(id string) (wire.Session, bool) {
	return wire.Session{Secret: "s", Token: "t", Account: "000000000000", Principal: "arn:aws:iam::000000000000:role/service/pets"}, id == "ASIA1"
}

func signersOf(t *testing.T, config Config) signed.Keys {
	t.Helper()
	keys, err := signers(config, wire.New(wire.Options{Keys: config.AccessKeys, Principals: principals(config), Sessions: sessions}))
	if err != nil {
		t.Fatal(err)
	}
	return keys
}

func TestSigners(t *testing.T) {
	session := signed.Key{Secret: "s", Token: "t", Account: "000000000000", ARN: "arn:aws:sts::000000000000:assumed-role/pets/ASIA1", UserID: "ASIA1"}
	desk := signersOf(t, Config{})
	configured := signersOf(t, Config{
		AccessKeys: map[string]string{"AKIA1": "one", "AKIA2": "two", "111122223333": "three"},
		Callers:    map[string]Caller{"AKIA2": {ARN: "arn:aws:iam::444455556666:user/team/bob"}},
	})
	for _, c := range []struct {
		name string
		keys signed.Keys
		id   string
		want signed.Key
	}{
		{"the desk's key", desk, "test", signed.Key{Secret: "test", Account: "000000000000", ARN: "arn:aws:iam::000000000000:user/test", UserID: "test"}},
		{"an account at the desk", desk, "111122223333", signed.Key{Secret: "test", Account: "111122223333", ARN: "arn:aws:iam::111122223333:root", UserID: "111122223333"}},
		{"another key at the desk", desk, "AKIA1", signed.Key{}},
		{"a session at the desk", desk, "ASIA1", session},
		{"a configured key", configured, "AKIA1", signed.Key{Secret: "one", Account: "000000000000", ARN: "arn:aws:iam::000000000000:user/AKIA1", UserID: "AKIA1"}},
		{"a configured key of somebody", configured, "AKIA2", signed.Key{Secret: "two", Account: "444455556666", ARN: "arn:aws:iam::444455556666:user/team/bob", UserID: "AKIA2"}},
		{"a configured account", configured, "111122223333", signed.Key{Secret: "three", Account: "111122223333", ARN: "arn:aws:iam::111122223333:root", UserID: "111122223333"}},
		{"a session", configured, "ASIA1", session},
		{"the desk's key where keys are configured", configured, "test", signed.Key{}},
		{"an account where keys are configured", configured, "444455556666", signed.Key{}},
	} {
		got, known := c.keys(c.id)
		if diff := cmp.Diff(c.want, got, cmpopts.IgnoreFields(signed.Key{}, "Policy")); diff != "" || known != (c.want.Secret != "") {
			t.Errorf("%s: %v %s", c.name, known, diff)
		}
	}
}

func TestASignersPolicy(t *testing.T) {
	file := filepath.Join(t.TempDir(), "policy.json")
	if err := os.WriteFile(file, []byte(`{"Version":"2012-10-17","Statement":[{"Effect":"Deny","Action":"*","Resource":"*"}]}`), 0o600); err != nil {
		t.Fatal(err)
	}
	keys := signersOf(t, Config{AccessKeys: map[string]string{"AKIA1": "one"}, Callers: map[string]Caller{"AKIA1": {PolicyFile: file}}})
	key, _ := keys("AKIA1")
	if key.Policy == nil || key.Policy.Evaluate(policy.Request{Action: "a:b", Resource: "c"}) != policy.Denied {
		t.Errorf("the policy is not the key's: %+v", key.Policy)
	}
}

func TestPrincipals(t *testing.T) {
	for arn, want := range map[string]bool{
		"arn:aws:iam::111122223333:user/bob": true, "arn:aws:iam::111122223333:user/team/bob": true, "arn:aws:iam::111122223333:root": true,
		"arn:aws:sts::111122223333:assumed-role/pets/s1": true, "arn:aws-cn:iam::111122223333:user/bob": true,
		"": false, "bob": false, "arn:aws:iam::1:user/bob": false, "arn:aws:iam::111122223333:user/": false, "arn:aws:iam::111122223333:user/*": false,
		"arn:aws:iam::111122223333:role/pets": false, "arn:aws:sts::111122223333:assumed-role/pets": false, "arn:aws:iam:eu-west-1:111122223333:user/bob": false,
		"arn:aws:iam::111122223333:root/x": false, "arn:aws:s3::111122223333:user/bob": false,
	} {
		if got := isPrincipal(arn); got != want {
			t.Errorf("%q: %v", arn, got)
		}
	}
}
