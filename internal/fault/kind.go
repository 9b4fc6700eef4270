package fault

import (
	"fmt"
	"net/http"
)

// Kind is one of a closed list of ways to fail.
type Kind uint8

// The closed list. AllKinds returns it; every renderer's test walks it.
const (
	KindInternal      Kind = iota // our fault: the cause is logged, never shown
	KindInvalid                   // the input breaks a rule
	KindMalformed                 // the bytes cannot be read as the protocol
	KindUnauthorized              // who you are could not be established
	KindForbidden                 // you are known, and may not
	KindNotFound                  // the thing named does not exist
	KindConflict                  // the thing exists already, or changed meanwhile
	KindLimit                     // a quota is used up
	KindThrottled                 // too many requests, try again
	KindTooLarge                  // the input is larger than allowed
	KindUnimplemented             // AWS has it, poolgate does not, and says so by name
	KindUnavailable               // something needed did not answer in time
	kindCount
)

var kinds = [kindCount]struct {
	name   string
	status int
}{
	KindInternal:      {"internal", http.StatusInternalServerError},
	KindInvalid:       {"invalid", http.StatusBadRequest},
	KindMalformed:     {"malformed", http.StatusBadRequest},
	KindUnauthorized:  {"unauthorized", http.StatusUnauthorized},
	KindForbidden:     {"forbidden", http.StatusForbidden},
	KindNotFound:      {"not_found", http.StatusNotFound},
	KindConflict:      {"conflict", http.StatusConflict},
	KindLimit:         {"limit", http.StatusTooManyRequests},
	KindThrottled:     {"throttled", http.StatusTooManyRequests},
	KindTooLarge:      {"too_large", http.StatusRequestEntityTooLarge},
	KindUnimplemented: {"unimplemented", http.StatusNotImplemented},
	KindUnavailable:   {"unavailable", http.StatusServiceUnavailable},
}

// AllKinds returns the closed list, for tests that walk every kind through a renderer.
func AllKinds() []Kind {
	all := make([]Kind, kindCount)
	for i := range all {
		all[i] = Kind(i)
	}
	return all
}

// String is the kind's name in logs.
func (k Kind) String() string { return kinds[k].name }

// Status is the HTTP status of a kind where the service's model does not say another.
func (k Kind) Status() int { return kinds[k].status }

func build(kind Kind, code, format string, args []any) *Error {
	message := format
	if len(args) > 0 {
		message = fmt.Sprintf(format, args...)
	}
	return &Error{Kind: kind, Code: code, Message: message}
}

// Internal hides cause behind the text AWS shows when something broke on its side.
func Internal(cause error) *Error {
	return &Error{Kind: KindInternal, Code: "InternalErrorException", Message: "Internal server error", Cause: cause}
}

// Invalid says that the input breaks a rule.
func Invalid(code, format string, args ...any) *Error { return build(KindInvalid, code, format, args) }

// Malformed says that the bytes cannot be read as the protocol.
func Malformed(code, format string, args ...any) *Error {
	return build(KindMalformed, code, format, args)
}

// Unauthorized says that the caller could not be established.
func Unauthorized(code, format string, args ...any) *Error {
	return build(KindUnauthorized, code, format, args)
}

// Forbidden says that a known caller may not do this.
func Forbidden(code, format string, args ...any) *Error {
	return build(KindForbidden, code, format, args)
}

// NotFound says that the thing named does not exist.
func NotFound(code, format string, args ...any) *Error {
	return build(KindNotFound, code, format, args)
}

// Conflict says that the thing exists already or changed meanwhile.
func Conflict(code, format string, args ...any) *Error {
	return build(KindConflict, code, format, args)
}

// Limit says that a quota is used up.
func Limit(code, format string, args ...any) *Error { return build(KindLimit, code, format, args) }

// Throttled says that there were too many requests just now.
func Throttled(code, format string, args ...any) *Error {
	return build(KindThrottled, code, format, args)
}

// TooLarge says that the input is larger than allowed.
func TooLarge(code, format string, args ...any) *Error {
	return build(KindTooLarge, code, format, args)
}

// Unimplemented names what AWS has and poolgate does not.
func Unimplemented(code, format string, args ...any) *Error {
	return build(KindUnimplemented, code, format, args)
}

// Unavailable says that something needed did not answer in time.
func Unavailable(code, format string, args ...any) *Error {
	return build(KindUnavailable, code, format, args)
}
