package cli

import (
	"bytes"
	"cmp"
	"context"
	"crypto/sha256"
	"crypto/tls"
	"crypto/x509"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"os"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	v4 "github.com/aws/aws-sdk-go-v2/aws/signer/v4"

	"github.com/poolgate/poolgate/internal/curl"
	"github.com/poolgate/poolgate/internal/explain"
)

// How long a request may take where curl was not told; API Gateway ends one after 29 seconds.
const (
	sendWithin    = 35 * time.Second
	connectWithin = 10 * time.Second
)

// answerTo sends a request, if it is safe or --send says so, and otherwise says why it did not.
func (f *explainFlags) answerTo(ctx context.Context, command *curl.Command) (answer *explain.Answer, notSent string) {
	if !isSafe(command.Method) && !f.send {
		return nil, fmt.Sprintf("a %s may change something, and is sent only with --send", command.Method)
	}
	answer, err := send(ctx, command)
	if err != nil {
		return nil, "no answer came: " + whyNot(err)
	}
	return answer, ""
}

// send sends a request once, as curl would, and reads the beginning of the answer. Redirects are not followed: the first answer is the
// one that is asked about.
func send(ctx context.Context, command *curl.Command) (*explain.Answer, error) {
	transport, err := transportFor(command)
	if err != nil {
		return nil, err
	}
	defer transport.CloseIdleConnections()
	client := http.Client{Transport: transport, Timeout: cmp.Or(command.Timeout, sendWithin),
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	request, err := requestOf(ctx, command)
	if err != nil {
		return nil, err
	}
	response, err := client.Do(request)
	if err != nil {
		return nil, err
	}
	defer func() { _ = response.Body.Close() }()
	body, err := io.ReadAll(io.LimitReader(response.Body, explain.AnswerLimit))
	if err != nil && len(body) == 0 && command.Method != http.MethodHead {
		return nil, err
	}
	return &explain.Answer{Status: response.StatusCode, Header: response.Header, Body: body}, nil
}

// requestOf is the command's request for Go's client.
func requestOf(ctx context.Context, command *curl.Command) (*http.Request, error) {
	var body io.Reader
	if len(command.Body) > 0 {
		body = bytes.NewReader(command.Body)
	}
	request, err := http.NewRequestWithContext(ctx, command.Method, command.URL, body)
	if err != nil {
		return nil, err
	}
	request.Header = command.Header.Clone()
	if host := request.Header.Get("Host"); host != "" {
		request.Host = host
		request.Header.Del("Host")
	}
	if _, given := request.Header["User-Agent"]; !given {
		request.Header["User-Agent"] = []string{""} // else Go's client adds its own
	}
	return request, nil
}

// transportFor is how a command's request reaches its server.
func transportFor(command *curl.Command) (*http.Transport, error) {
	settings := &tls.Config{MinVersion: tls.VersionTLS12, InsecureSkipVerify: command.Insecure} //nolint:gosec // curl's -k, said by who runs it
	if command.CACert != "" {
		pem, err := os.ReadFile(command.CACert)
		pool := x509.NewCertPool()
		if err != nil || !pool.AppendCertsFromPEM(pem) {
			return nil, errors.New("the file of --cacert holds no certificate")
		}
		settings.RootCAs = pool
	}
	dialer := net.Dialer{Timeout: cmp.Or(command.ConnectTimeout, connectWithin)}
	transport := &http.Transport{
		TLSClientConfig: settings, DisableCompression: true, ForceAttemptHTTP2: !command.HTTP1, Proxy: http.ProxyFromEnvironment,
		TLSHandshakeTimeout: connectWithin, DisableKeepAlives: command.HTTP1,
		DialContext: func(ctx context.Context, network, address string) (net.Conn, error) {
			return dialer.DialContext(ctx, network, dialled(command, address))
		},
	}
	switch command.Proxy {
	case "":
	case "none":
		transport.Proxy = nil
	default:
		proxy, err := url.Parse(command.Proxy)
		if err != nil || proxy.Host == "" {
			return nil, errors.New("the proxy of -x is not a URL")
		}
		transport.Proxy = http.ProxyURL(proxy)
	}
	return transport, nil
}

// dialled is the address that a HOST:PORT is reached at. Names below localhost are this machine's, also where no resolver says so
// (RFC 6761, section 6.3).
func dialled(command *curl.Command, address string) string {
	if to, ok := command.Dial[strings.ToLower(address)]; ok {
		return to
	}
	host, port, err := net.SplitHostPort(address)
	if err == nil && strings.HasSuffix(strings.ToLower(host), ".localhost") {
		return net.JoinHostPort("127.0.0.1", port)
	}
	return address
}

// sign signs a request as curl's --aws-sigv4 asks, so that it is judged with its signature.
func sign(ctx context.Context, command *curl.Command) error {
	s := command.Signing
	if s == nil || command.Header.Get("Authorization") != "" {
		return nil
	}
	request, err := requestOf(ctx, command)
	if err != nil {
		return fail("copy the whole command", "the request cannot be made: %s", whyNot(err))
	}
	sum := sha256.Sum256(command.Body)
	err = v4.NewSigner().SignHTTP(ctx, aws.Credentials{AccessKeyID: s.KeyID, SecretAccessKey: s.Secret}, request, hex.EncodeToString(sum[:]), s.Service, s.Region, time.Now())
	if err != nil {
		return fail("write it as --aws-sigv4 aws:amz:REGION:execute-api -u KEY_ID:SECRET", "the request cannot be signed")
	}
	for _, name := range []string{"Authorization", "X-Amz-Date"} {
		command.Header.Set(name, request.Header.Get(name))
	}
	return nil
}

// whyNot says why there is no answer, without the request's URL, whose query may be secret, and without a header's value.
func whyNot(err error) string {
	var outer *url.Error
	if errors.As(err, &outer) {
		err = outer.Err
	}
	var timeout net.Error
	var noHost *net.DNSError
	var untrusted *tls.CertificateVerificationError
	text := err.Error()
	switch {
	case errors.As(err, &noHost):
		return "there is no host " + clipped(noHost.Name)
	case errors.As(err, &untrusted):
		return "its certificate is not trusted (curl's -k takes any)"
	case errors.As(err, &timeout) && timeout.Timeout():
		return "it took too long"
	case strings.Contains(text, "invalid header field value"):
		name := text[strings.LastIndex(text, " ")+1:]
		return "the value of " + clipped(strings.Trim(name, `"`)) + " has a line break or another character that no header may have"
	}
	return clipped(text)
}

// checkEndpoint refuses what is not the URL of a server.
func checkEndpoint(endpoint string) error {
	u, err := url.Parse(endpoint)
	if err != nil || u.Host == "" || (u.Scheme != "http" && u.Scheme != "https") {
		return fail("write it as --endpoint-url "+localEndpoint, "%q is not the URL of a server", clipped(endpoint))
	}
	return nil
}
