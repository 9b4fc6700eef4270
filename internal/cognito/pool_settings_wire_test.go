package cognito

import (
	"crypto/x509"
	"encoding/base64"
	"errors"
	"slices"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	cip "github.com/aws/aws-sdk-go-v2/service/cognitoidentityprovider"
	freeform "github.com/aws/aws-sdk-go-v2/service/cognitoidentityprovider/document"
	"github.com/aws/aws-sdk-go-v2/service/cognitoidentityprovider/types"
	"github.com/google/go-cmp/cmp"

	"github.com/poolgate/poolgate/internal/store"
)

// webClient makes an app client and returns its id.
func (c *controlPlane) webClient(pool string) *string {
	c.t.Helper()
	return must(c.CreateUserPoolClient(c.ctx, &cip.CreateUserPoolClientInput{UserPoolId: &pool, ClientName: aws.String("web")}))(c.t).UserPoolClient.ClientId
}

func TestManagedLoginBranding(t *testing.T) {
	c := newControlPlane(t)
	pool, remote, ctx := c.pool(&cip.CreateUserPoolInput{}), c.sdk(), t.Context()
	client := c.webClient(pool)
	settings := map[string]any{"categories": map[string]any{"auth": map[string]any{"depth": 7, "order": []any{"a", true}}}}
	in := &cip.CreateManagedLoginBrandingInput{UserPoolId: &pool, ClientId: client, Settings: freeform.NewLazyDocument(settings),
		Assets: []types.AssetType{{Category: types.AssetCategoryTypeFormLogo, ColorMode: types.ColorSchemeModeTypeDark, Extension: types.AssetExtensionTypePng, Bytes: []byte{1, 2}}}}
	made := must(remote.CreateManagedLoginBranding(ctx, in))(t).ManagedLoginBranding
	same := func(got *types.ManagedLoginBrandingType) {
		t.Helper()
		raw, err := got.Settings.MarshalSmithyDocument()
		if want := `{"categories":{"auth":{"depth":7,"order":["a",true]}}}`; err != nil || string(raw) != want {
			t.Errorf("the settings are %s, %v", raw, err)
		}
		if diff := cmp.Diff(in.Assets, got.Assets, ignoreSerde); diff != "" || *got.ManagedLoginBrandingId != *made.ManagedLoginBrandingId {
			t.Error(diff)
		}
	}
	same(must(remote.DescribeManagedLoginBranding(ctx, &cip.DescribeManagedLoginBrandingInput{UserPoolId: &pool, ManagedLoginBrandingId: made.ManagedLoginBrandingId}))(t).ManagedLoginBranding)
	same(must(remote.DescribeManagedLoginBrandingByClient(ctx, &cip.DescribeManagedLoginBrandingByClientInput{UserPoolId: &pool, ClientId: client}))(t).ManagedLoginBranding)
	_, err := c.CreateManagedLoginBranding(c.ctx, &cip.CreateManagedLoginBrandingInput{UserPoolId: &pool, ClientId: client})
	refused(t, err, "ManagedLoginBrandingExistsException", "")
	in.UseCognitoProvidedValues = true
	_, err = c.CreateManagedLoginBranding(c.ctx, in)
	refused(t, err, invalid, "Settings and assets cannot be set when UseCognitoProvidedValues is true.")
	updated := must(remote.UpdateManagedLoginBranding(ctx, &cip.UpdateManagedLoginBrandingInput{UserPoolId: &pool, ManagedLoginBrandingId: made.ManagedLoginBrandingId, UseCognitoProvidedValues: true}))(t).ManagedLoginBranding
	if updated.Settings != nil || len(updated.Assets) > 0 || !updated.UseCognitoProvidedValues {
		t.Errorf("back at Cognito's own: %+v", updated)
	}
	must(remote.DeleteManagedLoginBranding(ctx, &cip.DeleteManagedLoginBrandingInput{UserPoolId: &pool, ManagedLoginBrandingId: made.ManagedLoginBrandingId}))(t)
	_, err = c.DescribeManagedLoginBrandingByClient(c.ctx, &cip.DescribeManagedLoginBrandingByClientInput{UserPoolId: &pool, ClientId: client})
	refused(t, err, notFound, "Managed login branding does not exist.")
}

