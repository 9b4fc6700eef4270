package signed

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	v4 "github.com/aws/aws-sdk-go-v2/aws/signer/v4"

	"github.com/poolgate/poolgate/authz"
	"github.com/poolgate/poolgate/internal/policy"
)

const (
	keyID  = "AKIDEXAMPLE"
	secret = "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY" // AWS's published example
)

var now = time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)

func keys(id string) (Key, bool) {
	switch id {
	case keyID:
		return Key{Secret: secret, Account: "111122223333", ARN: "arn:aws:iam::111122223333:user/bob", UserID: "AIDAEXAMPLE"}, true
	case "ASIDSESSION":
		return Key{Secret: secret, Token: "the-session-token", Account: "111122223333"}, true
	}
	return Key{}, false
}

// request is what a server reads of a request that SDK code signed.
type request struct {
	id, secret, token, service, region, method, target, body string
	at                                                       time.Time
	presigned                                                bool
	// expires is in seconds, for presigned requests.
	expires string
	change  func(*http.Request)
}

func (q request) signed(t *testing.T) *http.Request {
	t.Helper()
	r, err := http.NewRequest(q.method, "http://abc123.execute-api.eu-west-1.amazonaws.com"+q.target, strings.NewReader(q.body))
	if err != nil {
		t.Fatal(err)
	}
	if q.expires != "" {
		query := r.URL.Query()
		query.Set("X-Amz-Expires", q.expires)
		r.URL.RawQuery = query.Encode()
	}
	sum := sha256.Sum256([]byte(q.body))
	credentials := aws.Credentials{AccessKeyID: q.id, SecretAccessKey: q.secret, SessionToken: q.token}
	signer := v4.NewSigner()
	if q.presigned {
		location, headers, err := signer.PresignHTTP(context.Background(), credentials, r, hex.EncodeToString(sum[:]), q.service, q.region, q.at)
		if err != nil {
			t.Fatal(err)
		}
		r.URL, err = url.Parse(location)
		if err != nil {
			t.Fatal(err)
		}
		for name, values := range headers {
			r.Header[name] = values
		}
	} else if err := signer.SignHTTP(context.Background(), credentials, r, hex.EncodeToString(sum[:]), q.service, q.region, q.at); err != nil {
		t.Fatal(err)
	}
	served := httptest.NewRequest(q.method, r.URL.RequestURI(), strings.NewReader(q.body))
	served.Host, served.Header = r.URL.Host, r.Header
	if q.change != nil {
		q.change(served)
	}
	return served
}

func base() request {
	return request{id: keyID, secret: secret, service: "execute-api", region: "eu-west-1", method: "GET", target: "/prod/pets/7?b=2&a=1", at: now}
}

func with(change func(*request)) request {
	q := base()
	change(&q)
	return q
}

