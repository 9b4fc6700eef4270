package cognito

import (
	"context"
	"errors"

	"github.com/aws/aws-sdk-go-v2/aws"
	cip "github.com/aws/aws-sdk-go-v2/service/cognitoidentityprovider"
	"github.com/aws/aws-sdk-go-v2/service/cognitoidentityprovider/types"

	"github.com/poolgate/poolgate/internal/fault"
	"github.com/poolgate/poolgate/internal/store"
)

// Setting an authenticator app up takes two operations that share a seed: AssociateSoftwareToken makes it, VerifySoftwareToken
// proves that the app has it. A user who is signed in calls them with the access token, and the seed waits in the user's document;
// one whose pool requires a factor calls them with the session of MFA_SETUP, and the seed waits in the session.

// totpSetup is what the session of MFA_SETUP remembers.
type totpSetup struct {
	Pool, Client string
	// Seed is in base32; empty before it was made and after it was proven.
	Seed string `json:",omitempty"`
	// Proven says that the user's app was taken: the session may end the sign-in.
	Proven bool `json:",omitempty"`
}

// mfaSetup is the answer to MFA_SETUP: the session that VerifySoftwareToken returned.
var mfaSetup = challengeAnswer{answer: (*Service).endFactorSetup}

// setupPurpose seals the sessions of MFA_SETUP, which AssociateSoftwareToken must open without being told the client.
const setupPurpose = "session/mfa-setup"

// askFactorSetup asks to set up a factor; an app is the one that can be set up before signing in.
func (s *Service) askFactorSetup(a *attempt, u *user) (outcome, error) {
	var can []*factor
	for i := range factors {
		if f := &factors[i]; f.offered(a.pool) {
			can = append(can, f)
		}
	}
	list, err := names(can)
	if err != nil {
		return outcome{}, err
	}
	next := session{Challenge: types.ChallengeNameTypeMfaSetup, Setup: &totpSetup{Pool: a.poolID, Client: a.client.id()}}
	return s.challengeFor(a, u, next, map[string]string{"MFAS_CAN_SETUP": list})
}

// endFactorSetup ends a sign-in whose factor was set up in its course.
func (s *Service) endFactorSetup(ctx context.Context, a *attempt) (outcome, error) {
	if a.user == nil || a.session.Setup == nil || !a.session.Setup.Proven {
		return outcome{}, invalidSession("").Becausef("no factor was set up in this session")
	}
	a.factorProven = true
	return s.complete(ctx, a, nil)
}

// AssociateSoftwareToken makes the seed of an authenticator app, for whoever brings an access token or the session of MFA_SETUP.
func (s *Service) AssociateSoftwareToken(ctx context.Context, in *cip.AssociateSoftwareTokenInput) (*cip.AssociateSoftwareTokenOutput, error) {
	seed, err := s.newTOTPSeed()
	if err != nil {
		return nil, err
	}
	out := &cip.AssociateSoftwareTokenOutput{SecretCode: &seed}
	switch {
	case in.AccessToken != nil && in.Session != nil:
		return nil, invalidParameter("Only one of session or access token should be provided")
	case in.AccessToken != nil:
		return out, s.changeBearer(ctx, *in.AccessToken, func(_ *store.Tx, b *bearer) error {
			if !factors[1].offered(b.pool) {
				return noSoftwareToken()
			}
			b.user.SealedTOTPSetup = s.store.Seal(totpPurpose(b.pool.id(), b.user.Username), []byte(seed))
			return nil
		})
	case in.Session == nil:
		return nil, invalidParameter("Either session or access token should be provided")
	}
	a, err := s.openSetup(ctx, *in.Session)
	if err != nil {
		return nil, err
	}
	if a.session.Setup.Proven {
		return nil, invalidSession("").Becausef("a factor was set up already")
	}
	next := *a.session.Setup
	next.Seed = seed
	out.Session, err = s.nextSetup(a, next)
	return out, err
}

