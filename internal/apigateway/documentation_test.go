package apigateway

import (
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/apigateway"
	"github.com/aws/aws-sdk-go-v2/service/apigateway/types"
	"github.com/google/go-cmp/cmp"
)

func (g *gate) createPart(api *string, location types.DocumentationPartLocation, properties string) *string {
	g.Helper()
	return ok(g.CreateDocumentationPart(g.ctx(), &apigateway.CreateDocumentationPartInput{RestApiId: api, Location: &location, Properties: &properties}))(g.T).Id
}

func TestADocumentationPartsLife(t *testing.T) {
	g := newGate(t)
	api, _ := g.createMockAPI()
	id := g.createPart(api, types.DocumentationPartLocation{Type: "API"}, `{"description":"Sample API description"}`)
	method := g.createPart(api, types.DocumentationPartLocation{Type: "METHOD", Path: aws.String("/"), Method: aws.String("GET")}, `{"summary":"root"}`)
	shows(t, ok(g.GetDocumentationPart(g.ctx(), &apigateway.GetDocumentationPartInput{RestApiId: api, DocumentationPartId: id}))(t),
		`{"id":"`+*id+`","location":{"type":"API"},"properties":"{\"description\":\"Sample API description\"}"}`)
	updated := ok(g.UpdateDocumentationPart(g.ctx(), &apigateway.UpdateDocumentationPartInput{RestApiId: api, DocumentationPartId: id,
		PatchOperations: []types.PatchOperation{operation(opReplace, "/properties", `{"description":"Updated"}`)}}))(t)
	if *updated.Properties != `{"description":"Updated"}` {
		t.Errorf("updated to %s", *updated.Properties)
	}
	parts := func(in apigateway.GetDocumentationPartsInput) int {
		t.Helper()
		in.RestApiId = api
		return len(ok(g.GetDocumentationParts(g.ctx(), &in))(t).Items)
	}
	for _, test := range []struct {
		in   apigateway.GetDocumentationPartsInput
		want int
	}{
		{apigateway.GetDocumentationPartsInput{}, 2},
		{apigateway.GetDocumentationPartsInput{Type: "METHOD"}, 1},
		{apigateway.GetDocumentationPartsInput{Path: aws.String("/none")}, 0},
		{apigateway.GetDocumentationPartsInput{NameQuery: aws.String("x")}, 0},
		{apigateway.GetDocumentationPartsInput{LocationStatus: "UNDOCUMENTED", Type: "METHOD"}, 0},
		{apigateway.GetDocumentationPartsInput{LocationStatus: "UNDOCUMENTED", Type: "MODEL"}, 2},
	} {
		if got := parts(test.in); got != test.want {
			t.Errorf("%+v lists %d, want %d", test.in, got, test.want)
		}
	}
	ok(g.DeleteDocumentationPart(g.ctx(), &apigateway.DeleteDocumentationPartInput{RestApiId: api, DocumentationPartId: method}))(t)
	if got := parts(apigateway.GetDocumentationPartsInput{}); got != 1 {
		t.Errorf("%d parts are left", got)
	}
}

