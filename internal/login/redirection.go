package login

import (
	"strconv"
	"strings"

	"github.com/poolgate/poolgate/internal/cognito"
	"github.com/poolgate/poolgate/internal/fault"
)

// redirection is the way back to a client: a registered redirect_uri, the client's own state, and where its answers go.
type redirection struct {
	uri, state string
	// implicit answers are in the fragment, which the client's server never sees.
	implicit bool
}

// code is the way back with an authorization code.
func (t redirection) code(code string) string {
	return t.with([]param{{"code", code}, {"state", t.state}})
}

// tokens is the way back of the implicit grant, with AWS's lower-case bearer (fact 5.2).
func (t redirection) tokens(tokens cognito.Tokens) string {
	return t.with([]param{
		{"id_token", tokens.ID}, {"access_token", tokens.Access}, {"token_type", "bearer"},
		{"expires_in", strconv.Itoa(tokens.ExpiresIn)}, {"state", t.state},
	})
}

// refused is the way back with an error, in the order AWS was seen to use: error_description, state, error (fact 5.2).
func (t redirection) refused(e *fault.Error) string {
	oauth := redirectError(e)
	return t.with([]param{{"error_description", oauth.Description}, {"state", t.state}, {"error", oauth.Error}})
}

// with puts parameters on the redirect_uri, leaving out empty ones. The registered text is kept to the byte.
func (t redirection) with(answer []param) string {
	var kept params
	for _, p := range answer {
		if p.value != "" {
			kept.pairs = append(kept.pairs, p)
		}
	}
	uri, fragment, hasFragment := strings.Cut(t.uri, "#")
	if t.implicit {
		if hasFragment && fragment != "" {
			return t.uri + "&" + kept.encode()
		}
		return uri + "#" + kept.encode()
	}
	switch {
	case !strings.Contains(uri, "?"):
		uri += "?"
	case !strings.HasSuffix(uri, "?") && !strings.HasSuffix(uri, "&"):
		uri += "&"
	}
	uri += kept.encode()
	if hasFragment {
		uri += "#" + fragment
	}
	return uri
}
