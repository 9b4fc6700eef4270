// Package peer tells where a request came from. It owns the rule that forwarded headers count only from trusted proxies; it must
// not know what the address is used for.
package peer

import (
	"net"
	"net/http"
	"net/netip"
	"strings"
)

// Proxies are the networks whose hosts are trusted to say where a request came from. Nil trusts nobody.
type Proxies []netip.Prefix

// Source is where a request came from.
type Source struct {
	// IP is the client's address: the connection's, or what trusted proxies say.
	IP string
	// Secure tells that the client spoke TLS.
	Secure bool
	// VPCEndpoint and VPC name the interface endpoint that a private API was reached through, as a trusted proxy says in the
	// headers with which API Gateway tells integrations; empty when no endpoint was.
	VPCEndpoint, VPC string
}

// maxHops bounds how many addresses of a request are looked at.
const maxHops = 64

// Source reads where a request came from.
func (p Proxies) Source(r *http.Request) Source {
	host, _, err := net.SplitHostPort(r.RemoteAddr)
	if err != nil {
		host = r.RemoteAddr
	}
	s := Source{IP: host, Secure: r.TLS != nil}
	if len(p) == 0 {
		return s
	}
	remote, ok := address(host)
	if !ok || !p.trust(remote) {
		return s
	}
	s.IP = p.client(remote, r.Header.Values("X-Forwarded-For")).String()
	if scheme := r.Header.Get("X-Forwarded-Proto"); scheme != "" {
		s.Secure = strings.EqualFold(scheme, "https")
	}
	s.VPCEndpoint, s.VPC = r.Header.Get("X-Amzn-Vpce-Id"), r.Header.Get("X-Amzn-Vpc-Id")
	return s
}

// client walks from the connection towards the client, as far as it meets proxies that are trusted: whatever stands behind the
// first address that is not was written by who knows whom.
func (p Proxies) client(at netip.Addr, forwarded []string) netip.Addr {
	hops := 0
	for i := len(forwarded) - 1; i >= 0; i-- {
		for rest := forwarded[i]; rest != ""; hops++ {
			last := rest
			if comma := strings.LastIndexByte(rest, ','); comma >= 0 {
				rest, last = rest[:comma], rest[comma+1:]
			} else {
				rest = ""
			}
			next, ok := address(strings.TrimSpace(last))
			if !ok || hops == maxHops {
				return at
			}
			if at = next; !p.trust(at) {
				return at
			}
		}
	}
	return at
}

// address reads an address, with or without a port.
func address(text string) (netip.Addr, bool) {
	ip, err := netip.ParseAddr(strings.TrimSuffix(strings.TrimPrefix(text, "["), "]"))
	if err != nil {
		withPort, err := netip.ParseAddrPort(text)
		if err != nil {
			return netip.Addr{}, false
		}
		ip = withPort.Addr()
	}
	return ip.Unmap().WithZone(""), true
}

func (p Proxies) trust(ip netip.Addr) bool {
	for _, network := range p {
		if network.Contains(ip) {
			return true
		}
	}
	return false
}
