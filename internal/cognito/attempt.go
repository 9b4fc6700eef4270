package cognito

import (
	"context"
	"errors"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/cognitoidentityprovider/types"

	"github.com/poolgate/poolgate/internal/fault"
	"github.com/poolgate/poolgate/internal/store"
)

// A sign-in is a pipeline that owns its phases, so that no flow can forget a check:
//
//	find client → name the flow → required parameters → secret hash → flow enabled → find user → lock and reset → the flow's
//	hook → (in one transaction) lock again, password unchanged, user enabled and confirmed, session spent → second factor or tokens
//
// A flow is a row of flows, an answer to a challenge a row of challenges; each has a file of its own.

// attempt is one request to sign in on its way through the pipeline.
type attempt struct {
	// admin says that the caller used an Admin operation, page that a person used the login page.
	admin, page bool
	poolID      string
	pool        *pool
	client      *client
	// params are the AuthParameters or the ChallengeResponses.
	params map[string]string
	// metadata is the request's ClientMetadata, for triggers.
	metadata map[string]string
	// username is the name the caller gave; user is nil when nobody goes by it.
	username string
	user     *user
	// session is the opened session of an answer to a challenge.
	session *session
	// factorProven says that the second factor was proven, or that none was set up until now.
	factorProven bool
	// deviceProven says that the device which the client named was proven.
	deviceProven bool
	now          time.Time
}

// outcome is what a phase led to: tokens, or a challenge to answer first.
type outcome struct {
	tokens     *types.AuthenticationResultType
	challenge  types.ChallengeNameType
	session    string
	parameters map[string]string
	// available are the challenges that SELECT_CHALLENGE lets the user choose from.
	available []types.ChallengeNameType
	// signedIn tells the login page who signed in; it issues the tokens later.
	signedIn *user
	authTime time.Time
}

// hidesUsers tells whether the client's settings hide which users exist (fact 6.8).
func (a *attempt) hidesUsers() bool {
	return a.client.Detail.Value.PreventUserExistenceErrors == types.PreventUserExistenceErrorTypesEnabled
}

// newAttempt finds the client. An Admin operation names the pool too, and the client must be in it.
func (s *Service) newAttempt(ctx context.Context, poolID *string, clientID string, params map[string]string) (*attempt, error) {
	a := &attempt{admin: poolID != nil, params: params, now: s.now()}
	err := s.store.View(ctx, func(tx *store.Tx) error {
		var err error
		if poolID == nil {
			a.poolID, a.client, err = s.findClient(tx, clientID)
			if err != nil {
				return err
			}
			a.pool, err = s.poolByID(tx, "", a.poolID)
			return err
		}
		a.poolID = *poolID
		if a.pool, err = s.ownPool(ctx, tx, a.poolID); err != nil {
			return err
		}
		a.client, err = s.clientByID(tx, a.poolID, clientID)
		return err
	})
	if err != nil {
		return nil, err
	}
	return a, nil
}

// require refuses the attempt unless it has every one of the parameters.
func (a *attempt) require(names []string) error {
	for _, name := range names {
		if a.params[name] == "" {
			return fault.Invalid("InvalidParameterException", "Missing required parameter %s", name)
		}
	}
	return nil
}

// findUser finds the user and refuses what needs no password to be refused: a user who does not exist, unless the client hides
// that, one who is locked for a while, and one whose password an administrator took away.
func (s *Service) findUser(ctx context.Context, a *attempt) error {
	err := s.store.View(ctx, func(tx *store.Tx) error {
		var err error
		a.user, err = s.userByName(tx, a.pool, a.username)
		return err
	})
	if fault.Is(err, "UserNotFoundException") && a.params["PASSWORD"] != "" && a.pool.triggers().UserMigration != nil {
		a.user, err = s.migrate(ctx, a)
	}
	if fault.Is(err, "UserNotFoundException") {
		a.user = nil
		if a.hidesUsers() || a.page {
			return s.mayTryNobody(ctx, a)
		}
	}
	if err != nil {
		return err
	}
	return a.mayTry()
}

// mayTry refuses a user whom no password would let in just now.
func (a *attempt) mayTry() error {
	switch {
	case a.user.failures().locked(a.now):
		return attemptsExceeded()
	case a.user.Status == types.UserStatusTypeResetRequired:
		return fault.Forbidden("PasswordResetRequiredException", "Password reset required for the user")
	}
	return nil
}

