package s3

import (
	"net/http"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	sdk "github.com/aws/aws-sdk-go-v2/service/s3"
)

// TestAPresignedURLDoesWhatWasSigned: who was given a URL to put one object cannot have another one copied there, open it to others or say
// more of it, by headers that nobody signed.
func TestAPresignedURLDoesWhatWasSigned(t *testing.T) {
	l := newLab(t)
	b := l.bucket("my-bucket")
	l.put(b, "secret", "top secret")
	for header, value := range map[string]string{
		"X-Amz-Copy-Source": "/my-bucket/secret", "X-Amz-Meta-Owner": "me", "X-Amz-Tagging": "a=b", "X-Amz-Website-Redirect-Location": "/x",
	} {
		r, err := http.NewRequestWithContext(l.ctx(), http.MethodPut, l.presign(b, "mine"), strings.NewReader("text"))
		if err != nil {
			t.Fatal(err)
		}
		if header == "X-Amz-Copy-Source" {
			r.Body, r.ContentLength = nil, 0
		}
		r.Header.Set(header, value)
		status, body, _ := l.raw(r)
		want := "<Code>AccessDenied</Code><Message>There were headers present in the request which were not signed</Message><HeadersNotSigned>" + strings.ToLower(header) + "</HeadersNotSigned>"
		if status != 403 || !strings.Contains(body, want) {
			t.Errorf("%s: answered %d %s", header, status, body)
		}
	}
	if _, err := l.GetObject(l.ctx(), &sdk.GetObjectInput{Bucket: &b, Key: aws.String("mine")}); err == nil {
		t.Error("the object is there")
	}
}
