package lambda

import (
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
			id, session, revoke = book.Issue(spec.Account, spec.Role)
			variables["AWS_ACCESS_KEY_ID"], variables["AWS_SECRET_ACCESS_KEY"], variables["AWS_SESSION_TOKEN"] = id, session.Secret, session.Token
		}
		return variables, revoke
	}
}
