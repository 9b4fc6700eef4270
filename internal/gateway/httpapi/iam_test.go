package httpapi_test

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	v4 "github.com/aws/aws-sdk-go-v2/aws/signer/v4"
	"github.com/google/go-cmp/cmp"

	"github.com/poolgate/poolgate/internal/gateway/httpapi"
	"github.com/poolgate/poolgate/internal/gateway/signed"
	"github.com/poolgate/poolgate/internal/policy"
)

func policyDocument(t *testing.T, effect, resource string) *policy.Document {
	t.Helper()
	d, err := policy.Parse([]byte(`{"Version":"2012-10-17","Statement":{"Effect":"` + effect + `","Action":"execute-api:*","Resource":"` + resource + `"}}`))
	if err != nil {
		t.Fatal(err)
	}
	return d
}

// TestSignedRequests: whatever is wrong, the client is told "Forbidden"; the record knows what it was.
func TestSignedRequests(t *testing.T) {
	keys := map[string]signed.Key{
		"AKIDALL":    {Secret: "s", Account: account, ARN: "arn:aws:iam::000000000000:user/bob", UserID: "AIDABOB"},
		"AKIDOTHER":  {Secret: "s", Account: "111122223333", ARN: "arn:aws:iam::111122223333:user/eve"},
		"AKIDNARROW": {Secret: "s", Account: account, Policy: policyDocument(t, "Allow", "arn:aws:execute-api:*:*:*/$default/GET/iam")},
		"AKIDDENIED": {Secret: "s", Account: account, Policy: policyDocument(t, "Deny", "*")},
	}
	w := newWorldWith(t, newAPI().on("ANY /iam", behindIAM).on("GET /iam/{id}", behindIAM), func(c *httpapi.Config) {
		c.Keys = func(id string) (signed.Key, bool) { key, ok := keys[id]; return key, ok }
	})
	server := httptest.NewServer(w)
	defer server.Close()
	for _, tt := range []struct {
		name, key, secret, method, path, body, region string
		late                                          time.Duration
		change                                        func(*http.Request)
		reason                                        string
	}{
		{name: "a good signature", key: "AKIDALL"},
		{name: "over a body", key: "AKIDALL", method: "POST", body: `{"a":1}`},
		{name: "over an escaped path", key: "AKIDALL", path: "/iam/a%20b"},
		{name: "an unknown key", key: "AKIDNOBODY", reason: "access_key_unknown"},
		{name: "a wrong secret", key: "AKIDALL", secret: "t", reason: "signature_invalid"},
		{name: "another body", key: "AKIDALL", method: "POST", body: "a", reason: "signature_invalid", change: func(r *http.Request) { r.Body = io.NopCloser(strings.NewReader("b")) }},
		{name: "another path", key: "AKIDALL", reason: "signature_invalid", change: func(r *http.Request) { r.URL.Path = "/iam/7" }},
		{name: "another region", key: "AKIDALL", region: "us-east-1", reason: "signature_invalid"},
		{name: "an old signature", key: "AKIDALL", late: 10 * time.Minute, reason: "signature_expired"},
		{name: "another account", key: "AKIDOTHER", reason: "iam_denied"},
		{name: "a policy that allows", key: "AKIDNARROW"},
		{name: "a policy that does not", key: "AKIDNARROW", path: "/iam/7", reason: "iam_denied"},
		{name: "a policy that denies", key: "AKIDDENIED", reason: "iam_denied"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			method, path, secret, where := tt.method, tt.path, tt.secret, tt.region
			if method == "" {
				method = "GET"
			}
			if path == "" {
				path = "/iam"
			}
			if secret == "" {
				secret = "s"
			}
			if where == "" {
				where = region
			}
			r, err := http.NewRequest(method, server.URL+path, strings.NewReader(tt.body))
			if err != nil {
				t.Fatal(err)
			}
			sum := sha256.Sum256([]byte(tt.body))
			if err := v4.NewSigner().SignHTTP(context.Background(), aws.Credentials{AccessKeyID: tt.key, SecretAccessKey: secret}, r, hex.EncodeToString(sum[:]), "execute-api", where, time.Now().Add(-tt.late)); err != nil {
				t.Fatal(err)
			}
			if tt.change != nil {
				tt.change(r)
			}
			response, err := http.DefaultTransport.RoundTrip(r)
			if err != nil {
				t.Fatal(err)
			}
			body, _ := io.ReadAll(response.Body)
			_ = response.Body.Close()
			if tt.reason != "" {
				if response.StatusCode != 403 || string(body) != forbidden {
					t.Errorf("answered %d %s", response.StatusCode, body)
				}
			} else if response.StatusCode != 200 {
				t.Errorf("answered %d %s", response.StatusCode, body)
			}
			if got := w.decided(); string(got.Reason) != tt.reason {
				t.Errorf("recorded %s, saw %s", got.Reason, got.Saw)
			}
			if tt.name == "over a body" {
				e := w.event(backend)
				want := map[string]any{"iam": map[string]any{"accessKey": "AKIDALL", "accountId": account, "callerId": "AIDABOB", "cognitoIdentity": nil, "principalOrgId": nil, "userArn": "arn:aws:iam::000000000000:user/bob", "userId": "AIDABOB"}}
				if diff := cmp.Diff(want, e["requestContext"].(map[string]any)["authorizer"]); diff != "" || e["body"] == nil {
					t.Error(diff)
				}
			}
		})
	}
}
