package cognito

import (
	"context"
	"crypto/rsa"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"math/big"
	"strings"

	"github.com/poolgate/poolgate/authz"
	"github.com/poolgate/poolgate/internal/fault"
)

var _ authz.Keys = (*Service)(nil)

// Key returns the pool's public key of that id. It asks memory only, once the pool's keys have been used.
func (s *Service) Key(ctx context.Context, pool authz.Pool, kid string) (*rsa.PublicKey, error) {
	if !strings.HasPrefix(pool.ID, pool.Region+"_") {
		return nil, authz.ErrPoolNotFound
	}
	set, err := s.keys.of(ctx, pool.ID)
	switch {
	case errors.Is(err, authz.ErrPoolNotFound):
		return nil, err
	case err != nil:
		return nil, fmt.Errorf("%w: %w", authz.ErrKeysUnavailable, err)
	}
	key, ok := set.public[kid]
	if !ok {
		return nil, authz.ErrKeyUnknown
	}
	return key, nil
}

// Issuers lists the iss values that name the pool: this server's address and AWS's, the one that tokens carry first.
func (s *Service) Issuers(pool authz.Pool) []string {
	local := s.baseURL + "/" + pool.ID
	aws := "https://cognito-idp." + pool.Region + ".amazonaws.com/" + pool.ID
	if s.issuerAWS {
		return []string{aws, local}
	}
	return []string{local, aws}
}

// issuer is the iss that the pool's tokens carry.
func (s *Service) issuer(poolID string) string {
	region, _, _ := strings.Cut(poolID, "_")
	return s.Issuers(authz.Pool{Region: region, ID: poolID})[0]
}

// jwk is a public key with its members in AWS's order, which is that of the alphabet (fact 4.1).
type jwk struct {
	Alg string `json:"alg"`
	E   string `json:"e"`
	Kid string `json:"kid"`
	Kty string `json:"kty"`
	N   string `json:"n"`
	Use string `json:"use"`
}

// encodeJWKS lists each key of kids once, in the order given.
func encodeJWKS(kids []string, keys map[string]*rsa.PublicKey) []byte {
	var set struct {
		Keys []jwk `json:"keys"`
	}
	seen := make(map[string]bool, len(kids))
	for _, kid := range kids {
		if seen[kid] {
			continue
		}
		seen[kid] = true
		key := keys[kid]
		set.Keys = append(set.Keys, jwk{
			Alg: "RS256", Kid: kid, Kty: "RSA", Use: "sig",
			E: base64.RawURLEncoding.EncodeToString(big.NewInt(int64(key.E)).Bytes()),
			N: base64.RawURLEncoding.EncodeToString(key.N.Bytes()),
		})
	}
	encoded, err := json.Marshal(set)
	if err != nil {
		panic(fmt.Sprintf("cognito: a JWKS cannot be encoded: %v", err)) // strings always can
	}
	return encoded
}

// JWKS is the pool's key set as /{poolId}/.well-known/jwks.json serves it.
func (s *Service) JWKS(ctx context.Context, poolID string) ([]byte, error) {
	set, err := s.keysOf(ctx, poolID)
	if err != nil {
		return nil, err
	}
	return set.jwks, nil
}

// keysOf is keyring.of with the error an operation returns.
func (s *Service) keysOf(ctx context.Context, poolID string) (*keyset, error) {
	set, err := s.keys.of(ctx, poolID)
	if errors.Is(err, authz.ErrPoolNotFound) {
		return nil, fault.NotFound("ResourceNotFoundException", "User pool %s does not exist.", poolID)
	}
	return set, err
}

// Discovery is the pool's OpenID configuration, its members in the order of the alphabet as AWS has them (fact 4.1). base is the
// address under which clients reach this server; empty means the configured one. The endpoints are the path-style ones,
// which need no domain and no name resolution: the client id names the pool.
func (s *Service) Discovery(ctx context.Context, poolID, base string) ([]byte, error) {
	if _, err := s.keysOf(ctx, poolID); err != nil {
		return nil, err
	}
	if base == "" {
		base = s.baseURL
	}
	base = strings.TrimSuffix(base, "/")
	login := base + "/_aws/cognito-idp"
	return json.Marshal(struct {
		Authorization   string   `json:"authorization_endpoint"`
		EndSession      string   `json:"end_session_endpoint"`
		IDTokenSigning  []string `json:"id_token_signing_alg_values_supported"`
		Issuer          string   `json:"issuer"`
		JWKS            string   `json:"jwks_uri"`
		ResponseTypes   []string `json:"response_types_supported"`
		Revocation      string   `json:"revocation_endpoint"`
		Scopes          []string `json:"scopes_supported"`
		SubjectTypes    []string `json:"subject_types_supported"`
		Token           string   `json:"token_endpoint"`
		TokenAuthMethod []string `json:"token_endpoint_auth_methods_supported"`
		UserInfo        string   `json:"userinfo_endpoint"`
	}{
		Authorization:   login + "/oauth2/authorize",
		EndSession:      login + "/logout",
		IDTokenSigning:  []string{"RS256"},
		Issuer:          s.issuer(poolID),
		JWKS:            base + "/" + poolID + "/.well-known/jwks.json",
		ResponseTypes:   []string{"code", "token"},
		Revocation:      login + "/oauth2/revoke",
		Scopes:          []string{"openid", "email", "phone", "profile"},
		SubjectTypes:    []string{"public"},
		Token:           login + "/oauth2/token",
		TokenAuthMethod: []string{"client_secret_basic", "client_secret_post"},
		UserInfo:        login + "/oauth2/userInfo",
	})
}
