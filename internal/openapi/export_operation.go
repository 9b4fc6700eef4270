package openapi

import (
	"encoding/json"
	"maps"
	"slices"
	"strconv"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/apigateway/types"
)

func (w *writer) operation(path, verb string, m types.Method) *object {
	op := newObject()
	method := verb
	if verb == "ANY" {
		method = "*"
	}
	at := func(kind types.DocumentationPartType) types.DocumentationPartLocation {
		return types.DocumentationPartLocation{Type: kind, Path: &path, Method: &method}
	}
	w.describe(op, at(types.DocumentationPartTypeMethod))
	op.setText("operationId", aws.ToString(m.OperationName))
	if w.Swagger {
		w.mediaTypes(op, m)
	}
	parameters := w.parameters(m, at)
	body := w.requestBody(m)
	if body != nil {
		w.describe(body, at(types.DocumentationPartTypeRequestBody))
	}
	if body != nil && w.Swagger {
		parameters = append(parameters, body)
	}
	if len(parameters) > 0 {
		op.set("parameters", parameters)
	}
	if body != nil && !w.Swagger {
		op.set("requestBody", body)
	}
	op.set("responses", w.responses(m, at))
	if security := w.security(m); len(security) > 0 {
		op.set("security", security)
	}
	if m.RequestValidatorId != nil && w.Validators {
		op.set("x-amazon-apigateway-request-validator", *m.RequestValidatorId)
	}
	if i := m.MethodIntegration; i != nil && w.Integrations {
		op.set("x-amazon-apigateway-integration", integrationObject(i))
	}
	return op
}

// mediaTypes writes what a Swagger 2.0 operation takes and gives.
func (w *writer) mediaTypes(op *object, m types.Method) {
	if types, _ := swaggerModels(m.RequestModels); len(types) > 0 {
		op.set("consumes", anyList(types))
	}
	gives := map[string]bool{}
	for _, response := range m.MethodResponses {
		types, _ := swaggerModels(response.ResponseModels)
		for _, contentType := range types {
			gives[contentType] = true
		}
	}
	if len(gives) > 0 {
		op.set("produces", anyList(slices.Sorted(maps.Keys(gives))))
	}
}

// swaggerModels is what Swagger 2.0 can say of models by content type: the first one, and all content types that have it.
func swaggerModels(models map[string]string) (contentTypes []string, model string) {
	for _, contentType := range slices.Sorted(maps.Keys(models)) {
		if model == "" {
			model = models[contentType]
		}
		if models[contentType] == model {
			contentTypes = append(contentTypes, contentType)
		}
	}
	return contentTypes, model
}

// parameterPlaces are where a declared parameter may be, with their names in a document and in documentation.
var parameterPlaces = map[string]struct {
	in   string
	kind types.DocumentationPartType
}{
	"path":                  {"path", types.DocumentationPartTypePathParameter},
	"querystring":           {"query", types.DocumentationPartTypeQueryParameter},
	"multivaluequerystring": {"query", types.DocumentationPartTypeQueryParameter},
	"header":                {"header", types.DocumentationPartTypeRequestHeader},
	"multivalueheader":      {"header", types.DocumentationPartTypeRequestHeader},
}

func (w *writer) parameters(m types.Method, at func(types.DocumentationPartType) types.DocumentationPartLocation) []any {
	var list []any
	for _, declared := range slices.Sorted(maps.Keys(m.RequestParameters)) {
		place, name, _ := strings.Cut(strings.TrimPrefix(declared, "method.request."), ".")
		known, ok := parameterPlaces[place]
		if !ok {
			continue
		}
		parameter := newObject()
		parameter.set("name", name)
		parameter.set("in", known.in)
		location := at(known.kind)
		location.Name = &name
		w.describe(parameter, location)
		if m.RequestParameters[declared] || known.in == "path" {
			parameter.set("required", m.RequestParameters[declared])
		}
		w.typed(parameter)
		list = append(list, parameter)
	}
	return list
}

// typed says of a parameter or a header that it is text, as AWS does of all.
func (w *writer) typed(o *object) {
	if w.Swagger {
		o.set("type", "string")
		return
	}
	schema := newObject()
	schema.set("type", "string")
	o.set("schema", schema)
}

