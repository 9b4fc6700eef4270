package token

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"net"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/poolgate/poolgate/authz"
	"github.com/poolgate/poolgate/authz/jwks"
)

// How long a fetch may take, and how many bytes it may have.
const (
	fetchWithin = 10 * time.Second
	fetchLimit  = 1 << 20
)

// Result is what verifying a token showed.
type Result struct {
	// Good tells that the issuer's keys confirm it and that its time has come and not gone. Unknown tells that the keys could not be had.
	Good, Unknown bool
	Reason        authz.Reason
	// Keys is where the keys came from.
	Keys   string
	Checks []authz.Check
}

// Verify checks a token against its issuer's keys: those of a pool on AWS, or of a server on this machine. keys, when it is not empty, is a
// key set to use instead of the issuer's. The error is an *Unreadable for a token whose issuer is not asked, and else the context's.
func Verify(ctx context.Context, t *Token, keys []byte, now time.Time) (*Result, error) {
	result := &Result{Keys: "the key set that was given"}
	if t.Claims == nil {
		return nil, &Unreadable{"a refresh token is encrypted for its pool alone: nobody else can verify it", "exchange it for new tokens, and verify those"}
	}
	set, err := jwks.Parse(keys)
	if keys == nil {
		if result.Keys, err = keysAddress(t); err != nil {
			return nil, err
		}
		set, err = fetch(ctx, result.Keys)
	} else if err != nil {
		return nil, &Unreadable{"the key set cannot be read", "it is the JSON of a pool's /.well-known/jwks.json"}
	}
	if ctx.Err() != nil {
		return nil, ctx.Err()
	}
	if err != nil {
		set = nil
	}
	engine := authz.New(nobody{}, authz.WithIssuers(fixed{t.Issuer, set, err}))
	// A JWT authorizer for this very issuer and audience checks all but what an API asks for.
	authorizer, err := engine.CompileJWT(authz.JWTSettings{Issuer: t.Issuer, Audience: audiences(t)})
	if err != nil {
		return nil, &Unreadable{"its issuer is no address", "a token that an authorizer takes names its issuer by URL"}
	}
	decision, checks := authorizer.Explain(ctx, t.raw, nil, now)
	result.Good, result.Reason, result.Checks = decision.Allowed, decision.Reason, checks
	result.Unknown = decision.Reason == authz.KeysUnavailable
	return result, nil
}

// audiences are the token's own, so that they pass.
func audiences(t *Token) []string {
	var claims struct{ Aud json.RawMessage }
	_ = json.Unmarshal(t.Claims, &claims) // was read before
	var one string
	var many []string
	if json.Unmarshal(claims.Aud, &one) == nil && one != "" {
		return []string{one}
	}
	if json.Unmarshal(claims.Aud, &many) == nil && len(many) > 0 {
		return many
	}
	return []string{t.Client}
}

var errStranger = &Unreadable{"keys are fetched for user pools on AWS and on this machine only, and its issuer is neither",
	"fetch that issuer's key set yourself, and give it with --keys FILE"}

// keysAddress is where the keys of the token's issuer are. Nobody can make this program call an address of their choice by a token:
// it is AWS's, or this machine's.
func keysAddress(t *Token) (string, error) {
	if _, onAWS := jwks.PoolOf(t.Issuer); onAWS || t.Pool != "" && onThisMachine(t.Issuer) {
		return t.Issuer + "/.well-known/jwks.json", nil
	}
	return "", errStranger
}

// onThisMachine tells whether an issuer is a server on this machine: what is behind the host is a path and nothing else, so that no
// token can make a request of its choice to something else that listens here.
func onThisMachine(text string) bool {
	u, err := url.Parse(text)
	if err != nil || u.Host == "" || (u.Scheme != "http" && u.Scheme != "https") || u.User != nil || strings.ContainsAny(text, "?#%") {
		return false
	}
	host := strings.ToLower(u.Hostname())
	ip := net.ParseIP(host)
	return host == "localhost" || strings.HasSuffix(host, ".localhost") || ip != nil && ip.IsLoopback()
}

// fetch reads a key set.
func fetch(ctx context.Context, where string) (jwks.Set, error) {
	ctx, cancel := context.WithTimeout(ctx, fetchWithin)
	defer cancel()
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, where, nil)
	if err != nil {
		return nil, err
	}
	client := http.Client{CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	response, err := client.Do(request)
	if err != nil {
		return nil, authz.ErrKeysUnavailable
	}
	defer func() { _ = response.Body.Close() }()
	body, err := io.ReadAll(io.LimitReader(response.Body, fetchLimit))
	switch {
	case err != nil:
		return nil, authz.ErrKeysUnavailable
	case response.StatusCode == http.StatusNotFound || response.StatusCode == http.StatusBadRequest: // AWS answers 400 for a pool that is none
		return nil, authz.ErrPoolNotFound
	case response.StatusCode != http.StatusOK:
		return nil, authz.ErrKeysUnavailable
	}
	set, err := jwks.Parse(body)
	if err != nil {
		return nil, errors.Join(authz.ErrKeysUnavailable, err)
	}
	return set, nil
}

// fixed is one issuer's key set, or why there is none.
type fixed struct {
	issuer string
	set    jwks.Set
	err    error
}

// IssuerKey implements authz.IssuerKeys.
func (f fixed) IssuerKey(_ context.Context, _, kid string) (authz.IssuerKey, error) {
	if f.err != nil {
		return authz.IssuerKey{}, f.err
	}
	if key, ok := f.set[kid]; ok {
		return key, nil
	}
	return authz.IssuerKey{}, authz.ErrKeyUnknown
}

// IssuerNames implements authz.IssuerKeys.
func (f fixed) IssuerNames(issuer string) []string { return []string{issuer} }

// nobody has no pool's keys: nothing here asks for any.
type nobody struct{ authz.Keys }
