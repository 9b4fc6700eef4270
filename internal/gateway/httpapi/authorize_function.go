package httpapi

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/poolgate/poolgate/authz"
	"github.com/poolgate/poolgate/internal/fault"
	"github.com/poolgate/poolgate/internal/gateway/grants"
	"github.com/poolgate/poolgate/internal/lambda"
)

// functionGuard is a REQUEST authorizer: a function that is asked who may come in (facts 3.2).
type functionGuard struct {
	id       string
	function string
	// principal is who asks: API Gateway, or nobody that a resource policy knows when the authorizer has a role of its own.
	principal string
	version   string
	// simple tells that the answer is {"isAuthorized": …} and no policy.
	simple  bool
	ttl     time.Duration
	sources []*expression
	// cacheName tells this authorizer's answers apart from those that other settings would bring.
	cacheName string
}

// authorizerTimeout bounds the function of an authorizer: 10 s, AWS's limit.
const authorizerTimeout = 10 * time.Second

func (f *functionGuard) admit(g *Gateway, x *exchange) *refusal {
	values, refused := f.identify(x)
	if refused != nil {
		return refused
	}
	key := grants.KeyOf(grants.Scope{API: x.stage.api, Stage: x.stage.name}, f.cacheName, values...)
	granted, _, err := g.grants.Do(x.context(), key, f.ttl, func(ctx context.Context) (*grant, int, error) {
		return f.ask(ctx, g, x, values)
	})
	if err != nil {
		return x.unanswered(err)
	}
	if refused = granted.judge(x); refused != nil {
		return refused
	}
	x.granted = granted
	return nil
}

// identify reads the identity sources. Without one of them the function is not asked (facts 3.2).
func (f *functionGuard) identify(x *exchange) ([]string, *refusal) {
	values := make([]string, len(f.sources))
	for i, source := range f.sources {
		value, _ := source.value(x, nil)
		if value == "" {
			return nil, refuse(authz.IdentitySourceMissing).explained("an identity source that is missing or empty", "all identity sources of the authorizer")
		}
		values[i] = value
	}
	return values, nil
}

// askedInVain is why a function gave no answer that decides; its refusal is shared by all who waited for it.
type askedInVain struct{ refusal refusal }

func (e *askedInVain) Error() string { return string(e.refusal.reason) }

func inVain(r *refusal) error { return &askedInVain{*r} }

// unanswered is the refusal of a request whose authorizer could not be asked.
func (x *exchange) unanswered(err error) *refusal {
	var vain *askedInVain
	if !errors.As(err, &vain) {
		vain = &askedInVain{*refuse(authz.AuthorizerFailed).because(err).explained("the question was broken off", "an answer")}
	}
	refused := vain.refusal
	if refused.cause != nil {
		x.authorizerError = refused.cause.Error()
	}
	return &refused
}

// ask invokes the function.
func (f *functionGuard) ask(ctx context.Context, g *Gateway, x *exchange, values []string) (*grant, int, error) {
	if g.functions == nil {
		return nil, 0, inVain(refuse(authz.AuthorizerMisconfigured).because(errNoFunctions).explained(errNoFunctions.Error(), "a server that runs functions"))
	}
	event, err := x.authorizerEvent(f, values)
	if err != nil {
		return nil, 0, inVain(internalError(err))
	}
	ctx, cancel := context.WithTimeout(ctx, authorizerTimeout)
	defer cancel()
	out, err := g.functions.Call(ctx, lambda.Invocation{
		Function: f.function, Principal: f.principal, SourceARN: x.stage.arn() + "/authorizers/" + f.id, Payload: event,
	})
	switch {
	case err != nil:
		return nil, 0, inVain(f.failed(ctx, err))
	case out.Failed:
		return nil, 0, inVain(functionThrew(&out))
	}
	granted, problem := f.read(out.Payload)
	if problem != "" {
		return nil, 0, inVain(refuse(authz.AuthorizerFailed).because(errors.New(problem)).explained(problem, f.expects()))
	}
	return granted, len(out.Payload) + 512, nil
}

func (f *functionGuard) expects() string {
	if f.simple {
		return `{"isAuthorized": true or false, "context": {…}}`
	}
	return `{"principalId": "…", "policyDocument": {…}, "context": {…}}`
}

func (f *functionGuard) failed(ctx context.Context, err error) *refusal {
	switch {
	case errors.Is(ctx.Err(), context.DeadlineExceeded):
		return refuse(authz.AuthorizerFailed).because(err).explained("no answer of "+f.function+" within 10 s", "an answer in time")
	case fault.Is(err, "AccessDeniedException"):
		return refuse(authz.AuthorizerMisconfigured).because(err).explained("the policy of "+f.function+" does not let this API in", "lambda:InvokeFunction for "+invoker)
	case fault.Is(err, "ResourceNotFoundException"):
		return refuse(authz.AuthorizerMisconfigured).because(err).explained("no function "+f.function, "a function of that name")
	}
	return refuse(authz.AuthorizerFailed).because(err).explained("the function "+f.function+" could not be run", "an answer")
}

// functionThrew is the answer when the function threw: 401 when it said "Unauthorized" and nothing else, 500 for all other errors.
func functionThrew(out *lambda.Answer) *refusal {
	var thrown struct {
		Message string `json:"errorMessage"`
	}
	if json.Unmarshal(out.Payload, &thrown) == nil && thrown.Message == "Unauthorized" {
		return refuse(authz.AuthorizerUnauthorized).because(errors.New("the function threw Unauthorized"))
	}
	return refuse(authz.AuthorizerFailed).because(fmt.Errorf("the function failed (%s)", out.Kind)).
		explained("the function failed ("+out.Kind+"): "+clippedTo(string(out.Payload), 256), "an answer of the function")
}

func clippedTo(text string, most int) string {
	if len(text) > most {
		return strings.ToValidUTF8(text[:most], "") + "…"
	}
	return text
}
