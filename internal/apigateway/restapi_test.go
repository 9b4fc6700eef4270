package apigateway

import (
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/apigateway"
	"github.com/aws/aws-sdk-go-v2/service/apigateway/types"
	"github.com/google/go-cmp/cmp"

	"github.com/poolgate/poolgate/internal/fault"
	"github.com/poolgate/poolgate/internal/store"
)

func TestCreateRestApiAnswersWithAWSsDefaults(t *testing.T) {
	g := newGate(t)
	private := types.EndpointTypePrivate
	for _, test := range []struct {
		name string
		in   apigateway.CreateRestApiInput
		want string
	}{
		{"only a name", apigateway.CreateRestApiInput{},
			`{"endpointConfiguration":{"ipAddressType":"ipv4","types":["EDGE"]}}`},
		{"an empty endpoint configuration", apigateway.CreateRestApiInput{EndpointConfiguration: &types.EndpointConfiguration{}},
			`{"endpointConfiguration":{"ipAddressType":"ipv4","types":["EDGE"]}}`},
		{"dual stack", apigateway.CreateRestApiInput{EndpointConfiguration: &types.EndpointConfiguration{IpAddressType: types.IpAddressTypeDualstack}},
			`{"endpointConfiguration":{"ipAddressType":"dualstack","types":["EDGE"]}}`},
		{"regional", apigateway.CreateRestApiInput{EndpointConfiguration: &types.EndpointConfiguration{Types: []types.EndpointType{types.EndpointTypeRegional}}},
			`{"endpointConfiguration":{"ipAddressType":"ipv4","types":["REGIONAL"]}}`},
		{"private", apigateway.CreateRestApiInput{EndpointConfiguration: &types.EndpointConfiguration{Types: []types.EndpointType{private}}},
			`{"endpointConfiguration":{"ipAddressType":"dualstack","types":["PRIVATE"]}}`},
		{"a version", apigateway.CreateRestApiInput{Version: aws.String("v1")},
			`{"endpointConfiguration":{"ipAddressType":"ipv4","types":["EDGE"]},"version":"v1"}`},
		{"no binary media types", apigateway.CreateRestApiInput{BinaryMediaTypes: []string{}},
			`{"endpointConfiguration":{"ipAddressType":"ipv4","types":["EDGE"]}}`},
		{"a binary media type", apigateway.CreateRestApiInput{BinaryMediaTypes: []string{"image/png"}},
			`{"endpointConfiguration":{"ipAddressType":"ipv4","types":["EDGE"]},"binaryMediaTypes":["image/png"]}`},
		{"tags", apigateway.CreateRestApiInput{Tags: map[string]string{"MY_TAG1": "MY_VALUE1"}},
			`{"endpointConfiguration":{"ipAddressType":"ipv4","types":["EDGE"]},"tags":{"MY_TAG1":"MY_VALUE1"}}`},
		{"an empty policy", apigateway.CreateRestApiInput{Policy: aws.String("")},
			`{"endpointConfiguration":{"ipAddressType":"ipv4","types":["EDGE"]}}`},
	} {
		t.Run(test.name, func(t *testing.T) {
			test.in.Name = aws.String("pets")
			out := ok(g.CreateRestApi(g.ctx(), &test.in))(t)
			if len(*out.Id) != 10 || strings.ToLower(*out.Id) != *out.Id || out.CreatedDate == nil {
				t.Errorf("id %q, created %v", *out.Id, out.CreatedDate)
			}
			common := `{"id":"` + *out.Id + `","rootResourceId":"` + *out.RootResourceId + `","name":"pets","apiKeySource":"HEADER","disableExecuteApiEndpoint":false,`
			out.CreatedDate = nil
			shows(t, out, common+test.want[1:])
		})
	}
}

