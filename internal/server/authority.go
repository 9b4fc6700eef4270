package server

import (
	"bytes"
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"errors"
	"fmt"
	"io/fs"
	"math/big"
	"net"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"time"
)

const (
	authorityFile   = "ca.key" // the authority's key and certificate, mode 0600
	authorityPublic = "ca.pem" // its certificate alone, for those who shall trust it
	authorityYears  = 10
	leafLifetime    = 90 * 24 * time.Hour
	// leafRenewal is how long before its end a certificate is replaced.
	leafRenewal = 30 * 24 * time.Hour
	maxLeaves   = 256
)

var errForeignName = errors.New("this server has no certificate for that name")

// Authority signs certificates for the names that this server answers to by itself, and for no others: whoever trusts
// it need not fear that its key opens the rest of the internet. Its key is made when it is first needed.
type Authority struct {
	// directory keeps the key; empty means that it is kept nowhere.
	directory string
	serves    func(host string) bool

	mu     sync.Mutex
	issuer *tls.Certificate
	key    *ecdsa.PrivateKey // of all leaves
	leaves map[string]*tls.Certificate
}

func newAuthority(directory string, serves func(host string) bool) *Authority {
	return &Authority{directory: directory, serves: serves, leaves: map[string]*tls.Certificate{}}
}

// CACertPEM is the authority's certificate, for those who shall trust it.
func (a *Authority) CACertPEM() ([]byte, error) {
	a.mu.Lock()
	defer a.mu.Unlock()
	if err := a.load(); err != nil {
		return nil, err
	}
	return pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: a.issuer.Certificate[0]}), nil
}

// certificate is the answer to a handshake: a certificate for the name that the client asks for, or for the address that it came to.
func (a *Authority) certificate(hello *tls.ClientHelloInfo) (*tls.Certificate, error) {
	host := hostName(hello.ServerName)
	if host == "" {
		host = "localhost"
		if address, ok := hello.Conn.LocalAddr().(*net.TCPAddr); ok {
			host = address.IP.String()
		}
	} else if !a.serves(host) {
		return nil, errForeignName
	}
	a.mu.Lock()
	defer a.mu.Unlock()
	if err := a.load(); err != nil {
		return nil, err
	}
	if leaf := a.leaves[host]; leaf != nil && time.Until(leaf.Leaf.NotAfter) > leafRenewal {
		return leaf, nil
	}
	leaf, err := a.sign(host)
	if err != nil {
		return nil, err
	}
	if len(a.leaves) >= maxLeaves {
		clear(a.leaves)
	}
	a.leaves[host] = leaf
	return leaf, nil
}

// sign makes a certificate. It names the host alone: a wildcard one level up would serve names that nobody asked about.
func (a *Authority) sign(host string) (*tls.Certificate, error) {
	template := certificateTemplate(host, leafLifetime)
	template.KeyUsage = x509.KeyUsageDigitalSignature
	template.ExtKeyUsage = []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth}
	if ip := net.ParseIP(host); ip != nil {
		template.IPAddresses = []net.IP{ip}
	} else {
		template.DNSNames = []string{host}
	}
	der, err := x509.CreateCertificate(rand.Reader, template, a.issuer.Leaf, a.key.Public(), a.issuer.PrivateKey)
	if err != nil {
		return nil, fmt.Errorf("sign a certificate for %s: %w", host, err)
	}
	leaf, err := x509.ParseCertificate(der)
	if err != nil {
		return nil, fmt.Errorf("sign a certificate for %s: %w", host, err)
	}
	return &tls.Certificate{Certificate: [][]byte{der, a.issuer.Certificate[0]}, PrivateKey: a.key, Leaf: leaf}, nil
}

// load reads the authority's key, or makes it. What fails is tried again at the next connection.
func (a *Authority) load() error {
	if a.issuer != nil && time.Until(a.issuer.Leaf.NotAfter) > leafLifetime {
		return nil
	}
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return fmt.Errorf("make a key: %w", err)
	}
	var issuer *tls.Certificate
	if a.directory == "" {
		issuer, _, err = makeIssuer()
	} else {
		issuer, err = a.kept()
	}
	if err != nil {
		return fmt.Errorf("the local certificate authority: %w", err)
	}
	a.issuer, a.key = issuer, key
	clear(a.leaves)
	return nil
}

