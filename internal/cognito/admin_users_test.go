package cognito

import (
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	cip "github.com/aws/aws-sdk-go-v2/service/cognitoidentityprovider"
	"github.com/aws/aws-sdk-go-v2/service/cognitoidentityprovider/types"
	"github.com/google/go-cmp/cmp"

	"github.com/poolgate/poolgate/internal/store"
)

var subFormat = regexp.MustCompile(`^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$`)

func (c *controlPlane) get(poolID, name string) (*cip.AdminGetUserOutput, error) {
	return c.AdminGetUser(c.ctx, &cip.AdminGetUserInput{UserPoolId: &poolID, Username: &name})
}

// stored is the user's document.
func (c *controlPlane) stored(poolID, username string) (u *user) {
	c.t.Helper()
	if err := c.store.View(c.ctx, func(tx *store.Tx) (err error) {
		u, err = users.Get(tx, poolID, username)
		return err
	}); err != nil {
		c.t.Fatal(err)
	}
	return u
}

func (c *controlPlane) hasPassword(poolID, username, password string) bool {
	c.t.Helper()
	return must(c.verifyPassword(c.stored(poolID, username), poolID, password))(c.t)
}

func pairs(attributes []types.AttributeType) string {
	var all []string
	for _, a := range attributes {
		if *a.Name != "sub" {
			all = append(all, *a.Name+"="+*a.Value)
		}
	}
	return strings.Join(all, " ")
}

func TestAnAdministratorMakesAUser(t *testing.T) {
	c := newControlPlane(t)
	pool := c.pool(&cip.CreateUserPoolInput{})
	made := must(c.AdminCreateUser(c.ctx, &cip.AdminCreateUserInput{
		UserPoolId: &pool, Username: aws.String("Ann"), TemporaryPassword: aws.String("Temp-123!"),
		UserAttributes: []types.AttributeType{attr("email", "Ann@Example.com"), attr("name", "Ann")},
	}))(t).User
	if *made.Username != "Ann" || made.UserStatus != types.UserStatusTypeForceChangePassword || !made.Enabled {
		t.Errorf("made: %+v", made)
	}
	if first := made.Attributes[0]; *first.Name != "sub" || !subFormat.MatchString(*first.Value) {
		t.Errorf("the first attribute is %s %s", *first.Name, *first.Value)
	}
	if got := pairs(made.Attributes); got != "email=Ann@Example.com name=Ann" {
		t.Errorf("attributes: %s", got)
	}
	if !c.hasPassword(pool, "Ann", "Temp-123!") || c.hasPassword(pool, "Ann", "Temp-123?") {
		t.Error("the temporary password is not the user's")
	}
	if got, want := c.stored(pool, "Ann").TemporaryUntil, time.Date(2030, 1, 9, 3, 4, 5, 0, time.UTC); got.Sub(want).Abs() > time.Minute {
		t.Errorf("the temporary password ends %v", got)
	}

	t.Run("case does not count in names", func(t *testing.T) {
		got := must(c.get(pool, "ANN"))(t)
		if *got.Username != "Ann" || pairs(got.UserAttributes) != "email=Ann@Example.com name=Ann" {
			t.Errorf("got %+v", got)
		}
		_, err := c.AdminCreateUser(c.ctx, &cip.AdminCreateUserInput{UserPoolId: &pool, Username: aws.String("aNN")})
		refused(t, err, "UsernameExistsException", "User account already exists")
	})
	t.Run("a sub is a name too", func(t *testing.T) {
		if got := must(c.get(pool, *made.Attributes[0].Value))(t); *got.Username != "Ann" {
			t.Errorf("got %s", *got.Username)
		}
	})
	t.Run("an e-mail address is none, unless the pool says so", func(t *testing.T) {
		_, err := c.get(pool, "Ann@Example.com")
		refused(t, err, "UserNotFoundException", "User does not exist.")
	})
	t.Run("the invitation is in the mailbox", func(t *testing.T) {
		mail := must(c.Mailbox(c.ctx, "ann@example.com"))(t)
		if len(mail) != 1 || mail[0].Body != "Your username is Ann and temporary password is Temp-123!." || mail[0].Medium != "EMAIL" || mail[0].Code != "Temp-123!" {
			t.Errorf("mailbox: %+v", mail)
		}
	})
	t.Run("an invitation can be sent again, with a new password", func(t *testing.T) {
		must(c.AdminCreateUser(c.ctx, &cip.AdminCreateUserInput{UserPoolId: &pool, Username: aws.String("ann"), MessageAction: types.MessageActionTypeResend}))(t)
		mail := must(c.Mailbox(c.ctx, "ann@example.com"))(t)
		if len(mail) != 2 || !c.hasPassword(pool, "Ann", mail[0].Code) || c.hasPassword(pool, "Ann", "Temp-123!") {
			t.Errorf("mailbox: %+v", mail)
		}
		must(c.AdminSetUserPassword(c.ctx, &cip.AdminSetUserPasswordInput{UserPoolId: &pool, Username: aws.String("ann"), Password: aws.String("Forever-1!"), Permanent: true}))(t)
		_, err := c.AdminCreateUser(c.ctx, &cip.AdminCreateUserInput{UserPoolId: &pool, Username: aws.String("ann"), MessageAction: types.MessageActionTypeResend})
		refused(t, err, "UnsupportedUserStateException", "")
	})
}

