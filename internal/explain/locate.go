package explain

import (
	"fmt"
	"net"
	"net/url"
	"regexp"
	"strings"
)

// pathStyle begins the paths of a local server that name an API by its id.
const pathStyle = "/_aws/execute-api/"

// localDomains are what the names of a local server's hosts may end in.
var localDomains = []string{".localhost", ".localhost.localstack.cloud"}

// awsDomains are what the names of AWS's own hosts end in: its three partitions, and the names that also answer over IPv6.
var awsDomains = []string{".amazonaws.com", ".amazonaws.com.cn", ".api.aws", ".api.amazonwebservices.com.cn"}

// apiID is the form of an API's id; a private API's host may carry its VPC endpoint behind it.
var apiID = regexp.MustCompile(`^([a-z0-9]{1,64})(-vpce-[0-9a-f]+)?$`)

// Elsewhere is an address that is none of API Gateway's.
type Elsewhere struct {
	// Host is the address's, What says what answers there, as far as that is known; Hint what to do.
	Host, What, Hint string
}

func (e *Elsewhere) Error() string {
	return fmt.Sprintf("%s is no address of API Gateway: %s", e.Host, e.What)
}

// Locate says where a request goes by its URL and the Host header that it is sent with, empty for the URL's own. Endpoint is where a local
// server's account is read, and empty otherwise. The error is an *Elsewhere, or says that the text is no URL; it never repeats a query.
func Locate(address, hostHeader string) (Located, error) {
	u, err := url.Parse(address)
	if err != nil || u.Host == "" || (u.Scheme != "http" && u.Scheme != "https") {
		return Located{}, fmt.Errorf("that is not the URL of an HTTP request")
	}
	host := hostName(u.Host)
	located := Located{Kind: CustomDomain, Host: host, Path: u.EscapedPath()}
	if located.Path == "" {
		located.Path = "/"
	}
	if isThisMachine(host) {
		located.Local, located.Endpoint = true, endpointOf(u)
	}
	if hostHeader != "" { // the name that the server goes by
		located.Host = hostName(hostHeader)
	}
	if located.byHost() || located.byPath() {
		return located, nil
	}
	if what, hint := stranger(&located); what != "" {
		return Located{}, &Elsewhere{located.Host, what, hint}
	}
	return located, nil
}

// byHost recognises {api}.execute-api.{region} before AWS's domains and a local server's; there the region may be missing.
func (l *Located) byHost() bool {
	labels, onAWS := labelsOf(l.Host)
	if len(labels) < 2 || labels[1] != "execute-api" || len(labels) > 3 || onAWS && len(labels) != 3 {
		return false
	}
	id := apiID.FindStringSubmatch(labels[0])
	if id == nil {
		return false
	}
	l.Kind, l.API = ExecuteAPI, id[1]
	if len(labels) == 3 {
		l.Region = labels[2]
	}
	return true
}

// labelsOf are the labels of a host before the domain of AWS or of a local server.
func labelsOf(host string) (labels []string, onAWS bool) {
	for i, domain := range append(append([]string{}, awsDomains...), localDomains...) {
		if name, ok := strings.CutSuffix(host, domain); ok {
			return strings.Split(name, "."), i < len(awsDomains)
		}
	}
	return nil, false
}

// byPath recognises /_aws/execute-api/{api}/{stage}/….
func (l *Located) byPath() bool {
	rest, ok := strings.CutPrefix(l.Path, pathStyle)
	if !ok {
		return false
	}
	id, path, _ := strings.Cut(rest, "/")
	if !apiID.MatchString(id) {
		return false
	}
	l.Kind, l.API, l.Path = PathStyle, id, "/"+path
	return true
}

// strangers are the hosts of other services in front of which people look for an authorizer.
var strangers = []struct{ part, what, hint string }{
	{".lambda-url.", "it is a function's URL, which has no authorizer but AWS_IAM", "the function's own answer, or its AuthType, tells why"},
	{".appsync-api.", "it is AWS AppSync's", "explain knows API Gateway's REST and HTTP APIs"},
	{".elb.amazonaws.com", "it is a load balancer's, which has listener rules and no authorizer", "the listener's rules tell why"},
	{".auth.", "it is a user pool's login domain", "that server's own answer names the error"},
	{".amazoncognito.com", "it is a user pool's login domain", "that server's own answer names the error"},
	{"cognito-idp.", "it is Amazon Cognito's own API", "its answer names the error; poolgate token verify asks for a pool's keys"},
	{".cloudfront.net", "it is a CloudFront distribution's, which may have an API behind it", "explain the address of the distribution's origin: the API's execute-api host"},
	{".s3.", "it is Amazon S3's", "explain knows API Gateway's REST and HTTP APIs"},
}

// stranger says what an address is that names no API; empty for a name that may be a custom domain.
func stranger(l *Located) (what, hint string) {
	for _, s := range strangers {
		if strings.Contains(l.Host, s.part) && (isKnownDomain(l.Host) || strings.HasPrefix(s.part, ".auth") && isThisMachine(l.Host)) {
			return s.what, s.hint
		}
	}
	switch {
	case isThisMachine(l.Host):
		return "its path does not begin with " + pathStyle + "API/STAGE/, nor does its host name an API",
			"here an API answers at http://127.0.0.1:4566/_aws/execute-api/API/STAGE/… and at http://API.execute-api.REGION.localhost:4566/STAGE/…"
	case net.ParseIP(l.Host) != nil || !strings.Contains(l.Host, "."):
		return "it names neither an API nor a custom domain", "use the execute-api host or the custom domain's name; curl's -H 'Host: NAME' tells it, too"
	case isKnownDomain(l.Host):
		return "it is an address of another service of AWS", "an API answers at https://API.execute-api.REGION.amazonaws.com/STAGE/…"
	}
	return "", ""
}

// isKnownDomain tells whether a name belongs to AWS, so that it is nobody's custom domain.
func isKnownDomain(host string) bool {
	for _, domain := range append([]string{".amazoncognito.com", ".on.aws", ".cloudfront.net"}, awsDomains...) {
		if strings.HasSuffix(host, domain) {
			return true
		}
	}
	return false
}

// isThisMachine tells whether a host is this machine's.
func isThisMachine(host string) bool {
	for _, domain := range localDomains {
		if strings.HasSuffix(host, domain) {
			return true
		}
	}
	ip := net.ParseIP(host)
	return host == "localhost" || host == "localhost.localstack.cloud" || ip != nil && ip.IsLoopback()
}

// endpointOf is the URL that SDKs ask the server at: by address, because names below localhost mean more to some of them, and without TLS,
// which the same port speaks, because nothing else trusts its authority.
func endpointOf(u *url.URL) string {
	host := hostName(u.Host)
	if net.ParseIP(host) == nil {
		host = "127.0.0.1"
	}
	port := u.Port()
	if port == "" {
		port = map[string]string{"http": "80", "https": "443"}[u.Scheme]
	}
	return "http://" + net.JoinHostPort(host, port)
}

// hostName is a host without its port, in lower case and without a final dot.
func hostName(host string) string {
	if name, _, err := net.SplitHostPort(host); err == nil {
		host = name
	}
	return strings.TrimSuffix(strings.ToLower(strings.Trim(host, "[]")), ".")
}
