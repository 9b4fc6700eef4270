package s3

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	v4 "github.com/aws/aws-sdk-go-v2/aws/signer/v4"
	sdk "github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/s3/types"
)

func TestBucketsThatAreRefused(t *testing.T) {
	l := newLab(t)
	mine := l.bucket("my-bucket")
	create := func(c *sdk.Client, name string, where *types.CreateBucketConfiguration) error {
		_, err := c.CreateBucket(l.ctx(), &sdk.CreateBucketInput{Bucket: &name, CreateBucketConfiguration: where})
		return err
	}
	refused(t, create(l.Client, mine, inRegion), "BucketAlreadyOwnedByYou", "Your previous request to create the named bucket succeeded and you already own it.")
	other := client(l.url, "222222222222", testRegion)
	refused(t, create(other, mine, inRegion), "BucketAlreadyExists", "The requested bucket name is not available. The bucket namespace is shared by all "+
		"users of the system. Please select a different name and try again.")
	refused(t, create(l.Client, "new-one", nil), "IllegalLocationConstraintException",
		"The unspecified location constraint is incompatible for the region specific endpoint this request was sent to.")
	refused(t, create(l.Client, "new-one", &types.CreateBucketConfiguration{LocationConstraint: "eu-central-1"}), "IllegalLocationConstraintException",
		"The eu-central-1 location constraint is incompatible for the region specific endpoint this request was sent to.")
	for _, name := range []string{"Upper", "a_b", "192.168.0.1", "a..b", "-a-", "ab."} {
		refused(t, create(l.Client, name, inRegion), "InvalidBucketName", "The specified bucket is not valid.")
	}
	classicClient := client(l.url, testAccount, classic)
	l.must(create(classicClient, "old-one", nil))
	l.must(create(classicClient, "old-one", nil)) // where it began, one's own may be made again
	_, err := other.ListObjectsV2(l.ctx(), &sdk.ListObjectsV2Input{Bucket: &mine})
	refused(t, err, "AccessDenied", "Access Denied")
	_, err = classicClient.ListObjectsV2(l.ctx(), &sdk.ListObjectsV2Input{Bucket: &mine})
	refused(t, err, "AuthorizationHeaderMalformed", "The authorization header is malformed; the region 'us-east-1' is wrong; expecting 'eu-west-1'")
	place, err := classicClient.GetBucketLocation(l.ctx(), &sdk.GetBucketLocationInput{Bucket: &mine})
	l.must(err)
	if place.LocationConstraint != testRegion {
		t.Errorf("got %s", place.LocationConstraint)
	}
	_, err = l.GetObject(l.ctx(), &sdk.GetObjectInput{Bucket: aws.String("none-such"), Key: aws.String("k")})
	refused(t, err, "NoSuchBucket", "The specified bucket does not exist")
	l.put(mine, "k", "x")
	_, err = l.DeleteBucket(l.ctx(), &sdk.DeleteBucketInput{Bucket: &mine})
	refused(t, err, "BucketNotEmpty", "The bucket you tried to delete is not empty")
}

func TestWhatIsNotThereIsRefusedByName(t *testing.T) {
	l := newLab(t)
	b := l.bucket("my-bucket")
	l.put(b, "k", "x")
	_, err := l.GetObjectRetention(l.ctx(), &sdk.GetObjectRetentionInput{Bucket: &b, Key: aws.String("k")})
	refused(t, err, "NotImplemented", "poolgate does not implement S3's GetObjectRetention.")
	_, err = l.ListBucketMetricsConfigurations(l.ctx(), &sdk.ListBucketMetricsConfigurationsInput{Bucket: &b})
	refused(t, err, "NotImplemented", "poolgate does not implement S3's GetBucketMetricsConfiguration.")
	_, err = l.PutObject(l.ctx(), &sdk.PutObjectInput{Bucket: &b, Key: aws.String("k"), ACL: "public-read"})
	refused(t, err, "AccessControlListNotSupported", "The bucket does not allow ACLs")
	_, err = l.PutObject(l.ctx(), &sdk.PutObjectInput{Bucket: &b, Key: aws.String(strings.Repeat("k", 1025))})
	refused(t, err, "KeyTooLongError", "Your key is too long")
	_, err = l.PutObject(l.ctx(), &sdk.PutObjectInput{Bucket: &b, Key: aws.String("k"), Metadata: map[string]string{"m": strings.Repeat("x", 2049)}})
	refused(t, err, "MetadataTooLarge", "Your metadata headers exceed the maximum allowed metadata size")
}

// signedPut is a PUT of a body whose signature says that its hash is declared.
func (l *lab) signedPut(path, declared, body string, set ...func(http.Header)) *http.Request {
	l.Helper()
	r, err := http.NewRequestWithContext(l.ctx(), http.MethodPut, l.url+path, strings.NewReader(body))
	l.must(err)
	r.Header.Set("X-Amz-Content-Sha256", declared)
	for _, fn := range set {
		fn(r.Header)
	}
	l.must(v4.NewSigner(func(o *v4.SignerOptions) { o.DisableURIPathEscaping = true }).
		SignHTTP(l.ctx(), aws.Credentials{AccessKeyID: testAccount, SecretAccessKey: testSecret}, r, declared, "s3", testRegion, time.Now()))
	return r
}

