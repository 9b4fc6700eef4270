package cli

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/poolgate/poolgate/authz"
	"github.com/poolgate/poolgate/internal/account"
	"github.com/poolgate/poolgate/internal/curl"
	"github.com/poolgate/poolgate/internal/explain"
)

// tokenLimit bounds a file with a token, in bytes.
const tokenLimit = 1 << 20

// explainCurl explains the request that a curl command sends.
func (f *explainFlags) explainCurl(cmd *cobra.Command, words []string, stdin io.Reader) error {
	if f.url != "" || f.method != "" || f.token != "" || len(f.headers) > 0 {
		return fail("give them as curl's own: -X VERB, -H 'Authorization: TOKEN'", "--url, --method, --header and --token do not go with a curl command")
	}
	command, err := curl.Parse(words, curl.Env{Stdin: stdin})
	if err != nil {
		return problemOf(err)
	}
	return f.explainCommand(cmd, command, "curl")
}

// explainURL explains the request that the flags describe.
func (f *explainFlags) explainURL(cmd *cobra.Command, url string) error {
	words := []string{"--globoff", "--url", url}
	if f.method != "" {
		words = append(words, "--request", strings.ToUpper(f.method))
	}
	for _, header := range f.headers {
		if !strings.Contains(header, ":") {
			return fail("write it as --header 'NAME: VALUE'", "a header has a name and a colon before its value")
		}
		words = append(words, "--header", header)
	}
	if cmd.Flags().Changed("token") {
		token, err := readToken(f.token)
		if err != nil {
			return err
		}
		if strings.TrimSpace(token) == "" {
			return fail("a shell's variable that is not set gives none; without --token the request is sent without one", "the token of --token is empty")
		}
		words = append(words, "--header", "Authorization: "+token)
	}
	command, err := curl.Parse(words, curl.Env{})
	if err != nil {
		return problemOf(err)
	}
	return f.explainCommand(cmd, command, "url")
}

// readToken reads a token, or @FILE that holds one. The line's end of a file is not the token's; all else is left for the checks to find.
func readToken(text string) (string, error) {
	name, isFile := strings.CutPrefix(text, "@")
	if !isFile {
		return text, nil
	}
	file, err := os.Open(name)
	if err != nil {
		var why *os.PathError
		if errors.As(err, &why) {
			err = why.Err
		}
		return "", fail("@FILE reads the token from a file", "the token's file %q cannot be read: %w", clipped(name), err)
	}
	defer func() { _ = file.Close() }()
	content, err := io.ReadAll(io.LimitReader(file, tokenLimit+1))
	if err != nil || len(content) > tokenLimit {
		return "", fail("@FILE reads the token from a file", "%q holds no token", clipped(name))
	}
	return strings.TrimRight(string(content), "\r\n"), nil
}

// explainCommand makes the case, and tells its verdict.
func (f *explainFlags) explainCommand(cmd *cobra.Command, command *curl.Command, given string) error {
	ctx := cmd.Context()
	located, err := f.locate(command)
	if err != nil {
		return err
	}
	if err := sign(ctx, command); err != nil {
		return err
	}
	answer, notSent := f.answerTo(ctx, command)
	f.regionOf(cmd, &located, answer)
	reader, err := f.open(ctx, &located)
	if err != nil {
		return err
	}
	for _, note := range command.Notes {
		_, _ = fmt.Fprintf(cmd.ErrOrStderr(), "note: %s\n", note)
	}
	if notSent != "" {
		_, _ = fmt.Fprintf(cmd.ErrOrStderr(), "note: %s\n", notSent)
	}
	verdict, err := explain.Diagnose(ctx, explain.Case{
		Request: explain.Request{Method: command.Method, URL: command.URL, Header: command.Header, BodyLength: int64(len(command.Body)),
			Body: command.Body[:min(len(command.Body), explain.AnswerLimit)], Given: given},
		Located: located, Answer: answer, NotSent: notSent, Account: reader,
	})
	if err != nil {
		return fail("it is safe to run it again: it only reads", "explain was interrupted: %w", err)
	}
	return f.tell(cmd, verdict)
}

// locate finds API, region and server of a command.
func (f *explainFlags) locate(command *curl.Command) (explain.Located, error) {
	located, err := explain.Locate(command.URL, command.Header.Get("Host"))
	var elsewhere *explain.Elsewhere
	switch {
	case errors.As(err, &elsewhere):
		return located, fail(elsewhere.Hint, "%w", elsewhere)
	case err != nil:
		return located, fail("for instance https://a1b2c3d4e5.execute-api.eu-west-1.amazonaws.com/prod/orders", "%w", err)
	}
	if f.endpoint != "" {
		if err := checkEndpoint(f.endpoint); err != nil {
			return located, err
		}
		located.Endpoint = strings.TrimSuffix(f.endpoint, "/")
	}
	located.Profile = f.profile
	return located, nil
}

// open opens the account that the API is in. A local server has some region even where none is configured.
func (f *explainFlags) open(ctx context.Context, located *explain.Located) (*account.Reader, error) {
	options := account.Options{EndpointURL: located.Endpoint, Region: cmp.Or(located.Region, f.region), Profile: f.profile}
	reader, err := account.Open(ctx, options)
	if errors.Is(err, account.ErrNoRegion) && located.Local {
		options.Region = "us-east-1"
		reader, err = account.Open(ctx, options)
	}
	switch {
	case errors.Is(err, account.ErrNoRegion):
		return nil, fail("give --region eu-west-1, or set AWS_REGION: a custom domain's name does not tell it", "the region of the API is not known")
	case err != nil:
		return nil, fail("aws configure list shows what the SDK's settings are; --profile and --region come before them", "the account cannot be opened: %w", err)
	}
	if located.Kind == explain.PathStyle || located.Kind == explain.ExecuteAPI {
		located.Region = cmp.Or(located.Region, reader.Region())
	}
	return reader, nil
}

// tell prints a verdict, and ends with its exit code.
func (f *explainFlags) tell(cmd *cobra.Command, v *explain.Verdict) error {
	var err error
	if f.asJSON {
		err = writeJSON(cmd.OutOrStdout(), whole(v))
	} else {
		err = explain.Write(cmd.OutOrStdout(), v, f.look(cmd))
	}
	if code := v.ExitCode(); err == nil && code != exitOK {
		return exit(code)
	}
	return err
}

// whole is a verdict whose lists are lists, if empty ones: a program need not ask.
func whole(v *explain.Verdict) *explain.Verdict {
	all := *v
	if all.Mend == nil {
		all.Mend = []string{}
	}
	if all.Checks == nil {
		all.Checks = []authz.Check{}
	}
	if all.Warnings == nil {
		all.Warnings = []authz.Warning{}
	}
	return &all
}

// writeJSON prints a value as one line of JSON.
func writeJSON(w io.Writer, value any) error {
	encoder := json.NewEncoder(w)
	encoder.SetEscapeHTML(false)
	return encoder.Encode(value)
}

// problemOf turns a curl command's problem into a failure.
func problemOf(err error) error {
	var problem *curl.Problem
	if errors.As(err, &problem) {
		return fail(problem.Hint, "%s", problem.Message)
	}
	return err
}

// isSafe tells whether sending a request changes nothing (RFC 9110, section 9.2.1).
func isSafe(method string) bool {
	return slices.Contains([]string{http.MethodGet, http.MethodHead, http.MethodOptions}, method)
}
