package s3

import (
	"bytes"
	"io"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	sdk "github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/s3/types"
)

func TestAnObjectComesBackAsItWasPut(t *testing.T) {
	l := newLab(t)
	b := l.bucket("artefacts")
	put := l.put(b, "a b/ü+~&.txt", "hello", func(in *sdk.PutObjectInput) {
		in.ContentType, in.CacheControl = aws.String("text/plain"), aws.String("no-cache")
		in.Metadata = map[string]string{"filesha256": "abc"}
		in.Tagging = aws.String("k=v&x=y%20z")
	})
	if got := aws.ToString(put.ETag); got != `"5d41402abc4b2a76b9719d911017c592"` {
		t.Errorf("the ETag is not the MD5: %s", got)
	}
	out, err := l.GetObject(l.ctx(), &sdk.GetObjectInput{Bucket: &b, Key: aws.String("a b/ü+~&.txt"), ChecksumMode: types.ChecksumModeEnabled})
	l.must(err)
	text, err := io.ReadAll(out.Body)
	l.must(err)
	if string(text) != "hello" || *out.ContentType != "text/plain" || *out.CacheControl != "no-cache" || out.Metadata["filesha256"] != "abc" ||
		aws.ToInt32(out.TagCount) != 2 || aws.ToString(out.ChecksumCRC32) != "NhCmhg==" || out.ServerSideEncryption != "AES256" {
		t.Errorf("got %q %+v", text, out)
	}
	tags, err := l.GetObjectTagging(l.ctx(), &sdk.GetObjectTaggingInput{Bucket: &b, Key: aws.String("a b/ü+~&.txt")})
	l.must(err)
	if len(tags.TagSet) != 2 || *tags.TagSet[1].Value != "y z" {
		t.Errorf("tags: %+v", tags.TagSet)
	}
}

func TestRangesAndConditions(t *testing.T) {
	l := newLab(t)
	b := l.bucket("artefacts")
	put := l.put(b, "k", "0123456789")
	for name, row := range map[string]struct{ asked, want string }{
		"from and to":                    {"bytes=2-4", "234"},
		"from":                           {"bytes=7-", "789"},
		"the last":                       {"bytes=-3", "789"},
		"beyond the end is cut":          {"bytes=8-99", "89"},
		"more of the last than there is": {"bytes=-99", "0123456789"},
		"several ranges are as none":     {"bytes=0-1,3-4", "0123456789"},
		"another unit is as none":        {"lines=0-1", "0123456789"},
	} {
		t.Run(name, func(t *testing.T) {
			if got := l.get(&sdk.GetObjectInput{Bucket: &b, Key: aws.String("k"), Range: &row.asked}); got != row.want {
				t.Errorf("want %q got %q", row.want, got)
			}
		})
	}
	_, err := l.GetObject(l.ctx(), &sdk.GetObjectInput{Bucket: &b, Key: aws.String("k"), Range: aws.String("bytes=10-")})
	refused(t, err, "InvalidRange", "The requested range is not satisfiable")
	_, err = l.GetObject(l.ctx(), &sdk.GetObjectInput{Bucket: &b, Key: aws.String("k"), IfMatch: aws.String(`"x"`)})
	refused(t, err, "PreconditionFailed", "At least one of the pre-conditions you specified did not hold")
	_, err = l.GetObject(l.ctx(), &sdk.GetObjectInput{Bucket: &b, Key: aws.String("k"), IfNoneMatch: put.ETag})
	if err == nil || !strings.Contains(err.Error(), "304") {
		t.Errorf("want 304, got %v", err)
	}
	_, err = l.PutObject(l.ctx(), &sdk.PutObjectInput{Bucket: &b, Key: aws.String("k"), IfNoneMatch: aws.String("*"), Body: strings.NewReader("x")})
	refused(t, err, "PreconditionFailed", "At least one of the pre-conditions you specified did not hold")
	_, err = l.PutObject(l.ctx(), &sdk.PutObjectInput{Bucket: &b, Key: aws.String("k"), IfMatch: put.ETag, Body: strings.NewReader("y")})
	l.must(err)
	if got := l.get(&sdk.GetObjectInput{Bucket: &b, Key: aws.String("k")}); got != "y" {
		t.Errorf("got %q", got)
	}
}

