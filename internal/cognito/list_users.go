package cognito

import (
	"context"

	cip "github.com/aws/aws-sdk-go-v2/service/cognitoidentityprovider"
	"github.com/aws/aws-sdk-go-v2/service/cognitoidentityprovider/types"

	"github.com/poolgate/poolgate/internal/store"
)

// maxUsersListed is the most users of one page; a Limit of zero asks for as many.
const maxUsersListed = 60

// ListUsers lists a pool's users, all or those a filter wants.
func (s *Service) ListUsers(ctx context.Context, in *cip.ListUsersInput) (*cip.ListUsersOutput, error) {
	list := "users:" + value(in.Filter) // a token continues the search it came from
	from, err := page(list, in.Limit, maxUsersListed, in.PaginationToken)
	if err != nil {
		return nil, err
	}
	filter, err := parseUserFilter(value(in.Filter))
	if err != nil {
		return nil, err
	}
	out := &cip.ListUsersOutput{Users: []types.UserType{}}
	err = s.viewPool(ctx, in.UserPoolId, func(tx *store.Tx, p *pool) error {
		out.Users = out.Users[:0]
		for _, name := range in.AttributesToGet {
			if attributeNamed(p.Detail.Value.SchemaAttributes, name) == nil {
				return invalidParameter("One or more requested attributes do not exist.")
			}
		}
		found, more, err := searchUsers(tx, p, filter, from)
		for _, f := range found {
			out.Users = append(out.Users, *userOnWire(f.Value, in.AttributesToGet))
		}
		out.PaginationToken = nextOf(list, found, more)
		return err
	})
	return out, err
}

// searchUsers returns a page of the users that the filter wants. A secondary key finds them; where the key does not tell
// the cases apart and the filter does, some of a page are dropped and the next page fills it up.
func searchUsers(tx *store.Tx, p *pool, filter *userFilter, from store.Page) ([]store.Found[user], bool, error) {
	if filter == nil {
		return users.List(tx, p.id(), from)
	}
	find := users.Find
	if filter.prefix {
		find = users.FindPrefix
	}
	var wanted []store.Found[user]
	for {
		found, more, err := find(tx, p.id(), filter.key(), from)
		if err != nil {
			return nil, false, err
		}
		for i, f := range found {
			if !filter.matches(p, f.Value) {
				continue
			}
			wanted = append(wanted, f)
			if len(wanted) == from.Limit {
				return wanted, more || i+1 < len(found), nil
			}
		}
		if !more || len(found) == 0 {
			return wanted, false, nil
		}
		from.After = found[len(found)-1].ID
	}
}
