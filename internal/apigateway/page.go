package apigateway

import (
	"encoding/base64"
	"sort"

	"github.com/poolgate/poolgate/internal/fault"
)

// AWS's page sizes: 25 unless asked, at most 500 (fact 7.1).
const (
	defaultPage  = 25
	greatestPage = 500
)

func pageSize(limit *int32) int {
	switch {
	case limit == nil || *limit <= 0:
		return defaultPage
	case *limit > greatestPage:
		return greatestPage
	}
	return int(*limit)
}

// A position is the key of the last item of the page before, made opaque.
func encodePosition(key string) *string {
	text := base64.RawURLEncoding.EncodeToString([]byte(key))
	return &text
}

func decodePosition(position *string) (string, *fault.Error) {
	if position == nil || *position == "" {
		return "", nil
	}
	key, err := base64.RawURLEncoding.DecodeString(*position)
	if err != nil {
		return "", badRequest("Invalid position parameter specified").Because(err)
	}
	return string(key), nil
}

// page cuts one page out of items, which are sorted by key, no two keys alike. An item that was deleted meanwhile
// does no harm: the next page begins after where it was.
func page[T any](items []T, key func(T) string, limit *int32, position *string) ([]T, *string, error) {
	after, bad := decodePosition(position)
	if bad != nil {
		return nil, nil, bad
	}
	if after != "" {
		items = items[sort.Search(len(items), func(i int) bool { return key(items[i]) > after }):]
	}
	size := pageSize(limit)
	if len(items) <= size {
		return items, nil, nil
	}
	return items[:size], encodePosition(key(items[size-1])), nil
}
