package cli

import (
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"net/url"
	"os"
	"path/filepath"
	"strings"

	"github.com/spf13/cobra"

	"github.com/poolgate/poolgate/internal/account"
	"github.com/poolgate/poolgate/internal/pull"
)

type pullFlags struct {
	stage, out, endpoint, region, profile string
	asJSON                                bool
}

func newPull() *cobra.Command {
	var f pullFlags
	cmd := &cobra.Command{
		Use:   "pull API|URL|POOL ...",
		Short: "Copy an API and its user pools from an AWS account",
		Long: `Copy APIs, as their stages have them deployed and as they are edited, with their authorizers, usage plans
and the user pools that they trust, into a directory of JSON files that can be read, diffed and served:
poolgate serve --from DIR brings the same ids up here, where the account's own tokens verify.

Only calls are made that read. Passwords, client secrets and API keys are not copied. Credentials and the
region come from where the AWS CLI has them. What may not be read is told, with the permission that it needs.

Exits 0 when the copy is complete, 1 when something could not be read, 2 when nothing was written.`,
		Example: `  poolgate pull a1b2c3d4e5
  poolgate pull https://a1b2c3d4e5.execute-api.eu-west-1.amazonaws.com/prod/pets --stage prod --out ./cloud
  poolgate pull eu-west-1_AbCdEfGhI --region eu-west-1
  poolgate pull a1b2c3d4e5 --endpoint-url http://127.0.0.1:4566 --region us-east-1`,
		Args: func(_ *cobra.Command, args []string) error {
			if len(args) == 0 {
				return fail("poolgate pull a1b2c3d4e5, or the URL of a deployed API, or a user pool's id", "there is nothing to pull")
			}
			return nil
		},
		RunE: func(cmd *cobra.Command, args []string) error { return f.run(cmd, args) },
	}
	flags := cmd.Flags()
	flags.StringVar(&f.stage, "stage", "", "the one `STAGE` to copy (default all)")
	flags.StringVar(&f.out, "out", "", "`DIR` to write, new, empty or an earlier copy (default ./poolgate-NAME)")
	flags.StringVar(&f.endpoint, "endpoint-url", "", "`URL` of another server than AWS")
	flags.StringVar(&f.region, "region", "", "AWS `REGION` (default the target's, or the configured one)")
	flags.StringVar(&f.profile, "profile", "", "`PROFILE` of the AWS configuration")
	flags.BoolVar(&f.asJSON, "json", false, "print what was done as JSON")
	return cmd
}

func (f *pullFlags) run(cmd *cobra.Command, args []string) error {
	targets, err := f.targets(args)
	if err != nil {
		return err
	}
	out := cmp.Or(f.out, "poolgate-"+targets[0].String())
	if err := pull.MayWrite(out); err != nil {
		return hintWrite(err)
	}
	ctx := cmd.Context()
	reader, err := account.Open(ctx, account.Options{EndpointURL: f.endpoint, Region: f.region, Profile: f.profile})
	if errors.Is(err, account.ErrNoRegion) {
		return fail("name it with --region eu-west-1, or with aws configure set region eu-west-1", "nothing says which region to read")
	}
	if err != nil {
		return fail("aws sts get-caller-identity shows whether the AWS configuration is in order", "the account cannot be opened: %w", err)
	}
	copied, err := pull.Fetch(ctx, reader, targets, f.stage, f.progress(cmd))
	if err != nil {
		return hintFetch(err)
	}
	if err := pull.Write(out, copied); err != nil {
		return hintWrite(err)
	}
	return f.tell(cmd, out, copied)
}

// targets reads the arguments. What they say of the region and the server counts where no flag does.
func (f *pullFlags) targets(args []string) ([]pull.Target, error) {
	f.endpoint = cmp.Or(f.endpoint, os.Getenv("AWS_ENDPOINT_URL"))
	var targets []pull.Target
	region := f.region
	for _, text := range args {
		t, err := pull.ParseTarget(text)
		if err != nil {
			return nil, fail("write poolgate pull a1b2c3d4e5, the URL of a deployed API, or a user pool's id", "%w", err)
		}
		if t.API != "" && t.Region != "" {
			if region != "" && region != t.Region && f.region == "" {
				return nil, fail("pull each region into a directory of its own", "%s and %s are two regions", region, t.Region)
			}
			region = cmp.Or(region, t.Region)
		}
		if u, err := url.Parse(text); f.endpoint == "" && err == nil && isLocalURL(u) {
			f.endpoint = u.Scheme + "://127.0.0.1"
			if u.Port() != "" {
				f.endpoint += ":" + u.Port()
			}
		}
		targets = append(targets, t)
	}
	if region == "" && targets[0].Pool != "" {
		region = targets[0].Region
	}
	f.region = region
	return targets, nil
}

