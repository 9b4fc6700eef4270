package jwks

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/netip"
	"net/url"
	"strings"
	"syscall"
	"time"

	"github.com/poolgate/poolgate/authz"
)

// newClient makes the client that fetches: the given one, or one of its own, and no redirects with either.
func newClient(given *http.Client) *http.Client {
	client := &http.Client{}
	if given != nil {
		*client = *given
	} else if standard, ok := http.DefaultTransport.(*http.Transport); ok {
		transport := standard.Clone()
		transport.DialContext = (&net.Dialer{Timeout: defaultTimeout, Control: refuseLinkLocal}).DialContext
		transport.MaxResponseHeaderBytes = 64 << 10
		transport.MaxIdleConnsPerHost, transport.IdleConnTimeout = 1, 10*time.Second
		client.Transport = transport
	}
	client.CheckRedirect = func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
	return client
}

// refuseLinkLocal keeps a request away from where machines in a cloud find their credentials. It sees the address that a name
// was resolved to.
func refuseLinkLocal(_, where string, _ syscall.RawConn) error {
	to, err := netip.ParseAddrPort(where)
	if err != nil {
		return err
	}
	const metadataOfAWS = "fd00:ec2::254"
	if ip := to.Addr().Unmap().WithZone(""); ip.IsLinkLocalUnicast() || ip == netip.MustParseAddr(metadataOfAWS) {
		return fmt.Errorf("%s is no address of an issuer", ip)
	}
	return nil
}

// get fetches the keys of an address. Its errors are authz's, with the cause.
func (r *Remote) get(at address) (Set, error) {
	if at.pool != (authz.Pool{}) {
		return r.getSet(at.issuer+"/.well-known/jwks.json", true)
	}
	where, err := r.discover(at.issuer)
	if err != nil {
		return nil, noDiscovery(err)
	}
	return r.getSet(where, false)
}

// discover asks an issuer where its keys are (OpenID Connect Discovery 1.0, section 4).
func (r *Remote) discover(issuer string) (where string, err error) {
	document, _, err := r.document(strings.TrimSuffix(issuer, "/") + "/.well-known/openid-configuration")
	if err != nil {
		return "", err
	}
	var configuration struct {
		Issuer string `json:"issuer"`
		JWKS   string `json:"jwks_uri"`
	}
	if err := json.Unmarshal(document, &configuration); err != nil {
		return "", fmt.Errorf("the configuration is no JSON object: %w", err)
	}
	if configuration.Issuer != issuer { // section 4.3: it must be what it was asked as
		return "", fmt.Errorf("the configuration is that of the issuer %.200q", configuration.Issuer)
	}
	if _, err := checkURL(configuration.JWKS); err != nil {
		return "", fmt.Errorf("jwks_uri: %w", err)
	}
	return configuration.JWKS, nil
}

// getSet fetches a key set. A pool's that is not there means that there is no such pool.
func (r *Remote) getSet(where string, ofPool bool) (Set, error) {
	document, status, err := r.document(where)
	if err != nil {
		if ofPool && (status == http.StatusNotFound || status == http.StatusBadRequest) { // AWS's answers for a pool that is not there
			return nil, fmt.Errorf("%w: %w", authz.ErrPoolNotFound, err)
		}
		return nil, unavailable(err)
	}
	set, err := parse(document, false)
	if err != nil {
		return nil, unavailable(err)
	}
	return set, nil
}

// document makes one request and reads a 200 answer of bounded length; the status is that of another answer.
func (r *Remote) document(where string) (body []byte, status int, err error) {
	ctx, cancel := context.WithTimeout(context.Background(), r.options.Timeout)
	defer cancel()
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, where, nil)
	if err != nil {
		return nil, 0, err
	}
	request.Header.Set("Accept", "application/json")
	request.Header.Set("User-Agent", "poolgate")
	response, err := r.client.Do(request)
	if err != nil {
		return nil, 0, err
	}
	defer response.Body.Close()
	if response.StatusCode != http.StatusOK {
		return nil, response.StatusCode, fmt.Errorf("%s answered %d", request.URL.Host, response.StatusCode)
	}
	body, err = io.ReadAll(io.LimitReader(response.Body, maxDocument+1))
	if err != nil {
		return nil, 0, err
	}
	if len(body) > maxDocument {
		return nil, 0, fmt.Errorf("%s answered more than %d bytes", request.URL.Host, maxDocument)
	}
	return body, 0, nil
}

// checkIssuer tells what keeps a text from being the issuer of an OpenID provider.
func checkIssuer(issuer string) error {
	u, err := checkURL(issuer)
	if err != nil {
		return err
	}
	if u.RawQuery != "" || u.ForceQuery {
		return errors.New("an issuer has no query")
	}
	return nil
}

// checkURL tells what keeps a URL from being asked: keys come over TLS, or from this machine.
func checkURL(text string) (*url.URL, error) {
	u, err := url.Parse(text)
	switch {
	case err != nil:
		return nil, errors.New("not a URL")
	case u.Host == "" || u.User != nil || u.Fragment != "" || u.Opaque != "":
		return nil, errors.New("not the URL of a document")
	case u.Scheme == "https", u.Scheme == "http" && onLoopback(u.Hostname()):
		return u, nil
	}
	return nil, fmt.Errorf("%.100q is neither https nor on this machine", u.Scheme+"://"+u.Host)
}

func onLoopback(host string) bool {
	if ip, err := netip.ParseAddr(host); err == nil {
		return ip.Unmap().IsLoopback()
	}
	return host == "localhost" || strings.HasSuffix(host, ".localhost")
}

func unavailable(cause error) error { return fmt.Errorf("%w: %w", authz.ErrKeysUnavailable, cause) }

func noDiscovery(cause error) error {
	return fmt.Errorf("%w: %w", authz.ErrDiscoveryUnavailable, cause)
}
