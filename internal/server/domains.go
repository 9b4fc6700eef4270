package server

import (
	"context"
	"crypto/sha256"
	"crypto/tls"
	"crypto/x509"
	"log/slog"
	"net/http"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/poolgate/poolgate/internal/apigateway"
)

// domains are the custom domain names, compiled: a request's host is found in a table that is made anew when a domain changed. No
// request asks the store, but the first after a change.
type domains struct {
	load func(ctx context.Context) ([]apigateway.ServedDomain, error)
	log  *slog.Logger

	table atomic.Pointer[domainTable]
	// version counts the changes that were told of.
	version atomic.Uint64
	loading sync.Mutex
	// again is when loading is tried once more after it failed. It is guarded by loading.
	again time.Time
}

// domainTable is what was compiled at a version. Names with a wildcard stand under what follows their asterisk; targets are the names
// that AWS gave to domains.
type domainTable struct {
	version                  uint64
	exact, wildcard, targets map[string]*domain
}

// domain is one custom domain name.
type domain struct {
	name     string
	mappings []apigateway.ServedMapping
	// mutual is whom a domain with mutual TLS trusts; nil without.
	mutual *trust
}

// trust is a truststore. roots tells its certificates by their digests.
type trust struct {
	pool  *x509.CertPool
	roots map[[sha256.Size]byte]bool
}

// loadPatience is how long a request waits for the table; loadPause how long a failed attempt keeps others from trying.
const loadPatience, loadPause = 10 * time.Second, time.Second

func newDomains(load func(context.Context) ([]apigateway.ServedDomain, error), log *slog.Logger) *domains {
	return &domains{load: load, log: log}
}

// changed is told of every change of a domain or its mappings.
func (d *domains) changed(string) { d.version.Add(1) }

// find is the domain whose name a host is: its own before one with a wildcard, which stands for one label. Nil when there is none. The
// host of a service is nobody's domain, whatever somebody called theirs: it would take another's API or login page.
func (d *domains) find(host string) *domain {
	t := d.current()
	if t == nil {
		return nil
	}
	if found := t.targets[host]; found != nil {
		return found
	}
	if isServiceHost(host) {
		return nil
	}
	if found := t.exact[host]; found != nil || len(t.wildcard) == 0 {
		return found
	}
	_, rest, _ := strings.Cut(host, ".")
	return t.wildcard[rest]
}

// current is the table. While the store cannot be read the old one serves on.
func (d *domains) current() *domainTable {
	t := d.table.Load()
	if t != nil && t.version == d.version.Load() {
		return t
	}
	d.loading.Lock()
	defer d.loading.Unlock()
	version := d.version.Load()
	if t = d.table.Load(); t != nil && t.version == version || time.Now().Before(d.again) {
		return t
	}
	ctx, cancel := context.WithTimeout(context.Background(), loadPatience)
	defer cancel()
	list, err := d.load(ctx)
	if err != nil {
		d.log.Error("the custom domain names could not be read", "error", err)
		d.again = time.Now().Add(loadPause)
		return t
	}
	t = compileDomains(list)
	t.version = version
	d.table.Store(t)
	return t
}

func compileDomains(list []apigateway.ServedDomain) *domainTable {
	t := &domainTable{exact: make(map[string]*domain, len(list)), wildcard: map[string]*domain{}, targets: make(map[string]*domain, len(list))}
	for _, served := range list {
		d := &domain{name: served.Name, mappings: served.Mappings, mutual: compileTrust(served)}
		names, name := t.exact, served.Name
		if rest, ok := strings.CutPrefix(name, "*."); ok {
			names, name = t.wildcard, rest
		}
		if names[name] == nil { // of several private domains of one name the first
			names[name] = d
		}
		if served.Target == "" {
			continue
		}
		t.targets[served.Target] = d
		if label, ok := strings.CutSuffix(served.Target, ".amazonaws.com"); ok {
			for _, suffix := range localSuffixes {
				t.targets[label+suffix] = d
			}
		}
	}
	return t
}

func compileTrust(served apigateway.ServedDomain) *trust {
	if !served.MutualTLS {
		return nil
	}
	t := &trust{pool: x509.NewCertPool(), roots: make(map[[sha256.Size]byte]bool, len(served.Truststore))}
	for _, der := range served.Truststore {
		if certificate, err := x509.ParseCertificate(der); err == nil {
			t.pool.AddCert(certificate)
			t.roots[sha256.Sum256(der)] = true
		}
	}
	return t
}

// admits tells whether the client of a request proved to have a certificate that is trusted now, on a connection that was made for this
// very domain: one that was made for another name, or without TLS, never asked for any.
func (t *trust) admits(r *http.Request, made *domain, d *domain) bool {
	if r.TLS == nil || made == nil || made.name != d.name {
		return false
	}
	for _, chain := range r.TLS.VerifiedChains {
		if t.roots[sha256.Sum256(chain[len(chain)-1].Raw)] {
			return true
		}
	}
	return false
}

// tlsFor is the configuration of TLS for a name that a client asks for: with mutual TLS a client without a certificate of the truststore
// gets no connection. No session of such a domain is resumed: what was trusted then need not be now.
func (d *domains) tlsFor(host string, general *tls.Config) *tls.Config {
	found := d.find(host)
	if found == nil || found.mutual == nil {
		return nil
	}
	config := general.Clone()
	config.GetConfigForClient = nil
	config.ClientAuth, config.ClientCAs = tls.RequireAndVerifyClientCert, found.mutual.pool
	config.SessionTicketsDisabled = true
	return config
}
