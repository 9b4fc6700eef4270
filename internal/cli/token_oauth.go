package cli

import (
	"cmp"
	"context"
	"crypto/rand"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	cip "github.com/aws/aws-sdk-go-v2/service/cognitoidentityprovider"
	"github.com/spf13/cobra"
)

// codeWithin is how long the browser has for a sign-in.
const codeWithin = 5 * time.Minute

// loginBase is where the login pages and the token endpoint are: at the pool's domain on AWS; here by path, the client id naming the pool.
func (g *getFlags) loginBase(ctx context.Context, api *cip.Client) (string, error) {
	if g.endpoint != "" {
		return strings.TrimSuffix(g.endpoint, "/") + "/_aws/cognito-idp", nil
	}
	out, err := api.DescribeUserPool(ctx, &cip.DescribeUserPoolInput{UserPoolId: &g.pool})
	if err != nil {
		return "", g.refused(err)
	}
	if custom := aws.ToString(out.UserPool.CustomDomain); custom != "" {
		return "https://" + custom, nil
	}
	if prefix := aws.ToString(out.UserPool.Domain); prefix != "" {
		return "https://" + prefix + ".auth." + g.region + ".amazoncognito.com", nil
	}
	return "", fail("aws cognito-idp create-user-pool-domain gives it one; --flow srp needs none", "pool %s has no domain, and %s is a flow of the login domain", clipped(g.pool), g.flow)
}

func (g *getFlags) clientCredentials(ctx context.Context, api *cip.Client) (*session, error) {
	if g.secret == "" {
		return nil, fail("sign a user in with --user; a client for itself needs one that was made with a secret", "app client %s has no secret, or it may not be read", clipped(g.client))
	}
	base, err := g.loginBase(ctx, api)
	if err != nil {
		return nil, err
	}
	form := url.Values{"grant_type": {"client_credentials"}}
	if len(g.scopes) > 0 {
		form.Set("scope", strings.Join(g.scopes, " "))
	}
	return g.exchange(ctx, base, form)
}

