package store

import (
	"bytes"
	"encoding/base64"
	"encoding/hex"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/poolgate/poolgate/internal/store/postgrestest"
)

func TestASealedValueOpensForItsPurposeOnly(t *testing.T) {
	eachBackend(t, func(t *testing.T, d *database) {
		s := d.node()
		for _, plain := range []string{"", "secret", strings.Repeat("long", 10_000), "\x00\xff"} {
			sealed := s.Seal("client-secret/p/c", []byte(plain))
			got, err := s.Unseal("client-secret/p/c", sealed)
			if err != nil || string(got) != plain {
				t.Errorf("%.20q came back as %.20q, %v", plain, got, err)
			}
			if _, err := s.Unseal("client-secret/p/d", sealed); err == nil {
				t.Error("it opened for another purpose")
			}
			if again := s.Seal("client-secret/p/c", []byte(plain)); again == sealed {
				t.Error("sealing twice gives the same text")
			}
			for _, r := range sealed {
				if r <= ' ' || r > '~' {
					t.Fatalf("%q is not printable", sealed)
				}
			}
		}
	})
}

func TestAnotherNodeOpensWhatOneSealed(t *testing.T) {
	eachBackend(t, func(t *testing.T, d *database) {
		first, second := d.node(), d.node()
		if got, err := second.Unseal("p", first.Seal("p", []byte("secret"))); err != nil || string(got) != "secret" {
			t.Errorf("%q, %v", got, err)
		}
	})
}

func TestATamperedValueDoesNotOpen(t *testing.T) {
	s, err := newSealer(testKey)
	if err != nil {
		t.Fatal(err)
	}
	other, err := newSealer(bytes.Repeat([]byte{8}, sealKeySize))
	if err != nil {
		t.Fatal(err)
	}
	sealed := s.seal("p", []byte("secret"))
	bad := map[string]string{
		"nothing": "", "the version alone": sealVersion, "no version": strings.TrimPrefix(sealed, sealVersion), "another version": "s2" + sealed[2:],
		"cut short": sealed[:len(sealed)-1], "longer": sealed + "A", "with a line end": sealed + "\n", "another key's": other.seal("p", []byte("secret")),
	}
	for i := range sealed {
		flipped := []byte(sealed)
		flipped[i] ^= 1
		bad["flipped at "+string(rune('0'+i))] = string(flipped)
	}
	for name, text := range bad {
		if got, err := s.unseal("p", text); err == nil {
			t.Errorf("%s: opened as %q", name, got)
		}
	}
}

func FuzzUnsealNeverPanics(f *testing.F) {
	s, err := newSealer(testKey)
	if err != nil {
		f.Fatal(err)
	}
	f.Add("p", s.seal("p", []byte("x")))
	f.Add("", "s1.")
	f.Fuzz(func(t *testing.T, purpose, sealed string) {
		if plain, err := s.unseal(purpose, sealed); err == nil && s.seal(purpose, plain) == sealed {
			t.Error("a nonce came twice")
		}
	})
}

// hinted opens a store that must not open, and gives what a person is told.
func hinted(t *testing.T, o Options) (problem, hint string) {
	t.Helper()
	s, err := Open(t.Context(), o)
	if err == nil {
		_ = s.Close()
		t.Fatal("it opened")
	}
	var setup *SetupError
	if !errors.As(err, &setup) {
		t.Fatalf("no hint in: %v", err)
	}
	return setup.Problem, setup.Hint()
}

// withoutKeys makes sure that the machine's own settings do not reach a test.
func withoutKeys(t *testing.T) {
	t.Setenv(sealKeyVariable, "")
	t.Setenv(sealKeyFileVariable, "")
}

func TestAWrongSealKeyIsNoticedAtOpen(t *testing.T) {
	withoutKeys(t)
	for name, location := range map[string]string{"sqlite": t.TempDir(), "postgres": ""} {
		t.Run(name, func(t *testing.T) {
			if name == "postgres" {
				location = postgrestest.URL(t)
			}
			s, err := Open(t.Context(), Options{Location: location, SealKey: testKey})
			if err != nil {
				t.Fatal(err)
			}
			sealed := s.Seal("p", []byte("secret"))
			if err := s.Close(); err != nil {
				t.Fatal(err)
			}
			problem, _ := hinted(t, Options{Location: location, SealKey: bytes.Repeat([]byte{9}, sealKeySize)})
			if !strings.Contains(problem, "seal key is not the one") {
				t.Errorf("told: %s", problem)
			}
			// No key at all must not become a new key.
			hinted(t, Options{Location: location})
			if _, err := os.Stat(filepath.Join(location, sealKeyFile)); err == nil {
				t.Error("a new key file was made")
			}
			for _, text := range []string{
				hex.EncodeToString(testKey), base64.StdEncoding.EncodeToString(testKey), " " + base64.RawURLEncoding.EncodeToString(testKey) + "\n",
			} {
				t.Setenv(sealKeyVariable, text)
				s, err := Open(t.Context(), Options{Location: location})
				if err != nil {
					t.Fatalf("with %q: %v", text, err)
				}
				if got, err := s.Unseal("p", sealed); err != nil || string(got) != "secret" {
					t.Errorf("with %q: %q, %v", text, got, err)
				}
				if err := s.Close(); err != nil {
					t.Error(err)
				}
			}
		})
	}
}

