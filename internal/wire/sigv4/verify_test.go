package sigv4

import (
	"bufio"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/poolgate/poolgate/internal/fault"
)

const (
	vectorKey    = "AKIDEXAMPLE"
	vectorSecret = "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY" // AWS's published example
)

var vectorTime = time.Date(2015, 8, 30, 12, 36, 0, 0, time.UTC)

func vectorLookup(id string) (string, bool) { return vectorSecret, id == vectorKey }

// vectors are AWS's published Signature Version 4 test suite (aws-sig-v4-test-suite), as far as HTTP/1.1 still allows them.
var vectors = []struct {
	name, request, signedHeaders, signature string
}{
	{"get-vanilla", "GET / HTTP/1.1\nHost:example.amazonaws.com", "host;x-amz-date",
		"5fa00fa31553b73ebf1942676e86291e8372ff2a2260956d9b8aae1d763fbf31"},
	{"get-header-key-duplicate",
		"GET / HTTP/1.1\nHost:example.amazonaws.com\nMy-Header1:value2\nMy-Header1:value2\nMy-Header1:value1",
		"host;my-header1;x-amz-date", "c9d5ea9f3f72853aea855b47ea873832890dbdd183b4468f858259531a5138ea"},
	{"get-header-value-order",
		"GET / HTTP/1.1\nHost:example.amazonaws.com\nMy-Header1:value4\nMy-Header1:value1\nMy-Header1:value3\nMy-Header1:value2",
		"host;my-header1;x-amz-date", "08c7e5a9acfcfeb3ab6b2185e75ce8b1deb5e634ec47601a50643f830c755c01"},
	{"get-header-value-trim",
		"GET / HTTP/1.1\nHost:example.amazonaws.com\nMy-Header1: value1\nMy-Header2: \"a   b   c\"",
		"host;my-header1;my-header2;x-amz-date", "acc3ed3afb60bb290fc8d2dd0098b9911fcaa05412b367055dee359757a9c736"},
	{"get-unreserved",
		"GET /-._~0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz HTTP/1.1\nHost:example.amazonaws.com",
		"host;x-amz-date", "07ef7494c76fa4850883e2b006601f940f8a34d404d0cfa977f52a65bbf5f24f"},
	{"get-utf8", "GET /ሴ HTTP/1.1\nHost:example.amazonaws.com", "host;x-amz-date",
		"8318018e0b0f223aa2bbf98705b62bb787dc9c0e678f255a891fd03141be5d85"},
	{"get-vanilla-empty-query-key", "GET /?Param1=value1 HTTP/1.1\nHost:example.amazonaws.com", "host;x-amz-date",
		"a67d582fa61cc504c4bae71f336f98b97f1ea3c7a6bfe1b6e45aec72011b9aeb"},
	{"get-vanilla-query-order-key", "GET /?Param1=value2&Param1=Value1 HTTP/1.1\nHost:example.amazonaws.com", "host;x-amz-date",
		"eedbc4e291e521cf13422ffca22be7d2eb8146eecf653089df300a15b2382bd1"},
	{"get-vanilla-query-order-key-case", "GET /?Param2=value2&Param1=value1 HTTP/1.1\nHost:example.amazonaws.com", "host;x-amz-date",
		"b97d918cfa904a5beff61c982a1b6f458b799221646efd99d3219ec94cdf2500"},
	{"get-vanilla-query-order-value", "GET /?Param1=value2&Param1=value1 HTTP/1.1\nHost:example.amazonaws.com", "host;x-amz-date",
		"5772eed61e12b33fae39ee5e7012498b51d56abc0abb7c60486157bd471c4694"},
	{"get-vanilla-utf8-query", "GET /?ሴ=bar HTTP/1.1\nHost:example.amazonaws.com", "host;x-amz-date",
		"2cdec8eed098649ff3a119c94853b13c643bcf08f8b0a1d91e12c9027818dd04"},
	{"post-vanilla", "POST / HTTP/1.1\nHost:example.amazonaws.com", "host;x-amz-date",
		"5da7c1a2acd57cee7505fc6676e4e544621c30862966e37dddb68e92efbe5d6b"},
	{"post-header-value-case", "POST / HTTP/1.1\nHost:example.amazonaws.com\nMy-Header1:VALUE1", "host;my-header1;x-amz-date",
		"cdbc9802e29d2942e5e10b5bccfdd67c5f22c7c4e8ae67b53629efa58b974b7d"},
	{"post-x-www-form-urlencoded",
		"POST / HTTP/1.1\nContent-Type:application/x-www-form-urlencoded\nHost:example.amazonaws.com\n\nParam1=value1",
		"content-type;host;x-amz-date", "ff11897932ad3f4e8b18135d722051e5ac45fc38421b1da7b9d196a0fe09473a"},
	{"post-x-www-form-urlencoded-parameters",
		"POST / HTTP/1.1\nContent-Type:application/x-www-form-urlencoded; charset=utf8\nHost:example.amazonaws.com\n" +
			"Content-Length:13\n\nParam1=value1",
		"content-type;host;x-amz-date", "1a72ec8f64bd914b0e42e42607c7fbce7fb2c7465f63e3092b3b0d39fa77a6fe"},
	{"get-relative", "GET /example/.. HTTP/1.1\nHost:example.amazonaws.com", "host;x-amz-date",
		"5fa00fa31553b73ebf1942676e86291e8372ff2a2260956d9b8aae1d763fbf31"},
	{"get-relative-relative", "GET /example1/example2/../.. HTTP/1.1\nHost:example.amazonaws.com", "host;x-amz-date",
		"5fa00fa31553b73ebf1942676e86291e8372ff2a2260956d9b8aae1d763fbf31"},
	{"get-slash", "GET // HTTP/1.1\nHost:example.amazonaws.com", "host;x-amz-date",
		"5fa00fa31553b73ebf1942676e86291e8372ff2a2260956d9b8aae1d763fbf31"},
}

