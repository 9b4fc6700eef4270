package server

import (
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/apigateway"
	"github.com/aws/aws-sdk-go-v2/service/apigateway/types"
)

// The recorded texts for what belongs to an account: API keys, usage plans, VPC links.
func TestRecordedErrorsOfKeysPlansAndLinks(t *testing.T) {
	createKey := func(in apigateway.CreateApiKeyInput) func(*caller) error {
		return func(c *caller) error { return only(c.api.CreateApiKey(c.ctx(), &in)) }
	}
	updateKey := func(o types.PatchOperation) func(*caller) error {
		return func(c *caller) error {
			out, err := c.api.CreateApiKey(c.ctx(), &apigateway.CreateApiKeyInput{})
			return only(c.api.UpdateApiKey(c.ctx(), &apigateway.UpdateApiKeyInput{ApiKey: done(c, out, err).Id, PatchOperations: patches(o)}))
		}
	}
	// updatePlan patches a plan of the stage dev.
	updatePlan := func(o func(api string) types.PatchOperation) func(*caller) error {
		return func(c *caller) error {
			api, _ := c.newStage()
			out, err := c.api.CreateUsagePlan(c.ctx(), &apigateway.CreateUsagePlanInput{Name: aws.String("plan"), ApiStages: []types.ApiStage{{ApiId: api, Stage: aws.String("dev")}}})
			plan := done(c, out, err).Id
			c.named["plan"] = *plan
			return only(c.api.UpdateUsagePlan(c.ctx(), &apigateway.UpdateUsagePlanInput{UsagePlanId: plan, PatchOperations: patches(o(*api))}))
		}
	}
	link := func(in apigateway.CreateVpcLinkInput) func(*caller) error {
		return func(c *caller) error { return only(c.api.CreateVpcLink(c.ctx(), &in)) }
	}
	const balancer = "arn:aws:elasticloadbalancing:eu-west-1:111111111111:loadbalancer/net/my-nlb/1"
	makeMistakes(t, []mistake{
		{"a value too long", 400, "BadRequestException", "API Key value exceeds maximum size of 128 characters", createKey(apigateway.CreateApiKeyInput{Value: aws.String(strings.Repeat("v", 129))})},
		{"a value too short", 400, "BadRequestException", "API Key value should be at least 20 characters", createKey(apigateway.CreateApiKeyInput{Value: aws.String("short")})},
		{"a name too long", 400, "BadRequestException", "Invalid API Key name, can be at most 1024 characters.", createKey(apigateway.CreateApiKeyInput{Name: aws.String(strings.Repeat("n", 1025))})},
		{"a description too long", 400, "BadRequestException", "Invalid API Key description specified.", createKey(apigateway.CreateApiKeyInput{Description: aws.String(strings.Repeat("d", 125001))})},
		{"a description too long later", 400, "BadRequestException", "Invalid API Key description specified.", updateKey(patchOf(types.OpReplace, "/description", strings.Repeat("d", 125001)))},
		{"an immutable field", 400, "BadRequestException", "Invalid patch path  '/id' specified for op 'replace'. Must be one of: [/description, /enabled, /name, /customerId]",
			updateKey(patchOf(types.OpReplace, "/id", "x"))},
		{"a stage without a value", 400, "BadRequestException", "Invalid API Stage specified", updatePlan(func(string) types.PatchOperation { return patchOf(types.OpRemove, "/apiStages") })},
		{"a stage that is no pair", 400, "BadRequestException", "Invalid API Stage specified",
			updatePlan(func(string) types.PatchOperation { return patchOf(types.OpRemove, "/apiStages", "fakevalue") })},
		{"a stage that is not in the plan", 404, "NotFoundException", "Invalid API Stage {api: {api}, stage: fakestagename} specified for usageplan {plan}",
			updatePlan(func(api string) types.PatchOperation {
				return patchOf(types.OpRemove, "/apiStages", api+":fakestagename")
			})},
		{"an API that is not in the plan", 404, "NotFoundException", "Invalid API Stage {api: {api}b, stage: dev} specified for usageplan {plan}",
			updatePlan(func(api string) types.PatchOperation { return patchOf(types.OpRemove, "/apiStages", api+"b:dev") })},
		{"an unknown plan", 404, "NotFoundException", "Invalid Usage Plan ID specified", func(c *caller) error {
			return only(c.api.UpdateUsagePlan(c.ctx(), &apigateway.UpdateUsagePlanInput{UsagePlanId: aws.String("nosuch"), PatchOperations: patches(patchOf(types.OpReplace, "/name", "x"))}))
		}},
		{"a link without a name", 400, "BadRequestException", "Name cannot be empty", link(apigateway.CreateVpcLinkInput{Name: aws.String(""), TargetArns: []string{balancer}})},
		{"a link to what is no ARN", 400, "BadRequestException", "Invalid ARN. ARN is not well formed invalid-arn",
			link(apigateway.CreateVpcLinkInput{Name: aws.String("link"), TargetArns: []string{"invalid-arn"}})},
		{"an unknown link", 404, "NotFoundException", "Invalid Vpc Link identifier specified", func(c *caller) error {
			return only(c.api.GetVpcLink(c.ctx(), &apigateway.GetVpcLinkInput{VpcLinkId: aws.String("nosuch")}))
		}},
		{"an unknown link updated", 404, "NotFoundException", "Invalid Vpc Link identifier specified", func(c *caller) error {
			return only(c.api.UpdateVpcLink(c.ctx(), &apigateway.UpdateVpcLinkInput{VpcLinkId: aws.String("nosuch"), PatchOperations: patches(patchOf(types.OpReplace, "/name", "x"))}))
		}},
		{"an unknown link deleted", 404, "NotFoundException", "Invalid Vpc Link identifier specified", func(c *caller) error {
			return only(c.api.DeleteVpcLink(c.ctx(), &apigateway.DeleteVpcLinkInput{VpcLinkId: aws.String("nosuch")}))
		}},
	})
}