// requestBody is nil for a method that declares no models of its request.
func (w *writer) requestBody(m types.Method) *object {
	if len(m.RequestModels) == 0 {
		return nil
	}
	body := newObject()
	if w.Swagger {
		_, model := swaggerModels(m.RequestModels)
		body.set("in", "body")
		body.set("name", model)
		body.set("required", true)
		body.set("schema", w.schemaOf(model))
		return body
	}
	body.set("content", w.content(m.RequestModels))
	body.set("required", true)
	return body
}

func (w *writer) content(models map[string]string) *object {
	content := newObject()
	for _, contentType := range slices.Sorted(maps.Keys(models)) {
		media := newObject()
		media.set("schema", w.schemaOf(models[contentType]))
		content.set(contentType, media)
	}
	return content
}

func (w *writer) responses(m types.Method, at func(types.DocumentationPartType) types.DocumentationPartLocation) *object {
	list := newObject()
	for _, status := range slices.Sorted(maps.Keys(m.MethodResponses)) {
		from, response := m.MethodResponses[status], newObject()
		location := at(types.DocumentationPartTypeResponse)
		location.StatusCode = &status
		if w.describe(response, location); !response.has("description") {
			response.set("description", plainDescription(status))
		}
		headers := newObject()
		for _, declared := range slices.Sorted(maps.Keys(from.ResponseParameters)) {
			name, header := strings.TrimPrefix(declared, "method.response.header."), newObject()
			place := location
			place.Type, place.Name = types.DocumentationPartTypeResponseHeader, &name
			w.describe(header, place)
			if from.ResponseParameters[declared] && !w.Swagger {
				header.set("required", true)
			}
			w.typed(header)
			headers.set(name, header)
		}
		setUnlessEmpty(response, "headers", headers)
		if _, model := swaggerModels(from.ResponseModels); w.Swagger && model != "" {
			response.set("schema", w.schemaOf(model))
		} else if !w.Swagger {
			setUnlessEmpty(response, "content", w.content(from.ResponseModels))
		}
		list.set(status, response)
	}
	return list
}

// integrationObject writes an integration. AWS writes its words in lower case where its documents do.
func integrationObject(i *types.Integration) *object {
	o := newObject()
	o.set("type", strings.ToLower(string(i.Type)))
	o.setText("httpMethod", aws.ToString(i.HttpMethod))
	o.setText("uri", aws.ToString(i.Uri))
	o.setText("credentials", aws.ToString(i.Credentials))
	if i.ConnectionType == types.ConnectionTypeVpcLink {
		o.set("connectionType", string(i.ConnectionType))
	}
	o.setText("connectionId", aws.ToString(i.ConnectionId))
	o.setText("integrationTarget", aws.ToString(i.IntegrationTarget))
	responses := newObject()
	for _, status := range slices.Sorted(maps.Keys(i.IntegrationResponses)) {
		response := i.IntegrationResponses[status]
		pattern := aws.ToString(response.SelectionPattern)
		if pattern == "" {
			pattern = defaultPattern
		}
		responses.set(pattern, integrationResponseObject(status, response))
	}
	setUnlessEmpty(o, "responses", responses)
	setUnlessEmpty(o, "requestParameters", textObject(i.RequestParameters))
	setUnlessEmpty(o, "requestTemplates", textObject(i.RequestTemplates))
	o.setText("passthroughBehavior", strings.ToLower(aws.ToString(i.PassthroughBehavior)))
	o.setText("contentHandling", string(i.ContentHandling))
	o.setText("responseTransferMode", string(i.ResponseTransferMode))
	o.setText("cacheNamespace", aws.ToString(i.CacheNamespace))
	if len(i.CacheKeyParameters) > 0 {
		o.set("cacheKeyParameters", anyList(i.CacheKeyParameters))
	}
	if i.TimeoutInMillis != 0 {
		o.set("timeoutInMillis", number(i.TimeoutInMillis))
	}
	if i.TlsConfig != nil {
		tls := newObject()
		tls.set("insecureSkipVerification", i.TlsConfig.InsecureSkipVerification)
		o.set("tlsConfig", tls)
	}
	return o
}

func integrationResponseObject(status string, r types.IntegrationResponse) *object {
	o := newObject()
	o.set("statusCode", status)
	setUnlessEmpty(o, "responseParameters", textObject(r.ResponseParameters))
	setUnlessEmpty(o, "responseTemplates", textObject(r.ResponseTemplates))
	o.setText("contentHandling", string(r.ContentHandling))
	return o
}

func number(n int32) json.Number { return json.Number(strconv.Itoa(int(n))) }
