package entity

import (
	"bytes"
	"crypto/rand"
	"regexp"
	"slices"
	"testing"

	"github.com/poolgate/poolgate/internal/fault"
)

func TestPagesHoldEveryItemOnce(t *testing.T) {
	items := []string{"a", "b", "c", "d", "e"}
	self := func(s string) string { return s }
	for size := 1; size <= len(items)+1; size++ {
		var seen []string
		var position *string
		for range len(items) + 1 {
			after, err := DecodePosition(position, nil)
			if err != nil {
				t.Fatal(err)
			}
			page, next := Page(items, self, after, size)
			if seen = append(seen, page...); next == nil {
				break
			}
			position = next
		}
		if !slices.Equal(seen, items) {
			t.Errorf("pages of %d hold %v", size, seen)
		}
	}
}

func TestAForeignPositionIsTheCallersFault(t *testing.T) {
	bad := fault.Invalid("BadRequestException", "no such page")
	position := "not*base64"
	if _, err := DecodePosition(&position, bad); !fault.Is(err, "BadRequestException") {
		t.Errorf("got %v", err)
	}
}

func TestIDsAreLettersAndDigits(t *testing.T) {
	id, err := NewID(rand.Reader, 64)
	if err != nil || !regexp.MustCompile(`^[a-z0-9]{64}$`).MatchString(id) {
		t.Errorf("%q, %v", id, err)
	}
	// Bytes that would favour the first letters are skipped; a source that ends is an error and no short id.
	if id, err := NewID(bytes.NewReader([]byte{255, 254, 0, 35}), 2); err != nil || id != "a9" {
		t.Errorf("%q, %v", id, err)
	}
	if _, err := NewID(bytes.NewReader(nil), 2); err == nil {
		t.Error("an id of nothing")
	}
}
