package cognito

import (
	"context"
	"errors"

	cip "github.com/aws/aws-sdk-go-v2/service/cognitoidentityprovider"
	"github.com/aws/aws-sdk-go-v2/service/cognitoidentityprovider/types"

	"github.com/poolgate/poolgate/internal/fault"
	"github.com/poolgate/poolgate/internal/store"
)

// ConfirmDevice stores the device that the bearer's sign-in named as new.
func (s *Service) ConfirmDevice(ctx context.Context, in *cip.ConfirmDeviceInput) (*cip.ConfirmDeviceOutput, error) {
	secret, err := deviceVerifier(in.DeviceSecretVerifierConfig)
	if err != nil {
		return nil, err
	}
	out, key := &cip.ConfirmDeviceOutput{}, value(in.DeviceKey)
	return out, s.changeBearer(ctx, value(in.AccessToken), func(tx *store.Tx, b *bearer) error {
		config := b.pool.Detail.Value.DeviceConfiguration
		if named, _ := b.claims.String("device_key"); config == nil || key == "" || named != key {
			return invalidDeviceKey()
		}
		has, _, err := devices.Find(tx, b.pool.id(), store.Key{Index: "user", Value: b.user.Username}, store.Page{Limit: devicesOfUser})
		if err != nil {
			return err
		}
		if len(has) >= devicesOfUser {
			return fault.Limit("LimitExceededException", "A user can have %d devices at most.", devicesOfUser)
		}
		out.UserConfirmationNecessary = config.DeviceOnlyRememberedOnUserPrompt
		now := s.now()
		d := &device{
			Username: b.user.Username, Sub: b.user.Sub, Key: key, Name: value(in.DeviceName), Salt: secret.salt,
			SealedVerifier: s.store.Seal(devicePurpose(b.pool.id(), key), secret.v),
			Remembered:     !config.DeviceOnlyRememberedOnUserPrompt, Created: now, Modified: now, SignedIn: now,
		}
		err = devices.Insert(tx, b.pool.id(), deviceID(d.Username, key), d)
		if errors.Is(err, store.ErrExists) {
			return fault.Conflict("DeviceKeyExistsException", "Device already exists.")
		}
		return err
	})
}

// byBearer and byAdmin run an operation on a user: the bearer of a token, or one whom an administrator names.
func (s *Service) byBearer(ctx context.Context, token *string, run func(*store.Tx, string, *user) error) error {
	return s.changeBearer(ctx, value(token), func(tx *store.Tx, b *bearer) error { return run(tx, b.pool.id(), b.user) })
}

// viewBearer is byBearer of an operation that changes nothing.
func (s *Service) viewBearer(ctx context.Context, token *string, run func(*store.Tx, string, *user) error) error {
	b, err := s.authenticateAccess(ctx, value(token), adminScope)
	if err != nil {
		return err
	}
	return s.store.View(ctx, func(tx *store.Tx) error { return run(tx, b.pool.id(), b.user) })
}

func (s *Service) byAdmin(ctx context.Context, poolID, name *string, run func(*store.Tx, string, *user) error) error {
	return s.withPool(ctx, poolID, func(tx *store.Tx, p *pool) error {
		u, err := s.userByName(tx, p, value(name))
		if err != nil {
			return err
		}
		return run(tx, p.id(), u)
	})
}

// readDevice, forgetDevice, markDevice and listDevices are what the operations do, whoever calls them.
func readDevice(to **types.DeviceType, key *string) func(*store.Tx, string, *user) error {
	return func(tx *store.Tx, poolID string, u *user) error {
		d, err := deviceOf(tx, poolID, u, value(key))
		if err == nil {
			*to = d.onWire()
		}
		return err
	}
}

func forgetDevice(key *string) func(*store.Tx, string, *user) error {
	return func(tx *store.Tx, poolID string, u *user) error {
		d, err := deviceOf(tx, poolID, u, value(key))
		if err != nil {
			return err
		}
		return devices.Delete(tx, poolID, deviceID(d.Username, d.Key))
	}
}