func TestWhatAUserIsNamed(t *testing.T) {
	emails := func(in *cip.CreateUserPoolInput) {
		in.UsernameAttributes = []types.UsernameAttributeType{types.UsernameAttributeTypeEmail}
	}
	both := func(in *cip.CreateUserPoolInput) {
		in.UsernameAttributes = []types.UsernameAttributeType{types.UsernameAttributeTypeEmail, types.UsernameAttributeTypePhoneNumber}
	}
	alias := func(in *cip.CreateUserPoolInput) {
		in.AliasAttributes = []types.AliasAttributeType{types.AliasAttributeTypeEmail, types.AliasAttributeTypePhoneNumber, types.AliasAttributeTypePreferredUsername}
	}
	plain := func(*cip.CreateUserPoolInput) {}
	for name, test := range map[string]struct {
		pool   func(*cip.CreateUserPoolInput)
		name   string
		given  []types.AttributeType
		finds  []string // names that mean the user
		misses []string // names that do not
		err    string
	}{
		"a plain pool":                         {plain, "ann", []types.AttributeType{attr("email", "a@example.com"), attr("email_verified", "true")}, []string{"ann", "ANN"}, []string{"a@example.com"}, ""},
		"a plain pool takes addresses":         {plain, "a@example.com", nil, []string{"a@example.com", "A@example.com"}, nil, ""},
		"e-mail addresses as usernames":        {emails, "Ann@example.com", nil, []string{"Ann@example.com", "ann@EXAMPLE.com"}, []string{"ann"}, ""},
		"a name that is no e-mail address":     {emails, "ann", nil, nil, nil, "Username should be an email."},
		"a phone number that should be e-mail": {emails, "+31201234567", nil, nil, nil, "Username should be an email."},
		"either, by phone number":              {both, "+31201234567", nil, []string{"+31201234567"}, nil, ""},
		"either, by neither":                   {both, "ann", nil, nil, nil, "Username should be either an email or a phone number."},
		"a verified alias":                     {alias, "ann", []types.AttributeType{attr("email", "a@example.com"), attr("email_verified", "true")}, []string{"ann", "A@example.com"}, nil, ""},
		"an alias that is not verified":        {alias, "ann", []types.AttributeType{attr("email", "a@example.com")}, []string{"ann"}, []string{"a@example.com"}, ""},
		"a preferred username":                 {alias, "ann", []types.AttributeType{attr("preferred_username", "annie")}, []string{"ann", "Annie"}, nil, ""},
		"an alias as username":                 {alias, "a@example.com", nil, nil, nil, "Username cannot be of email format, since user pool is configured for email alias."},
		"a pool that tells the cases apart": {func(in *cip.CreateUserPoolInput) {
			alias(in)
			in.UsernameConfiguration = &types.UsernameConfigurationType{CaseSensitive: aws.Bool(true)}
		}, "ann", []types.AttributeType{attr("email", "a@example.com"), attr("email_verified", "true")}, []string{"ann", "a@example.com"}, []string{"ANN", "A@example.com"}, ""},
	} {
		t.Run(name, func(t *testing.T) {
			c := newControlPlane(t)
			in := &cip.CreateUserPoolInput{}
			test.pool(in)
			pool := c.pool(in)
			out, err := c.AdminCreateUser(c.ctx, &cip.AdminCreateUserInput{UserPoolId: &pool, Username: &test.name, UserAttributes: test.given, MessageAction: types.MessageActionTypeSuppress})
			if test.err != "" {
				refused(t, err, invalid, test.err)
				return
			}
			username := *must(out, err)(t).User.Username
			if byAttribute := len(in.UsernameAttributes) > 0; byAttribute != subFormat.MatchString(username) {
				t.Errorf("the real username is %s", username)
			}
			for _, name := range test.finds {
				if got := must(c.get(pool, name))(t); *got.Username != username {
					t.Errorf("%s means %s", name, *got.Username)
				}
			}
			for _, name := range test.misses {
				_, err := c.get(pool, name)
				refused(t, err, "UserNotFoundException", "User does not exist.")
			}
		})
	}
}

