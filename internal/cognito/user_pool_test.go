package cognito

import (
	"fmt"
	"reflect"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	cip "github.com/aws/aws-sdk-go-v2/service/cognitoidentityprovider"
	"github.com/aws/aws-sdk-go-v2/service/cognitoidentityprovider/types"
	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/poolgate/poolgate/internal/store"
)

// ignoreSerde ignores the marker that the SDK puts into every shape.
var ignoreSerde = cmp.FilterPath(func(p cmp.Path) bool {
	f, ok := p.Last().(cmp.StructField)
	return ok && f.Name() == "noSmithyDocumentSerde"
}, cmp.Ignore())

// everySetting is a CreateUserPoolInput with every member set, but AliasAttributes, which excludes UsernameAttributes.
func everySetting() *cip.CreateUserPoolInput {
	lambda := aws.String("arn:aws:lambda:eu-west-1:123456789012:function:f")
	return &cip.CreateUserPoolInput{
		PoolName:               aws.String("everything"),
		AccountRecoverySetting: &types.AccountRecoverySettingType{RecoveryMechanisms: []types.RecoveryOptionType{{Name: types.RecoveryOptionNameTypeVerifiedEmail, Priority: aws.Int32(1)}}},
		AdminCreateUserConfig: &types.AdminCreateUserConfigType{
			AllowAdminCreateUserOnly: true, UnusedAccountValidityDays: 3,
			InviteMessageTemplate: &types.MessageTemplateType{EmailMessage: aws.String("{username} {####}"), EmailSubject: aws.String("hello"), SMSMessage: aws.String("{username}: {####}")},
		},
		AutoVerifiedAttributes:      []types.VerifiedAttributeType{types.VerifiedAttributeTypeEmail, types.VerifiedAttributeTypePhoneNumber},
		DeletionProtection:          types.DeletionProtectionTypeActive,
		DeviceConfiguration:         &types.DeviceConfigurationType{ChallengeRequiredOnNewDevice: true, DeviceOnlyRememberedOnUserPrompt: true},
		EmailConfiguration:          &types.EmailConfigurationType{EmailSendingAccount: types.EmailSendingAccountTypeDeveloper, SourceArn: aws.String("arn:aws:ses:eu-west-1:123456789012:identity/a@example.com"), From: aws.String("a@example.com"), ReplyToEmailAddress: aws.String("b@example.com"), ConfigurationSet: aws.String("set")},
		EmailVerificationMessage:    aws.String("the code is {####}"),
		EmailVerificationSubject:    aws.String("code"),
		IssuerConfiguration:         &types.IssuerConfigurationType{Type: types.IssuerTypeOriginal},
		KeyConfiguration:            &types.KeyConfigurationType{KeyType: "AWS_OWNED_KEY"},
		LambdaConfig:                &types.LambdaConfigType{PreSignUp: lambda, PreTokenGeneration: lambda, PreTokenGenerationConfig: &types.PreTokenGenerationVersionConfigType{LambdaArn: lambda, LambdaVersion: types.PreTokenGenerationLambdaVersionTypeV20}},
		MfaConfiguration:            types.UserPoolMfaTypeOptional,
		Policies:                    &types.UserPoolPolicyType{PasswordPolicy: &types.PasswordPolicyType{MinimumLength: aws.Int32(12), PasswordHistorySize: aws.Int32(4), RequireNumbers: true}, SignInPolicy: &types.SignInPolicyType{AllowedFirstAuthFactors: []types.AuthFactorType{types.AuthFactorTypePassword, types.AuthFactorTypeEmailOtp}}},
		Schema:                      []types.SchemaAttributeType{{Name: aws.String("email"), Required: aws.Bool(true)}, {Name: aws.String("team"), AttributeDataType: types.AttributeDataTypeString, Mutable: aws.Bool(true), StringAttributeConstraints: &types.StringAttributeConstraintsType{MinLength: aws.String("2"), MaxLength: aws.String("9")}}},
		SmsAuthenticationMessage:    aws.String("sign-in code {####}"),
		SmsConfiguration:            &types.SmsConfigurationType{SnsCallerArn: aws.String("arn:aws:iam::123456789012:role/sms"), ExternalId: aws.String("x"), SnsRegion: aws.String("eu-west-1")},
		SmsVerificationMessage:      aws.String("sms code {####}"),
		UserAttributeUpdateSettings: &types.UserAttributeUpdateSettingsType{AttributesRequireVerificationBeforeUpdate: []types.VerifiedAttributeType{types.VerifiedAttributeTypeEmail}},
		UserPoolAddOns:              &types.UserPoolAddOnsType{AdvancedSecurityMode: types.AdvancedSecurityModeTypeAudit},
		UserPoolTags:                map[string]string{"team": "blue"},
		UserPoolTier:                types.UserPoolTierTypePlus,
		UsernameAttributes:          []types.UsernameAttributeType{types.UsernameAttributeTypeEmail},
		UsernameConfiguration:       &types.UsernameConfigurationType{CaseSensitive: aws.Bool(true)},
		VerificationMessageTemplate: &types.VerificationMessageTemplateType{DefaultEmailOption: types.DefaultEmailOptionTypeConfirmWithLink, EmailMessageByLink: aws.String("{##here##}"), EmailSubjectByLink: aws.String("link")},
	}
}

