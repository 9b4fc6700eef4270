package cli

import (
	"io"
	"os"
	"path/filepath"
	"regexp"
	"strings"

	"github.com/spf13/cobra"

	"github.com/poolgate/poolgate/internal/curl"
	"github.com/poolgate/poolgate/internal/explain"
)

// localEndpoint is where poolgate serve listens when it is not told otherwise.
const localEndpoint = "http://127.0.0.1:4566"

// requestID is the form of a request's id: a UUID of REST APIs, sixteen characters of HTTP APIs.
var requestID = regexp.MustCompile(`^([0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}|[A-Za-z0-9_-]{15}=)$`)

// explainFlags are the flags of explain; those of explain matrix are the first of them.
type explainFlags struct {
	asJSON, noColor           bool
	endpoint, region, profile string

	url, method, token string
	headers            []string
	send               bool
}

func newExplain() *cobra.Command {
	f := new(explainFlags)
	cmd := &cobra.Command{
		Use:   "explain [FLAGS] curl … | URL | REQUEST_ID | -",
		Short: "Tell why a request was refused, here or in an AWS account",
		Long: `Tell what API Gateway decides about a request, and why: the verdict, the check that failed with what it
saw and what it expected, the command that mends it, and the other checks.

Put it in front of the failing curl, with its own flags before the word curl. A command that a browser
copied ("Copy as cURL", for bash or for cmd) goes in as one quoted argument, or on standard input with -.
A URL is enough for a GET without headers. A request id asks this server what it decided then: it is in
the answer's x-amzn-RequestId header, of an HTTP API's answer in apigw-requestid.

The API's settings are read with the AWS SDK's usual credentials and region, by calls that only read;
of a URL of this machine, from the server there. GET, HEAD and OPTIONS are sent, once; anything else only
with --send. Tokens and secrets are neither printed whole nor kept.

Exits 0 when the request was allowed, 1 when it was refused, 2 when that cannot be told.`,
		Example: `  poolgate explain curl -H "Authorization: $TOKEN" https://a1b2c3d4e5.execute-api.eu-west-1.amazonaws.com/prod/orders
  poolgate explain --send curl -X POST -d '{"item":1}' https://api.example.com/orders
  pbpaste | poolgate explain -
  poolgate explain --url http://127.0.0.1:4566/_aws/execute-api/a1b2c3d4e5/dev/orders --token @token.txt
  poolgate explain 5f0c6f5e-3a8f-4f0e-9a30-0d6f5f0c6f5e
  poolgate explain matrix a1b2c3d4e5/dev GET /orders`,
		RunE:                  f.run,
		DisableFlagsInUseLine: true,
	}
	cmd.Flags().SetInterspersed(false) // what follows curl is curl's
	shared := cmd.PersistentFlags()
	shared.StringVar(&f.endpoint, "endpoint-url", "", "`URL` of the server whose settings are read (default: the URL's own machine, or AWS)")
	shared.StringVar(&f.region, "region", "", "`REGION` of a custom domain, or of an API that is named by a path (default: the SDK's)")
	shared.StringVar(&f.profile, "profile", "", "`NAME` of the profile with the credentials (default: the SDK's)")
	shared.BoolVar(&f.asJSON, "json", false, "print the verdict as JSON")
	shared.BoolVar(&f.noColor, "no-color", false, "print no colours; so does NO_COLOR in the environment")
	own := cmd.Flags()
	own.StringVar(&f.url, "url", "", "`URL` of the request, instead of a curl command")
	own.StringVar(&f.method, "method", "", "`VERB` of the request to --url (default GET)")
	own.StringArrayVar(&f.headers, "header", nil, "`'NAME: VALUE'` sent to --url; repeat for more")
	own.StringVar(&f.token, "token", "", "`TOKEN` sent to --url in Authorization, or @FILE that holds it")
	own.BoolVar(&f.send, "send", false, "send the request even if it is no GET, HEAD or OPTIONS")
	cmd.AddCommand(newMatrix(f))
	return cmd
}

