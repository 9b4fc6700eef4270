package cognito

import (
	"encoding/base64"
	"encoding/hex"
	"maps"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	cip "github.com/aws/aws-sdk-go-v2/service/cognitoidentityprovider"
	"github.com/aws/aws-sdk-go-v2/service/cognitoidentityprovider/types"
	"github.com/google/go-cmp/cmp"
)

const devicePassword = "made by the device"

// trackDevices makes ann's pool track devices; prompt says that users are asked whether a device is to be remembered.
func (s *signIn) trackDevices(prompt bool) *signIn {
	s.t.Helper()
	must(s.UpdateUserPool(s.ctx, &cip.UpdateUserPoolInput{
		UserPoolId: &s.poolID, MfaConfiguration: s.mfaMode(),
		SmsConfiguration:    &types.SmsConfigurationType{SnsCallerArn: aws.String("arn:aws:iam::000000000000:role/sms")},
		DeviceConfiguration: &types.DeviceConfigurationType{ChallengeRequiredOnNewDevice: true, DeviceOnlyRememberedOnUserPrompt: prompt},
	}))(s.t)
	return s
}

func (s *signIn) mfaMode() types.UserPoolMfaType {
	s.t.Helper()
	return must(s.GetUserPoolMfaConfig(s.ctx, &cip.GetUserPoolMfaConfigInput{UserPoolId: &s.poolID}))(s.t).MfaConfiguration
}

// confirmDevice confirms the device that a sign-in named.
func (s *signIn) confirmDevice(signedIn *types.AuthenticationResultType) (*cip.ConfirmDeviceOutput, error) {
	s.t.Helper()
	named, salt := signedIn.NewDeviceMetadata, []byte{0, 0x81, 2, 3}
	v := computeVerifier(salt, "x_"+*named.DeviceGroupKey, *named.DeviceKey, devicePassword)
	return s.ConfirmDevice(s.t.Context(), &cip.ConfirmDeviceInput{
		AccessToken: signedIn.AccessToken, DeviceKey: named.DeviceKey, DeviceName: aws.String("laptop"),
		DeviceSecretVerifierConfig: &types.DeviceSecretVerifierConfigType{
			PasswordVerifier: aws.String(base64.StdEncoding.EncodeToString(v)), Salt: aws.String(base64.StdEncoding.EncodeToString(salt)),
		},
	})
}

// proveDevice answers DEVICE_SRP_AUTH and what follows.
func (s *signIn) proveDevice(session *string, named *types.NewDeviceMetadataType, password string) (*cip.RespondToAuthChallengeOutput, error) {
	s.t.Helper()
	client := newSRPClient(s.t)
	asked, err := s.respond(types.ChallengeNameTypeDeviceSrpAuth, session, map[string]string{"USERNAME": "ann", "DEVICE_KEY": *named.DeviceKey, "SRP_A": client.A()})
	if err != nil {
		return nil, err
	}
	parameters := maps.Clone(asked.ChallengeParameters)
	parameters["USER_ID_FOR_SRP"] = *named.DeviceKey
	answer := client.answer(s.t, "x_"+*named.DeviceGroupKey, password, parameters, time.Now())
	answer["USERNAME"], answer["DEVICE_KEY"] = "ann", *named.DeviceKey
	return s.respond(asked.ChallengeName, nil, answer)
}

// onDevice begins a sign-in by password that names the device.
func (s *signIn) onDevice(key string) (*cip.InitiateAuthOutput, error) {
	return s.initiate(types.AuthFlowTypeUserPasswordAuth, map[string]string{"USERNAME": "ann", "PASSWORD": goodPassword, "DEVICE_KEY": key})
}

