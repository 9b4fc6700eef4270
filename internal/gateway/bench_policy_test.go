package gateway_test

import (
	"net/http"
	"net/http/httptest"
	"testing"

	"github.com/poolgate/poolgate/internal/gateway"
)

// BenchmarkPolicies is a request to a MOCK method through ServeAPI alone: without a resource policy, with one that asks for nothing but
// the method, with one that asks for the address, and signed.
func BenchmarkPolicies(b *testing.B) {
	const addresses = allowAll + `,{"Effect":"Deny","Principal":"*","Action":"execute-api:Invoke","Resource":"execute-api:/*","Condition":{"NotIpAddress":{"aws:SourceIp":["192.0.2.0/24","10.0.0.0/8"]}}}`
	for _, c := range []struct {
		name, policy string
		signed       bool
	}{
		{"no policy", "", false}, {"a policy", allowAll, false}, {"a policy with addresses", addresses, false},
		{"signed", "", true}, {"signed, a policy with addresses", addresses, true},
	} {
		b.Run(c.name, func(b *testing.B) {
			m := open()
			if c.signed {
				m = iam()
			}
			m.MethodIntegration = mockOf(passed)
			w := newWorld(b, newAPI().on("GET", "/pets", m).withPolicy(c.policy), nil, keyed(b, `{"Version":"2012-10-17","Statement":{"Effect":"Allow","Action":"execute-api:Invoke","Resource":"arn:aws:execute-api:*:*:*/prod/*"}}`))
			r := httptest.NewRequest("GET", "/prod/pets", nil)
			if c.signed {
				path, headers := signatureOf(bobKey, "GET", "/prod/pets").sign(b)
				r = httptest.NewRequest("GET", path, nil)
				for i := 0; i < len(headers); i += 2 {
					r.Header.Set(headers[i], headers[i+1])
				}
				r.Host = apiHost
			}
			target := gateway.Target{API: apiID, Path: "/prod/pets"}
			recorder := httptest.NewRecorder()
			if w.ServeAPI(recorder, r, target); recorder.Code != http.StatusOK {
				b.Fatalf("answered %d %s", recorder.Code, recorder.Body)
			}
			d := &discard{http.Header{}}
			b.ReportAllocs()
			for b.Loop() {
				clear(d.header)
				w.ServeAPI(d, r, target)
			}
		})
	}
}
