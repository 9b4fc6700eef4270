package cli

import (
	"context"
	"fmt"
	"log/slog"
	"net"

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
		Args:    noArguments,
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
	if err := onLoopback(addr); err != nil {
		return err
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
		if ctx.Err() != nil {
			return fail("poolgate demo begins anew; nothing was kept", "the demo was interrupted")
		}
		if !keep {
			return err
		}
		report(cmd.ErrOrStderr(), err)
	}
	if !keep {
		return nil
	}
	_, _ = fmt.Fprintf(cmd.OutOrStdout(), "\nServing on %s until interrupted (Ctrl-C). Nothing is kept.\n", s.URL())
	return s.Wait(ctx)
}

// onLoopback refuses an address that others reach: the demo's server asks nobody for keys.
func onLoopback(addr string) error {
	host, _, err := net.SplitHostPort(addr)
	if err != nil {
		return fail("write it as --addr HOST:PORT, for instance --addr 127.0.0.1:4566", "%q is not an address to listen on", addr)
	}
	if ip := net.ParseIP(host); host == "localhost" || ip != nil && ip.IsLoopback() {
		return nil
	}
	return fail("poolgate serve --access-key ID:SECRET listens anywhere", "the demo listens on loopback only, not on %q", addr)
}
