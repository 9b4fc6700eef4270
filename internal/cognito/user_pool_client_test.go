package cognito

import (
	"reflect"
	"regexp"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	cip "github.com/aws/aws-sdk-go-v2/service/cognitoidentityprovider"
	"github.com/aws/aws-sdk-go-v2/service/cognitoidentityprovider/types"
	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/poolgate/poolgate/internal/store"
)

// everyClientSetting is a CreateUserPoolClientInput with every member set, but ClientSecret, which GenerateSecret excludes.
func everyClientSetting(poolID string) *cip.CreateUserPoolClientInput {
	return &cip.CreateUserPoolClientInput{
		UserPoolId: &poolID, ClientName: aws.String("web"), GenerateSecret: true,
		AccessTokenValidity: aws.Int32(10), IdTokenValidity: aws.Int32(20), RefreshTokenValidity: 5,
		TokenValidityUnits:              &types.TokenValidityUnitsType{AccessToken: types.TimeUnitsTypeMinutes, IdToken: types.TimeUnitsTypeMinutes, RefreshToken: types.TimeUnitsTypeHours},
		AllowedOAuthFlows:               []types.OAuthFlowType{types.OAuthFlowTypeCode, types.OAuthFlowTypeImplicit},
		AllowedOAuthFlowsUserPoolClient: true,
		AllowedOAuthScopes:              []string{"openid", "https://api.example.com/read"},
		AnalyticsConfiguration:          &types.AnalyticsConfigurationType{ApplicationArn: aws.String("arn:aws:mobiletargeting:eu-west-1:123456789012:apps/x"), UserDataShared: true},
		AuthSessionValidity:             aws.Int32(5),
		CallbackURLs:                    []string{"https://example.com/cb", "http://localhost:3000/cb", "myapp://cb"}, LogoutURLs: []string{"https://example.com/out"},
		DefaultRedirectURI:                       aws.String("myapp://cb"),
		EnablePropagateAdditionalUserContextData: aws.Bool(true), EnableTokenRevocation: aws.Bool(false),
		ExplicitAuthFlows:          []types.ExplicitAuthFlowsType{types.ExplicitAuthFlowsTypeAllowUserSrpAuth},
		PreventUserExistenceErrors: types.PreventUserExistenceErrorTypesEnabled,
		ReadAttributes:             []string{"email", "email_verified"}, WriteAttributes: []string{"email"},
		RefreshTokenRotation:       &types.RefreshTokenRotationType{Feature: types.FeatureTypeEnabled, RetryGracePeriodSeconds: aws.Int32(10)},
		SupportedIdentityProviders: []string{"COGNITO"},
	}
}

func (c *controlPlane) resourceServer(poolID, identifier string, scopes ...string) {
	c.t.Helper()
	in := &cip.CreateResourceServerInput{UserPoolId: &poolID, Identifier: &identifier, Name: aws.String("api")}
	for _, scope := range scopes {
		in.Scopes = append(in.Scopes, types.ResourceServerScopeType{ScopeName: aws.String(scope), ScopeDescription: aws.String("may " + scope)})
	}
	must(c.CreateResourceServer(c.ctx, in))(c.t)
}

func TestEverySettingOfAClientComesBackAsItWasSet(t *testing.T) {
	c := newControlPlane(t)
	pool := c.pool(&cip.CreateUserPoolInput{})
	c.resourceServer(pool, "https://api.example.com", "read")
	in := everyClientSetting(pool)
	created := must(c.CreateUserPoolClient(c.ctx, in))(t).UserPoolClient
	describe := func() *types.UserPoolClientType {
		return must(c.DescribeUserPoolClient(c.ctx, &cip.DescribeUserPoolClientInput{UserPoolId: &pool, ClientId: created.ClientId}))(t).UserPoolClient
	}
	if diff := cmp.Diff(created, describe(), ignoreSerde); diff != "" {
		t.Errorf("Describe differs from Create:\n%s", diff)
	}
	given, back := reflect.ValueOf(*in), reflect.ValueOf(*created)
	for i := range given.NumField() {
		name := given.Type().Field(i).Name
		if !given.Type().Field(i).IsExported() || name == "GenerateSecret" || name == "ClientSecret" {
			continue
		}
		if given.Field(i).IsZero() {
			t.Errorf("the test does not set %s", name)
		}
		have := back.FieldByName(name)
		if have.Kind() == reflect.Pointer && given.Field(i).Kind() != reflect.Pointer {
			have = have.Elem()
		}
		if diff := cmp.Diff(given.Field(i).Interface(), have.Interface(), ignoreSerde); diff != "" {
			t.Errorf("%s came back otherwise:\n%s", name, diff)
		}
	}
	t.Run("an update without a setting sets its default, and keeps id, name and secret", func(t *testing.T) {
		must(c.UpdateUserPoolClient(c.ctx, &cip.UpdateUserPoolClientInput{UserPoolId: &pool, ClientId: created.ClientId}))(t)
		want := &types.UserPoolClientType{
			ClientId: created.ClientId, UserPoolId: &pool, ClientName: aws.String("web"), ClientSecret: created.ClientSecret,
			RefreshTokenValidity: 30, TokenValidityUnits: &types.TokenValidityUnitsType{}, AllowedOAuthFlowsUserPoolClient: aws.Bool(false),
			EnableTokenRevocation: aws.Bool(true), EnablePropagateAdditionalUserContextData: aws.Bool(false),
			AuthSessionValidity: aws.Int32(3), PreventUserExistenceErrors: types.PreventUserExistenceErrorTypesLegacy,
		}
		if diff := cmp.Diff(want, describe(), ignoreSerde, cmpopts.IgnoreFields(types.UserPoolClientType{}, "CreationDate", "LastModifiedDate")); diff != "" {
			t.Error(diff)
		}
	})
}

