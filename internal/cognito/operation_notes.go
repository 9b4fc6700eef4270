package cognito

import "github.com/poolgate/poolgate/internal/wire"

var _ wire.Annotated = (*Service)(nil)

// OperationNotes says which operations can have no full meaning here, and what they do instead; the coverage page shows it.
func (*Service) OperationNotes() map[string]string {
	const (
		look     = "kept and shown; the login pages do not follow it"
		risk     = "kept and shown; no risk is judged"
		logs     = "kept and shown; no logs are delivered"
		provider = "checked, kept and shown; nobody signs in through it"
		replica  = "refused with OperationNotEnabledException: a pool has no replicas"
		noEvents = "no sign-ins are recorded: no event is ever found"
	)
	return map[string]string{
		"CreateIdentityProvider": provider, "UpdateIdentityProvider": provider,
		"AdminLinkProviderForUser":   "the identity is kept and shown; nobody signs in through it",
		"CreateManagedLoginBranding": look, "UpdateManagedLoginBranding": look, "SetUICustomization": look,
		"CreateTerms": look, "UpdateTerms": look,
		"SetRiskConfiguration": risk, "SetLogDeliveryConfiguration": logs,
		"CreateUserPoolReplica": replica, "DeleteUserPoolReplica": replica, "ListUserPoolReplicas": replica, "UpdateUserPoolReplica": replica,
		"AdminListUserAuthEvents":      "always empty: no sign-ins are recorded",
		"AdminUpdateAuthEventFeedback": noEvents, "UpdateAuthEventFeedback": noEvents,
		"GetSigningCertificate": "a certificate of the pool's own; no SAML request is signed with it yet",
	}
}
