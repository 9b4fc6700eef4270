package server

import (
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/apigateway"
	"github.com/aws/aws-sdk-go-v2/service/apigateway/types"
)

// The texts of the recorded control plane (section 12) for what is read of documents, and for documentation.
func TestRecordedErrorsOfDocuments(t *testing.T) {
	const (
		invalid  = "Invalid OpenAPI input."
		importer = "Unable to build importer with provided input."
		noPart   = "Invalid Documentation part identifier specified"
		badJSON  = `{"openapi": "3.0.1", `
		badYAML  = "openapi: 3.0.1\n\tinfo: ["
	)
	importing := func(body string) func(*caller) error {
		return func(c *caller) error {
			return only(c.api.ImportRestApi(c.ctx(), &apigateway.ImportRestApiInput{Body: []byte(body)}))
		}
	}
	putting := func(body string) func(*caller) error {
		return func(c *caller) error {
			api, _ := c.newAPI()
			return only(c.api.PutRestApi(c.ctx(), &apigateway.PutRestApiInput{RestApiId: api, Body: []byte(body)}))
		}
	}
	parts := func(body string) func(*caller) error {
		return func(c *caller) error {
			api, _ := c.newAPI()
			return only(c.api.ImportDocumentationParts(c.ctx(), &apigateway.ImportDocumentationPartsInput{RestApiId: api, Body: []byte(body)}))
		}
	}
	update := func(op types.Op, path string) func(*caller) error {
		return func(c *caller) error {
			api, _ := c.newAPI()
			part := c.newPart(api)
			return only(c.api.UpdateDocumentationPart(c.ctx(), &apigateway.UpdateDocumentationPartInput{
				RestApiId: api, DocumentationPartId: part, PatchOperations: []types.PatchOperation{patchOf(op, path, `{"description":"x"}`)},
			}))
		}
	}
	makeMistakes(t, []mistake{
		{"an import of broken JSON", 400, "BadRequestException", invalid, importing(badJSON)},
		{"an import of broken YAML", 400, "BadRequestException", invalid, importing(badYAML)},
		{"a put of broken JSON", 400, "BadRequestException", invalid, putting(badJSON)},
		{"a put of broken YAML", 400, "BadRequestException", invalid, putting(badYAML)},
		{"parts of broken JSON", 400, "BadRequestException", importer, parts(badJSON)},
		{"parts of broken YAML", 400, "BadRequestException", importer, parts(badYAML)},
		{"a part of a type that is none", 400, "ValidationException", "1 validation error detected: Value 'INVALID' at 'createDocumentationPartInput.location.type' failed to satisfy constraint: " +
			"Member must satisfy enum value set: [RESPONSE_BODY, RESPONSE, METHOD, MODEL, AUTHORIZER, RESPONSE_HEADER, RESOURCE, PATH_PARAMETER, REQUEST_BODY, QUERY_PARAMETER, API, REQUEST_HEADER]",
			func(c *caller) error {
				api, _ := c.newAPI()
				return only(c.api.CreateDocumentationPart(c.ctx(), &apigateway.CreateDocumentationPartInput{
					RestApiId: api, Location: &types.DocumentationPartLocation{Type: "INVALID"}, Properties: aws.String("{}"),
				}))
			}},
		{"the parts of an unknown API", 404, "NotFoundException", "Invalid API identifier specified 111111111111:api_id", func(c *caller) error {
			return only(c.api.GetDocumentationParts(c.ctx(), &apigateway.GetDocumentationPartsInput{RestApiId: aws.String("api_id")}))
		}},
		{"a part of an unknown API", 404, "NotFoundException", noPart, func(c *caller) error {
			return only(c.api.GetDocumentationPart(c.ctx(), &apigateway.GetDocumentationPartInput{RestApiId: aws.String("api_id"), DocumentationPartId: aws.String("x")}))
		}},
		{"a part that is not there", 404, "NotFoundException", noPart, func(c *caller) error {
			api, _ := c.newAPI()
			return only(c.api.GetDocumentationPart(c.ctx(), &apigateway.GetDocumentationPartInput{RestApiId: api, DocumentationPartId: aws.String("x")}))
		}},
		{"an update in an unknown API", 404, "NotFoundException", noPart, func(c *caller) error {
			return only(c.api.UpdateDocumentationPart(c.ctx(), &apigateway.UpdateDocumentationPartInput{
				RestApiId: aws.String("api_id"), DocumentationPartId: aws.String("x"), PatchOperations: []types.PatchOperation{patchOf(types.OpReplace, "/properties", "{}")},
			}))
		}},
		{"a patch of what a part has not", 400, "BadRequestException", "Invalid patch path  '/invalidPath' specified for op 'replace'. Must be one of: [/properties]", update(types.OpReplace, "/invalidPath")},
		{"a patch that adds to a part", 400, "BadRequestException", "Invalid patch path  '/properties' specified for op 'add'. Please choose supported operations", update(types.OpAdd, "/properties")},
	})
}

func (c *caller) newPart(api *string) *string {
	c.Helper()
	out, err := c.api.CreateDocumentationPart(c.ctx(), &apigateway.CreateDocumentationPartInput{
		RestApiId: api, Location: &types.DocumentationPartLocation{Type: types.DocumentationPartTypeApi}, Properties: aws.String(`{"description":"x"}`),
	})
	return done(c, out, err).Id
}
