package worker

import (
	"net/http"
	"net/http/httptest"
	"os"
	"strings"
	"testing"
)

// TestTheRuntimeAPIIsTheFunctionsAlone: another function, or anybody else on the machine, gets no event that is not its own, and cannot
// answer one.
func TestTheRuntimeAPIIsTheFunctionsAlone(t *testing.T) {
	if os.Geteuid() != 0 {
		t.Skip("NOT TESTED: functions have users of their own only if the server may change users")
	}
	needs(t, "node")
	b := newBench(t)
	victim := b.function("nodejs20.x", "index.handler", map[string]string{"index.js": `exports.handler = async () => process.env.AWS_LAMBDA_RUNTIME_API`})
	address := strings.Trim(string(b.invoke(victim, `{}`).Payload), `"`)
	thief := b.function("nodejs20.x", "index.handler", map[string]string{"index.js": `exports.handler = (event) => new Promise((done) => {
		require('http').get('http://' + event.at + '/2018-06-01/runtime/invocation/next', (r) => done('taken: ' + r.statusCode)).on('error', () => done('refused'))
	})`})
	b.answers(thief, `{"at":"`+address+`"}`, `"refused"`)
	if response, err := http.Get("http://" + address + "/2018-06-01/runtime/invocation/next"); err == nil {
		_ = response.Body.Close()
		t.Errorf("the server's user was answered %d", response.StatusCode)
	}
	b.answers(victim, `{}`, `"`+address+`"`)
}

// TestNoPageAsksTheRuntimeAPI: neither one of another origin nor one whose name was made to point here.
func TestNoPageAsksTheRuntimeAPI(t *testing.T) {
	asked := 0
	h := unbrowsed(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { asked++ }))
	for _, c := range []struct {
		name, host, header string
		status             int
	}{
		{"a runtime", "127.0.0.1:4000", "", 200}, {"a runtime by name", "localhost:4000", "", 200},
		{"a page", "127.0.0.1:4000", "Origin", 403}, {"an image of a page", "127.0.0.1:4000", "Sec-Fetch-Site", 403},
		{"another name", "evil.example:4000", "", 403}, {"another name without a port", "evil.example", "", 403},
	} {
		before := asked
		r := httptest.NewRequestWithContext(t.Context(), http.MethodGet, "/2018-06-01/runtime/invocation/next", nil)
		r.Host = c.host
		if c.header != "" {
			r.Header.Set(c.header, "http://evil.example")
		}
		w := httptest.NewRecorder()
		h.ServeHTTP(w, r)
		if w.Code != c.status || (asked > before) != (c.status == 200) {
			t.Errorf("%s: answered %d", c.name, w.Code)
		}
	}
}
