package explain

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	resttypes "github.com/aws/aws-sdk-go-v2/service/apigateway/types"
	httptypes "github.com/aws/aws-sdk-go-v2/service/apigatewayv2/types"

	"github.com/poolgate/poolgate/authz"
	"github.com/poolgate/poolgate/internal/account"
	"github.com/poolgate/poolgate/internal/apigateway"
	"github.com/poolgate/poolgate/internal/apigatewayv2"
	"github.com/poolgate/poolgate/internal/gateway/decision"
)

// restSnapshot is what the stage serves, or the API as it is edited.
func (l *look) restSnapshot(live bool) *apigateway.Snapshot {
	if l.rest == nil {
		return nil
	}
	if p := l.rest.Stages[l.stageName()]; !live && p != nil && p.Snapshot != nil {
		return p.Snapshot
	}
	return l.rest.Live
}

// httpSnapshot is restSnapshot of an HTTP API.
func (l *look) httpSnapshot(live bool) *apigatewayv2.Snapshot {
	if l.http == nil {
		return nil
	}
	if p := l.http.Stages[l.stageName()]; !live && p != nil && p.Snapshot != nil {
		return p.Snapshot
	}
	return l.http.Live
}

// method is the document of the method that takes the request; nil when none does.
func (l *look) method(r *decision.Record) (*resttypes.Method, string) {
	s := l.restSnapshot(false)
	if s == nil || r == nil {
		return nil, ""
	}
	for i := range s.Resources {
		doc := &s.Resources[i].Value
		if aws.ToString(doc.Path) != r.Resource || r.Resource == "" {
			continue
		}
		for _, verb := range []string{r.Method, "ANY"} {
			if m, has := doc.ResourceMethods[verb]; has {
				return &m, verb
			}
		}
	}
	return nil, ""
}

// route is the document of the route that takes the request; nil when none does.
func (l *look) route(r *decision.Record) *httptypes.Route {
	s := l.httpSnapshot(false)
	if s == nil || r == nil {
		return nil
	}
	for i := range s.Routes {
		if aws.ToString(s.Routes[i].Value.RouteKey) == r.RouteKey && r.RouteKey != "" {
			return &s.Routes[i].Value
		}
	}
	return nil
}

// restAuthorizer finds an authorizer by its id.
func (l *look) restAuthorizer(id string, live bool) *resttypes.Authorizer {
	if s := l.restSnapshot(live); s != nil {
		for i := range s.Authorizers {
			if aws.ToString(s.Authorizers[i].Value.Id) == id {
				return &s.Authorizers[i].Value
			}
		}
	}
	return nil
}

// httpAuthorizer finds an authorizer of an HTTP API by its id.
func (l *look) httpAuthorizer(id string) *httptypes.Authorizer {
	if s := l.httpSnapshot(false); s != nil {
		for i := range s.Authorizers {
			if aws.ToString(s.Authorizers[i].Value.AuthorizerId) == id {
				return &s.Authorizers[i].Value
			}
		}
	}
	return nil
}

// poolsOf are the pools that the authorizer of a decision trusts, with stage variables put in, up to mostPools, of those that were not read.
func (l *look) poolsOf(r *decision.Record) (ids []string) {
	for _, live := range []bool{false, true} {
		for _, id := range l.trusted(r, live) {
			if _, known := l.pools[id]; !known && !slices.Contains(ids, id) && len(ids) < mostPools {
				ids = append(ids, id)
			}
		}
	}
	return ids
}

// trusted are the ids of the pools that the authorizer of a decision trusts.
func (l *look) trusted(r *decision.Record, live bool) (ids []string) {
	if r == nil || r.AuthorizerID == "" {
		return nil
	}
	if a := l.restAuthorizer(r.AuthorizerID, live); a != nil {
		for _, arn := range a.ProviderARNs {
			if _, id, found := strings.Cut(l.withVariables(arn), ":userpool/"); found {
				ids = append(ids, id)
			}
		}
	}
	if a := l.httpAuthorizer(r.AuthorizerID); a != nil && a.JwtConfiguration != nil {
		ids = append(ids, (&token{issuer: aws.ToString(a.JwtConfiguration.Issuer)}).poolID())
	}
	return slices.DeleteFunc(ids, func(id string) bool { return id == "" })
}

// withVariables puts the stage's variables in.
func (l *look) withVariables(text string) string {
	if p := l.rest.Stages[l.stageName()]; p != nil {
		for name, value := range p.Stage.Variables {
			text = strings.ReplaceAll(text, "${stageVariables."+name+"}", value)
		}
	}
	return text
}

// keyRequired tells that the method asks for an API key.
func (l *look) keyRequired() bool {
	m, _ := l.method(l.deployed)
	return m != nil && aws.ToBool(m.ApiKeyRequired)
}

