package login

import (
	"net/http"
	"strings"

	"github.com/aws/aws-sdk-go-v2/service/cognitoidentityprovider/types"

	"github.com/poolgate/poolgate/internal/fault"
)

const newPasswordRequired = types.ChallengeNameTypeNewPasswordRequired

// newPasswordPageData is what pages/new_password.html shows.
type newPasswordPageData struct {
	page
	Action string
	// Username is only for the browser, which keeps the new password under it.
	Username   string
	CSRF       string
	Session    string
	Attributes []attributeField
	Error      string
}

// attributeField asks for an attribute that the pool requires and the user does not have.
type attributeField struct {
	// Field is the input's name, requiredAttributes[name], as on AWS's sign-up page.
	Field, Label, Type, Autocomplete, Value string
}

// maxAttributes is more than the required attributes a pool can have.
const maxAttributes = 50

// showNewPassword is GET /changePassword. The step has no address of its own: without the sign-in before it there is nothing to
// change, so it begins there.
func (h *Handler) showNewPassword(x *exchange) (*answer, error) {
	sent, malformed := query(x.Request)
	a, err := h.authorization(x, sent, malformed)
	if err != nil {
		return nil, err
	}
	return redirect(x.place.url("/login", a.query.encode())), nil
}

// submitNewPassword is POST /changePassword: the answer to NEW_PASSWORD_REQUIRED.
func (h *Handler) submitNewPassword(x *exchange) (*answer, error) {
	sent, malformed := query(x.Request)
	a, err := h.authorization(x, sent, malformed)
	if err != nil {
		return nil, err
	}
	form, err := h.ownForm(x)
	if err != nil {
		return h.loginPage(x, a, http.StatusForbidden, "", formExpired)
	}
	session, password := form.get("session"), form.get("new_password")
	attributes, names := sentAttributes(form)
	switch {
	case password == "" || len(password) > 4*maxPassword:
		return h.newPasswordPage(x, a, http.StatusBadRequest, session, names, "Choose a password of at most 256 characters.", form.pairs...)
	case password != form.get("confirm_password"):
		return h.newPasswordPage(x, a, http.StatusBadRequest, session, names, "The two passwords are not the same.", form.pairs...)
	}
	result, err := h.pools.SetNewPassword(x.Context(), a.client.ClientID, session, password, attributes)
	if err != nil {
		text, code := h.signInRefused(x, err)
		if e := fault.From(err); e.Kind == fault.KindUnauthorized || e.Code == "NotAuthorizedException" {
			// The session of the challenge is over: nothing on this page could still succeed.
			return h.loginPage(x, a, code, "", text)
		}
		return h.newPasswordPage(x, a, code, session, names, text, form.pairs...)
	}
	return h.signedIn(x, a, form, result)
}

// newPasswordPage shows the form, with what was typed into it before except for passwords.
func (h *Handler) newPasswordPage(x *exchange, a *authorization, code int, session string, names []string, text string, before ...param) (*answer, error) {
	data := newPasswordPageData{
		page:   x.page("Choose a new password", a.client.PoolName),
		Action: x.place.url("/changePassword", a.query.encode()), CSRF: x.csrf, Session: session, Error: text,
		Username: limitText(params{before}.get("username"), maxUsername),
	}
	for _, name := range names {
		field := newAttributeField(name)
		field.Value = params{before}.get(field.Field)
		data.Attributes = append(data.Attributes, field)
	}
	return h.render(code, "new_password", data)
}

// sentAttributes are the attributes of the form, and their names in the form's order.
func sentAttributes(form params) (attributes map[string]string, names []string) {
	attributes = make(map[string]string)
	for _, pair := range form.pairs {
		rest, prefixed := strings.CutPrefix(pair.name, "requiredAttributes[")
		name, suffixed := strings.CutSuffix(rest, "]")
		if !prefixed || !suffixed || name == "" || len(names) == maxAttributes {
			continue
		}
		attributes[name] = pair.value
		names = append(names, name)
	}
	return attributes, names
}

// newAttributeField knows how browsers fill in the standard attributes.
func newAttributeField(name string) attributeField {
	f := attributeField{Field: "requiredAttributes[" + name + "]", Type: "text", Autocomplete: "off"}
	words := strings.ReplaceAll(strings.TrimPrefix(name, "custom:"), "_", " ")
	if words != "" {
		f.Label = strings.ToUpper(words[:1]) + words[1:]
	}
	switch name {
	case "email":
		f.Type, f.Autocomplete, f.Label = "email", "email", "Email address"
	case "phone_number":
		f.Type, f.Autocomplete = "tel", "tel"
	case "birthdate":
		f.Type, f.Autocomplete = "date", "bday"
	case "name", "given_name", "family_name", "middle_name":
		browser := map[string]string{"name": "name", "given_name": "given-name", "family_name": "family-name", "middle_name": "additional-name"}
		f.Autocomplete = browser[name]
	case "nickname":
		f.Autocomplete = "nickname"
	case "website", "picture", "profile":
		f.Type, f.Autocomplete = "url", "url"
	case "address":
		f.Autocomplete = "street-address"
	}
	return f
}