func TestCreateRestApiRefusesAsRecorded(t *testing.T) {
	g := newGate(t)
	edge, regional, private := types.EndpointTypeEdge, types.EndpointTypeRegional, types.EndpointTypePrivate
	for _, test := range []struct {
		name string
		in   apigateway.CreateRestApiInput
		want string
	}{
		{"an empty description", apigateway.CreateRestApiInput{Description: aws.String("")}, "Description cannot be an empty string"},
		{"compression below zero", apigateway.CreateRestApiInput{MinimumCompressionSize: aws.Int32(-1)},
			"Invalid minimum compression size, must be between 0 and 10485760"},
		{"no endpoint type", apigateway.CreateRestApiInput{EndpointConfiguration: &types.EndpointConfiguration{Types: []types.EndpointType{}}},
			"REGIONAL Configuration and EDGE Configuration cannot be both DISABLED."},
		{"two endpoint types", apigateway.CreateRestApiInput{EndpointConfiguration: &types.EndpointConfiguration{Types: []types.EndpointType{edge, regional}}},
			"Cannot create an api with multiple Endpoint Types."},
		{"private with IPv4", apigateway.CreateRestApiInput{EndpointConfiguration: &types.EndpointConfiguration{
			Types: []types.EndpointType{private}, IpAddressType: types.IpAddressTypeIpv4}},
			"Only dualstack ipAddressType is supported for Private APIs."},
		{"private with IPv4 and an empty description", apigateway.CreateRestApiInput{Description: aws.String(""),
			EndpointConfiguration: &types.EndpointConfiguration{Types: []types.EndpointType{private}, IpAddressType: types.IpAddressTypeIpv4}},
			"Description cannot be an empty string"},
		{"a policy that is no JSON", apigateway.CreateRestApiInput{Policy: aws.String("{")}, invalidPolicyText},
		{"a policy without principals", apigateway.CreateRestApiInput{Policy: aws.String(`{"Statement":[{"Effect":"Allow","Action":"*","Resource":"*"}]}`)}, invalidPolicyText},
		{"a policy with half a principal", apigateway.CreateRestApiInput{Policy: aws.String(`{"Statement":[{"Effect":"Allow","Principal":{"AWS":"arn:aws:iam::123456789012:user/*"},"Action":"*","Resource":"*"}]}`)}, invalidPolicyText},
		{"a policy of unknown elements", apigateway.CreateRestApiInput{Policy: aws.String(`{"Statement":[{"Effect":"Allow","Principal":"*","Action":"*","Resource":"*","Note":"x"}]}`)}, invalidPolicyText},
		{"a policy that is too long", apigateway.CreateRestApiInput{Policy: aws.String(`{"Statement":[],"Id":"` + strings.Repeat("x", 8192) + `"}`)}, invalidPolicyText},
	} {
		t.Run(test.name, func(t *testing.T) {
			test.in.Name = aws.String("pets")
			refused(g.CreateRestApi(g.ctx(), &test.in))(t, "BadRequestException", test.want)
		})
	}
	if list := ok(g.GetRestApis(g.ctx(), &apigateway.GetRestApisInput{}))(t); len(list.Items) != 0 {
		t.Errorf("refused APIs are there: %v", list.Items)
	}
}

// invalidPolicyText is AWS's answer to every policy that cannot be read.
const invalidPolicyText = "Invalid policy document. Please check the policy syntax and ensure that Principals are valid."

func TestATagPinsTheIdOfAnAPI(t *testing.T) {
	g := newGate(t)
	create := func(id string) (*apigateway.CreateRestApiOutput, error) {
		return g.CreateRestApi(g.ctx(), &apigateway.CreateRestApiInput{Name: aws.String("pets"), Tags: map[string]string{"_custom_id_": id}})
	}
	if out := ok(create("my-api"))(t); *out.Id != "my-api" {
		t.Errorf("id %q", *out.Id)
	}
	if _, err := create("my-api"); !fault.Is(err, "ConflictException") {
		t.Errorf("a second API of the same id: %v", err)
	}
	for _, bad := range []string{"", "My_API", "a/b", "-a", "a.b", strings.Repeat("a", 64)} {
		if _, err := create(bad); !fault.Is(err, "BadRequestException") {
			t.Errorf("pinned id %q: %v", bad, err)
		}
	}
}

func TestAPolicyComesBackEscapedOnceMore(t *testing.T) {
	g := newGate(t)
	plain := `{ "Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Principal": "*", "Action": "*", "Resource": "execute-api:/*", "Sid": "a\\b"}] }`
	want := `{\"Version\":\"2012-10-17\",\"Statement\":[{\"Effect\":\"Allow\",\"Principal\":\"*\",\"Action\":\"*\",\"Resource\":\"execute-api:\/*\",\"Sid\":\"a\\\\b\"}]}`
	api := ok(g.CreateRestApi(g.ctx(), &apigateway.CreateRestApiInput{Name: aws.String("pets"), Policy: &plain}))(t)
	if *api.Policy != want {
		t.Errorf("policy:\n got %s\nwant %s", *api.Policy, want)
	}
	if got, want := PolicyText(api.Policy), `{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":"*","Action":"*","Resource":"execute-api:/*","Sid":"a\\b"}]}`; got != want {
		t.Errorf("unescaped:\n got %s\nwant %s", got, want)
	}
	out := ok(g.UpdateRestApi(g.ctx(), &apigateway.UpdateRestApiInput{RestApiId: api.Id, PatchOperations: []types.PatchOperation{operation(opReplace, "/policy", "")}}))(t)
	if out.Policy != nil {
		t.Errorf("an empty policy left %s", *out.Policy)
	}
}

