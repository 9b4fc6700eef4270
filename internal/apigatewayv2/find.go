package apigatewayv2

import (
	"context"

	"github.com/poolgate/poolgate/internal/entity"
	"github.com/poolgate/poolgate/internal/fault"
	"github.com/poolgate/poolgate/internal/store"
	"github.com/poolgate/poolgate/internal/wire"
)

// find returns what is inside an API of the caller and has that id, or missing.
func find[T any](ctx context.Context, s *Service, c *store.Collection[wire.Document[T]], apiID, id *string, missing *fault.Error) (value T, err error) {
	err = s.look(ctx, apiID, func(e *edit) error {
		found, err := entity.Get(e.tx, c, e.id, id, missing)
		if err == nil {
			value = found.Value
		}
		return err
	})
	return value, err
}

// list returns one page of what is inside an API of the caller, in the order of the ids, which key gives.
func list[T any](
	ctx context.Context, s *Service, c *store.Collection[wire.Document[T]], apiID *string, key func(T) string, most, token *string,
) (items []T, next *string, err error) {
	err = s.look(ctx, apiID, func(e *edit) error {
		all, err := entity.All(e.tx, c, e.id)
		if err != nil {
			return err
		}
		items, next, err = page(all, key, most, token)
		return err
	})
	return items, next, err
}
