// Package fault owns the one error type of poolgate and its closed list of kinds.
//
// An operation returns an *Error; only the outermost wrapper of a face (AWS JSON, REST-JSON, query XML, OAuth JSON,
// OAuth redirect, login page, gateway response) turns it into an answer. The error says two things apart from each
// other: what goes on the wire (Code, Message, Members) and what really happened (Cause), which is for the log, the
// console and explain only. A masked "Incorrect username or password." still knows that the user does not exist.
//
// The package knows no service, no protocol and no status code of a particular API: a renderer finds the status in
// the service's model by Code, and falls back to Kind.Status.
package fault

import (
	"errors"
	"fmt"

	"github.com/aws/smithy-go"
)

// Error is the one error type. It implements smithy.APIError, so that code which holds an SDK client cannot tell this
// server's errors from AWS's: both are compared by code only.
type Error struct {
	Kind Kind
	// Code is AWS's name of the exception, for instance NotAuthorizedException, or an OAuth error code.
	Code string
	// Message is what the caller reads, to the byte.
	Message string
	// Members holds further modelled members of the error by wire name, such as reasonCode or retryAfterSeconds.
	Members map[string]any
	// Cause is the true reason. It never reaches the wire.
	Cause error
}

var _ smithy.APIError = (*Error)(nil)

// Error gives the code, the message and the cause; it is text for logs, never for the wire.
func (e *Error) Error() string {
	text := e.Code
	if e.Message != "" {
		text += ": " + e.Message
	}
	if e.Cause != nil {
		text += " (" + e.Cause.Error() + ")"
	}
	return text
}

// Unwrap gives the true cause.
func (e *Error) Unwrap() error { return e.Cause }

// ErrorCode is AWS's name of the exception.
func (e *Error) ErrorCode() string { return e.Code }

// ErrorMessage is what the caller reads.
func (e *Error) ErrorMessage() string { return e.Message }

// ErrorFault tells whose fault it is, as the SDK asks.
func (e *Error) ErrorFault() smithy.ErrorFault {
	if e.Kind.Status() >= 500 {
		return smithy.FaultServer
	}
	return smithy.FaultClient
}

// Because returns a copy that knows its true cause. Shared values are never decorated in place.
func (e *Error) Because(cause error) *Error {
	decorated := *e
	decorated.Cause = cause
	return &decorated
}

// Becausef is Because with a text made on the spot.
func (e *Error) Becausef(format string, args ...any) *Error {
	return e.Because(fmt.Errorf(format, args...))
}

// With returns a copy that carries one more modelled member.
func (e *Error) With(wireName string, value any) *Error {
	decorated := *e
	decorated.Members = make(map[string]any, len(e.Members)+1)
	for name, member := range e.Members {
		decorated.Members[name] = member
	}
	decorated.Members[wireName] = value
	return &decorated
}

// From finds the *Error in err, or makes an Internal one that hides err from the wire.
func From(err error) *Error {
	var e *Error
	if errors.As(err, &e) {
		return e
	}
	return Internal(err)
}

// Is tells whether err is a fault, or any smithy.APIError, of that code. Errors are compared by code only.
func Is(err error, code string) bool {
	var e smithy.APIError
	return errors.As(err, &e) && e.ErrorCode() == code
}
