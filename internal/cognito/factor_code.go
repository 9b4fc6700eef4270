package cognito

import (
	"context"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/cognitoidentityprovider/types"

	"github.com/poolgate/poolgate/internal/fault"
	"github.com/poolgate/poolgate/internal/store"
)

// smsMFA and emailOTP are the answers to a code that was sent as a second factor; emailOTP to one that is the first as well.
var (
	smsMFA   = challengeAnswer{requires: []string{"SMS_MFA_CODE"}, answer: answerSentCode("SMS_MFA_CODE")}
	emailOTP = challengeAnswer{requires: []string{"EMAIL_OTP_CODE"}, answer: answerSentCode("EMAIL_OTP_CODE")}
)

// signInCode is a code that is a second factor. It lives as long as the session that asks for it. AWS tells no limit of how often one
// may be sent to a user; this one keeps a stolen password from flooding a mailbox.
func (a *attempt) signInCode() codePurpose {
	return codePurpose{
		name: "sign-in", life: a.sessionLife(), sends: 30, tries: 15,
		kind: "Authentication", subject: "Your authentication code", defaultMsg: "Your authentication code is {####}.",
	}
}

// askSentCode sends a code to the factor's address and asks for it.
func (s *Service) askSentCode(tx *store.Tx, a *attempt, u *user, f *factor) (outcome, error) {
	details, err := s.sendCode(tx, a.pool, u, a.signInCode(), f.attribute)
	if err != nil {
		return outcome{}, err
	}
	return s.challengeFor(a, u, session{Challenge: f.challenge}, map[string]string{
		"CODE_DELIVERY_DELIVERY_MEDIUM": string(details.DeliveryMedium),
		"CODE_DELIVERY_DESTINATION":     value(details.Destination),
	})
}

// answerSentCode checks the code in a parameter, as a first or a second factor: the session says which.
func answerSentCode(parameter string) func(*Service, context.Context, *attempt) (outcome, error) {
	return func(s *Service, ctx context.Context, a *attempt) (outcome, error) {
		if a.session.First {
			return s.answerFirstCode(ctx, a, strings.TrimSpace(a.params[parameter]))
		}
		return s.proveFactor(ctx, a, func(u *user) (*fault.Error, error) {
			_, refusal, err := s.checkCode(a.pool, u, a.signInCode(), strings.TrimSpace(a.params[parameter]))
			if refusal != nil && refusal.Code == "CodeMismatchException" {
				refusal = wrongFactor()
			}
			return refusal, err
		})
	}
}

// proveFactor judges a second factor in one transaction with the lock, counts a wrong one like a wrong password, and ends the sign-in
// when it is right. A wrong code leaves the session good: the client asks its user again.
func (s *Service) proveFactor(ctx context.Context, a *attempt, check func(*user) (*fault.Error, error)) (outcome, error) {
	if a.user == nil {
		return outcome{}, invalidSession("").Becausef("the user was deleted meanwhile")
	}
	var refusal *fault.Error
	err := s.store.Update(ctx, func(tx *store.Tx) error {
		refusal = nil
		if err := unspent(tx, a.poolID, a.session); err != nil {
			return err
		}
		u, err := s.admit(tx, a)
		if err != nil {
			return err
		}
		if refusal, err = check(u); err != nil {
			return err
		}
		if refusal != nil {
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
	a.factorProven = true
	return s.complete(ctx, a, nil)
}

// wrongFactor is the refusal of a wrong code (fact 6.7).
func wrongFactor() *fault.Error {
	return fault.Invalid("CodeMismatchException", "Invalid code or auth state for the user.")
}

// sessionLife is the client's AuthSessionValidity.
func (a *attempt) sessionLife() time.Duration {
	minutes := defaultSessionMinutes
	if m := value(a.client.Detail.Value.AuthSessionValidity); m > 0 {
		minutes = int(m)
	}
	return time.Duration(minutes) * time.Minute
}

// authenticationMessage is the message of a second factor's code in the pool's own words, or in AWS's.
func (p *pool) authenticationMessage(purpose codePurpose, attribute string, fill *strings.Replacer) (subject, body string) {
	if attribute == "phone_number" {
		return "", fill.Replace(firstText(value(p.Detail.Value.SmsAuthenticationMessage), purpose.defaultMsg))
	}
	mail := value(shape(p.EmailMFA))
	return fill.Replace(firstText(value(mail.Subject), purpose.subject)), fill.Replace(firstText(value(mail.Message), purpose.defaultMsg))
}

// selectMFAType is the answer to SELECT_MFA_TYPE: the name of a factor.
var selectMFAType = challengeAnswer{requires: []string{"ANSWER"}, answer: (*Service).chooseFactor}

// askWhichFactor lets the user choose among factors of which none is preferred.
func (s *Service) askWhichFactor(a *attempt, u *user, ask []*factor) (outcome, error) {
	list, err := names(ask)
	if err != nil {
		return outcome{}, err
	}
	return s.challengeFor(a, u, session{Challenge: types.ChallengeNameTypeSelectMfaType}, map[string]string{"MFAS_CAN_CHOOSE": list})
}

// chooseFactor asks for the factor that was chosen.
func (s *Service) chooseFactor(ctx context.Context, a *attempt) (o outcome, err error) {
	if a.user == nil {
		return outcome{}, invalidSession("").Becausef("the user was deleted meanwhile")
	}
	err = s.store.Update(ctx, func(tx *store.Tx) error {
		u, err := s.admit(tx, a)
		if err != nil {
			return err
		}
		ask, _ := a.pool.secondFactors(u)
		for _, f := range ask {
			if string(f.challenge) != a.params["ANSWER"] {
				continue
			}
			if err := s.spend(tx, a); err != nil {
				return err
			}
			if f.attribute == "" {
				o, err = s.askTOTP(a, u)
				return err
			}
			if o, err = s.askSentCode(tx, a, u, f); err != nil {
				return err
			}
			return users.Put(tx, a.poolID, u.Username, u)
		}
		return fault.Invalid("InvalidParameterException", "ANSWER is not one of the factors that can be chosen.")
	})
	return o, err
}

// preferenceOf is what GetUser and its like tell of a user's second factors.
func (p *pool) preferenceOf(u *user) (preferred *string, list []string) {
	for _, f := range p.enabledFactors(u) {
		list = append(list, string(f.challenge))
		if f.challenge == u.MFA.Preferred {
			preferred = aws.String(string(f.challenge))
		}
	}
	return preferred, list
}
