package cognito

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	cip "github.com/aws/aws-sdk-go-v2/service/cognitoidentityprovider"
	"github.com/aws/aws-sdk-go-v2/service/cognitoidentityprovider/types"
	"github.com/google/go-cmp/cmp"

	"github.com/poolgate/poolgate/internal/store"
)

const samlDocument = `<?xml version="1.0"?><EntityDescriptor xmlns="urn:oasis:names:tc:SAML:2.0:metadata" entityID="https://idp.example.com">
<IDPSSODescriptor protocolSupportEnumeration="urn:oasis:names:tc:SAML:2.0:protocol">
<SingleLogoutService Binding="urn:oasis:names:tc:SAML:2.0:bindings:HTTP-Redirect" Location="https://idp.example.com/slo"/>
<SingleSignOnService Binding="urn:oasis:names:tc:SAML:2.0:bindings:HTTP-POST" Location="https://idp.example.com/post"/>
<SingleSignOnService Binding="urn:oasis:names:tc:SAML:2.0:bindings:HTTP-Redirect" Location="https://idp.example.com/sso"/>
</IDPSSODescriptor></EntityDescriptor>`

func oidcDetails() map[string]string {
	return map[string]string{
		"client_id": "app", "client_secret": "very-secret", "attributes_request_method": "GET",
		"oidc_issuer": "https://idp.example.com", "authorize_scopes": "openid email",
	}
}

func oidcProvider(pool, name string) *cip.CreateIdentityProviderInput {
	return &cip.CreateIdentityProviderInput{
		UserPoolId: &pool, ProviderName: &name, ProviderType: types.IdentityProviderTypeTypeOidc, ProviderDetails: oidcDetails(),
		AttributeMapping: map[string]string{"email": "mail"}, IdpIdentifiers: []string{name + ".example.com"},
	}
}

func TestIdentityProviders(t *testing.T) {
	c := newControlPlane(t)
	pool := c.pool(&cip.CreateUserPoolInput{})
	remote := c.sdk()
	name := aws.String("Works")
	made := must(remote.CreateIdentityProvider(t.Context(), oidcProvider(pool, *name)))(t).IdentityProvider
	described := must(remote.DescribeIdentityProvider(t.Context(), &cip.DescribeIdentityProviderInput{UserPoolId: &pool, ProviderName: name}))(t).IdentityProvider
	if diff := cmp.Diff(made, described, ignoreSerde); diff != "" {
		t.Error(diff)
	}
	found := must(remote.GetIdentityProviderByIdentifier(t.Context(), &cip.GetIdentityProviderByIdentifierInput{UserPoolId: &pool, IdpIdentifier: aws.String("Works.example.com")}))(t).IdentityProvider
	if diff := cmp.Diff(described, found, ignoreSerde); diff != "" {
		t.Error(diff)
	}
	details := oidcDetails()
	details["attributes_url_add_attributes"] = "false"
	if diff := cmp.Diff(details, described.ProviderDetails); diff != "" {
		t.Error(diff)
	}
	if diff := cmp.Diff(map[string]string{"email": "mail", "username": "sub"}, described.AttributeMapping); diff != "" {
		t.Error(diff)
	}
	// A client may use it from now on, and only from now on.
	if _, err := c.CreateUserPoolClient(c.ctx, &cip.CreateUserPoolClientInput{UserPoolId: &pool, ClientName: aws.String("web"), SupportedIdentityProviders: []string{"COGNITO", "Works"}}); err != nil {
		t.Error(err)
	}
	_, err := c.CreateUserPoolClient(c.ctx, &cip.CreateUserPoolClientInput{UserPoolId: &pool, ClientName: aws.String("web"), SupportedIdentityProviders: []string{"Elsewhere"}})
	refused(t, err, invalid, "The provider Elsewhere does not exist for User Pool "+pool)

	must(remote.UpdateIdentityProvider(t.Context(), &cip.UpdateIdentityProviderInput{UserPoolId: &pool, ProviderName: name, IdpIdentifiers: []string{"new.example.com"}}))(t)
	_, err = c.GetIdentityProviderByIdentifier(c.ctx, &cip.GetIdentityProviderByIdentifierInput{UserPoolId: &pool, IdpIdentifier: aws.String("Works.example.com")})
	refused(t, err, notFound, "")
	kept := must(c.DescribeIdentityProvider(c.ctx, &cip.DescribeIdentityProviderInput{UserPoolId: &pool, ProviderName: name}))(t).IdentityProvider
	if kept.ProviderDetails["client_secret"] != "very-secret" || kept.AttributeMapping["email"] != "mail" {
		t.Errorf("an update of the identifiers changed more: %+v", kept)
	}
	must(c.CreateIdentityProvider(c.ctx, oidcProvider(pool, "Another")))(t)
	first := must(remote.ListIdentityProviders(t.Context(), &cip.ListIdentityProvidersInput{UserPoolId: &pool, MaxResults: aws.Int32(1)}))(t)
	second := must(remote.ListIdentityProviders(t.Context(), &cip.ListIdentityProvidersInput{UserPoolId: &pool, MaxResults: aws.Int32(1), NextToken: first.NextToken}))(t)
	if *first.Providers[0].ProviderName != "Another" || *second.Providers[0].ProviderName != "Works" || second.NextToken != nil {
		t.Errorf("listed %+v and %+v", first.Providers, second.Providers)
	}
	must(remote.DeleteIdentityProvider(t.Context(), &cip.DeleteIdentityProviderInput{UserPoolId: &pool, ProviderName: name}))(t)
	_, err = c.DescribeIdentityProvider(c.ctx, &cip.DescribeIdentityProviderInput{UserPoolId: &pool, ProviderName: name})
	refused(t, err, notFound, "Identity provider Works does not exist.")
	must(c.DeleteUserPool(c.ctx, &cip.DeleteUserPoolInput{UserPoolId: &pool}))(t)
	if left := countIn(t, c, identityProviders.Count, pool); left != 0 {
		t.Errorf("a deleted pool leaves %d providers", left)
	}
}

