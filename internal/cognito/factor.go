package cognito

import (
	"encoding/json"

	"github.com/aws/aws-sdk-go-v2/service/cognitoidentityprovider/types"

	"github.com/poolgate/poolgate/internal/store"
)

// After the password, a pool may want a second factor: a code of an authenticator app, or one sent by text message or e-mail
// (the Cognito guide's page "Adding MFA to a user pool"). Which one is asked for depends on the pool's configuration and the user's
// preference; a factor is a row of factors.

// factor is a second factor.
type factor struct {
	// challenge is what asks for it, and its name in UserMFASettingList.
	challenge types.ChallengeNameType
	// attribute is where a code is sent; empty for an authenticator app.
	attribute string
	// offered tells whether the pool has the factor; wanted is the user's switch.
	offered func(p *pool) bool
	wanted  func(m *mfaPreference) *bool
}

// factors in the order in which AWS lists them.
var factors = [...]factor{
	{
		challenge: types.ChallengeNameTypeSmsMfa, attribute: "phone_number",
		offered: func(p *pool) bool { return p.Detail.Value.SmsConfiguration != nil },
		wanted:  func(m *mfaPreference) *bool { return &m.SMS },
	},
	{
		challenge: types.ChallengeNameTypeSoftwareTokenMfa,
		offered:   func(p *pool) bool { return p.SoftwareTokenMFA != nil && p.SoftwareTokenMFA.Value.Enabled },
		wanted:    func(m *mfaPreference) *bool { return &m.TOTP },
	},
	{
		challenge: types.ChallengeNameTypeEmailOtp, attribute: "email",
		offered: func(p *pool) bool { return p.EmailMFA != nil },
		wanted:  func(m *mfaPreference) *bool { return &m.Email },
	},
}

// mfaPreference is which second factors a user turned on, and which comes first.
type mfaPreference struct {
	SMS, TOTP, Email bool                    `json:",omitempty"`
	Preferred        types.ChallengeNameType `json:",omitempty"`
}

// ready tells whether the factor could be asked of the user: there is an app, or an address that is known to be theirs.
func (f *factor) ready(u *user) bool {
	if f.attribute == "" {
		return u.TOTP != nil
	}
	return u.attribute(f.attribute) != "" && u.attribute(f.attribute+"_verified") == "true"
}

// enabled are the factors that the user turned on and that the pool still has.
func (p *pool) enabledFactors(u *user) []*factor {
	var on []*factor
	for i := range factors {
		if f := &factors[i]; f.offered(p) && *f.wanted(&u.MFA) && f.ready(u) {
			on = append(on, f)
		}
	}
	return on
}

// secondFactors are those that may be asked of the user, and whether one must be set up first: where MFA is required, whoever turned
// none on is asked for a code at a verified address, or else to set up a factor.
func (p *pool) secondFactors(u *user) (ask []*factor, setUp bool) {
	switch p.Detail.Value.MfaConfiguration {
	case types.UserPoolMfaTypeOptional, types.UserPoolMfaTypeOn:
	default:
		return nil, false
	}
	if ask = p.enabledFactors(u); len(ask) > 0 {
		for _, f := range ask {
			if f.challenge == u.MFA.Preferred {
				return []*factor{f}, false
			}
		}
		return ask, false
	}
	if p.Detail.Value.MfaConfiguration == types.UserPoolMfaTypeOptional {
		return nil, false
	}
	for i := range factors {
		if f := &factors[i]; f.attribute != "" && f.offered(p) && f.ready(u) {
			return []*factor{f}, false
		}
	}
	return nil, true
}

// askFactor makes the challenge that stands between a proven password and the tokens; ok is false when there is none. What it sends
// is sent in the caller's transaction, which must store the user.
func (s *Service) askFactor(tx *store.Tx, a *attempt, u *user) (o outcome, ok bool, err error) {
	ask, setUp := a.pool.secondFactors(u)
	switch {
	case setUp:
		o, err = s.askFactorSetup(a, u)
	case len(ask) == 0:
		return outcome{}, false, nil
	case len(ask) > 1:
		o, err = s.askWhichFactor(a, u, ask)
	case ask[0].attribute == "":
		o, err = s.askTOTP(a, u)
	default:
		o, err = s.askSentCode(tx, a, u, ask[0])
	}
	return o, err == nil, err
}

// challengeFor makes a challenge of a user whose password was proven.
func (s *Service) challengeFor(a *attempt, u *user, next session, parameters map[string]string) (outcome, error) {
	next.Username, next.Sub, next.Page = u.Username, u.Sub, a.page
	sealed, err := s.sealSession(a, next)
	if err != nil {
		return outcome{}, err
	}
	parameters["USER_ID_FOR_SRP"] = u.Username
	return outcome{challenge: next.Challenge, session: sealed, parameters: parameters}, nil
}

// names are factors as ChallengeParameters list them: JSON inside a string.
func names(of []*factor) (string, error) {
	list := make([]string, len(of))
	for i, f := range of {
		list[i] = string(f.challenge)
	}
	text, err := json.Marshal(list)
	return string(text), err
}