func TestAClientsIDAndSecret(t *testing.T) {
	c := newControlPlane(t)
	pool := c.pool(&cip.CreateUserPoolInput{})
	create := func(change func(*cip.CreateUserPoolClientInput)) (*types.UserPoolClientType, error) {
		in := &cip.CreateUserPoolClientInput{UserPoolId: &pool, ClientName: aws.String("web")}
		change(in)
		out, err := c.CreateUserPoolClient(c.ctx, in)
		return out.UserPoolClient, err
	}
	public := must(create(func(*cip.CreateUserPoolClientInput) {}))(t)
	if public.ClientSecret != nil || !regexp.MustCompile(`^[0-9a-z]{26}$`).MatchString(*public.ClientId) {
		t.Errorf("a public client is %s with secret %v", *public.ClientId, public.ClientSecret)
	}
	confidential := must(create(func(in *cip.CreateUserPoolClientInput) { in.GenerateSecret = true }))(t)
	if !regexp.MustCompile(`^[0-9a-z]{51,52}$`).MatchString(*confidential.ClientSecret) {
		t.Errorf("the secret is %q", *confidential.ClientSecret)
	}
	chosen := must(create(func(in *cip.CreateUserPoolClientInput) { in.ClientSecret = aws.String("abcdefghijklmnopqrstuvwxyz") }))(t)
	if *chosen.ClientSecret != "abcdefghijklmnopqrstuvwxyz" {
		t.Errorf("the chosen secret came back as %q", *chosen.ClientSecret)
	}
	for _, name := range []string{"_custom_id_:first", "_custom_id_=second"} {
		pinned := must(create(func(in *cip.CreateUserPoolClientInput) { in.ClientName = &name }))(t)
		if *pinned.ClientId != name[len("_custom_id_")+1:] {
			t.Errorf("%s made %s", name, *pinned.ClientId)
		}
	}
	_, err := create(func(in *cip.CreateUserPoolClientInput) { in.ClientName = aws.String("_custom_id_=first") })
	refused(t, err, invalid, "A user pool client with the id first already exists.")

	t.Run("at rest a secret is sealed", func(t *testing.T) {
		if err := c.store.View(c.ctx, func(tx *store.Tx) error {
			stored, err := clients.Get(tx, pool, *chosen.ClientId)
			if err == nil && (stored.Detail.Value.ClientSecret != nil || strings.Contains(stored.SealedSecret, *chosen.ClientSecret) || stored.SealedSecret == "") {
				t.Error("the document shows the secret")
			}
			return err
		}); err != nil {
			t.Fatal(err)
		}
	})
	t.Run("lists show ids and names only", func(t *testing.T) {
		listed := must(c.ListUserPoolClients(c.ctx, &cip.ListUserPoolClientsInput{UserPoolId: &pool}))(t).UserPoolClients
		if len(listed) != 5 {
			t.Errorf("%d clients are listed", len(listed))
		}
	})
	t.Run("a deleted client is gone", func(t *testing.T) {
		must(c.DeleteUserPoolClient(c.ctx, &cip.DeleteUserPoolClientInput{UserPoolId: &pool, ClientId: public.ClientId}))(t)
		_, err := c.DescribeUserPoolClient(c.ctx, &cip.DescribeUserPoolClientInput{UserPoolId: &pool, ClientId: public.ClientId})
		refused(t, err, notFound, "User pool client "+*public.ClientId+" does not exist.")
	})
}

