package gateway

import "github.com/poolgate/poolgate/internal/gateway/ids"

// traceHeader is the request's X-Amzn-Trace-Id: the client's root when it sent one, else a new one.
func (x *exchange) traceHeader() string {
	if x.traceID == "" {
		x.traceID = ids.Trace(x.request.Header.Get("X-Amzn-Trace-Id"), x.began)
	}
	return x.traceID
}
