package store

import (
	"context"
	"crypto/rand"
	"encoding/base64"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
)

const (
	sealKeyVariable     = "POOLGATE_SEAL_KEY"
	sealKeyFileVariable = "POOLGATE_SEAL_KEY_FILE"
	sealKeyFile         = "seal.key"
)

// keySource finds the key that a kind of location has of its own. It makes one only when fresh: a database that holds
// sealed values already must not get a second key.
type keySource func(fresh bool) ([]byte, error)

var errNoKey = &SetupError{
	Problem: "no seal key is given, and this database has no place for one of its own",
	Advice: "set " + sealKeyVariable + " to 32 random bytes in hex or base64 (openssl rand -hex 32), or " + sealKeyFileVariable +
		" to a file of mode 0600 that holds them; every node needs the same key",
}

func noKey(bool) ([]byte, error) { return nil, errNoKey }

func randomKey(bool) ([]byte, error) {
	key := make([]byte, sealKeySize)
	_, _ = rand.Read(key)
	return key, nil
}

// keyFileIn gives the key in the file beside the database.
func keyFileIn(directory string) keySource {
	return func(fresh bool) ([]byte, error) {
		path := filepath.Join(directory, sealKeyFile)
		key, err := readKeyFile(path)
		if !errors.Is(err, fs.ErrNotExist) {
			return key, err
		}
		if !fresh {
			return nil, &SetupError{
				Problem: fmt.Sprintf("the database's secrets are sealed and the key file %s is gone", path),
				Advice:  "put the file back, or set " + sealKeyVariable + " to the key that it held",
			}
		}
		if key, err = randomKey(true); err != nil {
			return nil, err
		}
		return key, writeKeyFile(path, key)
	}
}

func readKeyFile(path string) ([]byte, error) {
	info, err := os.Stat(path)
	if err != nil {
		return nil, fmt.Errorf("store: the seal key's file: %w", err)
	}
	if mode := info.Mode().Perm(); mode&0o077 != 0 {
		return nil, &SetupError{
			Problem: fmt.Sprintf("the seal key's file %s can be read by others (mode %04o)", path, mode),
			Advice:  "chmod 600 " + path + ", and think about who may have read it",
		}
	}
	text, err := os.ReadFile(path)
	if err != nil {
		return nil, fmt.Errorf("store: the seal key's file: %w", err)
	}
	return parseSealKey("the file "+path, string(text))
}

// writeKeyFile makes the file whole or not at all, and durable before anything is sealed with the key.
func writeKeyFile(path string, key []byte) error {
	file, err := os.CreateTemp(filepath.Dir(path), sealKeyFile+".*") // of mode 0600
	if err != nil {
		return fmt.Errorf("store: make the seal key's file: %w", err)
	}
	_, err = file.WriteString(hex.EncodeToString(key) + "\n")
	err = errors.Join(err, file.Sync(), file.Close())
	if err == nil {
		err = os.Rename(file.Name(), path)
	}
	if err != nil {
		_ = os.Remove(file.Name())
		return fmt.Errorf("store: make the seal key's file: %w", err)
	}
	return syncDirectory(filepath.Dir(path))
}

func parseSealKey(where, text string) ([]byte, error) {
	text = strings.TrimSpace(text)
	if key, err := hex.DecodeString(text); err == nil && len(key) == sealKeySize {
		return key, nil
	}
	for _, encoding := range []*base64.Encoding{
		base64.StdEncoding, base64.RawStdEncoding, base64.URLEncoding, base64.RawURLEncoding,
	} {
		if key, err := encoding.DecodeString(text); err == nil && len(key) == sealKeySize {
			return key, nil
		}
	}
	return nil, &SetupError{
		Problem: fmt.Sprintf("the seal key in %s is not 32 bytes in hex or base64", where),
		Advice:  "make one with: openssl rand -hex 32",
	}
}

// findSealKey looks where the options, the environment and the location say, in this order.
func findSealKey(given []byte, own keySource, fresh bool) ([]byte, error) {
	if given != nil {
		return given, nil
	}
	if text := os.Getenv(sealKeyVariable); text != "" {
		return parseSealKey(sealKeyVariable, text)
	}
	if path := os.Getenv(sealKeyFileVariable); path != "" {
		return readKeyFile(path)
	}
	return own(fresh)
}

const (
	sealCheckName    = "seal-check"
	sealCheckPurpose = "store/seal-check"
)

// openSealer finds the key and proves that it is the one this database was made with.
func (s *Store) openSealer(ctx context.Context, given []byte, own keySource) (*sealer, error) {
	sealed, err := s.sealCheck(ctx)
	if err != nil {
		return nil, fmt.Errorf("store: read the seal key's check value: %w", err)
	}
	key, err := findSealKey(given, own, sealed == "")
	if err != nil {
		return nil, err
	}
	sealer, err := newSealer(key)
	if err != nil {
		return nil, err
	}
	if sealed == "" {
		if sealed, err = s.claimSealCheck(ctx, sealer.seal(sealCheckPurpose, []byte(sealCheckName))); err != nil {
			return nil, fmt.Errorf("store: write the seal key's check value: %w", err)
		}
	}
	if _, err := sealer.unseal(sealCheckPurpose, sealed); err != nil {
		return nil, &SetupError{
			Problem: "the seal key is not the one that this database's secrets are sealed with",
			Advice:  "give the key it was made with (" + sealKeyVariable + ", " + sealKeyFileVariable + " or the file " + sealKeyFile + " beside the database)",
		}
	}
	return sealer, nil
}

func (s *Store) sealCheck(ctx context.Context) (string, error) {
	var sealed []byte
	err := s.View(ctx, func(tx *Tx) (err error) {
		sealed, err = tx.meta([]byte(sealCheckName))
		if errors.Is(err, ErrNotFound) {
			return nil
		}
		return err
	})
	return string(sealed), err
}

// claimSealCheck writes the check value unless another node was first, and gives the one that counts.
func (s *Store) claimSealCheck(ctx context.Context, sealed string) (string, error) {
	err := s.Update(ctx, func(tx *Tx) error {
		there, err := tx.meta([]byte(sealCheckName))
		if err == nil {
			sealed = string(there)
			return nil
		}
		if !errors.Is(err, ErrNotFound) {
			return err
		}
		return tx.setMeta([]byte(sealCheckName), []byte(sealed))
	})
	return sealed, err
}