func TestEverySettingOfAPoolComesBackAsItWasSet(t *testing.T) {
	c := newControlPlane(t)
	in := everySetting()
	created := must(c.CreateUserPool(c.ctx, in))(t).UserPool
	described := must(c.DescribeUserPool(c.ctx, &cip.DescribeUserPoolInput{UserPoolId: created.Id}))(t).UserPool
	if diff := cmp.Diff(created, described, ignoreSerde); diff != "" {
		t.Errorf("Describe differs from Create:\n%s", diff)
	}
	checkSettings := func(t *testing.T, given reflect.Value, except ...string) {
		t.Helper()
		for i := range given.NumField() {
			name := given.Type().Field(i).Name
			if !given.Type().Field(i).IsExported() || slices.Contains(except, name) {
				continue
			}
			if given.Field(i).IsZero() {
				t.Errorf("the test does not set %s", name)
				continue
			}
			back := reflect.ValueOf(*described).FieldByName(strings.TrimPrefix(name, "Pool"))
			if !back.IsValid() {
				t.Errorf("%s has no place in what Describe returns", name)
				continue
			}
			contains(t, name, given.Field(i), back)
		}
	}
	checkSettings(t, reflect.ValueOf(*in), "AliasAttributes", "Schema")

	t.Run("an update that names every setting again keeps them, and the pool's identity", func(t *testing.T) {
		update := &cip.UpdateUserPoolInput{UserPoolId: created.Id}
		to, from := reflect.ValueOf(update).Elem(), reflect.ValueOf(*in)
		for i := range to.NumField() {
			if f := from.FieldByName(to.Type().Field(i).Name); f.IsValid() && to.Type().Field(i).IsExported() {
				to.Field(i).Set(f)
			}
		}
		must(c.UpdateUserPool(c.ctx, update))(t)
		before := described
		described = must(c.DescribeUserPool(c.ctx, &cip.DescribeUserPoolInput{UserPoolId: created.Id}))(t).UserPool
		if diff := cmp.Diff(before, described, ignoreSerde, cmpopts.IgnoreFields(types.UserPoolType{}, "LastModifiedDate")); diff != "" {
			t.Errorf("the update changed:\n%s", diff)
		}
		checkSettings(t, reflect.ValueOf(*update), "UserPoolId")
	})
	t.Run("an update without a setting sets its default, and keeps what cannot change", func(t *testing.T) {
		must(c.UpdateUserPool(c.ctx, &cip.UpdateUserPoolInput{UserPoolId: created.Id}))(t)
		updated := must(c.DescribeUserPool(c.ctx, &cip.DescribeUserPoolInput{UserPoolId: created.Id}))(t).UserPool
		fresh := must(c.CreateUserPool(c.ctx, &cip.CreateUserPoolInput{
			PoolName: in.PoolName, Schema: in.Schema, UsernameAttributes: in.UsernameAttributes, UsernameConfiguration: in.UsernameConfiguration,
			UserPoolTags: in.UserPoolTags,
		}))(t).UserPool
		if diff := cmp.Diff(fresh, updated, ignoreSerde, cmpopts.IgnoreFields(types.UserPoolType{}, "Id", "Arn", "CreationDate", "LastModifiedDate")); diff != "" {
			t.Errorf("a pool updated with nothing differs from a new one:\n%s", diff)
		}
	})
}

