package gateway

import (
	"bytes"
	"errors"
	"fmt"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/apigateway/types"
	"github.com/santhosh-tekuri/jsonschema/v6"

	"github.com/poolgate/poolgate/authz"
)

// bodyModels are the models that a method's validator holds bodies against, by media type.
type bodyModels map[string]*bodyModel

// bodyModel is one model, compiled. One that cannot be compiled is kept with the cause: AWS deploys it, and nothing passes it.
type bodyModel struct {
	name   string
	schema *jsonschema.Schema
	err    error
}

// bodyModels compiles the models of a method, if its validator looks at bodies at all. Only JSON can be held against a schema.
func (c *compiler) bodyModels(doc *types.Method) bodyModels {
	if v := c.validator(doc); v == nil || !v.ValidateRequestBody || len(doc.RequestModels) == 0 {
		return nil
	}
	all := make(bodyModels, len(doc.RequestModels))
	for mediaType, name := range doc.RequestModels {
		if mediaType != anyType && !isJSON(mediaType) {
			continue
		}
		all[mediaType] = c.model(name)
	}
	return all
}

// anyType is the entry that is for every media type without one of its own.
const anyType = "$default"

// isJSON tells that bodies of a media type are JSON.
func isJSON(mediaType string) bool {
	mediaType, _, _ = strings.Cut(mediaType, ";")
	mediaType = strings.ToLower(strings.TrimSpace(mediaType))
	return mediaType == jsonType || strings.HasSuffix(mediaType, "+json") || strings.HasSuffix(mediaType, "/json")
}

// validator is the method's; nil when it has none.
func (c *compiler) validator(doc *types.Method) *types.RequestValidator {
	if aws.ToString(doc.RequestValidatorId) == "" {
		return nil
	}
	for i := range c.snapshot.Validators {
		if v := &c.snapshot.Validators[i].Value; aws.ToString(v.Id) == *doc.RequestValidatorId {
			return v
		}
	}
	return nil
}

// model compiles a model of the API once for all methods.
func (c *compiler) model(name string) *bodyModel {
	if c.models == nil {
		c.models = map[string]*bodyModel{}
	}
	if c.models[name] == nil {
		m := &bodyModel{name: name}
		m.schema, m.err = c.schemas().Compile(c.modelAddress(name))
		c.models[name] = m
	}
	return c.models[name]
}

// modelAddress is how models refer to each other.
func (c *compiler) modelAddress(name string) string {
	return "https://apigateway.amazonaws.com/restapis/" + aws.ToString(c.snapshot.API.Value.Id) + "/models/" + name
}

// schemas is a compiler of JSON Schema draft 4 that knows the API's models and fetches nothing.
func (c *compiler) schemas() *jsonschema.Compiler {
	if c.schemaCompiler != nil {
		return c.schemaCompiler
	}
	c.schemaCompiler = jsonschema.NewCompiler()
	c.schemaCompiler.DefaultDraft(jsonschema.Draft4)
	c.schemaCompiler.UseLoader(nothingElse{})
	for i := range c.snapshot.Models {
		doc := &c.snapshot.Models[i].Value
		schema, err := jsonschema.UnmarshalJSON(strings.NewReader(aws.ToString(doc.Schema)))
		if err == nil {
			err = c.schemaCompiler.AddResource(c.modelAddress(aws.ToString(doc.Name)), schema)
		}
		if err != nil {
			if c.models == nil {
				c.models = map[string]*bodyModel{}
			}
			name := aws.ToString(doc.Name)
			c.models[name] = &bodyModel{name: name, err: err}
		}
	}
	return c.schemaCompiler
}

var errNotAModel = errors.New("no model of this API")

// nothingElse is where references to anything but the API's models lead.
type nothingElse struct{}

func (nothingElse) Load(url string) (any, error) { return nil, fmt.Errorf("%w: %s", errNotAModel, url) }

// choose finds the model for a request's media type; a request whose type has none is not validated, as on AWS.
func (b bodyModels) choose(mediaType string) *bodyModel {
	if mediaType == "" {
		mediaType = jsonType
	}
	if m := b[mediaType]; m != nil {
		return m
	}
	plain, _, _ := strings.Cut(mediaType, ";")
	if m := b[strings.ToLower(strings.TrimSpace(plain))]; m != nil {
		return m
	}
	if !isJSON(mediaType) {
		return nil
	}
	return b[anyType]
}

// validateBody refuses a body that does not fit its model. The body is read for it, and kept for the integration.
func (x *exchange) validateBody() *refusal {
	m := x.method.models.choose(x.request.Header.Get("Content-Type"))
	if m == nil {
		return nil
	}
	if m.err != nil || m.schema == nil {
		return internalError(m.err).explained("the model "+m.name+" cannot be used", "a model in JSON Schema draft 4 that refers to models of this API only")
	}
	body, refused := x.readBody()
	if refused != nil {
		return refused
	}
	if len(bytes.TrimSpace(body)) == 0 {
		body = []byte("{}")
	}
	expected := "a body that fits the model " + m.name
	value, err := jsonschema.UnmarshalJSON(bytes.NewReader(body))
	if err != nil {
		return refuse(authz.BodyInvalid).because(err).explained("a body that is not JSON", expected)
	}
	if err := m.schema.Validate(value); err != nil {
		return refuse(authz.BodyInvalid).explained("a body that does not fit: "+violation(err), expected)
	}
	return nil
}

// violation tells where a body does not fit. It names places and rules, never values: those are the client's.
func violation(err error) string {
	var invalid *jsonschema.ValidationError
	if !errors.As(err, &invalid) {
		return "it cannot be compared"
	}
	for len(invalid.Causes) > 0 {
		invalid = invalid.Causes[0]
	}
	at := "/" + strings.Join(invalid.InstanceLocation, "/")
	return clippedTo("at "+at+", "+strings.Join(invalid.ErrorKind.KeywordPath(), "/"), 256)
}