func TestTerms(t *testing.T) {
	c := newControlPlane(t)
	pool, remote, ctx := c.pool(&cip.CreateUserPoolInput{}), c.sdk(), t.Context()
	in := &cip.CreateTermsInput{UserPoolId: &pool, ClientId: c.webClient(pool), TermsName: aws.String("terms-of-use"), TermsSource: types.TermsSourceTypeLink,
		Enforcement: types.TermsEnforcementTypeNone, Links: map[string]string{"cognito:default": "https://example.com/terms"}}
	made := must(remote.CreateTerms(ctx, in))(t).Terms
	got := must(remote.DescribeTerms(ctx, &cip.DescribeTermsInput{UserPoolId: &pool, TermsId: made.TermsId}))(t).Terms
	if diff := cmp.Diff(made, got, ignoreSerde); diff != "" || got.Links["cognito:default"] != "https://example.com/terms" {
		t.Error(diff)
	}
	_, err := c.CreateTerms(c.ctx, in)
	refused(t, err, "TermsExistsException", "")
	_, err = c.UpdateTerms(c.ctx, &cip.UpdateTermsInput{UserPoolId: &pool, TermsId: made.TermsId, Links: map[string]string{"cognito:german": "https://example.com/agb"}})
	refused(t, err, invalid, "Links must contain a link for cognito:default.")
	renamed := must(remote.UpdateTerms(ctx, &cip.UpdateTermsInput{UserPoolId: &pool, TermsId: made.TermsId, TermsName: aws.String("privacy-policy")}))(t).Terms
	if *renamed.TermsName != "privacy-policy" || len(renamed.Links) != 1 {
		t.Errorf("renamed: %+v", renamed)
	}
	must(remote.CreateTerms(ctx, in))(t)
	if listed := must(remote.ListTerms(ctx, &cip.ListTermsInput{UserPoolId: &pool}))(t).Terms; len(listed) != 2 {
		t.Errorf("listed: %+v", listed)
	}
	must(remote.DeleteTerms(ctx, &cip.DeleteTermsInput{UserPoolId: &pool, TermsId: made.TermsId}))(t)
	_, err = c.DescribeTerms(c.ctx, &cip.DescribeTermsInput{UserPoolId: &pool, TermsId: made.TermsId})
	refused(t, err, notFound, "")
}

func TestUICustomization(t *testing.T) {
	c := newControlPlane(t)
	pool, remote, ctx := c.pool(&cip.CreateUserPoolInput{}), c.sdk(), t.Context()
	client := c.webClient(pool)
	get := func() *types.UICustomizationType {
		t.Helper()
		return must(remote.GetUICustomization(ctx, &cip.GetUICustomizationInput{UserPoolId: &pool, ClientId: client}))(t).UICustomization
	}
	if diff := cmp.Diff(&types.UICustomizationType{}, get(), ignoreSerde); diff != "" {
		t.Errorf("nothing is set:\n%s", diff)
	}
	all := &cip.SetUICustomizationInput{UserPoolId: &pool, CSS: aws.String(".label-customizable {}")}
	_, err := c.SetUICustomization(c.ctx, all)
	refused(t, err, invalid, "There has to be an existing domain associated with this user pool")
	must(c.CreateUserPoolDomain(c.ctx, &cip.CreateUserPoolDomainInput{UserPoolId: &pool, Domain: aws.String("door")}))(t)
	must(remote.SetUICustomization(ctx, all))(t)
	if got := get(); value(got.ClientId) != "ALL" || value(got.CSS) != *all.CSS || value(got.CSSVersion) == "" {
		t.Errorf("a client without its own has the pool's: %+v", got)
	}
	own := &cip.SetUICustomizationInput{UserPoolId: &pool, ClientId: client, ImageFile: []byte("\x89PNG\r\n\x1a\nrest")}
	must(remote.SetUICustomization(ctx, own))(t)
	if got := get(); *got.ClientId != *client || !strings.HasPrefix(value(got.ImageUrl), "https://d") {
		t.Errorf("its own: %+v", got)
	}
	own.ImageFile = []byte("<svg onload=alert(1)>")
	_, err = c.SetUICustomization(c.ctx, own)
	refused(t, err, invalid, "")
	own.ClientId = aws.String("none")
	own.ImageFile = nil
	_, err = c.SetUICustomization(c.ctx, own)
	refused(t, err, notFound, "")
}

