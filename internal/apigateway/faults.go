package apigateway

import (
	"errors"

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

// The faults of ids that name nothing. Operations on a thing inside an API give the thing's fault for an unknown API
// too, as recorded: AWS looks up the whole key at once.
var (
	noResource       = notFound("Invalid Resource identifier specified")
	noMethod         = notFound("Invalid Method identifier specified")
	noIntegration    = notFound("Invalid Integration identifier specified")
	noResponse       = notFound("Invalid Response status code specified")
	noAuthorizer     = notFound("Invalid Authorizer identifier specified")
	noValidator      = notFound("Invalid Request Validator identifier specified")
	noDeployment     = notFound("Invalid Deployment identifier specified")
	noStage          = notFound("Invalid stage identifier specified")
	noResponseType   = notFound("Gateway response type not defined on api")
	noParameter      = notFound("Invalid parameter name specified")
	noContentType    = notFound("Content-Type specified was not found")
	modifiedMeantime = conflict("Unable to complete operation due to concurrent modification. Please try again later.")
)

// noAPI is how operations on an API as a whole refuse an id.
func noAPI(call wire.Call, id *string) *fault.Error {
	text := ""
	if id != nil {
		text = *id
	}
	return notFound("Invalid API identifier specified %s:%s", call.Account, text)
}

// noModel is how a model's name is refused where the model itself is meant.
func noModel(name *string) *fault.Error {
	if name == nil {
		return notFound("Invalid model name specified: null")
	}
	return notFound("Invalid model name specified: %s", *name)
}

// invalidMapping wraps what AWS's validator of mappings finds.
func invalidMapping(finding string) *fault.Error {
	return badRequest("Invalid mapping expression specified: Validation Result: warnings : [], errors : [%s]", finding)
}

// missingInstead replaces a fault of something that is not there; other errors stay.
func missingInstead(err, instead error) error {
	var missing *fault.Error
	if !errors.As(err, &missing) || missing.Kind != fault.KindNotFound {
		return err
	}
	var refusal *fault.Error
	if errors.As(instead, &refusal) {
		return refusal.Because(err)
	}
	return instead
}
