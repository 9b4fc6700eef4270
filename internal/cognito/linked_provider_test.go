package cognito

import (
	"encoding/json"
	"errors"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	cip "github.com/aws/aws-sdk-go-v2/service/cognitoidentityprovider"
	"github.com/aws/aws-sdk-go-v2/service/cognitoidentityprovider/types"
)

func externalUser(provider, attribute, id string) *types.ProviderUserIdentifierType {
	return &types.ProviderUserIdentifierType{ProviderName: &provider, ProviderAttributeName: &attribute, ProviderAttributeValue: &id}
}

func TestLinkedProviders(t *testing.T) {
	c := newControlPlane(t)
	pool, remote, ctx := c.pool(&cip.CreateUserPoolInput{}), c.sdk(), t.Context()
	must(c.CreateIdentityProvider(c.ctx, oidcProvider(pool, "Works")))(t)
	c.user(pool, "ann")
	c.user(pool, "bob")
	c.user(pool, "Works_known")
	link := func(name string, source *types.ProviderUserIdentifierType) error {
		_, err := remote.AdminLinkProviderForUser(ctx, &cip.AdminLinkProviderForUserInput{UserPoolId: &pool, DestinationUser: externalUser("Cognito", "ignored", name), SourceUser: source})
		return err
	}
	held := func() (all []identity) {
		t.Helper()
		for _, a := range must(remote.AdminGetUser(ctx, &cip.AdminGetUserInput{UserPoolId: &pool, Username: aws.String("ann")}))(t).UserAttributes {
			if *a.Name == "identities" {
				if err := json.Unmarshal([]byte(*a.Value), &all); err != nil {
					t.Fatal(err)
				}
			}
		}
		return all
	}
	if err := link("ann", externalUser("Works", "Cognito_Subject", "w-1")); err != nil {
		t.Fatal(err)
	}
	if got := held(); len(got) != 1 || got[0].UserID != "w-1" || got[0].ProviderName != "Works" || got[0].ProviderType != "OIDC" || got[0].Primary || got[0].DateCreated == "" {
		t.Errorf("identities: %+v", got)
	}
	for name, test := range map[string]struct {
		err  error
		code string
	}{
		"an identity that another user has": {link("bob", externalUser("Works", "Cognito_Subject", "w-1")), invalid},
		"an identity that has signed in":    {link("bob", externalUser("Works", "Cognito_Subject", "known")), invalid},
		"a native user as the source":       {link("bob", externalUser("Cognito", "Cognito_Subject", "ann")), invalid},
		"a provider that does not exist":    {link("bob", externalUser("Nowhere", "Cognito_Subject", "x")), notFound},
		"an attribute that is not mapped":   {link("bob", externalUser("Works", "phone_number", "x")), invalid},
		"a user who does not exist":         {link("eve", externalUser("Works", "Cognito_Subject", "x")), "UserNotFoundException"},
	} {
		t.Run(name, func(t *testing.T) {
			if coded := interface{ ErrorCode() string }(nil); !errors.As(test.err, &coded) || coded.ErrorCode() != test.code {
				t.Errorf("error is %v, want %s", test.err, test.code)
			}
		})
	}
	for _, id := range []string{"w-2", "w-3", "w-4", "w-5"} {
		if err := link("ann", externalUser("Works", "email", id)); err != nil {
			t.Fatal(err)
		}
	}
	if full := new(types.LimitExceededException); !errors.As(link("ann", externalUser("Works", "email", "w-6")), &full) {
		t.Error("a sixth identity is taken")
	}
	disable := &cip.AdminDisableProviderForUserInput{UserPoolId: &pool, User: externalUser("Works", "Cognito_Subject", "w-1")}
	must(remote.AdminDisableProviderForUser(ctx, disable))(t)
	if got := held(); len(got) != 4 || got[0].UserID != "w-2" {
		t.Errorf("without the first: %+v", got)
	}
	_, err := c.AdminDisableProviderForUser(c.ctx, disable)
	refused(t, err, "UserNotFoundException", "User does not exist.")
	if err := link("bob", externalUser("Works", "Cognito_Subject", "w-1")); err != nil {
		t.Errorf("a freed identity is not free: %v", err)
	}
}

func TestIdentitiesInAnIDToken(t *testing.T) {
	raw, err := json.Marshal(claimValue(attribute{identitiesAttribute, `[{"userId":"w-1","providerName":"Works","providerType":"OIDC","issuer":null,"primary":false,"dateCreated":"1"}]`}))
	if want := `[{"userId":"w-1","providerName":"Works","providerType":"OIDC","issuer":null,"primary":false,"dateCreated":"1"}]`; err != nil || string(raw) != want {
		t.Errorf("the claim is %s, %v", raw, err)
	}
}