func TestRulesOfAClient(t *testing.T) {
	code := func(in *cip.CreateUserPoolClientInput) {
		in.AllowedOAuthFlowsUserPoolClient, in.AllowedOAuthFlows = true, []types.OAuthFlowType{types.OAuthFlowTypeCode}
		in.AllowedOAuthScopes, in.CallbackURLs = []string{"openid"}, []string{"https://example.com/cb"}
	}
	minutes := &types.TokenValidityUnitsType{AccessToken: types.TimeUnitsTypeMinutes, IdToken: types.TimeUnitsTypeMinutes, RefreshToken: types.TimeUnitsTypeMinutes}
	for name, test := range map[string]struct {
		change     func(*cip.CreateUserPoolClientInput)
		code, want string // both empty when the client is right
	}{
		"the code flow with everything it needs": {code, "", ""},
		"OAuth needs flows and scopes": {func(in *cip.CreateUserPoolClientInput) {
			in.AllowedOAuthFlowsUserPoolClient = true
		}, invalid, "AllowedOAuthFlows and AllowedOAuthScopes are required if user pool client is allowed to use OAuth flows."},
		"client credentials need a secret": {func(in *cip.CreateUserPoolClientInput) {
			in.AllowedOAuthFlows = []types.OAuthFlowType{types.OAuthFlowTypeClientCredentials}
		}, "InvalidOAuthFlowException", "client_credentials flow can not be selected if client does not have a client secret."},
		"client credentials with a secret": {func(in *cip.CreateUserPoolClientInput) {
			in.GenerateSecret, in.AllowedOAuthFlowsUserPoolClient = true, true
			in.AllowedOAuthFlows, in.AllowedOAuthScopes = []types.OAuthFlowType{types.OAuthFlowTypeClientCredentials}, []string{"rs/read"}
		}, "", ""},
		"machines and people do not share a client": {func(in *cip.CreateUserPoolClientInput) {
			code(in)
			in.GenerateSecret = true
			in.AllowedOAuthFlows = append(in.AllowedOAuthFlows, types.OAuthFlowTypeClientCredentials)
		}, "InvalidOAuthFlowException", "client_credentials flow can not be selected along with code flow or implicit flow."},
		"people come back somewhere": {func(in *cip.CreateUserPoolClientInput) {
			code(in)
			in.CallbackURLs = nil
		}, invalid, "CallbackUrls can not be empty when code flow or implicit flow is selected"},
		"a scope without its resource server": {func(in *cip.CreateUserPoolClientInput) {
			in.AllowedOAuthScopes = []string{"other/read"}
		}, "ScopeDoesNotExistException", "Invalid scope requested: other/read"},
		"a scope that its resource server does not have": {func(in *cip.CreateUserPoolClientInput) {
			in.AllowedOAuthScopes = []string{"rs/write"}
		}, "ScopeDoesNotExistException", "Invalid scope requested: rs/write"},
		"a scope of no server": {func(in *cip.CreateUserPoolClientInput) {
			in.AllowedOAuthScopes = []string{"Cognito"}
		}, "ScopeDoesNotExistException", "Invalid scope requested: Cognito"},
		"a scope of a server named by a URL": {func(in *cip.CreateUserPoolClientInput) {
			in.AllowedOAuthScopes = []string{"https://api.example.com/v1/read"}
		}, "", ""},
		"every standard scope": {func(in *cip.CreateUserPoolClientInput) {
			in.AllowedOAuthScopes = []string{"phone", "email", "openid", "profile", "aws.cognito.signin.user.admin"}
		}, "", ""},
		"plain http to elsewhere": {func(in *cip.CreateUserPoolClientInput) {
			in.CallbackURLs = []string{"http://example.com/cb"}
		}, invalid, "http://example.com/cb cannot use the HTTP protocol."},
		"plain http to here": {func(in *cip.CreateUserPoolClientInput) {
			in.CallbackURLs = []string{"http://localhost/cb", "http://127.0.0.1:8000/cb", "http://[::1]:8000/cb"}
		}, "", ""},
		"plain http to a name that only begins like here": {func(in *cip.CreateUserPoolClientInput) {
			in.LogoutURLs = []string{"http://localhost.example.com/cb"}
		}, invalid, "http://localhost.example.com/cb cannot use the HTTP protocol."},
		"a fragment": {func(in *cip.CreateUserPoolClientInput) {
			in.CallbackURLs = []string{"https://example.com/cb#x"}
		}, invalid, "https://example.com/cb#x cannot use a fragment."},
		"a relative URL": {func(in *cip.CreateUserPoolClientInput) {
			in.CallbackURLs = []string{"/cb"}
		}, invalid, "/cb is not a valid URL."},
		"a default redirect that is not registered": {func(in *cip.CreateUserPoolClientInput) {
			code(in)
			in.DefaultRedirectURI = aws.String("https://example.com/other")
		}, invalid, "The default redirect URI https://example.com/other is not in the callback URIs list."},
		"old and new names of flows": {func(in *cip.CreateUserPoolClientInput) {
			in.ExplicitAuthFlows = []types.ExplicitAuthFlowsType{"ADMIN_NO_SRP_AUTH", "ALLOW_USER_SRP_AUTH"}
		}, invalid, "Auth flow name with prefix 'ALLOW' cannot be used with legacy auth flow names."},
		"rotation and the flow that it replaces": {func(in *cip.CreateUserPoolClientInput) {
			in.ExplicitAuthFlows = []types.ExplicitAuthFlowsType{"ALLOW_REFRESH_TOKEN_AUTH"}
			in.RefreshTokenRotation = &types.RefreshTokenRotationType{Feature: types.FeatureTypeEnabled}
		}, invalid, "Refresh token rotation cannot be enabled when ALLOW_REFRESH_TOKEN_AUTH is selected."},
		"an access token of four minutes": {func(in *cip.CreateUserPoolClientInput) {
			in.AccessTokenValidity, in.TokenValidityUnits = aws.Int32(4), minutes
		}, invalid, "Invalid range for token validity."},
		"an access token of five minutes": {func(in *cip.CreateUserPoolClientInput) {
			in.AccessTokenValidity, in.RefreshTokenValidity, in.TokenValidityUnits = aws.Int32(5), 60, minutes
		}, "", ""},
		"an access token of a day": {func(in *cip.CreateUserPoolClientInput) {
			in.AccessTokenValidity = aws.Int32(24)
		}, "", ""},
		"an ID token of 25 hours": {func(in *cip.CreateUserPoolClientInput) {
			in.IdTokenValidity = aws.Int32(25)
		}, invalid, "Invalid range for token validity."},
		"a refresh token of 59 minutes": {func(in *cip.CreateUserPoolClientInput) {
			in.RefreshTokenValidity, in.TokenValidityUnits = 59, minutes
		}, invalid, "Invalid range for token validity."},
		"a refresh token of 3651 days": {func(in *cip.CreateUserPoolClientInput) {
			in.RefreshTokenValidity = 3651
		}, invalid, "Invalid range for token validity."},
		"a refresh token so long that nanoseconds overflow": {func(in *cip.CreateUserPoolClientInput) {
			in.RefreshTokenValidity = 315360000
		}, invalid, "Invalid range for token validity."},
		"a refresh token that ends before the access token": {func(in *cip.CreateUserPoolClientInput) {
			in.AccessTokenValidity, in.RefreshTokenValidity = aws.Int32(3), 2
			in.TokenValidityUnits = &types.TokenValidityUnitsType{RefreshToken: types.TimeUnitsTypeHours}
		}, invalid, "Invalid range for token validity."},
		"reading what does not exist": {func(in *cip.CreateUserPoolClientInput) {
			in.ReadAttributes = []string{"custom:nothing"}
		}, invalid, "Invalid read attributes specified while creating a client"},
		"writing what only the pool writes": {func(in *cip.CreateUserPoolClientInput) {
			in.WriteAttributes = []string{"email", "email_verified"}
		}, invalid, "Invalid write attributes specified while creating a client"},
		"a provider that does not exist": {func(in *cip.CreateUserPoolClientInput) {
			in.SupportedIdentityProviders = []string{"COGNITO", "Google"}
		}, invalid, "The provider Google does not exist for User Pool eu-west-1_rules"},
		"half an analytics configuration": {func(in *cip.CreateUserPoolClientInput) {
			in.AnalyticsConfiguration = &types.AnalyticsConfigurationType{ApplicationId: aws.String("x")}
		}, invalid, "Invalid analytics configuration given, either <application arn> or <application id, role arn, external id> are valid"},
	} {
		t.Run(name, func(t *testing.T) {
			c := newControlPlane(t)
			pool := c.pool(&cip.CreateUserPoolInput{UserPoolTags: map[string]string{"_custom_id_": "rules"}})
			c.resourceServer(pool, "rs", "read")
			c.resourceServer(pool, "https://api.example.com/v1", "read")
			in := &cip.CreateUserPoolClientInput{UserPoolId: &pool, ClientName: aws.String("web")}
			test.change(in)
			_, err := c.CreateUserPoolClient(c.ctx, in)
			if test.code == "" {
				if err != nil {
					t.Error(err)
				}
				return
			}
			refused(t, err, test.code, test.want)
			if listed := must(c.ListUserPoolClients(c.ctx, &cip.ListUserPoolClientsInput{UserPoolId: &pool}))(t).UserPoolClients; len(listed) > 0 {
				t.Error("a refused client was made")
			}
		})
	}
}

