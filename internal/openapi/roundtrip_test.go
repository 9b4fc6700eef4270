package openapi

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/apigateway/types"
	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
)

var plainly = cmp.Options{
	cmpopts.IgnoreUnexported(
		types.RestApi{}, types.Method{}, types.MethodResponse{}, types.Integration{}, types.IntegrationResponse{}, types.Authorizer{},
		types.RequestValidator{}, types.Model{}, types.GatewayResponse{}, types.DocumentationPart{}, types.DocumentationPartLocation{},
		types.EndpointConfiguration{}, types.TlsConfig{},
	),
	cmpopts.EquateEmpty(),
	cmpopts.SortSlices(func(a, b types.Model) bool { return *a.Name < *b.Name }),
	cmpopts.SortSlices(func(a, b types.GatewayResponse) bool { return a.ResponseType < b.ResponseType }),
	cmpopts.SortSlices(func(a, b types.DocumentationPart) bool {
		return compactJSON(locationObject(a.Location)) < compactJSON(locationObject(b.Location))
	}),
}

// everything are documents that between them say all that a document can say of an API.
func everything(t testing.TB) map[string][]byte {
	t.Helper()
	files, err := filepath.Glob(filepath.Join("testdata", "*.*"))
	if err != nil || len(files) == 0 {
		t.Fatalf("no documents: %v", err)
	}
	documents := make(map[string][]byte, len(files))
	for _, file := range files {
		if documents[file], err = os.ReadFile(file); err != nil {
			t.Fatal(err)
		}
	}
	return documents
}

func parse(t *testing.T, body []byte) *Definition {
	t.Helper()
	def, err := Parse(body, ReadOptions{})
	if err != nil {
		t.Fatalf("%v in\n%s", err, body)
	}
	return def
}

func TestAnExportImportsToTheSameAPI(t *testing.T) {
	for name, body := range everything(t) {
		def := parse(t, body)
		if len(def.Problems) > 0 {
			t.Fatalf("%s: %q", name, def.Problems)
		}
		for _, format := range []Format{JSON, YAML} {
			for _, swagger := range []bool{false, true} {
				t.Run(fmt.Sprintf("%s, format %d, swagger %v", filepath.Base(name), format, swagger), func(t *testing.T) {
					options := WriteOptions{Extensions: Extensions{All: true}, Format: format, Swagger: swagger, Host: "x.example", Stage: "dev", Version: "0"}
					written, err := Write(def, options)
					if err != nil {
						t.Fatal(err)
					}
					again := parse(t, written)
					if len(again.Warnings) > 0 {
						t.Errorf("an export has warnings: %q", again.Warnings)
					}
					want := *def
					want.Warnings = nil
					if diff := cmp.Diff(&want, again, plainly); diff != "" {
						t.Errorf("(-imported +exported and imported)\n%s\n%s", diff, written)
					}
					if twice, err := Write(again, options); err != nil || string(twice) != string(written) {
						t.Errorf("the second export differs (%v):\n%s", err, cmp.Diff(string(written), string(twice)))
					}
				})
			}
		}
	}
}

func TestAnExportWithoutExtensionsHasNone(t *testing.T) {
	for name, body := range everything(t) {
		for _, swagger := range []bool{false, true} {
			written, err := Write(parse(t, body), WriteOptions{Swagger: swagger, Host: "x.example", Stage: "dev"})
			if err != nil {
				t.Fatal(err)
			}
			for line := range strings.Lines(string(written)) {
				if strings.Contains(line, `"x-amazon-apigateway-`) && !strings.Contains(line, anyMethod) && !strings.Contains(line, "authtype") {
					t.Errorf("%s: %s", name, line)
				}
			}
		}
	}
}

func TestEachExtensionComesWhenItIsAskedFor(t *testing.T) {
	def := parse(t, everything(t)[filepath.Join("testdata", "everything.yaml")])
	for _, test := range []struct {
		asked Extensions
		has   string
		not   []string
	}{
		{Extensions{Integrations: true}, "x-amazon-apigateway-integration\"", []string{"apigateway-authorizer\"", "apigateway-policy", "apigateway-request-validator"}},
		{Extensions{Authorizers: true}, "x-amazon-apigateway-authorizer\"", []string{"apigateway-integration\"", "apigateway-policy"}},
		{Extensions{Validators: true}, "x-amazon-apigateway-request-validators\"", []string{"apigateway-integration\"", "apigateway-authorizer\""}},
		{Extensions{Documentation: true}, documentationExtension, []string{"apigateway-integration\"", "apigateway-authorizer\""}},
		{Extensions{All: true}, "x-amazon-apigateway-policy", nil},
	} {
		written, err := Write(def, WriteOptions{Extensions: test.asked})
		if err != nil {
			t.Fatal(err)
		}
		if !strings.Contains(string(written), test.has) {
			t.Errorf("%+v did not bring %s", test.asked, test.has)
		}
		for _, unasked := range test.not {
			if strings.Contains(string(written), unasked) {
				t.Errorf("%+v brought %s", test.asked, unasked)
			}
		}
	}
}

func TestJSONAndYAMLReadTheSame(t *testing.T) {
	def := parse(t, []byte("openapi: 3.0.1\ninfo: {title: &t yes please, version: 2016-09-12}\nx-amazon-apigateway-minimum-compression-size: 0x10\n"+
		"base: &base\n  200: {description: 200 response}\npaths:\n  /a:\n    get:\n      operationId: *t\n      responses:\n        <<: *base\n        404: {description: gone}\n"))
	same := parse(t, []byte(`{"openapi":"3.0.1","info":{"title":"yes please","version":"2016-09-12"},"x-amazon-apigateway-minimum-compression-size":16,
		"paths":{"/a":{"get":{"operationId":"yes please","responses":{"200":{"description":"200 response"},"404":{"description":"gone"}}}}}}`))
	if diff := cmp.Diff(same, def, plainly); diff != "" {
		t.Error(diff)
	}
}