// countIn counts the documents of one of a pool's collections.
func countIn(t *testing.T, c *controlPlane, count func(*store.Tx, string) (int, error), pool string) (n int) {
	t.Helper()
	if err := c.store.View(c.ctx, func(tx *store.Tx) (err error) {
		n, err = count(tx, pool)
		return err
	}); err != nil {
		t.Fatal(err)
	}
	return n
}

func TestSecretsOfProvidersAreSealed(t *testing.T) {
	c := newControlPlane(t)
	pool := c.pool(&cip.CreateUserPoolInput{})
	must(c.CreateIdentityProvider(c.ctx, oidcProvider(pool, "Works")))(t)
	must(c.CreateIdentityProvider(c.ctx, &cip.CreateIdentityProviderInput{
		UserPoolId: &pool, ProviderName: aws.String("SignInWithApple"), ProviderType: types.IdentityProviderTypeTypeSignInWithApple,
		ProviderDetails: map[string]string{"client_id": "c", "team_id": "t", "key_id": "k", "private_key": "very-secret", "authorize_scopes": "email"},
	}))(t)
	apple := must(c.DescribeIdentityProvider(c.ctx, &cip.DescribeIdentityProviderInput{UserPoolId: &pool, ProviderName: aws.String("SignInWithApple")}))(t)
	if key, shown := apple.IdentityProvider.ProviderDetails["private_key"]; shown {
		t.Errorf("the private key is shown: %s", key)
	}
	if err := c.store.View(c.ctx, func(tx *store.Tx) error {
		found, _, err := identityProviders.List(tx, pool, store.Page{})
		for _, f := range found {
			raw, err := json.Marshal(f.Value)
			if err != nil || strings.Contains(string(raw), "very-secret") || len(f.Value.Sealed) != 1 {
				t.Errorf("%s is stored as %s, %v", f.ID, raw, err)
			}
		}
		return err
	}); err != nil {
		t.Fatal(err)
	}
}

