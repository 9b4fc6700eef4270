package lambda

import (
	"strings"

	"github.com/poolgate/poolgate/internal/lambda/worker"
	"github.com/poolgate/poolgate/internal/wire"
)

// credentialsFrom gives each process a credential of its own, which names the function's role and ends with the process. It
// is no configured key: what a function learns is worth nothing to anybody once the function has stopped.
func credentialsFrom(book *wire.SessionBook, endpoint string) func(*worker.Spec) (map[string]string, func()) {
	return func(spec *worker.Spec) (map[string]string, func()) {
		variables, revoke := map[string]string{}, func() {}
		if endpoint != "" {
			variables["AWS_ENDPOINT_URL"] = endpoint
		}
		if book != nil {
			var id string
			var session wire.Session
			id, session, revoke = book.Issue(spec.Account, roleWithin(spec.Account, spec.Role))
			variables["AWS_ACCESS_KEY_ID"], variables["AWS_SECRET_ACCESS_KEY"], variables["AWS_SESSION_TOKEN"] = id, session.Secret, session.Token
		}
		return variables, revoke
	}
}

// roleWithin is a function's role as a role of its account. AWS refuses a role of another account when a function is made; here any
// is taken, as examples have made-up ones, and none makes anybody somebody of another account.
func roleWithin(account, role string) string {
	fields := strings.SplitN(role, ":", 6)
	if len(fields) != 6 {
		return role
	}
	fields[4] = account
	return strings.Join(fields, ":")
}
