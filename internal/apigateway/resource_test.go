package apigateway

import (
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/apigateway"
	"github.com/aws/aws-sdk-go-v2/service/apigateway/types"
	"github.com/google/go-cmp/cmp"
)

func (g *gate) paths(api *string) []string {
	g.Helper()
	out := ok(g.GetResources(g.ctx(), &apigateway.GetResourcesInput{RestApiId: api}))(g.T)
	paths := make([]string, len(out.Items))
	for i, r := range out.Items {
		paths[i] = *r.Path
	}
	return paths
}

func TestResourcesAreListedByPath(t *testing.T) {
	g := newGate(t)
	api, root := g.createAPI()
	g.createResource(api, root, "{proxy+}")
	parent := g.createResource(api, root, "parent")
	g.createResource(api, parent, "{proxy+}")
	child := g.createResource(api, parent, "child")
	g.createResource(api, child, "{proxy+}")
	want := []string{"/", "/parent", "/parent/child", "/parent/child/{proxy+}", "/parent/{proxy+}", "/{proxy+}"}
	if diff := cmp.Diff(want, g.paths(api)); diff != "" {
		t.Errorf("(-want +got)\n%s", diff)
	}
	page := ok(g.GetResources(g.ctx(), &apigateway.GetResourcesInput{RestApiId: api, Limit: aws.Int32(4)}))(t)
	rest := ok(g.GetResources(g.ctx(), &apigateway.GetResourcesInput{RestApiId: api, Limit: aws.Int32(4), Position: page.Position}))(t)
	if len(page.Items) != 4 || len(rest.Items) != 2 || *rest.Items[0].Path != "/parent/{proxy+}" || rest.Position != nil {
		t.Errorf("pages: %v, %v", page.Items, rest.Items)
	}
}

func TestMethodsAreEmbeddedWhenAskedFor(t *testing.T) {
	g := newGate(t)
	api, root := g.createMockAPI()
	plain := ok(g.GetResource(g.ctx(), &apigateway.GetResourceInput{RestApiId: api, ResourceId: root}))(t)
	shows(t, plain, `{"id":"`+*root+`","path":"/","resourceMethods":{"GET":{}}}`)
	full := ok(g.GetResources(g.ctx(), &apigateway.GetResourcesInput{RestApiId: api, Embed: []string{"methods"}}))(t)
	if m := full.Items[0].ResourceMethods["GET"]; m.MethodIntegration == nil || m.MethodIntegration.Type != types.IntegrationTypeMock {
		t.Errorf("embedded method: %+v", m)
	}
}

func TestCreateResourceRefusesAsRecorded(t *testing.T) {
	g := newGate(t)
	api, root := g.createAPI()
	g.createResource(api, root, "pets")
	greedy := g.createResource(api, root, "{proxy+}")
	unknown := "nosuch"
	for _, test := range []struct {
		name, code, want string
		parent           *string
		part             string
	}{
		{"a second variable beside a greedy one", "BadRequestException",
			"A sibling ({proxy+}) of this resource already has a variable path part -- only one is allowed", root, "{child}"},
		{"a child of a greedy variable", "BadRequestException",
			"Cannot create a child of a resource with a greedy path variable: {proxy+}", greedy, "static"},
		{"a variable below a greedy variable", "BadRequestException",
			"Cannot create a child of a resource with a greedy path variable: {proxy+}", greedy, "{id}"},
		{"a name that a sibling has", "ConflictException", "Another resource with the same parent already has this name: pets", root, "pets"},
		{"an unknown parent", "NotFoundException", "Invalid Resource identifier specified", &unknown, "a"},
		{"a slash", "BadRequestException", badPartText, root, "a/b"},
		{"braces inside", "BadRequestException", badPartText, root, "a{b}"},
		{"a plus outside of braces", "BadRequestException", badPartText, root, "a+"},
		{"nothing", "BadRequestException", badPartText, root, ""},
	} {
		t.Run(test.name, func(t *testing.T) {
			refused(g.CreateResource(g.ctx(), &apigateway.CreateResourceInput{RestApiId: api, ParentId: test.parent, PathPart: &test.part}))(t, test.code, test.want)
		})
	}
	if diff := cmp.Diff([]string{"/", "/pets", "/{proxy+}"}, g.paths(api)); diff != "" {
		t.Errorf("(-want +got)\n%s", diff)
	}
}

const badPartText = "Resource's path part only allow a-zA-Z0-9._-: or a valid greedy path variable and curly braces at the beginning and the end."

