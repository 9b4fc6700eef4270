package authz

// Reason is why a request was refused: one of a closed list that the gateway, the log, explain and the docs share.
// The zero value means that nothing refused it. The codes are public and never change their meaning.
type Reason string

// What the authorizer refuses a token for.
const (
	IdentitySourceMissing  Reason = "identity_source_missing"
	TokenMalformed         Reason = "token_malformed"
	TokenIsRefreshToken    Reason = "token_is_refresh_token"
	TokenAlgorithm         Reason = "token_algorithm"
	TokenIssuer            Reason = "token_issuer"
	PoolNotFound           Reason = "pool_not_found"
	TokenKeyUnknown        Reason = "token_key_unknown"
	KeysUnavailable        Reason = "keys_unavailable"
	TokenSignature         Reason = "token_signature"
	TokenExpired           Reason = "token_expired"
	TokenNotYetValid       Reason = "token_not_yet_valid"
	TokenUseIDExpected     Reason = "token_use_id_expected"
	TokenUseAccessExpected Reason = "token_use_access_expected"
	TokenAudience          Reason = "token_audience"
	ScopeMissing           Reason = "scope_missing"
)

// What an authorizer that is a function refuses for.
const (
	AuthorizerDenied           Reason = "authorizer_denied"
	AuthorizerDeniedExplicitly Reason = "authorizer_denied_explicitly"
	AuthorizerUnauthorized     Reason = "authorizer_unauthorized"
	IdentitySourceInvalid      Reason = "identity_source_invalid"
	AuthorizerFailed           Reason = "authorizer_failed"
	AuthorizerMisconfigured    Reason = "authorizer_misconfigured"
)

// What refuses before a method is found.
const (
	RouteNotFound                  Reason = "route_not_found"
	RouteNotFoundSignatureExpected Reason = "route_not_found_signature_expected"
	StageNotFound                  Reason = "stage_not_found"
	DomainMappingMissing           Reason = "domain_mapping_missing"
	EndpointDisabled               Reason = "endpoint_disabled"
	PrivateAPI                     Reason = "private_api"
	WAFBlocked                     Reason = "waf_blocked"
)

// What policies, keys and limits refuse for.
const (
	ResourcePolicyDenied Reason = "resource_policy_denied"
	IAMDenied            Reason = "iam_denied"
	SignatureMissing     Reason = "signature_missing"
	SignatureInvalid     Reason = "signature_invalid"
	SignatureExpired     Reason = "signature_expired"
	AccessKeyUnknown     Reason = "access_key_unknown"
	APIKeyMissing        Reason = "api_key_missing"
	APIKeyInvalid        Reason = "api_key_invalid"
	Throttled            Reason = "throttled"
	QuotaExceeded        Reason = "quota_exceeded"
)

// What is refused of an admitted request, and what its integration fails with.
const (
	ParametersMissing         Reason = "parameters_missing"
	BodyInvalid               Reason = "body_invalid"
	MediaTypeUnsupported      Reason = "media_type_unsupported"
	BodyTooLarge              Reason = "body_too_large"
	URITooLong                Reason = "uri_too_long"
	IntegrationFailed         Reason = "integration_failed"
	IntegrationTimeout        Reason = "integration_timeout"
	FunctionPermissionMissing Reason = "function_permission_missing"
	FunctionAnswerMalformed   Reason = "function_answer_malformed"
	IntegrationRefused        Reason = "integration_refused"
)

// RefusedBy says who refuses: the values of a decision record's refusedBy.
type RefusedBy string

// Who refuses.
const (
	ByAuthorizer  RefusedBy = "authorizer"
	ByRoute       RefusedBy = "route"
	ByPolicy      RefusedBy = "policy"
	ByRequest     RefusedBy = "request"
	ByIntegration RefusedBy = "integration"
)

// ReasonInfo is what the closed list says of a reason.
type ReasonInfo struct {
	Code Reason `json:"code"`
	// RefusedBy is who refuses.
	RefusedBy RefusedBy `json:"refusedBy"`
	// ResponseType is the gateway response type that answers, which a REST API can customise; empty where the answer
	// is not one of them.
	ResponseType string `json:"responseType,omitempty"`
	// Status is the status when nobody customised it; 0 where the integration chose it.
	Status int `json:"status,omitempty"`
	// Message is what the client is told, when that is always the same.
	Message string `json:"message,omitempty"`
	// Sentence tells people what happened.
	Sentence string `json:"sentence"`
	// Mend is what to do about it: commands and changes, with placeholders in capital letters.
	Mend []string `json:"mend,omitempty"`
}

// Reasons is the closed list, in the order in which the docs show it. The caller may keep and change it.
func Reasons() []ReasonInfo {
	out := make([]ReasonInfo, 0, len(reasonTable))
	for _, info := range reasonTable {
		out = append(out, info.clone())
	}
	return out
}

// Info is what the closed list says of the reason; the zero ReasonInfo when the reason is empty or not in the list.
func (r Reason) Info() ReasonInfo {
	if i, ok := reasonIndex[r]; ok {
		return reasonTable[i].clone()
	}
	return ReasonInfo{}
}

// Message is what the client is told of the refusal, when that is always the same.
func (r Reason) Message() string {
	if i, ok := reasonIndex[r]; ok {
		return reasonTable[i].Message
	}
	return ""
}

func (i ReasonInfo) clone() ReasonInfo {
	i.Mend = append([]string(nil), i.Mend...)
	return i
}

// reasonTable is the closed list.
var reasonTable = concat(tokenReasons, functionReasons, routeReasons, policyReasons, requestReasons)

// reasonIndex finds a reason in the table.
var reasonIndex = func() map[Reason]int {
	index := make(map[Reason]int, len(reasonTable))
	for i, info := range reasonTable {
		index[info.Code] = i
	}
	return index
}()

func concat(tables ...[]ReasonInfo) (all []ReasonInfo) {
	for _, t := range tables {
		all = append(all, t...)
	}
	return all
}
