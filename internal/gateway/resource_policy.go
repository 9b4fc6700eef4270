package gateway

import (
	"fmt"

	"github.com/poolgate/poolgate/authz"
)

// screen is what the resource policy says before the authorizer is asked.
func (g *Gateway) screen(x *exchange) *refusal {
	if why := x.stage.closedByPolicy; why != "" {
		return refuse(authz.ResourcePolicyDenied).saying(x.anonymousDenied()).explained(why, "a policy that allows everybody to invoke every method, or none")
	}
	return nil
}

// permit is what the resource policy says once the authorizer has let a request in.
func (g *Gateway) permit(*exchange) *refusal { return nil }

// anonymousDenied is the message of a resource policy that does not let an unsigned request in (fact 1.10); all but four digits
// of the account are masked.
func (x *exchange) anonymousDenied() string {
	account := x.stage.account
	if len(account) > 4 {
		account = "********" + account[len(account)-4:]
	}
	return fmt.Sprintf("User: anonymous is not authorized to perform: execute-api:Invoke on resource: arn:aws:execute-api:%s:%s:%s/%s/%s%s",
		x.stage.region, account, x.stage.api, x.stage.name, x.request.Method, x.path.Text())
}
