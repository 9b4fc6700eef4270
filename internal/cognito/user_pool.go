package cognito

import (
	"context"

	cip "github.com/aws/aws-sdk-go-v2/service/cognitoidentityprovider"
	"github.com/aws/aws-sdk-go-v2/service/cognitoidentityprovider/types"

	"github.com/poolgate/poolgate/internal/store"
	"github.com/poolgate/poolgate/internal/wire"
)

// DescribeUserPool returns a pool as it was set, with the number of its users.
func (s *Service) DescribeUserPool(ctx context.Context, in *cip.DescribeUserPoolInput) (*cip.DescribeUserPoolOutput, error) {
	out := &cip.DescribeUserPoolOutput{}
	err := s.viewPool(ctx, in.UserPoolId, func(tx *store.Tx, p *pool) error {
		count, err := users.Count(tx, p.id())
		p.Detail.Value.EstimatedNumberOfUsers = int32(count)
		out.UserPool = &p.Detail.Value
		return err
	})
	return out, err
}

// viewPool runs fn with the pool in a read-only transaction.
func (s *Service) viewPool(ctx context.Context, poolID *string, fn func(*store.Tx, *pool) error) error {
	return s.store.View(ctx, func(tx *store.Tx) error {
		p, err := s.ownPool(ctx, tx, value(poolID))
		if err != nil {
			return err
		}
		return fn(tx, p)
	})
}

// withPool runs fn with the pool in a transaction that may write. The pool itself is stored by putPool, when fn
// changes it.
func (s *Service) withPool(ctx context.Context, poolID *string, fn func(*store.Tx, *pool) error) error {
	return s.store.Update(ctx, func(tx *store.Tx) error {
		p, err := s.ownPool(ctx, tx, value(poolID))
		if err != nil {
			return err
		}
		return fn(tx, p)
	})
}

// UpdateUserPool sets everything that can change; what the caller left out gets its default, as on AWS.
func (s *Service) UpdateUserPool(ctx context.Context, in *cip.UpdateUserPoolInput) (*cip.UpdateUserPoolOutput, error) {
	return &cip.UpdateUserPoolOutput{}, s.withPool(ctx, in.UserPoolId, func(tx *store.Tx, p *pool) error {
		if err := applySettings(&p.Detail.Value, in, p.hasSoftwareFactor()); err != nil {
			return err
		}
		if in.PoolName != nil {
			p.Detail.Value.Name = in.PoolName
		}
		return s.putChanged(tx, p)
	})
}

// putChanged stores a pool that was changed just now.
func (s *Service) putChanged(tx *store.Tx, p *pool) error {
	now := s.now()
	p.Detail.Value.LastModifiedDate = &now
	return putPool(tx, p.region(), p)
}

// AddCustomAttributes extends the schema.
func (s *Service) AddCustomAttributes(ctx context.Context, in *cip.AddCustomAttributesInput) (*cip.AddCustomAttributesOutput, error) {
	return &cip.AddCustomAttributesOutput{}, s.withPool(ctx, in.UserPoolId, func(tx *store.Tx, p *pool) error {
		schema, err := addCustom(p.Detail.Value.SchemaAttributes, in.CustomAttributes)
		if err != nil {
			return err
		}
		p.Detail.Value.SchemaAttributes = schema
		return s.putChanged(tx, p)
	})
}

// ListUserPools lists the caller's pools in the region.
func (s *Service) ListUserPools(ctx context.Context, in *cip.ListUserPoolsInput) (*cip.ListUserPoolsOutput, error) {
	const list = "user-pools"
	region := wire.CallFrom(ctx).Region
	from, err := page(list, in.MaxResults, 60, in.NextToken)
	if err != nil {
		return nil, err
	}
	out := &cip.ListUserPoolsOutput{UserPools: []types.UserPoolDescriptionType{}}
	err = s.store.View(ctx, func(tx *store.Tx) error {
		out.UserPools = out.UserPools[:0]
		found, more, err := pools.Find(tx, region, store.Key{Index: "account", Value: accountOf(ctx)}, from)
		for _, f := range found {
			p := f.Value.Detail.Value
			out.UserPools = append(out.UserPools, types.UserPoolDescriptionType{
				Id: p.Id, Name: p.Name, LambdaConfig: p.LambdaConfig, CreationDate: p.CreationDate, LastModifiedDate: p.LastModifiedDate,
			})
		}
		out.NextToken = nextOf(list, found, more)
		return err
	})
	return out, err
}

// DeleteUserPool deletes a pool and everything in it.
func (s *Service) DeleteUserPool(ctx context.Context, in *cip.DeleteUserPoolInput) (*cip.DeleteUserPoolOutput, error) {
	return &cip.DeleteUserPoolOutput{}, s.withPool(ctx, in.UserPoolId, func(tx *store.Tx, p *pool) error {
		if p.Detail.Value.DeletionProtection == types.DeletionProtectionTypeActive {
			return invalidParameter("The user pool cannot be deleted because deletion protection is activated. Deletion protection must be inactivated first.")
		}
		if p.Detail.Value.Domain != nil || p.Detail.Value.CustomDomain != nil {
			return invalidParameter("User pool cannot be deleted. It has a domain configured that should be deleted first.")
		}
		for _, deleteAll := range poolScoped {
			if err := deleteAll(tx, p.id()); err != nil {
				return err
			}
		}
		tx.Bump(poolTopic(p.id()))
		return pools.Delete(tx, p.region(), p.id())
	})
}
