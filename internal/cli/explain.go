package cli

import (
	"bytes"
	"crypto/tls"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"net/url"
	"os"
	"regexp"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/poolgate/poolgate/internal/explain"
	"github.com/poolgate/poolgate/internal/gateway/decision"
)

// recordLimit bounds what is read of a server's answer, in bytes.
const recordLimit = 1 << 20

// requestID is the form of a request's id: a UUID of REST APIs, sixteen characters of HTTP APIs.
var requestID = regexp.MustCompile(`^([0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}|[A-Za-z0-9_-]{15}=)$`)

func newExplain() *cobra.Command {
	var endpoint string
	var asJSON bool
	cmd := &cobra.Command{
		Use:   "explain REQUEST_ID",
		Short: "Tell why a request was refused",
		Long: `Tell what the gateway decided about a request: the verdict, the check that failed with what it saw
and what it expected, what would mend it, and the other checks. The request id is in the answer's
x-amzn-RequestId header, of an HTTP API's answer in apigw-requestid.

Exits 0 when the request was allowed, 1 when it was refused, 2 when that cannot be told.`,
		Example: `  poolgate explain 5f0c6f5e-3a8f-4f0e-9a30-0d6f5f0c6f5e
  poolgate explain --json 5f0c6f5e-3a8f-4f0e-9a30-0d6f5f0c6f5e`,
		Args: oneRequest,
		RunE: func(cmd *cobra.Command, args []string) error {
			record, raw, err := fetchRecord(cmd, endpoint, args[0])
			if err != nil {
				return err
			}
			if asJSON {
				if _, err := cmd.OutOrStdout().Write(append(raw, '\n')); err != nil {
					return err
				}
			} else if err := explain.Write(cmd.OutOrStdout(), explain.OfRecord(record), explain.Options{}); err != nil {
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

// oneRequest takes exactly one request id.
func oneRequest(_ *cobra.Command, args []string) error {
	const hint = "curl -i shows it as x-amzn-RequestId, or apigw-requestid of an HTTP API, for instance 5f0c6f5e-3a8f-4f0e-9a30-0d6f5f0c6f5e"
	switch {
	case len(args) == 0:
		return fail(hint, "which request? explain needs its id")
	case len(args) > 1:
		return fail("run it once for each", "explain takes one request id, not %d", len(args))
	case !requestID.MatchString(args[0]):
		return fail(hint, "%q is not a request id", args[0])
	}
	return nil
}

// fetchRecord asks a server for the decision record of a request.
func fetchRecord(cmd *cobra.Command, endpoint, id string) (*decision.Record, []byte, error) {
	base, err := url.Parse(endpoint)
	if err != nil || base.Host == "" || (base.Scheme != "http" && base.Scheme != "https") {
		return nil, nil, fail("write it as --endpoint-url http://127.0.0.1:4566", "%q is not the URL of a server", endpoint)
	}
	request, err := http.NewRequestWithContext(cmd.Context(), http.MethodGet, base.JoinPath("_poolgate", "requests", id).String(), nil)
	if err != nil {
		return nil, nil, err
	}
	client := http.Client{Timeout: 10 * time.Second}
	answer, err := client.Do(request)
	if err != nil {
		return nil, nil, noAnswer(endpoint, err)
	}
	defer func() { _ = answer.Body.Close() }()
	raw, err := io.ReadAll(io.LimitReader(answer.Body, recordLimit))
	if err != nil {
		return nil, nil, noAnswer(endpoint, err)
	}
	raw = bytes.TrimSpace(raw)
	if answer.StatusCode != http.StatusOK {
		return nil, nil, noRecord(endpoint, id, answer, raw)
	}
	record := new(decision.Record)
	if err := json.Unmarshal(raw, record); err != nil || record.RequestID != id {
		return nil, nil, strangeServer(endpoint, "did not answer with a decision record")
	}
	return record, raw, nil
}

// noAnswer tells a server that is not there from one that cannot be talked to.
func noAnswer(endpoint string, err error) error {
	var why *url.Error
	if errors.As(err, &why) {
		err = why.Err
	}
	if certificate := new(tls.CertificateVerificationError); errors.As(err, &certificate) {
		return fail("the same port answers without TLS: --endpoint-url http://…", "%s shows a certificate that is not trusted here", endpoint)
	}
	return fail("start one with poolgate serve, or name another with --endpoint-url URL", "no server answers at %s: %w", endpoint, err)
}

// noRecord says what an answer other than 200 means. A poolgate server explains itself: in JSON, or in two lines where it lets nobody in.
func noRecord(endpoint, id string, answer *http.Response, raw []byte) error {
	var said struct {
		Message string `json:"message"`
	}
	refusal, hint, explained := strings.Cut(string(raw), "\nhint: ")
	switch {
	case answer.StatusCode == http.StatusNotFound && json.Unmarshal(raw, &said) == nil && said.Message != "":
		return fail("it remembers its latest requests, 10,000 at the most, until it stops, and each server only its own; send the request again",
			"the server at %s does not remember request %s", endpoint, id)
	case answer.StatusCode == http.StatusForbidden && explained:
		return fail(hint, "%s", refusal)
	}
	return strangeServer(endpoint, "answered "+answer.Status)
}

func strangeServer(endpoint, did string) error {
	return fail("name a poolgate server with --endpoint-url URL; AWS itself does not tell reasons", "%s %s", endpoint, did)
}