// findSessionUser finds the user of the attempt's session and refuses an answer in another user's name. The name may be any that the
// user goes by. A user who does not exist has the session's name only, or the one that led to it.
func (s *Service) findSessionUser(ctx context.Context, a *attempt) error {
	var named *user
	err := s.store.View(ctx, func(tx *store.Tx) error {
		var err error
		named, err = s.userByName(tx, a.pool, a.username)
		return err
	})
	switch {
	case fault.Is(err, "UserNotFoundException"):
		keys, err := s.keysOf(ctx, a.poolID)
		if err != nil {
			return err
		}
		phantom, _ := a.phantomOf(keys)
		if a.pool.foldName(a.username) != a.session.Username && phantom != a.session.Username {
			return invalidSession("").Becausef("the session is another user's")
		}
		return s.mayTryNobody(ctx, a)
	case err != nil:
		return err
	case named.Username != a.session.Username || named.Sub != a.session.Sub && a.session.Sub != "":
		return invalidSession("").Becausef("the session is another user's")
	}
	a.user = named
	return a.mayTry()
}

// wrongPassword counts a wrong password, unless the user is locked by now, and returns the refusal. Right and wrong passwords
// are judged against the lock in transactions, so guessing in parallel gains nothing.
func (s *Service) wrongPassword(ctx context.Context, a *attempt) error {
	if a.user == nil {
		return s.wrongPasswordOfNobody(ctx, a)
	}
	refusal := incorrectPassword().Becausef("the password is wrong")
	err := s.store.Update(ctx, func(tx *store.Tx) error {
		u, err := users.Get(tx, a.poolID, a.user.Username)
		if errors.Is(err, store.ErrNotFound) {
			return nil // deleted meanwhile
		}
		if err != nil {
			return err
		}
		if u.failures().locked(a.now) {
			refusal = attemptsExceeded()
			return nil
		}
		refusal = incorrectPassword().Becausef("the password is wrong")
		u.setFailures(u.failures().another(a.now))
		return users.Put(tx, a.poolID, u.Username, u)
	})
	if err != nil {
		return err
	}
	return refusal
}

// foldName is the form of a name by which the pool tells users apart.
func (p *pool) foldName(name string) string {
	if p.caseSensitive() {
		return name
	}
	return fold(name)
}

// admit reads the user again inside a transaction, after the password was proven, and refuses whoever may not go on.
func (s *Service) admit(tx *store.Tx, a *attempt) (*user, error) {
	u, err := users.Get(tx, a.poolID, a.user.Username)
	if errors.Is(err, store.ErrNotFound) {
		return nil, incorrectPassword().Becausef("the user was deleted meanwhile")
	}
	if err != nil {
		return nil, err
	}
	switch {
	case u.failures().locked(a.now):
		return nil, attemptsExceeded()
	case u.Sub != a.user.Sub || u.SealedVerifier != a.user.SealedVerifier:
		return nil, incorrectPassword().Becausef("the password was changed meanwhile")
	case !u.Enabled:
		return nil, fault.Unauthorized("NotAuthorizedException", "User is disabled.")
	case u.Status == types.UserStatusTypeUnconfirmed:
		return nil, fault.Forbidden("UserNotConfirmedException", "User is not confirmed.")
	case u.Status == types.UserStatusTypeForceChangePassword && !u.TemporaryUntil.IsZero() && !a.now.Before(u.TemporaryUntil):
		return nil, fault.Unauthorized("NotAuthorizedException",
			"Temporary password has expired and must be reset by an administrator.")
	}
	return u, nil
}

// forgive clears the record of a user whom nothing keeps out any more. It waits for the second factor: whoever knows the password must
// not get as many guesses at the code as they like by giving the password again.
func (u *user) forgive(tx *store.Tx, poolID string) error {
	if u.FailedSignIns == 0 {
		return nil
	}
	u.setFailures(failures{})
	return users.Put(tx, poolID, u.Username, u)
}