// vectorRequest reads a request as a server does and adds the vector's signature.
func vectorRequest(t *testing.T, request, signedHeaders, signature string) (*http.Request, []byte) {
	t.Helper()
	head, body, _ := strings.Cut(request, "\n\n")
	r, err := http.ReadRequest(bufio.NewReader(strings.NewReader(strings.ReplaceAll(head, "\n", "\r\n") + "\r\n\r\n")))
	if err != nil {
		t.Fatal(err)
	}
	r.Header.Set("X-Amz-Date", "20150830T123600Z")
	r.Header.Set("Authorization", "AWS4-HMAC-SHA256 Credential="+vectorKey+"/20150830/us-east-1/service/aws4_request, SignedHeaders="+
		signedHeaders+", Signature="+signature)
	return r, []byte(body)
}

func TestTheVectorsOfAWSVerify(t *testing.T) {
	for _, v := range vectors {
		t.Run(v.name, func(t *testing.T) {
			r, body := vectorRequest(t, v.request, v.signedHeaders, v.signature)
			if err := Verify(r, body, "service", "us-east-1", vectorLookup, vectorTime); err != nil {
				t.Error(err)
			}
			r.Method = http.MethodDelete
			if err := Verify(r, body, "service", "us-east-1", vectorLookup, vectorTime); !fault.Is(err, "InvalidSignatureException") {
				t.Errorf("another method: %v", err)
			}
		})
	}
}