func TestTwoUsersDoNotAnswerToOneName(t *testing.T) {
	verified := []types.AttributeType{attr("email", "a@example.com"), attr("email_verified", "true")}
	t.Run("an address that takes the username's place", func(t *testing.T) {
		c := newControlPlane(t)
		pool := c.pool(&cip.CreateUserPoolInput{UsernameAttributes: []types.UsernameAttributeType{types.UsernameAttributeTypeEmail}})
		c.user(pool, "a@example.com")
		_, err := c.AdminCreateUser(c.ctx, &cip.AdminCreateUserInput{UserPoolId: &pool, Username: aws.String("A@example.com")})
		refused(t, err, "UsernameExistsException", "An account with the given email already exists.")
		b := c.user(pool, "b@example.com")
		_, err = c.AdminUpdateUserAttributes(c.ctx, &cip.AdminUpdateUserAttributesInput{UserPoolId: &pool, Username: &b, UserAttributes: verified})
		refused(t, err, "AliasExistsException", "An account with the given email already exists.")
	})
	t.Run("an alias, which can be taken by force", func(t *testing.T) {
		c := newControlPlane(t)
		pool := c.pool(&cip.CreateUserPoolInput{AliasAttributes: []types.AliasAttributeType{types.AliasAttributeTypeEmail}})
		c.user(pool, "ann", verified...)
		in := &cip.AdminCreateUserInput{UserPoolId: &pool, Username: aws.String("bob"), UserAttributes: verified}
		_, err := c.AdminCreateUser(c.ctx, in)
		refused(t, err, "AliasExistsException", "An account with the email already exists.")
		in.ForceAliasCreation = true
		must(c.AdminCreateUser(c.ctx, in))(t)
		if got := must(c.get(pool, "a@example.com"))(t); *got.Username != "bob" {
			t.Errorf("the alias means %s", *got.Username)
		}
		if got := must(c.get(pool, "ann"))(t); pairs(got.UserAttributes) != "email=a@example.com email_verified=false" {
			t.Errorf("the other user has %s", pairs(got.UserAttributes))
		}
	})
}

