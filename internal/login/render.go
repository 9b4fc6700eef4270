package login

import (
	"encoding/json"
	"net/http"

	"github.com/poolgate/poolgate/internal/fault"
)

// The faces of an error. Each is total: it has an answer for every code it knows, and one for every kind. Codes are either OAuth's
// own, made in this package, or AWS's, from the pools.

// oauthCodes are the OAuth errors this package makes, which go on the wire as they are.
var oauthCodes = map[string]bool{
	"invalid_request": true, "invalid_client": true, "invalid_grant": true, "invalid_scope": true, "unauthorized_client": true,
	"unsupported_grant_type": true, "unsupported_response_type": true, "unsupported_token_type": true,
	"server_error": true, "temporarily_unavailable": true, "access_denied": true, "login_required": true, "invalid_token": true,
}

// oauthError is an error in OAuth's terms.
type oauthError struct {
	Error       string `json:"error"`
	Description string `json:"error_description,omitempty"`
}

// asOAuth maps a fault to OAuth's terms. A description is only ever what AWS lets the caller read.
func asOAuth(e *fault.Error) oauthError {
	if oauthCodes[e.Code] {
		return oauthError{e.Code, e.Message}
	}
	switch e.Code {
	case "NotAuthorizedException", "UserNotFoundException", "UserNotConfirmedException", "PasswordResetRequiredException",
		"RefreshTokenReuseException":
		return oauthError{"invalid_grant", e.Message}
	case "ResourceNotFoundException":
		return oauthError{"invalid_client", ""}
	case "UnauthorizedException":
		return oauthError{"unauthorized_client", ""}
	case "UnsupportedTokenTypeException":
		return oauthError{"unsupported_token_type", ""}
	case "ScopeDoesNotExistException":
		return oauthError{"invalid_scope", ""}
	case "UnsupportedOperationException", "InvalidParameterException", "UserLambdaValidationException":
		return oauthError{"invalid_request", e.Message}
	}
	switch e.Kind {
	case fault.KindInvalid, fault.KindMalformed, fault.KindTooLarge, fault.KindConflict:
		return oauthError{"invalid_request", ""}
	case fault.KindUnauthorized:
		return oauthError{"invalid_grant", ""}
	case fault.KindForbidden:
		return oauthError{"unauthorized_client", ""}
	case fault.KindNotFound:
		return oauthError{"invalid_client", ""}
	case fault.KindUnimplemented:
		return oauthError{"invalid_request", e.Message}
	case fault.KindLimit, fault.KindThrottled, fault.KindUnavailable:
		return oauthError{"temporarily_unavailable", ""}
	default:
		return oauthError{"server_error", ""}
	}
}

// status is the HTTP status of an error in JSON: 400 for everything that is the caller's (fact 5.3), also invalid_client.
func status(e *fault.Error) int {
	switch e.Kind {
	case fault.KindInternal, fault.KindUnavailable, fault.KindLimit, fault.KindThrottled, fault.KindTooLarge:
		return e.Kind.Status()
	default:
		return http.StatusBadRequest
	}
}

// jsonFace renders for /oauth2/token and everything else that programs call.
func jsonFace(_ *exchange, e *fault.Error) *answer { return jsonAnswer(status(e), asOAuth(e)) }

// revokeFace differs in the status of invalid_client (fact 5.5).
func revokeFace(_ *exchange, e *fault.Error) *answer {
	oauth, code := asOAuth(e), status(e)
	if oauth.Error == "invalid_client" {
		code = http.StatusUnauthorized
	}
	return jsonAnswer(code, oauth)
}

// bearerFace renders for /oauth2/userInfo (fact 5.4): the error is in WWW-Authenticate, without the word Bearer.
func bearerFace(_ *exchange, e *fault.Error) *answer {
	oauth, code := asOAuth(e), status(e)
	switch {
	case code >= http.StatusTooManyRequests:
		return jsonAnswer(code, oauth)
	case oauth.Error == "invalid_request":
		oauth.Description = "Bad OAuth2 request at UserInfo Endpoint"
		code = http.StatusBadRequest
	default:
		oauth = oauthError{"invalid_token", "Access token is expired, disabled, or deleted, or the user has globally signed out."}
		code = http.StatusUnauthorized
	}
	return jsonAnswer(code, oauth).
		set("WWW-Authenticate", `error="`+oauth.Error+`", error_description="`+oauth.Description+`"`)
}

// jsonAnswer encodes body the way AWS writes its media type.
func jsonAnswer(code int, body any) *answer {
	text, err := json.Marshal(body)
	if err != nil {
		code, text = http.StatusInternalServerError, []byte(`{"error":"server_error"}`)
	}
	return &answer{status: code, contentType: "application/json;charset=UTF-8", body: text}
}

// redirectError is what a client's redirect_uri is told: no more than the error, and a description where AWS gives one.
func redirectError(e *fault.Error) oauthError {
	oauth := asOAuth(e)
	switch oauth.Error {
	case "invalid_client":
		// Not an error of the authorization endpoint (RFC 6749 4.1.2.1).
		oauth.Error = "unauthorized_client"
	case "invalid_grant":
		// The person was refused, not the client's request.
		oauth.Error = "access_denied"
	}
	return oauth
}

// signInError is what the sign-in page tells a person, and the status it says it with.
func signInError(e *fault.Error) (text string, code int) {
	switch e.Code {
	case "UserNotFoundException":
		// Whether a user exists is nothing the page tells, whatever PreventUserExistenceErrors says.
		return "Incorrect username or password.", http.StatusBadRequest
	case "NotAuthorizedException", "UserNotConfirmedException", "PasswordResetRequiredException", "InvalidPasswordException",
		"InvalidParameterException", "UserLambdaValidationException", "PasswordHistoryPolicyViolationException":
		if e.Message != "" {
			return e.Message, http.StatusBadRequest
		}
	}
	switch e.Kind {
	case fault.KindUnauthorized, fault.KindNotFound, fault.KindForbidden:
		return "Incorrect username or password.", http.StatusBadRequest
	case fault.KindInvalid, fault.KindMalformed, fault.KindTooLarge, fault.KindConflict:
		return "Something in the form is not right. Check it and try again.", http.StatusBadRequest
	case fault.KindLimit, fault.KindThrottled:
		return "Too many attempts. Wait a while and try again.", http.StatusTooManyRequests
	case fault.KindUnimplemented:
		return "This sign-in needs a step that this server does not have yet.", http.StatusNotImplemented
	default:
		return "Something went wrong on our side. Try again.", e.Kind.Status()
	}
}

// pageFace renders an error that no client can be told of: the person is sent to the error page, as AWS does (fact 5.2), with
// the client id when it was readable. What is our fault, and a host that is no login domain, is a page with its own status at once.
func (h *Handler) pageFace(x *exchange, e *fault.Error) *answer {
	code := errorPageCode(e)
	if s := e.Kind.Status(); s >= http.StatusInternalServerError || e.Code == unknownDomain {
		return h.errorPage(x, s, code)
	}
	sent, _ := query(x.Request) // what was unreadable is not told
	location := "error=" + escape(code)
	if id := sent.get("client_id"); isClientID(id) {
		location += "&client_id=" + escape(id)
	}
	return redirect(x.place.url("/error", location))
}

// errorPageCode is the error parameter of the error page.
func errorPageCode(e *fault.Error) string {
	for _, code := range []string{e.Message, e.Code} {
		// The message first: it is the more exact one, "invalid_scope" of an invalid_request.
		if _, known := errorTexts[code]; known {
			return code
		}
	}
	return redirectError(e).Error
}