func TestAKeyFileIsMadeBesideTheDatabaseAndReadAgain(t *testing.T) {
	withoutKeys(t)
	directory := filepath.Join(t.TempDir(), "made", "for it")
	s, err := Open(t.Context(), Options{Location: directory})
	if err != nil {
		t.Fatal(err)
	}
	sealed := s.Seal("p", []byte("secret"))
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	s, err = Open(t.Context(), Options{Location: directory})
	if err != nil {
		t.Fatal(err)
	}
	if got, err := s.Unseal("p", sealed); err != nil || string(got) != "secret" {
		t.Errorf("%q, %v", got, err)
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(directory, sealKeyFile)
	for _, mode := range []os.FileMode{0o644, 0o640, 0o604} {
		if err := os.Chmod(path, mode); err != nil {
			t.Fatal(err)
		}
		problem, hint := hinted(t, Options{Location: directory})
		if !strings.Contains(problem, "can be read by others") || !strings.Contains(hint, "chmod 600 "+path) {
			t.Errorf("mode %o: %s; %s", mode, problem, hint)
		}
	}
	if err := os.Remove(path); err != nil {
		t.Fatal(err)
	}
	if problem, _ := hinted(t, Options{Location: directory}); !strings.Contains(problem, "is gone") {
		t.Errorf("told: %s", problem)
	}
}

func TestASealKeyCanComeFromANamedFile(t *testing.T) {
	withoutKeys(t)
	path := filepath.Join(t.TempDir(), "key")
	if err := os.WriteFile(path, []byte(hex.EncodeToString(testKey)), 0o600); err != nil {
		t.Fatal(err)
	}
	t.Setenv(sealKeyFileVariable, path)
	s, err := Open(t.Context(), Options{Location: memoryLocation})
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = s.Close() }()
	same, err := newSealer(testKey)
	if err != nil {
		t.Fatal(err)
	}
	if got, err := same.unseal("p", s.Seal("p", []byte("x"))); err != nil || string(got) != "x" {
		t.Errorf("%q, %v", got, err)
	}
}

func TestAKeyOfTheWrongSizeIsRefused(t *testing.T) {
	withoutKeys(t)
	for _, text := range []string{"short", hex.EncodeToString(testKey[1:]), base64.StdEncoding.EncodeToString(append(testKey, 1)), strings.Repeat("g", 64)} {
		t.Setenv(sealKeyVariable, text)
		problem, _ := hinted(t, Options{Location: memoryLocation})
		if strings.Contains(problem, text) {
			t.Errorf("the key is shown: %s", problem)
		}
	}
	if _, err := Open(t.Context(), Options{Location: memoryLocation, SealKey: []byte("short")}); err == nil {
		t.Error("a short key was taken")
	}
}

func TestPostgresNeedsAKeyThatIsGiven(t *testing.T) {
	withoutKeys(t)
	_, hint := hinted(t, Options{Location: postgrestest.URL(t)})
	if !strings.Contains(hint, sealKeyVariable) {
		t.Errorf("hint: %s", hint)
	}
}

func TestADigestNamesASecretForItsPurposeAndKeyAlone(t *testing.T) {
	eachBackend(t, func(t *testing.T, d *database) {
		first, second := d.node(), d.node()
		digest := first.Digest("api-key/a", []byte("secret"))
		if again := second.Digest("api-key/a", []byte("secret")); again != digest {
			t.Errorf("another node computes %s, not %s", again, digest)
		}
		if strings.Contains(digest, "secret") || len(digest) != 43 {
			t.Errorf("digest %q", digest)
		}
		for _, other := range []string{first.Digest("api-key/a", []byte("secreu")), first.Digest("api-key/b", []byte("secret")), first.Digest("api-key/as", []byte("ecret"))} {
			if other == digest {
				t.Errorf("something else has the digest %s too", other)
			}
		}
		stranger, err := newSealer(bytes.Repeat([]byte{8}, sealKeySize))
		if err != nil {
			t.Fatal(err)
		}
		if stranger.digest("api-key/a", []byte("secret")) == digest {
			t.Error("another key gives the same digest")
		}
	})
}
