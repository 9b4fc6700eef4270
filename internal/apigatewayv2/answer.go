package apigatewayv2

import (
	"maps"
	"strconv"

	"github.com/aws/aws-sdk-go-v2/aws"

	"github.com/poolgate/poolgate/internal/entity"
	"github.com/poolgate/poolgate/internal/wire"
)

// answer makes an operation's output of an entity.
func answer[Out, Entity any](e Entity) *Out { return wire.Reshape[Out](e) }

// Lengths of the ids that AWS makes.
const (
	apiIDLength    = 10
	routeIDLength  = 7
	entityIDLength = 6
)

func (s *Service) newID(n int) (string, error) { return entity.NewID(s.random, n) }

// Pages hold 25 items unless asked, at most 500.
const (
	defaultPage  = 25
	greatestPage = 500
)

var (
	badToken = badRequest("Invalid nextToken parameter specified")
	badMost  = badRequest("Invalid maxResults parameter specified")
)

// pageSize reads maxResults, a text in these APIs.
func pageSize(most *string) (int, error) {
	if aws.ToString(most) == "" {
		return defaultPage, nil
	}
	size, err := strconv.Atoi(*most)
	if err != nil || size < 1 {
		return 0, badMost
	}
	return min(size, greatestPage), nil
}

// page cuts one page out of a list that is sorted by key.
func page[T any](list []T, key func(T) string, most, token *string) (items []T, next *string, err error) {
	size, err := pageSize(most)
	if err != nil {
		return nil, nil, err
	}
	after, err := entity.DecodePosition(token, badToken)
	if err != nil {
		return nil, nil, err
	}
	items, next = entity.Page(list, key, after, size)
	return items, next, nil
}

// emptyIsNil makes of an empty text none: so a member is taken away.
func emptyIsNil(s *string) *string {
	if aws.ToString(s) == "" {
		return nil
	}
	return s
}

// setText takes over a text that an update brings; an empty one takes the member away.
func setText(member **string, said *string) {
	if said != nil {
		*member = emptyIsNil(said)
	}
}

// set takes over a member that an update brings.
func set[T any](member **T, said *T) {
	if said != nil {
		*member = said
	}
}

func setWord[W ~string](member *W, said W) {
	if said != "" {
		*member = said
	}
}

// mergeTexts puts what an update brings over what is there; an empty text takes its key away. The result is nil when
// nothing is left.
func mergeTexts(old, said map[string]string) map[string]string {
	merged := maps.Clone(old)
	if merged == nil {
		merged = make(map[string]string, len(said))
	}
	for key, value := range said {
		if value == "" {
			delete(merged, key)
			continue
		}
		merged[key] = value
	}
	if len(merged) == 0 {
		return nil
	}
	return merged
}
