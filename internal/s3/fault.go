package s3

import (
	"net/http"

	"github.com/poolgate/poolgate/internal/fault"
)

// statuses are those that differ from what a fault's kind says.
var statuses = map[string]int{
	"PreconditionFailed": http.StatusPreconditionFailed, "InvalidRange": http.StatusRequestedRangeNotSatisfiable,
	"MethodNotAllowed": http.StatusMethodNotAllowed, "MissingContentLength": http.StatusLengthRequired,
	"NotModified": http.StatusNotModified, "EntityTooLarge": http.StatusBadRequest, "SlowDown": http.StatusServiceUnavailable,
}

func statusOf(e *fault.Error) int {
	if status, known := statuses[e.Code]; known {
		return status
	}
	return e.Kind.Status()
}

func noSuchBucket(name string) *fault.Error {
	return fault.NotFound("NoSuchBucket", "The specified bucket does not exist").With("BucketName", name)
}

func noSuchKey(key string) *fault.Error {
	return fault.NotFound("NoSuchKey", "The specified key does not exist.").With("Key", key)
}

func noSuchVersion(key, version string) *fault.Error {
	return fault.NotFound("NoSuchVersion", "The specified version does not exist.").With("Key", key).With("VersionId", version)
}

func noSuchUpload(id string) *fault.Error {
	return fault.NotFound("NoSuchUpload", "The specified upload does not exist. The upload ID may be invalid, or the upload may have been "+
		"aborted or completed.").With("UploadId", id)
}

func invalidArgument(name, value, message string) *fault.Error {
	return fault.Invalid("InvalidArgument", "%s", message).With("ArgumentName", name).With("ArgumentValue", value)
}

func invalidRequest(message string) *fault.Error {
	return fault.Invalid("InvalidRequest", "%s", message)
}

func accessDenied() *fault.Error { return fault.Forbidden("AccessDenied", "Access Denied") }

func malformedXML() *fault.Error {
	return fault.Malformed("MalformedXML", "The XML you provided was not well-formed or did not validate against our published schema")
}

// notImplemented refuses an operation or a header of S3 by its name.
func notImplemented(what string) *fault.Error {
	return fault.Unimplemented("NotImplemented", "poolgate does not implement S3's %s.", what)
}

func preconditionFailed(condition string) *fault.Error {
	return fault.Invalid("PreconditionFailed", "At least one of the pre-conditions you specified did not hold").With("Condition", condition)
}