func TestLargeObjectsSpanPieces(t *testing.T) {
	l := newLab(t)
	b := l.bucket("artefacts")
	for _, size := range []int{0, 1, pieceBytes - 1, pieceBytes, pieceBytes + 1, pendingPieces*pieceBytes + 7, 2*pendingPieces*pieceBytes + pieceBytes} {
		data := random(t, size)
		_, err := l.PutObject(l.ctx(), &sdk.PutObjectInput{Bucket: &b, Key: aws.String("k"), Body: bytes.NewReader(data)})
		l.must(err)
		if got := l.get(&sdk.GetObjectInput{Bucket: &b, Key: aws.String("k")}); got != string(data) {
			t.Errorf("%d bytes came back as %d, or others", size, len(got))
		}
		if size > 10 {
			asked := "bytes=-" + "9"
			if got := l.get(&sdk.GetObjectInput{Bucket: &b, Key: aws.String("k"), Range: &asked}); got != string(data[size-9:]) {
				t.Errorf("the end of %d bytes is wrong", size)
			}
		}
	}
}

func TestVersionsAreKept(t *testing.T) {
	l := newLab(t)
	b := l.bucket("versioned")
	l.put(b, "k", "before")
	_, err := l.PutBucketVersioning(l.ctx(), &sdk.PutBucketVersioningInput{Bucket: &b, VersioningConfiguration: &types.VersioningConfiguration{Status: "Enabled"}})
	l.must(err)
	first := l.put(b, "k", "first")
	second := l.put(b, "k", "second")
	gone, err := l.DeleteObject(l.ctx(), &sdk.DeleteObjectInput{Bucket: &b, Key: aws.String("k")})
	l.must(err)
	if !aws.ToBool(gone.DeleteMarker) || aws.ToString(gone.VersionId) == "" {
		t.Errorf("no marker: %+v", gone)
	}
	_, err = l.GetObject(l.ctx(), &sdk.GetObjectInput{Bucket: &b, Key: aws.String("k")})
	refused(t, err, "NoSuchKey", "The specified key does not exist.")
	for version, want := range map[string]string{*first.VersionId: "first", *second.VersionId: "second", nullVersion: "before"} {
		if got := l.get(&sdk.GetObjectInput{Bucket: &b, Key: aws.String("k"), VersionId: &version}); got != want {
			t.Errorf("version %s: want %q got %q", version, want, got)
		}
	}
	_, err = l.DeleteObject(l.ctx(), &sdk.DeleteObjectInput{Bucket: &b, Key: aws.String("k"), VersionId: gone.VersionId})
	l.must(err)
	if got := l.get(&sdk.GetObjectInput{Bucket: &b, Key: aws.String("k")}); got != "second" {
		t.Errorf("without the marker it is %q", got)
	}
	_, err = l.PutBucketVersioning(l.ctx(), &sdk.PutBucketVersioningInput{Bucket: &b, VersioningConfiguration: &types.VersioningConfiguration{Status: "Suspended"}})
	l.must(err)
	l.put(b, "k", "after")
	list, err := l.ListObjectVersions(l.ctx(), &sdk.ListObjectVersionsInput{Bucket: &b})
	l.must(err)
	if len(list.Versions) != 3 || *list.Versions[0].VersionId != nullVersion || !*list.Versions[0].IsLatest || *list.Versions[1].VersionId != *second.VersionId {
		t.Errorf("the version without versioning is replaced, the others stay: %+v", list.Versions)
	}
	objects, err := l.ListObjectsV2(l.ctx(), &sdk.ListObjectsV2Input{Bucket: &b})
	l.must(err)
	if len(objects.Contents) != 1 {
		t.Errorf("only the newest is listed: %+v", objects.Contents)
	}
}