// contains checks that everything set in given is the same in back, which may hold defaults besides.
func contains(t *testing.T, path string, given, back reflect.Value) {
	t.Helper()
	if given.IsZero() {
		return
	}
	switch given.Kind() {
	case reflect.Pointer:
		if back.IsNil() {
			t.Errorf("%s did not come back", path)
			return
		}
		contains(t, path, given.Elem(), back.Elem())
	case reflect.Struct:
		for i := range given.NumField() {
			if given.Type().Field(i).IsExported() {
				contains(t, path+"."+given.Type().Field(i).Name, given.Field(i), back.Field(i))
			}
		}
	default:
		if diff := cmp.Diff(given.Interface(), back.Interface(), ignoreSerde); diff != "" {
			t.Errorf("%s came back otherwise:\n%s", path, diff)
		}
	}
}

func TestANewPoolHasTheDefaultsOfAWS(t *testing.T) {
	c := newControlPlane(t)
	p := must(c.CreateUserPool(c.ctx, &cip.CreateUserPoolInput{PoolName: aws.String("plain")}))(t).UserPool
	if !regexp.MustCompile(`^eu-west-1_[0-9A-Za-z]{9}$`).MatchString(*p.Id) {
		t.Errorf("the id is %q", *p.Id)
	}
	names := make([]string, 0, len(p.SchemaAttributes))
	for _, a := range p.SchemaAttributes {
		names = append(names, *a.Name)
	}
	wantNames := strings.Fields("sub name given_name family_name middle_name nickname preferred_username profile picture website email " +
		"email_verified gender birthdate zoneinfo locale phone_number phone_number_verified address updated_at")
	if diff := cmp.Diff(wantNames, names); diff != "" {
		t.Error(diff)
	}
	want := &types.UserPoolType{
		Id: p.Id, Name: aws.String("plain"), Arn: aws.String("arn:aws:cognito-idp:eu-west-1:123456789012:userpool/" + *p.Id),
		Policies: &types.UserPoolPolicyType{
			PasswordPolicy: &types.PasswordPolicyType{MinimumLength: aws.Int32(8), RequireLowercase: true, RequireNumbers: true, RequireSymbols: true, RequireUppercase: true, TemporaryPasswordValidityDays: 7},
			SignInPolicy:   &types.SignInPolicyType{AllowedFirstAuthFactors: []types.AuthFactorType{types.AuthFactorTypePassword}},
		},
		DeletionProtection: types.DeletionProtectionTypeInactive, UserPoolTier: types.UserPoolTierTypeEssentials,
		MfaConfiguration: types.UserPoolMfaTypeOff, LambdaConfig: &types.LambdaConfigType{},
		EmailConfiguration:          &types.EmailConfigurationType{EmailSendingAccount: types.EmailSendingAccountTypeCognitoDefault},
		AdminCreateUserConfig:       &types.AdminCreateUserConfigType{UnusedAccountValidityDays: 7},
		VerificationMessageTemplate: &types.VerificationMessageTemplateType{DefaultEmailOption: types.DefaultEmailOptionTypeConfirmWithCode},
		UserAttributeUpdateSettings: &types.UserAttributeUpdateSettingsType{AttributesRequireVerificationBeforeUpdate: []types.VerifiedAttributeType{}},
	}
	if diff := cmp.Diff(want, p, ignoreSerde, cmpopts.IgnoreFields(types.UserPoolType{}, "SchemaAttributes", "CreationDate", "LastModifiedDate")); diff != "" {
		t.Error(diff)
	}
}

