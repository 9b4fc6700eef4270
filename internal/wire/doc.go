// Package wire puts AWS's protocols in front of Go methods in the SDK's shapes. A service is a value whose methods are
// operations,
//
//	func (s *Service) CreateUserPool(ctx context.Context, in *sdk.CreateUserPoolInput) (*sdk.CreateUserPoolOutput, error)
//
// and Register finds them by name:
//
//	mux := wire.New(wire.Options{Keys: keys, Log: log})
//	mux.Register(&model.CognitoIDP, cognito)
//	mux.Register(&model.APIGateway, apigateway)
//
// It owns how requests and answers look: the names, places and formats of members, status codes, errors, validation texts,
// signatures, CORS for the operations that browsers call. It must not know what any service does, and it imports no SDK service
// package: what differs between services comes from the tables of package model, and which table belongs to a Go type is told by the
// path of the type's package.
//
// A call goes through phases, in this order, and no operation can skip one:
//
//	identify      X-Amz-Target, the service of the signature's scope, or the Action of a form    identify.go, route.go
//	authenticate  Signature Version 4, when access keys are configured                           authenticate.go, sigv4
//	decode        into the input: JSON, HTTP bindings, or a form                                 json_decode.go, rest.go, query.go
//	validate      the constraints of the model, with AWS's texts                                 validate.go
//	run           the method; who calls is in the context, see CallFrom                          operation.go
//	encode        the output: JSON, HTTP bindings, or XML                                        json_encode.go, rest.go, xml_encode.go
//
// Every phase returns errors; ServeHTTP alone writes, and renderError alone knows how an error is told. An error is a *fault.Error
// whose code the service's model knows (then the model has the status and the places of its members) or does not (then its kind has).
//
// # The codec
//
// Encoding and decoding are by reflection over the SDK's structs, driven by plans: a plan is one shape of the model together with
// one Go type, compiled when an operation is first called. Rules that hold everywhere:
//
//   - Only members of the model are sent, so ResultMetadata never is. A member of the model that the SDK does not know is ignored.
//   - Nil pointers, nil collections and empty enums are left out; plain booleans and numbers are always sent; empty collections
//     that are not nil are sent empty.
//   - Lists hold no nulls: those that come are dropped.
//   - A member twice, text that is not UTF-8, nesting beyond 64 levels and more than 50,000 elements are refused.
//   - Time is epoch seconds with milliseconds where the model says nothing else.
//
// Free-form documents are an interface in the SDK that only the SDK can implement, so a service that has any says once how they
// are made: wire.LazyDocuments(document.NewLazyDocument).
//
// # Stored documents
//
// Document[T] is the same codec as json.Marshaler for any struct of an SDK package, for what is written down.
//
// # Without a socket
//
// Transport makes an http.RoundTripper of a handler, for SDK clients that speak to this very process.
package wire
