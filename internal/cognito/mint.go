package cognito

import (
	"context"
	"encoding/json"
	"errors"
	"maps"
	"slices"
	"time"

	"github.com/poolgate/poolgate/authz"
	"github.com/poolgate/poolgate/internal/fault"
	"github.com/poolgate/poolgate/internal/store"
)

// Minting is a token that is made without a sign-in, for tests.
type Minting struct {
	Pool string
	// Use is id or access: whose key signs, and what token_use says.
	Use string
	// Claims are what the token says; one that is null is left out. What is not given of iss, token_use, iat, auth_time, exp and jti is
	// filled in.
	Claims map[string]json.RawMessage
	// Life is how long the token is good from now; below zero it has expired.
	Life time.Duration
}

// Mint makes a token with any claims that a pool's key signs. AWS has no such operation: who may ask for it is the caller's to decide. The
// error is a *fault.Error for a pool that there is not.
func (s *Service) Mint(ctx context.Context, m Minting) (string, error) {
	err := s.store.View(ctx, func(tx *store.Tx) error {
		_, err := s.poolByID(tx, "", m.Pool)
		return err
	})
	if err != nil {
		return "", err
	}
	keys, err := s.keys.of(ctx, m.Pool)
	if errors.Is(err, authz.ErrPoolNotFound) {
		return "", fault.NotFound("ResourceNotFoundException", "User pool %s does not exist.", m.Pool)
	}
	if err == nil {
		keys, err = s.publish(ctx, keys)
	}
	if err != nil {
		return "", err
	}
	signer := keys.id
	if m.Use == "access" {
		signer = keys.access
	}
	jti, err := s.randomUUID()
	if err != nil {
		return "", err
	}
	return signer.sign(s.mintClaims(m, s.issuer(m.Pool), jti))
}

// mintClaims fills in what was not given.
func (s *Service) mintClaims(m Minting, issuer, jti string) *claims {
	now := s.now()
	begin := now.Add(min(0, m.Life-time.Hour)).Unix() // one that has expired was issued an hour before
	if m.Life > 0 {
		begin = now.Unix()
	}
	c := &claims{}
	usual := []struct {
		name  string
		value any
	}{
		{"iss", issuer}, {"token_use", m.Use}, {"auth_time", begin}, {"iat", begin},
		{"exp", now.Add(m.Life).Unix()}, {"jti", jti},
	}
	for _, u := range usual {
		if _, given := m.Claims[u.name]; !given {
			c.set(u.name, u.value)
		}
	}
	for _, name := range slices.Sorted(maps.Keys(m.Claims)) {
		if value := m.Claims[name]; string(value) != "null" {
			c.set(name, value)
		}
	}
	return c
}
