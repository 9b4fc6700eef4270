package explain

import (
	"fmt"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/poolgate/poolgate/authz"
)

// stop is one place on a request's way where it may be refused.
type stop struct {
	name    string
	reasons []authz.Reason
	// applies is false where there is nothing to check; saw tells what there is.
	applies bool
	saw     string
}

// way are the stops of a request in their order (facts 1.10 and 2).
func (l *look) way() []stop {
	r := l.deployed
	kind := r.AuthorizationType
	policy := stop{"resource_policy", []authz.Reason{authz.ResourcePolicyDenied}, l.hasPolicy(), "the API's resource policy"}
	authorizer := stop{"authorizer", slices.Concat(tokenRefusals, []authz.Reason{authz.TokenExpired, authz.AuthorizerDenied, authz.AuthorizerDeniedExplicitly,
		authz.AuthorizerFailed, authz.AuthorizerMisconfigured, authz.SignatureMissing, authz.SignatureInvalid, authz.SignatureExpired, authz.AccessKeyUnknown, authz.IAMDenied}),
		kind != "" && kind != "NONE", l.guardText()}
	guards := []stop{policy, authorizer}
	if kind == "COGNITO_USER_POOLS" || kind == "AWS_IAM" {
		guards = []stop{authorizer, policy}
	}
	way := []stop{
		{"api", []authz.Reason{authz.DomainMappingMissing}, true, "API " + r.API},
		{"stage", []authz.Reason{authz.StageNotFound}, true, "stage " + r.Stage},
		{"endpoint", []authz.Reason{authz.EndpointDisabled, authz.PrivateAPI}, true, l.c.Located.Host},
		{"web_acl", []authz.Reason{authz.WAFBlocked}, l.webACL() != "", l.webACL()},
		{"route", []authz.Reason{authz.RouteNotFound, authz.RouteNotFoundSignatureExpected}, true, routeText(r.RouteKey, r.Resource)},
	}
	way = append(way, guards...)
	return append(way,
		stop{"api_key", []authz.Reason{authz.APIKeyMissing, authz.APIKeyInvalid}, l.keyRequired(), "an API key"},
		stop{"limits", []authz.Reason{authz.Throttled, authz.QuotaExceeded}, true, "no limit that was reached"},
		stop{"request", []authz.Reason{authz.ParametersMissing, authz.BodyInvalid, authz.MediaTypeUnsupported, authz.BodyTooLarge, authz.URITooLong}, true, l.c.Request.Method + " with " + bytesText(l.c.Request.BodyLength)},
		stop{"integration", []authz.Reason{authz.IntegrationFailed, authz.IntegrationTimeout, authz.FunctionPermissionMissing, authz.FunctionAnswerMalformed, authz.IntegrationRefused}, true, l.integrationText()},
	)
}

func bytesText(n int64) string {
	if n <= 0 {
		return "no body"
	}
	return fmt.Sprintf("a body of %d bytes", n)
}

func routeText(key, resource string) string {
	if key != "" {
		return "route " + key
	}
	return "resource " + resource
}

// guardText names what stands before the method.
func (l *look) guardText() string {
	r := l.deployed
	switch r.AuthorizationType {
	case "AWS_IAM":
		return "an AWS signature"
	case "CUSTOM":
		return "authorizer " + r.Authorizer + ", the function " + functionName(l.authorizerFunction())
	}
	return "authorizer " + r.Authorizer
}

func (l *look) integrationText() string {
	if l.c.Answer == nil {
		return "what answers the method"
	}
	return fmt.Sprintf("an answer %d", l.c.Answer.Status)
}

