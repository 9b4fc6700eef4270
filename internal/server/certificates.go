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
}

// newCertificates reads the given files, so that a wrong one is noticed at start. The authority is not asked for anything yet.
func newCertificates(config Config) (*certificates, error) {
	c := &certificates{
		// HTTP/2 is offered here because the server itself has no configuration of TLS to add it to.
		tls: &tls.Config{MinVersion: tls.VersionTLS12, NextProtos: []string{"h2", "http/1.1"}},
		log: config.Log,
	}
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
	c.authority = newAuthority(directory, ownNames(config))
	c.tls.GetCertificate = c.authority.certificate
	return c, nil
}

// ownNames tells which names the authority may sign for: those of this machine and those it was told to answer to. A real
// AWS name is not among them, whoever asks: a client that is led here by its hosts file must say so with a certificate of its own.
func ownNames(config Config) func(host string) bool {
	configured := configuredNames(config)
	return func(host string) bool { return isLocalHost(host) || slices.Contains(configured, host) }
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
