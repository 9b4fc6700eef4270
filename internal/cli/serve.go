package cli

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/poolgate/poolgate/internal/server"
)

// stopWithin is how long requests in flight may take once the server is told to stop.
const stopWithin = 10 * time.Second

type serveFlags struct {
	config     server.Config
	accessKeys []string
	owners     []string
	policies   []string
	proxies    []string
	jwks       []string
	functions  []string
	issuer     string
	verbose    bool
}

func newServe() *cobra.Command {
	var f serveFlags
	cmd := &cobra.Command{
		Use:   "serve",
		Short: "Run the server",
		Long: `Run the server until it is interrupted. It listens on loopback unless told otherwise, and beyond
loopback only with access keys. Everything is kept in the data directory.`,
		Example: `  poolgate serve
  poolgate serve --data :memory:
  poolgate serve --addr 0.0.0.0:4566 --access-key test:secret
  poolgate serve --store postgres://user@db/poolgate
  poolgate serve --from ./cloud --data :memory:
  poolgate serve --function hello=./hello --function legacy=http://127.0.0.1:9000/`,
		Args: noArguments,
		RunE: func(cmd *cobra.Command, _ []string) error {
			config, err := f.build(cmd)
			if err != nil {
				return err
			}
			return serve(cmd, config)
		},
	}
	flags := cmd.Flags()
	flags.StringVar(&f.config.Addr, "addr", "127.0.0.1:4566", "`HOST:PORT` to listen on")
	flags.StringVar(&f.config.Data, "data", ".poolgate", "`DIR` that everything is kept in, or :memory: to keep nothing")
	flags.StringVar(&f.config.From, "from", "", "`DIR` that poolgate pull wrote, to serve what is in it besides")
	flags.StringVar(&f.config.Store, "store", "", "postgres://… `URL` of a shared database instead of the one in the data directory")
	flags.StringArrayVar(&f.accessKeys, "access-key", nil, "`ID:SECRET` that requests must be signed with; repeat for more")
	flags.StringArrayVar(&f.owners, "access-key-arn", nil, "`ID=ARN` of the user or role session that a key is; repeat for more")
	flags.StringArrayVar(&f.policies, "access-key-policy", nil, "`ID=FILE` with the IAM policy of a key, for APIs with AWS_IAM; repeat for more")
	flags.StringArrayVar(&f.proxies, "trust-proxy", nil, "`CIDR` of proxies that may say where a request to an API came from; repeat for more")
	flags.StringVar(&f.config.PublicURL, "public-url", "", "`URL` that tokens and links carry (default http://localhost:PORT)")
	flags.StringVar(&f.issuer, "issuer", "local", "`WHO` tokens say issued them: local or aws")
	flags.StringArrayVar(&f.config.Hosts, "host", nil, "further host `NAME` to answer to; repeat for more")
	flags.BoolVar(&f.config.AWSPools, "aws-pools", false, "accept pools that live on AWS: fetch their keys from there")
	flags.StringArrayVar(&f.jwks, "jwks", nil, "`POOL_ARN=FILE` with the keys of a pool that lives elsewhere; repeat for more")
	flags.DurationVar(&f.config.KeepKeys, "keep-keys", 2*time.Hour, "`HOW LONG` the last good keys of an issuer elsewhere serve when it is down")
	flags.StringArrayVar(&f.functions, "function", nil, "`NAME=DIR` runs a function's code from a directory and watches it; NAME=URL lets an endpoint answer; repeat for more")
	flags.StringVar(&f.config.TLSCert, "tls-cert", "", "certificate `FILE` (PEM) instead of the local authority's")
	flags.StringVar(&f.config.TLSKey, "tls-key", "", "private key `FILE` (PEM) of --tls-cert")
	flags.BoolVarP(&f.verbose, "verbose", "v", false, "log every AWS operation and gateway request")
	return cmd
}

