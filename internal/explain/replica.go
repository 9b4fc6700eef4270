package explain

import (
	"bytes"
	"context"
	"io"
	"net/http"
	"net/url"
	"time"

	"github.com/poolgate/poolgate/authz"
	"github.com/poolgate/poolgate/internal/apigateway"
	"github.com/poolgate/poolgate/internal/apigatewayv2"
	"github.com/poolgate/poolgate/internal/clock"
	"github.com/poolgate/poolgate/internal/fault"
	"github.com/poolgate/poolgate/internal/gateway"
	"github.com/poolgate/poolgate/internal/gateway/decision"
	"github.com/poolgate/poolgate/internal/gateway/httpapi"
)

// restAPIs is one REST API that was read, as gateway.APIs.
type restAPIs struct {
	id     string
	stages map[string]*apigateway.Published
	live   *apigateway.Snapshot
}

// Published implements gateway.APIs.
func (a restAPIs) Published(_ context.Context, id string) (map[string]*apigateway.Published, error) {
	if id != a.id {
		return nil, fault.NotFound("NotFoundException", "Invalid API identifier specified %s", id)
	}
	return a.stages, nil
}

// Live implements gateway.APIs.
func (a restAPIs) Live(context.Context, string) (*apigateway.Snapshot, error) {
	if a.live == nil {
		return nil, fault.NotFound("NotFoundException", "the API as it is edited could not be read")
	}
	return a.live, nil
}

// httpAPIs is one HTTP API that was read, as httpapi.APIs.
type httpAPIs struct {
	id     string
	stages map[string]*apigatewayv2.Published
	live   *apigatewayv2.Snapshot
}

// Published implements httpapi.APIs.
func (a httpAPIs) Published(_ context.Context, id string) (map[string]*apigatewayv2.Published, error) {
	if id != a.id {
		return nil, fault.NotFound("NotFoundException", "Invalid API identifier specified %s", id)
	}
	return a.stages, nil
}

// Live implements httpapi.APIs.
func (a httpAPIs) Live(context.Context, string) (*apigatewayv2.Snapshot, error) {
	if a.live == nil {
		return nil, fault.NotFound("NotFoundException", "the API as it is edited could not be read")
	}
	return a.live, nil
}

// bench is where requests are judged: keys and a time.
type bench struct {
	engine *authz.Engine
	clock  *clock.Clock
}

func newBench(keys *poolKeys, now time.Time) *bench {
	b := &bench{engine: authz.New(keys, authz.WithIssuers(keys)), clock: new(clock.Clock)}
	b.clock.Set(now)
	return b
}

// judgeREST judges a request as a stage of a REST API would.
func (b *bench) judgeREST(apis restAPIs, r *http.Request, target gateway.Target) *decision.Record {
	g := gateway.New(gateway.Config{APIs: apis, Engine: b.engine, Clock: b.clock})
	defer g.Close()
	return g.Judge(r, target)
}

// judgeHTTP judges a request as a stage of an HTTP API would.
func (b *bench) judgeHTTP(apis httpAPIs, r *http.Request, target httpapi.Target) *decision.Record {
	g := httpapi.New(httpapi.Config{APIs: apis, Engine: b.engine, Clock: b.clock})
	defer g.Close()
	return g.Judge(r, target)
}

// replay is the request of a case as a gateway receives it. It comes from this machine, which is right for a local server; for any other
// nobody here knows the address that it is seen to come from.
func replay(ctx context.Context, c *Case, verb string) *http.Request {
	at, err := url.Parse(c.Request.URL)
	if err != nil {
		at = &url.URL{Scheme: "https", Host: c.Located.Host, Path: "/"}
	}
	r := &http.Request{
		Method: verb, URL: at, Host: at.Host, Header: c.Request.Header.Clone(), Proto: "HTTP/1.1", ProtoMajor: 1, ProtoMinor: 1,
		RemoteAddr: "127.0.0.1:1024", ContentLength: c.Request.BodyLength, Body: io.NopCloser(bytes.NewReader(c.Request.Body)),
	}
	if r.Header == nil {
		r.Header = http.Header{}
	}
	return r.WithContext(ctx)
}
