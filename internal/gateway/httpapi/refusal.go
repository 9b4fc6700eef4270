package httpapi

import (
	"net/http"

	"github.com/poolgate/poolgate/authz"
)

// refusal is why a request is not answered by its integration, and what it is answered instead. HTTP APIs have no gateway
// responses: status and message follow from the reason and cannot be customised.
type refusal struct {
	reason  authz.Reason
	status  int
	message string
	// challenge is the www-authenticate of the answer; empty when it has none.
	challenge string
	// saw and expected explain the reason to people; checks are the engine's.
	saw, expected string
	checks        []authz.Check
	// integrationError is $context.integrationErrorMessage.
	integrationError string
	// cause is for the log only.
	cause error
}

// statuses are the answers by reason (facts 2 and 3.2). What an authorizer that reads tokens refuses has the decision's own status;
// those that are missing here are 500.
var statuses = map[authz.Reason]int{
	authz.DomainMappingMissing: http.StatusForbidden,
	authz.EndpointDisabled:     http.StatusNotFound,
	authz.StageNotFound:        http.StatusNotFound,
	authz.RouteNotFound:        http.StatusNotFound,

	authz.IdentitySourceMissing:      http.StatusUnauthorized,
	authz.AuthorizerUnauthorized:     http.StatusUnauthorized,
	authz.AuthorizerDenied:           http.StatusForbidden,
	authz.AuthorizerDeniedExplicitly: http.StatusForbidden,
	authz.SignatureMissing:           http.StatusForbidden,
	authz.SignatureInvalid:           http.StatusForbidden,
	authz.SignatureExpired:           http.StatusForbidden,
	authz.AccessKeyUnknown:           http.StatusForbidden,
	authz.IAMDenied:                  http.StatusForbidden,

	authz.Throttled:    http.StatusTooManyRequests,
	authz.BodyTooLarge: http.StatusRequestEntityTooLarge,
	authz.BodyInvalid:  http.StatusBadRequest,

	authz.IntegrationTimeout: http.StatusServiceUnavailable,
}

// refusers are who refuses for a reason, kept where finding it costs nothing.
var refusers = func() map[authz.Reason]authz.RefusedBy {
	m := make(map[authz.Reason]authz.RefusedBy)
	for _, info := range authz.Reasons() {
		m[info.Code] = info.RefusedBy
	}
	return m
}()

// refuse is the refusal of a reason with the status and the message that follow from it.
func refuse(reason authz.Reason) *refusal {
	status := statuses[reason]
	if status == 0 {
		status = http.StatusInternalServerError
	}
	return (&refusal{reason: reason}).answered(status)
}

// answered sets the status; the message is its name, as in all that HTTP APIs were seen to answer.
func (r *refusal) answered(status int) *refusal {
	r.status, r.message = status, http.StatusText(status)
	return r
}

func (r *refusal) because(cause error) *refusal {
	r.cause = cause
	return r
}

func (r *refusal) explained(saw, expected string) *refusal {
	r.saw, r.expected = saw, expected
	return r
}

// reporting sets what the access log tells of the integration.
func (r *refusal) reporting(integrationError string) *refusal {
	r.integrationError = integrationError
	return r
}

// internalError is the answer when an integration cannot be run as it is configured.
func internalError(cause error) *refusal {
	return refuse(authz.IntegrationFailed).because(cause).reporting(cause.Error())
}

// unavailable is the answer when an integration could not be reached or broke off.
func unavailable(cause error) *refusal {
	return refuse(authz.IntegrationFailed).because(cause).answered(http.StatusServiceUnavailable).reporting(cause.Error())
}

func tooLarge() *refusal {
	return refuse(authz.BodyTooLarge).explained("a body of more than 10 MB", "at most 10 MB")
}
