package poolgatetest

import (
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"net/http"
	"net/url"
	"regexp"
	"strings"
)

// loginPath is where the login pages are, by path; the client id names the pool.
const loginPath = "/_aws/cognito-idp"

// csrfField is the hidden field of the login page, as automation of AWS's own page finds it.
var csrfField = regexp.MustCompile(`name="_csrf"\s+value="([^"]+)"`)

// Login signs a user in through the login page, as a browser without an earlier session does, with an authorization code and PKCE. The access token
// carries those of the scopes that were asked for here ("openid orders/read"); there is an ID token only with openid.
func (c *Client) Login(user User, scopes string) Tokens {
	s := c.pool.s
	s.t.Helper()
	verifier := rand.Text() + rand.Text()
	challenge := sha256.Sum256([]byte(verifier))
	page := s.URL + loginPath + "/login?" + url.Values{
		"response_type": {"code"}, "client_id": {c.ID}, "redirect_uri": {Callback}, "scope": {scopes},
		"code_challenge_method": {"S256"}, "code_challenge": {base64.RawURLEncoding.EncodeToString(challenge[:])},
	}.Encode()
	browser := s.browser()
	shown := s.form(browser, http.MethodGet, page, nil)
	field := csrfField.FindStringSubmatch(shown.Body)
	if field == nil {
		s.t.Fatalf("the login page answered %d without a form, Location: %s", shown.Status, shown.Header.Get("Location"))
	}
	answer := s.form(browser, http.MethodPost, page, url.Values{"_csrf": {field[1]}, "username": {user.Name}, "password": {user.Password}})
	location, err := url.Parse(answer.Header.Get("Location"))
	if err != nil || location.Query().Get("code") == "" {
		s.t.Fatalf("the login page answered %d instead of a redirect with a code", answer.Status)
	}
	return c.Grant(url.Values{
		"grant_type": {"authorization_code"}, "redirect_uri": {Callback}, "code": {location.Query().Get("code")}, "code_verifier": {verifier},
	})
}

// Token is an access token for the client itself (client_credentials), with these scopes or, without any, all that it may have.
func (c *Client) Token(scopes ...string) string {
	c.pool.s.t.Helper()
	form := url.Values{"grant_type": {"client_credentials"}}
	if len(scopes) > 0 {
		form.Set("scope", strings.Join(scopes, " "))
	}
	return c.Grant(form).Access
}

// Grant posts a form to the token endpoint, with the client's id and secret. A refusal ends the test.
func (c *Client) Grant(form url.Values) Tokens {
	s := c.pool.s
	s.t.Helper()
	form.Set("client_id", c.ID)
	if c.Secret != "" {
		form.Set("client_secret", c.Secret)
	}
	answer := s.form(s.http, http.MethodPost, s.URL+loginPath+"/oauth2/token", form)
	var granted struct {
		ID      string `json:"id_token"`
		Access  string `json:"access_token"`
		Refresh string `json:"refresh_token"`
		Error   string `json:"error"`
		Detail  string `json:"error_description"`
	}
	if err := json.Unmarshal([]byte(answer.Body), &granted); err != nil || granted.Access == "" {
		s.t.Fatalf("the token endpoint answered %d %s %s", answer.Status, granted.Error, granted.Detail)
	}
	return Tokens{ID: granted.ID, Access: granted.Access, Refresh: granted.Refresh}
}

// form sends what a browser would: a GET, or the POST of a form.
func (s *Server) form(client *http.Client, method, address string, form url.Values) Answer {
	s.t.Helper()
	request, err := http.NewRequest(method, address, strings.NewReader(form.Encode())) //nolint:noctx // the client has a time limit
	if err != nil {
		s.t.Fatalf("%s %s: %v", method, address, err)
	}
	if form != nil {
		request.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	}
	return s.do(client, request)
}
