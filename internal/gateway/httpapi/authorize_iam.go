package httpapi

import (
	"errors"

	"github.com/poolgate/poolgate/authz"
	"github.com/poolgate/poolgate/internal/gateway/signed"
	"github.com/poolgate/poolgate/internal/policy"
)

// iamGuard asks for an AWS signature and for an identity policy that allows the route. Whatever is wrong, the client is told
// "Forbidden" and no more (facts 2). HTTP APIs have no resource policies, so that only callers of the API's own account come in.
type iamGuard struct{}

var errBody = errors.New("httpapi: the body could not be read")

func (iamGuard) admit(g *Gateway, x *exchange) *refusal {
	var unread *refusal
	who, refused, err := signed.Verify(x.request, func() ([]byte, error) {
		body, refused := x.readBody()
		if refused != nil {
			unread = refused
			return nil, errBody
		}
		return body, nil
	}, x.stage.region, g.keys, x.began)
	switch {
	case unread != nil:
		return unread
	case err != nil:
		return internalError(err)
	case refused != nil:
		return refuse(refused.Reason).explained(refused.Saw, refused.Expected)
	}
	if who.Account != x.stage.account {
		return refuse(authz.IAMDenied).explained("a caller of account "+who.Account, "a caller of the API's account "+x.stage.account)
	}
	verdict, arn := x.evaluate(who.Evaluate)
	switch verdict {
	case policy.Allowed:
		x.caller = &caller{accessKey: who.AccessKey, accountID: who.Account, id: who.UserID, arn: who.ARN}
		return nil
	case policy.Denied:
		return refuse(authz.IAMDenied).explained("an identity policy that denies "+arn, "a policy that allows it")
	}
	return refuse(authz.IAMDenied).explained("an identity policy that does not allow "+arn, "a policy that allows it")
}

// caller is who signed a request.
type caller struct{ accessKey, accountID, id, arn string }

// value is a member of $context.identity.
func (c *caller) value(name string) string {
	switch name {
	case "accessKey":
		return c.accessKey
	case "accountId":
		return c.accountID
	case "caller", "user":
		return c.id
	case "userArn":
		return c.arn
	}
	return ""
}
