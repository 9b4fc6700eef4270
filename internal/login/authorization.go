package login

import (
	"encoding/base64"
	"slices"
	"strings"

	"github.com/aws/aws-sdk-go-v2/service/cognitoidentityprovider/types"

	"github.com/poolgate/poolgate/internal/cognito"
	"github.com/poolgate/poolgate/internal/fault"
)

// authorization is an authorization request that passed every check: what /oauth2/authorize and /login are both asked with.
type authorization struct {
	client cognito.AppClient
	to     redirection
	// redirectSent tells whether the request named its redirect_uri; then the token request must name it too.
	redirectSent bool
	scopes       []string
	nonce        string
	challenge    string
	prompt       []string
	// query is the request's parameters, to be carried from page to page.
	query params
}

// sentBack is an error that the client is told of, at its redirect_uri.
type sentBack struct {
	err *fault.Error
	to  redirection
}

func (s *sentBack) Error() string { return s.err.Error() }
func (s *sentBack) Unwrap() error { return s.err }

// authorization checks an authorization request. Until the client and its redirect_uri are known to belong together, an error
// stays on this server's error page; from then on it goes back to the client (RFC 6749 4.1.2.1).
func (h *Handler) authorization(x *exchange, sent params, malformed error) (*authorization, error) {
	id := sent.get("client_id")
	switch {
	case id == "" && malformed != nil:
		return nil, malformed
	case id == "":
		return nil, missingParameter("client_id")
	}
	client, err := h.client(x, id)
	if err != nil {
		if e := fault.From(err); e.Kind == fault.KindNotFound {
			return nil, fault.NotFound("unauthorized_client", "").Because(err)
		}
		return nil, err
	}
	a := &authorization{client: client, query: sent, redirectSent: sent.get("redirect_uri") != ""}
	a.to.uri = sent.get("redirect_uri")
	if !a.redirectSent {
		a.to.uri = client.DefaultRedirectURI
	}
	switch {
	case a.to.uri == "":
		return nil, missingParameter("redirect_uri")
	case a.redirectSent && !slices.Contains(client.CallbackURLs, a.to.uri):
		// Exact match of the whole text; a trailing slash is enough to differ (fact 5.2).
		return nil, fault.Invalid("redirect_mismatch", "").Becausef("redirect_uri is not among the client's callback URLs")
	}
	a.to.state = sent.get("state")
	a.to.implicit = sent.get("response_type") == implicitResponse
	e := malformedFault(malformed)
	if e == nil {
		e = a.check(sent)
	}
	if e != nil {
		return nil, &sentBack{err: e, to: a.to}
	}
	return a, nil
}

// malformedFault is the error with which the parameters were read, if any.
func malformedFault(err error) *fault.Error {
	if err == nil {
		return nil
	}
	return fault.From(err)
}

// missingParameter is the error page's text for a parameter without which nothing can be said to the client (fact 5.6).
func missingParameter(name string) *fault.Error {
	return fault.Invalid("invalid_request", "Required String parameter '%s' is not present", name)
}

// The response types there are.
const (
	codeResponse     = "code"
	implicitResponse = "token"
)

// check judges everything that the client can be told about.
func (a *authorization) check(sent params) *fault.Error {
	switch sent.get("response_type") {
	case "":
		return invalidRequest("response_type is missing")
	case codeResponse:
		if !a.client.OAuthEnabled || !slices.Contains(a.client.Flows, types.OAuthFlowTypeCode) {
			return fault.Forbidden("unauthorized_client", "").Becausef("the client may not use the code grant")
		}
	case implicitResponse:
		if !a.client.OAuthEnabled || !slices.Contains(a.client.Flows, types.OAuthFlowTypeImplicit) {
			return fault.Forbidden("unauthorized_client", "").Becausef("the client may not use the implicit grant")
		}
	default:
		return fault.Invalid("unsupported_response_type", "")
	}
	if e := a.checkChallenge(sent); e != nil {
		return e
	}
	if e := a.checkProvider(sent.get("identity_provider")); e != nil {
		return e
	}
	a.nonce = sent.get("nonce")
	a.prompt = strings.Fields(sent.get("prompt"))
	if len(a.prompt) > 1 && slices.Contains(a.prompt, "none") {
		return invalidRequest("prompt=none does not go with another prompt")
	}
	var e *fault.Error
	if a.scopes, e = grantedScopes(a.client.Scopes, sent.get("scope")); e != nil {
		return e
	}
	return nil
}

// checkChallenge takes the PKCE challenge. There is no method but S256, and no default (fact 5.2).
func (a *authorization) checkChallenge(sent params) *fault.Error {
	challenge, method := sent.get("code_challenge"), sent.get("code_challenge_method")
	switch {
	case challenge == "" && method == "":
		return nil
	case challenge == "":
		return invalidRequest("code_challenge_method without code_challenge")
	case method != "S256":
		return invalidRequest("code_challenge_method is not S256")
	}
	if sum, err := base64.RawURLEncoding.Strict().DecodeString(challenge); err != nil || len(sum) != 32 {
		return invalidRequest("code_challenge is not a SHA-256 sum in base64url")
	}
	a.challenge = challenge
	return nil
}

// checkProvider lets through sign-in with the pool itself; a client whose providers are not named may use it.
func (a *authorization) checkProvider(asked string) *fault.Error {
	const own = "COGNITO"
	if asked != "" && asked != own {
		return invalidRequest("the client has no identity provider of that name")
	}
	if len(a.client.IdentityProviders) > 0 && !slices.Contains(a.client.IdentityProviders, own) {
		return invalidRequest("COGNITO is not among the client's identity providers")
	}
	return nil
}

// grantedScopes are the scopes asked for, or all of the client's when none are. A scope that is not allowed refuses the whole
// request with the error AWS was seen to answer, which is not the one its documentation names (fact 5.2).
func grantedScopes(allowed []string, asked string) ([]string, *fault.Error) {
	scopes := strings.Fields(asked)
	if len(scopes) == 0 {
		return slices.Clone(allowed), nil
	}
	openid := slices.Contains(scopes, "openid")
	for _, scope := range scopes {
		if !slices.Contains(allowed, scope) {
			return nil, fault.Invalid("invalid_request", "invalid_scope").Becausef("scope %q is not among the client's", scope)
		}
		switch scope {
		case "phone", "email", "profile":
			if !openid {
				return nil, fault.Invalid("invalid_request", "invalid_scope").Becausef("scope %q needs openid", scope)
			}
		}
	}
	return unique(scopes), nil
}

// unique is list without repetitions, in its order. It is for lists whose items were found among a few allowed ones.
func unique(list []string) []string {
	var kept []string
	for _, item := range list {
		if !slices.Contains(kept, item) {
			kept = append(kept, item)
		}
	}
	return kept
}
