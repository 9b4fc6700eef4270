package cli

import (
	"net/http"
	"net/http/httptest"
	"os"
	"strconv"

	"github.com/rogpeppe/go-internal/testscript"
)

// answering starts a server that gives everyone one answer, and puts its URL in $URL and its address in $ADDRESS:
//
//	answering STATUS FILE
func answering(script *testscript.TestScript, _ bool, args []string) {
	if len(args) != 2 {
		script.Fatalf("usage: answering STATUS FILE")
	}
	status, err := strconv.Atoi(args[0])
	script.Check(err)
	body, err := os.ReadFile(script.MkAbs(args[1]))
	script.Check(err)
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.WriteHeader(status)
		_, _ = w.Write(body)
	}))
	script.Defer(server.Close)
	script.Setenv("URL", server.URL)
	script.Setenv("ADDRESS", server.Listener.Addr().String())
}
