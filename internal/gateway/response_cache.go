package gateway

import (
	"bytes"
	"crypto/sha256"
	"encoding/binary"
	"io"
	"net/http"
	"slices"
	"strings"

	"github.com/aws/aws-sdk-go-v2/service/apigateway/types"

	"github.com/poolgate/poolgate/authz"
	"github.com/poolgate/poolgate/internal/apigateway"
	"github.com/poolgate/poolgate/internal/policy"
)

// invoke lets the method's integration answer, or the stage's cache where that has an answer. What is cached is the integration's answer
// as it was mapped; the gateway's own refusals are not, and who asks is no part of the key unless the method's cache key says so, as on
// AWS. The answer to HEAD is not all of an answer, and is neither kept nor answered from what is.
func (g *Gateway) invoke(x *exchange) (*answer, *refusal) {
	c := x.method.caching
	if c == nil || c.onlyGet && x.request.Method != http.MethodGet || x.request.Method == http.MethodHead {
		return x.method.integration.invoke(g, x)
	}
	reload, warn, refused := x.reloads(c)
	if refused != nil {
		return nil, refused
	}
	key := x.responseKey(c)
	var a *answer
	if !reload {
		a = g.responses.get(key)
	}
	if a == nil {
		if a, refused = x.method.integration.invoke(g, x); refused != nil {
			return nil, refused
		}
		g.keep(x, key, c, a)
	}
	served := *a
	served.headers = slices.Clone(a.headers)
	if warn {
		served.headers = append(served.headers, headerField{"Warning", []string{`199 - "Cache-Control of an unauthorized client was ignored"`}})
	}
	return &served, nil
}

// responseKey is made of the request's verb, since a method may take any, and of the method's parameters. Each part is told apart from the next, so that no two requests meet that differ in one.
func (x *exchange) responseKey(c *methodCaching) responseKey {
	var room [512]byte
	text := append(append(append(room[:0], x.request.Method...), ' '), c.name...)
	for _, p := range c.parameters {
		values := x.cacheValues(p)
		text = binary.AppendVarint(text, int64(len(values)))
		for _, value := range values {
			text = append(binary.AppendUvarint(text, uint64(len(value))), value...)
		}
	}
	return responseKey{x.stage.api, x.stage.name, x.stage.cacheOf, sha256.Sum256(text)}
}

func (x *exchange) cacheValues(p cacheParameter) []string {
	switch p.place {
	case "header":
		if strings.EqualFold(p.name, "Host") {
			return []string{domainName(x.request)}
		}
		return x.request.Header.Values(p.name)
	case "querystring":
		return x.queryValues()[p.name]
	case "path":
		if text, _, ok := x.pathParameter(p.name); ok {
			return []string{text}
		}
	}
	return nil
}

// keep caches an answer, its stream read as far as it may be cached. The answer stays good for who asked.
func (g *Gateway) keep(x *exchange, key responseKey, c *methodCaching, a *answer) {
	if x.refusal != nil || a.length > responseLimit || !a.gather(responseLimit) {
		return
	}
	kept := *a
	kept.headers, kept.body = slices.Clone(a.headers), slices.Clone(a.body)
	g.responses.put(key, &kept, c.ttl)
}

// gather reads a streamed answer into its body. It is false, and the answer streams as before, when it is longer than most or breaks off.
func (a *answer) gather(most int) bool {
	if a.stream == nil {
		return len(a.body) <= most
	}
	body, err := io.ReadAll(io.LimitReader(a.stream, int64(most)+1))
	if err == nil && len(body) <= most {
		_ = a.stream.Close()
		a.body, a.stream = body, nil
		return true
	}
	rest := io.Reader(a.stream)
	if err != nil {
		rest = brokenReader{err}
	}
	a.stream = rejoined{io.MultiReader(bytes.NewReader(body), rest), a.stream}
	return false
}

// rejoined is a stream whose beginning was read.
type rejoined struct {
	io.Reader
	io.Closer
}

// brokenReader fails as a stream did.
type brokenReader struct{ err error }

func (b brokenReader) Read([]byte) (int, error) { return 0, b.err }

// reloads tells whether the client asks for a fresh answer and may have it, and whether to warn one who may not.
func (x *exchange) reloads(c *methodCaching) (reload, warn bool, refused *refusal) {
	if !asksForFresh(x.request.Header.Values("Cache-Control")) {
		return false, false, nil
	}
	if !c.strict || x.mayInvalidate() {
		return true, false, nil
	}
	if c.strategy == types.UnauthorizedCacheControlHeaderStrategyFailWith403 {
		user := "anonymous"
		if x.caller != nil {
			user = x.caller.ARN
		}
		message := strings.Replace(x.notAuthorized(user, ""), invokeAction, invalidateAction, 1)
		return false, false, refuse(authz.IAMDenied).saying(message).explained(
			"a Cache-Control header that asks for a fresh answer, from a client that no policy allows "+invalidateAction, "a request without it, or a policy that allows it")
	}
	return false, c.strategy == types.UnauthorizedCacheControlHeaderStrategySucceedWithResponseHeader, nil
}

// asksForFresh tells that a request's Cache-Control invalidates the entry: max-age=0 (guide), or no-cache.
func asksForFresh(values []string) bool {
	for _, value := range values {
		for directive := range strings.SplitSeq(value, ",") {
			switch strings.ToLower(strings.TrimSpace(directive)) {
			case "max-age=0", "no-cache":
				return true
			}
		}
	}
	return false
}

const invalidateAction = "execute-api:InvalidateCache"

// mayInvalidate tells that a policy allows the client to ask for a fresh answer: its own, that of the authorizer's answer, or the API's
// resource policy; none of them may deny it.
func (x *exchange) mayInvalidate() bool {
	asked := policy.Request{Action: invalidateAction, Resource: x.methodARN()}
	verdict := policy.Silent
	hear := func(said policy.Verdict) {
		if said == policy.Denied || verdict != policy.Denied && said == policy.Allowed {
			verdict = said
		}
	}
	if x.caller != nil {
		asked.Principal = x.caller.Principal()
		own := asked
		own.Context = x.conditions(x.caller.Keys())
		hear(x.caller.Evaluate(own))
	}
	if x.granted != nil {
		granted := asked
		granted.Context = x.conditions(x.granted.policy.Keys())
		hear(x.granted.policy.Evaluate(granted))
	}
	if p := x.stage.policy; p != nil && p.broken == nil {
		asked.Context = x.conditions(p.document.Keys())
		hear(p.document.Evaluate(asked))
	}
	return verdict == policy.Allowed
}

// flushResponses forgets what a stage cached.
func (g *Gateway) flushResponses(topic string) {
	if api, stage, ok := strings.Cut(strings.TrimPrefix(topic, apigateway.ResponsesTopic("", "")), "/"); ok {
		g.responses.flush(api, stage)
	}
}
