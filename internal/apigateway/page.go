package apigateway

import "github.com/poolgate/poolgate/internal/entity"

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

var badPosition = badRequest("Invalid position parameter specified")

// page cuts one page out of items, which are sorted by key, no two keys alike.
func page[T any](items []T, key func(T) string, limit *int32, position *string) ([]T, *string, error) {
	after, err := entity.DecodePosition(position, badPosition)
	if err != nil {
		return nil, nil, err
	}
	items, next := entity.Page(items, key, after, pageSize(limit))
	return items, next, nil
}
