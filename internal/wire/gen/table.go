package main

import (
	"fmt"
	"reflect"
	"slices"
	"sort"
	"strings"

	"github.com/poolgate/poolgate/internal/wire/model"
)

// service is what the models do not say about a service.
type service struct {
	name, goName, sdkPackage, validationCode string
	// own are what the service was seen to check with texts of its own, and not with those of the model: shapes whose
	// bounds, and members (as Structure.Member) whose absence.
	own []string
}

// services lists what there are tables for. S3 is left out: its protocol is written by hand.
var services = []service{
	{name: "apigateway", goName: "APIGateway", sdkPackage: "apigateway", validationCode: "ValidationException"},
	{
		name: "apigatewayv2", goName: "APIGatewayV2", sdkPackage: "apigatewayv2", validationCode: "BadRequestException",
		own: []string{"IntegerWithLengthBetween50And30000", "IntegerWithLengthBetween0And3600", "CreateApiRequest.Name"},
	},
	{name: "cognito-idp", goName: "CognitoIDP", sdkPackage: "cognitoidentityprovider", validationCode: "InvalidParameterException"},
	{name: "lambda", goName: "Lambda", sdkPackage: "lambda", validationCode: "ValidationException"},
	{name: "logs", goName: "Logs", sdkPackage: "cloudwatchlogs", validationCode: "InvalidParameterException"},
	{name: "sts", goName: "STS", sdkPackage: "sts", validationCode: "ValidationError"},
}

// builder turns a botocore model into a table. Structures keep their names and come first, sorted, so that they can be
// found by name; everything else is shared by content.
type builder struct {
	source *serviceModel
	own    []string
	table  *model.Service
	ids    map[string]model.ShapeID
	shared map[string]model.ShapeID
}

var protocols = map[string]model.Protocol{
	"json": model.JSON, "rest-json": model.RESTJSON, "query": model.Query, "rest-xml": model.RESTXML,
}

func build(s service, source *serviceModel) (*model.Service, error) {
	meta := source.Metadata
	protocol, known := protocols[meta.Protocol]
	if !known {
		return nil, fmt.Errorf("%s: protocol %q", s.name, meta.Protocol)
	}
	b := &builder{source: source, own: s.own, ids: map[string]model.ShapeID{}, shared: map[string]model.ShapeID{}}
	b.table = &model.Service{
		Name: s.name, Package: s.sdkPackage, SigningName: meta.SigningName, TargetPrefix: meta.TargetPrefix,
		APIVersion: meta.APIVersion, JSONVersion: meta.JSONVersion, XMLNamespace: meta.XMLNamespace,
		ValidationCode: s.validationCode, Protocol: protocol, Shapes: make([]model.Shape, 1),
	}
	if b.table.SigningName == "" {
		b.table.SigningName = meta.EndpointPrefix
	}
	b.nameStructures()
	for _, name := range sortedKeys(source.Operations) {
		b.addOperation(name)
	}
	for id := 1; id <= b.table.Structures; id++ {
		if err := b.fillStructure(&b.table.Shapes[id]); err != nil {
			return nil, fmt.Errorf("%s: %w", s.name, err)
		}
	}
	return b.table, nil
}

// nameStructures gives every structure its id before any is filled, because they may be recursive.
func (b *builder) nameStructures() {
	for _, name := range sortedKeys(b.source.Shapes) {
		if s := b.source.Shapes[name]; s.Type != "structure" || s.Document {
			continue
		}
		b.ids[name] = model.ShapeID(len(b.table.Shapes))
		b.table.Shapes = append(b.table.Shapes, model.Shape{Name: name, Kind: model.Structure})
	}
	b.table.Structures = len(b.table.Shapes) - 1
}

func (b *builder) addOperation(name string) {
	source := b.source.Operations[name]
	operation := model.Operation{
		Name: name, Method: source.HTTP.Method, URI: source.HTTP.RequestURI, Status: 200, Unsigned: source.AuthType == "none",
	}
	if source.HTTP.ResponseCode != 0 {
		operation.Status = uint16(source.HTTP.ResponseCode)
	}
	if source.Input != nil {
		operation.Input = b.shape(source.Input.Shape)
	}
	if source.Output != nil {
		operation.Output = b.shape(source.Output.Shape)
		operation.Wrapper = source.Output.ResultWrapper
	}
	b.table.Operations = append(b.table.Operations, operation)
}