func TestAClientCanHaveTwoSecrets(t *testing.T) {
	c := newControlPlane(t)
	pool := c.pool(&cip.CreateUserPoolInput{})
	made := must(c.CreateUserPoolClient(c.ctx, &cip.CreateUserPoolClientInput{UserPoolId: &pool, ClientName: aws.String("m"), GenerateSecret: true}))(t).UserPoolClient
	list := func() []types.ClientSecretDescriptorType {
		return must(c.ListUserPoolClientSecrets(c.ctx, &cip.ListUserPoolClientSecretsInput{UserPoolId: &pool, ClientId: made.ClientId}))(t).ClientSecrets
	}
	add := func() (*cip.AddUserPoolClientSecretOutput, error) {
		return c.AddUserPoolClientSecret(c.ctx, &cip.AddUserPoolClientSecretInput{UserPoolId: &pool, ClientId: made.ClientId})
	}
	second := must(add())(t).ClientSecretDescriptor
	if value(second.ClientSecretValue) == "" || *second.ClientSecretValue == *made.ClientSecret {
		t.Error("the second secret is not a new one")
	}
	_, err := add()
	refused(t, err, "LimitExceededException", "")
	listed := list()
	if len(listed) != 2 || listed[0].ClientSecretValue != nil || *listed[1].ClientSecretId != *second.ClientSecretId {
		t.Fatalf("listed: %+v", listed)
	}
	drop := func(id *string) error {
		_, err := c.DeleteUserPoolClientSecret(c.ctx, &cip.DeleteUserPoolClientSecretInput{UserPoolId: &pool, ClientId: made.ClientId, ClientSecretId: id})
		return err
	}
	if err := drop(listed[0].ClientSecretId); err != nil {
		t.Fatal(err)
	}
	now := must(c.DescribeUserPoolClient(c.ctx, &cip.DescribeUserPoolClientInput{UserPoolId: &pool, ClientId: made.ClientId}))(t).UserPoolClient
	if *now.ClientSecret != *second.ClientSecretValue {
		t.Error("the second secret did not become the first")
	}
	if left := list(); len(left) != 1 || *left[0].ClientSecretId != *second.ClientSecretId {
		t.Errorf("left: %+v", left)
	}
	refused(t, drop(second.ClientSecretId), invalid, "")
	refused(t, drop(listed[0].ClientSecretId), notFound, "")
}

