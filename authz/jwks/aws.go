package jwks

import (
	"regexp"
	"strings"

	"github.com/poolgate/poolgate/authz"
)

var (
	regionPattern = regexp.MustCompile(`^[a-z]{2}(-[a-z]{1,12}){1,3}-\d{1,2}$`)
	idPattern     = regexp.MustCompile(`^[0-9A-Za-z]{1,55}$`)
)

// OnAWS tells whether a pool can be one on AWS: its region is spelled as regions are, and its id begins with it. Only
// such a pool's keys are ever fetched.
func OnAWS(pool authz.Pool) bool {
	id, ok := strings.CutPrefix(pool.ID, pool.Region+"_")
	return ok && regionPattern.MatchString(pool.Region) && idPattern.MatchString(id)
}

// Issuer is the iss of the tokens that AWS issues for a pool. The newer issuer-cognito-idp host is not among what REST
// authorizers accept (fact 1.5).
func Issuer(pool authz.Pool) string {
	domain := "amazonaws.com"
	if strings.HasPrefix(pool.Region, "cn-") {
		domain = "amazonaws.com.cn"
	}
	return "https://cognito-idp." + pool.Region + "." + domain + "/" + pool.ID
}

// PoolOf is the pool that an issuer's URL names, when it is one of AWS's as Issuer writes it.
func PoolOf(issuer string) (authz.Pool, bool) {
	host, id, _ := strings.Cut(strings.TrimPrefix(issuer, "https://"), "/")
	region, _, _ := strings.Cut(strings.TrimPrefix(host, "cognito-idp."), ".")
	pool := authz.Pool{Region: region, ID: id}
	return pool, OnAWS(pool) && Issuer(pool) == issuer
}
