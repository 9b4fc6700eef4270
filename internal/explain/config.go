package explain

import (
	"fmt"
	"slices"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	resttypes "github.com/aws/aws-sdk-go-v2/service/apigateway/types"
	httptypes "github.com/aws/aws-sdk-go-v2/service/apigatewayv2/types"

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