func TestARememberedDeviceStandsForTheSecondFactor(t *testing.T) {
	s := newMFA(t, types.UserPoolMfaTypeOptional).trackDevices(false)
	first := must(s.byPassword("ann", goodPassword))(t).AuthenticationResult
	if first.NewDeviceMetadata == nil || payload(t, *first.AccessToken)["device_key"] != *first.NewDeviceMetadata.DeviceKey {
		t.Fatalf("the sign-in names the device %+v", first.NewDeviceMetadata)
	}
	named := first.NewDeviceMetadata
	if out := must(s.confirmDevice(first))(t); out.UserConfirmationNecessary {
		t.Error("the user is to be asked")
	}
	_, err := s.confirmDevice(first)
	refused(t, err, "DeviceKeyExistsException", "Device already exists.")
	s.giveApp(first.AccessToken)

	if plain := must(s.byPassword("ann", goodPassword))(t); plain.ChallengeName != types.ChallengeNameTypeSoftwareTokenMfa {
		t.Fatalf("without the device %q is asked", plain.ChallengeName)
	}
	asked := must(s.onDevice(*named.DeviceKey))(t)
	if asked.ChallengeName != types.ChallengeNameTypeDeviceSrpAuth || asked.AuthenticationResult != nil {
		t.Fatalf("on the device: %+v", asked)
	}
	_, err = s.proveDevice(asked.Session, named, "another password")
	refused(t, err, notAuthorized, "Incorrect username or password.")
	_, err = s.proveDevice(asked.Session, named, devicePassword)
	refused(t, err, notAuthorized, "Invalid session for the user, session can only be used once.")
	asked = must(s.onDevice(*named.DeviceKey))(t)
	got := must(s.proveDevice(asked.Session, named, devicePassword))(t).AuthenticationResult
	if got == nil || got.NewDeviceMetadata != nil || payload(t, *got.AccessToken)["device_key"] != *named.DeviceKey {
		t.Fatalf("the proven device led to %+v", got)
	}
	again := must(s.initiate(types.AuthFlowTypeRefreshTokenAuth, map[string]string{"REFRESH_TOKEN": *got.RefreshToken}))(t)
	if payload(t, *again.AuthenticationResult.AccessToken)["device_key"] != *named.DeviceKey {
		t.Error("a refresh loses the device")
	}

	must(s.AdminUpdateDeviceStatus(s.ctx, &cip.AdminUpdateDeviceStatusInput{
		UserPoolId: &s.poolID, Username: aws.String("ann"), DeviceKey: named.DeviceKey, DeviceRememberedStatus: types.DeviceRememberedStatusTypeNotRemembered,
	}))(t)
	if asked := must(s.onDevice(*named.DeviceKey))(t); asked.ChallengeName != types.ChallengeNameTypeSoftwareTokenMfa {
		t.Errorf("a device that is not remembered is asked %q", asked.ChallengeName)
	}
	must(s.ForgetDevice(t.Context(), &cip.ForgetDeviceInput{AccessToken: got.AccessToken, DeviceKey: named.DeviceKey}))(t)
	_, err = s.onDevice(*named.DeviceKey)
	refused(t, err, notFound, "Device does not exist.")
}

func TestADeviceIsProvenAfterTheSecondFactor(t *testing.T) {
	s := newMFA(t, types.UserPoolMfaTypeOptional).trackDevices(true)
	first := must(s.byPassword("ann", goodPassword))(t).AuthenticationResult
	if out := must(s.confirmDevice(first))(t); !out.UserConfirmationNecessary {
		t.Error("the user is not to be asked")
	}
	seed := s.giveApp(first.AccessToken)
	asked := must(s.onDevice(*first.NewDeviceMetadata.DeviceKey))(t)
	device := must(s.answer(asked, "SOFTWARE_TOKEN_MFA_CODE", s.appCode(seed)))(t)
	if device.ChallengeName != types.ChallengeNameTypeDeviceSrpAuth {
		t.Fatalf("the second factor led to %+v", device)
	}
	if got := must(s.proveDevice(device.Session, first.NewDeviceMetadata, devicePassword))(t); got.AuthenticationResult == nil {
		t.Errorf("the device led to %+v", got)
	}
}

