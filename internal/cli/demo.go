package cli

import (
	"context"
	"log/slog"
	"net"
	"strings"

	"github.com/spf13/cobra"

	"github.com/poolgate/poolgate/internal/demo"
	"github.com/poolgate/poolgate/internal/server"
)

func newDemo() *cobra.Command {
	var addr string
	var keep bool
	cmd := &cobra.Command{
		Use:   "demo",
		Short: "Protect an API with access tokens, step by step, against a server of its own",
		Long: `Start a server that keeps nothing, and protect an API with access tokens over the real wire: each step
is printed as the aws command that you would type, with its answer, and at the end a table shows what
each kind of token opens and why not.

Exits 0 only if every answer was the expected one.`,
		Example: "  poolgate demo\n  poolgate demo --keep",
		Args:    cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			return runDemo(cmd, addr, keep)
		},
	}
	cmd.Flags().StringVar(&addr, "addr", "127.0.0.1:0", "loopback `HOST:PORT` to listen on; port 0 is any free one")
	cmd.Flags().BoolVar(&keep, "keep", false, "go on serving when the walk is done")
	return cmd
}

func runDemo(cmd *cobra.Command, addr string, keep bool) (failed error) {
	ctx := cmd.Context()
	host, _, err := net.SplitHostPort(addr)
	if loopback := host == "localhost" || strings.HasPrefix(host, "127.") || host == "::1"; err != nil || !loopback {
		return fail("poolgate serve --access-key ID:SECRET listens anywhere", "the demo listens on loopback only, not on %q", addr)
	}
	s, err := start(ctx, server.Config{Addr: addr, Data: ":memory:", Log: slog.New(slog.DiscardHandler)})
	if err != nil {
		return err
	}
	defer func() {
		stopping, cancel := context.WithTimeout(context.WithoutCancel(ctx), stopWithin)
		defer cancel()
		if err := s.Close(stopping); err != nil && failed == nil {
			failed = err
		}
	}()
	if err := demo.Run(ctx, cmd.OutOrStdout(), s.URL()); err != nil {
		if !keep {
			return err
		}
		report(cmd.ErrOrStderr(), err)
	}
	if !keep {
		return nil
	}
	cmd.Printf("\nServing on %s until interrupted.\n", s.URL())
	return s.Wait(ctx)
}