func TestUpdateRestApiAnswersAsRecorded(t *testing.T) {
	for _, test := range []struct {
		name       string
		operations []types.PatchOperation
		check      func(*apigateway.UpdateRestApiOutput) any
		want       any
	}{
		{"binary media types are added in order", []types.PatchOperation{
			operation(opAdd, "/binaryMediaTypes/image~1png"), operation(opAdd, "/binaryMediaTypes/image~1jpeg")},
			func(o *apigateway.UpdateRestApiOutput) any { return o.BinaryMediaTypes }, []string{"image/png", "image/jpeg"}},
		{"a replaced binary media type moves to the end", []types.PatchOperation{
			operation(opAdd, "/binaryMediaTypes/image~1png"), operation(opAdd, "/binaryMediaTypes/image~1jpeg"),
			operation(opReplace, "/binaryMediaTypes/image~1png", "image/gif")},
			func(o *apigateway.UpdateRestApiOutput) any { return o.BinaryMediaTypes }, []string{"image/jpeg", "image/gif"}},
		{"a hyphen is a media type like any other", []types.PatchOperation{operation(opAdd, "/binaryMediaTypes/-")},
			func(o *apigateway.UpdateRestApiOutput) any { return o.BinaryMediaTypes }, []string{"-"}},
		{"the last binary media type leaves nothing", []types.PatchOperation{
			operation(opAdd, "/binaryMediaTypes/-"), operation(opRemove, "/binaryMediaTypes/-")},
			func(o *apigateway.UpdateRestApiOutput) any { return o.BinaryMediaTypes }, []string(nil)},
		{"a description goes", []types.PatchOperation{operation(opReplace, "/description", "x"), operation(opRemove, "/description")},
			func(o *apigateway.UpdateRestApiOutput) any { return o.Description }, (*string)(nil)},
		{"compression of zero is a size", []types.PatchOperation{operation(opReplace, "/minimumCompressionSize", "0")},
			func(o *apigateway.UpdateRestApiOutput) any { return o.MinimumCompressionSize }, aws.Int32(0)},
		{"compression without a value is off", []types.PatchOperation{
			operation(opReplace, "/minimumCompressionSize", "10"), operation(opReplace, "/minimumCompressionSize")},
			func(o *apigateway.UpdateRestApiOutput) any { return o.MinimumCompressionSize }, (*int32)(nil)},
		{"a private type is dual stack", []types.PatchOperation{operation(opReplace, "/endpointConfiguration/types/EDGE", "PRIVATE")},
			func(o *apigateway.UpdateRestApiOutput) any { return o.EndpointConfiguration.IpAddressType }, types.IpAddressTypeDualstack},
		{"tags are shown even if there are none", nil,
			func(o *apigateway.UpdateRestApiOutput) any { return o.Tags }, map[string]string{}},
	} {
		t.Run(test.name, func(t *testing.T) {
			g := newGate(t)
			api, _ := g.createAPI()
			out := ok(g.UpdateRestApi(g.ctx(), &apigateway.UpdateRestApiInput{RestApiId: api, PatchOperations: test.operations}))(t)
			if diff := cmp.Diff(test.want, test.check(out)); diff != "" {
				t.Errorf("(-want +got)\n%s", diff)
			}
		})
	}
}