func TestBodiesThatAreNotWhatWasSaid(t *testing.T) {
	l := newLab(t)
	b := l.bucket("my-bucket")
	sum := sha256.Sum256([]byte("hello"))
	hello := hex.EncodeToString(sum[:])
	with := func(name, value string) func(http.Header) { return func(h http.Header) { h.Set(name, value) } }
	l.put(b, "k", "hello")
	const streaming = "STREAMING-UNSIGNED-PAYLOAD-TRAILER"
	for name, row := range map[string]struct {
		r      *http.Request
		status int
		code   string
	}{
		"as it was said":             {l.signedPut("/my-bucket/k", hello, "hello"), 200, ""},
		"another SHA-256":            {l.signedPut("/my-bucket/k", hello, "hellO"), 400, "XAmzContentSHA256Mismatch"},
		"no hash at all":             {l.signedPut("/my-bucket/k", "abc", "hello"), 400, "InvalidArgument"},
		"another MD5":                {l.signedPut("/my-bucket/k", hello, "hello", with("Content-Md5", "XrY7u+Ae7tCTyyK7j1rNww==")), 400, "BadDigest"},
		"no MD5":                     {l.signedPut("/my-bucket/k", hello, "hello", with("Content-Md5", "x")), 400, "InvalidDigest"},
		"another CRC32":              {l.signedPut("/my-bucket/k", hello, "hello", with("X-Amz-Checksum-Crc32", "AAAAAA==")), 400, "BadDigest"},
		"a CRC32 of another length":  {l.signedPut("/my-bucket/k", hello, "hello", with("X-Amz-Checksum-Crc32", "AAAA")), 400, "InvalidRequest"},
		"a checksum of unknown kind": {l.signedPut("/my-bucket/k", hello, "hello", with("X-Amz-Checksum-Xxhash3", "AAAA")), 501, "NotImplemented"},
		"a key of the customer's":    {l.signedPut("/my-bucket/k", hello, "hello", with("X-Amz-Server-Side-Encryption-Customer-Algorithm", "AES256")), 501, "NotImplemented"},
		"too large by its own word":  {l.signedPut("/my-bucket/k", streaming, "5\r\n", with("X-Amz-Decoded-Content-Length", "999999999999")), 400, "EntityTooLarge"},
		"chunks with their trailer": {l.signedPut("/my-bucket/k", streaming, "3\r\nhel\r\n2\r\nlo\r\n0\r\nx-amz-checksum-crc32:NhCmhg==\r\n\r\n",
			with("X-Amz-Decoded-Content-Length", "5"), with("X-Amz-Trailer", "x-amz-checksum-crc32")), 200, ""},
		"chunks with another trailer": {l.signedPut("/my-bucket/k", streaming, "5\r\nhello\r\n0\r\nx-amz-checksum-crc32:AAAAAA==\r\n\r\n",
			with("X-Amz-Decoded-Content-Length", "5"), with("X-Amz-Trailer", "x-amz-checksum-crc32")), 400, "BadDigest"},
		"chunks without the trailer": {l.signedPut("/my-bucket/k", streaming, "5\r\nhello\r\n0\r\n\r\n",
			with("X-Amz-Decoded-Content-Length", "5"), with("X-Amz-Trailer", "x-amz-checksum-crc32")), 400, "MalformedTrailerError"},
		"fewer chunks than said": {l.signedPut("/my-bucket/k", streaming, "3\r\nhel\r\n0\r\n\r\n", with("X-Amz-Decoded-Content-Length", "5")), 400, "IncompleteBody"},
		"chunks that end":        {l.signedPut("/my-bucket/k", streaming, "9\r\nhel", with("X-Amz-Decoded-Content-Length", "9")), 400, "IncompleteBody"},
		"no chunks":              {l.signedPut("/my-bucket/k", streaming, "hello\r\n", with("X-Amz-Decoded-Content-Length", "5")), 400, "InvalidRequest"},
		"a chunk's endless line": {l.signedPut("/my-bucket/k", streaming, strings.Repeat("1", 9000), with("X-Amz-Decoded-Content-Length", "5")), 400, "InvalidRequest"},
		"chunks that are signed and are not": {l.signedPut("/my-bucket/k", "STREAMING-AWS4-HMAC-SHA256-PAYLOAD", "5;chunk-signature=00\r\nhello\r\n0\r\n\r\n",
			with("X-Amz-Decoded-Content-Length", "5")), 403, "SignatureDoesNotMatch"},
		"settings that are no XML": {l.signedPut("/my-bucket/?cors", hello, "hello"), 400, "MalformedXML"},
		"a policy that is no JSON": {l.signedPut("/my-bucket/?policy", hello, "hello"), 400, "MalformedPolicy"},
	} {
		t.Run(name, func(t *testing.T) {
			status, body, _ := l.raw(row.r)
			if status != row.status || row.code != "" && !strings.Contains(body, "<Code>"+row.code+"</Code>") {
				t.Errorf("want %d %s, got %d %s", row.status, row.code, status, body)
			}
			if got := l.get(&sdk.GetObjectInput{Bucket: &b, Key: aws.String("k")}); got != "hello" {
				t.Errorf("a refused body was kept: %q", got)
			}
		})
	}
}

