package wire

import "testing"

// The domain pattern of Cognito's model knows prefix domains only; custom domains go through the same member.
func TestPatternsThatAWSDoesNotHoldItsCallersTo(t *testing.T) {
	const domain, name = `^[a-z0-9](?:[a-z0-9\-]{0,61}[a-z0-9])?$`, `[\w\s+=,.@-]+`
	for _, test := range []struct {
		pattern, text string
		want          bool
	}{
		{domain, "door", true},
		{domain, "auth.example.com", true},
		{domain, "two\nlines", false},
		{name, "web client", true},
		{name, "_custom_id_:web", true},
		{name, "web:client", false},
	} {
		if got := matchesPattern(test.pattern, test.text); got != test.want {
			t.Errorf("%q against %s: %v", test.text, test.pattern, got)
		}
	}
}
