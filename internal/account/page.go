package account

import (
	"context"
	"fmt"
	"reflect"
	"slices"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"

	"github.com/poolgate/poolgate/internal/wire"
)

// How much of one list is read: 20,000 items of API Gateway, beyond which it is a gap.
const (
	pageSize  = 500
	mostPages = 40
)

// paged reads all pages of a list, each as a question of its own. What lies beyond mostPages is a gap.
func paged[T any](ctx context.Context, r *Reader, q question, page func(ctx context.Context, at *string) ([]T, *string, error)) ([]T, error) {
	type answer struct {
		items []T
		next  *string
	}
	var all []T
	var at *string
	for n := range max(q.pages, mostPages) {
		one := q
		if n > 0 {
			one.page = q.page + "\x00" + *at
		}
		got, there, _, err := ask(ctx, r, one, func(ctx context.Context) (*answer, error) {
			list, next, err := page(ctx, at)
			return &answer{list, next}, err
		})
		if err != nil || !there {
			return all, err
		}
		all = append(all, got.items...)
		if aws.ToString(got.next) == "" || at != nil && *at == *got.next {
			return all, nil
		}
		at = got.next
	}
	r.gap(Gap{q.operation, q.permission, GapTooMuch, fmt.Sprintf("only the first %d are read", len(all))})
	return all, nil
}

// items reads a page's answer, if there is one.
func items[Out, T any](out *Out, err error, read func() ([]T, *string)) ([]T, *string, error) {
	if err != nil || out == nil {
		return nil, nil, err
	}
	list, next := read()
	return list, next, nil
}

// fill makes documents of a list, sorted by key; of none it makes nil.
func fill[T any](into *[]wire.Document[T], list []T, key func(T) string) {
	if len(list) == 0 {
		return
	}
	list = slices.Clone(list)
	slices.SortFunc(list, func(a, b T) int { return strings.Compare(key(a), key(b)) })
	*into = make([]wire.Document[T], len(list))
	for i, value := range list {
		(*into)[i].Value = value
	}
}

// entityOf makes the entity of an operation's output: in AWS's models the two have the same members, which the SDK writes out as two
// Go types each.
func entityOf[Entity, Out any](out *Out) Entity {
	var entity Entity
	from, to := reflect.ValueOf(out).Elem(), reflect.ValueOf(&entity).Elem()
	for _, field := range reflect.VisibleFields(to.Type()) {
		if !field.IsExported() {
			continue
		}
		if member := from.FieldByName(field.Name); member.IsValid() && member.Type() == field.Type {
			to.FieldByIndex(field.Index).Set(member)
		}
	}
	return entity
}
