package server

import (
	"crypto/tls"
	"fmt"
	"log/slog"
	"net/url"
	"path/filepath"
	"slices"
	"strings"
)

// certificates are what the server shows to TLS clients: the given files, or a local authority's.
type certificates struct {
	authority *Authority // nil when files are given
	tls       *tls.Config
	log       *slog.Logger
	// domains are the custom domain names, once there are any to know.
	domains *domains
}

// newCertificates reads the given files, so that a wrong one is noticed at start. The authority is not asked for anything yet.
func newCertificates(config Config) (*certificates, error) {
	c := &certificates{
		// HTTP/2 is offered here because the server itself has no configuration of TLS to add it to.
		tls: &tls.Config{MinVersion: tls.VersionTLS12, NextProtos: []string{"h2", "http/1.1"}},
		log: config.Log,
	}
	c.tls.GetConfigForClient = c.forClient
	if config.TLSCert != "" || config.TLSKey != "" {
		given, err := tls.LoadX509KeyPair(config.TLSCert, config.TLSKey)
		if err != nil {
			return nil, hinted(fmt.Errorf("the TLS certificate: %w", err), "give a certificate and its key as PEM files: --tls-cert FILE --tls-key FILE")
		}
		c.tls.Certificates = []tls.Certificate{given}
		return c, nil
	}
	directory := ""
	if config.Data != Memory && config.Data != "" {
		directory = filepath.Join(config.Data, "tls")
	}
	c.authority = newAuthority(directory, c.serves(ownNames(config)))
	c.tls.GetCertificate = c.authority.certificate
	return c, nil
}

// ownNames tells which names the authority may sign for: those of this machine and those it was told to answer to. A real
// AWS name is not among them, whoever asks: a client that is led here by its hosts file must say so with a certificate of its own.
func ownNames(config Config) func(host string) bool {
	configured := configuredNames(config)
	return func(host string) bool { return isLocalHost(host) || slices.Contains(configured, host) }
}

// serves adds the custom domain names to those that the authority may sign for: whoever may make a domain could make an API say anything
// under it. A real AWS name stays out here too.
func (c *certificates) serves(own func(host string) bool) func(host string) bool {
	return func(host string) bool {
		return own(host) || c.domains != nil && mayBeDomain(host) && !isAWSHost(host) && c.domains.find(host) != nil
	}
}

// forClient is the configuration for the name that a client asks for; nil is the general one.
func (c *certificates) forClient(hello *tls.ClientHelloInfo) (*tls.Config, error) {
	host := hostName(hello.ServerName)
	if c.domains == nil || !mayBeDomain(host) {
		return nil, nil
	}
	return c.domains.tlsFor(host, c.tls), nil
}

// configuredNames are the hosts of the public URL and of --host.
func configuredNames(config Config) []string {
	var names []string
	for _, host := range config.Hosts {
		names = append(names, hostName(host))
	}
	if public, err := url.Parse(config.PublicURL); err == nil && public.Host != "" {
		names = append(names, hostName(public.Host))
	}
	return slices.DeleteFunc(names, func(name string) bool { return strings.TrimSpace(name) == "" })
}

// config is asked for at the first TLS connection and each one after it.
func (c *certificates) config() (*tls.Config, error) {
	if c.authority != nil {
		if _, err := c.authority.CACertPEM(); err != nil {
			c.log.Error("TLS is not available", "error", err)
			return nil, err
		}
	}
	return c.tls, nil
}
