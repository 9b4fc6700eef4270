package s3

import (
	"bytes"
	"crypto/md5"
	"encoding/hex"
	"fmt"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	sdk "github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/s3/types"
)

// sendParts uploads content in parts and names them.
func (l *lab) sendParts(bucket, key, upload string, algorithm types.ChecksumAlgorithm, contents ...[]byte) []types.CompletedPart {
	l.Helper()
	var named []types.CompletedPart
	for i, content := range contents {
		number := int32(i + 1)
		out, err := l.UploadPart(l.ctx(), &sdk.UploadPartInput{
			Bucket: &bucket, Key: &key, UploadId: &upload, PartNumber: &number, Body: bytes.NewReader(content), ChecksumAlgorithm: algorithm,
		})
		l.must(err)
		named = append(named, types.CompletedPart{
			PartNumber: &number, ETag: out.ETag, ChecksumCRC32: out.ChecksumCRC32, ChecksumCRC32C: out.ChecksumCRC32C,
			ChecksumCRC64NVME: out.ChecksumCRC64NVME, ChecksumSHA256: out.ChecksumSHA256,
		})
	}
	return named
}

func TestAnUploadInParts(t *testing.T) {
	l := newLab(t)
	b := l.bucket("artefacts")
	contents := [][]byte{random(t, smallestPart), random(t, smallestPart+12345), random(t, 77)}
	whole := bytes.Join(contents, nil)
	for _, row := range []struct {
		algorithm types.ChecksumAlgorithm
		kind      types.ChecksumType
	}{{"CRC32", "COMPOSITE"}, {"SHA256", "COMPOSITE"}, {"CRC32", "FULL_OBJECT"}, {"CRC32C", "FULL_OBJECT"}, {"CRC64NVME", "FULL_OBJECT"}} {
		t.Run(fmt.Sprint(row.algorithm, " ", row.kind), func(t *testing.T) {
			begun, err := l.CreateMultipartUpload(l.ctx(), &sdk.CreateMultipartUploadInput{
				Bucket: &b, Key: aws.String("k"), ChecksumAlgorithm: row.algorithm, ChecksumType: row.kind, ContentType: aws.String("x/y"),
			})
			l.must(err)
			named := l.sendParts(b, "k", *begun.UploadId, row.algorithm, contents...)
			listed, err := l.ListParts(l.ctx(), &sdk.ListPartsInput{Bucket: &b, Key: aws.String("k"), UploadId: begun.UploadId, MaxParts: aws.Int32(2)})
			l.must(err)
			if len(listed.Parts) != 2 || !*listed.IsTruncated || *listed.NextPartNumberMarker != "2" {
				t.Errorf("parts: %+v", listed)
			}
			done, err := l.CompleteMultipartUpload(l.ctx(), &sdk.CompleteMultipartUploadInput{
				Bucket: &b, Key: aws.String("k"), UploadId: begun.UploadId, MultipartUpload: &types.CompletedMultipartUpload{Parts: named},
			})
			l.must(err)
			if *done.ETag != partsETag(contents) || done.ChecksumType != row.kind {
				t.Errorf("got %+v", done)
			}
			// The client itself holds a full object's checksum against what it reads.
			if got := l.get(&sdk.GetObjectInput{Bucket: &b, Key: aws.String("k"), ChecksumMode: "ENABLED"}); got != string(whole) {
				t.Error("it comes back otherwise")
			}
			if got := l.get(&sdk.GetObjectInput{Bucket: &b, Key: aws.String("k"), Range: aws.String(fmt.Sprintf("bytes=%d-%d", smallestPart-3, smallestPart+2))}); got != string(whole[smallestPart-3:smallestPart+3]) {
				t.Error("a range across parts is wrong")
			}
		})
	}
}

func partsETag(contents [][]byte) string {
	all := md5.New()
	for _, content := range contents {
		sum := md5.Sum(content)
		all.Write(sum[:])
	}
	return fmt.Sprintf(`"%s-%d"`, hex.EncodeToString(all.Sum(nil)), len(contents))
}

