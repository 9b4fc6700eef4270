package explain

import (
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"

	"github.com/poolgate/poolgate/authz"
	"github.com/poolgate/poolgate/internal/account"
)

// TestSayingLessWhenSomethingMayNotBeRead: one permission after the other is missing, and what is told stays true.
func TestSayingLessWhenSomethingMayNotBeRead(t *testing.T) {
	for _, test := range []struct {
		operation string
		change    func(*fakeAccount)
		// mend is what the first step says.
		mend string
	}{
		{"apigateway:GetExport", func(a *fakeAccount) { a.rest.Stages["prod"].Snapshot = nil }, "Let the app client be granted the scope"},
		{"apigateway:GetRestApi", func(a *fakeAccount) { a.rest.Live = nil }, "Let the app client be granted the scope"},
		{"apigateway:GetResources", func(a *fakeAccount) { a.rest.Live.Resources = nil }, "Let the app client be granted the scope"},
		{"apigateway:GetAuthorizers", func(a *fakeAccount) { a.rest.Live.Authorizers = nil }, "Let the app client be granted the scope"},
		{"apigateway:GetStage", func(a *fakeAccount) { delete(a.rest.Stages, "prod") }, "Let the app client be granted the scope"},
		{"apigateway:GetUsagePlans", func(a *fakeAccount) { a.rest.Plans, a.rest.UsagePlans = nil, nil }, "Let the app client be granted the scope"},
		{"cognito-idp:DescribeUserPool", func(a *fakeAccount) { a.pools[poolID].Pool = nil }, "Let the app client be granted the scope"},
		{"cognito-idp:ListUserPoolClients", func(a *fakeAccount) { a.pools[poolID].Clients = nil }, "Sign in again"},
		{"cognito-idp:ListResourceServers", func(a *fakeAccount) { a.pools[poolID].ResourceServers = nil }, "Let the app client be granted the scope"},
		{"cognito-idp:AdminGetUser", func(a *fakeAccount) { a.users = nil }, "Let the app client be granted the scope"},
	} {
		t.Run(test.operation, func(t *testing.T) {
			w := newWorld()
			c := w.ask(t, "GET", "/prod/write", "Authorization", accessToken(nil))
			w.account.rest.Live = copied(t, w.deployed)
			test.change(w.account)
			w.account.gaps = []account.Gap{{Operation: test.operation, Permission: test.operation, Kind: account.GapDenied}}
			if test.operation == "cognito-idp:ListUserPoolClients" {
				w.account.gaps = append(w.account.gaps, account.Gap{Operation: "cognito-idp:DescribeUserPoolClient", Kind: account.GapDenied})
			}
			v := diagnosed(t, c)
			whole(t, v)
			if v.Reason != authz.ScopeMissing || !v.Certain {
				t.Fatalf("got %s, certain %v: %v", v.Reason, v.Certain, v.Missing)
			}
			if contains(v.Warnings, authz.UndeployedChange) {
				t.Error("what could not be read counts as a change")
			}
			if len(v.Gaps) == 0 {
				t.Error("the gap is not told")
			}
			if len(v.Mend) == 0 || !strings.HasPrefix(v.Mend[0], test.mend) {
				t.Errorf("mends %q", v.Mend)
			}
		})
	}
}

func TestAnAnswerWithoutKeysIsNotBlamedOnTheToken(t *testing.T) {
	w := newWorld()
	c := w.ask(t, "GET", "/prod/scoped", "Authorization", idToken(nil))
	w.account.pools[poolID].JWKS = nil
	v := diagnosed(t, c)
	if v.Certain || v.ExitCode() != ExitCannotTell || !strings.Contains(strings.Join(v.Missing, " "), "could not be fetched from here") {
		t.Errorf("%s, certain %v, %v", v.Reason, v.Certain, v.Missing)
	}
	w.account.pools[poolID].Issuer = "https://else.example.com/" + poolID
	c = w.ask(t, "GET", "/prod/pets", "Authorization", idToken(claims{"iss": "https://else.example.com/" + poolID}))
	if v := diagnosed(t, c); v.Reason == authz.TokenIssuer {
		t.Errorf("a pool's own issuer is refused: %s", aws.ToString(&v.Saw))
	}
}