func TestRiskConfiguration(t *testing.T) {
	c := newControlPlane(t)
	remote, ctx := c.sdk(), t.Context()
	plain := c.pool(&cip.CreateUserPoolInput{})
	pool := c.pool(&cip.CreateUserPoolInput{UserPoolAddOns: &types.UserPoolAddOnsType{AdvancedSecurityMode: types.AdvancedSecurityModeTypeEnforced}})
	in := &cip.SetRiskConfigurationInput{UserPoolId: &plain, RiskExceptionConfiguration: &types.RiskExceptionConfigurationType{BlockedIPRangeList: []string{"10.0.0.0/8", "2001:db8::/32"}},
		AccountTakeoverRiskConfiguration: &types.AccountTakeoverRiskConfigurationType{Actions: &types.AccountTakeoverActionsType{
			HighAction: &types.AccountTakeoverActionType{EventAction: types.AccountTakeoverEventActionTypeBlock}}}}
	_, err := remote.SetRiskConfiguration(ctx, in)
	if off := new(types.UserPoolAddOnNotEnabledException); !errors.As(err, &off) {
		t.Errorf("without threat protection: %v", err)
	}
	in.UserPoolId = &pool
	made := must(remote.SetRiskConfiguration(ctx, in))(t).RiskConfiguration
	got := must(remote.DescribeRiskConfiguration(ctx, &cip.DescribeRiskConfigurationInput{UserPoolId: &pool}))(t).RiskConfiguration
	if diff := cmp.Diff(made, got, ignoreSerde); diff != "" || len(got.RiskExceptionConfiguration.BlockedIPRangeList) != 2 {
		t.Error(diff)
	}
	in.AccountTakeoverRiskConfiguration.Actions.HighAction.Notify = true
	_, err = c.SetRiskConfiguration(c.ctx, in)
	refused(t, err, invalid, "NotifyConfiguration is required when an action notifies users.")
	in.RiskExceptionConfiguration.SkippedIPRangeList = []string{"10.0.0.1"}
	_, err = c.SetRiskConfiguration(c.ctx, in)
	refused(t, err, invalid, "Invalid IP range 10.0.0.1. IP ranges must be in CIDR notation.")
}

func TestLogDelivery(t *testing.T) {
	c := newControlPlane(t)
	remote, ctx := c.sdk(), t.Context()
	pool := c.pool(&cip.CreateUserPoolInput{UserPoolTier: types.UserPoolTierTypePlus})
	group := &types.CloudWatchLogsConfigurationType{LogGroupArn: aws.String("arn:aws:logs:eu-west-1:123456789012:log-group:/aws/vendedlogs/x")}
	notify := types.LogConfigurationType{EventSource: types.EventSourceNameUserNotification, LogLevel: types.LogLevelError, CloudWatchLogsConfiguration: group}
	events := types.LogConfigurationType{EventSource: types.EventSourceNameUserAuthEvents, LogLevel: types.LogLevelInfo, CloudWatchLogsConfiguration: group}
	get := func() []types.LogConfigurationType {
		t.Helper()
		return must(remote.GetLogDeliveryConfiguration(ctx, &cip.GetLogDeliveryConfigurationInput{UserPoolId: &pool}))(t).LogDeliveryConfiguration.LogConfigurations
	}
	if got := get(); len(got) != 0 {
		t.Errorf("nothing is set: %+v", got)
	}
	both := []types.LogConfigurationType{notify, events}
	must(remote.SetLogDeliveryConfiguration(ctx, &cip.SetLogDeliveryConfigurationInput{UserPoolId: &pool, LogConfigurations: both}))(t)
	if diff := cmp.Diff(both, get(), ignoreSerde); diff != "" {
		t.Error(diff)
	}
	bare, loud := notify, notify
	bare.CloudWatchLogsConfiguration, loud.LogLevel = nil, types.LogLevelInfo
	for name, set := range map[string][]types.LogConfigurationType{"one source twice": {notify, notify}, "no destination": {bare}, "another level": {loud}} {
		t.Run(name, func(t *testing.T) {
			_, err := c.SetLogDeliveryConfiguration(c.ctx, &cip.SetLogDeliveryConfigurationInput{UserPoolId: &pool, LogConfigurations: set})
			refused(t, err, invalid, "")
		})
	}
	lite := c.pool(&cip.CreateUserPoolInput{})
	_, err := c.SetLogDeliveryConfiguration(c.ctx, &cip.SetLogDeliveryConfigurationInput{UserPoolId: &lite, LogConfigurations: both})
	refused(t, err, "FeatureUnavailableInTierException", "")
}

