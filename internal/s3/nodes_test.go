package s3

import (
	"bytes"
	"io"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	sdk "github.com/aws/aws-sdk-go-v2/service/s3"

	"github.com/poolgate/poolgate/internal/store"
	"github.com/poolgate/poolgate/internal/store/postgrestest"
)

// TestNodesShareObjects puts an object at one node and reads it at another one, over one PostgreSQL.
func TestNodesShareObjects(t *testing.T) {
	url := postgrestest.URL(t)
	var nodes []*lab
	for range 2 {
		db, err := store.Open(t.Context(), store.Options{Location: url, SealKey: bytes.Repeat([]byte{1}, 32)})
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { _ = db.Close() })
		nodes = append(nodes, labOver(t, db))
	}
	b := nodes[0].bucket("shared")
	data := random(t, 5*pieceBytes+3)
	_, err := nodes[0].PutObject(t.Context(), &sdk.PutObjectInput{Bucket: &b, Key: aws.String("k"), Body: bytes.NewReader(data)})
	nodes[0].must(err)
	body, size, err := nodes[1].Open(t.Context(), testAccount, b, "k", "")
	nodes[1].must(err)
	read, err := io.ReadAll(body)
	nodes[1].must(err)
	if size != int64(len(data)) || !bytes.Equal(read, data) {
		t.Errorf("%d bytes came back as %d, or others", len(data), len(read))
	}
	if got := nodes[1].listAll(sdk.ListObjectsV2Input{Bucket: &b}); len(got) != 1 {
		t.Errorf("listed: %q", got)
	}
}
