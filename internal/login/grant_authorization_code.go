package login

import (
	"crypto/sha256"
	"crypto/subtle"
	"encoding/base64"
	"errors"
	"slices"

	"github.com/aws/aws-sdk-go-v2/service/cognitoidentityprovider/types"

	"github.com/poolgate/poolgate/internal/cognito"
	"github.com/poolgate/poolgate/internal/fault"
	"github.com/poolgate/poolgate/internal/store"
)

// authorizationCodeGrant exchanges a code for tokens.
var authorizationCodeGrant = tokenGrant{
	enabled: func(c cognito.AppClient) bool {
		return c.OAuthEnabled && slices.Contains(c.Flows, types.OAuthFlowTypeCode)
	},
	redeem: (*Handler).redeemCode,
}

func (h *Handler) redeemCode(x *exchange, client cognito.AppClient, form params) (cognito.Tokens, error) {
	sent := form.get("code")
	if sent == "" {
		return cognito.Tokens{}, invalidRequest("code is missing")
	}
	code, err := h.takeCode(x, client, sent, form)
	if err != nil {
		return cognito.Tokens{}, err
	}
	return h.pools.IssueTokens(x.Context(), cognito.IssueRequest{
		ClientID: client.ClientID, Username: code.Username, Sub: code.Sub, Scopes: code.Scopes, AuthTime: code.AuthTime, Nonce: code.Nonce, Refresh: true,
	})
}

// takeCode finds a code, checks that it is for this client and request, and uses it up, in one transaction: of two requests with
// the same code one succeeds. A request that fails a check leaves the code: who stole a code without its
// verifier cannot spoil it.
func (h *Handler) takeCode(x *exchange, client cognito.AppClient, sent string, form params) (*authorizationCode, error) {
	id := digest(sent)
	var taken *authorizationCode
	err := h.store.Update(x.Context(), func(tx *store.Tx) error {
		code, err := codes.Get(tx, client.PoolID, id)
		if errors.Is(err, store.ErrNotFound) {
			return invalidGrant("the code is unknown, used or expired")
		}
		if err != nil {
			return err
		}
		if !h.clock.Now().Before(code.Expires) {
			return invalidGrant("the code has expired")
		}
		if code.ClientID != client.ClientID {
			return invalidGrant("the code is another client's")
		}
		if e := checkRedirect(code, form.get("redirect_uri")); e != nil {
			return e
		}
		if e := checkVerifier(code.Challenge, form.get("code_verifier")); e != nil {
			return e
		}
		taken = code
		return codes.Delete(tx, client.PoolID, id)
	})
	return taken, err
}

// checkRedirect asks for the redirect_uri of the authorization request, to the byte; a trailing slash is enough to differ
// (fact 5.3).
func checkRedirect(code *authorizationCode, sent string) *fault.Error {
	switch {
	case code.RedirectURI == sent:
		return nil
	case sent == "":
		return invalidRequest("redirect_uri is missing")
	case code.RedirectURI == "":
		return fault.Invalid("unauthorized_client", "invalid_redirect").Becausef("the authorization request named no redirect_uri")
	default:
		return fault.Invalid("unauthorized_client", "invalid_redirect").Becausef("redirect_uri is not the authorization request's")
	}
}

// checkVerifier is RFC 7636 4.6. A verifier for a code without a challenge is refused too: somebody took the challenge out of
// the authorization request on its way (RFC 9700 4.8.2).
func checkVerifier(challenge, verifier string) *fault.Error {
	switch {
	case challenge == "" && verifier == "":
		return nil
	case challenge == "":
		return invalidGrant("code_verifier for a code without code_challenge")
	case !isVerifier(verifier):
		return invalidGrant("code_verifier is missing or is not 43 to 128 unreserved characters")
	}
	sum := sha256.Sum256([]byte(verifier))
	if subtle.ConstantTimeCompare([]byte(base64.RawURLEncoding.EncodeToString(sum[:])), []byte(challenge)) != 1 {
		return invalidGrant("code_verifier does not match code_challenge")
	}
	return nil
}

// isVerifier tells whether text has the form of RFC 7636 4.1.
func isVerifier(text string) bool {
	if len(text) < 43 || len(text) > 128 {
		return false
	}
	for i := 0; i < len(text); i++ {
		switch c := text[i]; {
		case c >= 'a' && c <= 'z', c >= 'A' && c <= 'Z', c >= '0' && c <= '9', c == '-', c == '.', c == '_', c == '~':
		default:
			return false
		}
	}
	return true
}

// invalidGrant refuses a code; why is for the log.
func invalidGrant(detail string) *fault.Error {
	return fault.Invalid("invalid_grant", "").Becausef("%s", detail)
}