func TestFlowsOfAClientUnderTheirNewNames(t *testing.T) {
	for name, test := range map[string]struct {
		set    []types.ExplicitAuthFlowsType
		rotate types.FeatureType
		want   string
	}{
		"nothing set":               {nil, "", "ALLOW_USER_SRP_AUTH ALLOW_CUSTOM_AUTH ALLOW_REFRESH_TOKEN_AUTH"},
		"nothing set, and rotation": {nil, types.FeatureTypeEnabled, "ALLOW_USER_SRP_AUTH ALLOW_CUSTOM_AUTH"},
		"new names":                 {[]types.ExplicitAuthFlowsType{"ALLOW_USER_AUTH"}, "", "ALLOW_USER_AUTH"},
		"the old admin flow":        {[]types.ExplicitAuthFlowsType{"ADMIN_NO_SRP_AUTH"}, "", "ALLOW_REFRESH_TOKEN_AUTH ALLOW_ADMIN_USER_PASSWORD_AUTH ALLOW_USER_SRP_AUTH ALLOW_CUSTOM_AUTH"},
		"custom flows only":         {[]types.ExplicitAuthFlowsType{"CUSTOM_AUTH_FLOW_ONLY"}, "", "ALLOW_REFRESH_TOKEN_AUTH ALLOW_CUSTOM_AUTH"},
	} {
		t.Run(name, func(t *testing.T) {
			c := &client{}
			c.Detail.Value.ExplicitAuthFlows = test.set
			c.Detail.Value.RefreshTokenRotation = &types.RefreshTokenRotationType{Feature: test.rotate}
			var got []string
			for _, flow := range c.authFlows() {
				got = append(got, string(flow))
			}
			if diff := cmp.Diff(test.want, strings.Join(got, " ")); diff != "" {
				t.Error(diff)
			}
		})
	}
}
