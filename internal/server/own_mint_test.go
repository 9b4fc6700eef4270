package server

import (
	"context"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/poolgate/poolgate/internal/cognito"
	"github.com/poolgate/poolgate/internal/fault"
)

// TestWhoMayMint: only this machine, only while there are no access keys, and only what is a token.
func TestWhoMayMint(t *testing.T) {
	const good = `{"pool":"eu-west-1_a","use":"id","claims":{"sub":"jo"},"life":"-1h"}`
	for _, test := range []struct {
		name, from, forwarded, body string
		keys                        bool
		want                        int
	}{
		{"this machine", "127.0.0.1:9", "", good, false, 200},
		{"another machine", "192.0.2.1:9", "", good, false, 403},
		{"another machine behind a proxy on this one", "127.0.0.1:9", "192.0.2.1", good, false, 403},
		{"a server with access keys", "127.0.0.1:9", "", good, true, 403},
		{"a pool that is none", "127.0.0.1:9", "", strings.Replace(good, "_a", "_none", 1), false, 404},
		{"no pool", "127.0.0.1:9", "", `{"use":"id","life":"1h"}`, false, 400},
		{"another use", "127.0.0.1:9", "", strings.Replace(good, `"id"`, `"refresh"`, 1), false, 400},
		{"claims that are no object", "127.0.0.1:9", "", strings.Replace(good, `{"sub":"jo"}`, `[1]`, 1), false, 400},
		{"a life without an end", "127.0.0.1:9", "", strings.Replace(good, "-1h", "200000h", 1), false, 400},
		{"no JSON", "127.0.0.1:9", "", `pool`, false, 400},
		{"too long", "127.0.0.1:9", "", strings.Repeat(" ", mintLimit) + good, false, 400},
	} {
		t.Run(test.name, func(t *testing.T) {
			minted := 0
			o := &own{clockMayMove: !test.keys, minted: func(_ context.Context, m cognito.Minting) (string, error) {
				if minted++; m.Pool != "eu-west-1_a" {
					return "", fault.NotFound("ResourceNotFoundException", "User pool %s does not exist.", m.Pool)
				}
				return "a.b.c", nil
			}}
			request := httptest.NewRequest(http.MethodPost, "/tokens", strings.NewReader(test.body))
			request.RemoteAddr = test.from
			if test.forwarded != "" {
				request.Header.Set("X-Forwarded-For", test.forwarded)
			}
			answer := httptest.NewRecorder()
			o.handler().ServeHTTP(answer, request)
			if answer.Code != test.want || (minted > 0) != (test.want == 200 || test.want == 404) {
				t.Errorf("%d %s, minted %d", answer.Code, answer.Body, minted)
			}
		})
	}
}
