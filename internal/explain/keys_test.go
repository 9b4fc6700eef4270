package explain

import (
	"errors"
	"net/http"
	"net/http/httptest"
	"testing"

	"github.com/poolgate/poolgate/authz"
	"github.com/poolgate/poolgate/authz/jwks"
)

// TestKeysOfAnotherProvider: a JWT authorizer of an HTTP API may trust anybody who publishes keys.
func TestKeysOfAnotherProvider(t *testing.T) {
	var provider *httptest.Server
	provider = httptest.NewTLSServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/keys" {
			_, _ = w.Write(jwksOf(signingKey()))
			return
		}
		_, _ = w.Write([]byte(`{"issuer":"` + provider.URL + `","jwks_uri":"` + provider.URL + `/keys"}`))
	}))
	t.Cleanup(provider.Close)
	keys := &poolKeys{byID: map[string]*heldPool{}, remote: jwks.New(jwks.Options{Client: provider.Client()})}
	t.Cleanup(keys.remote.Close)
	key, err := keys.IssuerKey(t.Context(), provider.URL, keyID)
	if err != nil || !key.RSA.Equal(&signingKey().PublicKey) {
		t.Errorf("got %v, %v", key, err)
	}
	if _, err := keys.IssuerKey(t.Context(), "https://cognito-idp.eu-west-1.amazonaws.com/eu-west-1_Unread123", keyID); !errors.Is(err, authz.ErrDiscoveryUnavailable) {
		t.Errorf("a pool that was not read gives %v", err)
	}
}
