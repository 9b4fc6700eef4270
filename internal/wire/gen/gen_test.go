package main

import (
	"encoding/json"
	"go/ast"
	"go/parser"
	"go/token"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/poolgate/poolgate/internal/wire/model"
)

// tiny is a model with one of everything that a table holds.
const tiny = `{
  "metadata": {"apiVersion":"2026-01-01","endpointPrefix":"tiny","protocol":"rest-json","uid":"tiny-2026-01-01"},
  "operations": {
    "PutThing": {"name":"PutThing","http":{"method":"PUT","requestUri":"/things/{thing_id}?mode=put","responseCode":201},
      "input":{"shape":"PutThingRequest"},"output":{"shape":"Thing"},"authtype":"none"}
  },
  "shapes": {
    "PutThingRequest": {"type":"structure","required":["id"],"payload":"body","members":{
      "id":{"shape":"Id","location":"uri","locationName":"thing_id"},
      "body":{"shape":"Blob"},
      "token":{"shape":"String","idempotencyToken":true,"location":"header","locationName":"X-Token"}}},
    "Thing": {"type":"structure","members":{
      "id":{"shape":"Id"}, "things":{"shape":"Things","locationName":"item"}, "free":{"shape":"Free"},
      "tags":{"shape":"Tags"}, "at":{"shape":"Time"}, "kind":{"shape":"Kind"}, "other":{"shape":"OtherString"}}},
    "Gone": {"type":"structure","exception":true,"error":{"code":"GoneAway","httpStatusCode":410},"members":{}},
    "Broken": {"type":"structure","exception":true,"fault":true,"members":{}},
    "Things": {"type":"list","member":{"shape":"Thing"}},
    "Tags": {"type":"map","key":{"shape":"String"},"value":{"shape":"String"},"max":50},
    "Free": {"type":"structure","document":true,"members":{}},
    "Id": {"type":"string","pattern":"[a-z]+","min":1,"max":9,"sensitive":true},
    "Kind": {"type":"string","enum":["b","a"]},
    "Time": {"type":"timestamp","timestampFormat":"iso8601"},
    "Blob": {"type":"blob"}, "String": {"type":"string"}, "OtherString": {"type":"string"}
  }
}`

func tinyTable(t *testing.T) *model.Service {
	t.Helper()
	source := new(serviceModel)
	if err := json.Unmarshal([]byte(tiny), source); err != nil {
		t.Fatal(err)
	}
	table, err := build(service{name: "tiny", goName: "Tiny", sdkPackage: "tinysdk", validationCode: "ValidationException"}, source)
	if err != nil {
		t.Fatal(err)
	}
	return table
}

func TestATableHoldsWhatTheModelSays(t *testing.T) {
	table := tinyTable(t)
	operation := table.Operation("PutThing")
	want := model.Operation{Name: "PutThing", Method: "PUT", URI: "/things/{thing_id}?mode=put", Status: 201,
		Input: table.Structure("PutThingRequest"), Output: table.Structure("Thing"), Unsigned: true}
	if diff := cmp.Diff(&want, operation); diff != "" {
		t.Error(diff)
	}
	input, thing := table.Shape(operation.Input), table.Shape(operation.Output)
	for _, c := range []struct {
		member *model.Member
		wire   string
		at     model.Location
		flags  model.Flags
		kind   model.Kind
	}{
		{input.Member("id"), "thing_id", model.URI, model.Required, model.String},
		{input.Member("body"), "body", model.Payload, 0, model.Blob},
		{input.Member("token"), "X-Token", model.Header, model.IdempotencyToken, model.String},
		{thing.Member("things"), "item", model.Body, 0, model.List},
		{thing.Member("free"), "free", model.Body, 0, model.Document},
		{thing.Member("tags"), "tags", model.Body, 0, model.Map},
		{thing.Member("at"), "at", model.Body, 0, model.Timestamp},
	} {
		if c.member.Wire != c.wire || c.member.At != c.at || c.member.Flags != c.flags || table.Shape(c.member.Shape).Kind != c.kind {
			t.Errorf("%+v", c.member)
		}
	}
	id := table.Shape(input.Member("id").Shape)
	if diff := cmp.Diff(&model.Rule{Pattern: "[a-z]+", Min: 1, Max: 9, HasMin: true, HasMax: true}, id.Rule); diff != "" || id.Flags != model.Sensitive {
		t.Error(diff, id.Flags)
	}
	if table.Shape(thing.Member("things").Shape).Elem != operation.Output {
		t.Error("the recursive list lost its way")
	}
	if table.Shape(thing.Member("at").Shape).Time != model.ISO8601 {
		t.Error("the time format is lost")
	}
	if thing.Member("other").Shape != input.Member("token").Shape {
		t.Error("two shapes that look alike are two entries")
	}
	if gone := table.Exception("GoneAway"); gone == nil || gone.Name != "Gone" || gone.Error.Status != 410 || table.Exception("Gone") != gone {
		t.Errorf("%+v", gone)
	}
	if fault := table.Fault(); fault == nil || fault.Name != "Broken" {
		t.Errorf("%+v", fault)
	}
}

func TestTheSameModelGivesTheSameText(t *testing.T) {
	var texts [2]string
	for i := range texts {
		text, err := emit(service{name: "tiny", goName: "Tiny", sdkPackage: "tinysdk", validationCode: "ValidationException"}, "tiny-2026-01-01", tinyTable(t))
		if err != nil {
			t.Fatal(err)
		}
		texts[i] = string(text)
	}
	if texts[0] != texts[1] {
		t.Error("two runs differ")
	}
	for _, want := range []string{"DO NOT EDIT", "Apache License 2.0", "tiny-2026-01-01", "Wire: \"thing_id\""} {
		if !strings.Contains(texts[0], want) {
			t.Errorf("no %q in\n%s", want, texts[0])
		}
	}
}

// TestTheTablesCostNothingAtStartUp checks that the tables are literals of constants, which the linker lays out: no call, no function.
func TestTheTablesCostNothingAtStartUp(t *testing.T) {
	for _, s := range services {
		path := filepath.Join("..", "model", fileName(s))
		file, err := parser.ParseFile(token.NewFileSet(), path, nil, parser.ParseComments)
		if err != nil {
			t.Fatal(err)
		}
		if !ast.IsGenerated(file) {
			t.Errorf("%s does not say that it is generated", path)
		}
		ast.Inspect(file, func(n ast.Node) bool {
			switch n.(type) {
			case *ast.CallExpr, *ast.FuncDecl, *ast.FuncLit:
				t.Errorf("%s has code in it", path)
				return false
			}
			return true
		})
	}
}
