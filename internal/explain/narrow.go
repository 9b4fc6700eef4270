package explain

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/poolgate/poolgate/authz"
)

// stages are the names of the API's stages.
func (l *look) stages() []string {
	switch {
	case l.http != nil:
		return slices.Sorted(maps.Keys(l.http.Stages))
	case l.rest != nil:
		return slices.Sorted(maps.Keys(l.rest.Stages))
	}
	return nil
}

// narrowed leaves of several reasons those that the account makes likely.
func (l *look) narrowed(reasons []authz.Reason) []authz.Reason {
	if len(reasons) < 2 {
		return reasons
	}
	drop := func(reason authz.Reason) {
		if len(reasons) > 1 {
			reasons = slices.DeleteFunc(reasons, func(r authz.Reason) bool { return r == reason })
		}
	}
	arn := l.functionARN()
	isFunction := l.deployed.AuthorizationType == "CUSTOM"
	if slices.Contains(reasons, authz.AuthorizerMisconfigured) && isFunction && l.permission != unknown {
		if l.permission == granted {
			drop(authz.AuthorizerMisconfigured)
		} else {
			return []authz.Reason{authz.AuthorizerMisconfigured}
		}
	}
	if arn == "" {
		drop(authz.FunctionPermissionMissing)
		drop(authz.FunctionAnswerMalformed)
	}
	if slices.Contains(reasons, authz.FunctionPermissionMissing) && !isFunction && l.permission != unknown {
		if l.permission == granted {
			drop(authz.FunctionPermissionMissing)
		} else {
			return []authz.Reason{authz.FunctionPermissionMissing}
		}
	}
	return reasons
}

// sawOf tells what was seen of a reason that only the answer shows.
func (l *look) sawOf(reason authz.Reason) (saw, expected string) {
	r := l.deployed
	saw = fmt.Sprintf("the answer %d", l.c.Answer.Status)
	if l.evidence.message != "" {
		saw += fmt.Sprintf(" %q", clip(l.evidence.message, 300))
	}
	switch reason {
	case authz.APIKeyInvalid:
		return l.keySeen(), "an enabled key of a usage plan of stage " + r.Stage
	case authz.WAFBlocked:
		return saw + ", and the stage has the web ACL " + l.webACL(), "a request that no rule of the web ACL blocks"
	case authz.AuthorizerDenied, authz.AuthorizerDeniedExplicitly:
		return saw, "a policy of the authorizer's function that allows execute-api:Invoke on " + l.methodARN()
	case authz.FunctionPermissionMissing:
		return "no permission for API Gateway in the policy of " + l.functionARN(), "lambda:InvokeFunction for apigateway.amazonaws.com from " + l.methodARN()
	case authz.AuthorizerMisconfigured:
		if l.permission == withheld {
			return "no permission for API Gateway in the policy of " + l.authorizerFunction(), "lambda:InvokeFunction for apigateway.amazonaws.com"
		}
	}
	return saw, ""
}

// methodARN names the request's method as policies do.
func (l *look) methodARN() string {
	r := l.deployed
	return fmt.Sprintf("arn:%s:execute-api:%s:%s:%s/%s/%s%s", partitionOf(r.Region), r.Region, r.Account, r.API, r.Stage, r.Method, slashed(r.Path))
}

func slashed(path string) string {
	if !strings.HasPrefix(path, "/") {
		return "/" + path
	}
	return path
}

// partitionOf is the partition of AWS that a region is in.
func partitionOf(region string) string {
	switch {
	case strings.HasPrefix(region, "cn-"):
		return "aws-cn"
	case strings.HasPrefix(region, "us-gov-"):
		return "aws-us-gov"
	}
	return "aws"
}
