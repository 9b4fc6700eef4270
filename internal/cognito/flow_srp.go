package cognito

import (
	"context"
	"crypto/subtle"
	"encoding/base64"
	"encoding/hex"
	"math/big"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/cognitoidentityprovider/types"

	"github.com/poolgate/poolgate/internal/fault"
)

// srpFlow is USER_SRP_AUTH: the password never reaches the server (fact 6.6).
var srpFlow = flow{
	public: true, admin: true, requires: []string{"USERNAME", "SRP_A"}, named: true,
	allowed:  types.ExplicitAuthFlowsTypeAllowUserSrpAuth,
	disabled: "USER_SRP_AUTH is not enabled for the client.",
	begin:    (*Service).beginSRP,
}

// passwordVerifier is the answer to USER_SRP_AUTH's challenge. Its session is the secret block, which the client signs.
var passwordVerifier = challengeAnswer{
	requires: []string{"PASSWORD_CLAIM_SIGNATURE", "PASSWORD_CLAIM_SECRET_BLOCK", "TIMESTAMP"},
	session:  secretBlock,
	answer:   (*Service).verifySRP,
}

// secretBlock is the block that came back, as bytes: what was signed. Text that is no base64 is left as it is, and does not open.
func secretBlock(a *attempt) string {
	text := a.params["PASSWORD_CLAIM_SECRET_BLOCK"]
	if block, err := base64.StdEncoding.DecodeString(text); err == nil {
		return string(block)
	}
	return text
}

// beginSRP answers the client's A with B, the salt and the secret block. A user without a password gets the same answer as one who
// does not exist.
func (s *Service) beginSRP(ctx context.Context, a *attempt) (outcome, error) {
	return s.beginSRPOf(ctx, a, nil)
}

// beginSRPOf is beginSRP as a step of a custom sign-in.
func (s *Service) beginSRPOf(ctx context.Context, a *attempt, custom *customState) (outcome, error) {
	clientPublic, err := parseSRPPublic(a.params["SRP_A"])
	if err != nil {
		return outcome{}, fault.Invalid("InvalidParameterException", "SRP_A is not valid.").Because(err)
	}
	next := session{Challenge: types.ChallengeNameTypePasswordVerifier, SRP: &srpSession{}, Custom: custom}
	var stored verifier
	if a.user == nil || a.user.SealedVerifier == "" {
		keys, err := s.keysOf(ctx, a.poolID)
		if err != nil {
			return outcome{}, err
		}
		next.Username, stored = a.phantomOf(keys)
		next.Sub, next.SRP.Phantom = a.phantomSub(keys), 1
	} else {
		if stored, err = s.openVerifier(a.user, a.poolID); err != nil {
			return outcome{}, err
		}
		next.Username, next.Sub = a.user.Username, a.user.Sub
	}
	secret := make([]byte, srpSecretSize)
	if err := s.readRandom(secret); err != nil {
		return outcome{}, err
	}
	serverPublic := cognitoGroup.serverPublic(new(big.Int).SetBytes(stored.v), new(big.Int).SetBytes(secret))
	next.SRP.A, next.SRP.B, next.SRP.Secret = clientPublic.Bytes(), serverPublic.Bytes(), secret
	block, err := s.sealSession(a, next)
	if err != nil {
		return outcome{}, err
	}
	return outcome{
		challenge: next.Challenge,
		parameters: map[string]string{
			"SALT":            hex.EncodeToString(stored.salt),
			"SRP_B":           hex.EncodeToString(next.SRP.B),
			"SECRET_BLOCK":    base64.StdEncoding.EncodeToString([]byte(block)),
			"USERNAME":        next.Username,
			"USER_ID_FOR_SRP": next.Username,
		},
	}, nil
}

// phantomOf is the username and the verifier that SRP answers with when there is nobody to answer for: a user's real username
// where there is a user, a UUID where the pool's usernames are UUIDs, else the name that was given.
func (a *attempt) phantomOf(keys *keyset) (string, verifier) {
	if a.user != nil {
		_, stored := keys.phantom(a.user.Username)
		return a.user.Username, stored
	}
	name := a.pool.foldName(a.username)
	id, stored := keys.phantom(name)
	if len(a.pool.Detail.Value.UsernameAttributes) > 0 {
		return id, stored
	}
	return name, stored
}

// phantomSub is the sub of such an answer's session, as long as a real one.
func (a *attempt) phantomSub(keys *keyset) string {
	if a.user != nil {
		return a.user.Sub
	}
	id, _ := keys.phantom(a.pool.foldName(a.username))
	return id
}

// verifySRP checks the client's proof. It is here that a wrong password surfaces.
func (s *Service) verifySRP(ctx context.Context, a *attempt) (outcome, error) {
	timestamp := a.params["TIMESTAMP"]
	if err := checkSRPTimestamp(timestamp, time.Now()); err != nil {
		return outcome{}, err
	}
	if err := s.preAuthenticate(ctx, a); err != nil {
		return outcome{}, err
	}
	exchange := a.session.SRP
	if exchange == nil {
		return outcome{}, invalidSession("")
	}
	var stored verifier
	switch {
	case exchange.Phantom != 0 || a.user == nil || a.user.SealedVerifier == "":
		keys, err := s.keysOf(ctx, a.poolID)
		if err != nil {
			return outcome{}, err
		}
		_, stored = keys.phantom(a.session.Username)
	default:
		var err error
		if stored, err = s.openVerifier(a.user, a.poolID); err != nil {
			return outcome{}, err
		}
	}
	number := func(b []byte) *big.Int { return new(big.Int).SetBytes(b) }
	key, err := srpServerKey(number(exchange.A), number(exchange.B), number(stored.v), number(exchange.Secret))
	if err != nil {
		return outcome{}, invalidSession("").Because(err)
	}
	block := []byte(secretBlock(a))
	want := srpSignature(key, a.poolID, a.session.Username, block, timestamp)
	given, err := base64.StdEncoding.DecodeString(a.params["PASSWORD_CLAIM_SIGNATURE"])
	right := err == nil && subtle.ConstantTimeCompare(want, given) == 1
	if !right || exchange.Phantom != 0 || a.user == nil {
		return outcome{}, s.wrongPassword(ctx, a)
	}
	if custom := a.session.Custom; custom != nil {
		return s.nextCustom(ctx, a, custom.after(customStep{Challenge: types.ChallengeNameTypePasswordVerifier, Result: true}))
	}
	return s.proceed(ctx, a)
}

// srpTimestampLayout is "EEE MMM d HH:mm:ss 'UTC' yyyy" in English, the day without a leading zero.
const srpTimestampLayout = "Mon Jan 2 15:04:05 UTC 2006"

// srpSkew is how far a client's clock may be from the server's.
const srpSkew = 15 * time.Minute

// checkSRPTimestamp holds TIMESTAMP against the machine's time: it is the client's machine that wrote it, whatever the clock of
// tokens was moved to.
func checkSRPTimestamp(text string, now time.Time) error {
	at, err := time.Parse(srpTimestampLayout, text)
	if err != nil || at.Format(srpTimestampLayout) != text {
		return fault.Invalid("InvalidParameterException", "TIMESTAMP format should be EEE MMM d HH:mm:ss z yyyy in english.")
	}
	if skew := now.Sub(at); skew > srpSkew || skew < -srpSkew {
		return fault.Unauthorized("NotAuthorizedException", "TIMESTAMP is too far from the server's time.").
			Becausef("the client's clock differs by %s", skew)
	}
	return nil
}