func TestWhatIsWrongWithASignatureIsSaid(t *testing.T) {
	const mismatch = "The request signature we calculated does not match the signature you provided. Check your AWS Secret Access " +
		"Key and signing method. Consult the service documentation for details."
	for _, c := range []struct {
		name    string
		change  func(*http.Request)
		body    string
		now     time.Time
		service string
		code    string
		text    string
	}{
		{name: "no signature at all", change: func(r *http.Request) { r.Header.Del("Authorization") },
			code: "MissingAuthenticationTokenException", text: "Missing Authentication Token"},
		{name: "another body", body: "x", code: "InvalidSignatureException", text: mismatch},
		{name: "another host", change: func(r *http.Request) { r.Host = "evil" }, code: "InvalidSignatureException", text: mismatch},
		{name: "another query", change: func(r *http.Request) { r.URL.RawQuery = "a=b" }, code: "InvalidSignatureException", text: mismatch},
		{name: "six minutes late", now: vectorTime.Add(6 * time.Minute), code: "InvalidSignatureException",
			text: "Signature expired: 20150830T123600Z is now earlier than 20150830T123700Z (20150830T124200Z - 5 min.)"},
		{name: "six minutes early", now: vectorTime.Add(-6 * time.Minute), code: "InvalidSignatureException",
			text: "Signature not yet current: 20150830T123600Z is still later than 20150830T123500Z (20150830T123000Z + 5 min.)"},
		{name: "another service", service: "cognito-idp", code: "InvalidSignatureException",
			text: "Credential should be scoped to correct service: 'cognito-idp'."},
		{name: "an unknown key", change: func(r *http.Request) {
			r.Header.Set("Authorization", strings.Replace(r.Header.Get("Authorization"), vectorKey, "AKIDOTHER", 1))
		}, code: "UnrecognizedClientException", text: "The security token included in the request is invalid."},
		{name: "a header without its signature", change: func(r *http.Request) {
			head, _, _ := strings.Cut(r.Header.Get("Authorization"), ", Signature")
			r.Header.Set("Authorization", head)
		}, code: "IncompleteSignatureException", text: "Authorization header requires 'Signature' parameter. "},
		{name: "a bearer token", change: func(r *http.Request) { r.Header.Set("Authorization", "Bearer x") },
			code: "IncompleteSignatureException", text: "Authorization header requires 'Credential' parameter. "},
		{name: "a target that is not signed", change: func(r *http.Request) { r.Header.Set("X-Amz-Target", "a.B") },
			code: "InvalidSignatureException", text: "'X-Amz-Target' must be a 'SignedHeader' in the AWS Authorization."},
		{name: "a date of another day than its scope", change: func(r *http.Request) { r.Header.Set("X-Amz-Date", "20150831T000000Z") },
			code: "InvalidSignatureException", text: "Date in Credential scope does not match"},
	} {
		t.Run(c.name, func(t *testing.T) {
			v := vectors[0]
			r, _ := vectorRequest(t, v.request, v.signedHeaders, v.signature)
			if c.change != nil {
				c.change(r)
			}
			now, service := vectorTime, "service"
			if !c.now.IsZero() {
				now = c.now
			}
			if c.service != "" {
				service = c.service
			}
			err := Verify(r, []byte(c.body), service, "us-east-1", vectorLookup, now)
			if !fault.Is(err, c.code) || !strings.HasPrefix(fault.From(err).Message, c.text) {
				t.Errorf("got %v", err)
			}
		})
	}
}

// TestAPresignedRequestOfAWSVerifies is the example of "Authenticating Requests: Using Query Parameters" of the S3 guide.
func TestAPresignedRequestOfAWSVerifies(t *testing.T) {
	const example = "/test.txt?X-Amz-Algorithm=AWS4-HMAC-SHA256&X-Amz-Credential=AKIAIOSFODNN7EXAMPLE%2F20130524%2Fus-east-1%2Fs3%2F" +
		"aws4_request&X-Amz-Date=20130524T000000Z&X-Amz-Expires=86400&X-Amz-SignedHeaders=host&X-Amz-Signature=" +
		"aeeed9bbccd4d02ee5c0109b86d86835f995330da4c265957d157751f604d404"
	r := httptest.NewRequest(http.MethodGet, example, nil)
	r.Host = "examplebucket.s3.amazonaws.com"
	r.Header.Set("X-Amz-Content-Sha256", "UNSIGNED-PAYLOAD")
	lookup := func(string) (string, bool) { return "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY", true }
	signedAt := time.Date(2013, 5, 24, 0, 0, 0, 0, time.UTC)
	if err := Verify(r, nil, "s3", "us-east-1", lookup, signedAt.Add(23*time.Hour)); err != nil {
		t.Error(err)
	}
	if err := Verify(r, nil, "s3", "us-east-1", lookup, signedAt.Add(25*time.Hour)); !fault.Is(err, "InvalidSignatureException") {
		t.Errorf("after its lifetime: %v", err)
	}
}

