package server

import (
	"bytes"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/netip"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/poolgate/poolgate/internal/wire/sigv4"
)

// guard decides who is let in, before any door opens. It knows nothing of what is behind a door but which one it is.
//
// It stands against three things: a web page that sends requests to a developer's own machine (a form post is enough to
// call a query API), a name that an attacker lets point to this machine (DNS rebinding makes such a page same-origin),
// and whoever reaches the server from elsewhere and asks for what is its operator's.
type guard struct {
	door func(*http.Request) Door
	// unsigned tells an operation that anyone may call, from any page.
	unsigned func(*http.Request) bool
	// names are the hosts that the server was told to answer to, and customDomain those that it was taught later.
	names        []string
	customDomain func(host string) bool
	// public is the host and port of the public URL, which a proxy may have replaced in Host.
	public string
	// verify checks the signature of a configured access key. Without access keys it always fails.
	verify func(r *http.Request, body []byte) error
}

// signingService is the service that a request to /_poolgate/ is signed for: curl --aws-sigv4 aws:amz:us-east-1:poolgate.
const signingService = "poolgate"

func newGuard(config Config, p *parts) *guard {
	public := ""
	if u, err := url.Parse(config.PublicURL); err == nil {
		public = withoutDefaultPort(u.Scheme, u.Host)
	}
	lookup := func(id string) (string, bool) {
		secret, known := config.AccessKeys[id]
		return secret, known
	}
	return &guard{
		door:     func(r *http.Request) Door { return p.enter(r).door },
		unsigned: p.apis.Unsigned,
		names:    configuredNames(config),
		customDomain: func(host string) bool {
			_, ok := p.enterCustom(host, "")
			return ok
		},
		public: public,
		verify: func(r *http.Request, body []byte) error {
			return sigv4.Verify(r, body, signingService, "", lookup, time.Now())
		},
	}
}

// refusal is what someone who is not let in reads.
type refusal struct {
	status int
	text   string
}

// rules are asked in this order; the first refusal stands.
var rules = []func(*guard, *http.Request) *refusal{
	(*guard).refuseForeignHost,
	(*guard).refuseForeignPage,
	(*guard).refuseStranger,
}

// protect lets in what no rule refuses.
func (g *guard) protect(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		for _, rule := range rules {
			if refused := rule(g, r); refused != nil {
				refused.write(w, r)
				return
			}
		}
		next.ServeHTTP(w, r)
	})
}

// write answers without any header that would let a page of another origin read it.
func (f *refusal) write(w http.ResponseWriter, r *http.Request) {
	header := w.Header()
	header.Set("Content-Type", "text/plain; charset=utf-8")
	header.Set("X-Content-Type-Options", "nosniff")
	header.Set("Cache-Control", "no-store")
	w.WriteHeader(f.status)
	if r.Method != http.MethodHead {
		_, _ = io.WriteString(w, f.text+"\n")
	}
}

func forbidden(format string, args ...any) *refusal {
	return &refusal{status: http.StatusForbidden, text: fmt.Sprintf(format, args...)}
}

// refuseForeignHost refuses a Host that is neither local nor configured nor a custom domain.
func (g *guard) refuseForeignHost(r *http.Request) *refusal {
	host := hostName(r.Host)
	if isLocalHost(host) || isAWSHost(host) || slices.Contains(g.names, host) || isOwnAddress(r, host) {
		return nil
	}
	if isHostName(host) && g.customDomain(host) {
		return nil
	}
	return forbidden("poolgate does not answer to the host name %q.\n"+
		"hint: use http://localhost or http://127.0.0.1, or start it with --host NAME or --public-url URL", clipped(r.Host))
}

// refuseForeignPage refuses what a browser sends from a page of another origin, where only programs have business.
func (g *guard) refuseForeignPage(r *http.Request) *refusal {
	origin, foreign := g.foreignPage(r)
	if !foreign {
		return nil
	}
	switch g.door(r) {
	case doorGateway, doorDomain, doorKeys, doorLogin, doorFunction:
		// Made for browsers: the API's owner decides about origins, keys are public, the pages have their own protection.
		return nil
	case doorAWS:
		if g.unsigned(r) {
			return nil
		}
	case doorNone, doorPoolgate, doorS3, doorCode:
	}
	return forbidden("A web page of another origin (%s) may not call this server's APIs.\n"+
		"hint: call them from a program; from a page only a deployed API, the login pages and Cognito's unsigned operations can be called", clipped(origin))
}

// foreignPage tells whether a browser sent the request on behalf of a page that is not this server's own.
func (g *guard) foreignPage(r *http.Request) (origin string, foreign bool) {
	for _, origin := range r.Header["Origin"] {
		if !g.sameOrigin(r, origin) {
			return origin, true
		}
	}
	for _, site := range r.Header["Sec-Fetch-Site"] {
		// "none" is the user's own doing: a bookmark, the address bar.
		if site != "same-origin" && site != "none" {
			return site, true
		}
	}
	return "", false
}

