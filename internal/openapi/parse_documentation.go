package openapi

import (
	"fmt"

	"github.com/aws/aws-sdk-go-v2/service/apigateway/types"
)

const documentationExtension = "x-amazon-apigateway-documentation"

// documentation reads the parts that a document lists.
func (r *reader) documentation() {
	from := r.root.object(documentationExtension)
	if from == nil {
		return
	}
	r.documented = true
	if r.IgnoreDocumentation {
		return
	}
	r.def.DocumentationVersion = from.text("version")
	for _, part := range from.list("documentationParts") {
		part, _ := part.(*object)
		if made, ok := documentationPart(part); ok {
			r.def.Documentation = append(r.def.Documentation, made)
		} else {
			r.warn("A documentation part without a location or properties was ignored")
		}
	}
}

func documentationPart(from *object) (part types.DocumentationPart, ok bool) {
	location := from.object("location")
	properties, isText := from.get("properties").(string)
	if !isText {
		if from.object("properties") == nil {
			return part, false
		}
		properties = compactJSON(from.get("properties"))
	}
	return types.DocumentationPart{Properties: &properties, Location: &types.DocumentationPartLocation{
		Type: types.DocumentationPartType(location.text("type")), Path: location.optional("path"), Method: location.optional("method"),
		Name: location.optional("name"), StatusCode: location.optional("statusCode"),
	}}, location.text("type") != ""
}

// describe makes a documentation part of the descriptive members of an object, if it has any and the document does
// not list its parts itself.
func (r *reader) describe(at types.DocumentationPartLocation, from *object, members ...string) {
	if r.documented || r.IgnoreDocumentation {
		return
	}
	said := newObject()
	for _, member := range members {
		if value := from.get(member); value != nil && value != "" {
			said.set(member, value)
		}
	}
	if len(said.keys) == 0 {
		return
	}
	properties := compactJSON(said)
	r.def.Documentation = append(r.def.Documentation, types.DocumentationPart{Location: &at, Properties: &properties})
}

// ParseDocumentation reads the documentation parts alone, of a document or of a list of parts by itself.
func ParseDocumentation(body []byte) (parts []types.DocumentationPart, warnings []string, err error) {
	root, err := readTree(body)
	if err != nil {
		return nil, nil, err
	}
	if root.list("documentationParts") != nil {
		wrapped := newObject()
		wrapped.set(documentationExtension, root)
		r := &reader{root: wrapped, def: &Definition{}}
		r.documentation()
		return r.def.Documentation, r.def.Warnings, nil
	}
	def, err := Parse(body, ReadOptions{})
	if err != nil {
		return nil, nil, fmt.Errorf("no documentation: %w", err)
	}
	return def.Documentation, def.Warnings, nil
}
