package login

import "net/http"

// errorPageData is what pages/error.html shows.
type errorPageData struct {
	page
	// Code is the error as the address names it; empty when the address named none that there is.
	Code string
	Text string
}

// errorTexts says in a sentence what each error means that can end on the error page. Nothing else is ever shown there: the address
// of the page is anybody's to write.
var errorTexts = map[string]string{
	"redirect_mismatch":         "The address to return to is not one that is registered for this app.",
	"unauthorized_client":       "This app is not known here, or may not sign people in this way.",
	"unsupported_response_type": "The app asked for an answer of a kind that does not exist.",
	"invalid_request":           "The app sent a request that is not complete or not well formed.",
	"invalid_scope":             "The app asked for something that it may not have.",
	"access_denied":             "The sign-in was refused.",
	"server_error":              "Something went wrong on our side. Try again.",
	"temporarily_unavailable":   "The server is busy. Wait a moment and try again.",
	"not_found":                 "There is no such page.",
	unknownDomain:               "There is no login domain of this name.",

	"Required String parameter 'client_id' is not present":     "The app did not say which app it is.",
	"Required String parameter 'redirect_uri' is not present":  "The app did not say where to return to.",
	"Required String parameter 'response_type' is not present": "The app did not say what it asks for.",
}

// showError is the page that takes an error which no client can be told of. The status is 400: nothing on it went well.
func (h *Handler) showError(x *exchange) (*answer, error) {
	reason := "invalid_request"
	if sent, err := query(x.Request); err == nil {
		reason = sent.get("error")
	}
	return h.errorPage(x, http.StatusBadRequest, reason), nil
}
