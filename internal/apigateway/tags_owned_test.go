package apigateway

import (
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/apigateway"
	"github.com/aws/aws-sdk-go-v2/service/apigateway/types"
	"github.com/google/go-cmp/cmp"
)

func TestWhatBelongsToAnAccountHasTags(t *testing.T) {
	g := newGate(t)
	key, plan := g.createKey("key"), g.createPlan("plan")
	link := ok(g.CreateVpcLink(g.ctx(), &apigateway.CreateVpcLinkInput{Name: aws.String("link"), TargetArns: []string{testBalancer}}))(t)
	certificate := ok(g.GenerateClientCertificate(g.ctx(), &apigateway.GenerateClientCertificateInput{}))(t)
	g.createRegionalDomain("api.example.com")
	private := g.createPrivateDomain("in.example.com")
	association := ok(g.CreateDomainNameAccessAssociation(g.ctx(), &apigateway.CreateDomainNameAccessAssociationInput{DomainNameArn: private.DomainNameArn,
		AccessAssociationSource: aws.String("vpce-1"), AccessAssociationSourceType: types.AccessAssociationSourceTypeVpce}))(t)
	const prefix = "arn:aws:apigateway:eu-west-1::/"
	for _, arn := range []string{
		prefix + "apikeys/" + *key.Id, prefix + "usageplans/" + plan, prefix + "vpclinks/" + *link.Id,
		prefix + "clientcertificates/" + *certificate.ClientCertificateId, prefix + "domainnames/api.example.com", *private.DomainNameArn,
		*association.DomainNameAccessAssociationArn,
	} {
		t.Run(arn, func(t *testing.T) {
			ok(g.TagResource(g.ctx(), &apigateway.TagResourceInput{ResourceArn: &arn, Tags: map[string]string{"a": "1", "b": "2"}}))(t)
			ok(g.UntagResource(g.ctx(), &apigateway.UntagResourceInput{ResourceArn: &arn, TagKeys: []string{"a"}}))(t)
			tags := ok(g.GetTags(g.ctx(), &apigateway.GetTagsInput{ResourceArn: &arn}))(t).Tags
			if diff := cmp.Diff(map[string]string{"b": "2"}, tags); diff != "" {
				t.Errorf("(-want +got)\n%s", diff)
			}
		})
	}
	if got := ok(g.GetUsagePlan(g.ctx(), &apigateway.GetUsagePlanInput{UsagePlanId: &plan}))(t).Tags; got["b"] != "2" {
		t.Errorf("the plan shows %v", got)
	}
	for _, test := range []struct{ name, arn, code, want string }{
		{"an unknown key", prefix + "apikeys/nosuch", "NotFoundException", "Invalid API Key identifier specified"},
		{"an unknown kind", prefix + "account/x", "BadRequestException", "Invalid ARN specified in the request"},
		{"another account's", "arn:aws:apigateway:eu-west-1:222222222222:/usageplans/" + plan, "BadRequestException", "Invalid ARN specified in the request"},
	} {
		t.Run(test.name, func(t *testing.T) {
			refused(g.GetTags(g.ctx(), &apigateway.GetTagsInput{ResourceArn: &test.arn}))(t, test.code, test.want)
		})
	}
}
