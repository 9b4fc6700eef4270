package openapi

import (
	"crypto/sha256"
	"encoding/hex"
	"regexp"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/apigateway/types"
)

// AWS keeps a reference from one model to another as a URL with the API's id in it. A Definition, which knows no id,
// has anyAPI in its place.
const (
	modelURL = "https://apigateway.amazonaws.com/restapis/"
	anyAPI   = "{restapi}"
)

var (
	modelReference = regexp.MustCompile(`^https://apigateway\.amazonaws\.com/restapis/[^/]+/models/([a-zA-Z0-9]+)$`)
	alphanumeric   = regexp.MustCompile(`^[a-zA-Z0-9]+$`)
)

// BoundSchema is a model's schema with its references bound to an API.
func BoundSchema(schema, apiID string) string {
	return strings.ReplaceAll(schema, modelURL+anyAPI+"/models/", modelURL+apiID+"/models/")
}

// models makes a model of each schema that has a name. AWS refuses names that are not letters and digits alone (seen in
// edx/api-manager's pull request 259, December 2023).
func (r *reader) models() {
	defined := r.section("definitions", "schemas")
	r.named = make(map[string]bool, len(defined.names()))
	for _, name := range defined.names() {
		r.named[name] = true
		if !alphanumeric.MatchString(name) {
			r.problem("Unable to create model for '%s': Model name must be alphanumeric: %s", name, name)
		}
	}
	for _, name := range defined.names() {
		schema := defined.get(name)
		o, _ := schema.(*object)
		r.describe(types.DocumentationPartLocation{Type: types.DocumentationPartTypeModel, Name: aws.String(name)}, o, "description", "title")
		r.def.Models = append(r.def.Models, types.Model{
			Name: aws.String(name), ContentType: aws.String("application/json"), Description: notEmpty(o.text("description")),
			Schema: aws.String(compactJSON(r.schema(schema))),
		})
	}
}

// schema is a schema with its references to named schemas made references to models. Cycles stay references.
func (r *reader) schema(value any) any {
	switch v := value.(type) {
	case *object:
		copied := newObject()
		for _, key := range v.names() {
			if ref, isText := v.members[key].(string); key == "$ref" && isText {
				copied.set(key, r.modelRef(ref))
				continue
			}
			copied.set(key, r.schema(v.members[key]))
		}
		return copied
	case []any:
		copied := make([]any, len(v))
		for i := range v {
			copied[i] = r.schema(v[i])
		}
		return copied
	}
	return value
}

func (r *reader) modelRef(ref string) string {
	if name, ok := r.namedSchema(ref); ok {
		return modelURL + anyAPI + "/models/" + name
	}
	if match := modelReference.FindStringSubmatch(ref); match != nil {
		return modelURL + anyAPI + "/models/" + match[1]
	}
	return ref
}

// namedSchema is the model that a reference to a named schema means, if there is such a schema.
func (r *reader) namedSchema(ref string) (name string, ok bool) {
	prefix := "#/components/schemas/"
	if r.swagger {
		prefix = "#/definitions/"
	}
	name, ok = strings.CutPrefix(ref, prefix)
	return name, ok && r.named[name]
}

// modelOf is the name of the model of a body's schema. A schema without a name gets one made of its content, so that
// the same schema is the same model.
func (r *reader) modelOf(schema any) string {
	o, isObject := schema.(*object)
	if !isObject {
		return ""
	}
	if ref, refers := o.get("$ref").(string); refers {
		if name, named := r.namedSchema(ref); named {
			return name
		}
		if match := modelReference.FindStringSubmatch(ref); match != nil {
			return match[1]
		}
		target := r.resolve(o)
		if target == nil {
			r.warn("Reference to model '%s' not found. Ignoring.", ref[strings.LastIndexByte(ref, '/')+1:])
			return ""
		}
		schema = target
	}
	plain := compactJSON(r.schema(schema))
	if name, made := r.inline[plain]; made {
		return name
	}
	sum := sha256.Sum256([]byte(plain))
	name := "MODEL" + hex.EncodeToString(sum[:5])
	r.inline[plain] = name
	r.def.Models = append(r.def.Models, types.Model{Name: &name, ContentType: aws.String("application/json"), Schema: &plain})
	return name
}
