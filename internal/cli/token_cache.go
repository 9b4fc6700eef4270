package cli

import (
	"crypto/aes"
	"crypto/cipher"
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"time"
)

// session is what get remembers of a sign-in.
type session struct {
	ID, Access, Refresh string
	// Expires is when the shorter-lived of ID and access token ends; Forget is when the session is of no use any more.
	Expires, Forget time.Time
}

// freshFor is how long tokens must still be good to be given out again.
const freshFor = time.Minute

// sessionLife is the longest that a session is remembered: a pool's refresh tokens live 30 days unless told otherwise.
const sessionLife = 30 * 24 * time.Hour

// sessions are files of mode 0600 in a directory of mode 0700 of the user's cache. They are sealed (AES-256-GCM, the file's name being
// authenticated along), with a key that is in the user's configuration directory: a copy of the cache opens nothing.
type sessions struct{ dir, keyFile string }

// openSessions finds the directories. Where a user has none (no HOME), nothing is remembered.
func openSessions() (*sessions, error) {
	cache, err := os.UserCacheDir()
	if err != nil {
		return nil, err
	}
	config, err := os.UserConfigDir()
	if err != nil {
		return nil, err
	}
	return &sessions{dir: filepath.Join(cache, "poolgate", "sessions"), keyFile: filepath.Join(config, "poolgate", "session.key")}, nil
}

// name is the file of a sign-in: what tells it from others, hashed.
func (s *sessions) name(parts ...string) string {
	sum := sha256.Sum256([]byte(strings.Join(parts, "\x00")))
	return hex.EncodeToString(sum[:16]) + ".session"
}

// seal opens the key, and makes it at first use.
func (s *sessions) seal() (cipher.AEAD, error) {
	key, err := os.ReadFile(s.keyFile)
	if errors.Is(err, fs.ErrNotExist) {
		key, err = s.newKey()
	}
	if err != nil {
		return nil, err
	}
	if len(key) != 32 {
		return nil, errors.New("the sessions' key is damaged")
	}
	block, err := aes.NewCipher(key)
	if err != nil {
		return nil, err
	}
	return cipher.NewGCM(block)
}

func (s *sessions) newKey() ([]byte, error) {
	key := make([]byte, 32)
	if _, err := rand.Read(key); err != nil {
		return nil, err
	}
	if err := os.MkdirAll(filepath.Dir(s.keyFile), 0o700); err != nil {
		return nil, err
	}
	file, err := os.OpenFile(s.keyFile, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if errors.Is(err, fs.ErrExist) { // another process was faster
		return os.ReadFile(s.keyFile)
	}
	if err != nil {
		return nil, err
	}
	_, err = file.Write(key)
	return key, errors.Join(err, file.Close())
}

// load gives back a session; nil for none, and for one that cannot be read or is over, which is removed.
func (s *sessions) load(name string, now time.Time) *session {
	path := filepath.Join(s.dir, name)
	sealed, err := os.ReadFile(path)
	if err != nil {
		return nil
	}
	remembered := new(session)
	if aead, err := s.seal(); err == nil && len(sealed) > aead.NonceSize() {
		plain, err := aead.Open(nil, sealed[:aead.NonceSize()], sealed[aead.NonceSize():], []byte(name))
		if err == nil && json.Unmarshal(plain, remembered) == nil && now.Before(remembered.Forget) {
			return remembered
		}
	}
	_ = os.Remove(path) // if it stays, it is still unreadable
	return nil
}

// save remembers a session, whole or not at all.
func (s *sessions) save(name string, remembered *session) error {
	aead, err := s.seal()
	if err != nil {
		return err
	}
	plain, err := json.Marshal(remembered)
	if err != nil {
		return err
	}
	nonce := make([]byte, aead.NonceSize())
	if _, err := rand.Read(nonce); err != nil {
		return err
	}
	if err := os.MkdirAll(s.dir, 0o700); err != nil {
		return err
	}
	file, err := os.CreateTemp(s.dir, "new-*") // of mode 0600
	if err != nil {
		return err
	}
	_, err = file.Write(aead.Seal(nonce, nonce, plain, []byte(name)))
	if err = errors.Join(err, file.Close()); err == nil {
		err = os.Rename(file.Name(), filepath.Join(s.dir, name))
	}
	if err != nil {
		_ = os.Remove(file.Name())
	}
	return err
}

// forget removes all sessions and the key, and tells how many there were.
func (s *sessions) forget() (n int, err error) {
	files, err := os.ReadDir(s.dir)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return 0, err
	}
	for _, file := range files {
		if err := os.Remove(filepath.Join(s.dir, file.Name())); err != nil {
			return n, err
		}
		if strings.HasSuffix(file.Name(), ".session") {
			n++
		}
	}
	if err := os.Remove(s.keyFile); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return n, err
	}
	return n, nil
}
