package cognito

import (
	"context"
	"encoding/base32"
	"errors"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/cognitoidentityprovider/types"
	"github.com/pquerna/otp"
	"github.com/pquerna/otp/totp"

	"github.com/poolgate/poolgate/internal/fault"
)

// totpFactor is a user's authenticator app (RFC 6238: SHA-1, six digits, 30 seconds).
type totpFactor struct {
	// Sealed is the seed in base32, sealed for "totp/POOL/USERNAME".
	Sealed string
	// Device is the name that the user gave the app.
	Device string `json:",omitempty"`
	// LastStep is the time step of the latest code that was accepted: a code opens once (RFC 6238, section 5.2).
	LastStep int64 `json:",omitempty"`
}

const (
	totpSeedBytes = 32
	totpPeriod    = 30
	// totpSkew is how many steps a phone's clock may be off.
	totpSkew = 1
)

var totpOptions = totp.ValidateOpts{Period: totpPeriod, Digits: otp.DigitsSix, Algorithm: otp.AlgorithmSHA1}

// softwareTokenMFA is the answer to SOFTWARE_TOKEN_MFA.
var softwareTokenMFA = challengeAnswer{requires: []string{"SOFTWARE_TOKEN_MFA_CODE"}, answer: (*Service).verifyTOTP}

func totpPurpose(poolID, username string) string { return "totp/" + poolID + "/" + username }

// newTOTPSeed makes a seed, in base32 as apps take it.
func (s *Service) newTOTPSeed() (string, error) {
	seed := make([]byte, totpSeedBytes)
	if err := s.readRandom(seed); err != nil {
		return "", err
	}
	return base32.StdEncoding.WithPadding(base32.NoPadding).EncodeToString(seed), nil
}

// askTOTP asks for a code of the user's app.
func (s *Service) askTOTP(a *attempt, u *user) (outcome, error) {
	parameters := map[string]string{}
	if u.TOTP.Device != "" {
		parameters["FRIENDLY_DEVICE_NAME"] = u.TOTP.Device
	}
	return s.challengeFor(a, u, session{Challenge: types.ChallengeNameTypeSoftwareTokenMfa}, parameters)
}

// verifyTOTP checks a code of the user's app.
func (s *Service) verifyTOTP(ctx context.Context, a *attempt) (outcome, error) {
	return s.proveFactor(ctx, a, func(u *user) (*fault.Error, error) {
		if u.TOTP == nil {
			return wrongFactor().Becausef("the app was removed meanwhile"), nil
		}
		seed, err := s.store.Unseal(totpPurpose(a.poolID, u.Username), u.TOTP.Sealed)
		if err != nil {
			return nil, err
		}
		step, right, err := totpStep(string(seed), a.params["SOFTWARE_TOKEN_MFA_CODE"], a.now)
		switch {
		case err != nil:
			return nil, err
		case !right:
			return fault.Invalid("CodeMismatchException", "Invalid code received for user"), nil
		case step <= u.TOTP.LastStep:
			return fault.Invalid("ExpiredCodeException", "Your software token has already been used once."), nil
		}
		used := *u.TOTP
		used.LastStep = step
		u.TOTP = &used
		return nil, nil
	})
}

// totpStep tells whether a code is right, and for which time step. Steps are tried from the latest, so that a code is never taken for
// an older one than it is; comparing is in constant time.
func totpStep(seed, given string, now time.Time) (step int64, right bool, err error) {
	given = strings.TrimSpace(given)
	for skew := int64(totpSkew); skew >= -totpSkew; skew-- {
		at := now.Add(time.Duration(skew*totpPeriod) * time.Second)
		matches, err := totp.ValidateCustom(given, seed, at, totpOptions)
		if err != nil && !errors.Is(err, otp.ErrValidateInputInvalidLength) {
			return 0, false, err
		}
		if matches && !right {
			step, right = at.Unix()/totpPeriod, true
		}
	}
	return step, right, nil
}
