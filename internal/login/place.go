package login

import (
	"net"
	"strings"
)

// place is where on the server a request found the login domain: at the root of a domain's own host, or below a prefix.
type place struct {
	// region and domain name the pool by its domain; both empty in path style.
	region, domain string
	// prefix comes before every path in path style.
	prefix string
}

// pathStyle tells whether the client id, and not the host, names the pool.
func (p place) pathStyle() bool { return p.domain == "" }

// url is the place's own address of path. It is relative to the host, so that no Host header can bend a redirect.
func (p place) url(path, query string) string {
	if query != "" {
		return p.prefix + path + "?" + query
	}
	return p.prefix + path
}

// cookiePath keeps the cookies of path style away from the rest of the host.
func (p place) cookiePath() string {
	if p.prefix == "" {
		return "/"
	}
	return p.prefix
}

// loginHosts are the endings of the hosts of prefix domains. The first is what this server prints, the second what AWS has, the
// third what wrappers made for another emulator ask for.
var loginHosts = []string{".localhost", ".amazoncognito.com", ".localhost.localstack.cloud"}

// ParseHost takes {domain}.auth.{region}.localhost, or AWS's own form of it, apart. It reports false for every other host.
func ParseHost(host string) (region, domain string, ok bool) {
	host = hostname(host)
	for _, ending := range loginHosts {
		rest, found := strings.CutSuffix(host, ending)
		if !found {
			continue
		}
		labels := strings.Split(rest, ".")
		if len(labels) == 3 && labels[0] != "" && labels[1] == "auth" && labels[2] != "" {
			return labels[2], labels[0], true
		}
	}
	return "", "", false
}

// hostname is a Host header without its port, in lower case and without the root's dot.
func hostname(host string) string {
	if name, _, err := net.SplitHostPort(host); err == nil {
		host = name
	}
	return strings.ToLower(strings.TrimSuffix(host, "."))
}

// isLocalName tells whether a host is this machine's by name or is a bare address.
func isLocalName(host string) bool {
	name := hostname(host)
	return name == "localhost" || strings.HasSuffix(name, ".localhost") || net.ParseIP(strings.Trim(name, "[]")) != nil
}
