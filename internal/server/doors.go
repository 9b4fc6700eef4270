package server

import (
	"net"
	"net/http"
	"regexp"
	"strings"

	"github.com/poolgate/poolgate/internal/lambda"
)

// Door is one of the things that a request to the one port can be for.
type Door uint8

// The doors. doorNone is a request that belongs to none: it gets a short answer that says where things are.
const (
	doorNone Door = iota
	doorAWS
	doorGateway
	doorDomain
	doorKeys
	doorLogin
	doorPoolgate
	doorS3
	doorFunction
	doorCode
)

// entry says where a request goes: the door, and what of the URL the door needs to know.
type entry struct {
	door   Door
	region string
	// api, and stage for a path-style URL; rest is the escaped path behind them, with its leading slash.
	api, stage, rest string
	// pathStyle is set when the API or login domain was named by the path instead of the host.
	pathStyle bool
	// custom is the custom domain name that the host is.
	custom *domain
	// domain is the login domain's prefix or custom name.
	domain string
	// bucket is the one that the host names; empty when the path does. function is the id of a function's URL.
	bucket, function string
	// pool is whose keys are asked for; document is "jwks.json" or "openid-configuration".
	pool, document string
}

// localSuffixes are what a host name may end in instead of AWS's own domain. The second is accepted because wrappers
// that people already use send it; it is never printed.
var localSuffixes = []string{".localhost", ".localhost.localstack.cloud"}

const (
	pathStyleGateway = "/_aws/execute-api/"
	pathStyleLogin   = "/_aws/cognito-idp"
	// pathStyleFunction is followed by the id of a function's URL.
	pathStyleFunction = "/_aws/lambda-url/"
	// pathStyleOld is followed by an API's id, a stage, the marker and the path. Other emulators made it, and scripts have it.
	pathStyleOld, oldMarker = "/restapis/", "_user_request_"
	ownPrefix               = "/_poolgate/"
	wellKnown               = "/.well-known/"
)

var poolID = regexp.MustCompile(`^[\w-]{1,55}_[0-9a-zA-Z]{1,55}$`)

// enter finds the door of a request. A host that names an API or a login domain owns its whole path; only then do the
// paths of this server's own count. A name that the server was told to answer to keeps them even where it is a custom domain too.
func enter(r *http.Request, isAWS func(*http.Request) bool, n names) entry {
	host := hostName(r.Host)
	path := r.URL.EscapedPath()
	e, isCustom := n.enterCustom(host, path)
	if isCustom && !n.isOwn(host) {
		return e
	}
	if e, ok := enterByHost(host, path); ok {
		return e
	}
	if e, ok := enterByPath(path); ok {
		return e
	}
	if e, ok := enterS3Signed(r, host, path); ok {
		return e
	}
	if isAWS(r) {
		return entry{door: doorAWS}
	}
	if isCustom {
		return e
	}
	return entry{door: doorNone, rest: path}
}

func enterByHost(host, path string) (entry, bool) {
	labels, ok := serviceLabels(host)
	switch {
	case !ok:
		return entry{}, false
	case len(labels) == 3 && labels[1] == "execute-api":
		return entry{door: doorGateway, api: labels[0], region: labels[2], rest: path}, true
	case len(labels) == 2 && labels[1] == "execute-api" && isLocalHost(host):
		// Emulators' wrappers leave the region out; API ids are unique without it.
		return entry{door: doorGateway, api: labels[0], rest: path}, true
	case len(labels) == 3 && labels[1] == "auth":
		return entry{door: doorLogin, domain: labels[0], region: labels[2], rest: path}, true
	case len(labels) == 2 && labels[0] == "cognito-idp":
		return enterKeys(path, labels[1])
	case len(labels) == 3 && labels[1] == "lambda-url":
		return entry{door: doorFunction, function: labels[0], region: labels[2], rest: path}, true
	}
	return enterS3ByHost(labels, path)
}

// isServiceHost tells a name that is AWS's, or one of this machine by which an API, a login domain or another service is found.
func isServiceHost(host string) bool {
	if isAWSHost(host) {
		return true
	}
	if labels, ok := serviceLabels(host); ok && len(labels) == 2 && labels[0] == "cognito-idp" {
		return true
	}
	_, found := enterByHost(host, "/")
	return found
}

// serviceSuffixes are all that may follow the labels that name a service.
var serviceSuffixes = append([]string{".amazonaws.com", ".amazoncognito.com", ".on.aws"}, localSuffixes...)

// serviceLabels splits "abc.execute-api.eu-west-1.localhost" into its labels before the suffix, for every suffix that may follow.
func serviceLabels(host string) ([]string, bool) {
	for _, suffix := range serviceSuffixes {
		if name, ok := strings.CutSuffix(host, suffix); ok {
			return strings.Split(name, "."), true
		}
	}
	return nil, false
}

func enterByPath(path string) (entry, bool) {
	switch {
	case strings.HasPrefix(path, ownPrefix):
		return entry{door: doorPoolgate, rest: path[len(ownPrefix)-1:]}, true
	case strings.HasPrefix(path, pathStyleGateway):
		api, rest, _ := strings.Cut(path[len(pathStyleGateway):], "/")
		stage, rest, _ := strings.Cut(rest, "/")
		return entry{door: doorGateway, api: api, stage: stage, rest: "/" + rest, pathStyle: true}, true
	case strings.HasPrefix(path, pathStyleOld):
		return enterOld(path)
	case strings.HasPrefix(path, pathStyleFunction):
		id, rest, _ := strings.Cut(path[len(pathStyleFunction):], "/")
		return entry{door: doorFunction, function: id, rest: "/" + rest, pathStyle: true}, true
	case strings.HasPrefix(path, lambda.CodePath):
		return entry{door: doorCode, rest: path[len(lambda.CodePath):]}, true
	case path == pathStyleLogin || strings.HasPrefix(path, pathStyleLogin+"/"):
		return entry{door: doorLogin, rest: path[len(pathStyleLogin):], pathStyle: true}, true
	}
	return enterKeys(path, "")
}

// enterOld recognises /restapis/API/STAGE/_user_request_/PATH; the control plane has the other paths.
func enterOld(path string) (entry, bool) {
	parts := strings.SplitN(path[len(pathStyleOld):], "/", 4)
	if len(parts) < 3 || parts[2] != oldMarker {
		return entry{}, false
	}
	e := entry{door: doorGateway, api: parts[0], stage: parts[1], rest: "/", pathStyle: true}
	if len(parts) == 4 {
		e.rest += parts[3]
	}
	return e, true
}

// enterKeys recognises /{poolId}/.well-known/jwks.json and /{poolId}/.well-known/openid-configuration.
func enterKeys(path, region string) (entry, bool) {
	pool, document, found := strings.Cut(strings.TrimPrefix(path, "/"), wellKnown)
	if !found || !poolID.MatchString(pool) || (document != "jwks.json" && document != "openid-configuration") {
		return entry{}, false
	}
	return entry{door: doorKeys, pool: pool, document: document, region: region}, true
}

// hostName is the host without its port, in lower case and without a final dot.
func hostName(host string) string {
	if name, _, err := net.SplitHostPort(host); err == nil {
		host = name
	}
	return strings.TrimSuffix(strings.ToLower(strings.Trim(host, "[]")), ".")
}
