package cognito

import (
	"context"
	"errors"

	cip "github.com/aws/aws-sdk-go-v2/service/cognitoidentityprovider"

	"github.com/poolgate/poolgate/internal/fault"
	"github.com/poolgate/poolgate/internal/store"
)

// redeem makes a new grant of a refresh token: the sign-in it came of stays what it was (auth_time, origin_jti, scopes), the groups and
// attributes are those of now. check may refuse the token for a reason of the caller's own.
func (s *Service) redeem(ctx context.Context, a *attempt, token string, check func(*refreshToken) error) (*grant, *refreshToken, error) {
	g, err := s.newGrant(ctx, a, s.now())
	if err != nil {
		return nil, nil, err
	}
	var r *refreshToken
	err = s.store.View(ctx, func(tx *store.Tx) error {
		r, err = s.redeemIn(tx, g, token, check)
		return err
	})
	return g, r, err
}

// redeemIn is redeem inside a transaction.
func (s *Service) redeemIn(tx *store.Tx, g *grant, token string, check func(*refreshToken) error) (*refreshToken, error) {
	r, u, err := s.openRefreshToken(tx, g.poolID, g.client, token)
	if err != nil {
		return nil, err
	}
	if check != nil {
		if err := check(r); err != nil {
			return nil, err
		}
	}
	g.authTime, g.originJTI, g.eventID = r.AuthTime, r.OriginJTI, r.EventID
	g.oauth, g.deviceKey = r.OAuth, r.DeviceKey
	if r.OAuth {
		g.scopes = r.Scopes
	}
	return r, g.to(tx, u)
}

// redeemAndRotate is redeem where the client's settings say that each use replaces the refresh token (fact 4.4). The new one ends when the
// old one would have; where tokens do not rotate there is no new one.
//
// The function that shapes tokens is asked before anything is stored: one that fails must not cost the client its refresh token.
func (s *Service) redeemAndRotate(ctx context.Context, a *attempt, token string, check func(*refreshToken) error) (Tokens, error) {
	g, _, err := s.redeem(ctx, a, token, check)
	if err != nil {
		return Tokens{}, err
	}
	if err := s.shape(ctx, g, tokensOfRefresh, a.metadata); err != nil {
		return Tokens{}, err
	}
	if !a.client.rotatesRefreshTokens() {
		return g.issue()
	}
	next, err := g.newRefreshToken()
	if err != nil {
		return Tokens{}, err
	}
	err = s.store.Update(ctx, func(tx *store.Tx) error {
		r, err := s.redeemIn(tx, g, token, check)
		if err != nil {
			return err
		}
		if r.RotatedAt.IsZero() {
			r.RotatedAt = g.now
			if err := refreshTokens.Put(tx, a.poolID, refreshTokenID(token), r); err != nil {
				return err
			}
		}
		next.expires = r.Expires
		return next.store(tx, g)
	})
	if err != nil {
		return Tokens{}, err
	}
	tokens, err := g.issue()
	tokens.Refresh = next.token
	return tokens, err
}

// GetTokensFromRefreshToken redeems a refresh token, rotating it where the client's settings say so. It takes the client's secret itself,
// not a hash.
func (s *Service) GetTokensFromRefreshToken(ctx context.Context, in *cip.GetTokensFromRefreshTokenInput) (*cip.GetTokensFromRefreshTokenOutput, error) {
	a, err := s.newAttempt(ctx, nil, value(in.ClientId), nil)
	if err != nil {
		return nil, err
	}
	right, err := s.proveClient(a.poolID, a.client, value(in.ClientSecret))
	if err != nil {
		return nil, err
	}
	if !right {
		return nil, fault.Unauthorized("NotAuthorizedException", "Unable to verify secret for client %s", a.client.id())
	}
	a.metadata = in.ClientMetadata
	tokens, err := s.redeemAndRotate(ctx, a, value(in.RefreshToken), nil)
	if err != nil {
		return nil, err
	}
	return &cip.GetTokensFromRefreshTokenOutput{AuthenticationResult: tokens.result()}, nil
}

// proveClient tells whether a client's secret is right; a client without one must send none.
func (s *Service) proveClient(poolID string, c *client, secret string) (bool, error) {
	secrets, err := s.secretsOf(poolID, c)
	if err != nil {
		return false, err
	}
	if len(secrets) == 0 {
		return secret == "", nil
	}
	return s.checkSecret(poolID, c, secret)
}

// RevokeToken revokes a refresh token and the access tokens of its sign-in, for whoever asks this server (fact 1.5: gateways do not).
func (s *Service) RevokeToken(ctx context.Context, in *cip.RevokeTokenInput) (*cip.RevokeTokenOutput, error) {
	a, err := s.newAttempt(ctx, nil, value(in.ClientId), nil)
	if err != nil {
		return nil, err
	}
	right, err := s.proveClient(a.poolID, a.client, value(in.ClientSecret))
	if err != nil {
		return nil, err
	}
	if !right {
		return nil, fault.Unauthorized("UnauthorizedException", "Invalid client secret")
	}
	if !a.client.revocable() {
		return nil, fault.Invalid("UnsupportedOperationException", "Token revocation is not enabled for the client")
	}
	return &cip.RevokeTokenOutput{}, s.revoke(ctx, a.poolID, a.client, value(in.Token))
}

// revoke marks the refresh token, and every one that rotation made of it, as revoked. What is no refresh token of the client is as revoked as
// can be, except a signed token, which cannot be (fact 5.5).
func (s *Service) revoke(ctx context.Context, poolID string, c *client, token string) error {
	return s.store.Update(ctx, func(tx *store.Tx) error {
		r, err := refreshTokens.Get(tx, poolID, refreshTokenID(token))
		if errors.Is(err, store.ErrNotFound) {
			if _, signed := issuerOf(token); signed {
				return fault.Invalid("UnsupportedTokenTypeException", "Unsupported token type")
			}
			return nil
		}
		if err != nil || r.ClientID != c.id() {
			return err
		}
		family, _, err := refreshTokens.Find(tx, poolID, store.Key{Index: "origin", Value: r.OriginJTI}, store.Page{})
		if err != nil {
			return err
		}
		for _, f := range family {
			f.Value.Revoked = true
			if err := refreshTokens.Put(tx, poolID, f.ID, f.Value); err != nil {
				return err
			}
		}
		return nil
	})
}
