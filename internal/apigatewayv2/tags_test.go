package apigatewayv2

import (
	"fmt"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/apigatewayv2"
	"github.com/aws/aws-sdk-go-v2/service/apigatewayv2/types"
	"github.com/google/go-cmp/cmp"
)

func TestWhatCanBeTagged(t *testing.T) {
	g := newGate(t)
	api := g.createAPI()
	g.createStage(api, "prod", false)
	g.createStage(api, DefaultStage, false)
	link := ok(g.CreateVpcLink(g.ctx(), &apigatewayv2.CreateVpcLinkInput{Name: aws.String("link"), SubnetIds: []string{"subnet-1"}}))(t).VpcLinkId
	g.createDomain("api.example.com")
	const prefix = "arn:aws:apigateway:eu-west-1::"
	for _, arn := range []string{
		prefix + "/apis/" + *api, prefix + "/apis/" + *api + "/stages/prod", prefix + "/apis/" + *api + "/stages/$default",
		prefix + "/vpclinks/" + *link, prefix + "/domainnames/api.example.com",
	} {
		t.Run(arn, func(t *testing.T) {
			ok(g.TagResource(g.ctx(), &apigatewayv2.TagResourceInput{ResourceArn: &arn, Tags: map[string]string{"a": "1", "b": "2"}}))(t)
			ok(g.UntagResource(g.ctx(), &apigatewayv2.UntagResourceInput{ResourceArn: &arn, TagKeys: []string{"a"}}))(t)
			got := ok(g.GetTags(g.ctx(), &apigatewayv2.GetTagsInput{ResourceArn: &arn}))(t)
			if diff := cmp.Diff(map[string]string{"b": "2"}, got.Tags); diff != "" {
				t.Error(diff)
			}
			many := map[string]string{}
			for i := range 51 {
				many[fmt.Sprint(i)] = ""
			}
			refused(g.TagResource(g.ctx(), &apigatewayv2.TagResourceInput{ResourceArn: &arn, Tags: many}))(t, bad, "The number of tags exceeds the limit of 50")
		})
	}
	for _, arn := range []string{"", "arn:aws:apigateway:us-east-1::/apis/" + *api, prefix + "/apis", prefix + "/vpclinks/a/stages/b", prefix + "/restapis/a"} {
		refused(g.GetTags(g.ctx(), &apigatewayv2.GetTagsInput{ResourceArn: &arn}))(t, bad, badARN.Message)
	}
	arn := prefix + "/apis/" + *api + "/stages/none"
	refused(g.GetTags(g.ctx(), &apigatewayv2.GetTagsInput{ResourceArn: &arn}))(t, missing, noStage.Message)
}

func TestVPCLinksAreKeptAndShown(t *testing.T) {
	g := newGate(t)
	refused(g.CreateVpcLink(g.ctx(), &apigatewayv2.CreateVpcLinkInput{Name: aws.String("link")}))(t, bad, "SubnetIds for a vpc link cannot be empty")
	made := ok(g.CreateVpcLink(g.ctx(), &apigatewayv2.CreateVpcLinkInput{Name: aws.String("link"), SubnetIds: []string{"subnet-1"}}))(t)
	if made.VpcLinkStatus != types.VpcLinkStatusPending {
		t.Errorf("%s", made.VpcLinkStatus)
	}
	ok(g.UpdateVpcLink(g.ctx(), &apigatewayv2.UpdateVpcLinkInput{VpcLinkId: made.VpcLinkId, Name: aws.String("other")}))(t)
	got := ok(g.GetVpcLink(g.ctx(), &apigatewayv2.GetVpcLinkInput{VpcLinkId: made.VpcLinkId}))(t)
	got.VpcLinkId, got.CreatedDate = nil, nil
	shows(t, got, `{"name":"other","subnetIds":["subnet-1"],"securityGroupIds":[],"tags":{},"vpcLinkStatus":"AVAILABLE","vpcLinkVersion":"V2",
		"vpcLinkStatusMessage":"VPC link is ready to route traffic"}`)
	if list := ok(g.GetVpcLinks(as(t.Context(), "222222222222", testRegion), &apigatewayv2.GetVpcLinksInput{}))(t); len(list.Items) != 0 {
		t.Errorf("others see %v", list.Items)
	}
	if list := ok(g.GetVpcLinks(g.ctx(), &apigatewayv2.GetVpcLinksInput{}))(t); len(list.Items) != 1 {
		t.Errorf("%v", list.Items)
	}
	ok(g.DeleteVpcLink(g.ctx(), &apigatewayv2.DeleteVpcLinkInput{VpcLinkId: made.VpcLinkId}))(t)
	refused(g.GetVpcLink(g.ctx(), &apigatewayv2.GetVpcLinkInput{VpcLinkId: made.VpcLinkId}))(t, missing, noVPCLink.Message)
	refused(g.UpdateVpcLink(g.ctx(), &apigatewayv2.UpdateVpcLinkInput{VpcLinkId: made.VpcLinkId}))(t, missing, noVPCLink.Message)
	refused(g.DeleteVpcLink(g.ctx(), &apigatewayv2.DeleteVpcLinkInput{VpcLinkId: made.VpcLinkId}))(t, missing, noVPCLink.Message)
}