func TestSettingsGoWithTheirClientAndPool(t *testing.T) {
	c := newControlPlane(t)
	pool := c.pool(&cip.CreateUserPoolInput{UserPoolAddOns: &types.UserPoolAddOnsType{AdvancedSecurityMode: types.AdvancedSecurityModeTypeAudit}})
	must(c.CreateUserPoolDomain(c.ctx, &cip.CreateUserPoolDomainInput{UserPoolId: &pool, Domain: aws.String("door")}))(t)
	fill := func() *string {
		client := c.webClient(pool)
		must(c.CreateManagedLoginBranding(c.ctx, &cip.CreateManagedLoginBrandingInput{UserPoolId: &pool, ClientId: client}))(t)
		must(c.CreateTerms(c.ctx, &cip.CreateTermsInput{UserPoolId: &pool, ClientId: client, TermsName: aws.String("terms-of-use"), Links: map[string]string{"cognito:default": "https://x"}}))(t)
		must(c.SetUICustomization(c.ctx, &cip.SetUICustomizationInput{UserPoolId: &pool, ClientId: client, CSS: aws.String("")}))(t)
		must(c.SetRiskConfiguration(c.ctx, &cip.SetRiskConfigurationInput{UserPoolId: &pool, ClientId: client}))(t)
		return client
	}
	count := func() (n int) {
		for _, of := range []func(*store.Tx, string) (int, error){brandings.Count, termsOfClients.Count, uiCustomizations.Count, riskConfigurations.Count} {
			n += countIn(t, c, of, pool)
		}
		return n
	}
	client := fill()
	if n := count(); n != 4 {
		t.Fatalf("there are %d documents", n)
	}
	must(c.DeleteUserPoolClient(c.ctx, &cip.DeleteUserPoolClientInput{UserPoolId: &pool, ClientId: client}))(t)
	if n := count(); n != 0 {
		t.Errorf("a deleted client leaves %d documents", n)
	}
	fill()
	must(c.DeleteUserPoolDomain(c.ctx, &cip.DeleteUserPoolDomainInput{UserPoolId: &pool, Domain: aws.String("door")}))(t)
	must(c.DeleteUserPool(c.ctx, &cip.DeleteUserPoolInput{UserPoolId: &pool}))(t)
	if n := count(); n != 0 {
		t.Errorf("a deleted pool leaves %d documents", n)
	}
}

func TestSigningCertificate(t *testing.T) {
	c := newControlPlane(t)
	get := func(pool string) string {
		t.Helper()
		return *must(c.sdk().GetSigningCertificate(t.Context(), &cip.GetSigningCertificateInput{UserPoolId: &pool}))(t).Certificate
	}
	pool := c.pool(&cip.CreateUserPoolInput{})
	first := get(pool)
	if get(pool) != first || get(c.pool(&cip.CreateUserPoolInput{})) == first {
		t.Error("a pool has one certificate, of its own")
	}
	der, err := base64.StdEncoding.DecodeString(first)
	if err != nil {
		t.Fatal(err)
	}
	certificate, err := x509.ParseCertificate(der)
	if err != nil {
		t.Fatal(err)
	}
	if err := certificate.CheckSignature(certificate.SignatureAlgorithm, certificate.RawTBSCertificate, certificate.Signature); err != nil || certificate.Subject.CommonName != pool {
		t.Errorf("%s: %v", certificate.Subject, err)
	}
	must(c.DeleteUserPool(c.ctx, &cip.DeleteUserPoolInput{UserPoolId: &pool}))(t)
	if n := countIn(t, c, signingCertificates.Count, pool); n != 0 {
		t.Errorf("a deleted pool leaves %d", n)
	}
}

func TestReplicasAreRefused(t *testing.T) {
	c := newControlPlane(t)
	pool, remote := c.pool(&cip.CreateUserPoolInput{}), c.sdk()
	_, create := remote.CreateUserPoolReplica(t.Context(), &cip.CreateUserPoolReplicaInput{UserPoolId: &pool, RegionName: aws.String("eu-central-1")})
	_, list := remote.ListUserPoolReplicas(t.Context(), &cip.ListUserPoolReplicasInput{UserPoolId: &pool})
	_, remove := remote.DeleteUserPoolReplica(t.Context(), &cip.DeleteUserPoolReplicaInput{UserPoolId: &pool, RegionName: aws.String("eu-central-1")})
	_, update := remote.UpdateUserPoolReplica(t.Context(), &cip.UpdateUserPoolReplicaInput{UserPoolId: &pool, RegionName: aws.String("eu-central-1"), Status: "ACTIVE"})
	for name, err := range map[string]error{"create": create, "list": list, "delete": remove, "update": update} {
		if off := new(types.OperationNotEnabledException); !errors.As(err, &off) {
			t.Errorf("%s: %v", name, err)
		}
	}
	_, err := c.CreateUserPoolReplica(c.ctx, &cip.CreateUserPoolReplicaInput{UserPoolId: aws.String("eu-west-1_none")})
	refused(t, err, notFound, "")
}

func TestCSVHeader(t *testing.T) {
	c := newControlPlane(t)
	pool := c.pool(&cip.CreateUserPoolInput{Schema: []types.SchemaAttributeType{{Name: aws.String("plan"), AttributeDataType: types.AttributeDataTypeString}}})
	got := must(c.sdk().GetCSVHeader(t.Context(), &cip.GetCSVHeaderInput{UserPoolId: &pool}))(t).CSVHeader
	want := []string{"updated_at", "custom:plan", "cognito:mfa_enabled", "cognito:username"}
	if !slices.Equal(got[len(got)-4:], want) || got[0] != "name" || slices.Contains(got, "sub") {
		t.Errorf("the columns are %v", got)
	}
}
