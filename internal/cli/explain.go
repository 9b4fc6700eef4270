package cli

import (
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"os"
	"regexp"
	"time"

	"github.com/spf13/cobra"

	"github.com/poolgate/poolgate/internal/explain"
	"github.com/poolgate/poolgate/internal/gateway/decision"
)

// recordLimit bounds what is read of a server's answer, in bytes.
const recordLimit = 1 << 20

var requestID = regexp.MustCompile(`^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$`)

func newExplain() *cobra.Command {
	var endpoint string
	var asJSON bool
	cmd := &cobra.Command{
		Use:   "explain REQUEST_ID",
		Short: "Tell why a request was refused",
		Long: `Tell what the gateway decided about a request: the verdict, the check that failed with what it saw
and what it expected, what would mend it, and the other checks. The request id is in the answer's
x-amzn-RequestId header.

Exits 0 when the request was allowed, 1 when it was refused, 2 when that cannot be told.`,
		Example: `  poolgate explain 5f0c6f5e-3a8f-4f0e-9a30-0d6f5f0c6f5e
  poolgate explain --json 5f0c6f5e-3a8f-4f0e-9a30-0d6f5f0c6f5e`,
		Args: func(_ *cobra.Command, args []string) error {
			if len(args) != 1 || !requestID.MatchString(args[0]) {
				return fail("curl -i shows it as x-amzn-RequestId", "explain needs one request id")
			}
			return nil
		},
		RunE: func(cmd *cobra.Command, args []string) error {
			record, raw, err := fetchRecord(cmd, endpoint, args[0])
			if err != nil {
				return err
			}
			if asJSON {
				if _, err := cmd.OutOrStdout().Write(append(raw, '\n')); err != nil {
					return err
				}
			} else if err := explain.Write(cmd.OutOrStdout(), record); err != nil {
				return err
			}
			if !record.Allowed {
				return exit(exitRefused)
			}
			return nil
		},
	}
	cmd.Flags().StringVar(&endpoint, "endpoint-url", defaultEndpoint(), "the server's `URL`")
	cmd.Flags().BoolVar(&asJSON, "json", false, "print the decision record as JSON")
	return cmd
}

func defaultEndpoint() string {
	if url := os.Getenv("AWS_ENDPOINT_URL"); url != "" {
		return url
	}
	return "http://127.0.0.1:4566"
}

// fetchRecord asks a server for the decision record of a request.
func fetchRecord(cmd *cobra.Command, endpoint, id string) (*decision.Record, []byte, error) {
	request, err := http.NewRequestWithContext(cmd.Context(), http.MethodGet, endpoint+"/_poolgate/requests/"+id, nil)
	if err != nil {
		return nil, nil, fail("write it as --endpoint-url http://127.0.0.1:4566", "%q is not a URL", endpoint)
	}
	client := http.Client{Timeout: 10 * time.Second}
	answer, err := client.Do(request)
	if err != nil {
		return nil, nil, fail("start one with poolgate serve, or name another with --endpoint-url", "no server answers at %s", endpoint)
	}
	defer func() { _ = answer.Body.Close() }()
	raw, err := io.ReadAll(io.LimitReader(answer.Body, recordLimit))
	if err != nil {
		return nil, nil, err
	}
	switch answer.StatusCode {
	case http.StatusOK:
	case http.StatusNotFound:
		return nil, nil, fail("a server remembers its last 10,000 gateway requests until it stops; send the request again",
			"%s does not know request %s", endpoint, id)
	default:
		return nil, nil, fail("is it a poolgate server?", "%s answered %s", endpoint, answer.Status)
	}
	var record decision.Record
	if err := json.Unmarshal(raw, &record); err != nil {
		return nil, nil, errors.Join(fail("is it a poolgate server?", "%s did not answer with a decision record", endpoint), err)
	}
	return &record, raw, nil
}