func TestRulesOfAPool(t *testing.T) {
	text := func(name string) types.SchemaAttributeType {
		return types.SchemaAttributeType{Name: aws.String(name), AttributeDataType: types.AttributeDataTypeString}
	}
	for name, test := range map[string]struct {
		change func(*cip.CreateUserPoolInput)
		want   string
	}{
		"aliases and username attributes exclude each other": {func(in *cip.CreateUserPoolInput) {
			in.AliasAttributes = []types.AliasAttributeType{types.AliasAttributeTypeEmail}
			in.UsernameAttributes = []types.UsernameAttributeType{types.UsernameAttributeTypeEmail}
		}, "Only one of the aliasAttributes or usernameAttributes can be set in a user pool."},
		"verified phone numbers need SMS": {func(in *cip.CreateUserPoolInput) {
			in.AutoVerifiedAttributes = []types.VerifiedAttributeType{types.VerifiedAttributeTypePhoneNumber}
		}, "SMS configuration is required when phone_number is selected for auto verification"},
		"MFA needs a factor": {func(in *cip.CreateUserPoolInput) {
			in.MfaConfiguration = types.UserPoolMfaTypeOn
		}, "SMS configuration and Auto verification for phone_number are required when MFA is required/optional"},
		"passwords are always a first factor": {func(in *cip.CreateUserPoolInput) {
			in.Policies = &types.UserPoolPolicyType{SignInPolicy: &types.SignInPolicyType{AllowedFirstAuthFactors: []types.AuthFactorType{types.AuthFactorTypeEmailOtp}}}
		}, "Password should be configured as one of the allowed first auth factors."},
		"the life of temporary passwords is set once": {func(in *cip.CreateUserPoolInput) {
			in.Policies = &types.UserPoolPolicyType{PasswordPolicy: &types.PasswordPolicyType{TemporaryPasswordValidityDays: 2}}
			in.AdminCreateUserConfig = &types.AdminCreateUserConfigType{UnusedAccountValidityDays: 2}
		}, "Please use TemporaryPasswordValidityDays in PasswordPolicy instead of UnusedAccountValidityDays"},
		"what is verified before an update is verified at all": {func(in *cip.CreateUserPoolInput) {
			in.UserAttributeUpdateSettings = &types.UserAttributeUpdateSettingsType{AttributesRequireVerificationBeforeUpdate: []types.VerifiedAttributeType{types.VerifiedAttributeTypeEmail}}
		}, "All attributes in AttributesRequireVerificationBeforeUpdate must exist in AutoVerifiedAttributes"},
		"a custom attribute cannot be required": {func(in *cip.CreateUserPoolInput) {
			in.Schema = []types.SchemaAttributeType{text("team")}
			in.Schema[0].Required = aws.Bool(true)
		}, "Required custom attributes are not supported currently."},
		"a custom attribute has a type": {func(in *cip.CreateUserPoolInput) {
			in.Schema = []types.SchemaAttributeType{{Name: aws.String("team")}}
		}, "Invalid AttributeDataType input, consider using the provided AttributeDataType enum."},
		"a custom attribute is declared once": {func(in *cip.CreateUserPoolInput) {
			in.Schema = []types.SchemaAttributeType{text("team"), text("team")}
		}, "Duplicate custom attribute names custom:team are not allowed in a user pool schema."},
		"a standard attribute keeps its type": {func(in *cip.CreateUserPoolInput) {
			in.Schema = []types.SchemaAttributeType{{Name: aws.String("email"), AttributeDataType: types.AttributeDataTypeNumber}}
		}, "You can not change AttributeDataType or set developerOnlyAttribute for standard schema attribute email"},
		"a number's least value is not above its greatest": {func(in *cip.CreateUserPoolInput) {
			in.Schema = []types.SchemaAttributeType{{Name: aws.String("age"), AttributeDataType: types.AttributeDataTypeNumber,
				NumberAttributeConstraints: &types.NumberAttributeConstraintsType{MinValue: aws.String("10"), MaxValue: aws.String("9")}}}
		}, "Attribute custom:age cannot have a max value smaller than it's min value"},
		"a text's least length is not above its greatest": {func(in *cip.CreateUserPoolInput) {
			in.Schema = []types.SchemaAttributeType{text("team")}
			in.Schema[0].StringAttributeConstraints = &types.StringAttributeConstraintsType{MinLength: aws.String("10"), MaxLength: aws.String("9")}
		}, "Attribute custom:team cannot have a max length shorter than it's min length"},
		"a pinned id is a possible one": {func(in *cip.CreateUserPoolInput) {
			in.UserPoolTags = map[string]string{"_custom_id_": "no blanks"}
		}, "The value of the tag _custom_id_ cannot be a user pool id: no blanks"},
		"a pinned id is in the caller's region": {func(in *cip.CreateUserPoolInput) {
			in.UserPoolTags = map[string]string{"_custom_id_": "us-east-1_abc"}
		}, "The value of the tag _custom_id_ cannot be a user pool id: us-east-1_abc"},
	} {
		t.Run(name, func(t *testing.T) {
			c := newControlPlane(t)
			in := &cip.CreateUserPoolInput{PoolName: aws.String("people")}
			test.change(in)
			_, err := c.CreateUserPool(c.ctx, in)
			refused(t, err, invalid, test.want)
			if listed := must(c.ListUserPools(c.ctx, &cip.ListUserPoolsInput{MaxResults: aws.Int32(60)}))(t).UserPools; len(listed) > 0 {
				t.Errorf("a refused pool was made")
			}
		})
	}
}

