package gateway

import (
	"github.com/poolgate/poolgate/authz"
)

// refusal is why a request is not answered by its integration, and what it is answered instead.
type refusal struct {
	reason authz.Reason
	// responseType is the gateway response that answers; empty means that the answer is not one of them and cannot be
	// customised.
	responseType string
	// message is $context.error.message; it is null without one.
	message string
	isNull  bool
	// errorType and status, where they are set, go before the response type's own.
	errorType string
	status    int
	// saw and expected explain the reason to people; checks are the engine's.
	saw, expected string
	checks        []authz.Check
	// cause is for the log only; complaint is what the execution log says of it, where that is known in AWS's words.
	cause     error
	complaint string
}

// outline is what the list of reasons says, kept where finding it costs nothing.
type outline struct {
	responseType, message string
	refusedBy             authz.RefusedBy
	status                int
}

var outlines = func() map[authz.Reason]outline {
	m := make(map[authz.Reason]outline)
	for _, info := range authz.Reasons() {
		m[info.Code] = outline{info.ResponseType, info.Message, info.RefusedBy, info.Status}
	}
	return m
}()

// refuse is the refusal that the list of reasons describes.
func refuse(reason authz.Reason) *refusal {
	o := outlines[reason]
	r := &refusal{reason: reason, responseType: o.responseType, message: o.message, isNull: o.message == ""}
	if _, hasOwn := responseTypes[o.responseType]; !hasOwn {
		r.status = o.status
	}
	return r
}

func (r *refusal) because(cause error) *refusal {
	r.cause = cause
	return r
}

func (r *refusal) saying(message string) *refusal {
	r.message, r.isNull = message, false
	return r
}

func (r *refusal) explained(saw, expected string) *refusal {
	r.saw, r.expected = saw, expected
	return r
}

// internalError is the answer when an integration cannot be run as it is configured.
func internalError(cause error) *refusal {
	r := refuse(authz.IntegrationFailed).saying("Internal server error").because(cause)
	r.responseType = typeAPIConfiguration
	return r
}

// integrationFailure is the answer when an integration could not be reached or broke off.
func integrationFailure(cause error) *refusal {
	return refuse(authz.IntegrationFailed).saying("Internal server error").because(cause)
}
