package apigateway

import (
	"context"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/apigateway"

	"github.com/poolgate/poolgate/internal/fault"
)

// tester is a gateway that remembers what it was asked to test.
type tester struct {
	snapshot *Snapshot
}

func (r *tester) TestAuthorizer(_ context.Context, snapshot *Snapshot, _ *apigateway.TestInvokeAuthorizerInput) (*apigateway.TestInvokeAuthorizerOutput, error) {
	r.snapshot = snapshot
	return &apigateway.TestInvokeAuthorizerOutput{ClientStatus: 401}, nil
}

func (r *tester) TestMethod(_ context.Context, snapshot *Snapshot, _ *apigateway.TestInvokeMethodInput) (*apigateway.TestInvokeMethodOutput, error) {
	r.snapshot = snapshot
	return &apigateway.TestInvokeMethodOutput{Status: 200}, nil
}

func TestTestInvocationsSeeTheAPIAsItIsEdited(t *testing.T) {
	gateway := &tester{}
	g := newGate(t, func(c *Config) { c.Tester = gateway })
	api, root := g.createMockAPI()
	g.deploy(api, "dev")
	authorizer := g.createPoolAuthorizer(api, "later")
	invoke := &apigateway.TestInvokeAuthorizerInput{RestApiId: api, AuthorizerId: authorizer}
	if out := ok(g.TestInvokeAuthorizer(g.ctx(), invoke))(t); out.ClientStatus != 401 || *gateway.snapshot.Authorizers[0].Value.Id != *authorizer {
		t.Errorf("tested %+v with answer %+v", gateway.snapshot, out)
	}
	gateway.snapshot = nil
	method := &apigateway.TestInvokeMethodInput{RestApiId: api, ResourceId: root, HttpMethod: aws.String("GET")}
	if out := ok(g.TestInvokeMethod(g.ctx(), method))(t); out.Status != 200 || len(gateway.snapshot.Authorizers) != 1 {
		t.Errorf("tested %+v with answer %+v", gateway.snapshot, out)
	}
}

func TestAFlushIsToldToEveryNode(t *testing.T) {
	g := newGate(t)
	api, _ := g.createMockAPI()
	g.deploy(api, "dev")
	var told []string
	t.Cleanup(g.store.Watch(AuthorizersTopic("", ""), func(topic string) { told = append(told, topic) }))
	flush := func(stage string) (*apigateway.FlushStageAuthorizersCacheOutput, error) {
		return g.FlushStageAuthorizersCache(g.ctx(), &apigateway.FlushStageAuthorizersCacheInput{RestApiId: api, StageName: &stage})
	}
	ok(flush("dev"))(t)
	refused(flush("nosuch"))(t, "NotFoundException", "Invalid stage identifier specified")
	if len(told) != 1 {
		t.Fatalf("told of %q", told)
	}
	if id, stage, isFlush := AuthorizersOf(told[0]); id != *api || stage != "dev" || !isFlush {
		t.Errorf("%q names %q and %q", told[0], id, stage)
	}
	if _, _, isFlush := AuthorizersOf(StageTopic(*api)); isFlush {
		t.Error("another topic is taken for a flush")
	}
}

func TestTestInvocationsOfNothing(t *testing.T) {
	g := newGate(t, func(c *Config) { c.Tester = &tester{} })
	api, root := g.createMockAPI()
	for _, test := range []struct{ name, api, resource, verb, want string }{
		{"an unknown method", *api, *root, "POST", "Invalid Method identifier specified"},
		{"an unknown resource", *api, "nosuch", "GET", "Invalid Resource identifier specified"},
		{"an unknown API", "nosuch", *root, "GET", "Invalid Resource identifier specified"},
	} {
		t.Run(test.name, func(t *testing.T) {
			refused(g.TestInvokeMethod(g.ctx(), &apigateway.TestInvokeMethodInput{RestApiId: &test.api, ResourceId: &test.resource, HttpMethod: &test.verb}))(t,
				"NotFoundException", test.want)
		})
	}
	refused(g.TestInvokeAuthorizer(g.ctx(), &apigateway.TestInvokeAuthorizerInput{RestApiId: api, AuthorizerId: aws.String("nosuch")}))(t,
		"NotFoundException", "Invalid Authorizer identifier specified")

	g.ServedBy(nil, nil)
	_, err := g.TestInvokeMethod(g.ctx(), &apigateway.TestInvokeMethodInput{RestApiId: api, ResourceId: root, HttpMethod: aws.String("GET")})
	if fault.From(err).Kind != fault.KindUnimplemented {
		t.Errorf("without a gateway: %v", err)
	}
}