// checks are all stops with how the request fared at each, the authorizer's in its own steps.
func (l *look) checks(v *Verdict) (checks []authz.Check) {
	if l.deployed == nil {
		return l.onlyAddress(v)
	}
	refused := false
	for _, s := range l.way() {
		c := authz.Check{Name: s.name, Outcome: authz.Passed, Saw: s.saw}
		hit := !refused && v.Reason != "" && slices.Contains(s.reasons, v.Reason)
		switch {
		case refused, s.name == "integration" && l.c.Answer == nil, s.name == "limits" && l.c.Answer == nil:
			c.Outcome, c.Saw = authz.NotReached, ""
		case hit:
			refused = true
			if c.Outcome, c.Reason, c.Saw, c.Expected = authz.Failed, v.Reason, v.Saw, v.Expected; !v.Certain {
				c.Outcome, c.Reason, c.Saw, c.Expected = authz.NotReached, "", "", ""
			}
		case !s.applies:
			c.Outcome, c.Saw = authz.Skipped, ""
		case v.Reason == "" && !v.Certain && s.name == "authorizer" && l.deployed.AuthorizationType == "CUSTOM":
			refused, c.Outcome, c.Saw = true, authz.NotReached, ""
		}
		if s.name == "authorizer" && len(l.deployed.Checks) > 0 && c.Outcome != authz.NotReached && (!hit || l.deployed.Reason == v.Reason) {
			checks = append(checks, l.deployed.Checks...)
			if hit && v.Reason == authz.ScopeMissing {
				checks = append(checks, l.scopeChecks()...)
			}
			continue
		}
		checks = append(checks, c)
	}
	return append(checks, l.clockCheck())
}

// onlyAddress are the checks where the API could not be read.
func (l *look) onlyAddress(v *Verdict) []authz.Check {
	c := authz.Check{Name: "api", Outcome: authz.NotReached}
	if v.Reason == authz.DomainMappingMissing && v.Certain {
		c.Outcome, c.Reason, c.Saw, c.Expected = authz.Failed, v.Reason, v.Saw, v.Expected
	}
	return []authz.Check{c}
}

// mostSkew is how far two clocks may be apart before anybody is told.
const mostSkew = time.Minute

// clockCheck compares the local clock with the answer's Date.
func (l *look) clockCheck() authz.Check {
	c := authz.Check{Name: "clock", Outcome: authz.Skipped}
	if l.c.Answer == nil || l.c.Answer.Header.Get("Date") == "" {
		return c
	}
	if c.Outcome, c.Saw = authz.Passed, "the local clock agrees with the answer's Date"; l.skew.Abs() > mostSkew {
		c.Outcome, c.Saw, c.Expected = authz.Failed, l.skewText(), "clocks that are less than a minute apart"
	}
	return c
}

func (l *look) skewText() string {
	if l.skew > 0 {
		return "the local clock is " + l.skew.Round(time.Second).String() + " ahead of the answer's Date"
	}
	return "the local clock is " + (-l.skew).Round(time.Second).String() + " behind the answer's Date"
}

// instant shows a time in UTC, to the second.
func instant(t time.Time) string { return t.UTC().Format("2006-01-02 15:04:05 UTC") }

// hasGap tells that an operation could not be read.
func (l *look) hasGap(operation string) bool {
	if l.c.Account == nil {
		return true
	}
	for _, g := range l.c.Account.Gaps() {
		if g.Operation == operation {
			return true
		}
	}
	return false
}

// facts are what was asked for, and where that led.
func (l *look) facts() (facts []Fact) {
	if l.deployed != nil {
		facts = factsOf(l.deployed)
	} else {
		facts = []Fact{{"request", l.c.Request.Method + " " + clip(l.c.Request.URL, 300)}}
	}
	if t := l.token; t != nil {
		text := t.kind() + " in the header " + t.header
		if t.poolID() != "" {
			text += ", of pool " + t.poolID()
		}
		if t.client != "" {
			text += ", app client " + clip(t.client, 60)
		}
		facts = append(facts, Fact{"token", text})
	}
	if a := l.c.Answer; a != nil {
		text := fmt.Sprintf("%d %s", a.Status, http.StatusText(a.Status))
		if l.evidence.message != "" && a.Status >= http.StatusBadRequest {
			text += fmt.Sprintf(", %q", clip(l.evidence.message, 200))
		}
		facts = append(facts, Fact{"answer", strings.TrimSpace(text)})
	}
	return facts
}
