package cognito

import (
	"context"
	"errors"
	"time"

	"github.com/poolgate/poolgate/internal/fault"
	"github.com/poolgate/poolgate/internal/store"
)

// CheckSignedIn tells whether a sign-in of that time still counts, for the sign-ins that the login domain remembers: the user is the
// same one, may sign in, and has not signed out everywhere since.
func (s *Service) CheckSignedIn(ctx context.Context, poolID, username, sub string, since time.Time) error {
	return s.store.View(ctx, func(tx *store.Tx) error {
		u, err := users.Get(tx, poolID, username)
		switch {
		case errors.Is(err, store.ErrNotFound), err == nil && u.Sub != sub:
			return incorrectPassword().Becausef("the user was deleted since the sign-in")
		case err != nil:
			return err
		case !u.Enabled:
			return fault.Unauthorized("NotAuthorizedException", "User is disabled.")
		case u.signedOut(since):
			return incorrectPassword().Becausef("the user signed out everywhere since the sign-in")
		}
		return nil
	})
}
