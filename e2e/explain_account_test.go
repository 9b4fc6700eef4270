package e2e

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/apigateway"
)

// cloud stands between explain and the server, as AWS does with its own answers in between: it may refuse a call, slow it down or answer
// something else.
type cloud struct {
	*httptest.Server
	mu    sync.Mutex
	calls []string
	// answer answers in the server's place where it returns true.
	answer func(w http.ResponseWriter, call string) bool
}

func newCloud(t *testing.T, p *process) *cloud {
	t.Helper()
	to, err := url.Parse(p.url)
	must(t, err)
	c := &cloud{}
	forward := httputil.NewSingleHostReverseProxy(to)
	c.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		call := r.Method + " " + r.URL.EscapedPath()
		if target := r.Header.Get("X-Amz-Target"); target != "" {
			call = target
		}
		c.mu.Lock()
		c.calls = append(c.calls, call)
		answer := c.answer
		c.mu.Unlock()
		if answer == nil || !answer(w, call) {
			forward.ServeHTTP(w, r)
		}
	}))
	t.Cleanup(c.Close)
	return c
}

// answers says how calls are answered from now on, and forgets those that were made.
func (c *cloud) answers(how func(w http.ResponseWriter, call string) bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.answer, c.calls = how, nil
}

// made are the different calls, in order.
func (c *cloud) made() []string {
	c.mu.Lock()
	defer c.mu.Unlock()
	list := slices.Clone(c.calls)
	slices.Sort(list)
	return slices.Compact(list)
}

// errorOf answers an AWS error in the shape of the call's protocol.
func errorOf(w http.ResponseWriter, call string, status int, code, message string) {
	w.Header().Set("X-Amzn-Errortype", code)
	if strings.Contains(call, "_") && !strings.Contains(call, " ") { // JSON 1.1 names its operations so
		w.Header().Set("Content-Type", "application/x-amz-json-1.1")
		if status == http.StatusForbidden {
			status = http.StatusBadRequest
		}
		w.WriteHeader(status)
		_, _ = fmt.Fprintf(w, `{"__type":%q,"message":%q}`, code, message)
		return
	}
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	_, _ = fmt.Fprintf(w, `{"message":%q}`, message)
}

func deny(w http.ResponseWriter, call string) {
	errorOf(w, call, http.StatusForbidden, "AccessDeniedException", "User: arn:aws:iam::000000000000:user/reader is not authorized to perform this operation")
}

// asked are the operations that the server's own log tells of.
var operationLogged = regexp.MustCompile(`msg="api call" service=(\S+) operation=(\S+)`)

// readOnly are the kinds of calls that change nothing; AdminGetUser is the one that a pool's user is read by.
var readOnly = regexp.MustCompile(`^(Get|Describe|List|Head|Export|AdminGetUser$)`)

// during runs something and returns the operations that the server logged meanwhile. A call of its own before and after marks the log,
// whose lines come later than the answers.
func (l *lab) during(t *testing.T, run func()) (operations []string) {
	t.Helper()
	const marker = "GetClientCertificates"
	mark := func() (length int) {
		count := func() int { return strings.Count(l.stderr.String(), "operation="+marker+" ") }
		before := count()
		_, err := l.apis.GetClientCertificates(t.Context(), &apigateway.GetClientCertificatesInput{})
		must(t, err)
		eventually(t, 10*time.Second, "the log tells of a call", func() bool { return count() > before })
		return len(l.stderr.String())
	}
	begin := mark()
	run()
	end := mark()
	for _, found := range operationLogged.FindAllStringSubmatch(l.stderr.String()[begin:end], -1) {
		if found[2] != marker {
			operations = append(operations, found[2])
		}
	}
	return operations
}

// read are requests of every kind, each with what explain says of it when it may read all.
func (l *lab) read(t *testing.T) map[string]struct {
	curled
	reason string
} {
	t.Helper()
	type row = struct {
		curled
		reason string
	}
	k := l.keyed(t)
	k.whole(t)
	return map[string]row{
		"a scope":                {get(l.rest(t).at("/scoped"), bearer(l.narrow.access)), "scope_missing"},
		"a route":                {get(l.rest(t).at("/nowhere")), "route_not_found"},
		"a preflight":            {ask("OPTIONS", l.rest(t).at("/plain"), "Origin: https://a.example.com", "Access-Control-Request-Method: GET"), "route_not_found"},
		"a function":             {get(l.rest(t, authorizedBy(l.shared)).at("/fn"), "X-Token: deny"), "authorizer_denied_explicitly"},
		"an API key":             {get(k.at("/keyed")), "api_key_missing"},
		"a function's answer":    {get(l.rest(t, behind(l.function(t, "read-"+unique(t), working, false))).at("/back")), "function_permission_missing"},
		"a route of an HTTP API": {get(l.http(t, nil).at("/scoped"), bearer(l.narrow.access)), "scope_missing"},
		"an issuer":              {get(l.http(t, nil).at("/plain"), bearer(l.foreign.id)), "token_issuer"},
		"a request that passes":  {get(l.rest(t).at("/scoped"), bearer(l.granted.access)), ""},
	}
}

