package wire

import (
	"crypto/subtle"
	"net/http"
	"strings"

	"github.com/poolgate/poolgate/internal/wire/sigv4"
)

// Session is a temporary credential that this server gave to somebody, as it gives one to each process of a function.
type Session struct {
	// Secret and Token are the two that a caller must know beside the access key's id.
	Secret, Token string
	// Account is whose the caller is, and Principal the ARN of the role that it acts as.
	Account, Principal string
}

// Sessions finds a session by its access key's id.
type Sessions func(accessKeyID string) (Session, bool)

// securityToken is the session token that a request carries, in its header or, presigned, in its query.
func securityToken(r *http.Request) string {
	if token := r.Header.Get("X-Amz-Security-Token"); token != "" {
		return token
	}
	return r.URL.Query().Get("X-Amz-Security-Token")
}

// Lookup finds the secret that a request must be signed with. Enforced is false when signatures are not verified, because no
// access keys are configured. A session's secret is only found when the request carries the session's token too.
func (m *Mux) Lookup(r *http.Request) (lookup sigv4.Lookup, enforced bool) {
	return func(accessKeyID string) (string, bool) {
		if secret, known := m.options.Keys[accessKeyID]; known {
			return secret, true
		}
		session, known := m.Session(accessKeyID)
		if !known || subtle.ConstantTimeCompare([]byte(session.Token), []byte(securityToken(r))) != 1 {
			return "", false
		}
		return session.Secret, true
	}, len(m.options.Keys) > 0
}

// Session finds a temporary credential that this server gave out.
func (m *Mux) Session(accessKeyID string) (Session, bool) {
	if m.options.Sessions == nil {
		return Session{}, false
	}
	return m.options.Sessions(accessKeyID)
}

// Caller tells whose an access key is: a session's account and role, or the owner that was configured; else the key itself is the account
// when it looks like one.
func (m *Mux) Caller(accessKeyID string) (accountID, principal string) {
	if session, known := m.Session(accessKeyID); known {
		return session.Account, session.Principal
	}
	if arn := m.options.Principals[accessKeyID]; arn != "" {
		if fields := strings.SplitN(arn, ":", 6); len(fields) == 6 {
			return fields[4], arn
		}
	}
	return account(accessKeyID), ""
}
