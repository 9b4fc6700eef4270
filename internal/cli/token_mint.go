package cli

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/spf13/cobra"
)

func newMint() *cobra.Command {
	var endpoint, pool, claims, use string
	var life time.Duration
	cmd := &cobra.Command{
		Use:   "mint --pool POOL [--claims JSON]",
		Short: "Make a token with any claims, for a test",
		Long: `Make a token that a pool of the server on this machine signs with its own key, with any claims: what is not
given is filled in (iss, token_use, iat, exp, jti), a claim that is null is left out. It is for tests of
what comes behind an authorizer.

Only a server on this machine does it, only by a loopback address, and only while it has no access keys;
a pool on AWS never does.`,
		Example: `  poolgate token mint --pool eu-west-1_AbCdEfGhI --claims '{"sub":"jo","aud":"7hk1example","custom:tenant":"a"}'
  poolgate token mint --pool eu-west-1_AbCdEfGhI --use access --claims '{"sub":"jo","client_id":"7hk1example","scope":"orders/read"}'
  poolgate token mint --pool eu-west-1_AbCdEfGhI --life -1h`,
		Args: noArguments,
		RunE: func(cmd *cobra.Command, _ []string) error {
			request, err := mintRequest(pool, use, claims, life)
			if err != nil {
				return err
			}
			return mint(cmd, endpoint, request)
		},
	}
	flags := cmd.Flags()
	flags.StringVar(&endpoint, "endpoint-url", "", "the server's `URL` (default "+localEndpoint+", or AWS_ENDPOINT_URL)")
	flags.StringVar(&pool, "pool", "", "the pool's `ID`")
	flags.StringVar(&use, "use", "id", "which key signs, and what token_use says: `id or access`")
	flags.StringVar(&claims, "claims", "{}", "the claims, a `JSON` object")
	flags.DurationVar(&life, "life", time.Hour, "`HOW LONG` it is good; below zero for one that has expired")
	return cmd
}

// mintRequest checks what was asked for, and makes it the body of a request.
func mintRequest(pool, use, claims string, life time.Duration) ([]byte, error) {
	if pool == "" {
		return nil, fail("for instance --pool eu-west-1_AbCdEfGhI", "which pool? mint needs --pool")
	}
	if use != "id" && use != "access" {
		return nil, fail("use --use id or --use access", "there is no token of use %q", clipped(use))
	}
	var object map[string]json.RawMessage
	if err := json.Unmarshal([]byte(claims), &object); err != nil || object == nil {
		return nil, fail(`for instance --claims '{"sub":"jo"}'`, "the claims are no JSON object")
	}
	return json.Marshal(map[string]any{"pool": pool, "use": use, "claims": object, "life": life.String()})
}

func mint(cmd *cobra.Command, endpoint string, body []byte) error {
	f := explainFlags{endpoint: endpoint}
	endpoint = f.endpointOrLocal()
	if err := checkEndpoint(endpoint); err != nil {
		return err
	}
	base, err := url.Parse(endpoint)
	if err != nil {
		return err
	}
	if host := base.Hostname(); host != "localhost" && !net.ParseIP(host).IsLoopback() {
		return fail("run it on the machine that the server is on", "tokens are minted by a server on this machine only, not at %s", clipped(base.Host))
	}
	request, err := http.NewRequestWithContext(cmd.Context(), http.MethodPost, base.JoinPath("_poolgate", "tokens").String(), bytes.NewReader(body))
	if err != nil {
		return err
	}
	request.Header.Set("Content-Type", "application/json")
	// No proxy: the request must not leave the machine.
	client := http.Client{Timeout: 10 * time.Second, Transport: &http.Transport{Proxy: nil, DisableKeepAlives: true}}
	answer, err := client.Do(request)
	if err != nil {
		return noAnswer(endpoint, err)
	}
	defer func() { _ = answer.Body.Close() }()
	raw, err := io.ReadAll(io.LimitReader(answer.Body, recordLimit))
	if err != nil {
		return noAnswer(endpoint, err)
	}
	var said struct{ Token, Message, Hint string }
	if json.Unmarshal(raw, &said) != nil || said.Token == "" && said.Message == "" {
		if refusal, hint, explained := strings.Cut(string(raw), "\nhint: "); explained && answer.StatusCode == http.StatusForbidden {
			return fail(strings.TrimSpace(hint), "%s", refusal)
		}
		return strangeServer(endpoint, "answered "+answer.Status)
	}
	if said.Token == "" {
		return fail(said.Hint, "%s", strings.TrimSuffix(said.Message, "."))
	}
	_, err = fmt.Fprintln(cmd.OutOrStdout(), said.Token)
	return err
}
