package gateway

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"time"

	"github.com/poolgate/poolgate/authz"
	"github.com/poolgate/poolgate/internal/fault"
	"github.com/poolgate/poolgate/internal/gateway/grants"
	"github.com/poolgate/poolgate/internal/lambda"
)

// askFunction asks a Lambda authorizer (facts 3.1), or finds what it answered the last time. What it answered is a policy, which is held
// against the request each time.
func (g *Gateway) askFunction(x *exchange) *refusal {
	a := x.method.authorizer
	switch {
	case a == nil:
		return misconfigured(fmt.Errorf("the method's authorization type is %s", quoted(x.method.authorization)))
	case a.broken != nil:
		return misconfigured(a.broken)
	case a.function == nil:
		return misconfigured(errors.New("the method's authorization type is CUSTOM, and its authorizer is no function"))
	}
	identity, refused := a.function.identify(x)
	if refused != nil {
		return refused
	}
	granted, known, err := g.grants.Do(x.context(), a.function.key(x, identity), a.function.ttl, func(ctx context.Context) (*grant, int, error) {
		granted, _, err := g.askGrant(ctx, x, a.function, x.authorizerEvent(a.function))
		if err != nil {
			return nil, 0, err
		}
		return granted, granted.size(), nil
	})
	if err != nil {
		return notGranted(err)
	}
	x.granted = granted
	x.trace.line("Using valid authorizer policy for principal: %s", masked(granted.principalID))
	return x.judge(granted, known)
}

// identify reads the identity sources. Without one of them the function is not asked (facts 3.1).
func (f *functionAuthorizer) identify(x *exchange) (identity [][]string, refused *refusal) {
	identity = make([][]string, len(f.sources))
	for i, source := range f.sources {
		if identity[i] = source.values(x); f.isToken && len(identity[i]) > 1 {
			identity[i] = identity[i][:1] // of several headers the first counts, as with user pools
		}
		if !present(identity[i]) {
			return nil, refuse(authz.IdentitySourceMissing).explained("no "+source.expression, "every identity source of the authorizer")
		}
	}
	if f.isToken {
		if x.identity = identity[0][0]; !f.expression.Matches(x.identity) {
			return nil, refuse(authz.IdentitySourceInvalid).
				explained(strconv.Itoa(len(x.identity))+" characters in the header "+x.method.authorizer.header, "a value that matches the authorizer's identityValidationExpression as a whole")
		}
	}
	return identity, nil
}

// key is where the answer for an identity is remembered. All values of a source are part of it: the function sees them all.
func (f *functionAuthorizer) key(x *exchange, identity [][]string) grants.Key {
	var room [8]string
	parts := room[:0]
	for _, values := range identity {
		parts = append(append(parts, strconv.Itoa(len(values))), values...)
	}
	return grants.KeyOf(grants.Scope{API: x.stage.api, Stage: x.stageName}, f.name, parts...)
}

// askGrant invokes the function and returns its answer, read and as it came. An error is a *notGrantedError.
func (g *Gateway) askGrant(ctx context.Context, x *exchange, f *functionAuthorizer, event any) (*grant, []byte, error) {
	if g.functions == nil {
		return nil, nil, refusing(misconfigured(errNoFunctions))
	}
	payload, err := eventText(event)
	if err != nil {
		return nil, nil, refusing(misconfigured(err))
	}
	ctx, cancel := context.WithTimeout(ctx, authorizerTimeout)
	defer cancel()
	x.trace.authorizerRequest(x, f, payload)
	sent := time.Now()
	out, err := g.functions.Call(ctx, lambda.Invocation{Function: f.arn, Principal: f.principal, SourceARN: f.sourceARN, Payload: payload})
	if err != nil {
		return nil, nil, refusing(f.unanswered(ctx, err))
	}
	x.grantLatency = time.Since(sent)
	if x.trace.detailed() {
		x.trace.detail("Authorizer result body before parsing: %s", truncated(x.withoutCredentials(string(out.Payload))))
	}
	granted, refused := g.policies.readGrant(&out)
	if refused != nil {
		return nil, nil, refusing(refused)
	}
	return granted, out.Payload, nil
}

// unanswered tells why no answer came of a function.
func (f *functionAuthorizer) unanswered(ctx context.Context, err error) *refusal {
	switch {
	case errors.Is(ctx.Err(), context.DeadlineExceeded):
		return authorizerFailed("Authorizer error", "no answer of "+f.arn+" within "+authorizerTimeout.String()).because(err)
	case fault.Is(err, "AccessDeniedException"):
		r := misconfigured(err).explained("the policy of "+f.arn+" does not let the authorizer in", "lambda:InvokeFunction for "+invoker+" and "+f.sourceARN)
		r.complaint = "Invalid permissions on Lambda function"
		return r
	case fault.Is(err, "ResourceNotFoundException"):
		return misconfigured(err).explained("no function "+f.arn, "a function of that name")
	}
	return authorizerFailed("Authorizer error", "the function "+f.arn+" could not be run: "+err.Error()).because(err)
}

// misconfigured is the answer when an authorizer cannot be asked.
func misconfigured(cause error) *refusal {
	r := refuse(authz.AuthorizerMisconfigured).because(cause).explained(cause.Error(), "an authorizer that can be run")
	return r
}

// authorizerFailed is the answer when an authorizer's function gives no answer that counts. complaint is what the execution log says.
func authorizerFailed(complaint, saw string) *refusal {
	r := refuse(authz.AuthorizerFailed).explained(saw, `{"principalId": "…", "policyDocument": {…}, "context": {…}}`)
	r.complaint = complaint
	return r
}

// notGrantedError carries a refusal to all who wait for the same answer.
type notGrantedError struct{ refusal refusal }

func (e *notGrantedError) Error() string { return e.refusal.saw }

func refusing(r *refusal) error { return &notGrantedError{*r} }

// notGranted is the refusal in an error, for one of those who waited.
func notGranted(err error) *refusal {
	if known := new(notGrantedError); errors.As(err, &known) {
		own := known.refusal
		return &own
	}
	return authorizerFailed("Authorizer error", "the function was not waited for").because(err)
}
