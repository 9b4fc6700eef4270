// Command poolgate is Cognito user pools and API Gateway authorizers in one binary. See `poolgate help`.
package main

import (
	"context"
	"os"
	"os/signal"
	"syscall"

	"github.com/poolgate/poolgate/internal/cli"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	code := cli.Run(ctx, os.Args[1:], os.Stdout, os.Stderr)
	stop()
	os.Exit(code)
}