func (b *builder) fillStructure(shape *model.Shape) error {
	source := b.source.Shapes[shape.Name]
	b.describe(shape, source)
	if source.Error != nil {
		shape.Error = &model.Error{Status: uint16(source.Error.HTTPStatusCode)}
		if source.Error.Code != shape.Name {
			shape.Error.Code = source.Error.Code
		}
	}
	members := make([]model.Member, 0, len(source.Members))
	for _, name := range sortedKeys(source.Members) {
		ref := source.Members[name]
		member := model.Member{Name: name, Wire: name, Shape: b.shape(ref.Shape), Time: timeFormats[ref.TimestampFormat]}
		if ref.LocationName != "" {
			member.Wire = ref.LocationName
		}
		at, known := locations[ref.Location]
		if !known {
			return fmt.Errorf("%s.%s: location %q", shape.Name, name, ref.Location)
		}
		member.At = at
		if source.Payload == name {
			member.At = model.Payload
		}
		member.Flags = flags(map[model.Flags]bool{
			model.Flattened: ref.Flattened, model.IdempotencyToken: ref.IdempotencyToken, model.JSONValue: ref.JSONValue,
			model.XMLAttribute: ref.XMLAttribute, model.Streaming: ref.Streaming, model.Boxed: ref.Box,
		})
		for _, required := range source.Required {
			if required == name && !slices.Contains(b.own, shape.Name+"."+name) {
				member.Flags |= model.Required
			}
		}
		members = append(members, member)
	}
	b.table.Shapes[b.ids[shape.Name]].Members = members
	return nil
}

// describe fills what all kinds of shapes have.
func (b *builder) describe(shape *model.Shape, source shapeModel) {
	shape.Flags = flags(map[model.Flags]bool{
		model.Sensitive: source.Sensitive, model.Flattened: source.Flattened, model.Exception: source.Exception,
		model.ServerFault: source.Fault, model.Streaming: source.Streaming, model.Union: source.Union,
		model.EventStream: source.EventStream,
	})
	shape.Time = timeFormats[source.TimestampFormat]
	rule := model.Rule{Enum: source.Enum, Pattern: source.Pattern}
	if source.Min != nil {
		rule.HasMin, rule.Min = true, int64(*source.Min)
	}
	if source.Max != nil {
		rule.HasMax, rule.Max = true, int64(*source.Max)
	}
	if !reflect.DeepEqual(rule, model.Rule{}) {
		shape.Rule = &rule
	}
}

var kinds = map[string]model.Kind{
	"structure": model.Document, // only documents come here
	"list":      model.List, "map": model.Map, "string": model.String, "character": model.String, "blob": model.Blob,
	"boolean": model.Boolean, "integer": model.Integer, "long": model.Long, "float": model.Float, "double": model.Double,
	"timestamp": model.Timestamp,
}

var locations = map[string]model.Location{
	"": model.Body, "uri": model.URI, "querystring": model.QueryString, "header": model.Header, "headers": model.Headers,
	"statusCode": model.StatusCode,
}

var timeFormats = map[string]model.TimeFormat{
	"unixTimestamp": model.UnixTime, "iso8601": model.ISO8601, "rfc822": model.RFC822,
}

// shape gives the id of a shape, making scalars, lists and maps as they are met.
func (b *builder) shape(name string) model.ShapeID {
	if id, known := b.ids[name]; known {
		return id
	}
	source := b.source.Shapes[name]
	shape := model.Shape{Kind: kinds[source.Type]}
	b.describe(&shape, source)
	if slices.Contains(b.own, name) {
		shape.Rule = nil
	}
	switch shape.Kind {
	case model.List:
		shape.Elem, shape.ElemName = b.shape(source.Member.Shape), source.Member.LocationName
	case model.Map:
		shape.Key, shape.KeyName = b.shape(source.Key.Shape), source.Key.LocationName
		shape.Elem, shape.ElemName = b.shape(source.Value.Shape), source.Value.LocationName
	}
	content := literal(shape)
	id, known := b.shared[content]
	if !known {
		id = model.ShapeID(len(b.table.Shapes))
		b.table.Shapes = append(b.table.Shapes, shape)
		b.shared[content] = id
	}
	b.ids[name] = id
	return id
}

func flags(set map[model.Flags]bool) model.Flags {
	var all model.Flags
	for flag, on := range set {
		if on {
			all |= flag
		}
	}
	return all
}

func sortedKeys[V any](m map[string]V) []string {
	keys := make([]string, 0, len(m))
	for key := range m {
		keys = append(keys, key)
	}
	sort.Strings(keys)
	return keys
}

func fileName(s service) string { return strings.ReplaceAll(s.name, "-", "") + ".go" }