// run finds out what was given: a curl command in words or in one, a URL, a request's id.
func (f *explainFlags) run(cmd *cobra.Command, args []string) error {
	if len(args) > 0 && isCurl(args[0]) {
		return f.explainCurl(cmd, args[1:], cmd.InOrStdin())
	}
	args, err := restOfFlags(cmd, args)
	if err != nil {
		return err
	}
	if help, err := cmd.Flags().GetBool("help"); err == nil && help { // behind what stood first
		return cmd.Help()
	}
	switch {
	case len(args) > 1:
		return fail("run it once for each; a curl command begins with the word curl, a pasted one is in quotes", "explain takes one request, not %d", len(args))
	case f.url != "" && len(args) > 0:
		return fail("leave one of them out", "explain takes either --url or %q", clipped(args[0]))
	case f.url != "":
		return f.explainURL(cmd, f.url)
	case len(args) == 0:
		return fail("put it in front of the failing curl, or give --url URL, or a request's id (curl -i shows it as x-amzn-RequestId, for instance 5f0c6f5e-3a8f-4f0e-9a30-0d6f5f0c6f5e)",
			"which request? explain needs a curl command, a URL or a request's id")
	}
	return f.explainOne(cmd, args[0])
}

// explainOne explains what one word names.
func (f *explainFlags) explainOne(cmd *cobra.Command, word string) error {
	switch {
	case word == "-":
		text, err := io.ReadAll(io.LimitReader(cmd.InOrStdin(), curl.LongestText+1))
		if err != nil {
			return fail("for instance: pbpaste | poolgate explain -", "standard input cannot be read: %w", err)
		}
		return f.explainPasted(cmd, string(text))
	case strings.HasPrefix(word, "http://") || strings.HasPrefix(word, "https://"):
		return f.explainURL(cmd, word)
	case strings.ContainsAny(word, " \t\n"):
		return f.explainPasted(cmd, word)
	case !requestID.MatchString(word):
		return fail("curl -i shows it as x-amzn-RequestId, or apigw-requestid of an HTTP API; a request begins with curl or https://", "%q is not a request id", clipped(word))
	case len(f.headers) > 0 || f.token != "" || f.method != "" || f.send:
		return fail("--url URL says where they are sent", "a request that is over takes no --header, --token, --method and --send")
	}
	return f.explainRecord(cmd, word)
}

// explainPasted explains a curl command that is one text.
func (f *explainFlags) explainPasted(cmd *cobra.Command, text string) error {
	words, err := curl.Split(text)
	if err != nil {
		return problemOf(err)
	}
	if len(words) == 0 || !isCurl(words[0]) {
		return fail(`in the browser's network panel choose "Copy as cURL"; PowerShell and fetch are not read`, "what was pasted does not begin with curl")
	}
	return f.explainCurl(cmd, words[1:], nil)
}

// isCurl tells whether a word is curl's name.
func isCurl(word string) bool {
	name := strings.TrimSuffix(strings.ToLower(filepath.Base(word)), ".exe")
	return name == "curl" && !strings.Contains(word, "://")
}

// restOfFlags reads the flags behind the first argument, where it was not curl.
func restOfFlags(cmd *cobra.Command, args []string) ([]string, error) {
	if len(args) == 0 {
		return nil, nil
	}
	cmd.Flags().SetInterspersed(true)
	if err := cmd.ParseFlags(args); err != nil {
		return nil, cmd.FlagErrorFunc()(cmd, err)
	}
	return cmd.Flags().Args(), nil
}

// endpointOrLocal is the endpoint that was given, by flag or as the aws CLI takes it, or where poolgate serve listens.
func (f *explainFlags) endpointOrLocal() string {
	for _, endpoint := range []string{f.endpoint, os.Getenv("AWS_ENDPOINT_URL")} {
		if endpoint != "" {
			return endpoint
		}
	}
	return localEndpoint
}

// look is how a verdict is shown where the command prints.
func (f *explainFlags) look(cmd *cobra.Command) explain.Options {
	width, colour := terminal(cmd.OutOrStdout())
	return explain.Options{Width: width, Colour: colour && !f.noColor}
}
