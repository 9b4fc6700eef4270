package authz

import (
	"fmt"
	"regexp"
	"strings"
)

// poolARN is a user pool's ARN; the second group is the region, the third the account, the last the pool's id.
var poolARN = regexp.MustCompile(`^arn:(aws[a-z-]{0,20}):cognito-idp:([a-z]{2}(?:-[a-z]{1,12}){1,3}-\d{1,2}):(\d{1,12}):userpool/([\w-]{1,55}_[0-9a-zA-Z]{1,55})$`)

// ParsePoolARN reads a user pool's ARN, as providerARNs hold it. The id of a pool begins with its region: an ARN whose two
// regions differ names no pool.
func ParsePoolARN(arn string) (Pool, error) {
	m := poolARN.FindStringSubmatch(arn)
	if m == nil {
		return Pool{}, fmt.Errorf("authz: %s is not the ARN of a user pool, arn:aws:cognito-idp:REGION:ACCOUNT:userpool/REGION_ID", quote(arn))
	}
	pool := Pool{Region: m[2], ID: m[4]}
	if !strings.HasPrefix(pool.ID, pool.Region+"_") {
		return Pool{}, fmt.Errorf("authz: the ARN %s names the region %s, but its pool id another", quote(arn), pool.Region)
	}
	return pool, nil
}