func TestAPoolsIDCanBePinned(t *testing.T) {
	c := newControlPlane(t)
	pin := func(id string) *cip.CreateUserPoolInput {
		return &cip.CreateUserPoolInput{PoolName: aws.String("p"), UserPoolTags: map[string]string{"_custom_id_": id}}
	}
	if got := c.pool(pin("mine")); got != "eu-west-1_mine" {
		t.Errorf("pinned %q, got %q", "mine", got)
	}
	if got := c.pool(pin("eu-west-1_theirs")); got != "eu-west-1_theirs" {
		t.Errorf("pinned with its region, got %q", got)
	}
	_, err := c.CreateUserPool(c.ctx, pin("mine"))
	refused(t, err, invalid, "A user pool with the id eu-west-1_mine already exists.")
}

func TestDeletingAPool(t *testing.T) {
	c := newControlPlane(t)
	id := c.pool(&cip.CreateUserPoolInput{DeletionProtection: types.DeletionProtectionTypeActive})
	kept := c.pool(&cip.CreateUserPoolInput{})
	for _, pool := range []string{id, kept} {
		c.user(pool, "ann")
		must(c.CreateGroup(c.ctx, &cip.CreateGroupInput{UserPoolId: &pool, GroupName: aws.String("g")}))(t)
		must(c.AdminAddUserToGroup(c.ctx, &cip.AdminAddUserToGroupInput{UserPoolId: &pool, GroupName: aws.String("g"), Username: aws.String("ann")}))(t)
		must(c.CreateResourceServer(c.ctx, &cip.CreateResourceServerInput{UserPoolId: &pool, Identifier: aws.String("rs"), Name: aws.String("rs")}))(t)
		must(c.CreateUserPoolClient(c.ctx, &cip.CreateUserPoolClientInput{UserPoolId: &pool, ClientName: aws.String("web")}))(t)
		must(c.AdminCreateUser(c.ctx, &cip.AdminCreateUserInput{UserPoolId: &pool, Username: aws.String("bob"), UserAttributes: []types.AttributeType{attr("email", "bob@example.com")}}))(t)
	}
	must(c.CreateUserPoolDomain(c.ctx, &cip.CreateUserPoolDomainInput{UserPoolId: &id, Domain: aws.String("door")}))(t)
	count := func(pool string) (n int) {
		if err := c.store.View(c.ctx, func(tx *store.Tx) error {
			n = 0
			for _, count := range []func(*store.Tx, string) (int, error){
				clients.Count, users.Count, groups.Count, members.Count, resourceServers.Count, messages.Count, poolKeys.Count,
			} {
				one, err := count(tx, pool)
				if err != nil {
					return err
				}
				if one == 0 && pool == kept {
					return fmt.Errorf("the test leaves a collection empty")
				}
				n += one
			}
			return nil
		}); err != nil {
			t.Fatal(err)
		}
		return n
	}
	before := count(kept)

	_, err := c.DeleteUserPool(c.ctx, &cip.DeleteUserPoolInput{UserPoolId: &id})
	refused(t, err, invalid, "The user pool cannot be deleted because deletion protection is activated. Deletion protection must be inactivated first.")
	must(c.UpdateUserPool(c.ctx, &cip.UpdateUserPoolInput{UserPoolId: &id, DeletionProtection: types.DeletionProtectionTypeInactive}))(t)
	_, err = c.DeleteUserPool(c.ctx, &cip.DeleteUserPoolInput{UserPoolId: &id})
	refused(t, err, invalid, "User pool cannot be deleted. It has a domain configured that should be deleted first.")
	must(c.DeleteUserPoolDomain(c.ctx, &cip.DeleteUserPoolDomainInput{UserPoolId: &id, Domain: aws.String("door")}))(t)

	bumped := make(chan string, 8)
	stop := c.store.Watch("pool/", func(topic string) { bumped <- topic })
	defer stop()
	must(c.DeleteUserPool(c.ctx, &cip.DeleteUserPoolInput{UserPoolId: &id}))(t)
	if got := <-bumped; got != "pool/"+id {
		t.Errorf("deleting bumped %q", got)
	}
	if n := count(id); n != 0 {
		t.Errorf("%d documents of the deleted pool are left", n)
	}
	if after := count(kept); after != before {
		t.Errorf("the other pool had %d documents and now has %d", before, after)
	}
	_, err = c.DescribeUserPool(c.ctx, &cip.DescribeUserPoolInput{UserPoolId: &id})
	refused(t, err, notFound, "User pool "+id+" does not exist.")
}

