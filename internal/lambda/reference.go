package lambda

import (
	"regexp"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"

	"github.com/poolgate/poolgate/internal/fault"
	"github.com/poolgate/poolgate/internal/wire"
)

const latest = "$LATEST"

// reference is how a function is named: its place, its name, and the version or alias, or none.
type reference struct{ account, region, name, qualifier string }

func (r reference) owner() string { return owner(r.account, r.region, r.name) }

// place is the scope of what belongs to an account in a region.
func (r reference) place() string { return r.account + "/" + r.region }

// arn is with the qualifier, if there is one.
func (r reference) arn() string {
	if r.qualifier == "" {
		return r.plainARN()
	}
	return r.plainARN() + ":" + r.qualifier
}

func (r reference) plainARN() string {
	return "arn:aws:lambda:" + r.region + ":" + r.account + ":function:" + r.name
}

func (r reference) with(qualifier string) reference {
	r.qualifier = qualifier
	return r
}

// The ways to name a function: by ARN, by account and name, by name; each with a qualifier or without.
var (
	arnForm     = regexp.MustCompile(`^arn:aws[a-zA-Z-]*:lambda:([a-z0-9-]+):(\d{12}):function:([a-zA-Z0-9-_]+)(?::([a-zA-Z0-9$_-]+))?$`)
	partialForm = regexp.MustCompile(`^(?:(\d{12}):)?(?:function:)?([a-zA-Z0-9-_]+)(?::([a-zA-Z0-9$_-]+))?$`)
)

// parseARN reads the ARN by which other services name a function.
func parseARN(arn string) (reference, bool) {
	m := arnForm.FindStringSubmatch(arn)
	if m == nil {
		return reference{}, false
	}
	return reference{region: m[1], account: m[2], name: m[3], qualifier: m[4]}, true
}

// refer reads a FunctionName and a Qualifier as the caller means them.
func refer(call wire.Call, name, qualifier *string) (reference, error) {
	text := aws.ToString(name)
	r, ok := parseARN(text)
	if !ok {
		m := partialForm.FindStringSubmatch(text)
		if m == nil {
			return r, invalid("Invalid function name: %s", text)
		}
		r = reference{account: m[1], region: call.Region, name: m[2], qualifier: m[3]}
		if r.account == "" {
			r.account = call.Account
		}
	}
	if r.region != call.Region {
		return r, notFound("Functions from '%s' are not reachable in this region ('%s')", r.region, call.Region)
	}
	if r.account != call.Account {
		return r, fault.Forbidden("AccessDeniedException", "User: arn:aws:iam::%s:root is not authorized to perform: lambda:%s on resource: %s"+
			" because no resource-based policy allows the lambda:%s action", call.Account, call.Operation, r.arn(), call.Operation)
	}
	if q := aws.ToString(qualifier); q != "" {
		if r.qualifier != "" && r.qualifier != q {
			return r, invalid("The derived qualifier from the function name does not match the specified qualifier.")
		}
		r.qualifier = q
	}
	return r, nil
}

// isVersion tells a version's number from an alias's name.
func isVersion(qualifier string) bool {
	return qualifier != "" && strings.Trim(qualifier, "0123456789") == ""
}
