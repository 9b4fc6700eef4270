package account

import (
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/smithy-go"
	smithyhttp "github.com/aws/smithy-go/transport/http"
)

// The codes by which AWS's services say the same.
var (
	absentCodes     = []string{"NotFoundException", "ResourceNotFoundException", "UserNotFoundException"}
	deniedCodes     = []string{"AccessDenied", "AccessDeniedException", "NotAuthorizedException", "UnauthorizedException", "AuthorizationError", "ForbiddenException"}
	credentialCodes = []string{
		"UnrecognizedClientException", "InvalidClientTokenId", "InvalidSignatureException", "SignatureDoesNotMatch", "ExpiredToken",
		"ExpiredTokenException", "MissingAuthenticationTokenException", "MissingAuthenticationToken", "IncompleteSignature",
		"IncompleteSignatureException", "RequestExpired", "OptInRequired", "InvalidAccessKeyId",
	}
	throttleCodes = []string{
		"TooManyRequestsException", "Throttling", "ThrottlingException", "ThrottledException", "RequestThrottled", "RequestLimitExceeded", "LimitExceededException", "SlowDown",
	}
)

// codeOf is the code of a service's error; empty when no service answered.
func codeOf(err error) string {
	var api smithy.APIError
	if errors.As(err, &api) {
		return api.ErrorCode()
	}
	return ""
}

func statusOf(err error) int {
	var response *smithyhttp.ResponseError
	if errors.As(err, &response) {
		return response.HTTPStatusCode()
	}
	return 0
}

// errAbsent tells that a document that is fetched is not there.
var errAbsent = errors.New("not there")

// errNotIts is the answer of a server that is no AWS: it is not about what was asked for.
var errNotIts = errors.New("the answer is not about what was asked for")

// about takes an answer that says the id that was asked for. Whatever reads the answer may rely on it, and files are named for it.
func about[T any](out T, err error, said func() *string, asked string) (T, error) {
	if err == nil && aws.ToString(said()) != asked {
		err = errNotIts
	}
	return out, err
}

func isAbsent(err error) bool {
	return errors.Is(err, errAbsent) || slices.Contains(absentCodes, codeOf(err))
}

func kindOf(err error) GapKind {
	code := codeOf(err)
	switch {
	case errors.Is(err, errNotIts):
		return GapStrange
	case errors.Is(err, errTooLong):
		return GapTooMuch
	case slices.Contains(deniedCodes, code):
		return GapDenied
	case slices.Contains(credentialCodes, code):
		return GapCredentials
	case slices.Contains(throttleCodes, code) || statusOf(err) == http.StatusTooManyRequests:
		return GapThrottled
	case statusOf(err) != 0: // something answered, in no words of the service's
		return GapStrange
	}
	return GapUnreachable
}

// mayPass tells whether the same call may have an answer a little later.
func mayPass(err error) bool {
	status := statusOf(err)
	return status >= http.StatusInternalServerError || status == 0 && codeOf(err) == "" && !errors.Is(err, errNotIts)
}

// messageOf is what a service said, or what kept it from saying something; without the request's URL.
func messageOf(err error) string {
	var api smithy.APIError
	if errors.As(err, &api) && api.ErrorMessage() != "" && codeOf(err) != "UnknownError" {
		return oneLine(api.ErrorMessage())
	}
	if status := statusOf(err); status != 0 {
		return fmt.Sprintf("status %d with a body that is not the service's", status)
	}
	for cause := err; cause != nil; cause = errors.Unwrap(cause) {
		err = cause
	}
	return oneLine(err.Error())
}

// oneLine is a text that is safe to print: one line, of bounded length, without control characters.
func oneLine(text string) string {
	text = strings.Join(strings.Fields(strings.Map(func(c rune) rune {
		if c < ' ' || c == 0x7f {
			return ' '
		}
		return c
	}, text)), " ")
	if len(text) > longestMessage {
		text = strings.ToValidUTF8(text[:longestMessage], "") + "…"
	}
	return text
}