// isLocalURL tells whether a URL is of a server on this machine.
func isLocalURL(u *url.URL) bool {
	host := strings.ToLower(u.Hostname())
	return host == "localhost" || strings.HasSuffix(host, ".localhost") || net.ParseIP(host).IsLoopback()
}

// progress tells a terminal what is read just now; nobody else.
func (f *pullFlags) progress(cmd *cobra.Command) func(string) {
	width, _ := terminal(cmd.ErrOrStderr())
	if width == 0 || f.asJSON {
		return nil
	}
	return func(what string) { _, _ = fmt.Fprintf(cmd.ErrOrStderr(), "reading %s\n", clipped(what)) }
}

// summary is what --json prints.
type summary struct {
	Version  int            `json:"version"`
	Dir      string         `json:"dir"`
	Account  string         `json:"account"`
	Region   string         `json:"region"`
	RESTAPIs int            `json:"restApis"`
	HTTPAPIs int            `json:"httpApis"`
	Pools    int            `json:"userPools"`
	Plans    int            `json:"usagePlans"`
	NotRead  []pull.NotRead `json:"notRead"`
}

func (f *pullFlags) tell(cmd *cobra.Command, out string, c *pull.Copy) error {
	if abs, err := filepath.Abs(out); err == nil {
		out = abs
	}
	w := cmd.OutOrStdout()
	if f.asJSON {
		s := summary{1, out, c.Account, c.Region, len(c.RESTAPIs), len(c.HTTPAPIs), len(c.Pools), len(c.Plans), c.NotRead}
		if s.NotRead == nil {
			s.NotRead = []pull.NotRead{}
		}
		encoder := json.NewEncoder(w)
		encoder.SetEscapeHTML(false)
		encoder.SetIndent("", "  ")
		if err := encoder.Encode(s); err != nil {
			return err
		}
	} else {
		_, _ = fmt.Fprintf(w, "%s is a copy of account %s in %s\n", out, c.Account, c.Region)
		_, _ = fmt.Fprintf(w, "  REST APIs %d, HTTP APIs %d, user pools %d, usage plans %d\n", len(c.RESTAPIs), len(c.HTTPAPIs), len(c.Pools), len(c.Plans))
		for _, n := range c.NotRead {
			_, _ = fmt.Fprintf(w, "  not read: %s, %s; it needs %s\n", n.Operation, n.Why, n.Permission)
		}
		_, _ = fmt.Fprintf(w, "  serve it  poolgate serve --from %s\n", quoted(out))
	}
	if len(c.NotRead) > 0 {
		return exit(exitRefused)
	}
	return nil
}

// quoted is a path as a shell takes it.
func quoted(path string) string {
	if strings.Trim(path, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789/._-+@%") == "" {
		return path
	}
	return "'" + strings.ReplaceAll(path, "'", `'\''`) + "'"
}

func hintWrite(err error) error {
	if errors.Is(err, pull.ErrNotOurs) {
		return fail("name a new directory with --out DIR", "%w: it is left as it is", err)
	}
	return fail("name a directory that you may write to with --out DIR", "%w", err)
}

// hintFetch tells what keeps the account from answering.
func hintFetch(err error) error {
	var missing *pull.Missing
	if !errors.As(err, &missing) {
		return err
	}
	if len(missing.Gaps) == 0 {
		return fail("look at the id, --region and --profile; aws sts get-caller-identity tells which account it is", "%w", err)
	}
	switch gap := missing.Gaps[0]; gap.Kind {
	case account.GapCredentials:
		return fail("aws sts get-caller-identity shows whether the credentials are good; name others with --profile", "%w", err)
	case account.GapDenied:
		return fail("allow "+gap.Permission, "%w", err)
	case account.GapThrottled:
		return fail("try again in a minute", "%w", err)
	default:
		return fail("look at --endpoint-url and at the network", "%w", err)
	}
}
