package login

import (
	"net/http"
	"slices"
	"strings"

	"github.com/poolgate/poolgate/internal/cognito"
	"github.com/poolgate/poolgate/internal/fault"
)

// loginPageData is what pages/login.html shows.
type loginPageData struct {
	page
	Action   string
	CSRF     string
	Username string
	Label    string
	// InputMode is the keyboard that a phone shows for the username.
	InputMode string
	Error     string
}

// The longest username and password the model allows; longer ones are wrong without anybody hashing them.
const (
	maxUsername = 128
	maxPassword = 256
)

// showLogin is GET /login, with the parameters of /oauth2/authorize.
func (h *Handler) showLogin(x *exchange) (*answer, error) {
	sent, malformed := query(x.Request)
	a, err := h.authorization(x, sent, malformed)
	if err != nil {
		return nil, err
	}
	answered, err := h.silently(x, a)
	if answered != nil || err != nil {
		return answered, err
	}
	return h.loginPage(x, a, http.StatusOK, a.query.get("login_hint"), "")
}

// submitLogin is POST /login: the form's fields are username, password and _csrf, as on AWS's page.
func (h *Handler) submitLogin(x *exchange) (*answer, error) {
	sent, malformed := query(x.Request)
	a, err := h.authorization(x, sent, malformed)
	if err != nil {
		return nil, err
	}
	form, err := h.ownForm(x)
	if err != nil {
		return h.loginPage(x, a, http.StatusForbidden, "", formExpired)
	}
	username, password := form.get("username"), form.get("password")
	if username == "" || password == "" || len(username) > 4*maxUsername || len(password) > 4*maxPassword {
		return h.loginPage(x, a, http.StatusBadRequest, limitText(username, maxUsername), "Incorrect username or password.")
	}
	result, err := h.pools.SignIn(x.Context(), a.client.ClientID, username, password)
	if err != nil {
		text, code := h.signInRefused(x, err)
		return h.loginPage(x, a, code, username, text)
	}
	return h.signedIn(x, a, form, result)
}

// formExpired is said of a form that did not come from a page of this server, or from one too old.
const formExpired = "This page was open too long. Try again."

// ownForm reads the form of a page of this server; any other is an error, and nothing is done with it.
func (h *Handler) ownForm(x *exchange) (params, error) {
	if !isForm(x.Request) {
		return params{}, invalidRequest("not a form")
	}
	form, err := readForm(x.Request)
	if err != nil {
		return params{}, err
	}
	if !x.fromOwnPage(form) {
		return params{}, fault.Forbidden("access_denied", "").Becausef("the form is not from a page of this server")
	}
	return form, nil
}

// signInRefused is what the page says of a refused sign-in; the log learns why.
func (h *Handler) signInRefused(x *exchange, err error) (text string, code int) {
	e := fault.From(err)
	text, code = signInError(e)
	if code >= http.StatusInternalServerError {
		h.log.ErrorContext(x.Context(), "sign-in failed", "error", e)
	} else {
		h.log.DebugContext(x.Context(), "sign-in refused", "error", e)
	}
	return text, code
}

// signedIn goes on after a password was right: to the challenge that comes first, or back to the client. The form is the one that was sent.
func (h *Handler) signedIn(x *exchange, a *authorization, form params, result cognito.SignInResult) (*answer, error) {
	switch result.Challenge {
	case "":
	case newPasswordRequired:
		return h.newPasswordPage(x, a, http.StatusOK, result.Session, result.RequiredAttributes, "", form.pairs...)
	default:
		text, code := h.signInRefused(x, fault.Unimplemented("UnsupportedOperationException", "The login page has no step for %s", result.Challenge))
		return h.loginPage(x, a, code, "", text)
	}
	who := signedIn{username: result.Username, sub: result.Sub, at: result.AuthTime}
	if who.at.IsZero() {
		who.at = h.clock.Now()
	}
	c, err := h.remember(x, a.client.PoolID, who)
	if err != nil {
		return nil, &sentBack{err: fault.From(err), to: a.to}
	}
	answered, err := h.grant(x, a, who, c)
	if err != nil {
		return nil, &sentBack{err: fault.From(err), to: a.to}
	}
	return answered, nil
}

// loginPage shows the sign-in form.
func (h *Handler) loginPage(x *exchange, a *authorization, code int, username, text string) (*answer, error) {
	label, mode := usernameLabel(a.client.UsernameLabels)
	return h.render(code, "login", loginPageData{
		page:   x.page("Sign in", a.client.PoolName),
		Action: x.place.url("/login", a.query.encode()), CSRF: x.csrf,
		Username: username, Label: label, InputMode: mode, Error: text,
	})
}

// usernameLabel says in words what a pool's users sign in with, and which keyboard suits it.
func usernameLabel(names []string) (label, inputMode string) {
	words := map[string]string{"username": "Username", "email": "Email address", "phone_number": "Phone number"}
	var parts []string
	for _, name := range names {
		if word := words[name]; word != "" && !slices.Contains(parts, word) {
			parts = append(parts, word)
		}
	}
	if len(parts) == 0 {
		return words["username"], "text"
	}
	for i := range parts[1:] {
		parts[i+1] = strings.ToLower(parts[i+1])
	}
	switch {
	case len(parts) == 1 && parts[0] == words["email"]:
		inputMode = "email"
	case len(parts) == 1 && parts[0] == words["phone_number"]:
		inputMode = "tel"
	default:
		inputMode = "text"
	}
	return strings.Join(parts, " or "), inputMode
}

// limitText is text when it is short enough to be shown again.
func limitText(text string, limit int) string {
	if len(text) > limit {
		return ""
	}
	return text
}
