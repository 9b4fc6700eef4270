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
	"github.com/poolgate/poolgate/internal/store"
)

// A client that names its device (DEVICE_KEY) proves it by SRP before it gets tokens: after the password, and after the second factor
// unless the device stands for it (fact 6.6).

// deviceSRP and deviceVerified are the answers to the two challenges of a device.
var (
	deviceSRP      = challengeAnswer{requires: []string{"DEVICE_KEY", "SRP_A"}, answer: (*Service).beginDevice}
	deviceVerified = challengeAnswer{
		requires: []string{"DEVICE_KEY", "PASSWORD_CLAIM_SIGNATURE", "PASSWORD_CLAIM_SECRET_BLOCK", "TIMESTAMP"},
		session:  secretBlock, answer: (*Service).verifyDevice,
	}
)

// deviceKeyLength is the model's limit of DeviceKey.
const deviceKeyLength = 55

// deviceKey is the device that the client named with this request, or with one that led to it; empty when it named none, or one that
// no device can have.
func (a *attempt) deviceKey() string {
	key := a.params["DEVICE_KEY"]
	if key == "" && a.session != nil {
		key = a.session.Device
	}
	if len(key) > deviceKeyLength || !deviceKeyForm.MatchString(key) {
		return ""
	}
	return key
}

// askDevice makes the challenge that proves the device which the client named; ok is false when there is none to prove,
// or when the second factor comes first.
func (s *Service) askDevice(a *attempt, u *user, d *device, factored bool) (o outcome, ok bool, err error) {
	if d == nil || a.deviceProven || !factored && !d.skipsFactor(a.pool) {
		return outcome{}, false, nil
	}
	o, err = s.challengeFor(a, u, session{Challenge: types.ChallengeNameTypeDeviceSrpAuth, Factored: factored}, map[string]string{"DEVICE_KEY": d.Key})
	return o, err == nil, err
}

// namedDevice finds the device that the client named; nil where it named none or the pool tracks none.
func namedDevice(tx *store.Tx, a *attempt, u *user) (*device, error) {
	key := a.deviceKey()
	if key == "" || a.page || a.pool.Detail.Value.DeviceConfiguration == nil {
		return nil, nil
	}
	return deviceOf(tx, a.poolID, u, key)
}

// sessionDevice finds the device that the attempt's session was made for.
func (s *Service) sessionDevice(ctx context.Context, a *attempt) (d *device, err error) {
	if a.user == nil || a.params["DEVICE_KEY"] != a.session.Device {
		return nil, invalidSession("").Becausef("the session is another device's")
	}
	err = s.store.View(ctx, func(tx *store.Tx) error {
		d, err = deviceOf(tx, a.poolID, a.user, a.session.Device)
		return err
	})
	return d, err
}

// beginDevice answers the device's A with B and the salt.
func (s *Service) beginDevice(ctx context.Context, a *attempt) (outcome, error) {
	public, err := parseSRPPublic(a.params["SRP_A"])
	if err != nil {
		return outcome{}, fault.Invalid("InvalidParameterException", "SRP_A is not valid.").Because(err)
	}
	d, err := s.sessionDevice(ctx, a)
	if err != nil {
		return outcome{}, err
	}
	v, err := s.store.Unseal(devicePurpose(a.poolID, d.Key), d.SealedVerifier)
	if err != nil {
		return outcome{}, err
	}
	secret := make([]byte, srpSecretSize)
	if err := s.readRandom(secret); err != nil {
		return outcome{}, err
	}
	serverPublic := cognitoGroup.serverPublic(new(big.Int).SetBytes(v), new(big.Int).SetBytes(secret)).Bytes()
	block, err := s.sealSession(a, session{
		Challenge: types.ChallengeNameTypeDevicePasswordVerifier, Username: a.user.Username, Sub: a.user.Sub,
		SRP: &srpSession{A: public.Bytes(), B: serverPublic, Secret: secret}, Factored: a.session.Factored,
	})
	if err != nil {
		return outcome{}, err
	}
	return outcome{challenge: types.ChallengeNameTypeDevicePasswordVerifier, parameters: map[string]string{
		"SALT": hex.EncodeToString(d.Salt), "SRP_B": hex.EncodeToString(serverPublic), "USERNAME": a.user.Username,
		"SECRET_BLOCK": base64.StdEncoding.EncodeToString([]byte(block)), "DEVICE_KEY": d.Key,
	}}, s.spendNow(ctx, a)
}

// verifyDevice checks the device's proof and ends the sign-in. A wrong one counts as a wrong password.
func (s *Service) verifyDevice(ctx context.Context, a *attempt) (outcome, error) {
	timestamp := a.params["TIMESTAMP"]
	if err := checkSRPTimestamp(timestamp, time.Now()); err != nil {
		return outcome{}, err
	}
	d, err := s.sessionDevice(ctx, a)
	if err != nil {
		return outcome{}, err
	}
	v, err := s.store.Unseal(devicePurpose(a.poolID, d.Key), d.SealedVerifier)
	if err != nil {
		return outcome{}, err
	}
	exchange := a.session.SRP
	if exchange == nil {
		return outcome{}, invalidSession("")
	}
	number := func(b []byte) *big.Int { return new(big.Int).SetBytes(b) }
	key, err := srpServerKey(number(exchange.A), number(exchange.B), number(v), number(exchange.Secret))
	if err != nil {
		return outcome{}, invalidSession("").Because(err)
	}
	want := srpProof(key, deviceGroup(a.poolID)+d.Key, []byte(secretBlock(a)), timestamp)
	given, err := base64.StdEncoding.DecodeString(a.params["PASSWORD_CLAIM_SIGNATURE"])
	if err != nil || subtle.ConstantTimeCompare(want, given) != 1 {
		return outcome{}, s.wrongPassword(ctx, a)
	}
	a.deviceProven, a.factorProven = true, a.session.Factored || d.skipsFactor(a.pool)
	return s.complete(ctx, a, nil)
}
