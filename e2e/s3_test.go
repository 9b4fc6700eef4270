package e2e

import (
	"bytes"
	"crypto/rand"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

const (
	s3Key    = "111111111111"
	s3Secret = "an-e2e-secret"
)

// s3 runs the CLI with a configured key and fails the test when it complains.
func (p *process) s3(t *testing.T, args ...string) string {
	t.Helper()
	out, errText := p.tryAWSAs(t, s3Key, s3Secret, args...)
	if errText != "" {
		t.Fatalf("aws %s: %s", strings.Join(args, " "), errText)
	}
	return string(out)
}

// TestTheCLIWorksWithS3 does with the real CLI what deploy tools do: signatures are verified, nothing is mocked.
func TestTheCLIWorksWithS3(t *testing.T) {
	t.Parallel()
	p := serve(t, "--access-key", s3Key+":"+s3Secret)
	dir := t.TempDir()
	write := func(name string, data []byte) string {
		path := filepath.Join(dir, name)
		must(t, os.MkdirAll(filepath.Dir(path), 0o750))
		must(t, os.WriteFile(path, data, 0o600))
		return path
	}
	big := make([]byte, 20<<20)
	_, err := rand.Read(big)
	must(t, err)
	bigFile := write("big.bin", big)
	write("tree/a.txt", []byte("hello"))
	write("tree/sub/b c.txt", []byte("b"))

	p.s3(t, "s3", "mb", "s3://artefacts-1")
	p.s3(t, "s3", "cp", "--no-progress", bigFile, "s3://artefacts-1/big.bin") // beyond 8 MB the CLI sends parts
	p.s3(t, "s3", "cp", "--no-progress", "s3://artefacts-1/big.bin", filepath.Join(dir, "back.bin"))
	back, err := os.ReadFile(filepath.Join(dir, "back.bin"))
	must(t, err)
	if !bytes.Equal(back, big) {
		t.Error("20 MB come back otherwise")
	}
	p.s3(t, "s3", "sync", "--no-progress", filepath.Join(dir, "tree"), "s3://artefacts-1/tree")
	if out := p.s3(t, "s3", "sync", "--no-progress", filepath.Join(dir, "tree"), "s3://artefacts-1/tree"); strings.TrimSpace(out) != "" {
		t.Errorf("a second sync had something to do: %s", out)
	}
	if out := p.s3(t, "s3", "ls", "--recursive", "s3://artefacts-1"); !strings.Contains(out, "20971520 big.bin") || !strings.Contains(out, "tree/sub/b c.txt") {
		t.Errorf("ls: %s", out)
	}
	p.s3(t, "s3", "cp", "--no-progress", "s3://artefacts-1/tree/a.txt", "s3://artefacts-1/copy.txt")

	presigned := strings.TrimSpace(p.s3(t, "s3", "presign", "s3://artefacts-1/copy.txt"))
	if r := send(t, http.MethodGet, presigned, "", nil); r.status != 200 || r.body != "hello" {
		t.Errorf("presigned: %d %s", r.status, r.body)
	}
	if r := send(t, http.MethodGet, strings.Replace(presigned, "copy.txt", "tree/a.txt", 1), "", nil); r.status != 403 || !strings.Contains(r.body, "SignatureDoesNotMatch") {
		t.Errorf("presigned for another key: %d %s", r.status, r.body)
	}
	if r := send(t, http.MethodGet, p.url+"/artefacts-1/copy.txt", "", http.Header{"Host": {"s3.amazonaws.com"}}); r.status == 200 {
		t.Errorf("it is open to everyone: %s", r.body)
	}
	// The host names a bucket where it is a name.
	byName := *p
	at, err := url.Parse(p.url)
	must(t, err)
	byName.url = "http://localhost:" + at.Port()
	if out := byName.s3(t, "s3", "ls", "s3://artefacts-1/tree/"); !strings.Contains(out, "PRE sub/") || !strings.Contains(out, "a.txt") {
		t.Errorf("ls by host: %s", out)
	}
	for args, want := range map[string]string{
		"s3api get-object --bucket artefacts-1 --key none /dev/null": "(NoSuchKey) when calling the GetObject operation: The specified key does not exist.",
		"s3api list-objects-v2 --bucket not-there":                   "(NoSuchBucket) when calling the ListObjectsV2 operation: The specified bucket does not exist",
		"s3 rb s3://artefacts-1":                                     "(BucketNotEmpty) when calling the DeleteBucket operation: The bucket you tried to delete is not empty",
		"s3 mb s3://artefacts-1":                                     "(BucketAlreadyOwnedByYou)",
	} {
		if _, errText := p.tryAWSAs(t, s3Key, s3Secret, strings.Fields(args)...); !strings.Contains(errText, want) {
			t.Errorf("aws %s: want %s\n got %s", args, want, errText)
		}
	}
	if _, errText := p.tryAWSAs(t, s3Key, "another secret", "s3", "ls"); !strings.Contains(errText, "(SignatureDoesNotMatch)") {
		t.Errorf("another secret: %s", errText)
	}
	p.s3(t, "s3", "rm", "--recursive", "s3://artefacts-1/tree")
	p.s3(t, "s3", "rb", "--force", "s3://artefacts-1")
	if out := p.s3(t, "s3", "ls"); strings.TrimSpace(out) != "" {
		t.Errorf("left: %s", out)
	}
}

// TestAPageCannotReachS3 keeps what a browser sends for a page of another origin away from buckets.
func TestAPageCannotReachS3(t *testing.T) {
	p := serve(t)
	p.aws(t, "s3api", "create-bucket", "--bucket", "artefacts-1", "--create-bucket-configuration", "LocationConstraint=eu-west-1")
	signed := p.url + "/artefacts-1/k?X-Amz-Algorithm=AWS4-HMAC-SHA256&X-Amz-Credential=test/20260101/eu-west-1/s3/aws4_request&X-Amz-Signature=0&X-Amz-SignedHeaders=host&X-Amz-Date=20260101T000000Z&X-Amz-Expires=60"
	for _, header := range []http.Header{{"Origin": {"https://evil.example"}}, {"Sec-Fetch-Site": {"cross-site"}}} {
		for _, method := range []string{http.MethodPut, http.MethodPost, http.MethodGet} {
			if r := send(t, method, signed, "x", header); r.status != 403 || !strings.Contains(r.body, "another origin") {
				t.Errorf("%s with %v: %d %s", method, header, r.status, r.body)
			}
		}
	}
}
