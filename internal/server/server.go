// Package server is the composition root and the listener: it makes the parts, joins them by the interfaces that they declare, and
// tells which door a request is for. It is the only package that sees everything, and it decides nothing about a token.
package server

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"net/netip"
	"net/url"
	"path/filepath"
	"time"

	"github.com/poolgate/poolgate/internal/clock"
	"github.com/poolgate/poolgate/internal/pull"
	"github.com/poolgate/poolgate/internal/store"
)

// Memory is the data directory's name for keeping nothing.
const Memory = ":memory:"

// headerLimit bounds a request's header, in bytes. AWS's gateway allows about 10 KiB; a token of a megabyte still gets the
// authorizer's own 401 here, so the limit is above that.
const headerLimit = 1<<20 + 64<<10

// connectionLimit bounds what clients can make the server hold; further ones wait to be accepted.
const connectionLimit = 4096

// BoundKeys binds the keys in a file to one pool and no other.
type BoundKeys struct{ PoolARN, File string }

// Config says how a server runs. The zero value of each field is its safe default, but Addr and Data must be given.
type Config struct {
	// Addr is the HOST:PORT to listen on.
	Addr string
	// Data is the data directory, or Memory.
	Data string
	// Store is a postgres:// URL that replaces the database in Data.
	Store string
	// AccessKeys are the secrets by access key id. None means that signatures are not verified; then only loopback is served.
	AccessKeys map[string]string
	// Callers says whose access keys are, by their ids.
	Callers map[string]Caller
	// TrustProxies are networks whose hosts are believed when they say where a request to an API came from.
	TrustProxies []netip.Prefix
	// PublicURL is the base of issuers and links; empty means http://localhost:PORT.
	PublicURL string
	// IssuerAWS makes tokens name AWS's own issuer.
	IssuerAWS bool
	// Hosts are further names to answer to.
	Hosts []string
	// AWSPools accepts pools that live on AWS, by keys fetched from there.
	AWSPools bool
	// JWKS binds keys to pools that live elsewhere.
	JWKS []BoundKeys
	// KeepKeys is how long the last good keys of an issuer elsewhere serve on when they are due to be fetched anew and it does not
	// answer; zero means two hours, below zero not at all.
	KeepKeys time.Duration
	// Functions are functions by name whose code is a directory that is watched, or an http(s):// URL that answers for them.
	Functions map[string]string
	// From is a directory that pull wrote; what is in it is served besides what the data directory holds.
	From string
	// TLSCert and TLSKey are PEM files; without them a local authority is made at the first TLS connection.
	TLSCert, TLSKey string
	// Log gets what an operator should know; nil means nothing is logged.
	Log *slog.Logger
	// ownURL is where the server answers on this machine, once it listens.
	ownURL string
	// copy is what From holds.
	copy *pull.Copy
}

// Server is a running server.
type Server struct {
	config   Config
	url      string
	listener net.Listener
	http     *http.Server
	parts    *parts
	store    *store.Store
	done     chan error
	// settled gives back what starting took, once.
	settled *time.Timer
}

// Start opens the store, listens and serves. The error of a misuse has a hint, see HintFor.
func Start(ctx context.Context, config Config) (*Server, error) {
	if config.Log == nil {
		config.Log = slog.New(slog.DiscardHandler)
	}
	if err := mayListen(config); err != nil {
		return nil, err
	}
	if err := mayStore(config); err != nil {
		return nil, err
	}
	if err := readCopy(&config); err != nil {
		return nil, err
	}
	s := &Server{config: config, done: make(chan error, 1)}
	if err := s.open(ctx); err != nil {
		return nil, errors.Join(err, s.Close(ctx))
	}
	s.settled = time.AfterFunc(settleAfter, settle)
	go func() {
		err := s.http.Serve(s.listener)
		if errors.Is(err, http.ErrServerClosed) {
			err = nil
		}
		s.done <- err
	}()
	return s, nil
}

// open makes the parts in the order in which they need each other: the port is known before the issuer's name, the store before all who keep something.
func (s *Server) open(ctx context.Context) error {
	authority, err := newCertificates(s.config)
	if err != nil {
		return err
	}
	if s.listener, err = listen(s.config.Addr, authority.config); err != nil {
		return hintedListen(s.config.Addr, err)
	}
	if err := s.name(); err != nil {
		return err
	}
	tokenTime := new(clock.Clock)
	location := s.config.Store
	if location == "" {
		location = s.config.Data
	}
	if s.store, err = store.Open(ctx, store.Options{Location: location, Now: tokenTime.Now}); err != nil {
		return hintedPart(err)
	}
	if s.parts, err = compose(s.config, s.store, tokenTime); err != nil {
		return err
	}
	authority.domains = s.parts.domains
	if err := s.bringUp(ctx); err != nil {
		return err
	}
	s.http = patient.server(s.parts.handler(s.config), s.config.Log)
	return nil
}

// name fixes the server's own URL and the public one, from the port that the listener got.
func (s *Server) name() error {
	host, port, err := net.SplitHostPort(s.listener.Addr().String())
	if err != nil {
		return err
	}
	if ip := net.ParseIP(host); ip == nil || ip.IsUnspecified() {
		host = "127.0.0.1"
	}
	s.url = "http://" + net.JoinHostPort(host, port)
	s.config.ownURL = s.url
	if s.config.PublicURL == "" {
		s.config.PublicURL = "http://localhost:" + port
	}
	public, err := url.Parse(s.config.PublicURL)
	if err != nil || public.Host == "" || (public.Scheme != "http" && public.Scheme != "https") || public.RawQuery != "" || public.Fragment != "" {
		return hinted(fmt.Errorf("%q cannot be the public URL", s.config.PublicURL), "write it as --public-url https://HOST[:PORT]")
	}
	return nil
}

// URL is where the server answers, by address.
func (s *Server) URL() string { return s.url }

// Where tells people where the data is; never a password of a database URL.
func (s *Server) Where() string {
	switch {
	case s.config.Store != "":
		if u, err := url.Parse(s.config.Store); err == nil {
			return u.Redacted()
		}
		return "the database of --store"
	case s.config.Data == Memory:
		return "in memory, gone when the server stops"
	}
	if abs, err := filepath.Abs(s.config.Data); err == nil {
		return abs
	}
	return s.config.Data
}

// Wait returns when ctx is done or the server failed.
func (s *Server) Wait(ctx context.Context) error {
	select {
	case <-ctx.Done():
		return nil
	case err := <-s.done:
		return err
	}
}

// Close stops taking requests, lets those in flight end until ctx is done, and closes the store.
func (s *Server) Close(ctx context.Context) error {
	var failures []error
	if s.settled != nil {
		s.settled.Stop()
	}
	if s.http != nil {
		failures = append(failures, s.http.Shutdown(ctx))
	} else if s.listener != nil {
		failures = append(failures, s.listener.Close())
	}
	if s.parts != nil {
		s.parts.close()
	}
	if s.store != nil {
		failures = append(failures, s.store.Close())
	}
	return errors.Join(failures...)
}
