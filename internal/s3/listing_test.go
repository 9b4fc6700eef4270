package s3

import (
	"slices"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	sdk "github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/s3/types"
	"github.com/google/go-cmp/cmp"
)

var listedKeys = []string{"a", "a/1", "a/2", "a/b/3", "a!", "b/1", "c d", "ü/x", "z"}

// listAll gets every page of a listing: keys, and common prefixes with a mark.
func (l *lab) listAll(in sdk.ListObjectsV2Input) []string {
	l.Helper()
	var all []string
	for {
		out, err := l.ListObjectsV2(l.ctx(), &in)
		l.must(err)
		if n := len(out.Contents) + len(out.CommonPrefixes); n != int(*out.KeyCount) || in.MaxKeys != nil && n > int(*in.MaxKeys) {
			l.Errorf("the page has %d entries and says %d", n, *out.KeyCount)
		}
		for _, o := range out.Contents {
			all = append(all, *o.Key)
		}
		for _, p := range out.CommonPrefixes {
			all = append(all, *p.Prefix+" …")
		}
		if !aws.ToBool(out.IsTruncated) {
			return all
		}
		in.ContinuationToken = out.NextContinuationToken
	}
}

func TestListings(t *testing.T) {
	l := newLab(t)
	b := l.bucket("listed")
	for _, key := range listedKeys {
		l.put(b, key, "x")
	}
	for name, row := range map[string]struct {
		in   sdk.ListObjectsV2Input
		want []string
	}{
		"all":                    {sdk.ListObjectsV2Input{}, []string{"a", "a!", "a/1", "a/2", "a/b/3", "b/1", "c d", "z", "ü/x"}},
		"a prefix":               {sdk.ListObjectsV2Input{Prefix: aws.String("a/")}, []string{"a/1", "a/2", "a/b/3"}},
		"a prefix that is a key": {sdk.ListObjectsV2Input{Prefix: aws.String("a")}, []string{"a", "a!", "a/1", "a/2", "a/b/3"}},
		"a delimiter":            {sdk.ListObjectsV2Input{Delimiter: aws.String("/")}, []string{"a", "a!", "c d", "z", "a/ …", "b/ …", "ü/ …"}},
		"both":                   {sdk.ListObjectsV2Input{Prefix: aws.String("a/"), Delimiter: aws.String("/")}, []string{"a/1", "a/2", "a/b/ …"}},
		"after a key":            {sdk.ListObjectsV2Input{StartAfter: aws.String("a/2")}, []string{"a/b/3", "b/1", "c d", "z", "ü/x"}},
		"nothing":                {sdk.ListObjectsV2Input{Prefix: aws.String("none")}, nil},
	} {
		for _, size := range []int32{1, 2, 1000} {
			t.Run(name, func(t *testing.T) {
				in := row.in
				in.Bucket, in.MaxKeys = &b, &size
				want, got := slices.Clone(row.want), l.listAll(in)
				slices.Sort(want)
				slices.Sort(got)
				if diff := cmp.Diff(want, got); diff != "" {
					t.Errorf("pages of %d: %s", size, diff)
				}
			})
		}
	}
}

func TestTheOlderListing(t *testing.T) {
	l := newLab(t)
	b := l.bucket("listed")
	for _, key := range listedKeys {
		l.put(b, key, "x")
	}
	var all []string
	in := &sdk.ListObjectsInput{Bucket: &b, Delimiter: aws.String("/"), MaxKeys: aws.Int32(2)}
	for {
		out, err := l.ListObjects(l.ctx(), in)
		l.must(err)
		for _, o := range out.Contents {
			all = append(all, *o.Key)
		}
		for _, p := range out.CommonPrefixes {
			all = append(all, *p.Prefix)
		}
		if !*out.IsTruncated {
			break
		}
		in.Marker = out.NextMarker
	}
	slices.Sort(all)
	if want := []string{"a", "a!", "a/", "b/", "c d", "z", "ü/"}; !slices.Equal(all, want) {
		t.Errorf("want %q got %q", want, all)
	}
}

func TestAKeyWithManyVersionsIsListedOnce(t *testing.T) {
	l := newLab(t)
	b := l.bucket("versioned")
	_, err := l.PutBucketVersioning(l.ctx(), &sdk.PutBucketVersioningInput{Bucket: &b, VersioningConfiguration: &types.VersioningConfiguration{Status: "Enabled"}})
	l.must(err)
	for range 300 {
		l.put(b, "dir/k", "x")
	}
	l.put(b, "dir/l", "x")
	l.put(b, "gone/k", "x")
	_, err = l.DeleteObject(l.ctx(), &sdk.DeleteObjectInput{Bucket: &b, Key: aws.String("gone/k")})
	l.must(err)
	if got := l.listAll(sdk.ListObjectsV2Input{Bucket: &b}); !slices.Equal(got, []string{"dir/k", "dir/l"}) {
		t.Errorf("got %q", got)
	}
	if got := l.listAll(sdk.ListObjectsV2Input{Bucket: &b, Delimiter: aws.String("/")}); !slices.Equal(got, []string{"dir/ …"}) {
		t.Errorf("a prefix with nothing but what is deleted is not listed: %q", got)
	}
	count := 0
	in := &sdk.ListObjectVersionsInput{Bucket: &b, MaxKeys: aws.Int32(70)}
	for {
		out, err := l.ListObjectVersions(l.ctx(), in)
		l.must(err)
		count += len(out.Versions) + len(out.DeleteMarkers)
		for _, v := range out.Versions[1:] {
			if *v.Key == "dir/k" && *v.IsLatest {
				t.Error("two versions are the latest")
			}
		}
		if !*out.IsTruncated {
			break
		}
		in.KeyMarker, in.VersionIdMarker = out.NextKeyMarker, out.NextVersionIdMarker
	}
	if count != 303 {
		t.Errorf("303 versions, %d listed", count)
	}
}

func TestManyKeysAreDeletedAtOnce(t *testing.T) {
	l := newLab(t)
	b := l.bucket("listed")
	var ids []types.ObjectIdentifier
	for _, key := range listedKeys {
		l.put(b, key, "x")
		ids = append(ids, types.ObjectIdentifier{Key: aws.String(key)})
	}
	ids = append(ids, types.ObjectIdentifier{Key: aws.String("never was")})
	out, err := l.DeleteObjects(l.ctx(), &sdk.DeleteObjectsInput{Bucket: &b, Delete: &types.Delete{Objects: ids}})
	l.must(err)
	if len(out.Deleted) != len(ids) || len(out.Errors) != 0 {
		t.Errorf("got %+v", out)
	}
	if left := l.listAll(sdk.ListObjectsV2Input{Bucket: &b}); left != nil {
		t.Errorf("left: %q", left)
	}
}

func TestAListingEscapesWhatXMLCannotHold(t *testing.T) {
	l := newLab(t)
	b := l.bucket("listed")
	l.put(b, "a\x01b<&>", "x")
	out, err := l.ListObjectsV2(l.ctx(), &sdk.ListObjectsV2Input{Bucket: &b, EncodingType: "url"})
	l.must(err)
	if got := *out.Contents[0].Key; got != "a%01b%3C%26%3E" && got != "a\x01b<&>" {
		t.Errorf("got %q", got)
	}
	_, err = l.ListObjectsV2(l.ctx(), &sdk.ListObjectsV2Input{Bucket: &b, ContinuationToken: aws.String(strings.Repeat("x", 9))})
	refused(t, err, "InvalidArgument", "The continuation token provided is incorrect")
}
