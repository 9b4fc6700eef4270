package server

import (
	"bytes"
	"crypto/tls"
	"crypto/x509"
	"fmt"
	"log/slog"
	"net"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"
)

func testCertificates(t *testing.T, config Config) *certificates {
	t.Helper()
	config.Log = slog.New(slog.DiscardHandler)
	c, err := newCertificates(config)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// shake makes a handshake over a connection to 127.0.0.1, verified as clients do.
func shake(t *testing.T, c *certificates, roots *x509.CertPool, name string) (*x509.Certificate, error) {
	t.Helper()
	l, err := listen("127.0.0.1:0", c.config)
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	go func() {
		if conn, err := l.Accept(); err == nil {
			_ = conn.(*tls.Conn).Handshake()
			_ = conn.Close()
		}
	}()
	conn, err := tls.DialWithDialer(&net.Dialer{Timeout: 5 * time.Second}, "tcp", l.Addr().String(), &tls.Config{RootCAs: roots, ServerName: name})
	if err != nil {
		return nil, err
	}
	defer conn.Close()
	return conn.ConnectionState().PeerCertificates[0], nil
}

func rootsOf(t *testing.T, c *certificates) *x509.CertPool {
	t.Helper()
	text, err := c.authority.CACertPEM()
	if err != nil {
		t.Fatal(err)
	}
	roots := x509.NewCertPool()
	if !roots.AppendCertsFromPEM(text) {
		t.Fatalf("not a certificate: %s", text)
	}
	return roots
}

func TestTheAuthoritySignsLocalNamesOnly(t *testing.T) {
	c := testCertificates(t, Config{Data: Memory, PublicURL: "https://auth.example.com:8443/x", Hosts: []string{"pool.lan"}})
	roots := rootsOf(t, c)
	for _, name := range []string{
		"localhost", "127.0.0.1", "abc.execute-api.eu-west-1.localhost", "shop.auth.eu-west-1.localhost", "LOCALHOST",
		"abc.execute-api.localhost.localstack.cloud", "localhost.localstack.cloud", "auth.example.com", "pool.lan",
	} {
		if _, err := shake(t, c, roots, name); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
	for _, name := range []string{
		"example.com", "www.auth.example.com", "cognito-idp.eu-west-1.amazonaws.com", "localhost.example.com", "notlocalhost", "xlocalhost.localstack.cloud",
	} {
		if leaf, err := shake(t, c, roots, name); err == nil {
			t.Errorf("%s got a certificate for %v", name, leaf.DNSNames)
		}
	}
}

func TestAnAddressGetsACertificateWithoutAName(t *testing.T) {
	// A client that connects to an address sends no name.
	for _, address := range []string{"127.0.0.1:0", "[::1]:0"} {
		c := testCertificates(t, Config{Data: Memory})
		l, err := listen(address, c.config)
		if err != nil {
			t.Skipf("SKIPPED: %v", err)
		}
		go func() {
			if conn, err := l.Accept(); err == nil {
				_ = conn.(*tls.Conn).Handshake()
				_ = conn.Close()
			}
		}()
		conn, err := tls.Dial("tcp", l.Addr().String(), &tls.Config{RootCAs: rootsOf(t, c)})
		if err != nil {
			t.Errorf("%s: %v", address, err)
		} else {
			_ = conn.Close()
		}
		_ = l.Close()
	}
}

func TestTheAuthorityIsMadeAtFirstUseAndKept(t *testing.T) {
	data := t.TempDir()
	c := testCertificates(t, Config{Data: data})
	if _, err := os.Stat(filepath.Join(data, "tls")); !os.IsNotExist(err) {
		t.Errorf("before the first connection: %v", err)
	}
	roots := rootsOf(t, c)
	for _, name := range []string{authorityFile, authorityPublic} {
		info, err := os.Stat(filepath.Join(data, "tls", name))
		if err != nil {
			t.Fatal(err)
		}
		if info.Mode().Perm() != 0o600 {
			t.Errorf("%s is of mode %v", name, info.Mode())
		}
	}
	if public, err := os.ReadFile(filepath.Join(data, "tls", authorityPublic)); err != nil || bytes.Contains(public, []byte("PRIVATE")) {
		t.Errorf("the public file holds more than the certificate, %v", err)
	}
	// The next start goes on with it: who trusted it goes on trusting.
	again := testCertificates(t, Config{Data: data})
	if _, err := shake(t, again, roots, "localhost"); err != nil {
		t.Errorf("after a restart: %v", err)
	}
	if left, _ := filepath.Glob(filepath.Join(data, "tls", ".new-*")); len(left) != 0 {
		t.Errorf("left behind: %v", left)
	}
}

func TestOfTwoProcessesThatMakeAnAuthorityBothUseTheSame(t *testing.T) {
	data := t.TempDir()
	texts := make([][]byte, 8)
	var group sync.WaitGroup
	for i := range texts {
		group.Go(func() {
			c := testCertificates(t, Config{Data: data})
			var err error
			if texts[i], err = c.authority.CACertPEM(); err != nil {
				t.Error(err)
			}
		})
	}
	group.Wait()
	for _, text := range texts[1:] {
		if !bytes.Equal(text, texts[0]) {
			t.Fatal("there are two authorities")
		}
	}
}

func TestAnAuthorityThatOthersCanReadIsRefused(t *testing.T) {
	data := t.TempDir()
	rootsOf(t, testCertificates(t, Config{Data: data}))
	path := filepath.Join(data, "tls", authorityFile)
	if err := os.Chmod(path, 0o644); err != nil {
		t.Fatal(err)
	}
	_, err := testCertificates(t, Config{Data: data}).authority.CACertPEM()
	if err == nil || HintFor(err) != "chmod 600 "+path {
		t.Errorf("%v; hint: %s", err, HintFor(err))
	}
}

func TestABrokenAuthorityIsAnErrorAndNotReplaced(t *testing.T) {
	data := t.TempDir()
	if err := os.MkdirAll(filepath.Join(data, "tls"), 0o700); err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(data, "tls", authorityFile)
	if err := os.WriteFile(path, []byte("not PEM"), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := testCertificates(t, Config{Data: data}).config(); err == nil {
		t.Error("it was accepted")
	}
	if text, _ := os.ReadFile(path); string(text) != "not PEM" {
		t.Errorf("it was replaced by %q", text)
	}
}

func TestCertificatesAreKeptAndBounded(t *testing.T) {
	c := testCertificates(t, Config{Data: Memory})
	local, remote := net.Pipe()
	defer local.Close()
	defer remote.Close()
	ask := func(name string) *tls.Certificate {
		leaf, err := c.authority.certificate(&tls.ClientHelloInfo{ServerName: name, Conn: local})
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		return leaf
	}
	if first, again := ask("localhost"), ask("localhost"); first != again {
		t.Error("each connection gets a new certificate")
	}
	for i := range maxLeaves + 10 {
		ask(fmt.Sprintf("x%d.localhost", i))
	}
	if n := len(c.authority.leaves); n > maxLeaves {
		t.Errorf("%d certificates are kept", n)
	}
	long := strings.Repeat("abcdefghi.", 20) + "localhost"
	if leaf := ask(long); leaf.Leaf.VerifyHostname(long) != nil {
		t.Error("a long name is not in its certificate")
	}
}

func TestGivenFilesAreUsed(t *testing.T) {
	issuer, text, err := makeIssuer()
	if err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(t.TempDir(), "both.pem")
	if err := os.WriteFile(path, text, 0o600); err != nil {
		t.Fatal(err)
	}
	c := testCertificates(t, Config{Data: Memory, TLSCert: path, TLSKey: path})
	config, err := c.config()
	if err != nil || !bytes.Equal(config.Certificates[0].Certificate[0], issuer.Certificate[0]) {
		t.Errorf("another certificate is shown, %v", err)
	}
	for name, config := range map[string]Config{
		"a file that is not there": {TLSCert: path + "x", TLSKey: path},
		"no key":                   {TLSCert: path},
		"no certificate":           {TLSKey: path},
	} {
		if _, err := newCertificates(config); err == nil || HintFor(err) == "" {
			t.Errorf("%s: %v", name, err)
		}
	}
}
