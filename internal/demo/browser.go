package demo

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"regexp"
	"strings"
)

const loginPath = "/_aws/cognito-idp"

// csrfField is the hidden field of the login page, as automation of AWS's own page finds it.
var csrfField = regexp.MustCompile(`name="_csrf"\s+value="([^"]+)"`)

func (w *walk) signInBefore(ctx context.Context) error {
	var err error
	w.before, err = w.signIn(ctx, "openid email")
	return err
}

func (w *walk) signInAfter(ctx context.Context) error {
	status, answer, err := w.redeem(ctx, url.Values{
		"grant_type": {"refresh_token"}, "client_id": {w.clientID}, "refresh_token": {w.before.refresh},
	})
	if err != nil {
		return err
	}
	w.expect("refresh with the token from before: status", status, http.StatusBadRequest)
	w.expect("refresh with the token from before: error", answer["error"], any("invalid_grant"))
	w.after, err = w.signIn(ctx, "openid email "+scope)
	return err
}

// signIn goes through the login page as a browser does: authorization code with PKCE.
func (w *walk) signIn(ctx context.Context, scopes string) (tokens, error) {
	verifier := rand.Text() + rand.Text()
	challenge := sha256.Sum256([]byte(verifier))
	query := url.Values{
		"response_type": {"code"}, "client_id": {w.clientID}, "redirect_uri": {callback}, "scope": {scopes}, "state": {"demo"},
		"code_challenge_method": {"S256"}, "code_challenge": {base64.RawURLEncoding.EncodeToString(challenge[:])},
	}
	// A session from an earlier sign-in would skip the page.
	if _, err := w.visit(ctx, loginPath+"/logout?"+url.Values{"client_id": {w.clientID}, "logout_uri": {callback}}.Encode(), nil); err != nil {
		return tokens{}, err
	}
	page := loginPath + "/login?" + query.Encode()
	w.say("\n$ LOGIN='%s%s'", w.url, page)
	w.say("\n$ curl -c jar \"$LOGIN\"")
	shown, err := w.visit(ctx, page, nil)
	if err != nil {
		return tokens{}, err
	}
	field := csrfField.FindSubmatch(shown.body)
	if field == nil {
		return tokens{}, errors.New("the login page has no field _csrf")
	}
	w.say("  %d, a page with a form; its hidden field _csrf goes back with username and password", shown.status)
	w.command("curl -i -b jar -c jar", `"$LOGIN"`, "-d _csrf="+string(field[1]), "-d username=jo", "-d password="+password)
	answer, err := w.visit(ctx, page, url.Values{"_csrf": {string(field[1])}, "username": {"jo"}, "password": {password}})
	if err != nil {
		return tokens{}, err
	}
	if answer.location == nil {
		return tokens{}, fmt.Errorf("the login page answered %d instead of a redirect", answer.status)
	}
	code := answer.location.Query().Get("code")
	w.say("  %d, Location: %s", answer.status, answer.location)
	_, granted, err := w.redeem(ctx, url.Values{
		"grant_type": {"authorization_code"}, "client_id": {w.clientID}, "redirect_uri": {callback}, "code": {code}, "code_verifier": {verifier},
	})
	if err != nil {
		return tokens{}, err
	}
	text := func(name string) string { s, _ := granted[name].(string); return s }
	got := tokens{id: text("id_token"), access: text("access_token"), refresh: text("refresh_token")}
	if got.id == "" || got.access == "" || got.refresh == "" {
		return tokens{}, fmt.Errorf("the token endpoint did not give three tokens: %v", granted["error"])
	}
	return got, nil
}

// seen is what a browser makes of an answer: the page, and where it was sent on to, if it was.
type seen struct {
	status   int
	location *url.URL
	body     []byte
}

// visit sends what a browser would: a GET, or the POST of a form.
func (w *walk) visit(ctx context.Context, path string, form url.Values) (seen, error) {
	method, body := http.MethodGet, io.Reader(http.NoBody)
	if form != nil {
		method, body = http.MethodPost, strings.NewReader(form.Encode())
	}
	request, err := http.NewRequestWithContext(ctx, method, w.url+path, body)
	if err != nil {
		return seen{}, err
	}
	if form != nil {
		request.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	}
	answer, err := w.http.Do(request)
	if err != nil {
		return seen{}, err
	}
	defer func() { _ = answer.Body.Close() }()
	got := seen{status: answer.StatusCode}
	if location, err := answer.Location(); err == nil {
		got.location = location
	}
	got.body, err = io.ReadAll(io.LimitReader(answer.Body, answerLimit))
	return got, err
}

// redeem posts to the token endpoint and prints it as curl.
func (w *walk) redeem(ctx context.Context, form url.Values) (int, map[string]any, error) {
	words := []string{"curl " + w.url + loginPath + "/oauth2/token"}
	for _, name := range []string{"grant_type", "client_id", "redirect_uri", "code", "code_verifier", "refresh_token"} {
		if form.Has(name) {
			words = append(words, "-d "+quoted(name+"="+shorten(form.Get(name))))
		}
	}
	w.command(words...)
	answer, err := w.visit(ctx, loginPath+"/oauth2/token", form)
	if err != nil {
		return 0, nil, err
	}
	w.say("  %d %s", answer.status, abridge(answer.body, "error", "error_description", "id_token", "access_token", "refresh_token"))
	var granted map[string]any
	if err := json.Unmarshal(answer.body, &granted); err != nil {
		return 0, nil, fmt.Errorf("the token endpoint answered %d without JSON", answer.status)
	}
	return answer.status, granted, nil
}