// build checks the flags against each other and turns them into the server's configuration.
func (f *serveFlags) build(cmd *cobra.Command) (server.Config, error) {
	config := f.config
	level := slog.LevelWarn
	if f.verbose {
		level = slog.LevelDebug
	}
	config.Log = slog.New(slog.NewTextHandler(cmd.ErrOrStderr(), &slog.HandlerOptions{Level: level}))
	if err := f.callers(&config); err != nil {
		return config, err
	}
	for _, name := range config.Hosts {
		if name == "" || strings.ContainsAny(name, " /:@?#") {
			return config, fail("write it as --host api.example.test: a name alone, without scheme and port", "%q is not a host name", name)
		}
	}
	if err := f.keys(&config); err != nil {
		return config, err
	}
	config.Functions = map[string]string{}
	for _, function := range f.functions {
		name, where, found := strings.Cut(function, "=")
		if !found || name == "" || where == "" {
			return config, fail("write it as --function NAME=DIR or --function NAME=http://HOST:PORT/path", "%q does not say where a function is", function)
		}
		config.Functions[name] = where
	}
	switch f.issuer {
	case "local":
	case "aws":
		config.IssuerAWS = true
	default:
		return config, fail("use --issuer local, or --issuer aws for https://cognito-idp.REGION.amazonaws.com/POOL", "there is no issuer %q", f.issuer)
	}
	if (config.TLSCert == "") != (config.TLSKey == "") {
		return config, fail("give both --tls-cert and --tls-key, or neither", "a certificate and its key belong together")
	}
	return config, nil
}

// keys reads what is said of keys that are found elsewhere.
func (f *serveFlags) keys(config *server.Config) error {
	for _, binding := range f.jwks {
		arn, file, found := strings.Cut(binding, "=")
		if !found || arn == "" || file == "" {
			return fail("write it as --jwks arn:aws:cognito-idp:REGION:ACCOUNT:userpool/ID=FILE", "%q does not bind keys to a pool", binding)
		}
		config.JWKS = append(config.JWKS, server.BoundKeys{PoolARN: arn, File: file})
	}
	if config.KeepKeys < 0 {
		return fail("give a time like --keep-keys 2h, or 0 for not at all", "keys cannot be kept for %s", config.KeepKeys)
	}
	config.KeepKeys = cmp.Or(config.KeepKeys, -1) // the server takes 0 for nothing said
	return nil
}

func serve(cmd *cobra.Command, config server.Config) error {
	ctx := cmd.Context()
	s, err := start(ctx, config)
	if err != nil {
		return err
	}
	out := cmd.OutOrStdout()
	_, _ = fmt.Fprintf(out, "poolgate listens on %s\n", s.URL())
	_, _ = fmt.Fprintf(out, "  data    %s\n", s.Where())
	if from := s.From(); from != "" {
		_, _ = fmt.Fprintf(out, "  copy    %s\n", from)
	}
	_, _ = fmt.Fprintf(out, "  try     aws --endpoint-url %s cognito-idp list-user-pools --max-results 10\n", s.URL())
	_, _ = fmt.Fprintf(out, "  health  curl %s/_poolgate/health\n", s.URL())
	failed := s.Wait(ctx)
	stopping, cancel := context.WithTimeout(context.WithoutCancel(ctx), stopWithin)
	defer cancel()
	if err := s.Close(stopping); err != nil && failed == nil {
		failed = err
	}
	return failed
}

// start opens the server and puts a hint to what commonly keeps it from starting.
func start(ctx context.Context, config server.Config) (*server.Server, error) {
	s, err := server.Start(ctx, config)
	if err == nil {
		return s, nil
	}
	if hint := server.HintFor(err); hint != "" {
		return nil, fail(hint, "%w", err)
	}
	// Whatever else names a file at this point is the data directory, or in it.
	if file := new(fs.PathError); errors.As(err, &file) {
		return nil, fail("choose a directory that you may write to with --data DIR, or keep nothing with --data :memory:", "%w", err)
	}
	return nil, err
}