// keyFromAuthorizer tells that the API key comes from the authorizer and not from a header.
func (l *look) keyFromAuthorizer() bool {
	s := l.restSnapshot(false)
	return s != nil && s.API.Value.ApiKeySource == resttypes.ApiKeySourceTypeAuthorizer
}

// webACL is the ARN of the stage's web ACL.
func (l *look) webACL() string {
	if l.rest == nil {
		return ""
	}
	return l.rest.WebACL[l.stageName()]
}

func (l *look) hasPolicy() bool {
	s := l.restSnapshot(false)
	return s != nil && strings.TrimSpace(aws.ToString(s.API.Value.Policy)) != ""
}

func (l *look) regionOr(unknown string) string {
	if l.region != "" {
		return l.region
	}
	if l.deployed != nil && l.deployed.Region != "" {
		return l.deployed.Region
	}
	return unknown
}

// basePaths names the mappings of a domain.
func basePaths(d *account.Domain) string {
	if len(d.Mappings) == 0 {
		return "a mapping; the domain name has none"
	}
	var names []string
	for _, m := range d.Mappings {
		names = append(names, "/"+m.BasePath)
	}
	return "one of the base paths " + someOf(names)
}

// someOf lists the first of many names.
func someOf(names []string) string {
	const most = 10
	if more := len(names) - most; more > 0 {
		return fmt.Sprintf("%s and %d more", strings.Join(names[:most], ", "), more)
	}
	return strings.Join(names, ", ")
}

// stages are the names of the API's stages.
func (l *look) stages() []string {
	switch {
	case l.http != nil:
		return slices.Sorted(maps.Keys(l.http.Stages))
	case l.rest != nil:
		return slices.Sorted(maps.Keys(l.rest.Stages))
	}
	return nil
}

// narrowed leaves of several reasons those that the account makes likely.
func (l *look) narrowed(reasons []authz.Reason) []authz.Reason {
	if len(reasons) < 2 {
		return reasons
	}
	drop := func(reason authz.Reason) {
		if len(reasons) > 1 {
			reasons = slices.DeleteFunc(reasons, func(r authz.Reason) bool { return r == reason })
		}
	}
	arn := l.functionARN()
	isFunction := l.deployed.AuthorizationType == "CUSTOM"
	if slices.Contains(reasons, authz.AuthorizerMisconfigured) && isFunction && l.permission != unknown {
		if l.permission == granted {
			drop(authz.AuthorizerMisconfigured)
		} else {
			return []authz.Reason{authz.AuthorizerMisconfigured}
		}
	}
	if arn == "" {
		drop(authz.FunctionPermissionMissing)
		drop(authz.FunctionAnswerMalformed)
	}
	if slices.Contains(reasons, authz.FunctionPermissionMissing) && !isFunction && l.permission != unknown {
		if l.permission == granted {
			drop(authz.FunctionPermissionMissing)
		} else {
			return []authz.Reason{authz.FunctionPermissionMissing}
		}
	}
	return reasons
}

// sawOf tells what was seen of a reason that only the answer shows.
func (l *look) sawOf(reason authz.Reason) (saw, expected string) {
	r := l.deployed
	saw = fmt.Sprintf("the answer %d", l.c.Answer.Status)
	if l.evidence.message != "" {
		saw += fmt.Sprintf(" %q", clip(l.evidence.message, 300))
	}
	switch reason {
	case authz.APIKeyInvalid:
		return "an API key that the stage does not take", "an enabled key of a usage plan of stage " + r.Stage
	case authz.WAFBlocked:
		return saw + ", and the stage has the web ACL " + l.webACL(), "a request that no rule of the web ACL blocks"
	case authz.AuthorizerDenied, authz.AuthorizerDeniedExplicitly:
		return saw, "a policy of the authorizer's function that allows execute-api:Invoke on " + l.methodARN()
	case authz.FunctionPermissionMissing:
		return "no permission for API Gateway in the policy of " + l.functionARN(), "lambda:InvokeFunction for apigateway.amazonaws.com from " + l.methodARN()
	case authz.AuthorizerMisconfigured:
		if l.permission == withheld {
			return "no permission for API Gateway in the policy of " + l.authorizerFunction(), "lambda:InvokeFunction for apigateway.amazonaws.com"
		}
	}
	return saw, ""
}

// methodARN names the request's method as policies do.
func (l *look) methodARN() string {
	r := l.deployed
	return fmt.Sprintf("arn:%s:execute-api:%s:%s:%s/%s/%s%s", partitionOf(r.Region), r.Region, r.Account, r.API, r.Stage, r.Method, slashed(r.Path))
}

func slashed(path string) string {
	if !strings.HasPrefix(path, "/") {
		return "/" + path
	}
	return path
}

// partitionOf is the partition of AWS that a region is in.
func partitionOf(region string) string {
	switch {
	case strings.HasPrefix(region, "cn-"):
		return "aws-cn"
	case strings.HasPrefix(region, "us-gov-"):
		return "aws-us-gov"
	}
	return "aws"
}
