package cli

import (
	"bytes"
	"crypto/tls"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/poolgate/poolgate/internal/explain"
	"github.com/poolgate/poolgate/internal/gateway/decision"
)

// recordLimit bounds what is read of a server's answer, in bytes.
const recordLimit = 1 << 20

// explainRecord tells what a server remembers of a request.
func (f *explainFlags) explainRecord(cmd *cobra.Command, id string) error {
	record, raw, err := fetchRecord(cmd, f.endpointOrLocal(), id)
	if err != nil {
		return err
	}
	if f.asJSON {
		_, err = cmd.OutOrStdout().Write(append(raw, '\n'))
	} else {
		err = explain.Write(cmd.OutOrStdout(), explain.OfRecord(record), f.look(cmd))
	}
	if err == nil && !record.Allowed {
		return exit(exitRefused)
	}
	return err
}

// fetchRecord asks a server for the decision record of a request.
func fetchRecord(cmd *cobra.Command, endpoint, id string) (*decision.Record, []byte, error) {
	if err := checkEndpoint(endpoint); err != nil {
		return nil, nil, err
	}
	base, err := url.Parse(endpoint)
	if err != nil {
		return nil, nil, err
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