func TestVerify(t *testing.T) {
	for _, c := range []struct {
		name      string
		request   request
		reason    authz.Reason
		errorType string
		// message begins the answer's text.
		message string
	}{
		{name: "signed in the header", request: base()},
		{name: "signed in the query", request: with(func(q *request) { q.presigned = true; q.expires = "60" })},
		{name: "a body", request: with(func(q *request) { q.method, q.body = "POST", `{"a":1}` })},
		{name: "an escaped path", request: with(func(q *request) { q.target = "/prod/a%20b/c%2Fd/~x/%C3%A9" })},
		{name: "a query with everything", request: with(func(q *request) { q.target = "/prod?z=1&a=%2F%20&a=b&empty=&flag=&%C3%A9=1" })},
		{name: "a session", request: with(func(q *request) { q.id, q.token = "ASIDSESSION", "the-session-token" })},
		{name: "four minutes old", request: with(func(q *request) { q.at = now.Add(-4 * time.Minute) })},
		{"no signature", with(func(q *request) { q.change = func(r *http.Request) { r.Header.Del("Authorization") } }),
			authz.SignatureMissing, "MissingAuthenticationTokenException", "Missing Authentication Token"},
		{"a token", with(func(q *request) { q.change = func(r *http.Request) { r.Header.Set("Authorization", "Bearer x") } }),
			authz.SignatureMissing, "IncompleteSignatureException", "Invalid key=value pair (missing equal-sign) in Authorization header"},
		{"an unknown key", with(func(q *request) { q.id = "AKIDOTHER" }),
			authz.AccessKeyUnknown, "UnrecognizedClientException", "The security token included in the request is invalid."},
		{"a session without its token", with(func(q *request) { q.id = "ASIDSESSION" }),
			authz.AccessKeyUnknown, "UnrecognizedClientException", "The security token included in the request is invalid."},
		{"a session with another token", with(func(q *request) { q.id, q.token = "ASIDSESSION", "another" }),
			authz.AccessKeyUnknown, "UnrecognizedClientException", "The security token included in the request is invalid."},
		{"a wrong secret", with(func(q *request) { q.secret = "wrong" }),
			authz.SignatureInvalid, "InvalidSignatureException", "The request signature we calculated does not match the signature you provided. Check your AWS Secret Access Key and signing method. Consult the service documentation for details.\n\nThe Canonical String for this request should have been\n'GET\n/prod/pets/7\na=1&b=2\n"},
		{"another path", with(func(q *request) { q.change = func(r *http.Request) { r.RequestURI = "/prod/pets/8?b=2&a=1" } }),
			authz.SignatureInvalid, "InvalidSignatureException", "The request signature we calculated"},
		{"another query", with(func(q *request) { q.change = func(r *http.Request) { r.URL.RawQuery = "b=2&a=2" } }),
			authz.SignatureInvalid, "InvalidSignatureException", "The request signature we calculated"},
		{"another method", with(func(q *request) { q.change = func(r *http.Request) { r.Method = "DELETE" } }),
			authz.SignatureInvalid, "InvalidSignatureException", "The request signature we calculated"},
		{"another host", with(func(q *request) {
			q.change = func(r *http.Request) { r.Host = "other.execute-api.eu-west-1.amazonaws.com" }
		}),
			authz.SignatureInvalid, "InvalidSignatureException", "The request signature we calculated"},
		{"too old", with(func(q *request) { q.at = now.Add(-6 * time.Minute) }),
			authz.SignatureExpired, "InvalidSignatureException", "Signature expired: 20260301T115400Z is now earlier than 20260301T115500Z (20260301T120000Z - 5 min.)"},
		{"too early", with(func(q *request) { q.at = now.Add(6 * time.Minute) }),
			authz.SignatureExpired, "InvalidSignatureException", "Signature not yet current: 20260301T120600Z is still later than 20260301T120500Z (20260301T120000Z + 5 min.)"},
		{"a presigned request that has expired", with(func(q *request) { q.presigned, q.expires, q.at = true, "60", now.Add(-61*time.Second) }),
			authz.SignatureExpired, "InvalidSignatureException", "Signature expired: 20260301T115859Z is now earlier than 20260301T115900Z"},
		{"another service", with(func(q *request) { q.service = "apigateway" }),
			authz.SignatureInvalid, "InvalidSignatureException", "Credential should be scoped to correct service: 'execute-api'. "},
		{"another region", with(func(q *request) { q.region = "us-east-1" }),
			authz.SignatureInvalid, "InvalidSignatureException", "Credential should be scoped to a valid Region, not 'us-east-1'. "},
	} {
		t.Run(c.name, func(t *testing.T) {
			r := c.request.signed(t)
			caller, refused, err := Verify(r, func() ([]byte, error) { return []byte(c.request.body), nil }, "eu-west-1", keys, now)
			if err != nil {
				t.Fatal(err)
			}
			if c.reason == "" {
				if refused != nil || caller.AccessKey != c.request.id || caller.Account != "111122223333" {
					t.Fatalf("refused: %+v, caller %+v", refused, caller)
				}
				return
			}
			if refused == nil || caller != nil {
				t.Fatal("let in")
			}
			if refused.Reason != c.reason || refused.ErrorType != c.errorType || !strings.HasPrefix(refused.Message, c.message) {
				t.Errorf("%s %s %q", refused.Reason, refused.ErrorType, refused.Message)
			}
		})
	}
}

// The hash of the body that came counts, not what the client says of it.
func TestABodyThatWasChangedIsRefused(t *testing.T) {
	q := with(func(q *request) { q.method, q.body = "POST", `{"a":1}` })
	r := q.signed(t)
	sum := sha256.Sum256([]byte(q.body))
	r.Header.Set("X-Amz-Content-Sha256", hex.EncodeToString(sum[:]))
	_, refused, err := Verify(r, func() ([]byte, error) { return []byte(`{"a":2}`), nil }, "eu-west-1", keys, now)
	if err != nil || refused == nil || refused.Reason != authz.SignatureInvalid {
		t.Fatalf("%+v %v", refused, err)
	}
}

