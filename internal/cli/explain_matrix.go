package cli

import (
	"cmp"
	"errors"
	"strings"

	"github.com/spf13/cobra"

	"github.com/poolgate/poolgate/internal/account"
	"github.com/poolgate/poolgate/internal/explain"
)

func newMatrix(f *explainFlags) *cobra.Command {
	return &cobra.Command{
		Use:   "matrix API/STAGE METHOD PATH",
		Short: "Tell which token a method takes",
		Long: `Tell which token a method takes: no token, an ID token, an access token with and without the method's
scope, an expired one, a refresh token, one of another pool, bare and behind the word Bearer, each with
the answer it gets. The gateway's own engine decides, with the settings that the stage has deployed.
Nothing is sent to the API; the tokens are made for the question and are good for nothing else.

Without --endpoint-url and AWS_ENDPOINT_URL it is the server on this machine that is asked; with
--region, --profile or the SDK's own settings and --endpoint-url aws, the AWS account.`,
		Example: `  poolgate explain matrix a1b2c3d4e5/dev GET /orders/{id}
  poolgate explain matrix --json a1b2c3d4e5/dev GET /orders
  poolgate explain matrix --endpoint-url aws --region eu-west-1 a1b2c3d4e5/prod GET /orders`,
		Args: threeWords,
		RunE: func(cmd *cobra.Command, args []string) error {
			api, stage, _ := strings.Cut(args[0], "/")
			return f.matrix(cmd, api, stage, args[1], args[2])
		},
	}
}

func threeWords(_ *cobra.Command, args []string) error {
	const hint = "for instance: poolgate explain matrix a1b2c3d4e5/dev GET /orders"
	if len(args) != 3 {
		return fail(hint, "explain matrix takes API/STAGE, a verb and a path, not %d words", len(args))
	}
	if api, stage, found := strings.Cut(args[0], "/"); !found || api == "" || stage == "" || strings.Contains(stage, "/") {
		return fail(hint, "%q does not name a stage", clipped(args[0]))
	}
	if strings.Trim(strings.ToUpper(args[1]), "ABCDEFGHIJKLMNOPQRSTUVWXYZ") != "" || args[1] == "" {
		return fail(hint, "%q is no verb", clipped(args[1]))
	}
	return nil
}

// matrix reads the API and prints the table.
func (f *explainFlags) matrix(cmd *cobra.Command, api, stage, verb, path string) error {
	endpoint := f.endpointOrLocal()
	if endpoint == "aws" {
		endpoint = ""
	} else if err := checkEndpoint(endpoint); err != nil {
		return err
	}
	located := explain.Located{Kind: explain.ExecuteAPI, API: api, Endpoint: endpoint, Local: endpoint != ""}
	f.regionOf(cmd, &located, nil)
	reader, err := f.open(cmd.Context(), &located)
	if err != nil {
		return err
	}
	if err := f.reaches(cmd, endpoint, reader); err != nil {
		return err
	}
	table, err := explain.Matrix(cmd.Context(), reader, reader.Region(), api, stage, verb, path)
	var none *explain.NoTable
	switch {
	case errors.As(err, &none):
		return fail(none.Hint, "%w", withGaps(none, reader.Gaps()))
	case err != nil:
		return fail("it is safe to run it again: it only reads", "explain matrix was interrupted: %w", err)
	}
	if f.asJSON {
		return writeJSON(cmd.OutOrStdout(), table)
	}
	return explain.WriteTable(cmd.OutOrStdout(), table, f.look(cmd))
}

// reaches tells a server that is not there from an API that is not.
func (f *explainFlags) reaches(cmd *cobra.Command, endpoint string, reader *account.Reader) error {
	if endpoint == "" {
		return nil
	}
	if _, err := reader.Caller(cmd.Context()); err != nil {
		return err
	}
	for _, gap := range reader.Gaps() {
		if gap.Kind == account.GapUnreachable {
			return fail("start one with poolgate serve, or name another with --endpoint-url URL; --endpoint-url aws is AWS", "no server answers at %s: %s", endpoint, cmp.Or(gap.Message, "no answer"))
		}
	}
	return nil
}

// withGaps adds to an error what could not be read.
func withGaps(err error, gaps []account.Gap) error {
	if len(gaps) == 0 {
		return err
	}
	first := gaps[0]
	text := err.Error() + "; " + first.Operation + " was not read (" + string(first.Kind) + ")"
	if first.Permission != "" {
		text += ", which needs " + first.Permission
	}
	return errors.New(text)
}