var pathStyleURL = regexp.MustCompile(`^http://[^/]+/_aws/execute-api/([a-z0-9]+)`)

// onAWS is the same request by the name that the API would have on AWS.
func (c curled) onAWS() curled {
	last := len(c.args) - 1
	return curled{append(slices.Clone(c.args[:last]), pathStyleURL.ReplaceAllString(c.args[last], "http://$1.execute-api.eu-west-1.amazonaws.com"))}
}

// TestExplainOnlyReads: by the server's log every call is of a kind that changes nothing, and no list of all APIs is ever asked for.
func TestExplainOnlyReads(t *testing.T) {
	l := newLab(t)
	kinds := map[string]bool{}
	forward := newForward(t, l.process)
	for name, row := range l.read(t) {
		operations := l.during(t, func() {
			if v := explained(t, row.curled); v.Reason != row.reason {
				t.Errorf("%s: explain names %q, not %q", name, v.Reason, row.reason)
			}
			if v := explained(t, row.onAWS().with("-x", forward), "--endpoint-url", l.url); v.Reason != row.reason || v.exit > 1 {
				t.Errorf("%s, by AWS's host name: explain exits %d and names %q, not %q\n%s", name, v.exit, v.Reason, row.reason, v.text)
			}
		})
		if len(operations) == 0 {
			t.Errorf("%s: the server logged no call", name)
		}
		for _, operation := range operations {
			kinds[operation] = true
			if !readOnly.MatchString(operation) {
				t.Errorf("%s: explain called %s", name, operation)
			}
			if operation == "GetRestApis" || operation == "GetApis" {
				t.Errorf("%s: explain listed all APIs with %s", name, operation)
			}
		}
	}
	t.Logf("explain used %d operations: %v", len(kinds), kinds)
}

// TestExplainWorksWhenACallIsDenied denies each call in turn: explain names no other cause, and says which permission it missed.
func TestExplainWorksWhenACallIsDenied(t *testing.T) {
	l := newLab(t)
	c := newCloud(t, l.process)
	rows := l.read(t)
	forward, denials := newForward(t, l.process), 0
	for _, name := range []string{"a scope", "a function", "an API key", "a route of an HTTP API", "a request that passes"} {
		row := rows[name]
		arguments := append([]string{"--endpoint-url", c.URL, "curl"}, row.onAWS().with("-x", forward).args...)
		c.answers(nil)
		if out, errText, exit := explainRaw(t, desk(), arguments...); exit > 1 {
			t.Fatalf("%s: exit %d %s%s", name, exit, out, errText)
		}
		calls := c.made()
		if len(calls) < 5 {
			t.Errorf("%s: only %q were called", name, calls)
		}
		for _, denied := range append(slices.DeleteFunc(calls, isOwn), "everything") {
			denials++
			c.answers(func(w http.ResponseWriter, call string) bool {
				if call == denied || denied == "everything" {
					deny(w, call)
					return true
				}
				return false
			})
			out, errText, exit := explainRaw(t, desk(), arguments...)
			checkSaysLess(t, name+" without "+denied, row.reason, out+errText, exit)
			if !strings.Contains(out, "denied") && denied != callerIdentity {
				t.Errorf("%s without %s: explain does not say what was denied:\n%s%s", name, denied, out, errText)
			}
		}
	}
	t.Logf("%d denials", denials)
}

// callerIdentity is the one call that is not told of: it gives no more than the account's number, and nobody may be denied it on AWS.
const callerIdentity = "POST /"

// isOwn tells a call that asks no AWS API: a pool's public keys, and what this server remembers of a request.
func isOwn(call string) bool {
	return strings.Contains(call, "/.well-known/") || strings.Contains(call, "/_poolgate/")
}

var heading = regexp.MustCompile(`^Refused with \d+ [^:]+: (\S+)`)

// checkSaysLess checks that explain names the reason, or says that it cannot tell, and no other as certain.
func checkSaysLess(t *testing.T, what, reason, said string, exit int) {
	t.Helper()
	found := heading.FindStringSubmatch(said)
	switch {
	case exit == 0 && (reason != "" || !strings.HasPrefix(said, "Allowed")), exit == 1 && (found == nil || found[1] != reason),
		exit == 2 && (found != nil || strings.HasPrefix(said, "Allowed")), exit > 2:
		t.Errorf("%s: exit %d for %q:\n%s", what, exit, reason, said)
	}
}
