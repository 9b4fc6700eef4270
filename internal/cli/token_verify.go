package cli

import (
	"cmp"
	"fmt"
	"io"
	"os"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/poolgate/poolgate/authz"
	"github.com/poolgate/poolgate/internal/token"
)

func newVerify() *cobra.Command {
	var asJSON bool
	var keys string
	cmd := &cobra.Command{
		Use:   "verify [TOKEN | @FILE | -]",
		Short: "Verify a token against its issuer's keys",
		Long: `Verify a token against the keys of its issuer: a user pool on AWS, or a server on this machine, whose key
set is fetched. Another issuer's keys come from --keys. Every check is told.

Exits 0 when the token is good, 1 when it is not, 2 when that cannot be told.`,
		Example: "  poolgate token verify @token.txt\n  poolgate token verify --keys jwks.json @token.txt",
		Args:    atMostOne,
		RunE: func(cmd *cobra.Command, args []string) error {
			t, err := givenToken(cmd, args)
			if err != nil {
				return err
			}
			var set []byte
			if keys != "" {
				if set, err = os.ReadFile(keys); err != nil {
					return fail("the key set is the JSON of a pool's /.well-known/jwks.json", "the keys cannot be read: %w", err)
				}
			}
			return verifyToken(cmd, t, set, asJSON)
		},
	}
	cmd.Flags().BoolVar(&asJSON, "json", false, "print the checks as JSON")
	cmd.Flags().StringVar(&keys, "keys", "", "`FILE` with the key set, instead of the issuer's")
	return cmd
}

func verifyToken(cmd *cobra.Command, t *token.Token, set []byte, asJSON bool) error {
	result, err := token.Verify(cmd.Context(), t, set, time.Now())
	if err != nil {
		return unreadable(err)
	}
	if asJSON {
		err = writeJSON(cmd.OutOrStdout(), map[string]any{"version": 1, "good": result.Good, "reason": result.Reason, "keys": result.Keys, "checks": result.Checks})
	} else {
		err = writeVerified(cmd.OutOrStdout(), t, result)
	}
	switch {
	case err != nil || result.Good:
		return err
	case result.Unknown:
		return exit(exitFailed)
	}
	return exit(exitRefused)
}

func writeVerified(w io.Writer, t *token.Token, result *token.Result) error {
	var b strings.Builder
	switch {
	case result.Good:
		fmt.Fprintf(&b, "Good: %s that its issuer's keys confirm.\n", strings.ToLower(withArticle(string(t.Kind))[:1])+withArticle(string(t.Kind))[1:])
	case result.Unknown:
		b.WriteString("Cannot tell: the issuer's keys could not be had.\n")
	default:
		fmt.Fprintf(&b, "Not good: %s\n%s\n", result.Reason, result.Reason.Info().Sentence)
	}
	fmt.Fprintf(&b, "  keys        %s\n\n", safe(result.Keys))
	var unreached []string
	for _, c := range result.Checks {
		switch c.Outcome {
		case authz.Skipped:
			continue
		case authz.NotReached:
			unreached = append(unreached, c.Name)
			continue
		}
		fmt.Fprintf(&b, "  %-10s  %-10s  %s\n", c.Outcome, c.Name, cmp.Or(safe(c.Saw), "-"))
		if c.Outcome == authz.Failed && c.Expected != "" {
			fmt.Fprintf(&b, "  %-10s  %-10s  expected %s\n", "", "", safe(c.Expected))
		}
	}
	if len(unreached) > 0 {
		fmt.Fprintf(&b, "  %-10s  %s\n", "not done", strings.Join(unreached, ", "))
	}
	_, err := io.WriteString(w, b.String())
	return err
}