func (s *Service) markDevice(key *string, status types.DeviceRememberedStatusType) func(*store.Tx, string, *user) error {
	return func(tx *store.Tx, poolID string, u *user) error {
		d, err := deviceOf(tx, poolID, u, value(key))
		if err != nil || status == "" {
			return err
		}
		d.Remembered, d.Modified = status == types.DeviceRememberedStatusTypeRemembered, s.now()
		return putDevice(tx, poolID, d)
	}
}

// devicePage is how many devices a list tells of where the caller sets no limit (the model's is 60).
const devicePage = 60

func listDevices(to *[]types.DeviceType, next **string, limit *int32, token *string) func(*store.Tx, string, *user) error {
	return func(tx *store.Tx, poolID string, u *user) error {
		p, err := page("devices", limit, devicePage, token)
		if err != nil {
			return err
		}
		found, more, err := devices.Find(tx, poolID, store.Key{Index: "user", Value: u.Username}, p)
		if err != nil {
			return err
		}
		*to = []types.DeviceType{}
		for _, f := range found {
			*to = append(*to, *f.Value.onWire())
		}
		*next = nextOf("devices", found, more)
		return nil
	}
}

// GetDevice returns one of the bearer's devices.
func (s *Service) GetDevice(ctx context.Context, in *cip.GetDeviceInput) (*cip.GetDeviceOutput, error) {
	out := &cip.GetDeviceOutput{}
	return out, s.viewBearer(ctx, in.AccessToken, readDevice(&out.Device, in.DeviceKey))
}

// AdminGetDevice returns one of a user's devices.
func (s *Service) AdminGetDevice(ctx context.Context, in *cip.AdminGetDeviceInput) (*cip.AdminGetDeviceOutput, error) {
	out := &cip.AdminGetDeviceOutput{}
	return out, s.byAdmin(ctx, in.UserPoolId, in.Username, readDevice(&out.Device, in.DeviceKey))
}

// ListDevices lists the bearer's devices.
func (s *Service) ListDevices(ctx context.Context, in *cip.ListDevicesInput) (*cip.ListDevicesOutput, error) {
	out := &cip.ListDevicesOutput{}
	return out, s.viewBearer(ctx, in.AccessToken, listDevices(&out.Devices, &out.PaginationToken, in.Limit, in.PaginationToken))
}

// AdminListDevices lists a user's devices.
func (s *Service) AdminListDevices(ctx context.Context, in *cip.AdminListDevicesInput) (*cip.AdminListDevicesOutput, error) {
	out := &cip.AdminListDevicesOutput{}
	return out, s.byAdmin(ctx, in.UserPoolId, in.Username, listDevices(&out.Devices, &out.PaginationToken, in.Limit, in.PaginationToken))
}

// ForgetDevice deletes one of the bearer's devices; without AccessToken it is refused, as no other way names the user here.
func (s *Service) ForgetDevice(ctx context.Context, in *cip.ForgetDeviceInput) (*cip.ForgetDeviceOutput, error) {
	return &cip.ForgetDeviceOutput{}, s.byBearer(ctx, in.AccessToken, forgetDevice(in.DeviceKey))
}

// AdminForgetDevice deletes one of a user's devices.
func (s *Service) AdminForgetDevice(ctx context.Context, in *cip.AdminForgetDeviceInput) (*cip.AdminForgetDeviceOutput, error) {
	return &cip.AdminForgetDeviceOutput{}, s.byAdmin(ctx, in.UserPoolId, in.Username, forgetDevice(in.DeviceKey))
}

// UpdateDeviceStatus says whether one of the bearer's devices is remembered.
func (s *Service) UpdateDeviceStatus(ctx context.Context, in *cip.UpdateDeviceStatusInput) (*cip.UpdateDeviceStatusOutput, error) {
	return &cip.UpdateDeviceStatusOutput{}, s.byBearer(ctx, in.AccessToken, s.markDevice(in.DeviceKey, in.DeviceRememberedStatus))
}

// AdminUpdateDeviceStatus says whether one of a user's devices is remembered.
func (s *Service) AdminUpdateDeviceStatus(ctx context.Context, in *cip.AdminUpdateDeviceStatusInput) (*cip.AdminUpdateDeviceStatusOutput, error) {
	return &cip.AdminUpdateDeviceStatusOutput{}, s.byAdmin(ctx, in.UserPoolId, in.Username, s.markDevice(in.DeviceKey, in.DeviceRememberedStatus))
}
