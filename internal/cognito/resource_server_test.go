package cognito

import (
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	cip "github.com/aws/aws-sdk-go-v2/service/cognitoidentityprovider"
	"github.com/aws/aws-sdk-go-v2/service/cognitoidentityprovider/types"
	"github.com/google/go-cmp/cmp"
)

func TestResourceServers(t *testing.T) {
	c := newControlPlane(t)
	pool := c.pool(&cip.CreateUserPoolInput{})
	url := aws.String("https://api.example.com")
	c.resourceServer(pool, *url, "read", "write")
	describe := func() (*types.ResourceServerType, error) {
		out, err := c.DescribeResourceServer(c.ctx, &cip.DescribeResourceServerInput{UserPoolId: &pool, Identifier: url})
		return out.ResourceServer, err
	}
	want := &types.ResourceServerType{UserPoolId: &pool, Identifier: url, Name: aws.String("api"), Scopes: []types.ResourceServerScopeType{
		{ScopeName: aws.String("read"), ScopeDescription: aws.String("may read")}, {ScopeName: aws.String("write"), ScopeDescription: aws.String("may write")},
	}}
	if diff := cmp.Diff(want, must(describe())(t), ignoreSerde); diff != "" {
		t.Error(diff)
	}
	_, err := c.CreateResourceServer(c.ctx, &cip.CreateResourceServerInput{UserPoolId: &pool, Identifier: url, Name: aws.String("again")})
	refused(t, err, invalid, "https://api.example.com already exists in user pool "+pool+".")
	twice := []types.ResourceServerScopeType{{ScopeName: aws.String("read")}, {ScopeName: aws.String("read")}}
	_, err = c.UpdateResourceServer(c.ctx, &cip.UpdateResourceServerInput{UserPoolId: &pool, Identifier: url, Name: aws.String("x"), Scopes: twice})
	refused(t, err, invalid, "")

	must(c.UpdateResourceServer(c.ctx, &cip.UpdateResourceServerInput{UserPoolId: &pool, Identifier: url, Name: aws.String("new"), Scopes: twice[:1]}))(t)
	want.Name, want.Scopes = aws.String("new"), twice[:1]
	if diff := cmp.Diff(want, must(describe())(t), ignoreSerde); diff != "" {
		t.Error(diff)
	}
	c.resourceServer(pool, "a")
	listed := must(c.ListResourceServers(c.ctx, &cip.ListResourceServersInput{UserPoolId: &pool}))(t).ResourceServers
	if len(listed) != 2 || *listed[0].Identifier != "a" || listed[0].Scopes == nil {
		t.Errorf("listed: %+v", listed)
	}
	must(c.DeleteResourceServer(c.ctx, &cip.DeleteResourceServerInput{UserPoolId: &pool, Identifier: url}))(t)
	_, err = describe()
	refused(t, err, notFound, "Resource server does not exist.")
}

