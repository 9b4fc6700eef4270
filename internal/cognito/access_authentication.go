package cognito

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"errors"
	"strings"
	"time"

	"github.com/poolgate/poolgate/authz"
	"github.com/poolgate/poolgate/internal/fault"
	"github.com/poolgate/poolgate/internal/store"
)

// bearer is the user that an access token was brought by, with what is known of the token.
type bearer struct {
	pool   *pool
	client *client
	user   *user
	claims *authz.Claims
}

// authenticateAccess establishes who brings an access token with the scope: the engine judges the token, the store whether it was revoked.
// Unlike a gateway, the pool's own operations ask both (fact 1.5).
func (s *Service) authenticateAccess(ctx context.Context, token, scope string) (*bearer, error) {
	claims, poolID, err := s.judgeAccess(ctx, token, scope)
	if err != nil {
		return nil, err
	}
	b := &bearer{claims: claims}
	err = s.store.View(ctx, func(tx *store.Tx) error { return s.bearerIn(tx, b, poolID) })
	return b, err
}

// changeBearer is authenticateAccess in one transaction with what is done to the user, which is then stored.
func (s *Service) changeBearer(ctx context.Context, token string, change func(*store.Tx, *bearer) error) error {
	claims, poolID, err := s.judgeAccess(ctx, token, adminScope)
	if err != nil {
		return err
	}
	return s.store.Update(ctx, func(tx *store.Tx) error {
		b := &bearer{claims: claims}
		if err := s.bearerIn(tx, b, poolID); err != nil {
			return err
		}
		if err := change(tx, b); err != nil {
			return err
		}
		return users.Put(tx, poolID, b.user.Username, b.user)
	})
}

// judgeAccess asks the engine, with the authorizer of the pool that the token names as its issuer.
func (s *Service) judgeAccess(ctx context.Context, token, scope string) (*authz.Claims, string, error) {
	issuer, ok := issuerOf(token)
	if !ok {
		return nil, "", accessRefused("Invalid Access Token").Becausef("it is not a signed token")
	}
	poolID := issuer[strings.LastIndexByte(issuer, '/')+1:]
	keys, err := s.keys.of(ctx, poolID)
	if errors.Is(err, authz.ErrPoolNotFound) {
		return nil, "", accessRefused("Invalid Access Token").Becausef("its issuer is %q", issuer)
	}
	if err != nil {
		return nil, "", err
	}
	decision := keys.verifier.Decide(ctx, token, []string{scope}, s.now())
	if decision.Allowed {
		return decision.Claims, poolID, nil
	}
	because := errors.New(string(decision.Reason))
	switch decision.Reason {
	case authz.TokenExpired:
		return nil, "", accessRefused("Access Token has expired").Because(because)
	case authz.ScopeMissing:
		return nil, "", accessRefused("Access Token does not have required scopes").Because(because)
	}
	return nil, "", accessRefused("Invalid Access Token").Because(because)
}

// bearerIn finds the pool, client and user of a token that the engine accepted, and refuses one that was revoked since.
func (s *Service) bearerIn(tx *store.Tx, b *bearer, poolID string) error {
	var err error
	if b.pool, err = s.poolByID(tx, "", poolID); err != nil {
		return err
	}
	b.client, err = s.clientByID(tx, poolID, b.claims.ClientID())
	if fault.Is(err, "ResourceNotFoundException") {
		return accessRefused("Invalid Access Token").Because(err)
	}
	if err != nil {
		return err
	}
	username, ok := b.claims.String("username")
	if !ok {
		return accessRefused("Invalid Access Token").Becausef("it is a client's own, without a user")
	}
	b.user, err = users.Get(tx, poolID, username)
	switch {
	case errors.Is(err, store.ErrNotFound), err == nil && b.user.Sub != b.claims.Subject():
		return noSuchUser()
	case err != nil:
		return err
	case !b.user.Enabled:
		return fault.Unauthorized("NotAuthorizedException", "User is disabled.")
	}
	revoked, err := s.revoked(tx, b, poolID)
	if err != nil {
		return err
	}
	if revoked {
		return accessRefused("Access Token has been revoked")
	}
	return nil
}

// revoked tells whether the token's sign-in was revoked, or the user signed out everywhere since. When the user signed in is known to the
// millisecond from the refresh token of the same sign-in; of a token that has none, only to the second, and within the second of the
// sign-out it counts as revoked.
func (s *Service) revoked(tx *store.Tx, b *bearer, poolID string) (bool, error) {
	if origin, ok := b.claims.String("origin_jti"); ok {
		family, _, err := refreshTokens.Find(tx, poolID, store.Key{Index: "origin", Value: origin}, store.Page{})
		if err != nil {
			return false, err
		}
		for _, f := range family {
			if f.Value.Revoked || b.user.signedOut(f.Value.AuthTime) {
				return true, nil
			}
		}
		if len(family) > 0 {
			return false, nil
		}
	}
	var authTime int64
	if err := json.Unmarshal(b.claims.Raw("auth_time"), &authTime); err != nil {
		return false, accessRefused("Invalid Access Token").Because(err)
	}
	return b.user.signedOut(time.Unix(authTime, 0)), nil
}

func accessRefused(message string) *fault.Error {
	return fault.Unauthorized("NotAuthorizedException", "%s", message)
}

// issuerOf reads the issuer of a signed token without believing it: it only tells whose keys to ask. ok is false when the text does not have
// the form of a signed token.
func issuerOf(token string) (issuer string, ok bool) {
	const longest = 16 << 10
	header, rest, _ := strings.Cut(token, ".")
	payload, signature, found := strings.Cut(rest, ".")
	if !found || header == "" || len(token) > longest || strings.ContainsAny(header, " \t") || strings.Contains(signature, ".") {
		return "", false
	}
	plain, err := base64.RawURLEncoding.DecodeString(payload)
	if err != nil {
		return "", false
	}
	var claims struct {
		Issuer string `json:"iss"`
	}
	if err := json.Unmarshal(plain, &claims); err != nil {
		return "", false
	}
	return claims.Issuer, true
}
