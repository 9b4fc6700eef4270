package cognito

import (
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"errors"
	"math/big"
	"regexp"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/cognitoidentityprovider/types"

	"github.com/poolgate/poolgate/internal/fault"
	"github.com/poolgate/poolgate/internal/store"
)

// Device tracking (the Cognito guide's page "Working with user devices in your user pool"): a sign-in names a new device, ConfirmDevice
// stores it with an SRP verifier of its own, and later sign-ins prove it. What was not confirmed costs the store nothing: the key of a
// new device is in the access token.

// device is a user's confirmed device. Its scope is the pool, its id USERNAME + "\x00" + KEY.
type device struct {
	Username, Sub, Key string
	Name               string `json:",omitempty"`
	// Salt and SealedVerifier are what the client made of the device's password; the verifier is sealed for "device/POOL/KEY".
	Salt           []byte
	SealedVerifier string
	Remembered     bool
	// Created, Modified and SignedIn are when it was confirmed, changed, and last signed in with.
	Created, Modified, SignedIn time.Time
}

var devices = store.Collection[device]{
	Name: "cognito.device", Version: 1,
	Keys: func(d *device) []store.Key { return []store.Key{{Index: "user", Value: d.Username}} },
}

const (
	// devicesOfUser bounds a user's devices.
	devicesOfUser = 100
	// deviceSaltSize bounds a device's salt, in bytes.
	deviceSaltSize = 64
)

// deviceKeyForm is the model's pattern of DeviceKey, whose length it limits to 55.
var deviceKeyForm = regexp.MustCompile(`^[\w-]+_[0-9a-f-]+$`)

func deviceID(username, key string) string { return username + "\x00" + key }

func devicePurpose(poolID, key string) string { return "device/" + poolID + "/" + key }

// deviceGroup is the pool's DeviceGroupKey. It is no secret: clients hash it with the device's password.
func deviceGroup(poolID string) string {
	sum := sha256.Sum256([]byte("devices of " + poolID))
	return "-" + hex.EncodeToString(sum[:])[:9]
}

// newDevice names a device that a sign-in came from.
func (s *Service) newDevice(p *pool) (*types.NewDeviceMetadataType, error) {
	id, err := s.randomUUID()
	if err != nil {
		return nil, err
	}
	return &types.NewDeviceMetadataType{
		DeviceKey: aws.String(p.region() + "_" + id), DeviceGroupKey: aws.String(deviceGroup(p.id())),
	}, nil
}

func invalidDeviceKey() *fault.Error {
	return fault.Invalid("InvalidParameterException", "Invalid device key given.")
}

func noSuchDevice() *fault.Error {
	return fault.NotFound("ResourceNotFoundException", "Device does not exist.")
}

// deviceOf finds a user's device.
func deviceOf(tx *store.Tx, poolID string, u *user, key string) (*device, error) {
	d, err := devices.Get(tx, poolID, deviceID(u.Username, key))
	if errors.Is(err, store.ErrNotFound) || err == nil && d.Sub != u.Sub {
		return nil, noSuchDevice()
	}
	return d, err
}

// putDevice stores it.
func putDevice(tx *store.Tx, poolID string, d *device) error {
	return devices.Put(tx, poolID, deviceID(d.Username, d.Key), d)
}

// forgetDevices deletes a user's devices with the user.
func forgetDevices(tx *store.Tx, poolID, username string) error {
	found, _, err := devices.Find(tx, poolID, store.Key{Index: "user", Value: username}, store.Page{})
	if err != nil {
		return err
	}
	for _, f := range found {
		if err := devices.Delete(tx, poolID, f.ID); err != nil {
			return err
		}
	}
	return nil
}

// skipsFactor tells whether the device stands for a second factor: a challenge is for new devices only, and this one is remembered.
func (d *device) skipsFactor(p *pool) bool {
	config := p.Detail.Value.DeviceConfiguration
	return config != nil && config.ChallengeRequiredOnNewDevice && d.Remembered
}

// deviceVerifier reads DeviceSecretVerifierConfig: base64 of big-endian numbers. A verifier that is a multiple of N, or no residue at all,
// would let anybody prove the device.
func deviceVerifier(config *types.DeviceSecretVerifierConfigType) (v verifier, err error) {
	given := value(config)
	v.v, err = base64.StdEncoding.DecodeString(value(given.PasswordVerifier))
	if err == nil {
		v.salt, err = base64.StdEncoding.DecodeString(value(given.Salt))
	}
	number := new(big.Int).SetBytes(v.v)
	if err != nil || number.Cmp(big.NewInt(1)) <= 0 || number.Cmp(cognitoGroup.n) >= 0 || len(v.salt) == 0 || len(v.salt) > deviceSaltSize {
		return verifier{}, fault.Invalid("InvalidParameterException", "Invalid device secret verifier config given.").Because(err)
	}
	return v, nil
}

// onWire is the device as the API tells of it.
func (d *device) onWire() *types.DeviceType {
	remembered := "not_remembered"
	if d.Remembered {
		remembered = "remembered"
	}
	attributes := []types.AttributeType{{Name: aws.String("device_status"), Value: aws.String("valid")}}
	if d.Name != "" {
		attributes = append(attributes, types.AttributeType{Name: aws.String("device_name"), Value: aws.String(d.Name)})
	}
	attributes = append(attributes, types.AttributeType{Name: aws.String("dev:device_remembered_status"), Value: aws.String(remembered)})
	return &types.DeviceType{
		DeviceKey: aws.String(d.Key), DeviceAttributes: attributes, DeviceCreateDate: aws.Time(d.Created),
		DeviceLastModifiedDate: aws.Time(d.Modified), DeviceLastAuthenticatedDate: aws.Time(d.SignedIn),
	}
}