func TestWhatProvidersNeed(t *testing.T) {
	c := newControlPlane(t)
	pool := c.pool(&cip.CreateUserPoolInput{})
	must(c.CreateIdentityProvider(c.ctx, oidcProvider(pool, "Works")))(t)
	saml := func(details map[string]string) func(*cip.CreateIdentityProviderInput) {
		return func(in *cip.CreateIdentityProviderInput) {
			in.ProviderType, in.ProviderDetails = types.IdentityProviderTypeTypeSaml, details
		}
	}
	for name, test := range map[string]struct {
		change     func(*cip.CreateIdentityProviderInput)
		code, want string
	}{
		"a name that is taken": {func(in *cip.CreateIdentityProviderInput) {
			in.ProviderName, in.IdpIdentifiers = aws.String("Works"), nil
		},
			"DuplicateProviderException", "A provider with the name Works already exists in the user pool."},
		"the pool's own name":         {func(in *cip.CreateIdentityProviderInput) { in.ProviderName = aws.String("Cognito") }, invalid, ""},
		"Google under another name":   {func(in *cip.CreateIdentityProviderInput) { in.ProviderType = types.IdentityProviderTypeTypeGoogle }, invalid, "Provider name for provider type Google must be Google."},
		"an identifier that is taken": {func(in *cip.CreateIdentityProviderInput) { in.IdpIdentifiers = []string{"Works.example.com"} }, invalid, "The identity provider identifier Works.example.com is already in use."},
		"an identifier twice":         {func(in *cip.CreateIdentityProviderInput) { in.IdpIdentifiers = []string{"x", "x"} }, invalid, "Duplicate identity provider identifier x."},
		"an unknown attribute":        {func(in *cip.CreateIdentityProviderInput) { in.AttributeMapping = map[string]string{"custom:x": "x"} }, invalid, ""},
		"no issuer":                   {func(in *cip.CreateIdentityProviderInput) { delete(in.ProviderDetails, "oidc_issuer") }, invalid, "Missing required parameter oidc_issuer in ProviderDetails for provider type OIDC."},
		"a method that is none":       {func(in *cip.CreateIdentityProviderInput) { in.ProviderDetails["attributes_request_method"] = "PUT" }, invalid, ""},
		"an issuer that is no URL":    {func(in *cip.CreateIdentityProviderInput) { in.ProviderDetails["oidc_issuer"] = "javascript:x" }, invalid, "oidc_issuer is not a valid URL in ProviderDetails."},
		"SAML without metadata":       {saml(map[string]string{"IDPInit": "true"}), invalid, ""},
		"SAML metadata twice":         {saml(map[string]string{"MetadataFile": samlDocument, "MetadataURL": "https://x.example.com"}), invalid, ""},
		"SAML metadata that is none":  {saml(map[string]string{"MetadataFile": "<EntityDescriptor/>"}), invalid, ""},
		"SAML metadata cut off":       {saml(map[string]string{"MetadataFile": samlDocument[:200]}), invalid, ""},
		"a pool that does not exist":  {func(in *cip.CreateIdentityProviderInput) { in.UserPoolId = aws.String("eu-west-1_none") }, notFound, ""},
	} {
		t.Run(name, func(t *testing.T) {
			in := oidcProvider(pool, "Other")
			test.change(in)
			_, err := c.CreateIdentityProvider(c.ctx, in)
			refused(t, err, test.code, test.want)
			if n := countIn(t, c, identityProviders.Count, pool); n != 1 {
				t.Errorf("there are %d providers", n)
			}
		})
	}
	in := oidcProvider(pool, "Saml")
	saml(map[string]string{"MetadataFile": samlDocument})(in)
	details := must(c.CreateIdentityProvider(c.ctx, in))(t).IdentityProvider.ProviderDetails
	if details["SSORedirectBindingURI"] != "https://idp.example.com/sso" || details["SLORedirectBindingURI"] != "https://idp.example.com/slo" {
		t.Errorf("read from the metadata: %v", details)
	}
}