func TestReferencesAreFollowedWithinBounds(t *testing.T) {
	def := parse(t, []byte(`{"openapi":"3.0.1","info":{"title":"x"},
		"paths":{"/a":{"get":{"parameters":[{"$ref":"#/components/parameters/a"},{"$ref":"#/components/parameters/loop"},{"$ref":"https://elsewhere.example/p"}],
			"responses":{"200":{"$ref":"#/components/responses/a~1b"}},
			"x-amazon-apigateway-integration":{"$ref":"#/components/x-amazon-apigateway-integrations/one"}}}},
		"components":{"parameters":{"a":{"$ref":"#/components/parameters/b"},"b":{"in":"query","name":"q"},"loop":{"$ref":"#/components/parameters/loop"}},
			"responses":{"a/b":{"content":{"application/json":{"schema":{"$ref":"#/components/schemas/A"}}}}},
			"schemas":{"A":{"type":"object","properties":{"again":{"$ref":"#/components/schemas/A"}}}},
			"x-amazon-apigateway-integrations":{"one":{"type":"mock"}}}}`))
	m := def.Methods["/a"]["GET"]
	if m.MethodIntegration == nil || m.MethodIntegration.Type != types.IntegrationTypeMock {
		t.Errorf("integration %+v", m.MethodIntegration)
	}
	if diff := cmp.Diff(map[string]bool{"method.request.querystring.q": false}, m.RequestParameters); diff != "" {
		t.Error(diff)
	}
	if got := m.MethodResponses["200"].ResponseModels["application/json"]; got != "A" {
		t.Errorf("model %q", got)
	}
	if got := BoundSchema(*def.Models[0].Schema, "abc"); got != `{"type":"object","properties":{"again":{"$ref":"https://apigateway.amazonaws.com/restapis/abc/models/A"}}}` {
		t.Errorf("schema %s", got)
	}
	want := []string{
		"Unable to resolve reference: a chain of more than 32 references",
		"Unable to resolve reference https://elsewhere.example/p: only references within the document are supported",
	}
	if diff := cmp.Diff(want, def.Warnings); diff != "" {
		t.Error(diff)
	}
}

func TestAnythingNestedTooDeepIsRefusedSoon(t *testing.T) {
	for name, body := range map[string]string{
		"flow lists":   strings.Repeat("[", 1<<20),
		"dashes":       strings.Repeat("- ", 1<<20),
		"complex keys": strings.Repeat("? ", 1<<20),
		"objects":      strings.Repeat(`{"a":`, 1<<18),
	} {
		started := time.Now()
		if _, err := Parse([]byte(body), ReadOptions{}); !errors.Is(err, ErrInvalid) {
			t.Errorf("%s: %v", name, err)
		}
		if took := time.Since(started); took > 10*time.Second {
			t.Errorf("%s took %v", name, took)
		}
	}
}

// FuzzParse checks that no document ends the program, and that what was read is written and read as the same again.
func FuzzParse(f *testing.F) {
	for _, body := range everything(f) {
		f.Add(body)
	}
	f.Add([]byte("openapi: 3.0.1\ninfo: &a {title: x, b: *a}\npaths: {}"))
	f.Add([]byte(`{"swagger":"2.0","paths":{"/":null,"/a":{"get":null,"parameters":[null,{"$ref":"#"}]}},"definitions":{"":null}}`))
	f.Add([]byte(`{"openapi":"3.1.0","paths":{},"components":{"securitySchemes":{"":{"x-amazon-apigateway-authorizer":{}}}}}`))
	f.Fuzz(func(t *testing.T, body []byte) {
		for _, options := range []ReadOptions{{}, {BasePath: SplitBasePath, IgnoreDocumentation: true}} {
			def, err := Parse(body, options)
			if err != nil {
				if !errors.Is(err, ErrInvalid) {
					t.Fatalf("an error that is not ErrInvalid: %v", err)
				}
				continue
			}
			for _, write := range []WriteOptions{{Extensions: Extensions{All: true}}, {Swagger: true, Format: YAML}} {
				written, err := Write(def, write)
				if err != nil {
					t.Fatal(err)
				}
				if _, err := Parse(written, ReadOptions{}); err != nil {
					t.Fatalf("what was written cannot be read: %v\n%s", err, written)
				}
			}
		}
		_, _, _ = ParseDocumentation(body)
	})
}

// Swagger 2.0 has no words for these two; OpenAPI 3 has.
func TestOpenAPI3KeepsModelsByContentTypeAndRequiredResponseHeaders(t *testing.T) {
	def := parse(t, []byte(`{"openapi":"3.0.1","info":{"title":"x"},"paths":{"/a":{"put":{
		"requestBody":{"content":{"application/json":{"schema":{"$ref":"#/components/schemas/A"}},"application/xml":{"schema":{"$ref":"#/components/schemas/B"}}}},
		"responses":{"200":{"headers":{"ETag":{"required":true}}}}}}},"components":{"schemas":{"A":{"type":"object"},"B":{"type":"string"}}}}`))
	written, err := Write(def, WriteOptions{Extensions: Extensions{All: true}})
	if err != nil {
		t.Fatal(err)
	}
	m := parse(t, written).Methods["/a"]["PUT"]
	if diff := cmp.Diff(map[string]string{"application/json": "A", "application/xml": "B"}, m.RequestModels); diff != "" {
		t.Error(diff)
	}
	if diff := cmp.Diff(map[string]bool{"method.response.header.ETag": true}, m.MethodResponses["200"].ResponseParameters); diff != "" {
		t.Error(diff)
	}
}
