package login

import (
	"time"

	"github.com/google/uuid"

	"github.com/poolgate/poolgate/internal/cognito"
	"github.com/poolgate/poolgate/internal/store"
)

// signedIn is a user whose password was checked, now or within the remembered session.
type signedIn struct {
	username, sub string
	at            time.Time
}

// grant ends an authorization request well: with a code, or with the tokens themselves for the implicit grant.
func (h *Handler) grant(x *exchange, a *authorization, who signedIn, cookies ...cookie) (*answer, error) {
	if a.to.implicit {
		tokens, err := h.pools.IssueTokens(x.Context(), cognito.IssueRequest{
			ClientID: a.client.ClientID, Username: who.username, Sub: who.sub, Scopes: a.scopes, AuthTime: who.at, Nonce: a.nonce,
		})
		if err != nil {
			return nil, err
		}
		return redirect(a.to.tokens(tokens), cookies...), nil
	}
	code := uuid.NewString()
	document := authorizationCode{
		ClientID: a.client.ClientID, Username: who.username, Sub: who.sub, AuthTime: who.at, Scopes: a.scopes, Nonce: a.nonce,
		Challenge: a.challenge, Expires: h.clock.Now().Add(codeLife),
	}
	if a.redirectSent {
		document.RedirectURI = a.to.uri
	}
	err := h.store.Update(x.Context(), func(tx *store.Tx) error {
		return codes.Insert(tx, a.client.PoolID, digest(code), &document)
	})
	if err != nil {
		return nil, err
	}
	return redirect(a.to.code(code), cookies...), nil
}
