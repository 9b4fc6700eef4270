// Package openapi reads and writes REST APIs as OpenAPI documents: Swagger 2.0 and OpenAPI 3.0 (3.1 as far as it says the
// same), JSON and YAML, with the x-amazon-apigateway extensions (fact 7.5).
//
// It owns the meaning of a document: Parse makes a Definition of one, Write makes one of a Definition, and what Write
// wrote Parse reads as the same Definition. A Definition is in the SDK's types, and its parts name each other by path and
// by name, never by id. The package must not know of a store, of what is already there or of ids: internal/apigateway
// holds a Definition against its rules and stores it.
//
// A document is kept as a tree of ordered objects and not as the types of an OpenAPI library: AWS accepts much that the
// specification forbids, lives by extensions that such types put aside, and gives schemas back in the order they had. What a
// document may cost is bounded while it is read: its depth, and how many values its YAML aliases unfold to. YAML is
// parsed by go.yaml.in/yaml, the YAML organisation's own: a document nested a million deep, which it refuses at once,
// kept goccy/go-yaml 1.19 busy beyond 20 seconds.
package openapi

import (
	"errors"

	"github.com/aws/aws-sdk-go-v2/service/apigateway/types"
)

// ErrInvalid tells that a body is no OpenAPI document.
var ErrInvalid = errors.New("not an OpenAPI document")

// Definition is a REST API as a document describes it.
type Definition struct {
	// API has what the document says of the API itself. Members that it does not mention are zero.
	API types.RestApi
	// Methods are by path and verb. AuthorizerId holds the authorizer's name, RequestValidatorId the validator's; an
	// integration's CacheNamespace is nil where it is the resource's id.
	Methods          map[string]map[string]types.Method
	Authorizers      []types.Authorizer
	Validators       []types.RequestValidator
	Models           []types.Model
	GatewayResponses []types.GatewayResponse
	Documentation    []types.DocumentationPart
	// DocumentationVersion is the version that the parts are of, when an export tells it.
	DocumentationVersion string
	// Warnings tell what of the document was left out.
	Warnings []string
	// Problems are what makes the definition impossible to import.
	Problems []string
}

// BasePath says what becomes of a document's base path.
type BasePath string

// The ways to treat a base path: drop it, put it before every path, or put it there without its first segment.
const (
	IgnoreBasePath  BasePath = "ignore"
	PrependBasePath BasePath = "prepend"
	SplitBasePath   BasePath = "split"
)

// ReadOptions say how to read a document.
type ReadOptions struct {
	BasePath BasePath
	// IgnoreDocumentation leaves out all documentation parts.
	IgnoreDocumentation bool
}
