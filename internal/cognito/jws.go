package cognito

import (
	"bytes"
	"crypto"
	"crypto/rsa"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"slices"
)

// signer signs tokens with one key.
type signer struct {
	kid string
	key *rsa.PrivateKey
	// header is the token's first part: kid and alg in this order and nothing else, no typ (fact 4.1).
	header string
}

func newSigner(kid string, key *rsa.PrivateKey) *signer {
	header := base64.RawURLEncoding.EncodeToString([]byte(`{"kid":"` + kid + `","alg":"RS256"}`))
	return &signer{kid: kid, key: key, header: header}
}

// sign makes the compact token.
func (s *signer) sign(c *claims) (string, error) {
	payload, err := c.MarshalJSON()
	if err != nil {
		return "", err
	}
	token := make([]byte, 0, len(s.header)+2+base64.RawURLEncoding.EncodedLen(len(payload)+s.key.Size())+4)
	token = append(token, s.header...)
	token = append(token, '.')
	token = base64.RawURLEncoding.AppendEncode(token, payload)
	digest := sha256.Sum256(token)
	signature, err := rsa.SignPKCS1v15(nil, s.key, crypto.SHA256, digest[:])
	if err != nil {
		return "", fmt.Errorf("cognito: cannot sign a token: %w", err)
	}
	token = append(token, '.')
	return string(base64.RawURLEncoding.AppendEncode(token, signature)), nil
}

// claims are a token's claims in the order in which they were set.
type claims struct {
	names  []string
	values map[string]any
}

// set gives a claim a value; a new claim goes to the end.
func (c *claims) set(name string, value any) {
	if c.values == nil {
		c.values = make(map[string]any, 24)
	}
	if _, there := c.values[name]; !there {
		c.names = append(c.names, name)
	}
	c.values[name] = value
}

// setText is set for a claim that is left out when it is empty.
func (c *claims) setText(name, value string) {
	if value != "" {
		c.set(name, value)
	}
}

// remove takes a claim out.
func (c *claims) remove(name string) {
	if _, there := c.values[name]; there {
		delete(c.values, name)
		c.names = slices.DeleteFunc(c.names, func(n string) bool { return n == name })
	}
}

// MarshalJSON encodes the claims in their order, without escaping <, > and &.
func (c *claims) MarshalJSON() ([]byte, error) {
	var b bytes.Buffer
	encoder := json.NewEncoder(&b)
	encoder.SetEscapeHTML(false)
	b.WriteByte('{')
	for i, name := range c.names {
		if i > 0 {
			b.WriteByte(',')
		}
		if err := encoder.Encode(name); err != nil {
			return nil, err
		}
		b.Truncate(b.Len() - 1) // the newline that Encode appends
		b.WriteByte(':')
		if err := encoder.Encode(c.values[name]); err != nil {
			return nil, fmt.Errorf("cognito: claim %s: %w", name, err)
		}
		b.Truncate(b.Len() - 1)
	}
	b.WriteByte('}')
	return b.Bytes(), nil
}
