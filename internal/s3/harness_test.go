package s3

import (
	"bytes"
	"context"
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"sync/atomic"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	sdk "github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/s3/types"
	"github.com/aws/smithy-go"

	"github.com/poolgate/poolgate/internal/store"
	"github.com/poolgate/poolgate/internal/wire/sigv4"
)

const (
	testAccount = "111111111111"
	testRegion  = "eu-west-1"
	testSecret  = "not-much-of-a-secret"
)

var inRegion = &types.CreateBucketConfiguration{LocationConstraint: testRegion}

// callers knows accounts that are their own access keys.
type callers map[string]string

func (c callers) Caller(id string) (string, string) { return id, "" }

func (c callers) Lookup(*http.Request) (sigv4.Lookup, bool) {
	return func(id string) (string, bool) { secret, known := c[id]; return secret, known }, true
}

// lab is a Service behind a listener, with the SDK's client.
type lab struct {
	*testing.T
	*Service
	*sdk.Client
	url string
	// ahead is how far the service's time is ahead of the machine's, in nanoseconds.
	ahead *atomic.Int64
}

func newLab(t *testing.T) *lab {
	t.Helper()
	db, err := store.Open(t.Context(), store.Options{Location: ":memory:"})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = db.Close() })
	return labOver(t, db)
}

func labOver(t *testing.T, db *store.Store) *lab {
	t.Helper()
	ahead := new(atomic.Int64)
	s := New(Config{
		Store: db, Callers: callers{testAccount: testSecret, "222222222222": testSecret},
		Now: func() time.Time { return time.Now().Add(time.Duration(ahead.Load())) },
	})
	server := httptest.NewServer(s)
	t.Cleanup(func() {
		server.Close()
		s.Close()
	})
	return &lab{T: t, Service: s, Client: client(server.URL, testAccount, testRegion), url: server.URL, ahead: ahead}
}

func client(url, account, region string) *sdk.Client {
	return sdk.New(sdk.Options{
		BaseEndpoint: &url, Region: region, UsePathStyle: true, RetryMaxAttempts: 1,
		RequestChecksumCalculation: aws.RequestChecksumCalculationWhenSupported,
		Credentials:                credentials.NewStaticCredentialsProvider(account, testSecret, ""),
	})
}

func (l *lab) ctx() context.Context { return l.Context() }

// bucket makes one.
func (l *lab) bucket(name string) string {
	l.Helper()
	_, err := l.CreateBucket(l.ctx(), &sdk.CreateBucketInput{Bucket: &name, CreateBucketConfiguration: inRegion})
	l.must(err)
	return name
}

func (l *lab) must(err error) {
	l.Helper()
	if err != nil {
		l.Fatal(err)
	}
}

// put stores a text and gives the answer.
func (l *lab) put(bucket, key, text string, set ...func(*sdk.PutObjectInput)) *sdk.PutObjectOutput {
	l.Helper()
	in := &sdk.PutObjectInput{Bucket: &bucket, Key: &key, Body: bytes.NewReader([]byte(text))}
	for _, fn := range set {
		fn(in)
	}
	out, err := l.PutObject(l.ctx(), in)
	l.must(err)
	return out
}

// get reads a text back.
func (l *lab) get(in *sdk.GetObjectInput) string {
	l.Helper()
	out, err := l.GetObject(l.ctx(), in)
	l.must(err)
	text, err := io.ReadAll(out.Body)
	l.must(err)
	return string(text)
}

// refused checks an error's code and text.
func refused(t *testing.T, err error, code, message string) {
	t.Helper()
	var e smithy.APIError
	if !errors.As(err, &e) || e.ErrorCode() != code || e.ErrorMessage() != message {
		t.Errorf("want %s: %s\n got %v", code, message, err)
	}
}

func random(t *testing.T, size int) []byte {
	t.Helper()
	data := make([]byte, size)
	if _, err := rand.Read(data); err != nil {
		t.Fatal(err)
	}
	return data
}

// later moves the service's time.
func (l *lab) later(by time.Duration) { l.ahead.Add(int64(by)) }

// raw sends a request as it is, without a signature unless one is in it.
func (l *lab) raw(r *http.Request) (status int, body string, header http.Header) {
	l.Helper()
	out, err := http.DefaultClient.Do(r)
	l.must(err)
	defer func() { _ = out.Body.Close() }()
	text, err := io.ReadAll(out.Body)
	l.must(err)
	return out.StatusCode, string(text), out.Header
}

// pieces counts the pieces of every blob that is loose or was.
func (l *lab) pieces() int {
	l.Helper()
	count := 0
	l.must(l.store.View(l.ctx(), func(tx *store.Tx) error {
		found, _, err := loose.List(tx, allLoose, store.Page{})
		for _, f := range found {
			n, err := pieces.Count(tx, f.ID)
			if err != nil {
				return err
			}
			count += n + 1
		}
		return err
	}))
	return count
}

// presign makes a URL that one may put to.
func (l *lab) presign(bucket, key string) string {
	l.Helper()
	out, err := sdk.NewPresignClient(l.Client).PresignPutObject(l.ctx(), &sdk.PutObjectInput{Bucket: &bucket, Key: &key})
	l.must(err)
	return out.URL
}

// breaking is a body that breaks off.
type breaking struct{}

func (breaking) Read([]byte) (int, error) { return 0, errors.New("broken off") }

// eventually polls for something that happens by itself.
func (l *lab) eventually(what string, done func() bool) {
	l.Helper()
	for end := time.Now().Add(10 * time.Second); !done(); time.Sleep(2 * time.Millisecond) {
		if time.Now().After(end) {
			l.Fatalf("it did not happen: %s", what)
		}
	}
}

// encodeChunks signs a body in chunks by the rules of "Signature Calculations for the Authorization Header: Transferring
// Payload in Multiple Chunks", written for the test alone.
func encodeChunks(seed []byte, at time.Time, data []byte, size int) []byte {
	mac := func(key []byte, text string) []byte {
		h := hmac.New(sha256.New, key)
		h.Write([]byte(text))
		return h.Sum(nil)
	}
	date := at.Format("20060102")
	key := mac(mac(mac(mac([]byte("AWS4"+testSecret), date), testRegion), "s3"), "aws4_request")
	empty := sha256.Sum256(nil)
	previous := hex.EncodeToString(seed)
	var out bytes.Buffer
	for {
		chunk := data[:min(size, len(data))]
		data = data[len(chunk):]
		sum := sha256.Sum256(chunk)
		previous = hex.EncodeToString(mac(key, "AWS4-HMAC-SHA256-PAYLOAD\n"+at.Format("20060102T150405Z")+"\n"+date+"/"+testRegion+
			"/s3/aws4_request\n"+previous+"\n"+hex.EncodeToString(empty[:])+"\n"+hex.EncodeToString(sum[:])))
		fmt.Fprintf(&out, "%x;chunk-signature=%s\r\n%s\r\n", len(chunk), previous, chunk)
		if len(chunk) == 0 {
			return out.Bytes()
		}
	}
}