func TestUploadsInPartsThatAreRefused(t *testing.T) {
	l := newLab(t)
	b := l.bucket("artefacts")
	begun, err := l.CreateMultipartUpload(l.ctx(), &sdk.CreateMultipartUploadInput{Bucket: &b, Key: aws.String("k")})
	l.must(err)
	named := l.sendParts(b, "k", *begun.UploadId, "", []byte("too small"), []byte("last"))
	complete := func(parts ...types.CompletedPart) error {
		_, err := l.CompleteMultipartUpload(l.ctx(), &sdk.CompleteMultipartUploadInput{
			Bucket: &b, Key: aws.String("k"), UploadId: begun.UploadId, MultipartUpload: &types.CompletedMultipartUpload{Parts: parts},
		})
		return err
	}
	refused(t, complete(named...), "EntityTooSmall", "Your proposed upload is smaller than the minimum allowed size")
	refused(t, complete(named[1], named[0]), "InvalidPartOrder", "The list of parts was not in ascending order. Parts must be ordered by part number.")
	const missing = "One or more of the specified parts could not be found.  The part may not have been uploaded, or the specified entity tag may not match the part's entity tag."
	refused(t, complete(types.CompletedPart{PartNumber: aws.Int32(1), ETag: aws.String("x")}), "InvalidPart", missing)
	refused(t, complete(types.CompletedPart{PartNumber: aws.Int32(9), ETag: named[0].ETag}), "InvalidPart", missing)
	refused(t, complete(), "MalformedXML", "The XML you provided was not well-formed or did not validate against our published schema")
	_, err = l.UploadPart(l.ctx(), &sdk.UploadPartInput{Bucket: &b, Key: aws.String("k"), UploadId: begun.UploadId, PartNumber: aws.Int32(10001)})
	refused(t, err, "InvalidArgument", "Part number must be an integer between 1 and 10000, inclusive")
	_, err = l.AbortMultipartUpload(l.ctx(), &sdk.AbortMultipartUploadInput{Bucket: &b, Key: aws.String("k"), UploadId: begun.UploadId})
	l.must(err)
	refused(t, complete(named...), "NoSuchUpload", "The specified upload does not exist. The upload ID may be invalid, or the upload may have been aborted or completed.")
	l.later(collectAfter + time.Second)
	l.must(l.collectOnce(l.ctx()))
	if left := l.pieces(); left != 0 {
		t.Errorf("%d pieces are left", left)
	}
}

func TestAPartMayBeACopy(t *testing.T) {
	l := newLab(t)
	b := l.bucket("artefacts")
	whole := random(t, smallestPart+100)
	_, err := l.PutObject(l.ctx(), &sdk.PutObjectInput{Bucket: &b, Key: aws.String("from"), Body: bytes.NewReader(whole)})
	l.must(err)
	begun, err := l.CreateMultipartUpload(l.ctx(), &sdk.CreateMultipartUploadInput{Bucket: &b, Key: aws.String("k")})
	l.must(err)
	var named []types.CompletedPart
	for i, asked := range []string{fmt.Sprintf("bytes=0-%d", smallestPart-1), fmt.Sprintf("bytes=%d-%d", smallestPart, smallestPart+99)} {
		number := int32(i + 1)
		out, err := l.UploadPartCopy(l.ctx(), &sdk.UploadPartCopyInput{
			Bucket: &b, Key: aws.String("k"), UploadId: begun.UploadId, PartNumber: &number, CopySource: aws.String(b + "/from"), CopySourceRange: &asked,
		})
		l.must(err)
		named = append(named, types.CompletedPart{PartNumber: &number, ETag: out.CopyPartResult.ETag})
	}
	_, err = l.CompleteMultipartUpload(l.ctx(), &sdk.CompleteMultipartUploadInput{
		Bucket: &b, Key: aws.String("k"), UploadId: begun.UploadId, MultipartUpload: &types.CompletedMultipartUpload{Parts: named},
	})
	l.must(err)
	if got := l.get(&sdk.GetObjectInput{Bucket: &b, Key: aws.String("k")}); got != string(whole) {
		t.Error("it comes back otherwise")
	}
}
