package cognito

import (
	"crypto/hmac"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/base64"
	"fmt"

	"github.com/poolgate/poolgate/internal/fault"
)

// secretsOf unseals an app client's secrets; there is none for a public client, and there may be several (fact 6.4).
func (s *Service) secretsOf(poolID string, c *client) ([]string, error) {
	if c.SealedSecret == "" && len(c.Secrets) == 0 {
		return nil, nil
	}
	purpose := clientSecretPurpose(poolID, c.id())
	var secrets []string
	open := func(purpose, sealed string) error {
		plain, err := s.store.Unseal(purpose, sealed)
		if err != nil {
			return fmt.Errorf("cognito: a client's secret does not open: %w", err)
		}
		secrets = append(secrets, string(plain))
		return nil
	}
	if c.SealedSecret != "" {
		if err := open(purpose, c.SealedSecret); err != nil {
			return nil, err
		}
	}
	for _, further := range c.Secrets {
		if err := open(purpose+"/"+further.ID, further.Sealed); err != nil {
			return nil, err
		}
	}
	return secrets, nil
}

// checkSecretHash checks a SECRET_HASH (fact 6.5) that was made for one of the names: Base64(HMAC-SHA256(secret, name + client id)).
func (s *Service) checkSecretHash(poolID string, c *client, given string, names ...string) error {
	clientID := c.id()
	secrets, err := s.secretsOf(poolID, c)
	if err != nil {
		return err
	}
	switch {
	case len(secrets) == 0 && given == "":
		return nil
	case given == "":
		return fault.Unauthorized("NotAuthorizedException",
			"Client %s is configured with secret but SECRET_HASH was not received", clientID)
	}
	matches := 0
	for _, secret := range secrets {
		for _, name := range names {
			matches |= subtle.ConstantTimeCompare([]byte(secretHash(secret, name, clientID)), []byte(given))
		}
	}
	if matches == 0 {
		return fault.Unauthorized("NotAuthorizedException", "Unable to verify secret hash for client %s", clientID)
	}
	return nil
}

func secretHash(secret, username, clientID string) string {
	mac := hmac.New(sha256.New, []byte(secret))
	mac.Write([]byte(username + clientID))
	return base64.StdEncoding.EncodeToString(mac.Sum(nil))
}

// checkSecret compares a whole client secret in constant time. A client without a secret has none that is right.
func (s *Service) checkSecret(poolID string, c *client, given string) (bool, error) {
	secrets, err := s.secretsOf(poolID, c)
	if err != nil {
		return false, err
	}
	want := sha256.Sum256([]byte(given))
	matches := 0
	for _, secret := range secrets {
		have := sha256.Sum256([]byte(secret))
		matches |= subtle.ConstantTimeCompare(have[:], want[:])
	}
	return matches == 1, nil
}
