package httpapi

import (
	"github.com/poolgate/poolgate/authz"
)

// iamGuard asks for an AWS signature. Whatever is wrong with one, the client is told "Forbidden" and no more (facts 2).
type iamGuard struct{}

func (iamGuard) admit(_ *Gateway, x *exchange) *refusal {
	if x.request.Header.Get("Authorization") == "" {
		return refuse(authz.SignatureMissing)
	}
	return refuse(authz.AccessKeyUnknown).explained("an AWS signature; poolgate verifies none for HTTP APIs yet", "a route of another authorization type")
}

// caller is who signed a request.
type caller struct {
	accessKey, accountID, callerID, userID, userARN string
}

// value is a member of $context.identity.
func (c *caller) value(name string) string {
	switch name {
	case "accessKey":
		return c.accessKey
	case "accountId":
		return c.accountID
	case "caller":
		return c.callerID
	case "user":
		return c.userID
	case "userArn":
		return c.userARN
	}
	return ""
}
