package cognito

import (
	"encoding/hex"
	"math/big"
	"strings"
)

const (
	lowerAlphanumerics = "0123456789abcdefghijklmnopqrstuvwxyz"
	alphanumerics      = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
)

// randomText is n characters of alphabet, each equally likely.
func (s *Service) randomText(alphabet string, n int) (string, error) {
	// A byte is used only below the largest multiple of the alphabet's size; the rest would favour the first letters.
	limit := 256 - 256%len(alphabet)
	text := make([]byte, 0, n)
	block := make([]byte, 64)
	for len(text) < n {
		if err := s.readRandom(block); err != nil {
			return "", err
		}
		for _, b := range block {
			if int(b) < limit && len(text) < n {
				text = append(text, alphabet[int(b)%len(alphabet)])
			}
		}
	}
	return string(text), nil
}

// randomUUID is a version 4 UUID: what a sub, a request and a secret's id are.
func (s *Service) randomUUID() (string, error) {
	var b [16]byte
	if err := s.readRandom(b[:]); err != nil {
		return "", err
	}
	b[6] = b[6]&0x0f | 0x40
	b[8] = b[8]&0x3f | 0x80
	text := hex.EncodeToString(b[:])
	return strings.Join([]string{text[:8], text[8:12], text[12:16], text[16:20], text[20:]}, "-"), nil
}

// randomSecret is an app client's secret: 264 bits in base 36, which gives the 51 to 52 lower-case alphanumerics that
// AWS's generated secrets have (fact 6.4).
func (s *Service) randomSecret() (string, error) {
	for {
		var b [33]byte
		if err := s.readRandom(b[:]); err != nil {
			return "", err
		}
		if secret := new(big.Int).SetBytes(b[:]).Text(36); len(secret) == 51 || len(secret) == 52 {
			return secret, nil
		}
	}
}