// proceed goes on after the first proof: to the challenge that stands between the user and the tokens, or to the tokens.
func (s *Service) proceed(ctx context.Context, a *attempt) (outcome, error) {
	if a.user.Status == types.UserStatusTypeForceChangePassword {
		err := s.store.Update(ctx, func(tx *store.Tx) error {
			if _, err := s.admit(tx, a); err != nil {
				return err
			}
			return s.spend(tx, a)
		})
		if err != nil {
			return outcome{}, err
		}
		return s.askNewPassword(a)
	}
	return s.complete(ctx, a, nil)
}

// spend marks the attempt's session as used, if it has one.
func (s *Service) spend(tx *store.Tx, a *attempt) error {
	if a.session == nil {
		return nil
	}
	return spendSession(tx, a.poolID, a.session)
}

// complete ends a sign-in, or asks for the second factor that is still to come. change, if any, is made to the user in the same
// transaction in which the session is spent and the refresh token stored. On the login page no tokens are issued yet.
func (s *Service) complete(ctx context.Context, a *attempt, change func(*store.Tx, *user) error) (outcome, error) {
	var g *grant
	var refresh *freshRefreshToken
	if !a.page {
		var err error
		if g, refresh, err = s.grantOf(ctx, a); err != nil {
			return outcome{}, err
		}
	}
	var signedIn *user
	var challenge outcome
	asked := false
	err := s.store.Update(ctx, func(tx *store.Tx) error {
		u, err := s.admit(tx, a)
		if err != nil {
			return err
		}
		if err := s.spend(tx, a); err != nil {
			return err
		}
		if change != nil {
			if err := change(tx, u); err != nil {
				return err
			}
		}
		signedIn = u
		known, err := namedDevice(tx, a, u)
		if err != nil {
			return err
		}
		if challenge, asked, err = s.askMore(tx, a, u, known); err != nil || asked {
			return errors.Join(err, users.Put(tx, a.poolID, u.Username, u))
		}
		if err := u.forgive(tx, a.poolID); err != nil || a.page {
			return err
		}
		if err := g.to(tx, u); err != nil {
			return err
		}
		if err := g.from(tx, known); err != nil {
			return err
		}
		return refresh.store(tx, g)
	})
	if err != nil || asked {
		return challenge, err
	}
	if err := s.postAuthenticate(ctx, a, signedIn); err != nil {
		return outcome{}, err
	}
	if a.page {
		return outcome{signedIn: signedIn, authTime: a.now}, nil
	}
	if err := s.shape(ctx, g, a.tokensOf(), a.metadata); err != nil {
		return outcome{}, err
	}
	tokens, err := g.issue()
	if err != nil {
		return outcome{}, err
	}
	tokens.Refresh = refresh.token
	result := tokens.result()
	result.NewDeviceMetadata = g.newDevice
	return outcome{tokens: result, signedIn: signedIn, authTime: a.now}, nil
}

// grantOf begins the grant of a sign-in by the API, with its refresh token and, where the pool tracks devices, a new device.
func (s *Service) grantOf(ctx context.Context, a *attempt) (*grant, *freshRefreshToken, error) {
	g, err := s.newGrant(ctx, a, a.now)
	if err != nil {
		return nil, nil, err
	}
	if a.pool.Detail.Value.DeviceConfiguration != nil {
		if g.newDevice, err = s.newDevice(a.pool); err != nil {
			return nil, nil, err
		}
	}
	refresh, err := g.newRefreshToken()
	return g, refresh, err
}

// askMore asks for what else stands between a proven password and the tokens: the device, where it stands for the second factor; else
// the second factor, then the device.
func (s *Service) askMore(tx *store.Tx, a *attempt, u *user, known *device) (outcome, bool, error) {
	if o, asked, err := s.askDevice(a, u, known, a.factorProven); err != nil || asked || a.factorProven {
		return o, asked, err
	}
	if o, asked, err := s.askFactor(tx, a, u); err != nil || asked {
		return o, asked, err
	}
	return s.askDevice(a, u, known, true) // there is no factor to prove
}

// tokensOf is the source of the event that tells why a sign-in's tokens are issued.
func (a *attempt) tokensOf() string {
	if a.session != nil && a.session.Challenge == types.ChallengeNameTypeNewPasswordRequired {
		return tokensOfNewPassword
	}
	return tokensOfSignIn
}