func TestAttributesKeepToTheSchema(t *testing.T) {
	c := newControlPlane(t)
	pool := c.pool(&cip.CreateUserPoolInput{Schema: []types.SchemaAttributeType{
		{Name: aws.String("team"), AttributeDataType: types.AttributeDataTypeString, Mutable: aws.Bool(true), StringAttributeConstraints: &types.StringAttributeConstraintsType{MinLength: aws.String("2"), MaxLength: aws.String("4")}},
		{Name: aws.String("born"), AttributeDataType: types.AttributeDataTypeString},
		{Name: aws.String("age"), AttributeDataType: types.AttributeDataTypeNumber, Mutable: aws.Bool(true), NumberAttributeConstraints: &types.NumberAttributeConstraintsType{MinValue: aws.String("0"), MaxValue: aws.String("150")}},
		{Name: aws.String("name"), Required: aws.Bool(true)},
	}})
	c.user(pool, "ann", attr("custom:born", "Delft"), attr("custom:team", "blue"))
	for name, test := range map[string]struct {
		given types.AttributeType
		want  string
	}{
		"an unknown attribute":       {attr("custom:nope", "x"), "Attributes did not conform to the schema: custom:nope: Attribute does not exist in the schema.\n"},
		"a bad e-mail address":       {attr("email", "ann"), "Invalid email address format."},
		"a bad phone number":         {attr("phone_number", "0201234567"), "Invalid phone number format."},
		"too short":                  {attr("custom:team", "b"), "Attributes did not conform to the schema: custom:team: String must be longer than 2 characters\n"},
		"too long":                   {attr("custom:team", "bluest"), "Attributes did not conform to the schema: custom:team: String must be shorter than 4 characters\n"},
		"no number":                  {attr("custom:age", "old"), "Attributes did not conform to the schema: custom:age: Invalid number value\n"},
		"too great a number":         {attr("custom:age", "151"), "Attributes did not conform to the schema: custom:age: Number must not be greater than 150\n"},
		"what cannot change":         {attr("custom:born", "Gouda"), "user.custom:born: Attribute cannot be updated.\n"},
		"the sub":                    {attr("sub", "x"), ""},
		"a verified mark of a sort":  {attr("email_verified", "yes"), "Attributes did not conform to the schema: email_verified: Invalid boolean value\n"},
		"a birthdate of nine digits": {attr("birthdate", "1990-1-01"), "Attributes did not conform to the schema: birthdate: String must be longer than 10 characters\n"},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := c.AdminUpdateUserAttributes(c.ctx, &cip.AdminUpdateUserAttributesInput{UserPoolId: &pool, Username: aws.String("ann"), UserAttributes: []types.AttributeType{attr("nickname", "changed"), test.given}})
			refused(t, err, invalid, test.want)
			if got := pairs(must(c.get(pool, "ann"))(t).UserAttributes); got != "custom:born=Delft custom:team=blue" {
				t.Errorf("a refused update left %s", got)
			}
		})
	}
	update := func(given ...types.AttributeType) string {
		t.Helper()
		must(c.AdminUpdateUserAttributes(c.ctx, &cip.AdminUpdateUserAttributesInput{UserPoolId: &pool, Username: aws.String("ann"), UserAttributes: given}))(t)
		return pairs(must(c.get(pool, "ann"))(t).UserAttributes)
	}
	for _, step := range []struct {
		name  string
		given []types.AttributeType
		want  string
	}{
		{"attributes change", []types.AttributeType{attr("custom:team", "red"), attr("custom:age", "40")}, "custom:born=Delft custom:team=red custom:age=40"},
		{"an address that is verified", []types.AttributeType{attr("email_verified", "true"), attr("email", "a@example.com")}, "custom:born=Delft custom:team=red custom:age=40 email_verified=true email=a@example.com"},
		{"another address is not", []types.AttributeType{attr("email", "b@example.com")}, "custom:born=Delft custom:team=red custom:age=40 email_verified=false email=b@example.com"},
	} {
		t.Run(step.name, func(t *testing.T) {
			if got := update(step.given...); got != step.want {
				t.Errorf("got  %s\nwant %s", got, step.want)
			}
		})
	}
	t.Run("attributes can be deleted, but not what is required", func(t *testing.T) {
		del := func(name string) error {
			_, err := c.AdminDeleteUserAttributes(c.ctx, &cip.AdminDeleteUserAttributesInput{UserPoolId: &pool, Username: aws.String("ann"), UserAttributeNames: []string{name}})
			return err
		}
		if err := del("email"); err != nil {
			t.Fatal(err)
		}
		if got, want := pairs(must(c.get(pool, "ann"))(t).UserAttributes), "custom:born=Delft custom:team=red custom:age=40"; got != want {
			t.Errorf("got  %s\nwant %s", got, want)
		}
		refused(t, del("name"), invalid, "")
		refused(t, del("custom:born"), invalid, "user.custom:born: Attribute cannot be updated.\n")
	})
	t.Run("a sign-up names every required attribute that is missing", func(t *testing.T) {
		p := must(c.readPool(c.ctx, &pool))(t)
		refused(t, requireAttributes(p, &user{}), invalid, "Attributes did not conform to the schema: name: The attribute is required\n")
		if err := requireAttributes(p, &user{Sub: "x", Attributes: []attribute{{"name", "Ann"}}}); err != nil {
			t.Error(err)
		}
	})
}

func TestPasswordsThatAnAdministratorSets(t *testing.T) {
	c := newControlPlane(t)
	pool := c.pool(&cip.CreateUserPoolInput{})
	c.user(pool, "ann")
	set := func(password string, permanent bool) error {
		_, err := c.AdminSetUserPassword(c.ctx, &cip.AdminSetUserPasswordInput{UserPoolId: &pool, Username: aws.String("ANN"), Password: &password, Permanent: permanent})
		return err
	}
	refused(t, set("short", true), "InvalidPasswordException", "Password did not conform with policy: Password not long enough")
	if err := set("Forever-1!", true); err != nil {
		t.Fatal(err)
	}
	if u := c.stored(pool, "ann"); u.Status != types.UserStatusTypeConfirmed || !u.TemporaryUntil.IsZero() || !c.hasPassword(pool, "ann", "Forever-1!") {
		t.Errorf("after a permanent password: %s until %v", u.Status, u.TemporaryUntil)
	}
	if err := set("Passing-1!", false); err != nil {
		t.Fatal(err)
	}
	if u := c.stored(pool, "ann"); u.Status != types.UserStatusTypeForceChangePassword || u.TemporaryUntil.IsZero() || c.hasPassword(pool, "ann", "Forever-1!") {
		t.Errorf("after a temporary password: %s until %v", u.Status, u.TemporaryUntil)
	}
	_, err := c.AdminSetUserPassword(c.ctx, &cip.AdminSetUserPasswordInput{UserPoolId: &pool, Username: aws.String("nobody"), Password: aws.String("Forever-1!")})
	refused(t, err, "UserNotFoundException", "User does not exist.")
}

