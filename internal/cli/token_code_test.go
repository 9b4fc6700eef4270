package cli

import (
	"bytes"
	"context"
	"io"
	"net"
	"net/http"
	"net/http/cookiejar"
	"net/url"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	cip "github.com/aws/aws-sdk-go-v2/service/cognitoidentityprovider"
	"github.com/aws/aws-sdk-go-v2/service/cognitoidentityprovider/types"

	"github.com/poolgate/poolgate/poolgatetest"
)

// codeWorld is a pool with a user and a client whose callback is on a free port of this machine.
func codeWorld(t *testing.T) (server *poolgatetest.Server, pool *poolgatetest.Pool, user poolgatetest.User, clientID string) {
	t.Helper()
	server = poolgatetest.Start(t)
	pool = server.Pool("orders/read")
	user = pool.User("ada")
	free, err := (&net.ListenConfig{}).Listen(t.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	_, port, _ := net.SplitHostPort(free.Addr().String())
	_ = free.Close()
	made, err := cip.NewFromConfig(server.Config()).CreateUserPoolClient(t.Context(), &cip.CreateUserPoolClientInput{
		UserPoolId: &pool.ID, ClientName: aws.String("cli"), AllowedOAuthFlowsUserPoolClient: true, AllowedOAuthFlows: []types.OAuthFlowType{types.OAuthFlowTypeCode},
		AllowedOAuthScopes: []string{"openid", "orders/read"}, CallbackURLs: []string{"http://localhost:" + port + "/done"}, SupportedIdentityProviders: []string{"COGNITO"},
	})
	if err != nil {
		t.Fatal(err)
	}
	return server, pool, user, *made.UserPoolClient.ClientId
}

// asked is the address that get tells people to open.
var asked = regexp.MustCompile(`http://\S+/oauth2/authorize\?\S+`)

// waiting runs get until it says which address to open; end waits for its end.
func waiting(t *testing.T, args ...string) (address string, end func() (code int, stdout string)) {
	t.Helper()
	said, stderr := io.Pipe()
	var stdout bytes.Buffer
	ended := make(chan int, 1)
	ctx, cancel := context.WithTimeout(t.Context(), 30*time.Second)
	t.Cleanup(cancel)
	go func() {
		ended <- Run(ctx, args, &stdout, stderr)
		_ = stderr.Close()
	}()
	text := ""
	for buffer := make([]byte, 4<<10); !asked.MatchString(text) || !strings.HasSuffix(text, "\n"); {
		n, err := said.Read(buffer)
		if text += string(buffer[:n]); err != nil {
			t.Fatalf("it ended with %d: %s", <-ended, text)
		}
	}
	go func() { _, _ = io.Copy(io.Discard, said) }()
	return asked.FindString(text), func() (int, string) { return <-ended, stdout.String() }
}

// TestSigningInInTheBrowser walks the authorization code flow as a browser does; an answer that is not this sign-in's is turned away.
func TestSigningInInTheBrowser(t *testing.T) {
	server, pool, user, clientID := codeWorld(t)
	address, end := waiting(t, "token", "get", "--no-cache", "--endpoint-url", server.URL, "--pool", pool.ID, "--client", clientID, "--flow", "code", "--scope", "openid", "--scope", "orders/read", "--access")
	jar, err := cookiejar.New(nil)
	if err != nil {
		t.Fatal(err)
	}
	browser := &http.Client{Jar: jar, Timeout: 20 * time.Second}
	visit := func(method, where string, form url.Values) (string, *url.URL, int) {
		request, err := http.NewRequestWithContext(t.Context(), method, where, strings.NewReader(form.Encode()))
		if err != nil {
			t.Fatal(err)
		}
		if form != nil {
			request.Header.Set("Content-Type", "application/x-www-form-urlencoded")
		}
		answer, err := browser.Do(request)
		if err != nil {
			t.Fatal(err)
		}
		defer func() { _ = answer.Body.Close() }()
		body, err := io.ReadAll(answer.Body)
		if err != nil {
			t.Fatal(err)
		}
		return string(body), answer.Request.URL, answer.StatusCode
	}
	query, err := url.Parse(address)
	if err != nil {
		t.Fatal(err)
	}
	if body, _, status := visit(http.MethodGet, query.Query().Get("redirect_uri")+"?code=forged&state=forged", nil); status != http.StatusBadRequest {
		t.Errorf("a forged answer got %d %s", status, body)
	}
	page, at, _ := visit(http.MethodGet, address, nil)
	field := regexp.MustCompile(`name="_csrf"\s+value="([^"]+)"`).FindStringSubmatch(page)
	if field == nil {
		t.Fatalf("no login page at %s", at.Path)
	}
	body, at, status := visit(http.MethodPost, at.String(), url.Values{"_csrf": {field[1]}, "username": {user.Name}, "password": {user.Password}})
	if status != http.StatusOK || !strings.HasPrefix(body, "Signed in.") {
		t.Errorf("the callback answered %d %q at %s", status, body, at.Path)
	}
	code, stdout := end()
	if code != exitOK || !strings.HasPrefix(stdout, "eyJ") {
		t.Errorf("it ended with %d and %d characters", code, len(stdout))
	}
}

// TestASignInThatTheLoginPageRefuses is told with its error.
func TestASignInThatTheLoginPageRefuses(t *testing.T) {
	server, pool, _, clientID := codeWorld(t)
	address, end := waiting(t, "token", "get", "--no-cache", "--endpoint-url", server.URL, "--pool", pool.ID, "--client", clientID, "--flow", "code", "--scope", "orders/none")
	answer, err := http.Get(address)
	if err != nil {
		t.Fatal(err)
	}
	_ = answer.Body.Close()
	if code, stdout := end(); code != exitFailed || stdout != "" {
		t.Errorf("it ended with %d and said %q", code, stdout)
	}
}
