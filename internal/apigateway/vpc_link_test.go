package apigateway

import (
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/apigateway"
	"github.com/aws/aws-sdk-go-v2/service/apigateway/types"
)

const testBalancer = "arn:aws:elasticloadbalancing:eu-west-1:111111111111:loadbalancer/net/my-nlb/1"

func TestVPCLinksAreKept(t *testing.T) {
	g := newGate(t)
	link := ok(g.CreateVpcLink(g.ctx(), &apigateway.CreateVpcLinkInput{Name: aws.String("link"), TargetArns: []string{testBalancer}, Tags: map[string]string{"k": "v"}}))(t)
	common := `"id":"` + *link.Id + `","tags":{"k":"v"},"targetArns":["` + testBalancer + `"]`
	shows(t, link, `{"name":"link","status":"PENDING",`+common+`}`)
	available := `{"name":"link","status":"AVAILABLE","statusMessage":"Your vpc link is ready for use",` + common + `}`
	shows(t, ok(g.GetVpcLink(g.ctx(), &apigateway.GetVpcLinkInput{VpcLinkId: link.Id}))(t), available)
	shows(t, ok(g.GetVpcLinks(g.ctx(), &apigateway.GetVpcLinksInput{}))(t), `{"item":[`+available+`]}`)
	update := func(o types.PatchOperation) (*apigateway.UpdateVpcLinkOutput, error) {
		return g.UpdateVpcLink(g.ctx(), &apigateway.UpdateVpcLinkInput{VpcLinkId: link.Id, PatchOperations: []types.PatchOperation{o}})
	}
	if out := ok(update(operation(opReplace, "/description", "d")))(t); *out.Description != "d" {
		t.Errorf("updated: %v", out)
	}
	if out := ok(update(operation(opReplace, "/name", "n")))(t); *out.Name != "n" || *out.Description != "d" {
		t.Errorf("updated: %v", out)
	}
	refused(update(operation(opReplace, "/name", "")))(t, "BadRequestException", "Name cannot be empty")
	refused(update(operation(opReplace, "/targetArns", "x")))(t, "BadRequestException", "Invalid patch path  '/targetArns' specified for op 'replace'. Must be one of: [/name, /description]")
	ok(g.DeleteVpcLink(g.ctx(), &apigateway.DeleteVpcLinkInput{VpcLinkId: link.Id}))(t)
	const missing = "Invalid Vpc Link identifier specified"
	refused(g.GetVpcLink(g.ctx(), &apigateway.GetVpcLinkInput{VpcLinkId: link.Id}))(t, "NotFoundException", missing)
	refused(g.DeleteVpcLink(g.ctx(), &apigateway.DeleteVpcLinkInput{VpcLinkId: link.Id}))(t, "NotFoundException", missing)
	refused(update(operation(opReplace, "/name", "n")))(t, "NotFoundException", missing)
	for _, test := range []struct {
		name, want string
		in         apigateway.CreateVpcLinkInput
	}{
		{"no name", "Name cannot be empty", apigateway.CreateVpcLinkInput{Name: aws.String(""), TargetArns: []string{testBalancer}}},
		{"a target that is no ARN", "Invalid ARN. ARN is not well formed invalid-arn", apigateway.CreateVpcLinkInput{Name: aws.String("link"), TargetArns: []string{"invalid-arn"}}},
		{"two targets", "A VPC link has exactly one target ARN", apigateway.CreateVpcLinkInput{Name: aws.String("link"), TargetArns: []string{testBalancer, testBalancer}}},
	} {
		t.Run(test.name, func(t *testing.T) {
			refused(g.CreateVpcLink(g.ctx(), &test.in))(t, "BadRequestException", test.want)
		})
	}
}
