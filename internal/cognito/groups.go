package cognito

import (
	"cmp"
	"context"
	"errors"
	"slices"

	cip "github.com/aws/aws-sdk-go-v2/service/cognitoidentityprovider"
	"github.com/aws/aws-sdk-go-v2/service/cognitoidentityprovider/types"

	"github.com/poolgate/poolgate/internal/fault"
	"github.com/poolgate/poolgate/internal/store"
)

// The most groups of a pool and groups of a user (fact 6.9).
const (
	maxGroups        = 10_000
	maxGroupsPerUser = 100
)

func noSuchGroup() error { return fault.NotFound("ResourceNotFoundException", "Group not found.") }

// groupByName finds a group of a pool.
func groupByName(tx *store.Tx, p *pool, name string) (*group, error) {
	g, err := groups.Get(tx, p.id(), name)
	if errors.Is(err, store.ErrNotFound) {
		return nil, noSuchGroup()
	}
	return g, err
}

// CreateGroup makes a group.
func (s *Service) CreateGroup(ctx context.Context, in *cip.CreateGroupInput) (*cip.CreateGroupOutput, error) {
	now := s.now()
	g := &group{}
	g.Detail.Value = types.GroupType{
		GroupName: in.GroupName, UserPoolId: in.UserPoolId, Description: in.Description, Precedence: in.Precedence,
		RoleArn: in.RoleArn, CreationDate: &now, LastModifiedDate: &now,
	}
	err := s.withPool(ctx, in.UserPoolId, func(tx *store.Tx, p *pool) error {
		if count, err := groups.Count(tx, p.id()); err != nil {
			return err
		} else if count >= maxGroups {
			return fault.Limit("LimitExceededException", "The maximum number of groups has been reached.")
		}
		err := groups.Insert(tx, p.id(), value(in.GroupName), g)
		if errors.Is(err, store.ErrExists) {
			return fault.Conflict("GroupExistsException", "A group with the name already exists.")
		}
		return err
	})
	if err != nil {
		return nil, err
	}
	return &cip.CreateGroupOutput{Group: &g.Detail.Value}, nil
}

// GetGroup returns a group.
func (s *Service) GetGroup(ctx context.Context, in *cip.GetGroupInput) (*cip.GetGroupOutput, error) {
	out := &cip.GetGroupOutput{}
	err := s.viewPool(ctx, in.UserPoolId, func(tx *store.Tx, p *pool) error {
		g, err := groupByName(tx, p, value(in.GroupName))
		if err == nil {
			out.Group = &g.Detail.Value
		}
		return err
	})
	return out, err
}

// UpdateGroup changes what the caller set and leaves the rest.
func (s *Service) UpdateGroup(ctx context.Context, in *cip.UpdateGroupInput) (*cip.UpdateGroupOutput, error) {
	out := &cip.UpdateGroupOutput{}
	err := s.withPool(ctx, in.UserPoolId, func(tx *store.Tx, p *pool) error {
		g, err := groupByName(tx, p, value(in.GroupName))
		if err != nil {
			return err
		}
		now := s.now()
		detail := &g.Detail.Value
		detail.Description = orDefault(in.Description, detail.Description)
		detail.Precedence = orDefault(in.Precedence, detail.Precedence)
		detail.RoleArn = orDefault(in.RoleArn, detail.RoleArn)
		detail.LastModifiedDate = &now
		out.Group = detail
		return groups.Put(tx, p.id(), value(in.GroupName), g)
	})
	return out, err
}

// DeleteGroup deletes a group; its members stay.
func (s *Service) DeleteGroup(ctx context.Context, in *cip.DeleteGroupInput) (*cip.DeleteGroupOutput, error) {
	return &cip.DeleteGroupOutput{}, s.withPool(ctx, in.UserPoolId, func(tx *store.Tx, p *pool) error {
		memberships, _, err := members.Find(tx, p.id(), store.Key{Index: "group", Value: value(in.GroupName)}, store.Page{})
		if err != nil {
			return err
		}
		for _, m := range memberships {
			if err := members.Delete(tx, p.id(), m.ID); err != nil {
				return err
			}
		}
		err = groups.Delete(tx, p.id(), value(in.GroupName))
		if errors.Is(err, store.ErrNotFound) {
			return noSuchGroup()
		}
		return err
	})
}

// ListGroups lists a pool's groups.
func (s *Service) ListGroups(ctx context.Context, in *cip.ListGroupsInput) (*cip.ListGroupsOutput, error) {
	const list = "groups"
	from, err := page(list, in.Limit, 60, in.NextToken)
	if err != nil {
		return nil, err
	}
	out := &cip.ListGroupsOutput{Groups: []types.GroupType{}}
	err = s.viewPool(ctx, in.UserPoolId, func(tx *store.Tx, p *pool) error {
		out.Groups = out.Groups[:0]
		found, more, err := groups.List(tx, p.id(), from)
		for _, f := range found {
			out.Groups = append(out.Groups, f.Value.Detail.Value)
		}
		out.NextToken = nextOf(list, found, more)
		return err
	})
	return out, err
}

// groupsOf are the groups that a user (by real username) is in, the most important first: lowest precedence, groups
// without one last, and by name where precedence does not decide.
func (s *Service) groupsOf(tx *store.Tx, poolID, username string) ([]types.GroupType, error) {
	memberships, _, err := members.Find(tx, poolID, store.Key{Index: "user", Value: username}, store.Page{})
	if err != nil {
		return nil, err
	}
	var all []types.GroupType
	for _, m := range memberships {
		g, err := groups.Get(tx, poolID, m.Value.Group)
		if err != nil {
			return nil, err
		}
		all = append(all, g.Detail.Value)
	}
	slices.SortFunc(all, func(a, b types.GroupType) int {
		return cmp.Or(cmp.Compare(rank(a), rank(b)), cmp.Compare(value(a.GroupName), value(b.GroupName)))
	})
	return all, nil
}

// rank orders groups: their precedence, or below every one that has any.
func rank(g types.GroupType) int64 {
	if g.Precedence == nil {
		return 1 << 40
	}
	return int64(*g.Precedence)
}