func TestTheScopeIsReadWithoutVerifying(t *testing.T) {
	for _, c := range []struct {
		name, authorization, query string
		want                       Scope
		carried                    bool
	}{
		{"a header", "AWS4-HMAC-SHA256 Credential=key/20260101/eu-west-1/cognito-idp/aws4_request, SignedHeaders=host, Signature=00", "",
			Scope{"key", "20260101", "eu-west-1", "cognito-idp"}, true},
		{"a header without blanks", "AWS4-HMAC-SHA256 Credential=key/20260101/eu-west-1/sts/aws4_request,SignedHeaders=host,Signature=00", "",
			Scope{"key", "20260101", "eu-west-1", "sts"}, true},
		{"a query", "", "X-Amz-Algorithm=AWS4-HMAC-SHA256&X-Amz-Credential=" + url.QueryEscape("a/b/20260101/x/s3/aws4_request"),
			Scope{"a/b", "20260101", "x", "s3"}, true},
		{"a bearer token", "Bearer eyJ", "", Scope{}, false},
		{"another algorithm", "AWS4-HMAC-SHA256X Credential=a", "", Scope{}, false},
		{"nothing", "", "a=b", Scope{}, false},
		{"a credential that is cut short", "AWS4-HMAC-SHA256 Credential=key/20260101", "", Scope{}, true},
	} {
		t.Run(c.name, func(t *testing.T) {
			r := httptest.NewRequest(http.MethodGet, "/?"+c.query, nil)
			if c.authorization != "" {
				r.Header.Set("Authorization", c.authorization)
			}
			if got, carried := ScopeOf(r); got != c.want || carried != c.carried {
				t.Errorf("got %+v %v", got, carried)
			}
		})
	}
}

func TestAPathThatNormalisingChangesIsAmbiguous(t *testing.T) {
	for path, want := range map[string]bool{
		"/": false, "/a/b": false, "/a/b/": false, "/a%2Fb": false, "/a/../b": true, "//a": true, "/a/./b": true, "/a//b": true,
	} {
		r := httptest.NewRequest(http.MethodGet, path, nil)
		r.RequestURI = path
		if got := Ambiguous(r); got != want {
			t.Errorf("%s: %v", path, got)
		}
	}
}

func FuzzVerify(f *testing.F) {
	f.Add("AWS4-HMAC-SHA256 Credential=a/20150830/us-east-1/service/aws4_request, SignedHeaders=host, Signature=00", "/a?b=c", "20150830T123600Z")
	f.Add("AWS4-HMAC-SHA256 ,=,Credential=////,SignedHeaders=;;", "/%zz/../..", "")
	f.Fuzz(func(t *testing.T, authorization, target, date string) {
		u, err := url.Parse(target)
		if err != nil {
			return
		}
		r := &http.Request{Method: http.MethodGet, URL: u, Host: "h", RequestURI: target, Header: http.Header{
			"Authorization": {authorization}, "X-Amz-Date": {date},
		}}
		if Verify(r, nil, "service", "us-east-1", vectorLookup, vectorTime) == nil && !strings.Contains(authorization, vectorKey) {
			t.Error("verified without the key")
		}
	})
}
