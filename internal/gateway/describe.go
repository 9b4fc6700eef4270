package gateway

import (
	"bytes"
	"context"
	"encoding/json"
	"net/http"
	"regexp"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/apigateway/types"

	"github.com/poolgate/poolgate/authz"
	"github.com/poolgate/poolgate/internal/apigateway"
	"github.com/poolgate/poolgate/internal/gateway/decision"
	"github.com/poolgate/poolgate/internal/gateway/urlpath"
	"github.com/poolgate/poolgate/internal/wire"
)

// Describe returns the record of a request with what would mend a refusal, filled in with the API's own ids, and with a look
// at whether the API as edited would answer differently. It is nil when the request is not remembered here: a node remembers its
// latest ones until it stops. It is for people and asks the store.
func (g *Gateway) Describe(ctx context.Context, requestID string) (*decision.Record, error) {
	r, ok := g.ring.Get(requestID)
	if !ok {
		return nil, nil
	}
	if r.Allowed {
		return r, nil
	}
	r.Warnings = append([]authz.Warning(nil), r.Warnings...)
	verb := r.Method
	deployed, live := g.bothVersions(ctx, r)
	if live != nil && deployed != nil {
		if matched := deployed.route(r); matched != nil {
			verb = matched.verb
		}
		if edited, was := live.relevant(r), deployed.relevant(r); !bytes.Equal(edited, was) {
			r.Warnings = append(r.Warnings, authz.UndeployedChange)
		}
	}
	if deployed != nil && !deployed.tells(r) {
		r.Warnings = append(r.Warnings, authz.ExecutionLogOff)
	}
	g.look(ctx, r, deployed)
	fill := placeholders(r, verb, deployed)
	for _, line := range r.Reason.Info().Mend {
		r.Mend = append(r.Mend, fill(line))
	}
	for _, warning := range r.Warnings {
		for _, line := range warning.Info().Mend {
			r.Mend = append(r.Mend, fill(line))
		}
	}
	return r, nil
}

// version is an API at one time: as deployed, or as edited.
type version struct {
	snapshot *apigateway.Snapshot
	plan     *stagePlan
	stage    *types.Stage
}

// tells says whether AWS would tell why the request failed: what a client reads of an internal error is in the execution log only.
func (v *version) tells(r *decision.Record) bool {
	matched := v.route(r)
	if matched == nil || r.Status < http.StatusInternalServerError {
		return true
	}
	logging := loggingOf(v.plan, v.stage)
	return logging != nil && logging.levels[matched].level != logOff
}

// bothVersions are what the request's stage serves now and the API as it is edited; nil where there is none.
func (g *Gateway) bothVersions(ctx context.Context, r *decision.Record) (deployed, live *version) {
	published, err := g.apis.Published(ctx, r.API)
	if err != nil || published[r.Stage] == nil {
		return nil, nil
	}
	edited, err := g.apis.Live(ctx, r.API)
	if err != nil {
		return nil, nil
	}
	stage := published[r.Stage]
	of := func(s *apigateway.Snapshot) *version {
		c := &compiler{engine: g.engine, snapshot: s}
		return &version{s, c.stage(r.Stage, "", variablesOf{stage.Stage.Variables, true}), &stage.Stage}
	}
	if stage.Canary != nil && r.Deployment == stage.CanaryDeploymentID && r.Deployment != stage.DeploymentID {
		return of(stage.Canary), of(edited)
	}
	return of(stage.Snapshot), of(edited)
}

// route is the method that takes the request in this version.
func (v *version) route(r *decision.Record) *methodPlan {
	p, ok := urlpath.Normalise(r.Path, nil)
	if !ok {
		return nil
	}
	m, _ := v.plan.router.match(p.Segments, r.Method, nil)
	return m
}

// relevant is all of a version that decides how the request is answered, as JSON.
func (v *version) relevant(r *decision.Record) []byte {
	var parts []any
	if r.Reason == authz.ResourcePolicyDenied || r.Reason == authz.IAMDenied {
		parts = append(parts, v.snapshot.API.Value.Policy)
	}
	m := v.route(r)
	if m != nil {
		parts = append(parts, m.resource.path, m.verb, v.snapshot.GatewayResponses)
		parts = append(parts, v.guards(m)...)
	}
	if parts == nil {
		return nil
	}
	text, err := json.Marshal(parts)
	if err != nil {
		return nil
	}
	return text
}

// guards are the method's document and its authorizer's.
func (v *version) guards(m *methodPlan) (parts []any) {
	for i := range v.snapshot.Resources {
		doc := v.snapshot.Resources[i].Value
		if aws.ToString(doc.Path) != m.resource.path {
			continue
		}
		method := doc.ResourceMethods[m.verb]
		parts = append(parts, wire.Document[types.Method]{Value: method})
		for j := range v.snapshot.Authorizers {
			if aws.ToString(v.snapshot.Authorizers[j].Value.Id) == aws.ToString(method.AuthorizerId) {
				parts = append(parts, v.snapshot.Authorizers[j])
			}
		}
	}
	return parts
}

var (
	placeholder = regexp.MustCompile(`\b[A-Z]+\b`)
	// filledFrom is where a mend turns from prose, in which "API" is a word, to something to type or to compare.
	filledFrom = regexp.MustCompile(`\b(aws |curl |https?://|arn:)`)
)

// forEachScope is a patch of a mend that only mends when it names every scope of the method.
const forEachScope = "op=remove,path=/authorizationScopes,value=SCOPE"

// placeholders replaces the words in capital letters of a mend's commands by what the record knows of them.
func placeholders(r *decision.Record, verb string, deployed *version) func(string) string {
	known := map[string]string{
		"API": r.API, "STAGE": r.Stage, "REGION": r.Region, "ACCOUNT": r.Account, "METHOD": verb,
		"AUTHORIZER": r.AuthorizerID, "RESOURCE": r.ResourceID, "PATH": strings.TrimPrefix(r.Path, "/"),
		"KEY": r.APIKeyID, "PLAN": r.UsagePlan,
	}
	if deployed != nil {
		known["HEADER"], known["POOL"] = deployed.source(deployed.route(r))
	}
	if deployed != nil && r.Reason == authz.FunctionPermissionMissing {
		if m := deployed.route(r); m != nil && functionOf(m) != nil {
			known["FUNCTION"], known["METHOD"], known["PATH"] = functionOf(m).arn, r.Method, strings.TrimPrefix(m.resource.starred(), "/")
		}
	}
	if deployed != nil && r.Reason == authz.AuthorizerMisconfigured {
		if m := deployed.route(r); m != nil && m.authorizer != nil && m.authorizer.function != nil {
			known["FUNCTION"] = m.authorizer.function.arn
		}
	}
	if len(r.Scopes) > 0 {
		known["SCOPE"] = r.Scopes[0]
	}
	fill := func(text string) string {
		return placeholder.ReplaceAllStringFunc(text, func(word string) string {
			if value := known[word]; value != "" {
				return value
			}
			return word
		})
	}
	patches := make([]string, len(r.Scopes))
	for i, scope := range r.Scopes {
		patches[i] = strings.Replace(forEachScope, "SCOPE", scope, 1)
	}
	return func(line string) string {
		at := filledFrom.FindStringIndex(line)
		if at == nil {
			return line
		}
		if before, after, found := strings.Cut(line[at[0]:], forEachScope); found && len(patches) > 0 {
			return line[:at[0]] + fill(before) + strings.Join(patches, " ") + fill(after)
		}
		return line[:at[0]] + fill(line[at[0]:])
	}
}
