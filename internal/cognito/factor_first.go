package cognito

import (
	"context"
	"errors"

	"github.com/aws/aws-sdk-go-v2/service/cognitoidentityprovider/types"

	"github.com/poolgate/poolgate/internal/fault"
	"github.com/poolgate/poolgate/internal/store"
)

// A code sent to an address as the first factor. It is not the code of a second factor, though EMAIL_OTP names both: the session says
// which one was asked for, each has a purpose of its own, and this one proves no second factor.

// firstCodeTries is more than the lock after wrong codes (fact 6.8) lets anybody try within an hour: the lock is the bound, because it
// holds for users who do not exist as well.
const firstCodeTries = 100

// firstCode is the code sent to an attribute as the first factor; it lives as long as the session that asks for it.
func (a *attempt) firstCode(attribute string) codePurpose {
	purpose := a.signInCode()
	purpose.name, purpose.tries = "first/"+attribute, firstCodeTries
	return purpose
}

// firstAttribute is where the code of a first factor went.
func firstAttribute(challenge types.ChallengeNameType) string {
	if challenge == types.ChallengeNameTypeSmsOtp {
		return "phone_number"
	}
	return "email"
}

func (s *Service) sendFirstEmail(ctx context.Context, a *attempt) (outcome, error) {
	return s.sendFirst(ctx, a, types.ChallengeNameTypeEmailOtp)
}

func (s *Service) sendFirstSMS(ctx context.Context, a *attempt) (outcome, error) {
	return s.sendFirst(ctx, a, types.ChallengeNameTypeSmsOtp)
}

// sendFirst sends a code to the user's address, or seems to, and asks for it.
func (s *Service) sendFirst(ctx context.Context, a *attempt, challenge types.ChallengeNameType) (outcome, error) {
	if err := s.preAuthenticate(ctx, a); err != nil {
		return outcome{}, err
	}
	details := a.simulatedDelivery()
	var err error
	if a.user == nil {
		err = s.seemToSend(ctx, a)
	} else {
		err = s.store.Update(ctx, func(tx *store.Tx) error {
			u, err := users.Get(tx, a.poolID, a.user.Username)
			if errors.Is(err, store.ErrNotFound) || err == nil && u.Sub != a.user.Sub {
				return incorrectPassword().Becausef("the user was deleted meanwhile")
			}
			if err != nil {
				return err
			}
			attribute := firstAttribute(challenge)
			if details, err = s.sendCode(tx, a.pool, u, a.firstCode(attribute), attribute); err != nil {
				return err
			}
			return users.Put(tx, a.poolID, u.Username, u)
		})
	}
	if err != nil {
		return outcome{}, err
	}
	return s.askFirst(ctx, a, challenge, map[string]string{
		"CODE_DELIVERY_DELIVERY_MEDIUM": string(details.DeliveryMedium),
		"CODE_DELIVERY_DESTINATION":     value(details.Destination),
	})
}

// seemToSend counts a code for somebody who does not exist as one that was sent: it is refused as often, and takes a write as well.
func (s *Service) seemToSend(ctx context.Context, a *attempt) error {
	keys, err := s.keysOf(ctx, a.poolID)
	if err != nil {
		return err
	}
	return s.store.Update(ctx, func(tx *store.Tx) error {
		id, name, found, err := phantomAt(tx, a, keys)
		if err != nil {
			return err
		}
		p := phantom{Name: name}
		if found != nil && found.Name == name {
			p = *found
		}
		sent := code{Since: p.Since, Sent: p.Sent}.current(a.now)
		if sent.Sent >= a.firstCode("").sends {
			return attemptLimit()
		}
		p.Since, p.Sent = sent.Since, sent.Sent+1
		return phantoms.Put(tx, a.poolID, id, &p)
	})
}

// answerFirstCode judges the code of a first factor and goes on: to the tokens, or to what came between since. What else keeps the user
// out is told only after the code was right.
func (s *Service) answerFirstCode(ctx context.Context, a *attempt, given string) (outcome, error) {
	if a.user == nil {
		return outcome{}, s.wrongFirstCodeOfNobody(ctx, a)
	}
	attribute := firstAttribute(a.session.Challenge)
	var refusal *fault.Error
	err := s.store.Update(ctx, func(tx *store.Tx) error {
		refusal = nil
		if err := unspent(tx, a.poolID, a.session); err != nil {
			return err
		}
		u, err := users.Get(tx, a.poolID, a.user.Username)
		switch {
		case errors.Is(err, store.ErrNotFound) || err == nil && u.Sub != a.user.Sub:
			return wrongFactor().Becausef("the user was deleted meanwhile")
		case err != nil:
			return err
		case u.failures().locked(a.now):
			return attemptsExceeded()
		}
		_, refusal, err = s.checkCode(a.pool, u, a.firstCode(attribute), given)
		if err != nil {
			return err
		}
		if refusal != nil {
			refusal = wrongFactor().Because(refusal)
			u.setFailures(u.failures().another(a.now))
		}
		return users.Put(tx, a.poolID, u.Username, u)
	})
	switch {
	case err != nil:
		return outcome{}, err
	case refusal != nil:
		return outcome{}, refusal
	}
	return s.proceed(ctx, a)
}

// wrongFirstCodeOfNobody counts a code of somebody who does not exist, as a wrong one of a user is counted.
func (s *Service) wrongFirstCodeOfNobody(ctx context.Context, a *attempt) error {
	if err := s.store.View(ctx, func(tx *store.Tx) error { return unspent(tx, a.poolID, a.session) }); err != nil {
		return err
	}
	return s.countNobody(ctx, a, wrongFactor())
}
