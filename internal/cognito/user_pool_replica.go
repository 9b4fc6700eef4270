package cognito

import (
	"context"

	cip "github.com/aws/aws-sdk-go-v2/service/cognitoidentityprovider"

	"github.com/poolgate/poolgate/internal/fault"
	"github.com/poolgate/poolgate/internal/store"
)

// Replicas of a pool in other regions. There is one region's data here, whatever its name: each operation is refused in the
// error type that AWS's model gives it.

// refuseReplicas says that a pool has no replicas, after the pool itself is known to exist.
func (s *Service) refuseReplicas(ctx context.Context, poolID *string) error {
	return s.viewPool(ctx, poolID, func(*store.Tx, *pool) error {
		return fault.Forbidden("OperationNotEnabledException", "User pool replication is not enabled.")
	})
}

// CreateUserPoolReplica is refused.
func (s *Service) CreateUserPoolReplica(ctx context.Context, in *cip.CreateUserPoolReplicaInput) (*cip.CreateUserPoolReplicaOutput, error) {
	return nil, s.refuseReplicas(ctx, in.UserPoolId)
}

// DeleteUserPoolReplica is refused.
func (s *Service) DeleteUserPoolReplica(ctx context.Context, in *cip.DeleteUserPoolReplicaInput) (*cip.DeleteUserPoolReplicaOutput, error) {
	return nil, s.refuseReplicas(ctx, in.UserPoolId)
}

// UpdateUserPoolReplica is refused.
func (s *Service) UpdateUserPoolReplica(ctx context.Context, in *cip.UpdateUserPoolReplicaInput) (*cip.UpdateUserPoolReplicaOutput, error) {
	return nil, s.refuseReplicas(ctx, in.UserPoolId)
}

// ListUserPoolReplicas is refused.
func (s *Service) ListUserPoolReplicas(ctx context.Context, in *cip.ListUserPoolReplicasInput) (*cip.ListUserPoolReplicasOutput, error) {
	return nil, s.refuseReplicas(ctx, in.UserPoolId)
}
