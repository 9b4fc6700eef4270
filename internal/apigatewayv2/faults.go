package apigatewayv2

import "github.com/poolgate/poolgate/internal/fault"

// badRequest is AWS's BadRequestException. A message without arguments is taken as it stands.
func badRequest(format string, args ...any) *fault.Error {
	return fault.Invalid("BadRequestException", format, args...)
}

func notFound(format string, args ...any) *fault.Error {
	return fault.NotFound("NotFoundException", format, args...)
}

func conflict(format string, args ...any) *fault.Error {
	return fault.Conflict("ConflictException", format, args...)
}

// noAPI is how every operation refuses an id that names no API of the caller.
func noAPI(id string) *fault.Error { return notFound("Invalid API identifier specified %s", id) }
