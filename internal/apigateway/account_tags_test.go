package apigateway

import (
	"fmt"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/apigateway"
	"github.com/aws/aws-sdk-go-v2/service/apigateway/types"
	"github.com/google/go-cmp/cmp"
)

func TestAnAccountHasSettingsOfItsOwnInEachRegion(t *testing.T) {
	g := newGate(t)
	const fresh = `{"apiKeyVersion":"4","features":["UsagePlans"],"throttleSettings":{"burstLimit":5000,"rateLimit":10000}}`
	shows(t, ok(g.GetAccount(g.ctx(), &apigateway.GetAccountInput{}))(t), fresh)
	const role = "arn:aws:iam::111111111111:role/logs"
	update := func(o types.PatchOperation) (*apigateway.UpdateAccountOutput, error) {
		return g.UpdateAccount(g.ctx(), &apigateway.UpdateAccountInput{PatchOperations: []types.PatchOperation{o}})
	}
	shows(t, ok(update(operation(opReplace, "/cloudwatchRoleArn", role)))(t), `{"cloudwatchRoleArn":"`+role+`",`+fresh[1:])
	shows(t, ok(g.GetAccount(g.ctx(), &apigateway.GetAccountInput{}))(t), `{"cloudwatchRoleArn":"`+role+`",`+fresh[1:])
	shows(t, ok(g.GetAccount(as(t.Context(), testAccount, "us-east-1"), &apigateway.GetAccountInput{}))(t), fresh)
	shows(t, ok(g.GetAccount(as(t.Context(), "222222222222", testRegion), &apigateway.GetAccountInput{}))(t), fresh)
	refused(update(operation(opReplace, "/cloudwatchRoleArn", "logs")))(t, "BadRequestException", "Role ARN is not well formed")
	refused(update(operation(opReplace, "/throttleSettings", "1")))(t, "BadRequestException", "Invalid patch path /throttleSettings")
	refused(update(operation(opAdd, "/features", "Other")))(t, "BadRequestException", "Invalid feature specified. Valid options are UsagePlans")
}

func TestAPIsAndStagesHaveTags(t *testing.T) {
	g := newGate(t)
	api, _ := g.createMockAPI()
	g.deploy(api, "dev")
	arn := "arn:aws:apigateway:eu-west-1::/restapis/" + *api
	for _, arn := range []string{arn, arn + "/stages/dev"} {
		ok(g.TagResource(g.ctx(), &apigateway.TagResourceInput{ResourceArn: &arn, Tags: map[string]string{"a": "1", "b": "2"}}))(t)
		ok(g.TagResource(g.ctx(), &apigateway.TagResourceInput{ResourceArn: &arn, Tags: map[string]string{"b": "3", "c": "4"}}))(t)
		ok(g.UntagResource(g.ctx(), &apigateway.UntagResourceInput{ResourceArn: &arn, TagKeys: []string{"a", "unknown"}}))(t)
		tags := ok(g.GetTags(g.ctx(), &apigateway.GetTagsInput{ResourceArn: &arn}))(t).Tags
		if diff := cmp.Diff(map[string]string{"b": "3", "c": "4"}, tags); diff != "" {
			t.Errorf("%s (-want +got)\n%s", arn, diff)
		}
		many := map[string]string{}
		for i := range 49 {
			many[fmt.Sprint(i)] = "x"
		}
		refused(g.TagResource(g.ctx(), &apigateway.TagResourceInput{ResourceArn: &arn, Tags: many}))(t, "BadRequestException", "The number of tags exceeds the limit of 50")
	}
	if stage := ok(g.GetStage(g.ctx(), &apigateway.GetStageInput{RestApiId: api, StageName: aws.String("dev")}))(t); stage.Tags["c"] != "4" {
		t.Errorf("the stage shows tags %v", stage.Tags)
	}
	if got := ok(g.GetRestApi(g.ctx(), &apigateway.GetRestApiInput{RestApiId: api}))(t); got.Tags["c"] != "4" {
		t.Errorf("the API shows tags %v", got.Tags)
	}
	for _, test := range []struct{ name, arn, code, want string }{
		{"no ARN", "restapis/x", "BadRequestException", "Invalid ARN specified in the request"},
		{"another region", "arn:aws:apigateway:us-east-1::/restapis/" + *api, "BadRequestException", "Invalid ARN specified in the request"},
		{"an unknown API", "arn:aws:apigateway:eu-west-1::/restapis/nosuch", "NotFoundException", "Invalid API identifier specified 111111111111:nosuch"},
		{"an unknown stage", arn + "/stages/nosuch", "NotFoundException", "Invalid stage identifier specified"},
	} {
		t.Run(test.name, func(t *testing.T) {
			refused(g.GetTags(g.ctx(), &apigateway.GetTagsInput{ResourceArn: &test.arn}))(t, test.code, test.want)
		})
	}
}
