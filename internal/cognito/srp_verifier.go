package cognito

import (
	"crypto/subtle"
	"errors"
	"fmt"
	"math/big"
)

// A password is stored as an SRP salt and verifier, never as itself; the same secret serves USER_SRP_AUTH, where the
// password does not reach the server, and the password flows, where the verifier is computed anew and compared.
const (
	srpSaltSize     = 16
	srpVerifierSize = 384
)

// verifier is an unsealed salt and verifier v = g^x mod N.
type verifier struct {
	salt []byte
	v    []byte // srpVerifierSize bytes, big-endian
}

// setPassword gives the user a new salt and verifier. It costs a modular exponentiation, about a millisecond: call it
// before a transaction and not inside. Username must be final, because the verifier depends on it.
func (s *Service) setPassword(u *user, poolID, password string) error {
	salt := make([]byte, srpSaltSize)
	if err := s.readRandom(salt); err != nil {
		return fmt.Errorf("cognito: no randomness for a salt: %w", err)
	}
	v := computeVerifier(salt, poolID, u.Username, password)
	u.SealedVerifier = s.store.Seal(verifierPurpose(poolID, u.Username), append(salt, v...))
	return nil
}

// verifyPassword tells whether the password is the user's. A user without a password has none that is right, and
// finding that out costs as much as finding out that a password is wrong.
func (s *Service) verifyPassword(u *user, poolID, password string) (bool, error) {
	if u.SealedVerifier == "" {
		wasteVerifier(poolID, u.Username, password)
		return false, nil
	}
	stored, err := s.openVerifier(u, poolID)
	if err != nil {
		return false, err
	}
	v := computeVerifier(stored.salt, poolID, u.Username, password)
	return subtle.ConstantTimeCompare(v, stored.v) == 1, nil
}

// openVerifier unseals a user's salt and verifier; the user must have a password.
func (s *Service) openVerifier(u *user, poolID string) (verifier, error) {
	plain, err := s.store.Unseal(verifierPurpose(poolID, u.Username), u.SealedVerifier)
	if err != nil {
		return verifier{}, fmt.Errorf("cognito: a user's verifier does not open: %w", err)
	}
	if len(plain) != srpSaltSize+srpVerifierSize {
		return verifier{}, errors.New("cognito: a user's verifier has a wrong length")
	}
	return verifier{salt: plain[:srpSaltSize], v: plain[srpSaltSize:]}, nil
}

func verifierPurpose(poolID, username string) string { return "srp/" + poolID + "/" + username }

// computeVerifier is v = g^x mod N with x = H(pad(salt) ‖ H(pool name part ‖ username ‖ ":" ‖ password)).
func computeVerifier(salt []byte, poolID, username, password string) []byte {
	identity := srpHash([]byte(poolNamePart(poolID) + username + ":" + password))
	x := new(big.Int).SetBytes(srpHash(srpPadBytes(salt), identity))
	return cognitoGroup.verifier(x).FillBytes(make([]byte, srpVerifierSize))
}

// wasteVerifier does the work of a password check for a user who is not there, so that time does not tell.
func wasteVerifier(poolID, username, password string) {
	computeVerifier(make([]byte, srpSaltSize), poolID, username, password)
}
