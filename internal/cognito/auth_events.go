package cognito

import (
	"context"

	cip "github.com/aws/aws-sdk-go-v2/service/cognitoidentityprovider"
	"github.com/aws/aws-sdk-go-v2/service/cognitoidentityprovider/types"

	"github.com/poolgate/poolgate/internal/fault"
	"github.com/poolgate/poolgate/internal/store"
)

// The history of sign-ins that threat protection keeps. No risk is judged here, so a pool that turned the protection on has an
// empty history, and one that did not is refused as on AWS.

func noSuchAuthEvent(id *string) error {
	return fault.NotFound("ResourceNotFoundException", "Auth event %s does not exist.", value(id))
}

// AdminListUserAuthEvents returns the empty history of a user.
func (s *Service) AdminListUserAuthEvents(ctx context.Context, in *cip.AdminListUserAuthEventsInput) (*cip.AdminListUserAuthEventsOutput, error) {
	if _, err := page("auth-events", in.MaxResults, 60, in.NextToken); err != nil {
		return nil, err
	}
	err := s.withAuthEvents(ctx, in.UserPoolId, in.Username)
	return &cip.AdminListUserAuthEventsOutput{AuthEvents: []types.AuthEventType{}}, err
}

// AdminUpdateAuthEventFeedback finds no event to give feedback on.
func (s *Service) AdminUpdateAuthEventFeedback(ctx context.Context, in *cip.AdminUpdateAuthEventFeedbackInput) (*cip.AdminUpdateAuthEventFeedbackOutput, error) {
	if err := s.withAuthEvents(ctx, in.UserPoolId, in.Username); err != nil {
		return nil, err
	}
	return nil, noSuchAuthEvent(in.EventId)
}

// withAuthEvents checks that the pool has threat protection, and the user.
func (s *Service) withAuthEvents(ctx context.Context, poolID, name *string) error {
	return s.viewPool(ctx, poolID, func(tx *store.Tx, p *pool) error {
		if err := needAdvancedSecurity(p); err != nil {
			return err
		}
		_, err := s.userByName(tx, p, value(name))
		return err
	})
}

// UpdateAuthEventFeedback takes a user's own feedback with the token of a notification. No notification was ever sent, so no token
// is good; whether the user exists is not told.
func (s *Service) UpdateAuthEventFeedback(ctx context.Context, in *cip.UpdateAuthEventFeedbackInput) (*cip.UpdateAuthEventFeedbackOutput, error) {
	return nil, s.store.View(ctx, func(tx *store.Tx) error {
		p, err := s.poolByID(tx, "", value(in.UserPoolId))
		if err != nil {
			return err
		}
		if err := needAdvancedSecurity(p); err != nil {
			return err
		}
		return fault.Unauthorized("NotAuthorizedException", "Invalid feedback token.")
	})
}