func TestListingPoolsByPages(t *testing.T) {
	c := newControlPlane(t)
	want := map[string]bool{}
	for range 5 {
		want[c.pool(&cip.CreateUserPoolInput{})] = true
	}
	other := *c
	other.ctx = withAccount(c.ctx, "999999999999")
	other.pool(&cip.CreateUserPoolInput{})
	got, pages := map[string]bool{}, 0
	var next *string
	for {
		out := must(c.ListUserPools(c.ctx, &cip.ListUserPoolsInput{MaxResults: aws.Int32(2), NextToken: next}))(t)
		for _, p := range out.UserPools {
			got[*p.Id] = true
		}
		pages++
		if next = out.NextToken; next == nil {
			break
		}
	}
	if diff := cmp.Diff(want, got); diff != "" || pages != 3 {
		t.Errorf("%d pages:\n%s", pages, diff)
	}
	for _, token := range []string{"nonsense", "!", *nextToken("groups", "a")} {
		_, err := c.ListUserPools(c.ctx, &cip.ListUserPoolsInput{MaxResults: aws.Int32(2), NextToken: &token})
		refused(t, err, invalid, "Invalid pagination token.")
	}
}

func TestTagsOfAPool(t *testing.T) {
	c := newControlPlane(t)
	p := must(c.CreateUserPool(c.ctx, &cip.CreateUserPoolInput{PoolName: aws.String("p"), UserPoolTags: map[string]string{"a": "1", "b": "2"}}))(t).UserPool
	must(c.TagResource(c.ctx, &cip.TagResourceInput{ResourceArn: p.Arn, Tags: map[string]string{"b": "3", "c": "4"}}))(t)
	must(c.UntagResource(c.ctx, &cip.UntagResourceInput{ResourceArn: p.Arn, TagKeys: []string{"a", "never there"}}))(t)
	got := must(c.ListTagsForResource(c.ctx, &cip.ListTagsForResourceInput{ResourceArn: p.Arn}))(t).Tags
	if diff := cmp.Diff(map[string]string{"b": "3", "c": "4"}, got); diff != "" {
		t.Error(diff)
	}
	_, err := c.ListTagsForResource(c.ctx, &cip.ListTagsForResourceInput{ResourceArn: aws.String("arn:aws:sns:eu-west-1:123456789012:topic")})
	refused(t, err, invalid, "")
	_, err = c.TagResource(c.ctx, &cip.TagResourceInput{ResourceArn: aws.String(*p.Arn + "x"), Tags: map[string]string{"a": "1"}})
	refused(t, err, notFound, "User pool "+*p.Id+"x does not exist.")
}

func TestAnUpdateWithoutTagsKeepsThem(t *testing.T) {
	c := newControlPlane(t)
	p := must(c.CreateUserPool(c.ctx, &cip.CreateUserPoolInput{PoolName: aws.String("p"), UserPoolTags: map[string]string{"a": "1"}}))(t).UserPool
	must(c.TagResource(c.ctx, &cip.TagResourceInput{ResourceArn: p.Arn, Tags: map[string]string{"a": "2"}}))(t)
	for _, step := range []struct{ sent, want map[string]string }{
		{nil, map[string]string{"a": "2"}},
		{map[string]string{"b": "3"}, map[string]string{"b": "3"}},
		{map[string]string{}, nil},
	} {
		must(c.UpdateUserPool(c.ctx, &cip.UpdateUserPoolInput{UserPoolId: p.Id, UserPoolTags: step.sent}))(t)
		got := must(c.DescribeUserPool(c.ctx, &cip.DescribeUserPoolInput{UserPoolId: p.Id}))(t).UserPool.UserPoolTags
		if diff := cmp.Diff(step.want, got, cmpopts.EquateEmpty()); diff != "" {
			t.Errorf("after an update with %v:\n%s", step.sent, diff)
		}
	}
}