// exchange asks the token endpoint.
func (g *getFlags) exchange(ctx context.Context, base string, form url.Values) (*session, error) {
	form.Set("client_id", g.client)
	request, err := http.NewRequestWithContext(ctx, http.MethodPost, base+"/oauth2/token", strings.NewReader(form.Encode()))
	if err != nil {
		return nil, err
	}
	request.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	if g.secret != "" {
		request.SetBasicAuth(url.QueryEscape(g.client), url.QueryEscape(g.secret))
	}
	client := http.Client{Timeout: 30 * time.Second, CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	answer, err := client.Do(request)
	if err != nil {
		return nil, noAnswer(base, err)
	}
	defer func() { _ = answer.Body.Close() }()
	var said struct {
		ID      string `json:"id_token"`
		Access  string `json:"access_token"`
		Refresh string `json:"refresh_token"`
		Error   string `json:"error"`
		Detail  string `json:"error_description"`
	}
	if err := json.NewDecoder(io.LimitReader(answer.Body, recordLimit)).Decode(&said); err != nil || said.Access == "" && said.Error == "" {
		return nil, fail("is it the pool's domain?", "the token endpoint at %s answered %s, and no token", base, answer.Status)
	}
	if said.Error != "" {
		hint := "the client's AllowedOAuthFlows, AllowedOAuthScopes and CallbackURLs say what it may ask for"
		return nil, fail(hint, "the token endpoint refused: %s", clipped(strings.TrimSpace(said.Error+" "+said.Detail)))
	}
	return &session{ID: said.ID, Access: said.Access, Refresh: said.Refresh}, nil
}

// code signs in through the login page, with an authorization code and PKCE (RFC 7636); the browser brings the code to a listener on this
// machine (RFC 8252, section 7.3), at a callback that the client has.
func (g *getFlags) code(ctx context.Context, cmd *cobra.Command, api *cip.Client) (*session, error) {
	callback, err := g.callback(ctx, api)
	if err != nil {
		return nil, err
	}
	base, err := g.loginBase(ctx, api)
	if err != nil {
		return nil, err
	}
	listener, err := (&net.ListenConfig{}).Listen(ctx, "tcp", net.JoinHostPort("127.0.0.1", cmp.Or(callback.Port(), "80")))
	if err != nil {
		return nil, fail("end what listens there, or choose another callback with --redirect-uri", "nothing can listen at the callback %s: %w", callback.Redacted(), err)
	}
	verifier, state := rand.Text()+rand.Text(), rand.Text()
	challenge := sha256.Sum256([]byte(verifier))
	query := url.Values{
		"response_type": {"code"}, "client_id": {g.client}, "redirect_uri": {callback.String()}, "state": {state},
		"code_challenge_method": {"S256"}, "code_challenge": {base64.RawURLEncoding.EncodeToString(challenge[:])},
	}
	if len(g.scopes) > 0 {
		query.Set("scope", strings.Join(g.scopes, " "))
	}
	_, _ = fmt.Fprintf(cmd.ErrOrStderr(), "Open this in a browser, and sign in there:\n  %s/oauth2/authorize?%s\n", base, query.Encode())
	code, err := awaitCode(ctx, listener, callback.Path, state)
	if err != nil {
		return nil, err
	}
	return g.exchange(ctx, base, url.Values{"grant_type": {"authorization_code"}, "redirect_uri": {callback.String()}, "code": {code}, "code_verifier": {verifier}})
}

// callback is the client's callback on this machine.
func (g *getFlags) callback(ctx context.Context, api *cip.Client) (*url.URL, error) {
	out, err := api.DescribeUserPoolClient(ctx, &cip.DescribeUserPoolClientInput{UserPoolId: &g.pool, ClientId: &g.client})
	if err != nil {
		return nil, g.refused(err)
	}
	for _, text := range out.UserPoolClient.CallbackURLs {
		u, err := url.Parse(text)
		if err == nil && u.Scheme == "http" && slices.Contains([]string{"localhost", "127.0.0.1"}, u.Hostname()) && (g.redirect == "" || g.redirect == text) {
			return u, nil
		}
	}
	return nil, fail("aws cognito-idp update-user-pool-client adds http://localhost:3000/callback, for instance", "app client %s has no such callback on this machine", clipped(g.client))
}

// awaitCode serves the callback until a browser brings a code, or an error.
func awaitCode(ctx context.Context, listener net.Listener, path, state string) (string, error) {
	ctx, cancel := context.WithTimeout(ctx, codeWithin)
	defer cancel()
	type result struct{ code, problem string }
	results := make(chan result, 1)
	server := &http.Server{ReadHeaderTimeout: 10 * time.Second, Handler: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		query := r.URL.Query()
		if r.URL.Path != cmp.Or(path, "/") || subtle.ConstantTimeCompare([]byte(query.Get("state")), []byte(state)) != 1 {
			http.Error(w, "This is not the answer to the sign-in that is under way.", http.StatusBadRequest)
			return
		}
		w.Header().Set("Content-Type", "text/plain; charset=utf-8")
		_, _ = io.WriteString(w, "Signed in. You may close this window and go back to the terminal.\n")
		select {
		case results <- result{query.Get("code"), strings.TrimSpace(query.Get("error") + " " + query.Get("error_description"))}:
		default: // a second answer
		}
	})}
	go func() { _ = server.Serve(listener) }()
	defer func() {
		stopping, stop := context.WithTimeout(context.WithoutCancel(ctx), time.Second)
		defer stop()
		_ = server.Shutdown(stopping)
	}()
	select {
	case <-ctx.Done():
		return "", fail("run it again", "nobody signed in within %s", codeWithin)
	case got := <-results:
		if got.code == "" {
			return "", fail("the client's settings say what it may ask for", "the login page refused: %s", clipped(got.problem))
		}
		return got.code, nil
	}
}