// VerifySoftwareToken takes the app when a code of it is right. In the course of a sign-in the app is turned on as well; a user who is
// signed in does that with SetUserMFAPreference.
func (s *Service) VerifySoftwareToken(ctx context.Context, in *cip.VerifySoftwareTokenInput) (*cip.VerifySoftwareTokenOutput, error) {
	out := &cip.VerifySoftwareTokenOutput{Status: types.VerifySoftwareTokenResponseTypeSuccess}
	switch {
	case in.AccessToken != nil && in.Session != nil:
		return nil, invalidParameter("Only one of session or access token should be provided")
	case in.AccessToken != nil:
		return out, s.changeBearer(ctx, *in.AccessToken, func(_ *store.Tx, b *bearer) error {
			if b.user.SealedTOTPSetup == "" {
				return fault.Invalid("SoftwareTokenMFANotFoundException", "Software Token has not been associated for this user.")
			}
			seed, err := s.store.Unseal(totpPurpose(b.pool.id(), b.user.Username), b.user.SealedTOTPSetup)
			if err != nil {
				return err
			}
			return s.takeApp(b.pool.id(), b.user, string(seed), in)
		})
	case in.Session == nil:
		return nil, invalidParameter("Either session or access token should be provided")
	}
	a, err := s.openSetup(ctx, *in.Session)
	if err != nil {
		return nil, err
	}
	if a.session.Setup.Seed == "" {
		return nil, fault.Invalid("SoftwareTokenMFANotFoundException", "Software Token has not been associated for this user.")
	}
	err = s.store.Update(ctx, func(tx *store.Tx) error {
		u, err := s.admit(tx, a)
		if err != nil {
			return err
		}
		if _, setUp := a.pool.secondFactors(u); !setUp {
			return invalidSession("").Becausef("the user has a factor by now")
		}
		if err := s.spend(tx, a); err != nil {
			return err
		}
		if err := s.takeApp(a.poolID, u, a.session.Setup.Seed, in); err != nil {
			return err
		}
		u.MFA.TOTP, u.MFA.Preferred = true, types.ChallengeNameTypeSoftwareTokenMfa
		return users.Put(tx, a.poolID, u.Username, u)
	})
	if err != nil {
		return nil, err
	}
	next := *a.session.Setup
	next.Seed, next.Proven = "", true
	out.Session, err = s.nextSetup(a, next)
	return out, err
}

// takeApp makes the app the user's if the code is one of its seed.
func (s *Service) takeApp(poolID string, u *user, seed string, in *cip.VerifySoftwareTokenInput) error {
	step, right, err := totpStep(seed, value(in.UserCode), s.now())
	if err != nil {
		return err
	}
	if !right {
		return fault.Invalid("EnableSoftwareTokenMFAException", "Code mismatch")
	}
	u.TOTP = &totpFactor{Sealed: s.store.Seal(totpPurpose(poolID, u.Username), []byte(seed)), Device: value(in.FriendlyDeviceName), LastStep: step}
	u.SealedTOTPSetup = ""
	return nil
}

func noSoftwareToken() error {
	return fault.Invalid("SoftwareTokenMFANotFoundException", "Software Token MFA is not enabled for the userPool.")
}

// openSetup opens the session of MFA_SETUP and finds whose it is.
func (s *Service) openSetup(ctx context.Context, sealed string) (*attempt, error) {
	plain, err := s.unsealSession(setupPurpose, sealed)
	if err != nil {
		return nil, err
	}
	if plain.Setup == nil {
		return nil, invalidSession("")
	}
	a, err := s.newAttempt(ctx, nil, plain.Setup.Client, nil)
	if err != nil {
		return nil, err
	}
	a.session, a.page = plain, plain.Page
	if err := plain.check(a, types.ChallengeNameTypeMfaSetup); err != nil {
		return nil, err
	}
	return a, s.store.View(ctx, func(tx *store.Tx) error {
		if err := unspent(tx, a.poolID, plain); err != nil {
			return err
		}
		a.user, err = users.Get(tx, a.poolID, plain.Username)
		if errors.Is(err, store.ErrNotFound) {
			return invalidSession("").Becausef("the user was deleted meanwhile")
		}
		return err
	})
}

// nextSetup is the session that follows on a.session.
func (s *Service) nextSetup(a *attempt, next totpSetup) (*string, error) {
	o, err := s.challengeFor(a, a.user, session{Challenge: types.ChallengeNameTypeMfaSetup, Setup: &next}, map[string]string{})
	return aws.String(o.session), err
}