func TestWhatOnlyWebSocketAPIsHave(t *testing.T) {
	g := newGate(t)
	api := g.createAPI()
	route := g.createRoute(api, "GET /")
	integration := ok(g.GetIntegrations(g.ctx(), &apigatewayv2.GetIntegrationsInput{ApiId: api}))(t).Items[0].IntegrationId
	id := aws.String("a")
	refused(g.CreateModel(g.ctx(), &apigatewayv2.CreateModelInput{ApiId: api}))(t, bad, "Currently, Models are not permitted for APIs with a protocol type of HTTP")
	refused(g.CreateRouteResponse(g.ctx(), &apigatewayv2.CreateRouteResponseInput{ApiId: api, RouteId: route}))(t, bad, "RouteResponses are currently not supported for this API protocol type.")
	refused(g.CreateIntegrationResponse(g.ctx(), &apigatewayv2.CreateIntegrationResponseInput{ApiId: api, IntegrationId: integration}))(t, bad, "IntegrationResponses are currently not supported for this API protocol type.")
	refused(g.CreateRouteResponse(g.ctx(), &apigatewayv2.CreateRouteResponseInput{ApiId: api, RouteId: id}))(t, missing, noRoute.Message)
	refused(g.CreateIntegrationResponse(g.ctx(), &apigatewayv2.CreateIntegrationResponseInput{ApiId: api, IntegrationId: id}))(t, missing, noIntegration.Message)

	refused(g.GetModel(g.ctx(), &apigatewayv2.GetModelInput{ApiId: api, ModelId: id}))(t, missing, noModel.Message)
	refused(g.GetModelTemplate(g.ctx(), &apigatewayv2.GetModelTemplateInput{ApiId: api, ModelId: id}))(t, missing, noModel.Message)
	refused(g.UpdateModel(g.ctx(), &apigatewayv2.UpdateModelInput{ApiId: api, ModelId: id}))(t, missing, noModel.Message)
	refused(g.DeleteModel(g.ctx(), &apigatewayv2.DeleteModelInput{ApiId: api, ModelId: id}))(t, missing, noModel.Message)
	refused(g.GetRouteResponse(g.ctx(), &apigatewayv2.GetRouteResponseInput{ApiId: api, RouteId: route, RouteResponseId: id}))(t, missing, noRouteResponse.Message)
	refused(g.UpdateRouteResponse(g.ctx(), &apigatewayv2.UpdateRouteResponseInput{ApiId: api, RouteId: route, RouteResponseId: id}))(t, missing, noRouteResponse.Message)
	refused(g.DeleteRouteResponse(g.ctx(), &apigatewayv2.DeleteRouteResponseInput{ApiId: api, RouteId: route, RouteResponseId: id}))(t, missing, noRouteResponse.Message)
	refused(g.GetIntegrationResponse(g.ctx(), &apigatewayv2.GetIntegrationResponseInput{ApiId: api, IntegrationId: integration}))(t, missing, noIntegrationResponse.Message)
	refused(g.UpdateIntegrationResponse(g.ctx(), &apigatewayv2.UpdateIntegrationResponseInput{ApiId: api, IntegrationId: integration}))(t, missing, noIntegrationResponse.Message)
	refused(g.DeleteIntegrationResponse(g.ctx(), &apigatewayv2.DeleteIntegrationResponseInput{ApiId: api, IntegrationId: integration}))(t, missing, noIntegrationResponse.Message)

	shows(t, ok(g.GetModels(g.ctx(), &apigatewayv2.GetModelsInput{ApiId: api}))(t), `{"items":[]}`)
	shows(t, ok(g.GetRouteResponses(g.ctx(), &apigatewayv2.GetRouteResponsesInput{ApiId: api, RouteId: route}))(t), `{"items":[]}`)
	shows(t, ok(g.GetIntegrationResponses(g.ctx(), &apigatewayv2.GetIntegrationResponsesInput{ApiId: api, IntegrationId: integration}))(t), `{"items":[]}`)
}
