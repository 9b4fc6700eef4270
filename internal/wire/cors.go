package wire

import (
	"net/http"
	"strings"
)

// Browsers call Cognito's unsigned operations from any page, so these answer as AWS does: any origin, and the headers that
// clients read exposed. Nothing else of the APIs is for browsers; who may reach it is the server's rule.

// Unsigned tells whether a request is for an operation that is called without a signature, or is a browser asking beforehand
// whether it may: such requests are allowed from any origin.
func (m *Mux) Unsigned(r *http.Request) bool {
	if preflight(r) {
		return true
	}
	_, o := m.byTargetName(r.Header.Get("X-Amz-Target"))
	return o != nil && o.model.Unsigned
}

// preflight tells a browser's question before it sends an X-Amz-Target.
func preflight(r *http.Request) bool {
	return r.Method == http.MethodOptions && r.Header.Get("Origin") != "" && r.Header.Get("Access-Control-Request-Method") != "" &&
		strings.Contains(strings.ToLower(r.Header.Get("Access-Control-Request-Headers")), "x-amz-target")
}

func answerPreflight(header http.Header) {
	header.Set("Access-Control-Allow-Origin", "*")
	header.Set("Access-Control-Allow-Methods", "POST")
	header.Set("Access-Control-Allow-Headers", allowedHeaders)
	header.Set("Access-Control-Max-Age", "172800")
	header.Set("Content-Length", "0")
}

// allowedHeaders are what SDKs in browsers send.
const allowedHeaders = "authorization,content-type,x-amz-target,x-amz-user-agent,x-amz-date,x-amz-content-sha256," +
	"x-amz-security-token,amz-sdk-invocation-id,amz-sdk-request,cache-control,x-amz-api-version,x-amzn-platform-id,x-amzn-trace-id"

const exposedHeaders = "x-amzn-RequestId,x-amzn-ErrorType,x-amzn-ErrorMessage,Date"

func (x *exchange) allowOrigin(header http.Header) {
	if x.request.Header.Get("Origin") == "" || x.target.operation == nil || !x.target.operation.model.Unsigned {
		return
	}
	header.Set("Access-Control-Allow-Origin", "*")
	header.Set("Access-Control-Expose-Headers", exposedHeaders)
}