func TestDevicesAreListedAndRead(t *testing.T) {
	s := newSignIn(t, nil)
	if got := must(s.byPassword("ann", goodPassword))(t).AuthenticationResult; got.NewDeviceMetadata != nil {
		t.Errorf("a pool that tracks no devices names %+v", got.NewDeviceMetadata)
	}
	s.trackDevices(false)
	first := must(s.byPassword("ann", goodPassword))(t).AuthenticationResult
	must(s.confirmDevice(first))(t)
	list := must(s.ListDevices(t.Context(), &cip.ListDevicesInput{AccessToken: first.AccessToken}))(t)
	admin := must(s.AdminListDevices(s.ctx, &cip.AdminListDevicesInput{UserPoolId: &s.poolID, Username: aws.String("ann")}))(t)
	one := must(s.GetDevice(t.Context(), &cip.GetDeviceInput{AccessToken: first.AccessToken, DeviceKey: first.NewDeviceMetadata.DeviceKey}))(t)
	want := []types.AttributeType{attr("device_status", "valid"), attr("device_name", "laptop"), attr("dev:device_remembered_status", "remembered")}
	for _, got := range [][]types.DeviceType{list.Devices, admin.Devices, {*one.Device}} {
		if len(got) != 1 || *got[0].DeviceKey != *first.NewDeviceMetadata.DeviceKey || len(got[0].DeviceAttributes) != len(want) {
			t.Fatalf("devices are %+v", got)
		}
		for i, a := range got[0].DeviceAttributes {
			if diff := cmp.Diff([]string{*want[i].Name, *want[i].Value}, []string{*a.Name, *a.Value}); diff != "" {
				t.Error(diff)
			}
		}
	}
	s.addUser("bob")
	_, err := s.AdminGetDevice(s.ctx, &cip.AdminGetDeviceInput{UserPoolId: &s.poolID, Username: aws.String("bob"), DeviceKey: first.NewDeviceMetadata.DeviceKey})
	refused(t, err, notFound, "Device does not exist.")
	must(s.AdminDeleteUser(s.ctx, &cip.AdminDeleteUserInput{UserPoolId: &s.poolID, Username: aws.String("ann")}))(t)
	s.addUser("ann")
	if left := must(s.AdminListDevices(s.ctx, &cip.AdminListDevicesInput{UserPoolId: &s.poolID, Username: aws.String("ann")}))(t); len(left.Devices) != 0 {
		t.Errorf("another user of the name has %+v", left.Devices)
	}
}

func TestADeviceVerifierThatProvesNothingIsRefused(t *testing.T) {
	s := newSignIn(t, nil).trackDevices(false)
	first := must(s.byPassword("ann", goodPassword))(t).AuthenticationResult
	good := hex.EncodeToString([]byte{5})
	for name, numbers := range map[string][2]string{
		"zero": {"00", good}, "one": {"01", good}, "N": {cognitoGroup.n.Text(16), good}, "no salt": {"05", ""},
	} {
		t.Run(name, func(t *testing.T) {
			encode := func(text string) *string {
				raw := must(hex.DecodeString(text))(t)
				return aws.String(base64.StdEncoding.EncodeToString(raw))
			}
			_, err := s.ConfirmDevice(t.Context(), &cip.ConfirmDeviceInput{
				AccessToken: first.AccessToken, DeviceKey: first.NewDeviceMetadata.DeviceKey,
				DeviceSecretVerifierConfig: &types.DeviceSecretVerifierConfigType{PasswordVerifier: encode(numbers[0]), Salt: encode(numbers[1])},
			})
			refused(t, err, invalid, "Invalid device secret verifier config given.")
		})
	}
	named := first.NewDeviceMetadata
	first.NewDeviceMetadata = &types.NewDeviceMetadataType{DeviceKey: aws.String("us-east-1_0"), DeviceGroupKey: named.DeviceGroupKey}
	_, err := s.confirmDevice(first)
	refused(t, err, invalid, "Invalid device key given.")
}
