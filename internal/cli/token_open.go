package cli

import (
	"cmp"
	"context"
	"fmt"
	"io"
	"os"
	"strings"
	"time"

	awshttp "github.com/aws/aws-sdk-go-v2/aws/transport/http"
	"github.com/aws/aws-sdk-go-v2/config"
	"github.com/aws/aws-sdk-go-v2/credentials"
	cip "github.com/aws/aws-sdk-go-v2/service/cognitoidentityprovider"
	"github.com/aws/smithy-go/logging"
	"github.com/spf13/cobra"
	"golang.org/x/term"

	"github.com/poolgate/poolgate/internal/account"
)

// answerWithin is how long one answer of the pool's service may take.
const answerWithin = 30 * time.Second

// open makes a client of the pool's region. A local server takes any credentials where none are configured.
func (g *getFlags) open(ctx context.Context) (*cip.Client, error) {
	region, _, _ := strings.Cut(g.pool, "_")
	g.region = cmp.Or(g.region, region)
	settings := []func(*config.LoadOptions) error{
		config.WithRegion(g.region), config.WithLogger(logging.Nop{}), config.WithHTTPClient(awshttp.NewBuildableClient().WithTimeout(answerWithin)),
	}
	if g.profile != "" {
		settings = append(settings, config.WithSharedConfigProfile(g.profile))
	}
	if g.endpoint != "" && os.Getenv("AWS_ACCESS_KEY_ID") == "" && g.profile == "" {
		settings = append(settings, config.WithCredentialsProvider(credentials.NewStaticCredentialsProvider("test", "test", "")))
	}
	loaded, err := config.LoadDefaultConfig(ctx, settings...)
	if err != nil {
		return nil, fail("aws configure list shows what the SDK's settings are", "the SDK's settings cannot be read: %w", err)
	}
	if loaded.Credentials == nil {
		g.anonymous = true
	} else if _, err := loaded.Credentials.Retrieve(ctx); err != nil {
		g.anonymous = true
	}
	if g.anonymous && g.flow == flowAdmin {
		return nil, fail("aws configure gives some, --profile NAME chooses others; --flow srp needs none", "the flow admin needs AWS credentials, and there are none")
	}
	loaded.HTTPClient = account.Unredirected(loaded.HTTPClient, nil, answerWithin) // what is sent may be a password
	return cip.NewFromConfig(loaded, func(o *cip.Options) {
		if g.endpoint != "" {
			o.BaseEndpoint = &g.endpoint
		}
	}), nil
}

// askPassword reads the password: from standard input, or from the terminal without showing it.
func (g *getFlags) askPassword(cmd *cobra.Command) error {
	if g.passwordStdin {
		raw, err := io.ReadAll(io.LimitReader(cmd.InOrStdin(), 4<<10))
		if g.password = strings.TrimRight(string(raw), "\r\n"); err != nil || g.password == "" {
			return fail("for instance: echo \"$PASSWORD\" | poolgate token get --password-stdin …", "there is no password on standard input")
		}
		return nil
	}
	in, ok := cmd.InOrStdin().(*os.File)
	if !ok || !term.IsTerminal(int(in.Fd())) {
		return fail("give --password-stdin, and the password on standard input", "the password cannot be asked for: this is no terminal")
	}
	_, _ = fmt.Fprintf(cmd.ErrOrStderr(), "Password of %s: ", safe(g.user))
	raw, err := term.ReadPassword(int(in.Fd()))
	_, _ = fmt.Fprintln(cmd.ErrOrStderr())
	if g.password = string(raw); err != nil || g.password == "" {
		return fail("type it, and Enter", "no password was given")
	}
	return nil
}
