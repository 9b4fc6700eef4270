package cli

import (
	"context"
	"os"
	"os/signal"
	"testing"

	"github.com/rogpeppe/go-internal/testscript"
)

func TestMain(m *testing.M) {
	testscript.Main(m, map[string]func(){
		"poolgate": func() {
			ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
			code := Run(ctx, os.Args[1:], os.Stdout, os.Stderr)
			stop()
			os.Exit(code)
		},
	})
}

// TestScripts runs testdata/*.txtar: what a person types and reads. A script has no server but those that it starts.
func TestScripts(t *testing.T) {
	testscript.Run(t, testscript.Params{
		Dir: "testdata",
		Setup: func(env *testscript.Env) error {
			for _, name := range []string{"AWS_ENDPOINT_URL", "AWS_PROFILE", "AWS_REGION", "AWS_DEFAULT_REGION", "HTTP_PROXY", "http_proxy", "HTTPS_PROXY", "https_proxy"} {
				env.Setenv(name, "")
			}
			env.Setenv("HOME", env.WorkDir)                 // where sessions would be remembered
			env.Setenv("AWS_EC2_METADATA_DISABLED", "true") // there is no machine of AWS to ask
			return nil
		},
		Cmds: map[string]func(*testscript.TestScript, bool, []string){"answering": answering, "world": world, "write": write, "modes": modes},
	})
}
