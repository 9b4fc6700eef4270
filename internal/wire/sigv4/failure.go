package sigv4

import (
	"net/http"
	"strings"

	"github.com/poolgate/poolgate/internal/fault"
)

// Problem is what is wrong with a request's signature.
type Problem uint8

// The problems, in the order in which they are looked for.
const (
	// NotSigned: the request carries no signature of this kind.
	NotSigned Problem = iota + 1
	// Unreadable: parts of the signature are missing or cannot be read.
	Unreadable
	// Misscoped: it is for another service, region or day.
	Misscoped
	// Untimely: it was made too long ago, or in the future.
	Untimely
	// UnknownKey: nobody has that access key.
	UnknownKey
	// Mismatched: the signature is not the request's.
	Mismatched
)

// Failure is why a request was not verified. It is a *fault.Error for whoever asks errors.As.
type Failure struct {
	Problem Problem
	Fault   *fault.Error
	// Canonical and ToSign are what the client should have signed, where the problem is that it did not. Credentials are
	// hidden in them. They are empty when they would be longer than a client reads.
	Canonical, ToSign string
}

func (f *Failure) Error() string { return f.Fault.Error() }

// Unwrap gives the error that goes on the wire.
func (f *Failure) Unwrap() error { return f.Fault }

func failed(problem Problem, code, text string) error {
	return &Failure{Problem: problem, Fault: fault.Forbidden(code, "%s", text)}
}

const (
	codeInvalid    = "InvalidSignatureException"
	codeIncomplete = "IncompleteSignatureException"
)

func incomplete(text string) error { return failed(Unreadable, codeIncomplete, text) }

func misscoped(text string) error { return failed(Misscoped, codeInvalid, text) }

func untimely(text string) error { return failed(Untimely, codeInvalid, text) }

func mismatched(r *http.Request, canonical, toSign string) error {
	f := &Failure{Problem: Mismatched, Fault: fault.Forbidden(codeInvalid, "The request signature we calculated does not match "+
		"the signature you provided. Check your AWS Secret Access Key and signing method. Consult the service documentation for details.")}
	const most = 16 << 10
	if len(canonical) <= most {
		f.Canonical, f.ToSign = hidden(r, canonical), toSign
	}
	return f
}

// hidden hides the credentials of a request in its canonical form: what is shown may end in a log.
func hidden(r *http.Request, canonical string) string {
	for _, name := range []string{"X-Amz-Security-Token", "X-Api-Key", "Cookie"} {
		if r.Header.Get(name) != "" {
			label := "\n" + strings.ToLower(name) + ":"
			canonical = strings.Replace(canonical, label+canonicalHeader(r, strings.ToLower(name))+"\n", label+"***\n", 1)
		}
	}
	if token := r.URL.Query().Get("X-Amz-Security-Token"); token != "" {
		canonical = strings.Replace(canonical, "="+escape(token, false), "=***", 1)
	}
	return canonical
}