func TestObjectsAreCopied(t *testing.T) {
	l := newLab(t)
	b, other := l.bucket("from-here"), l.bucket("to-there")
	l.put(b, "a b", "text", func(in *sdk.PutObjectInput) { in.Metadata = map[string]string{"m": "1"} })
	_, err := l.CopyObject(l.ctx(), &sdk.CopyObjectInput{Bucket: &other, Key: aws.String("c"), CopySource: aws.String("from-here/a%20b")})
	l.must(err)
	out, err := l.HeadObject(l.ctx(), &sdk.HeadObjectInput{Bucket: &other, Key: aws.String("c")})
	l.must(err)
	if out.Metadata["m"] != "1" || *out.ContentLength != 4 {
		t.Errorf("got %+v", out)
	}
	_, err = l.CopyObject(l.ctx(), &sdk.CopyObjectInput{Bucket: &b, Key: aws.String("a b"), CopySource: aws.String("from-here/a%20b")})
	refused(t, err, "InvalidRequest", "This copy request is illegal because it is trying to copy an object to itself without changing the object's "+
		"metadata, storage class, website redirect location or encryption attributes.")
	_, err = l.CopyObject(l.ctx(), &sdk.CopyObjectInput{Bucket: &b, Key: aws.String("x"), CopySource: aws.String("from-here/none")})
	refused(t, err, "NoSuchKey", "The specified key does not exist.")
}

func TestDeletedContentIsCollectedButNotUnderAReader(t *testing.T) {
	l := newLab(t)
	b := l.bucket("artefacts")
	data := random(t, 3*pieceBytes)
	_, err := l.PutObject(l.ctx(), &sdk.PutObjectInput{Bucket: &b, Key: aws.String("k"), Body: bytes.NewReader(data)})
	l.must(err)
	body, _, err := l.Open(l.ctx(), testAccount, b, "k", "")
	l.must(err)
	_, err = l.DeleteObject(l.ctx(), &sdk.DeleteObjectInput{Bucket: &b, Key: aws.String("k")})
	l.must(err)
	l.must(l.collectOnce(l.ctx()))
	read, err := io.ReadAll(body)
	if err != nil || !bytes.Equal(read, data) {
		t.Errorf("whoever reads goes on: %d bytes, %v", len(read), err)
	}
	body, _, err = l.Open(l.ctx(), testAccount, b, "k", "")
	refused(t, err, "NoSuchKey", "The specified key does not exist.")
	if body != nil {
		t.Error("a body without an object")
	}
	l.later(collectAfter + time.Second)
	l.must(l.collectOnce(l.ctx()))
	if left := l.pieces(); left != 0 {
		t.Errorf("%d pieces are left", left)
	}
}

func TestAnUploadThatBreaksOffLeavesNothing(t *testing.T) {
	l := newLab(t)
	b := l.bucket("artefacts")
	r, err := http.NewRequestWithContext(l.ctx(), http.MethodPut, l.presign(b, "k"), io.MultiReader(bytes.NewReader(random(t, 6*pieceBytes)), breaking{}))
	l.must(err)
	r.ContentLength = 8 * pieceBytes
	if out, err := http.DefaultClient.Do(r); err == nil {
		_ = out.Body.Close()
		t.Fatalf("it was taken: %s", out.Status)
	}
	_, _, err = l.Open(l.ctx(), testAccount, b, "k", "")
	refused(t, err, "NoSuchKey", "The specified key does not exist.")
	l.later(uploadLife + time.Second)
	l.eventually("the pieces are collected", func() bool {
		l.must(l.collectOnce(l.ctx()))
		return l.pieces() == 0
	})
}
