package cognito

import (
	"encoding/json"
	"errors"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/cognitoidentityprovider/types"

	"github.com/poolgate/poolgate/internal/fault"
	"github.com/poolgate/poolgate/internal/store"
)

// session is what the server must remember between a challenge and its answer. It travels with the client, sealed: asking for
// challenges costs the store nothing, so nobody can fill it by asking. What the store keeps is which sessions are spent,
// until they would have expired anyway, because a session can be used once.
type session struct {
	ID        string
	Challenge types.ChallengeNameType
	Username  string
	Sub       string
	Expires   time.Time
	// Page says that the sign-in began on the login page; such a session cannot be continued by the API, nor the other way round.
	Page bool `json:",omitempty"`
	// Device is the device that the client named, Factored says that the second factor was proven before it was asked for.
	Device   string `json:",omitempty"`
	Factored bool   `json:",omitempty"`
	// First says that nothing was proven yet: a code that is asked for is a first factor.
	First bool        `json:",omitempty"`
	SRP   *srpSession `json:",omitempty"`
	// Custom is what a sign-in by functions remembers.
	Custom *customState `json:",omitempty"`
	// Setup is there while a second factor is set up.
	Setup *totpSetup `json:",omitempty"`
}

// srpSession is the server's side of an SRP exchange.
type srpSession struct {
	// A is the client's public value, B what it was answered, Secret is b; all big-endian.
	A, B, Secret []byte
	// Phantom is 1 when there is nobody to answer for and the client's settings hide that, else 0: a number, because the sealed
	// session must be as long for the one as for the other.
	Phantom int
}

// spentSession marks a session that was used. Its scope is the pool, its id the session's.
type spentSession struct{ Expires time.Time }

var spentSessions = store.Collection[spentSession]{
	Name: "cognito.spent-session", Version: 1,
	Expires: func(s *spentSession) time.Time { return s.Expires },
}

// defaultSessionMinutes is AuthSessionValidity where a client sets none (fact 4.5).
const defaultSessionMinutes = 3

// sealSession makes a new session of the attempt: the text that the client brings back with its answer.
func (s *Service) sealSession(a *attempt, next session) (string, error) {
	id, err := s.randomUUID()
	if err != nil {
		return "", err
	}
	next.ID, next.Expires, next.Device = id, a.now.Add(a.sessionLife()), a.deviceKey()
	plain, err := json.Marshal(next)
	if err != nil {
		return "", err
	}
	purpose := a.sessionPurpose()
	if next.Setup != nil {
		purpose = setupPurpose
	}
	return s.store.Seal(purpose, plain), nil
}

// sessionPurpose binds a session to the pool and the client that it was made for.
func (a *attempt) sessionPurpose() string { return "session/" + a.poolID + "/" + a.client.id() }

// openSession opens what sealSession made, for the challenge it was made for.
func (s *Service) openSession(a *attempt, challenge types.ChallengeNameType, sealed string) (*session, error) {
	purpose := a.sessionPurpose()
	if challenge == types.ChallengeNameTypeMfaSetup {
		purpose = setupPurpose
	}
	opened, err := s.unsealSession(purpose, sealed)
	if err != nil {
		return nil, err
	}
	return opened, opened.check(a, challenge)
}

func (s *Service) unsealSession(purpose, sealed string) (*session, error) {
	plain, err := s.store.Unseal(purpose, sealed)
	if err != nil {
		return nil, invalidSession("").Because(err)
	}
	opened := new(session)
	if err := json.Unmarshal(plain, opened); err != nil {
		return nil, invalidSession("").Because(err)
	}
	return opened, nil
}

// check refuses a session that was made for something else, or that is over.
func (opened *session) check(a *attempt, challenge types.ChallengeNameType) error {
	switch setup := opened.Setup; {
	case setup != nil && (setup.Pool != a.poolID || setup.Client != a.client.id()):
		return invalidSession("").Becausef("the session is another client's")
	case opened.Challenge != challenge:
		return invalidSession("").Becausef("the session is for %s, not %s", opened.Challenge, challenge)
	case opened.Page != a.page:
		return invalidSession("").Becausef("the session was begun at another door")
	case !a.now.Before(opened.Expires):
		return invalidSession(", session is expired")
	}
	return nil
}

// spendSession marks a session as used, in the transaction of what it is used for.
func spendSession(tx *store.Tx, poolID string, used *session) error {
	err := spentSessions.Insert(tx, poolID, used.ID, &spentSession{Expires: used.Expires})
	if errors.Is(err, store.ErrExists) {
		return invalidSession(", session can only be used once")
	}
	return err
}

// unspent refuses a session that was used, in the transaction of what does not use it up.
func unspent(tx *store.Tx, poolID string, s *session) error {
	_, err := spentSessions.Get(tx, poolID, s.ID)
	switch {
	case errors.Is(err, store.ErrNotFound):
		return nil
	case err != nil:
		return err
	}
	return invalidSession(", session can only be used once")
}

// invalidSession is the refusal with AWS's three texts (fact 6.7).
func invalidSession(how string) *fault.Error {
	return fault.Unauthorized("NotAuthorizedException", "Invalid session for the user%s.", how)
}
