package cli

import (
	"errors"
	"fmt"
	"io"
	"net/url"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/poolgate/poolgate/internal/token"
)

// getFlags say who signs in, where and how.
type getFlags struct {
	endpoint, region, profile  string
	pool, client, user, flow   string
	scopes                     []string
	passwordStdin, noCache     bool
	id, access, refresh        bool
	asJSON                     bool
	secret, password, redirect string
	// anonymous tells that there are no AWS credentials: a sign-in needs none, reading the client's secret does.
	anonymous bool
}

// The flows of get.
const (
	flowSRP      = "srp"
	flowPassword = "password"
	flowAdmin    = "admin"
	flowMachine  = "client-credentials"
	flowCode     = "code"
)

func newGet() *cobra.Command {
	g := new(getFlags)
	cmd := &cobra.Command{
		Use:   "get --pool POOL --client CLIENT [--user USER]",
		Short: "Sign in and get tokens",
		Long: `Sign in and get tokens from the server on this machine, or with --endpoint-url aws from a pool on AWS. The
flows are srp (the password does not leave this machine), password, admin (with AWS credentials),
client-credentials (the client for itself; usual without --user) and code (in the browser).

The password is asked for, or comes on standard input with --password-stdin; never as an argument. The
session is remembered in the user's cache directory, sealed and for the user alone, and refreshed when
its tokens end; poolgate token forget removes all of them, --no-cache keeps none.

With --id, --access or --refresh only that token is printed, for $(…); else what was got is told.`,
		Example: `  poolgate token get --pool eu-west-1_AbCdEfGhI --client 7hk1example --user jo
  echo "$PASSWORD" | poolgate token get --pool eu-west-1_AbCdEfGhI --client 7hk1example --user jo --password-stdin --id
  poolgate token get --pool eu-west-1_AbCdEfGhI --client 2mc1example --scope orders/read --access
  poolgate token get --pool eu-west-1_AbCdEfGhI --client 7hk1example --flow code --scope openid --access`,
		Args: noArguments,
		RunE: func(cmd *cobra.Command, _ []string) error { return g.run(cmd) },
	}
	flags := cmd.Flags()
	flags.StringVar(&g.endpoint, "endpoint-url", "", "the server's `URL` (default "+localEndpoint+", or AWS_ENDPOINT_URL); aws for AWS")
	flags.StringVar(&g.region, "region", "", "`REGION` of the pool (default: the one that its id begins with)")
	flags.StringVar(&g.profile, "profile", "", "`NAME` of the profile with the credentials")
	flags.StringVar(&g.pool, "pool", "", "the pool's `ID`")
	flags.StringVar(&g.client, "client", "", "the app client's `ID`")
	flags.StringVar(&g.user, "user", "", "the `USER` who signs in")
	flags.StringVar(&g.flow, "flow", "", "`FLOW`: srp, password, admin, client-credentials or code")
	flags.StringArrayVar(&g.scopes, "scope", nil, "`SCOPE` to ask for, with client-credentials and code; repeat for more")
	flags.BoolVar(&g.passwordStdin, "password-stdin", false, "read the password from standard input")
	flags.BoolVar(&g.noCache, "no-cache", false, "remember nothing, and use nothing that was remembered")
	flags.StringVar(&g.redirect, "redirect-uri", "", "`URL` of the client's callback on this machine, with code (default: the client's first)")
	flags.BoolVar(&g.id, "id", false, "print the ID token alone")
	flags.BoolVar(&g.access, "access", false, "print the access token alone")
	flags.BoolVar(&g.refresh, "refresh", false, "print the refresh token alone")
	flags.BoolVar(&g.asJSON, "json", false, "print all tokens as JSON")
	return cmd
}

// check refuses what does not go together, and fills in the flow.
func (g *getFlags) check() error {
	if region, _, found := strings.Cut(g.pool, "_"); !found || region == "" {
		return fail("for instance --pool eu-west-1_AbCdEfGhI; aws cognito-idp list-user-pools --max-results 10 lists them", "which pool? get needs --pool")
	}
	if g.client == "" {
		return fail("aws cognito-idp list-user-pool-clients --user-pool-id "+g.pool+" lists them", "which app client? get needs --client")
	}
	only := 0
	for _, asked := range []bool{g.id, g.access, g.refresh, g.asJSON} {
		if asked {
			only++
		}
	}
	if only > 1 {
		return fail("run it once for each: the session is remembered", "--id, --access, --refresh and --json do not go together")
	}
	if g.flow == "" {
		if g.flow = flowSRP; g.user == "" {
			g.flow = flowMachine
		}
	}
	switch g.flow {
	case flowSRP, flowPassword, flowAdmin:
		if g.user == "" {
			return fail("give --user NAME", "who signs in? the flow %s needs --user", g.flow)
		}
		if len(g.scopes) > 0 {
			return fail("--flow code asks for scopes, in the browser", "a sign-in by %s has no scopes to ask for: AWS grants aws.cognito.signin.user.admin alone", g.flow)
		}
	case flowMachine, flowCode:
		if g.user != "" || g.passwordStdin {
			return fail("leave them out", "the flow %s takes neither --user nor a password", g.flow)
		}
	default:
		return fail("there are srp, password, admin, client-credentials and code", "there is no flow %q", clipped(g.flow))
	}
	f := explainFlags{endpoint: g.endpoint}
	if g.endpoint = f.endpointOrLocal(); g.endpoint == "aws" {
		g.endpoint = ""
		return nil
	}
	return checkEndpoint(g.endpoint)
}

