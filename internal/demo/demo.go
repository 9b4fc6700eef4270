// Package demo is the walk that the product exists for: an API is protected with access tokens, step by step as the AWS guides have it,
// against a server that it starts, over the real wire. Each step is printed as the command that a user would type, with
// its answer; what came back is compared with what AWS would answer. It knows the server only by its URL.
package demo

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"net/http/cookiejar"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/apigateway"
	"github.com/aws/aws-sdk-go-v2/service/cognitoidentityprovider"
)

const (
	region   = "eu-west-1"
	scope    = "user_management_lambdas/api"
	password = "Correct-horse-1"
	callback = "http://localhost:3000/callback"
)

// requestTimeout bounds every request of the walk.
const requestTimeout = 30 * time.Second

// walk is the demo in progress: the clients, what was made so far, and what came back other than expected.
type walk struct {
	out       io.Writer
	url       string
	cognito   *cognitoidentityprovider.Client
	gateway   *apigateway.Client
	wire      *recorder
	http      *http.Client
	surprises []string

	poolID, poolARN, clientID, domain string
	apiID, rootID, authorizerID       string
	plainID                           string
	before, after                     tokens
}

// tokens are what one sign-in gave.
type tokens struct{ id, access, refresh string }

// Run does the walk against the server at url and reports it on out. The error names every answer that was not the expected one.
func Run(ctx context.Context, out io.Writer, url string) error {
	w, err := newWalk(out, url)
	if err != nil {
		return err
	}
	w.say("The server listens on %s and keeps nothing. To type along:", url)
	w.command("export AWS_ENDPOINT_URL="+url, "AWS_DEFAULT_REGION="+region, "AWS_ACCESS_KEY_ID=test", "AWS_SECRET_ACCESS_KEY=test")
	for i, chapter := range []struct {
		title string
		run   func(context.Context) error
	}{
		{"A user pool, an app client with hosted sign-in, a user", w.makePool},
		{"Someone signs in, before there is anything to protect", w.signInBefore},
		{"A resource server with a custom scope, allowed on the app client", w.allowScope},
		{"A REST API: one method that lists no scopes, one that lists the scope", w.makeAPI},
		{"The scope comes with the next sign-in; the tokens from before stay, and cannot be refreshed", w.signInAfter},
		{"An edit does nothing until it is deployed", w.editAndDeploy},
		{"What opens which door", w.tryEverything},
	} {
		w.chapter(i+1, chapter.title)
		if err := chapter.run(ctx); err != nil {
			return fmt.Errorf("%s: %w", chapter.title, err)
		}
	}
	return w.verdict()
}

func newWalk(out io.Writer, url string) (*walk, error) {
	jar, err := cookiejar.New(nil)
	if err != nil {
		return nil, err
	}
	wire := &recorder{next: http.DefaultTransport}
	config := aws.Config{
		Region:       region,
		BaseEndpoint: aws.String(url),
		Credentials:  credentials.NewStaticCredentialsProvider("test", "test", ""),
		HTTPClient:   &http.Client{Transport: wire, Timeout: requestTimeout},
	}
	return &walk{
		out:     out,
		url:     url,
		wire:    wire,
		cognito: cognitoidentityprovider.NewFromConfig(config),
		gateway: apigateway.NewFromConfig(config),
		http: &http.Client{
			Jar:     jar,
			Timeout: requestTimeout,
			// A redirect is an answer here: the code is in it.
			CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
		},
	}, nil
}

func (w *walk) say(format string, args ...any) {
	_, _ = fmt.Fprintf(w.out, format+"\n", args...)
}

// command prints what is typed, after a blank line, because every step begins with it.
func (w *walk) command(words ...string) {
	w.say("\n$ %s", wrapped(words))
}

func (w *walk) chapter(number int, title string) {
	title = fmt.Sprintf("%d. %s", number, title)
	w.say("\n\n%s\n%s", title, strings.Repeat("-", len(title)))
}

// expect notes an answer that was not the expected one; the walk goes on.
func (w *walk) expect(what string, got, want any) {
	if got != want {
		w.surprises = append(w.surprises, fmt.Sprintf("%s: %v, expected %v", what, got, want))
	}
}

func (w *walk) verdict() error {
	if len(w.surprises) == 0 {
		w.say("\nEvery answer was the expected one.\n")
		w.say("A refusal's code is in docs/reasons.md. poolgate explain REQUEST_ID tells more, with what would mend it;")
		w.say("the id is in the answer's x-amzn-RequestId. poolgate demo --keep goes on serving; poolgate serve is the server alone.")
		return nil
	}
	w.say("")
	for _, surprise := range w.surprises {
		w.say("unexpected: %s", surprise)
	}
	return fmt.Errorf("%d answers were not the expected ones", len(w.surprises))
}

// do sends one AWS operation and prints it as the CLI command with its answer, of which the named members are shown.
func do[I, O, F any](ctx context.Context, w *walk, operation func(context.Context, *I, ...F) (*O, error), in *I, show ...string) (*O, error) {
	w.command(command(in)...)
	out, err := operation(ctx, in)
	if err != nil {
		return nil, err
	}
	w.say("  %s", abridge(w.wire.last, show...))
	return out, nil
}
