package gateway_test

import (
	"context"
	"net/http/httptest"
	"runtime"
	"strconv"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/apigateway/types"

	"github.com/poolgate/poolgate/internal/gateway"
	"github.com/poolgate/poolgate/internal/gateway/grants"
	"github.com/poolgate/poolgate/internal/lambda"
)

// TestAMillionIdentitiesTakeBoundedMemory: what a node remembers is bounded by grants.Bytes, as a grant tells its size; so it must not tell
// less than it takes. A flood of as many identities as fit in a part of the bounds shows that.
func TestAMillionIdentitiesTakeBoundedMemory(t *testing.T) {
	const identities = 20_000
	f := &fakeFunctions{}
	f.run = func(_ context.Context, in lambda.Invocation) (lambda.Answer, error) {
		f.mu.Lock()
		f.calls = nil // the fake's own memory is not the gateway's
		f.mu.Unlock()
		return returned(`{"principalId":"` + strconv.Itoa(len(in.Payload)) + `","policyDocument":` + policyOf("Allow", allMethods) + `,"context":{"tenant":"a-tenant-of-some-length","plan":"gold"}}`), nil
	}
	w := newWorld(t, behind(types.AuthorizerTypeToken, tokenHeader, func(a *types.Authorizer) { a.AuthorizerResultTtlInSeconds = aws.Int32(3600) }), nil, withFunctions(f))
	d, r := &discard{map[string][]string{}}, httptest.NewRequest("GET", "/", nil)
	target := gateway.Target{API: apiID, Path: "/prod/b"}
	ask := func(i int) {
		clear(d.header)
		r.Header.Set("Auth", "token-of-identity-"+strconv.Itoa(i))
		w.ServeAPI(d, r, target)
	}
	for i := range 12_000 { // fills the ring of decision records, which is bounded for itself
		ask(-1 - i%3)
	}
	before := heap()
	for i := range identities {
		ask(i)
	}
	each := float64(heap()-before) / identities
	t.Logf("%.0f bytes an identity: %d identities at most take %.0f MB", each, grants.Entries, each*grants.Entries/1e6)
	if told := float64(6*len(policyOf("Allow", allMethods))) + 640; each > told {
		t.Errorf("an identity takes %.0f bytes, more than the %.0f that it tells", each, told)
	}
	runtime.KeepAlive(w)
}

func heap() int64 {
	var m runtime.MemStats
	runtime.GC()
	runtime.GC()
	runtime.ReadMemStats(&m)
	return int64(m.HeapAlloc)
}