// Recorded: the documentation rows of section 12.
func TestDocumentationPartsAreRefusedAsOnAWS(t *testing.T) {
	g := newGate(t)
	api, _ := g.createAPI()
	id := g.createPart(api, types.DocumentationPartLocation{Type: "API"}, `{"description":"x"}`)
	wrong := aws.String("api_id")
	const noPart = "Invalid Documentation part identifier specified"
	refused(g.GetDocumentationPart(g.ctx(), &apigateway.GetDocumentationPartInput{RestApiId: api, DocumentationPartId: wrong}))(t, "NotFoundException", noPart)
	refused(g.GetDocumentationPart(g.ctx(), &apigateway.GetDocumentationPartInput{RestApiId: wrong, DocumentationPartId: id}))(t, "NotFoundException", noPart)
	refused(g.GetDocumentationParts(g.ctx(), &apigateway.GetDocumentationPartsInput{RestApiId: wrong}))(t,
		"NotFoundException", "Invalid API identifier specified 111111111111:api_id")
	refused(g.DeleteDocumentationPart(g.ctx(), &apigateway.DeleteDocumentationPartInput{RestApiId: api, DocumentationPartId: wrong}))(t, "NotFoundException", noPart)
	update := func(o types.PatchOperation) *apigateway.UpdateDocumentationPartInput {
		return &apigateway.UpdateDocumentationPartInput{RestApiId: api, DocumentationPartId: id, PatchOperations: []types.PatchOperation{o}}
	}
	refused(g.UpdateDocumentationPart(g.ctx(), update(operation(opReplace, "/invalidPath", "x"))))(t,
		"BadRequestException", "Invalid patch path  '/invalidPath' specified for op 'replace'. Must be one of: [/properties]")
	refused(g.UpdateDocumentationPart(g.ctx(), update(operation(opAdd, "/properties", "x"))))(t,
		"BadRequestException", "Invalid patch path  '/properties' specified for op 'add'. Please choose supported operations")
	refused(g.UpdateDocumentationPart(g.ctx(), update(operation(opReplace, "/properties", "no JSON"))))(t,
		"BadRequestException", "Documentation part properties must be a JSON object")
	for _, body := range []string{"not a document", `{"openapi": `, "a: [", ""} {
		refused(g.ImportDocumentationParts(g.ctx(), &apigateway.ImportDocumentationPartsInput{RestApiId: api, Body: []byte(body)}))(t,
			"BadRequestException", "Unable to build importer with provided input.")
	}
	refused(g.CreateDocumentationPart(g.ctx(), &apigateway.CreateDocumentationPartInput{RestApiId: api,
		Location: &types.DocumentationPartLocation{Type: "API"}, Properties: aws.String("{}")}))(t,
		"ConflictException", "Documentation part already exists for the specified location: type 'API'")
	refused(g.CreateDocumentationPart(g.ctx(), &apigateway.CreateDocumentationPartInput{RestApiId: api,
		Location: &types.DocumentationPartLocation{Type: "API", Path: aws.String("/")}, Properties: aws.String("{}")}))(t,
		"BadRequestException", "Invalid location: path is not allowed for type API")
}

func TestDocumentationPartsAreImported(t *testing.T) {
	g := newGate(t)
	api, _ := g.createAPI()
	list := `{"documentationParts":[{"location":{"type":"API"},"properties":{"description":"first"}},{"location":{"type":"MODEL","name":"Empty"},"properties":{"description":"none"}}]}`
	first := ok(g.ImportDocumentationParts(g.ctx(), &apigateway.ImportDocumentationPartsInput{RestApiId: api, Body: []byte(list)}))(t)
	if len(first.Ids) != 2 || first.Warnings != nil {
		t.Fatalf("imported %v, warnings %v", first.Ids, first.Warnings)
	}
	document := []byte("openapi: 3.0.1\ninfo: {title: x, description: second}\npaths: {}\n")
	merged := ok(g.ImportDocumentationParts(g.ctx(), &apigateway.ImportDocumentationPartsInput{RestApiId: api, Body: document}))(t)
	if diff := cmp.Diff(first.Ids[:1], merged.Ids); diff != "" {
		t.Errorf("a part of the same place got another id: %s", diff)
	}
	items := func() int {
		return len(ok(g.GetDocumentationParts(g.ctx(), &apigateway.GetDocumentationPartsInput{RestApiId: api}))(t).Items)
	}
	if got := items(); got != 2 {
		t.Errorf("%d parts after a merge", got)
	}
	ok(g.ImportDocumentationParts(g.ctx(), &apigateway.ImportDocumentationPartsInput{RestApiId: api, Mode: types.PutModeOverwrite, Body: document}))(t)
	if got := items(); got != 1 {
		t.Errorf("%d parts after an overwrite", got)
	}
}