// sameOrigin compares hosts and ports. A sandboxed page's origin is "null", which is like nobody's.
func (g *guard) sameOrigin(r *http.Request, origin string) bool {
	u, err := url.Parse(origin)
	if err != nil || u.Host == "" {
		return false
	}
	host := withoutDefaultPort(u.Scheme, u.Host)
	return host == withoutDefaultPort(u.Scheme, r.Host) || host == g.public
}

// refuseStranger refuses /_poolgate/ to whoever is not on this machine, unless the request is signed with a configured key.
func (g *guard) refuseStranger(r *http.Request) *refusal {
	// The path is looked at first, because finding the door costs more. A host that owns its paths may have this one too.
	if !strings.HasPrefix(r.URL.EscapedPath(), ownPrefix) || onLoopback(r) || g.door(r) != doorPoolgate {
		return nil
	}
	body, err := io.ReadAll(io.LimitReader(r.Body, bodyLimit+1))
	if err != nil {
		return &refusal{status: http.StatusBadRequest, text: "The body could not be read."}
	}
	if len(body) > bodyLimit {
		return &refusal{status: http.StatusRequestEntityTooLarge, text: "The body is too large."}
	}
	_ = r.Body.Close()
	r.Body = io.NopCloser(bytes.NewReader(body))
	if g.verify(r, body) == nil {
		return nil
	}
	return forbidden("/_poolgate/ is open on loopback only; beyond it, or behind a proxy, a request must be signed with a configured access key.\n"+
		"hint: curl --aws-sigv4 aws:amz:us-east-1:%s --user ID:SECRET, with a key that the server was given by --access-key", signingService)
}

// forwarding are headers that say that the request came from elsewhere, through a proxy on this machine.
var forwarding = []string{
	"Forwarded", "Via", "X-Real-Ip", "X-Client-Ip", "X-Cluster-Client-Ip", "X-Original-Forwarded-For", "X-Original-Host",
	"True-Client-Ip", "Cf-Connecting-Ip", "Cdn-Loop", "Fastly-Client-Ip", "X-Envoy-External-Address",
}

const forwardingPrefix = "X-Forwarded-"

// onLoopback tells whether the request comes from this machine: its connection does, and no proxy says that it only passed
// it on. What is for the eyes of this machine's user only (the clock, the reason header) asks here.
func onLoopback(r *http.Request) bool {
	remote, err := netip.ParseAddrPort(r.RemoteAddr)
	if err != nil || !remote.Addr().Unmap().IsLoopback() {
		return false
	}
	for name := range r.Header {
		if strings.HasPrefix(name, forwardingPrefix) || slices.Contains(forwarding, name) {
			return false
		}
	}
	return true
}

// isLocalHost tells whether a host name can only be this machine, whatever a name server says.
func isLocalHost(host string) bool {
	if host == "localhost" || host == localSuffixes[1][1:] {
		return true
	}
	if ip, err := netip.ParseAddr(host); err == nil {
		return ip.Unmap().IsLoopback()
	}
	return isHostName(host) && slices.ContainsFunc(localSuffixes, func(suffix string) bool { return strings.HasSuffix(host, suffix) })
}

// awsSuffixes end the names of the real services, as clients send them that were led here by other means than the URL.
// Nobody but AWS can let these names point anywhere.
var awsSuffixes = []string{".amazonaws.com", ".amazonaws.com.cn", ".amazoncognito.com", ".on.aws"}

func isAWSHost(host string) bool {
	return isHostName(host) && slices.ContainsFunc(awsSuffixes, func(suffix string) bool { return strings.HasSuffix(host, suffix) })
}

// isOwnAddress tells whether the host is the very address that the connection came to. An address cannot be rebound.
func isOwnAddress(r *http.Request, host string) bool {
	local, ok := r.Context().Value(http.LocalAddrContextKey).(*net.TCPAddr)
	if !ok {
		return false
	}
	ip, err := netip.ParseAddr(host)
	return err == nil && ip.Unmap() == local.AddrPort().Addr().Unmap().WithZone(ip.Zone())
}

// isHostName tells whether the text is a host name at all, and not something that merely ends like one.
func isHostName(host string) bool {
	if host == "" || len(host) > 253 {
		return false
	}
	for i := range len(host) {
		switch c := host[i]; {
		case 'a' <= c && c <= 'z', '0' <= c && c <= '9', c == '-', c == '_', c == '.':
		default:
			return false
		}
	}
	return true
}

// withoutDefaultPort brings a host and port into the form in which an origin writes it.
func withoutDefaultPort(scheme, host string) string {
	host = strings.ToLower(host)
	switch scheme {
	case "http":
		return strings.TrimSuffix(host, ":80")
	case "https":
		return strings.TrimSuffix(host, ":443")
	}
	return host
}

// clipped keeps what a stranger sent from filling an answer.
func clipped(text string) string {
	const limit = 100
	if len(text) <= limit {
		return text
	}
	return strings.ToValidUTF8(text[:limit], "") + "…"
}
