package server

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
)

func TestAnAddressThatIsNotThereNamesThoseThatAre(t *testing.T) {
	for _, test := range []struct{ name, method, path, want string }{
		{"a wrong name", "GET", "/helth", "there is no GET /_poolgate/helth"},
		{"a wrong method", "POST", "/clock", "there is no POST /_poolgate/clock"},
		{"a longer one than anybody reads", "GET", "/" + strings.Repeat("x", 1<<16), "there is no GET /_poolgate/xxx"},
	} {
		t.Run(test.name, func(t *testing.T) {
			answer := httptest.NewRecorder()
			new(own).handler().ServeHTTP(answer, httptest.NewRequest(test.method, test.path, nil))
			body := answer.Body.String()
			if answer.Code != http.StatusNotFound || !strings.Contains(body, test.want) || !strings.Contains(body, "mailbox?to=ADDRESS") || len(body) > 1<<10 {
				t.Errorf("%d %.500s", answer.Code, body)
			}
		})
	}
}