func TestDescriptionsBecomeDocumentationUnlessIgnored(t *testing.T) {
	body := []byte(`{"openapi":"3.0.1","info":{"title":"x","description":"an API"},"paths":{"/a":{"get":{"summary":"s","parameters":[{"in":"query","name":"q","description":"d"}],
		"responses":{"200":{"description":"200 response"},"404":{"description":"not there"}}}}}}`)
	g := newGate(t)
	places := func(api *string) []string {
		list := []string{}
		for _, part := range ok(g.GetDocumentationParts(g.ctx(), &apigateway.GetDocumentationPartsInput{RestApiId: api}))(t).Items {
			list = append(list, describePlace(part.Location)+" "+*part.Properties)
		}
		return list
	}
	want := map[string]bool{
		`type 'API' {"description":"an API"}`:                                                    true,
		`type 'METHOD', path '/a', method 'GET' {"summary":"s"}`:                                 true,
		`type 'QUERY_PARAMETER', path '/a', method 'GET', name 'q' {"description":"d"}`:          true,
		`type 'RESPONSE', path '/a', method 'GET', statusCode '404' {"description":"not there"}`: true,
	}
	got := map[string]bool{}
	for _, place := range places(g.importAPI(body).Id) {
		got[place] = true
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
	if left := places(g.importAPI(body, "ignore", "documentation").Id); len(left) != 0 {
		t.Errorf("ignore=documentation left %q", left)
	}
}

func TestADocumentationVersionsLife(t *testing.T) {
	g := newGate(t)
	api, _ := g.createMockAPI()
	g.deploy(api, "dev")
	v1 := aws.String("1.0")
	create := &apigateway.CreateDocumentationVersionInput{RestApiId: api, DocumentationVersion: v1, Description: aws.String("first"), StageName: aws.String("dev")}
	part := g.createPart(api, types.DocumentationPartLocation{Type: "API"}, `{"description":"x"}`)
	made := ok(g.CreateDocumentationVersion(g.ctx(), create))(t)
	if *made.Version != "1.0" || made.CreatedDate == nil {
		t.Errorf("made %v", made)
	}
	refused(g.CreateDocumentationVersion(g.ctx(), create))(t, "ConflictException", "Documentation version already exists")
	if stage := ok(g.GetStage(g.ctx(), &apigateway.GetStageInput{RestApiId: api, StageName: aws.String("dev")}))(t); aws.ToString(stage.DocumentationVersion) != "1.0" {
		t.Errorf("the stage publishes %v", stage.DocumentationVersion)
	}
	updated := ok(g.UpdateDocumentationVersion(g.ctx(), &apigateway.UpdateDocumentationVersionInput{RestApiId: api, DocumentationVersion: v1,
		PatchOperations: []types.PatchOperation{operation(opReplace, "/description", "other")}}))(t)
	if *updated.Description != "other" {
		t.Errorf("updated %v", *updated.Description)
	}
	ok(g.DeleteDocumentationPart(g.ctx(), &apigateway.DeleteDocumentationPartInput{RestApiId: api, DocumentationPartId: part}))(t)
	if list := ok(g.GetDocumentationVersions(g.ctx(), &apigateway.GetDocumentationVersionsInput{RestApiId: api}))(t).Items; len(list) != 1 {
		t.Errorf("%d versions", len(list))
	}
	del := &apigateway.DeleteDocumentationVersionInput{RestApiId: api, DocumentationVersion: v1}
	refused(g.DeleteDocumentationVersion(g.ctx(), del))(t, "BadRequestException", "Active stages pointing to this documentation version must be moved or deleted")
	ok(g.DeleteStage(g.ctx(), &apigateway.DeleteStageInput{RestApiId: api, StageName: aws.String("dev")}))(t)
	ok(g.DeleteDocumentationVersion(g.ctx(), del))(t)
	refused(g.GetDocumentationVersion(g.ctx(), &apigateway.GetDocumentationVersionInput{RestApiId: api, DocumentationVersion: v1}))(t,
		"NotFoundException", "Invalid Documentation version specified")
}
