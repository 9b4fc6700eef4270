package cognito

import (
	"context"
	"errors"
	"slices"

	cip "github.com/aws/aws-sdk-go-v2/service/cognitoidentityprovider"
	"github.com/aws/aws-sdk-go-v2/service/cognitoidentityprovider/types"

	"github.com/poolgate/poolgate/internal/fault"
	"github.com/poolgate/poolgate/internal/store"
)

func memberID(group, username string) string { return group + "\x00" + username }

// AdminAddUserToGroup puts a user into a group; one who is in it already stays.
func (s *Service) AdminAddUserToGroup(ctx context.Context, in *cip.AdminAddUserToGroupInput) (*cip.AdminAddUserToGroupOutput, error) {
	return &cip.AdminAddUserToGroupOutput{}, s.withMember(ctx, in.UserPoolId, in.GroupName, in.Username, func(tx *store.Tx, p *pool, m *member) error {
		memberships, _, err := members.Find(tx, p.id(), store.Key{Index: "user", Value: m.Username}, store.Page{})
		if err != nil {
			return err
		}
		already := slices.ContainsFunc(memberships, func(f store.Found[member]) bool { return f.Value.Group == m.Group })
		if !already && len(memberships) >= maxGroupsPerUser {
			return fault.Limit("LimitExceededException", "The maximum number of groups for the user has been reached.")
		}
		return members.Put(tx, p.id(), memberID(m.Group, m.Username), m)
	})
}

// AdminRemoveUserFromGroup takes a user out of a group; one who is not in it is no error.
func (s *Service) AdminRemoveUserFromGroup(ctx context.Context, in *cip.AdminRemoveUserFromGroupInput) (*cip.AdminRemoveUserFromGroupOutput, error) {
	return &cip.AdminRemoveUserFromGroupOutput{}, s.withMember(ctx, in.UserPoolId, in.GroupName, in.Username, func(tx *store.Tx, p *pool, m *member) error {
		err := members.Delete(tx, p.id(), memberID(m.Group, m.Username))
		if errors.Is(err, store.ErrNotFound) {
			return nil
		}
		return err
	})
}

// withMember runs fn with the membership of an existing user in an existing group, be it stored or not.
func (s *Service) withMember(ctx context.Context, poolID, groupName, name *string, fn func(*store.Tx, *pool, *member) error) error {
	return s.withPool(ctx, poolID, func(tx *store.Tx, p *pool) error {
		u, err := s.userByName(tx, p, value(name))
		if err != nil {
			return err
		}
		if _, err := groupByName(tx, p, value(groupName)); err != nil {
			return err
		}
		return fn(tx, p, &member{Group: value(groupName), Username: u.Username})
	})
}

// AdminListGroupsForUser lists the groups of a user, the most important first.
func (s *Service) AdminListGroupsForUser(ctx context.Context, in *cip.AdminListGroupsForUserInput) (*cip.AdminListGroupsForUserOutput, error) {
	const list = "groups-of-user"
	from, err := page(list, in.Limit, 60, in.NextToken)
	if err != nil {
		return nil, err
	}
	out := &cip.AdminListGroupsForUserOutput{}
	err = s.viewPool(ctx, in.UserPoolId, func(tx *store.Tx, p *pool) error {
		u, err := s.userByName(tx, p, value(in.Username))
		if err != nil {
			return err
		}
		all, err := s.groupsOf(tx, p.id(), u.Username)
		if err != nil {
			return err
		}
		// A user has at most a hundred groups, so the page is cut from the whole list; a group deleted meanwhile starts over.
		begin := 1 + slices.IndexFunc(all, func(g types.GroupType) bool { return from.After != "" && value(g.GroupName) == from.After })
		end := min(begin+from.Limit, len(all))
		out.Groups = append([]types.GroupType{}, all[begin:end]...)
		if end < len(all) {
			out.NextToken = nextToken(list, value(all[end-1].GroupName))
		}
		return nil
	})
	return out, err
}

// ListUsersInGroup lists the members of a group.
func (s *Service) ListUsersInGroup(ctx context.Context, in *cip.ListUsersInGroupInput) (*cip.ListUsersInGroupOutput, error) {
	const list = "users-in-group"
	from, err := page(list, in.Limit, 60, in.NextToken)
	if err != nil {
		return nil, err
	}
	out := &cip.ListUsersInGroupOutput{Users: []types.UserType{}}
	err = s.viewPool(ctx, in.UserPoolId, func(tx *store.Tx, p *pool) error {
		out.Users = out.Users[:0]
		if _, err := groupByName(tx, p, value(in.GroupName)); err != nil {
			return err
		}
		found, more, err := members.Find(tx, p.id(), store.Key{Index: "group", Value: value(in.GroupName)}, from)
		if err != nil {
			return err
		}
		for _, f := range found {
			u, err := users.Get(tx, p.id(), f.Value.Username)
			if err != nil {
				return err
			}
			out.Users = append(out.Users, *userOnWire(u, nil))
		}
		out.NextToken = nextOf(list, found, more)
		return nil
	})
	return out, err
}