func TestUpdateRestApiRefusesAsRecorded(t *testing.T) {
	for _, test := range []struct {
		name      string
		operation types.PatchOperation
		want      string
	}{
		{"compression below zero", operation(opReplace, "/minimumCompressionSize", "-1"), "Invalid minimum compression size, must be between 0 and 10485760"},
		{"compression of words", operation(opReplace, "/minimumCompressionSize", "test"), "Invalid minimum compression size, must be between 0 and 10485760"},
		{"compression added", operation(opAdd, "/minimumCompressionSize", "10"), "Invalid patch operation specified. Must be one of: [replace]"},
		{"all binary media types added", operation(opAdd, "/binaryMediaTypes", "image/gif"), "Invalid patch path /binaryMediaTypes"},
		{"all binary media types replaced", operation(opReplace, "/binaryMediaTypes", "image/gif"), "Invalid patch path /binaryMediaTypes"},
		{"all binary media types removed", operation(opRemove, "/binaryMediaTypes"), "Invalid patch path /binaryMediaTypes"},
		{"another IP address type", operation(opReplace, "/endpointConfiguration/ipAddressType", "wrong"), "ipAddressType must be either ipv4 or dualstack."},
		{"another endpoint type", operation(opReplace, "/endpointConfiguration/types/0", "wrong"), "Invalid EndpointTypes specified. Valid options are REGIONAL,EDGE,PRIVATE"},
		{"an IP address type removed", operation(opRemove, "/endpointConfiguration/ipAddressType", "ipv4"), "Invalid patch operation specified. Must be one of: [replace]"},
		{"an endpoint type tested", operation(types.OpTest, "/endpointConfiguration/types/0", "EDGE"), "Invalid patch operation specified. Must be 'add'|'remove'|'replace'"},
		{"an unknown path", operation(opReplace, "/id", "x"), "Invalid patch path /id"},
		{"no path", types.PatchOperation{Op: opReplace}, "Invalid patch path null"},
	} {
		t.Run(test.name, func(t *testing.T) {
			g := newGate(t)
			api, _ := g.createAPI()
			in := &apigateway.UpdateRestApiInput{RestApiId: api, PatchOperations: []types.PatchOperation{operation(opReplace, "/name", "other"), test.operation}}
			refused(g.UpdateRestApi(g.ctx(), in))(t, "BadRequestException", test.want)
			if out := ok(g.GetRestApi(g.ctx(), &apigateway.GetRestApiInput{RestApiId: api}))(t); *out.Name != "pets" {
				t.Errorf("a refused request did its first operation: name %q", *out.Name)
			}
		})
	}

	t.Run("IPv4 for a private API", func(t *testing.T) {
		g := newGate(t)
		api, _ := g.createAPI()
		refused(g.UpdateRestApi(g.ctx(), &apigateway.UpdateRestApiInput{RestApiId: api, PatchOperations: []types.PatchOperation{
			operation(opReplace, "/endpointConfiguration/types/0", "PRIVATE"), operation(opReplace, "/endpointConfiguration/ipAddressType", "ipv4"),
		}}))(t, "BadRequestException", "Only dualstack ipAddressType is supported for Private APIs.")
	})
}

func TestAnAPIIsKnownToItsAccountInItsRegionOnly(t *testing.T) {
	g := newGate(t)
	api, _ := g.createMockAPI()
	g.deploy(api, "dev")
	for _, test := range []struct{ name, account, region, id string }{
		{"another account", "222222222222", testRegion, *api},
		{"another region", testAccount, "us-east-1", *api},
		{"the id in capitals", testAccount, testRegion, strings.ToUpper(*api) + "X"},
	} {
		t.Run(test.name, func(t *testing.T) {
			ctx := as(t.Context(), test.account, test.region)
			message := "Invalid API identifier specified " + test.account + ":" + test.id
			refused(g.GetRestApi(ctx, &apigateway.GetRestApiInput{RestApiId: &test.id}))(t, "NotFoundException", message)
			refused(g.UpdateRestApi(ctx, &apigateway.UpdateRestApiInput{RestApiId: &test.id}))(t, "NotFoundException", message)
			refused(g.DeleteRestApi(ctx, &apigateway.DeleteRestApiInput{RestApiId: &test.id}))(t, "NotFoundException", message)
			refused(g.GetResources(ctx, &apigateway.GetResourcesInput{RestApiId: &test.id}))(t, "NotFoundException", message)
			refused(g.GetStages(ctx, &apigateway.GetStagesInput{RestApiId: &test.id}))(t, "NotFoundException", message)
			refused(g.CreateDeployment(ctx, &apigateway.CreateDeploymentInput{RestApiId: &test.id}))(t, "NotFoundException", message)
		})
	}
	if published, err := g.Published(t.Context(), *api); err != nil || published["dev"].Snapshot.Account != testAccount {
		t.Errorf("the gateway, who has no account, finds %v, %v", published, err)
	}
}

