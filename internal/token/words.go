package token

import (
	"fmt"
	"strings"
	"time"
)

// Opens tells in general words where a kind of token opens doors.
func (t *Token) Opens() []string {
	switch t.Kind {
	case ID:
		return []string{
			"REST API, COGNITO_USER_POOLS authorizer: methods that list no authorization scopes.",
			"HTTP API, JWT authorizer: routes without scopes, where the authorizer's audience has the app client's id " + t.Client + ".",
			"A method or route with scopes refuses it. The authorizer's test in the console takes it.",
		}
	case Access, Machine:
		scopes := "it has none"
		if len(t.Scopes) > 0 {
			scopes = "it has " + strings.Join(t.Scopes, ", ")
		}
		return []string{
			"REST API, COGNITO_USER_POOLS authorizer: methods whose authorization scopes name one of its scopes (" + scopes + "); not those without scopes.",
			"HTTP API, JWT authorizer: routes without scopes or with one of its own, where the authorizer's audience has the app client's id " + t.Client + ".",
			"The authorizer's test in the console refuses it: that takes ID tokens.",
		}
	case Refresh:
		return []string{"No API at all. It is exchanged for new ID and access tokens: at the login domain's /oauth2/token, or by GetTokensFromRefreshToken."}
	}
	return []string{
		"REST API, COGNITO_USER_POOLS authorizer: none, for it trusts user pools only.",
		"HTTP API, JWT authorizer: where issuer and audience of the authorizer are those of the token.",
	}
}

// Moment is one of a token's times in words.
type Moment struct{ Name, Words string }

// Moments are the token's times in words, with how long ago or ahead they are.
func (t *Token) Moments(now time.Time) (moments []Moment) {
	add := func(name string, at time.Time, past, future string) {
		if at.IsZero() {
			return
		}
		words := at.Format("2006-01-02 15:04:05 UTC") + ", "
		if at.After(now) {
			words += future + " in " + span(at.Sub(now))
		} else {
			words += past + " " + span(now.Sub(at)) + " ago"
		}
		moments = append(moments, Moment{name, words})
	}
	add("issued", t.Issued, "issued", "it will be issued")
	add("good from", t.NotBefore, "good since", "it will be good")
	add("expires", t.Expires, "EXPIRED", "it will expire")
	return moments
}

// Expired tells whether the token has ended.
func (t *Token) Expired(now time.Time) bool { return !t.Expires.IsZero() && !now.Before(t.Expires) }

// span is a duration in words, in its two largest units.
func span(d time.Duration) string {
	units := []struct {
		name string
		long time.Duration
	}{{"day", 24 * time.Hour}, {"hour", time.Hour}, {"minute", time.Minute}, {"second", time.Second}}
	for i, unit := range units {
		n := int64(d / unit.long)
		if n == 0 {
			continue
		}
		words := count(int(n), unit.name)
		if i+1 < len(units) {
			if rest := int64(d % unit.long / units[i+1].long); rest > 0 {
				words += fmt.Sprintf(" %s", count(int(rest), units[i+1].name))
			}
		}
		return words
	}
	return "less than a second"
}
