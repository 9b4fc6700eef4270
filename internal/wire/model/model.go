// Package model holds AWS's service models as tables: what the operations are called, how their members are named and placed
// on the wire, and which constraints they obey. One file per service is generated from botocore's models by
// internal/wire/gen; this file says what the columns mean. The tables are data only: plain literals laid out by the linker, no
// work at start-up, and nothing here knows the SDK's Go types or how a protocol is spoken.
package model

import "sort"

//go:generate go run ../gen -models $MODELS -out .

// Protocol is how a service is spoken to.
type Protocol uint8

// The protocols.
const (
	JSON     Protocol = iota // JSON 1.0 and 1.1: POST /, X-Amz-Target
	RESTJSON                 // HTTP bindings with JSON bodies
	Query                    // form in, XML out
	RESTXML                  // HTTP bindings with XML bodies
)

// Service is one service's table.
type Service struct {
	// Name is the service's name in ARNs and on the command line ("cognito-idp"), and the base name of its table.
	Name string
	// Package is the last element of the SDK's import path ("cognitoidentityprovider").
	Package string
	// SigningName is the service in a SigV4 scope; two services may share one (apigateway).
	SigningName  string
	TargetPrefix string
	APIVersion   string
	JSONVersion  string
	XMLNamespace string
	// ValidationCode is the error that the service answers when a member breaks a constraint of its model.
	ValidationCode string
	Protocol       Protocol
	// Operations are sorted by name.
	Operations []Operation
	// Shapes are indexed by ShapeID. The first Structures entries after the empty zeroth are the structures, sorted by name.
	Shapes     []Shape
	Structures int
}

// Operation is one API operation.
type Operation struct {
	Name string
	// Method and URI bind it to HTTP; URI may have a literal query ("/restapis?mode=import").
	Method, URI string
	// Wrapper is the element around a query operation's result.
	Wrapper string
	// Status is that of a success.
	Status        uint16
	Input, Output ShapeID
	// Unsigned tells that the operation is called without a signature.
	Unsigned bool
}

// ShapeID is an index into Service.Shapes; zero means none.
type ShapeID uint16

// Kind is what a shape is made of.
type Kind uint8

// The kinds.
const (
	None Kind = iota
	Structure
	List
	Map
	String
	Blob
	Boolean
	Integer
	Long
	Float
	Double
	Timestamp
	Document
)

// Flags of shapes and members.
type Flags uint16

// The flags.
const (
	Required Flags = 1 << iota
	Sensitive
	Flattened
	Exception
	ServerFault
	Streaming
	Union
	EventStream
	IdempotencyToken
	JSONValue
	XMLAttribute
	Boxed
)

// Has tells whether all of f is set.
func (fs Flags) Has(f Flags) bool { return fs&f == f }

// Location is where a member travels in HTTP.
type Location uint8

// The locations.
const (
	Body Location = iota
	URI
	QueryString
	Header
	Headers
	StatusCode
	Payload
)

// TimeFormat is how a timestamp is written.
type TimeFormat uint8

// The time formats. DefaultTime is epoch seconds in JSON, ISO 8601 in XML, RFC 822 in a header.
const (
	DefaultTime TimeFormat = iota
	UnixTime
	ISO8601
	RFC822
)

// Shape is one type of the model. Scalars, lists and maps that look alike share one entry and have no name.
type Shape struct {
	Name string
	// Members of a structure, sorted by name.
	Members []Member
	// Rule holds the constraints; nil when there are none.
	Rule *Rule
	// Error says how an exception is told; nil for all other shapes.
	Error *Error
	// Elem is a list's member or a map's value, Key a map's key.
	Elem, Key ShapeID
	// ElemName, KeyName are XML names that differ from member, or key and value.
	ElemName, KeyName string
	Kind              Kind
	Time              TimeFormat
	Flags             Flags
}

// Member is one member of a structure.
type Member struct {
	Name string
	// Wire is its name on the wire: JSON key, header, query parameter, label or XML element.
	Wire  string
	Shape ShapeID
	Flags Flags
	// At is where it travels.
	At   Location
	Time TimeFormat
}

// Rule is what a value must satisfy.
type Rule struct {
	// Enum lists the allowed values in the model's order.
	Enum []string
	// Pattern is a Java regular expression that the whole value must match.
	Pattern        string
	Min, Max       int64
	HasMin, HasMax bool
}

// Error is how an exception is told apart from its shape's name.
type Error struct {
	// Code on the wire where it is not the shape's name.
	Code string
	// Status is the HTTP status; zero where the model leaves it to the protocol.
	Status uint16
}

// Shape returns the shape of that id; the empty shape for zero.
func (s *Service) Shape(id ShapeID) *Shape { return &s.Shapes[id] }

// Operation finds an operation by name; nil when there is none.
func (s *Service) Operation(name string) *Operation {
	i := sort.Search(len(s.Operations), func(i int) bool { return s.Operations[i].Name >= name })
	if i < len(s.Operations) && s.Operations[i].Name == name {
		return &s.Operations[i]
	}
	return nil
}

// Structure finds a structure by name; zero when there is none.
func (s *Service) Structure(name string) ShapeID {
	structures := s.Shapes[1 : 1+s.Structures]
	i := sort.Search(len(structures), func(i int) bool { return structures[i].Name >= name })
	if i < len(structures) && structures[i].Name == name {
		return ShapeID(i + 1)
	}
	return 0
}

// Exception finds an exception by its name or by what the wire calls it; nil when the model has none.
func (s *Service) Exception(code string) *Shape {
	if shape := s.Shape(s.Structure(code)); shape.Flags.Has(Exception) {
		return shape
	}
	for i := range s.Shapes[:1+s.Structures] {
		if shape := &s.Shapes[i]; shape.Error != nil && shape.Error.Code == code {
			return shape
		}
	}
	return nil
}

// Fault finds the first exception that says that something broke in the service; nil when the model has none.
func (s *Service) Fault() *Shape {
	for i := range s.Shapes[:1+s.Structures] {
		if shape := &s.Shapes[i]; shape.Flags.Has(Exception|ServerFault) && (shape.Error == nil || shape.Error.Status%500 == 0) {
			return shape
		}
	}
	return nil
}

// Member finds a member by name; nil when there is none.
func (s *Shape) Member(name string) *Member {
	for i := range s.Members {
		if s.Members[i].Name == name {
			return &s.Members[i]
		}
	}
	return nil
}