func TestDeletingAnAPIDeletesEverythingInside(t *testing.T) {
	g := newGate(t)
	api, root := g.createMockAPI()
	g.createPoolAuthorizer(api, "pool")
	g.createResource(api, root, "users")
	ok(g.CreateRequestValidator(g.ctx(), &apigateway.CreateRequestValidatorInput{RestApiId: api}))(t)
	ok(g.PutGatewayResponse(g.ctx(), &apigateway.PutGatewayResponseInput{RestApiId: api, ResponseType: types.GatewayResponseTypeUnauthorized}))(t)
	g.deploy(api, "dev")
	other, _ := g.createMockAPI()
	g.deploy(other, "dev")

	var bumped []string
	defer g.store.Watch("restapi/", func(topic string) { bumped = append(bumped, topic) })()
	ok(g.DeleteRestApi(g.ctx(), &apigateway.DeleteRestApiInput{RestApiId: api}))(t)
	if want := []string{StageTopic(*api)}; !cmp.Equal(want, bumped) {
		t.Errorf("bumped %v", bumped)
	}
	if _, err := g.Published(t.Context(), *api); !fault.Is(err, "NotFoundException") {
		t.Errorf("a deleted API is published: %v", err)
	}
	err := g.store.View(t.Context(), func(tx *store.Tx) error {
		for name, count := range map[string]func(*store.Tx, string) (int, error){
			"resources": resources.Count, "authorizers": authorizers.Count, "models": models.Count, "validators": validators.Count,
			"gateway responses": gatewayResponses.Count, "deployments": deployments.Count, "snapshots": snapshots.Count, "stages": stages.Count,
		} {
			if n, err := count(tx, *api); n != 0 || err != nil {
				t.Errorf("%d %s are left, %v", n, name, err)
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	if published, err := g.Published(t.Context(), *other); err != nil || len(published) != 1 {
		t.Errorf("another API suffered: %v, %v", published, err)
	}
}

func TestListsComeInPages(t *testing.T) {
	g := newGate(t)
	want := map[string]bool{}
	for range 7 {
		id, _ := g.createAPI()
		want[*id] = true
	}
	seen := map[string]bool{}
	in := &apigateway.GetRestApisInput{Limit: aws.Int32(3)}
	for pages := 1; ; pages++ {
		out := ok(g.GetRestApis(g.ctx(), in))(t)
		for _, api := range out.Items {
			seen[*api.Id] = true
		}
		if out.Position == nil {
			if pages != 3 {
				t.Errorf("%d pages", pages)
			}
			break
		}
		in.Position = out.Position
	}
	if diff := cmp.Diff(want, seen); diff != "" {
		t.Errorf("(-want +got)\n%s", diff)
	}
	bad := "%%%"
	refused(g.GetRestApis(g.ctx(), &apigateway.GetRestApisInput{Position: &bad}))(t, "BadRequestException", "Invalid position parameter specified")
}

func TestACloneHasEverythingButDeployments(t *testing.T) {
	g := newGate(t)
	api, root := g.createMockAPI()
	users := g.createResource(api, root, "users")
	g.putMethod(api, users, "GET")
	g.putMock(api, users, "GET")
	authorizer := g.createPoolAuthorizer(api, "pool")
	g.deploy(api, "dev")
	clone := ok(g.CreateRestApi(g.ctx(), &apigateway.CreateRestApiInput{Name: aws.String("clone"), CloneFrom: api}))(t)
	live, err := g.Live(t.Context(), *clone.Id)
	if err != nil {
		t.Fatal(err)
	}
	if len(live.Resources) != 2 || len(live.Models) != 2 || *live.Authorizers[0].Value.Id != *authorizer {
		t.Fatalf("cloned: %+v", live)
	}
	below := live.Resources[1].Value
	if *live.Resources[0].Value.Id != *clone.RootResourceId || *below.ParentId != *clone.RootResourceId || *below.Id == *users {
		t.Errorf("resources of the clone: %+v", live.Resources)
	}
	if namespace := below.ResourceMethods["GET"].MethodIntegration.CacheNamespace; *namespace != *below.Id {
		t.Errorf("cache namespace %s of resource %s", *namespace, *below.Id)
	}
	if published, err := g.Published(t.Context(), *clone.Id); err != nil || len(published) != 0 {
		t.Errorf("the clone serves %v, %v", published, err)
	}
	unknown := "nosuchapi1"
	refused(g.CreateRestApi(g.ctx(), &apigateway.CreateRestApiInput{Name: aws.String("clone"), CloneFrom: &unknown}))(t,
		"NotFoundException", "Invalid API identifier specified 111111111111:nosuchapi1")
}