func TestTheLifeOfAUser(t *testing.T) {
	c := newControlPlane(t)
	pool := c.pool(&cip.CreateUserPoolInput{})
	c.user(pool, "ann")
	who := aws.String("ann")
	must(c.AdminDisableUser(c.ctx, &cip.AdminDisableUserInput{UserPoolId: &pool, Username: who}))(t)
	if must(c.get(pool, "ann"))(t).Enabled {
		t.Error("a disabled user is enabled")
	}
	must(c.AdminEnableUser(c.ctx, &cip.AdminEnableUserInput{UserPoolId: &pool, Username: who}))(t)
	if !must(c.get(pool, "ann"))(t).Enabled {
		t.Error("an enabled user is disabled")
	}
	c.clock.Advance(time.Hour)
	must(c.AdminUserGlobalSignOut(c.ctx, &cip.AdminUserGlobalSignOutInput{UserPoolId: &pool, Username: who}))(t)
	if u := c.stored(pool, "ann"); c.now().Sub(u.SignedOutAt) > time.Minute || !u.Modified.After(u.Created) {
		t.Errorf("signed out at %v, modified %v", u.SignedOutAt, u.Modified)
	}
	_, err := c.AdminConfirmSignUp(c.ctx, &cip.AdminConfirmSignUpInput{UserPoolId: &pool, Username: who})
	refused(t, err, "NotAuthorizedException", "User cannot be confirmed. Current status is FORCE_CHANGE_PASSWORD")
	if err := c.store.Update(c.ctx, func(tx *store.Tx) error {
		u, err := users.Get(tx, pool, "ann")
		if err != nil {
			return err
		}
		u.Status, u.Codes = types.UserStatusTypeUnconfirmed, map[string]code{"sign-up": {Sealed: "x"}}
		return users.Put(tx, pool, "ann", u)
	}); err != nil {
		t.Fatal(err)
	}
	must(c.AdminConfirmSignUp(c.ctx, &cip.AdminConfirmSignUpInput{UserPoolId: &pool, Username: who}))(t)
	if u := c.stored(pool, "ann"); u.Status != types.UserStatusTypeConfirmed || len(u.Codes) > 0 {
		t.Errorf("after confirming: %s %v", u.Status, u.Codes)
	}
	must(c.AdminDeleteUser(c.ctx, &cip.AdminDeleteUserInput{UserPoolId: &pool, Username: who}))(t)
	_, err = c.AdminDeleteUser(c.ctx, &cip.AdminDeleteUserInput{UserPoolId: &pool, Username: who})
	refused(t, err, "UserNotFoundException", "User does not exist.")
}

func TestInvitationsUseThePoolsTemplate(t *testing.T) {
	c := newControlPlane(t)
	pool := c.pool(&cip.CreateUserPoolInput{
		UsernameAttributes: []types.UsernameAttributeType{types.UsernameAttributeTypeEmail},
		AdminCreateUserConfig: &types.AdminCreateUserConfigType{InviteMessageTemplate: &types.MessageTemplateType{
			EmailSubject: aws.String("Welcome"), EmailMessage: aws.String("Be {username}, say {####}"), SMSMessage: aws.String("{username} {####}"),
		}},
	})
	must(c.AdminCreateUser(c.ctx, &cip.AdminCreateUserInput{
		UserPoolId: &pool, Username: aws.String("ann@example.com"), TemporaryPassword: aws.String("Temp-123!"),
		UserAttributes:         []types.AttributeType{attr("phone_number", "+31201234567")},
		DesiredDeliveryMediums: []types.DeliveryMediumType{types.DeliveryMediumTypeEmail, types.DeliveryMediumTypeSms},
	}))(t)
	var got []string
	for _, recipient := range []string{"ann@example.com", "+31201234567"} {
		for _, m := range must(c.Mailbox(c.ctx, recipient))(t) {
			got = append(got, m.Medium+": "+m.Subject+": "+m.Body)
		}
	}
	if diff := cmp.Diff([]string{"EMAIL: Welcome: Be ann@example.com, say Temp-123!", "SMS: : ann@example.com Temp-123!"}, got); diff != "" {
		t.Error(diff)
	}
}
