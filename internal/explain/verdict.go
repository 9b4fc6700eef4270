package explain

import (
	"github.com/poolgate/poolgate/authz"
	"github.com/poolgate/poolgate/internal/account"
	"github.com/poolgate/poolgate/internal/gateway/decision"
)

// The exit codes of what was asked.
const (
	ExitAllowed    = 0
	ExitRefused    = 1
	ExitCannotTell = 2
)

// Verdict is what is told of a request. Its JSON shape is public and only ever grows.
type Verdict struct {
	// Version is the shape's, 1.
	Version int  `json:"version"`
	Allowed bool `json:"allowed"`
	// Status is the answer's, or the one that the request would get when it was not sent; 0 when neither is known.
	Status int `json:"status"`
	// RefusedBy is route, authorizer, policy, request or integration; Reason is from authz's closed list. Both are empty for what is allowed
	// and for what cannot be told.
	RefusedBy string       `json:"refusedBy"`
	Reason    authz.Reason `json:"reason"`
	// Saw and Expected are the failing check's.
	Saw      string `json:"saw"`
	Expected string `json:"expected"`
	// Mend is what to do, the best first: a sentence, a command, or both as "sentence: command". A command is whole and can be run.
	Mend []string `json:"mend"`
	// Checks are all that were looked at, in order; Warnings are codes of authz's second list.
	Checks   []authz.Check   `json:"checks"`
	Warnings []authz.Warning `json:"warnings"`

	// Sentence tells the verdict to people.
	Sentence string `json:"-"`
	// Certain is false when the cause cannot be told, or only guessed; Missing says what would settle it.
	Certain bool     `json:"-"`
	Missing []string `json:"-"`
	// Gaps are the permissions that were missing.
	Gaps []account.Gap `json:"-"`
	// Facts are what was asked for and where that led, as names with values.
	Facts []Fact `json:"-"`
	// Warned are the warnings with what they say of this request.
	Warned []Warned `json:"-"`
}

// Fact is a name with a value.
type Fact struct{ Name, Value string }

// Warned is one warning in words. What mends it is in Verdict.Mend.
type Warned struct {
	Code     authz.Warning
	Sentence string
}

// ExitCode is the exit code of a command that tells the verdict.
func (v *Verdict) ExitCode() int {
	switch {
	case !v.Certain:
		return ExitCannotTell
	case v.Allowed:
		return ExitAllowed
	}
	return ExitRefused
}

// OfRecord is the verdict of a decision record.
func OfRecord(r *decision.Record) *Verdict {
	v := &Verdict{
		Version: 1, Allowed: r.Allowed, Status: r.Status, RefusedBy: r.RefusedBy, Reason: r.Reason, Saw: r.Saw, Expected: r.Expected,
		Mend: r.Mend, Checks: r.Checks, Warnings: r.Warnings, Certain: true, Sentence: r.Sentence, Facts: factsOf(r),
	}
	if v.Sentence == "" {
		v.Sentence = r.Reason.Info().Sentence
	}
	for _, code := range r.Warnings {
		v.Warned = append(v.Warned, Warned{Code: code, Sentence: warningText(code)})
	}
	return v
}

// warningText is what the closed list says of a warning; its code where a newer server sent it.
func warningText(code authz.Warning) string {
	if sentence := code.Info().Sentence; sentence != "" {
		return sentence
	}
	return string(code)
}
