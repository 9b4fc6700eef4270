package store

import (
	"crypto/aes"
	"crypto/cipher"
	"crypto/hkdf"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"encoding/binary"
	"errors"
	"fmt"
	"hash"
	"strings"
	"sync"
)

// A sealed value says by its first characters how it was sealed, so that another way can follow without a migration.
const sealVersion = "s1."

const sealKeySize = 32

// errUnseal says nothing about why: the ways in which a forgery fails are nobody's business.
var errUnseal = errors.New("store: the sealed value does not open")

// sealer encrypts and authenticates with AES-256-GCM under a key derived from the seal key. Every value has a random
// nonce, which is safe for some four thousand million values under one key.
type sealer struct {
	aead cipher.AEAD
	// digests holds HMACs under a key that is derived from the seal key for digests alone: a request that shows an API key needs one,
	// and preparing the key costs most of it.
	digests sync.Pool
}

func newSealer(key []byte) (*sealer, error) {
	if len(key) != sealKeySize {
		return nil, fmt.Errorf("store: the seal key has %d bytes and not %d", len(key), sealKeySize)
	}
	derived, err := hkdf.Key(sha256.New, key, nil, "poolgate seal "+sealVersion, sealKeySize)
	if err != nil {
		return nil, fmt.Errorf("store: derive the seal key: %w", err)
	}
	block, err := aes.NewCipher(derived)
	if err != nil {
		return nil, fmt.Errorf("store: %w", err)
	}
	aead, err := cipher.NewGCMWithRandomNonce(block)
	if err != nil {
		return nil, fmt.Errorf("store: %w", err)
	}
	digestKey, err := hkdf.Key(sha256.New, key, nil, "poolgate digest d1.", sealKeySize)
	if err != nil {
		return nil, fmt.Errorf("store: derive the digest key: %w", err)
	}
	return &sealer{aead: aead, digests: sync.Pool{New: func() any { return hmac.New(sha256.New, digestKey) }}}, nil
}

// Digest names a secret so that a document can be found by it without holding it: an HMAC under the store's key. Whoever has the
// database alone can neither compute it nor try guesses. The purpose is bound in, so that one secret in two places shows no likeness.
func (s *Store) Digest(purpose string, secret []byte) string { return s.sealer.digest(purpose, secret) }

func (s *sealer) digest(purpose string, secret []byte) string {
	mac := s.digests.Get().(hash.Hash)
	defer s.digests.Put(mac)
	mac.Reset()
	room := make([]byte, 0, 128)
	room = binary.BigEndian.AppendUint64(room, uint64(len(purpose))) // where the purpose ends and the secret begins
	mac.Write(append(room, purpose...))
	mac.Write(secret)
	return base64.RawURLEncoding.EncodeToString(mac.Sum(room[:0]))
}

// Seal encrypts and authenticates plain with the store's key. The purpose ("client-secret/POOL/CLIENT") is bound in: a sealed
// value moved to another purpose does not open. The result is printable text.
func (s *Store) Seal(purpose string, plain []byte) string { return s.sealer.seal(purpose, plain) }

// Unseal opens what Seal made for the same purpose.
func (s *Store) Unseal(purpose, sealed string) ([]byte, error) {
	return s.sealer.unseal(purpose, sealed)
}

func (s *sealer) seal(purpose string, plain []byte) string {
	return sealVersion + base64.RawURLEncoding.EncodeToString(s.aead.Seal(nil, nil, plain, []byte(purpose)))
}

func (s *sealer) unseal(purpose, sealed string) ([]byte, error) {
	encoded, ok := strings.CutPrefix(sealed, sealVersion)
	// Of all the texts for the same bytes only one is what Seal made: strict about the last bits, and no line ends, which
	// the decoder would skip.
	if !ok || strings.ContainsAny(encoded, "\r\n") {
		return nil, errUnseal
	}
	bytes, err := base64.RawURLEncoding.Strict().DecodeString(encoded)
	if err != nil {
		return nil, errUnseal
	}
	plain, err := s.aead.Open(nil, nil, bytes, []byte(purpose))
	if err != nil {
		return nil, errUnseal
	}
	return plain, nil
}