func TestMFAConfigurationComesBack(t *testing.T) {
	c := newControlPlane(t)
	id := c.pool(&cip.CreateUserPoolInput{})
	set := &cip.SetUserPoolMfaConfigInput{
		UserPoolId: &id, MfaConfiguration: types.UserPoolMfaTypeOptional,
		SoftwareTokenMfaConfiguration: &types.SoftwareTokenMfaConfigType{Enabled: true},
		EmailMfaConfiguration:         &types.EmailMfaConfigType{Message: aws.String("code {####}"), Subject: aws.String("code")},
		SmsMfaConfiguration:           &types.SmsMfaConfigType{SmsAuthenticationMessage: aws.String("code {####}"), SmsConfiguration: &types.SmsConfigurationType{SnsCallerArn: aws.String("arn:aws:iam::123456789012:role/sms")}},
		WebAuthnConfiguration:         &types.WebAuthnConfigurationType{RelyingPartyId: aws.String("example.com"), UserVerification: types.UserVerificationTypeRequired},
	}
	must(c.SetUserPoolMfaConfig(c.ctx, set))(t)
	got := must(c.GetUserPoolMfaConfig(c.ctx, &cip.GetUserPoolMfaConfigInput{UserPoolId: &id}))(t)
	want := &cip.GetUserPoolMfaConfigOutput{
		MfaConfiguration: set.MfaConfiguration, SoftwareTokenMfaConfiguration: set.SoftwareTokenMfaConfiguration,
		EmailMfaConfiguration: set.EmailMfaConfiguration, SmsMfaConfiguration: set.SmsMfaConfiguration, WebAuthnConfiguration: set.WebAuthnConfiguration,
	}
	if diff := cmp.Diff(want, got, ignoreSerde, cmpopts.IgnoreFields(cip.GetUserPoolMfaConfigOutput{}, "ResultMetadata")); diff != "" {
		t.Error(diff)
	}
	if p := must(c.DescribeUserPool(c.ctx, &cip.DescribeUserPoolInput{UserPoolId: &id}))(t).UserPool; p.MfaConfiguration != types.UserPoolMfaTypeOptional {
		t.Errorf("the pool says %s", p.MfaConfiguration)
	}
	_, err := c.SetUserPoolMfaConfig(c.ctx, &cip.SetUserPoolMfaConfigInput{UserPoolId: &id, MfaConfiguration: types.UserPoolMfaTypeOff, SoftwareTokenMfaConfiguration: &types.SoftwareTokenMfaConfigType{Enabled: true}})
	refused(t, err, invalid, "Invalid MFA configuration given, can't turn off MFA and configure an MFA together.")
}

func TestCustomAttributesCanBeAdded(t *testing.T) {
	c := newControlPlane(t)
	id := c.pool(&cip.CreateUserPoolInput{})
	add := func(a types.SchemaAttributeType) error {
		_, err := c.AddCustomAttributes(c.ctx, &cip.AddCustomAttributesInput{UserPoolId: &id, CustomAttributes: []types.SchemaAttributeType{a}})
		return err
	}
	for _, a := range []types.SchemaAttributeType{
		{Name: aws.String("team"), AttributeDataType: types.AttributeDataTypeString},
		{Name: aws.String("secret"), AttributeDataType: types.AttributeDataTypeNumber, DeveloperOnlyAttribute: aws.Bool(true), Mutable: aws.Bool(true)},
	} {
		if err := add(a); err != nil {
			t.Fatal(err)
		}
	}
	schema := must(c.DescribeUserPool(c.ctx, &cip.DescribeUserPoolInput{UserPoolId: &id}))(t).UserPool.SchemaAttributes
	want := []types.SchemaAttributeType{
		{Name: aws.String("custom:team"), AttributeDataType: types.AttributeDataTypeString, DeveloperOnlyAttribute: aws.Bool(false), Mutable: aws.Bool(false), Required: aws.Bool(false), StringAttributeConstraints: &types.StringAttributeConstraintsType{}},
		{Name: aws.String("dev:custom:secret"), AttributeDataType: types.AttributeDataTypeNumber, DeveloperOnlyAttribute: aws.Bool(true), Mutable: aws.Bool(true), Required: aws.Bool(false), NumberAttributeConstraints: &types.NumberAttributeConstraintsType{}},
	}
	if diff := cmp.Diff(want, schema[len(schema)-2:], ignoreSerde); diff != "" {
		t.Error(diff)
	}
	refused(t, add(types.SchemaAttributeType{Name: aws.String("team"), AttributeDataType: types.AttributeDataTypeString}), invalid,
		"custom:team: Existing attribute already has name custom:team.")
}