func TestAuthEvents(t *testing.T) {
	c := newControlPlane(t)
	remote, ctx := c.sdk(), t.Context()
	plain := c.pool(&cip.CreateUserPoolInput{})
	pool := c.pool(&cip.CreateUserPoolInput{UserPoolAddOns: &types.UserPoolAddOnsType{AdvancedSecurityMode: types.AdvancedSecurityModeTypeAudit}})
	ann := aws.String("ann")
	c.user(plain, *ann)
	c.user(pool, *ann)
	_, list := remote.AdminListUserAuthEvents(ctx, &cip.AdminListUserAuthEventsInput{UserPoolId: &plain, Username: ann})
	_, admin := remote.AdminUpdateAuthEventFeedback(ctx, &cip.AdminUpdateAuthEventFeedbackInput{UserPoolId: &plain, Username: ann, EventId: aws.String("e"), FeedbackValue: types.FeedbackValueTypeValid})
	_, own := remote.UpdateAuthEventFeedback(ctx, &cip.UpdateAuthEventFeedbackInput{UserPoolId: &plain, Username: ann, EventId: aws.String("e"), FeedbackToken: aws.String("abc"), FeedbackValue: types.FeedbackValueTypeValid})
	for name, err := range map[string]error{"list": list, "administrator's feedback": admin, "own feedback": own} {
		if off := new(types.UserPoolAddOnNotEnabledException); !errors.As(err, &off) {
			t.Errorf("%s: %v", name, err)
		}
	}
	if events := must(remote.AdminListUserAuthEvents(ctx, &cip.AdminListUserAuthEventsInput{UserPoolId: &pool, Username: ann}))(t).AuthEvents; len(events) != 0 {
		t.Errorf("events: %+v", events)
	}
	_, err := c.AdminListUserAuthEvents(c.ctx, &cip.AdminListUserAuthEventsInput{UserPoolId: &pool, Username: aws.String("eve")})
	refused(t, err, "UserNotFoundException", "")
	_, err = c.AdminUpdateAuthEventFeedback(c.ctx, &cip.AdminUpdateAuthEventFeedbackInput{UserPoolId: &pool, Username: ann, EventId: aws.String("e")})
	refused(t, err, notFound, "Auth event e does not exist.")
	for _, name := range []string{"ann", "eve"} {
		_, err = c.UpdateAuthEventFeedback(c.ctx, &cip.UpdateAuthEventFeedbackInput{UserPoolId: &pool, Username: &name, FeedbackToken: aws.String("abc")})
		refused(t, err, "NotAuthorizedException", "Invalid feedback token.")
	}
}

func TestDisablingThePasswordOfANativeUser(t *testing.T) {
	c := newControlPlane(t)
	pool := c.pool(&cip.CreateUserPoolInput{})
	c.user(pool, "ann")
	const password = "Correct-horse-1"
	must(c.AdminSetUserPassword(c.ctx, &cip.AdminSetUserPasswordInput{UserPoolId: &pool, Username: aws.String("ann"), Password: aws.String(password), Permanent: true}))(t)
	client := must(c.CreateUserPoolClient(c.ctx, &cip.CreateUserPoolClientInput{UserPoolId: &pool, ClientName: aws.String("web"),
		ExplicitAuthFlows: []types.ExplicitAuthFlowsType{types.ExplicitAuthFlowsTypeAllowAdminUserPasswordAuth, types.ExplicitAuthFlowsTypeAllowRefreshTokenAuth}}))(t).UserPoolClient.ClientId
	signIn := func() error {
		_, err := c.AdminInitiateAuth(c.ctx, &cip.AdminInitiateAuthInput{UserPoolId: &pool, ClientId: client, AuthFlow: types.AuthFlowTypeAdminUserPasswordAuth,
			AuthParameters: map[string]string{"USERNAME": "ann", "PASSWORD": password}})
		return err
	}
	if err := signIn(); err != nil {
		t.Fatal(err)
	}
	must(c.AdminDisableProviderForUser(c.ctx, &cip.AdminDisableProviderForUserInput{UserPoolId: &pool, User: externalUser("Cognito", "Cognito_Subject", "ann")}))(t)
	refused(t, signIn(), "NotAuthorizedException", "Incorrect username or password.")
}