func TestDomains(t *testing.T) {
	c := newControlPlane(t)
	pool, other := c.pool(&cip.CreateUserPoolInput{}), c.pool(&cip.CreateUserPoolInput{UserPoolTier: types.UserPoolTierTypeLite})
	create := func(pool, name string, change ...func(*cip.CreateUserPoolDomainInput)) (*cip.CreateUserPoolDomainOutput, error) {
		in := &cip.CreateUserPoolDomainInput{UserPoolId: &pool, Domain: &name}
		for _, f := range change {
			f(in)
		}
		return c.CreateUserPoolDomain(c.ctx, in)
	}
	custom := func(in *cip.CreateUserPoolDomainInput) {
		in.CustomDomainConfig = &types.CustomDomainConfigType{CertificateArn: aws.String("arn:aws:acm:us-east-1:123456789012:certificate/x")}
	}
	describe := func(name string) *types.DomainDescriptionType {
		return must(c.DescribeUserPoolDomain(c.ctx, &cip.DescribeUserPoolDomainInput{Domain: &name}))(t).DomainDescription
	}
	if diff := cmp.Diff(&types.DomainDescriptionType{}, describe("door"), ignoreSerde); diff != "" {
		t.Errorf("an unknown domain is described:\n%s", diff)
	}
	if out := must(create(pool, "door"))(t); out.CloudFrontDomain != nil {
		t.Error("a prefix domain's answer names a distribution")
	}
	if d := describe("door"); value(d.UserPoolId) != pool || d.Status != types.DomainStatusTypeActive || value(d.CloudFrontDistribution) == "" || value(d.ManagedLoginVersion) != 1 || value(d.AWSAccountId) != "123456789012" {
		t.Errorf("described: %+v", d)
	}
	must(create(pool, "auth.example.com", custom))(t)
	p := must(c.DescribeUserPool(c.ctx, &cip.DescribeUserPoolInput{UserPoolId: &pool}))(t).UserPool
	if value(p.Domain) != "door" || value(p.CustomDomain) != "auth.example.com" {
		t.Errorf("the pool's domains are %q and %q", value(p.Domain), value(p.CustomDomain))
	}
	must(c.UpdateUserPool(c.ctx, &cip.UpdateUserPoolInput{UserPoolId: &pool}))(t)
	if p := must(c.DescribeUserPool(c.ctx, &cip.DescribeUserPoolInput{UserPoolId: &pool}))(t).UserPool; value(p.Domain) != "door" {
		t.Error("an update of the pool lost its domain")
	}
	for name, test := range map[string]struct {
		try  func() error
		code string
		want string
	}{
		"a second prefix domain":                 {func() error { _, err := create(pool, "window"); return err }, invalid, "User pool already has a domain configured"},
		"another pool's domain":                  {func() error { _, err := create(other, "door"); return err }, invalid, "Domain already associated with another user pool."},
		"capital letters":                        {func() error { _, err := create(other, "Door"); return err }, invalid, "The domain name contains an invalid character. Domain names can only contain lower-case letters, numbers, and hyphens."},
		"a hyphen at the end":                    {func() error { _, err := create(other, "door-"); return err }, invalid, ""},
		"a reserved word":                        {func() error { _, err := create(other, "my-cognito"); return err }, invalid, "Domain cannot contain reserved word: cognito"},
		"a custom domain without a domain":       {func() error { _, err := create(other, "auth", custom); return err }, invalid, "Custom domain is not a valid subdomain"},
		"a certificate's domain that is no host": {func() error { _, err := create(other, "-.example.com", custom); return err }, invalid, "Custom domain is not a valid subdomain"},
		"new login pages in the old tier": {func() error {
			_, err := create(other, "gate", func(in *cip.CreateUserPoolDomainInput) { in.ManagedLoginVersion = aws.Int32(2) })
			return err
		}, "FeatureUnavailableInTierException", "The following feature is not available for the LITE pricing tier configured: Managed Login Version 2"},
		"deleting another pool's domain": {func() error {
			_, err := c.DeleteUserPoolDomain(c.ctx, &cip.DeleteUserPoolDomainInput{UserPoolId: &other, Domain: aws.String("door")})
			return err
		}, invalid, "No such domain or user pool exists."},
	} {
		t.Run(name, func(t *testing.T) { refused(t, test.try(), test.code, test.want) })
	}
	must(c.UpdateUserPoolDomain(c.ctx, &cip.UpdateUserPoolDomainInput{UserPoolId: &pool, Domain: aws.String("door"), ManagedLoginVersion: aws.Int32(2)}))(t)
	if d := describe("door"); value(d.ManagedLoginVersion) != 2 {
		t.Errorf("the version is %d", value(d.ManagedLoginVersion))
	}
	must(c.DeleteUserPoolDomain(c.ctx, &cip.DeleteUserPoolDomainInput{UserPoolId: &pool, Domain: aws.String("door")}))(t)
	must(create(other, "door"))(t)
}
