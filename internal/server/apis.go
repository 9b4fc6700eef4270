package server

import (
	"context"
	"net/http"
	"strings"

	"github.com/poolgate/poolgate/internal/gateway"
	"github.com/poolgate/poolgate/internal/gateway/decision"
	"github.com/poolgate/poolgate/internal/gateway/httpapi"
)

// serveAPI gives a request to the gateway that has its API. Ids of REST and HTTP APIs look alike: the one whose plan is at hand is
// asked first, so that no request to a known API looks for it in the store. An id that is nobody's is answered as a REST API's.
func (p *parts) serveAPI(w http.ResponseWriter, r *http.Request, e entry) {
	if !p.gateway.Holds(e.api) && p.httpAPIs.Serves(r.Context(), e.api) {
		p.httpAPIs.ServeAPI(w, r, httpapi.Target{API: e.api, Region: e.region, Path: e.apiPath(r), PathStyle: e.pathStyle})
		return
	}
	p.gateway.ServeAPI(w, r, gateway.Target{API: e.api, Region: e.region, Stage: e.stage, Path: e.rest, Spelled: spelled(r)})
}

// apiPath is all that stands behind the API's id, as it was written: an HTTP API's stage may be in it or not.
func (e entry) apiPath(r *http.Request) string {
	path := r.URL.EscapedPath()
	if e.pathStyle && strings.HasPrefix(path, pathStyleOld) {
		return "/" + e.stage + e.rest
	}
	if e.pathStyle {
		path = strings.TrimPrefix(path, pathStyleGateway+e.api)
	}
	if path == "" {
		return "/"
	}
	return path
}

// describe explains a request, whichever gateway answered it.
func (p *parts) describe(ctx context.Context, requestID string) (*decision.Record, error) {
	if record, err := p.httpAPIs.Describe(ctx, requestID); record != nil || err != nil {
		return record, err
	}
	return p.gateway.Describe(ctx, requestID)
}