func TestUpdateResourceMovesTheSubtree(t *testing.T) {
	g := newGate(t)
	api, root := g.createAPI()
	pets := g.createResource(api, root, "pets")
	sub := g.createResource(api, pets, "subpets")
	deep := g.createResource(api, sub, "pets")

	update := func(id *string, o types.PatchOperation) (*apigateway.UpdateResourceOutput, error) {
		return g.UpdateResource(g.ctx(), &apigateway.UpdateResourceInput{RestApiId: api, ResourceId: id, PatchOperations: []types.PatchOperation{o}})
	}
	renamed := ok(update(sub, operation(opReplace, "/pathPart", "dogs")))(t)
	shows(t, renamed, `{"id":"`+*sub+`","parentId":"`+*pets+`","path":"/pets/dogs","pathPart":"dogs"}`)
	if diff := cmp.Diff([]string{"/", "/pets", "/pets/dogs", "/pets/dogs/pets"}, g.paths(api)); diff != "" {
		t.Errorf("renamed (-want +got)\n%s", diff)
	}
	for _, test := range []struct {
		name, code, want string
		id               *string
		operation        types.PatchOperation
	}{
		{"an unknown resource", "NotFoundException", "Invalid Resource identifier specified", aws.String("nosuch"), operation(opReplace, "/pathPart", "dogs")},
		{"an unknown path", "BadRequestException", "Invalid patch path  '/invalid' specified for op 'replace'. Must be one of: [/parentId, /pathPart]",
			pets, operation(opReplace, "/invalid", "x")},
		{"an unknown parent", "NotFoundException", "Invalid Resource identifier specified", pets, operation(opReplace, "/parentId", "nosuch")},
		{"a parent whose child has the name", "ConflictException", "Another resource with the same parent already has this name: pets",
			deep, operation(opReplace, "/parentId", *root)},
		{"a parent below itself", "BadRequestException", "Resources cannot be cyclical.", pets, operation(opReplace, "/parentId", *deep)},
		{"itself as its parent", "BadRequestException", "Resources cannot be cyclical.", pets, operation(opReplace, "/parentId", *pets)},
		{"removing", "BadRequestException", "Invalid patch path  '/pathPart' specified for op 'remove'. Please choose supported operations",
			pets, operation(opRemove, "/pathPart", "dogs")},
		{"adding", "BadRequestException", "Invalid patch path  '/pathPart' specified for op 'add'. Please choose supported operations",
			pets, operation(opAdd, "/pathPart", "dogs")},
		{"the root's name", "BadRequestException", "Root resource cannot update its pathPart.", root, operation(opReplace, "/pathPart", "x")},
		{"the root's parent", "BadRequestException", "Root resource cannot update its parentId.", root, operation(opReplace, "/parentId", *pets)},
		{"a greedy name over children", "BadRequestException", "Cannot create a child of a resource with a greedy path variable: {all+}",
			pets, operation(opReplace, "/pathPart", "{all+}")},
	} {
		t.Run(test.name, func(t *testing.T) {
			refused(update(test.id, test.operation))(t, test.code, test.want)
		})
	}
	moved := ok(update(sub, operation(opReplace, "/parentId", *root)))(t)
	shows(t, moved, `{"id":"`+*sub+`","parentId":"`+*root+`","path":"/dogs","pathPart":"dogs"}`)
	if diff := cmp.Diff([]string{"/", "/dogs", "/dogs/pets", "/pets"}, g.paths(api)); diff != "" {
		t.Errorf("moved (-want +got)\n%s", diff)
	}
	refused(update(sub, operation(opReplace, "/pathPart", "pets")))(t, "ConflictException", "Another resource with the same parent already has this name: pets")
}

func TestDeleteResourceDeletesTheSubtree(t *testing.T) {
	g := newGate(t)
	api, root := g.createAPI()
	pets := g.createResource(api, root, "pets")
	sub := g.createResource(api, pets, "subpets")
	g.createResource(api, sub, "deep")
	g.createResource(api, root, "other")
	ok(g.DeleteResource(g.ctx(), &apigateway.DeleteResourceInput{RestApiId: api, ResourceId: pets}))(t)
	if diff := cmp.Diff([]string{"/", "/other"}, g.paths(api)); diff != "" {
		t.Errorf("(-want +got)\n%s", diff)
	}
	for _, gone := range []*string{pets, sub} {
		refused(g.DeleteResource(g.ctx(), &apigateway.DeleteResourceInput{RestApiId: api, ResourceId: gone}))(t, "NotFoundException", "Invalid Resource identifier specified")
	}
	refused(g.DeleteResource(g.ctx(), &apigateway.DeleteResourceInput{RestApiId: api, ResourceId: root}))(t, "BadRequestException", "Root resource cannot be deleted.")
}
