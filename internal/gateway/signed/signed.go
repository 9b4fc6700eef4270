// Package signed tells who signed a request to a data plane, by AWS Signature Version 4 and configured access keys: what the
// authorization type AWS_IAM of methods and routes rests on. It owns the keys' principals, the texts with which API Gateway
// refuses a signature, and what a caller's own policy says of a request.
//
// It must not know routes, stages or resource policies, nor how a refusal is answered: REST APIs show its text, HTTP APIs hide it.
package signed

import (
	"errors"
	"net/http"
	"time"

	"github.com/poolgate/poolgate/authz"
	"github.com/poolgate/poolgate/internal/policy"
	"github.com/poolgate/poolgate/internal/wire/sigv4"
)

// service is what requests to APIs must be signed for.
const service = "execute-api"

// Key is an access key and whose it is.
type Key struct {
	Secret string
	// Token is the session token that requests must carry beside; empty for keys that need none.
	Token string
	// Account is the twelve digits of the account; ARN the user's or the role session's; UserID its unique id.
	Account, ARN, UserID string
	// Policy is the identity policy; nil allows everything.
	Policy *policy.Document
}

// Keys finds an access key by its id. It must not wait: every signed request asks it.
type Keys func(accessKeyID string) (Key, bool)

// Caller is who signed a request.
type Caller struct {
	AccessKey            string
	Account, ARN, UserID string
	policy               *policy.Document
}

// Refusal is why a request has no caller.
type Refusal struct {
	Reason authz.Reason
	// ErrorType and Message are what a REST API answers.
	ErrorType, Message string
	// Saw and Expected explain it to people.
	Saw, Expected string
}

// Verify finds who signed a request to an API of a region; an empty region takes any. The body is read only if everything else about
// the signature is right. The error is body's own; then there is neither caller nor refusal.
func Verify(r *http.Request, body func() ([]byte, error), region string, keys Keys, now time.Time) (*Caller, *Refusal, error) {
	if complaint := Complaint(r); complaint != "" {
		return nil, incomplete(complaint), nil
	}
	var key Key
	lookup := func(id string) (string, bool) {
		var known bool
		if keys != nil {
			key, known = keys(id)
		}
		if !known || key.Token != "" && !sameToken(r, key.Token) {
			return "", false
		}
		return key.Secret, true
	}
	scope, err := sigv4.VerifyWith(r, body, service, region, lookup, now)
	if err == nil {
		return &Caller{AccessKey: scope.AccessKeyID, Account: key.Account, ARN: key.ARN, UserID: key.UserID, policy: key.Policy}, nil, nil
	}
	failure := new(sigv4.Failure)
	if !errors.As(err, &failure) {
		return nil, nil, err
	}
	return nil, refused(failure, scope), nil
}

// Carried tells whether a request carries a signature, right or wrong.
func Carried(r *http.Request) bool {
	_, carried := sigv4.ScopeOf(r)
	return carried
}

// Principal is the caller as policies know it.
func (c *Caller) Principal() policy.Principal {
	return policy.Principal{ARN: c.ARN, Account: c.Account, UserID: c.UserID}
}

// Evaluate tells what the caller's own policy says of a request; a key without a policy may do everything.
func (c *Caller) Evaluate(r policy.Request) policy.Verdict {
	if c.policy == nil {
		return policy.Allowed
	}
	r.Principal = c.Principal()
	return c.policy.Evaluate(r)
}

// Keys are the condition keys that the caller's own policy asks for.
func (c *Caller) Keys() []string {
	if c.policy == nil {
		return nil
	}
	return c.policy.Keys()
}