func TestSignedChunks(t *testing.T) {
	l := newLab(t)
	b := l.bucket("my-bucket")
	data := random(t, 200_000)
	// A body that cannot be rewound is sent in chunks; over plain HTTP each of them is signed.
	for _, part := range []struct {
		tamper bool
		want   string
	}{{false, ""}, {true, "SignatureDoesNotMatch"}} {
		r := l.signedPut("/my-bucket/k", "STREAMING-AWS4-HMAC-SHA256-PAYLOAD", "", func(h http.Header) { h.Set("X-Amz-Decoded-Content-Length", "200000") })
		body := signChunks(t, r, data, 64<<10)
		if part.tamper {
			body[len(body)/2] ^= 1
		}
		r.Body, r.ContentLength = http.NoBody, int64(len(body))
		r.Body = readCloser{bytes.NewReader(body)}
		status, text, _ := l.raw(r)
		if (part.want == "") != (status == 200) || !strings.Contains(text, part.want) {
			t.Errorf("tampered %v: %d %s", part.tamper, status, text)
		}
	}
	if got := l.get(&sdk.GetObjectInput{Bucket: &b, Key: aws.String("k")}); got != string(data) {
		t.Error("it comes back otherwise")
	}
}

type readCloser struct{ *bytes.Reader }

func (readCloser) Close() error { return nil }

// signChunks encodes a body in signed chunks that continue from a request's signature.
func signChunks(t *testing.T, r *http.Request, data []byte, size int) []byte {
	t.Helper()
	_, signature, _ := strings.Cut(r.Header.Get("Authorization"), "Signature=")
	seed, err := hex.DecodeString(signature)
	if err != nil {
		t.Fatal(err)
	}
	signedAt, err := time.Parse("20060102T150405Z", r.Header.Get("X-Amz-Date"))
	if err != nil {
		t.Fatal(err)
	}
	return encodeChunks(seed, signedAt, data, size)
}

func TestWhoIsLetIn(t *testing.T) {
	l := newLab(t)
	b := l.bucket("my-bucket")
	l.put(b, "k", "hello")
	presigned, err := sdk.NewPresignClient(l.Client).PresignGetObject(l.ctx(), &sdk.GetObjectInput{Bucket: &b, Key: aws.String("k")}, sdk.WithPresignExpires(time.Minute))
	l.must(err)
	get := func(url string) (int, string) {
		r, err := http.NewRequestWithContext(l.ctx(), http.MethodGet, url, nil)
		l.must(err)
		status, body, _ := l.raw(r)
		return status, body
	}
	if status, body := get(presigned.URL); status != 200 || body != "hello" {
		t.Errorf("presigned: %d %s", status, body)
	}
	if status, body := get(strings.Replace(presigned.URL, "my-bucket/k", "my-bucket/l", 1)); status != 403 || !strings.Contains(body, "<Code>SignatureDoesNotMatch</Code>") {
		t.Errorf("presigned for another key: %d %s", status, body)
	}
	if status, body := get(l.url + "/my-bucket/k"); status != 403 || !strings.Contains(body, "<Code>AccessDenied</Code>") {
		t.Errorf("unsigned: %d %s", status, body)
	}
	status, _, _ := l.raw(must(http.NewRequestWithContext(l.ctx(), http.MethodPut, l.presign(b, "new"), strings.NewReader("by URL"))))
	if status != 200 || l.get(&sdk.GetObjectInput{Bucket: &b, Key: aws.String("new")}) != "by URL" {
		t.Errorf("presigned put: %d", status)
	}
	stranger := client(l.url, "333333333333", testRegion)
	_, err = stranger.ListBuckets(l.ctx(), &sdk.ListBucketsInput{})
	refused(t, err, "InvalidAccessKeyId", "The AWS Access Key Id you provided does not exist in our records.")
	l.later(2 * time.Minute)
	if status, body := get(presigned.URL); status != 403 || !strings.Contains(body, "Request has expired") {
		t.Errorf("expired: %d %s", status, body)
	}
	l.later(20 * time.Minute)
	_, err = l.ListBuckets(l.ctx(), &sdk.ListBucketsInput{})
	refused(t, err, "RequestTimeTooSkewed", "The difference between the request time and the current time is too large.")
}

func must[T any](value T, err error) T {
	if err != nil {
		panic(err)
	}
	return value
}
