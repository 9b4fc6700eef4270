package apigatewayv2

import (
	"github.com/poolgate/poolgate/internal/fault"
	"github.com/poolgate/poolgate/internal/wire"
)

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

// The faults of ids that name nothing. Their texts are those of REST APIs: none was seen of HTTP APIs.
var (
	noRoute          = notFound("Invalid Route identifier specified")
	noIntegration    = notFound("Invalid Integration identifier specified")
	noAuthorizer     = notFound("Invalid Authorizer identifier specified")
	noDeployment     = notFound("Invalid Deployment identifier specified")
	noStage          = notFound("Invalid stage identifier specified")
	noDomain         = notFound("Invalid domain name identifier specified")
	noMapping        = notFound("Invalid API mapping identifier specified")
	noVPCLink        = notFound("Invalid Vpc Link identifier specified")
	noRoutingRule    = notFound("Invalid routing rule identifier specified")
	noParameter      = notFound("Invalid parameter name specified")
	modifiedMeantime = conflict("Unable to complete operation due to concurrent modification. Please try again later.")
)

// noAPI is how every operation refuses an id that names no API of the caller (seen: aws/aws-sdk-js issue 2458,
// aws/aws-sam-cli issue 7030).
func noAPI(call wire.Call, id string) *fault.Error {
	return notFound("Invalid API identifier specified %s:%s", call.Account, id)
}

// messageOf is what a caller reads of an error.
func messageOf(err error) string { return fault.From(err).Message }