// kept reads the authority from its directory, and puts one there first when there is none, or one at its end.
func (a *Authority) kept() (*tls.Certificate, error) {
	path := filepath.Join(a.directory, authorityFile)
	issuer, err := readIssuer(path)
	if err == nil && time.Until(issuer.Leaf.NotAfter) < leafLifetime {
		err = errors.Join(fs.ErrNotExist, os.Remove(path))
	}
	if errors.Is(err, fs.ErrNotExist) {
		if err = a.put(path); err == nil {
			issuer, err = readIssuer(path)
		}
	}
	if err != nil {
		return nil, err
	}
	return issuer, a.publish(issuer)
}

// put writes a new authority whole or not at all. Of two processes that do so at once, one is first and both use its.
func (a *Authority) put(path string) error {
	_, text, err := makeIssuer()
	if err != nil {
		return err
	}
	if err := os.MkdirAll(a.directory, 0o700); err != nil {
		return err
	}
	name, err := writeTemporary(a.directory, text)
	if err != nil {
		return err
	}
	defer func() { _ = os.Remove(name) }()
	if err := os.Link(name, path); err != nil && !errors.Is(err, fs.ErrExist) {
		return err
	}
	return nil
}

// publish keeps the certificate in a file of its own, for curl --cacert and the like.
func (a *Authority) publish(issuer *tls.Certificate) error {
	path := filepath.Join(a.directory, authorityPublic)
	text := pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: issuer.Certificate[0]})
	if there, err := os.ReadFile(path); err == nil && bytes.Equal(there, text) {
		return nil
	}
	name, err := writeTemporary(a.directory, text)
	if err != nil {
		return err
	}
	return os.Rename(name, path)
}

// writeTemporary writes a file of mode 0600 under a name of its own.
func writeTemporary(directory string, text []byte) (string, error) {
	file, err := os.CreateTemp(directory, ".new-*")
	if err != nil {
		return "", err
	}
	_, err = file.Write(text)
	if err = errors.Join(err, file.Sync(), file.Close()); err != nil {
		return "", errors.Join(err, os.Remove(file.Name()))
	}
	return file.Name(), nil
}

func readIssuer(path string) (*tls.Certificate, error) {
	info, err := os.Stat(path)
	if err != nil {
		return nil, err
	}
	if mode := info.Mode().Perm(); mode&0o077 != 0 {
		return nil, hinted(fmt.Errorf("%s can be read by others (mode %04o)", path, mode), "chmod 600 "+path)
	}
	text, err := os.ReadFile(path)
	if err != nil {
		return nil, err
	}
	issuer, err := tls.X509KeyPair(text, text)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	if !issuer.Leaf.IsCA {
		return nil, fmt.Errorf("%s is not a certificate authority's", path)
	}
	return &issuer, nil
}

// makeIssuer makes an authority, and the text that keeps it: its certificate and its key. It signs servers, no further authorities.
func makeIssuer() (*tls.Certificate, []byte, error) {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return nil, nil, err
	}
	template := certificateTemplate("poolgate local authority", authorityYears*365*24*time.Hour)
	template.IsCA, template.BasicConstraintsValid, template.MaxPathLenZero = true, true, true
	template.KeyUsage = x509.KeyUsageCertSign | x509.KeyUsageCRLSign
	der, err := x509.CreateCertificate(rand.Reader, template, template, key.Public(), key)
	if err != nil {
		return nil, nil, err
	}
	private, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		return nil, nil, err
	}
	text := append(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der}),
		pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: private})...)
	leaf, err := x509.ParseCertificate(der)
	if err != nil {
		return nil, nil, err
	}
	return &tls.Certificate{Certificate: [][]byte{der}, PrivateKey: crypto.Signer(key), Leaf: leaf}, text, nil
}

// certificateTemplate has what both kinds of certificate have. It begins an hour ago, for clocks that are behind.
func certificateTemplate(name string, lifetime time.Duration) *x509.Certificate {
	serial := make([]byte, 16)
	_, _ = rand.Read(serial)
	serial[0] &= 0x7f
	if len(name) > 64 { // the most a common name may have; the names that count are elsewhere
		name = strings.ToValidUTF8(name[:64], "")
	}
	now := time.Now()
	return &x509.Certificate{
		SerialNumber: new(big.Int).SetBytes(serial),
		Subject:      pkix.Name{CommonName: name},
		NotBefore:    now.Add(-time.Hour),
		NotAfter:     now.Add(lifetime),
	}
}