func (g *getFlags) run(cmd *cobra.Command) error {
	if err := g.check(); err != nil {
		return err
	}
	if u, err := url.Parse(g.endpoint); err == nil && u.Scheme == "http" && !isLocalURL(u) {
		_, _ = fmt.Fprintf(cmd.ErrOrStderr(), "note: %s is not this machine, and without TLS passwords and tokens can be read on the way; its port answers https, too\n", u.Redacted())
	}
	ctx := cmd.Context()
	api, err := g.open(ctx)
	if err != nil {
		return err
	}
	store, name := (*sessions)(nil), ""
	if !g.noCache {
		if store, err = openSessions(); err == nil {
			name = store.name(g.endpoint, g.region, g.pool, g.client, g.user, g.flow, strings.Join(g.scopes, " "))
		}
	}
	var got *session
	if name != "" {
		got = g.remembered(ctx, api, store.load(name, time.Now()))
	}
	if got == nil {
		if got, err = g.signIn(ctx, cmd, api); err != nil {
			return err
		}
	}
	got.date(time.Now())
	if name != "" {
		if err := store.save(name, got); err != nil {
			_, _ = fmt.Fprintf(cmd.ErrOrStderr(), "note: the session is not remembered: %v\n", err)
		}
	}
	return g.print(cmd.OutOrStdout(), got)
}

// date reads off when a session's tokens end.
func (s *session) date(now time.Time) {
	s.Expires = time.Time{}
	for _, text := range []string{s.ID, s.Access} {
		if t, err := token.Read(text); err == nil && (s.Expires.IsZero() || t.Expires.Before(s.Expires)) {
			s.Expires = t.Expires
		}
	}
	switch {
	case s.Refresh == "":
		s.Forget = s.Expires
	case s.Forget.IsZero():
		s.Forget = now.Add(sessionLife)
	}
}

func (g *getFlags) print(w io.Writer, got *session) error {
	var wanted, name string
	switch {
	case g.id:
		wanted, name = got.ID, "ID token"
	case g.access:
		wanted, name = got.Access, "access token"
	case g.refresh:
		wanted, name = got.Refresh, "refresh token"
	case g.asJSON:
		return writeJSON(w, map[string]any{"version": 1, "id": got.ID, "access": got.Access, "refresh": got.Refresh, "expires": got.Expires})
	default:
		return g.tell(w, got)
	}
	if wanted == "" {
		return fail("an ID token needs a user, and through the login domain the scope openid; a client for itself gets an access token alone", "the flow %s gave no %s", g.flow, name)
	}
	_, err := fmt.Fprintln(w, wanted)
	return err
}

// tell says what was got, without the tokens.
func (g *getFlags) tell(w io.Writer, got *session) error {
	var b strings.Builder
	fmt.Fprintf(&b, "Signed in at pool %s with client %s.\n", safe(g.pool), safe(g.client))
	for _, each := range []struct{ flag, text string }{{"--id", got.ID}, {"--access", got.Access}, {"--refresh", got.Refresh}} {
		t, err := token.Read(each.text)
		if err != nil {
			continue
		}
		fmt.Fprintf(&b, "  %-9s  %s", each.flag, withArticle(string(t.Kind)))
		for _, m := range t.Moments(time.Now()) {
			if m.Name == "expires" {
				fmt.Fprintf(&b, ", %s", m.Words)
			}
		}
		if len(t.Scopes) > 0 {
			fmt.Fprintf(&b, ", scopes %s", safe(strings.Join(t.Scopes, " ")))
		}
		b.WriteString("\n")
	}
	b.WriteString("Each flag prints that token alone, for $(…).\n")
	_, err := io.WriteString(w, b.String())
	return err
}

func newForget() *cobra.Command {
	return &cobra.Command{
		Use: "forget", Short: "Forget the sessions that get remembers",
		Long:    "Forget the sessions that get remembers, on this machine. Their tokens stay good until they end; aws cognito-idp revoke-token ends one.",
		Example: "  poolgate token forget",
		Args:    noArguments,
		RunE: func(cmd *cobra.Command, _ []string) error {
			store, err := openSessions()
			if err != nil {
				return fail("HOME says where it is", "there is no cache directory: %w", err)
			}
			n, err := store.forget()
			if err != nil {
				return fail("remove the directory "+store.dir, "not all could be removed: %w", errors.Unwrap(err))
			}
			_, err = fmt.Fprintf(cmd.OutOrStdout(), "Forgot %d sessions.\n", n)
			return err
		},
	}
}