// A body is not worth reading for a signature that is wrong without it, and one that fails to be read is not the signature's fault.
func TestTheBodyIsReadLast(t *testing.T) {
	broken := errors.New("broken off")
	reads := 0
	body := func() ([]byte, error) { reads++; return nil, broken }
	for _, q := range []request{with(func(q *request) { q.id = "AKIDOTHER" }), with(func(q *request) { q.at = now.Add(-time.Hour) })} {
		if _, refused, err := Verify(q.signed(t), body, "eu-west-1", keys, now); refused == nil || err != nil || reads != 0 {
			t.Errorf("%+v %v, read %d times", refused, err, reads)
		}
	}
	if caller, refused, err := Verify(base().signed(t), body, "eu-west-1", keys, now); caller != nil || refused != nil || !errors.Is(err, broken) {
		t.Errorf("%+v %+v %v", caller, refused, err)
	}
}

func TestTheAnswerShowsNoCredential(t *testing.T) {
	for _, presigned := range []bool{false, true} {
		q := with(func(q *request) {
			q.id, q.token, q.secret, q.presigned = "ASIDSESSION", "the-session-token", "wrong", presigned
		})
		_, refused, err := Verify(q.signed(t), func() ([]byte, error) { return nil, nil }, "eu-west-1", keys, now)
		if err != nil || refused == nil || refused.Reason != authz.SignatureInvalid {
			t.Fatalf("%+v %v", refused, err)
		}
		if strings.Contains(refused.Message, "the-session-token") || !strings.Contains(refused.Message, "***") {
			t.Errorf("the token is shown: %s", refused.Message)
		}
	}
}

func TestALongRequestIsNotSentBack(t *testing.T) {
	q := with(func(q *request) { q.secret, q.target = "wrong", "/prod?x="+strings.Repeat("y", 20<<10) })
	_, refused, _ := Verify(q.signed(t), func() ([]byte, error) { return nil, nil }, "eu-west-1", keys, now)
	if refused == nil || len(refused.Message) > 300 {
		t.Fatalf("%.400v", refused)
	}
}

func TestTheCallersOwnPolicy(t *testing.T) {
	own, err := policy.Parse([]byte(`{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"execute-api:Invoke","Resource":"*/GET/*"}]}`))
	if err != nil {
		t.Fatal(err)
	}
	ask := policy.Request{Action: "execute-api:Invoke", Resource: "arn:aws:execute-api:eu-west-1:1:a/prod/POST/x"}
	if got := (&Caller{}).Evaluate(ask); got != policy.Allowed {
		t.Errorf("without a policy: %s", got)
	}
	if got := (&Caller{policy: own}).Evaluate(ask); got != policy.Silent {
		t.Errorf("with a policy: %s", got)
	}
}

func TestComplaint(t *testing.T) {
	for _, c := range []struct{ header, date, want string }{
		{"", "", ""},
		{"a=b", "", "Authorization header must begin with the algorithm name, which cannot include an equal-sign (hashed with SHA-256 and encoded with Base64): '" + hashed("a=b") + "'."},
		{"Bearer x", "", "Invalid key=value pair (missing equal-sign) in Authorization header (hashed with SHA-256 and encoded with Base64): '" + hashed("Bearer x") + "'."},
		{"token", "", "Authorization header requires 'Credential' parameter. Authorization header requires 'Signature' parameter. Authorization header requires 'SignedHeaders' parameter. Authorization header requires existence of either a 'X-Amz-Date' or a 'Date' header. (Hashed with SHA-256 and encoded with Base64) Authorization=" + hashed("token")},
		{"AWS4-HMAC-SHA256 Credential=a, SignedHeaders=host", "x", "Authorization header requires 'Signature' parameter. (Hashed with SHA-256 and encoded with Base64) Authorization=" + hashed("AWS4-HMAC-SHA256 Credential=a, SignedHeaders=host")},
		{"AWS4-HMAC-SHA256 Credential=a, SignedHeaders=host, Signature=b", "x", ""},
	} {
		r := &http.Request{Header: http.Header{}}
		if c.header != "" {
			r.Header.Set("Authorization", c.header)
		}
		if c.date != "" {
			r.Header.Set("X-Amz-Date", c.date)
		}
		if got := Complaint(r); got != c.want {
			t.Errorf("%s: %s", c.header, got)
		}
	}
}
