package server

import (
	"context"
	"fmt"
	"net/http"
	"net/netip"
	"net/url"
	"slices"
	"strings"

	"github.com/poolgate/poolgate/internal/apigateway"
	"github.com/poolgate/poolgate/internal/cognito"
	"github.com/poolgate/poolgate/internal/gateway"
	"github.com/poolgate/poolgate/internal/gateway/httpapi"
	"github.com/poolgate/poolgate/internal/gateway/urlpath"
	"github.com/poolgate/poolgate/internal/store"
)

// mayBeDomain tells whether a host may be a custom domain name at all. This machine's own name and addresses are none.
func mayBeDomain(host string) bool {
	if !strings.Contains(host, ".") || host == localSuffixes[1][1:] || !isHostName(host) {
		return false
	}
	_, err := netip.ParseAddr(host)
	return err != nil
}

// mapping finds where a path leads: the mapping with the longest base path whose segments the path begins with. base is the part of the
// path that it takes, rest what is behind it, as the client wrote it; an escaped path keeps its escapes.
func (d *domain) mapping(path string) (m *apigateway.ServedMapping, base, rest string) {
	for i := range d.mappings {
		m := &d.mappings[i]
		if rest, ok := cutBase(path, m.Base); ok {
			for _, segment := range m.Base {
				base += "/" + segment
			}
			return m, base, rest
		}
	}
	return nil, "", path
}

// cutBase takes segments off the front of an escaped path, read as the gateway reads the rest: decoded, repeated slashes as one. A
// segment that the gateway would never route is none of a base path's.
func cutBase(path string, base []string) (rest string, ok bool) {
	rest = path
	for _, want := range base {
		segment, behind := firstSegment(rest)
		if text, err := url.PathUnescape(segment); err != nil || text != want || !urlpath.Harmless(text) {
			return "", false
		}
		rest = behind
	}
	if rest == "" {
		rest = "/"
	}
	return rest, true
}

func firstSegment(path string) (segment, rest string) {
	path = strings.TrimLeft(path, "/")
	if end := strings.IndexByte(path, '/'); end >= 0 {
		return path[:end], path[end:]
	}
	return path, ""
}

// serveDomain answers a request to a custom domain name.
func (p *parts) serveDomain(w http.ResponseWriter, r *http.Request, e entry) {
	d := e.custom
	about := &gateway.Domain{Name: d.name}
	if d.mutual != nil {
		if about.MutualTLS = d.mutual.admits(r, p.madeFor(r), d); !about.MutualTLS {
			about.Refused = &gateway.DomainRefusal{
				Saw: "a request without a certificate that " + d.name + " trusts, or on a connection that was made for another name", Expected: "TLS with the name " + d.name + " and a client certificate of its truststore",
				Sentence: "The custom domain asks for mutual TLS, and the client showed no certificate that its truststore vouches for.",
			}
			p.gateway.ServeAPI(w, r, gateway.Target{Path: e.rest, ThroughDomain: true, Domain: about})
			return
		}
	}
	mapping, base, rest := d.mapping(e.rest)
	if mapping == nil {
		about.Refused = &gateway.DomainRefusal{
			Saw:      fmt.Sprintf("the path %q of the domain %s, which no mapping takes", clipped(e.rest), d.name),
			Expected: d.expected(),
		}
		p.gateway.ServeAPI(w, r, gateway.Target{Path: e.rest, ThroughDomain: true, Domain: about})
		return
	}
	if !p.gateway.Holds(mapping.API) && p.httpAPIs.Serves(r.Context(), mapping.API) {
		p.httpAPIs.ServeAPI(w, r, httpapi.Target{
			API: mapping.API, Stage: url.PathEscape(mapping.Stage), Path: rest, ThroughDomain: true, Domain: d.name, BasePath: base, MutualTLS: about.MutualTLS,
		})
		return
	}
	about.BasePath = base
	p.gateway.ServeAPI(w, r, gateway.Target{
		API: mapping.API, Stage: url.PathEscape(mapping.Stage), Path: rest, ThroughDomain: true, Domain: about, Spelled: spelled(r),
	})
}

// expected names the base paths that lead somewhere.
func (d *domain) expected() string {
	const most = 10
	var bases []string
	for _, m := range d.mappings[:min(len(d.mappings), most)] {
		bases = append(bases, "/"+strings.Join(m.Base, "/"))
	}
	if bases == nil {
		return "a base path mapping; the domain has none"
	}
	slices.Sort(bases)
	return "a path below " + strings.Join(bases, ", ")
}

// madeFor is the domain that a connection's client asked for in its handshake.
func (p *parts) madeFor(r *http.Request) *domain {
	if r.TLS == nil {
		return nil
	}
	return p.domains.find(hostName(r.TLS.ServerName))
}

// names knows the names that were taught to the server.
type names interface {
	// enterCustom finds the door of a custom domain's host.
	enterCustom(host, path string) (entry, bool)
	// isOwn tells a name that the server was told to answer to.
	isOwn(host string) bool
}

// enterCustom finds an API's custom domain or a pool's, in that order.
func (p *parts) enterCustom(host, path string) (entry, bool) {
	if !mayBeDomain(host) {
		return entry{}, false
	}
	if d := p.domains.find(host); d != nil {
		return entry{door: doorDomain, custom: d, rest: path}, true
	}
	if isLocalHost(host) || isAWSHost(host) || !p.logins.has(host) {
		return entry{}, false
	}
	return entry{door: doorLogin, domain: host, rest: path}, true
}

func (p *parts) isOwn(host string) bool { return slices.Contains(p.names, host) }

// known are the names by which the server is known: the custom domain names of APIs and of pools, and those that it was told to answer to.
type known struct {
	domains *domains
	logins  *loginHosts
	names   []string
}

// knowNames makes the parts know whose a host is, and forget it when that changed.
func (p *parts) knowNames(config Config, topics *store.Store, apis *apigateway.Service) {
	p.names = configuredNames(config)
	p.domains = newDomains(apis.ServedDomains, config.Log)
	p.logins = &loginHosts{log: config.Log, find: func(ctx context.Context, host string) error {
		_, err := p.pools.PoolByDomain(ctx, "", host)
		return err
	}}
	p.closers = append(p.closers,
		topics.Watch(apigateway.DomainNameTopic(""), p.domains.changed),
		topics.Watch(cognito.PoolTopic(""), p.logins.changed))
}
