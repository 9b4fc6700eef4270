package policy

import (
	"slices"
	"strings"
)

// Principal is who makes a request. The zero value is anonymous.
type Principal struct {
	// ARN is arn:aws:iam::ACCOUNT:user/NAME, arn:aws:sts::ACCOUNT:assumed-role/ROLE/SESSION or arn:aws:iam::ACCOUNT:root.
	ARN string
	// Account is the twelve digits of the caller's account.
	Account string
	// UserID is the unique id (AIDA…, AROA…:session) of the caller, if it has one.
	UserID string
	// Service is the host-like name of a calling service, such as lambda.amazonaws.com.
	Service string
}

// principals is the compiled Principal or NotPrincipal of a statement.
type principals struct {
	// everybody covers the anonymous too.
	everybody bool
	accounts  []string
	arns      []string
	ids       []string
	services  []string
}

// cover tells whether an entry names the principal, its role or its account.
func (w *principals) cover(p *Principal) bool {
	return w.everybody || w.names(p) || p.Account != "" && slices.Contains(w.accounts, p.Account)
}

// spare tells whether the entries of a NotPrincipal name the principal itself and all that it is part of: its account, and the role
// whose session it is.
func (w *principals) spare(p *Principal) bool {
	switch {
	case w.everybody:
		return true
	case p.Service != "":
		return slices.Contains(w.services, p.Service)
	case p.Account == "" || !slices.Contains(w.accounts, p.Account):
		return false
	case isRoot(p.ARN):
		return true
	case strings.Contains(p.ARN, ":assumed-role/"):
		return slices.Contains(w.arns, p.ARN) && slices.ContainsFunc(w.arns, func(arn string) bool { return isSessionOf(p.ARN, arn) })
	}
	return w.names(p)
}

// names tells whether an entry is the principal itself, or the role whose session it is.
func (w *principals) names(p *Principal) bool {
	if p.Service != "" && slices.Contains(w.services, p.Service) {
		return true
	}
	if p.UserID != "" && slices.Contains(w.ids, p.UserID) {
		return true
	}
	if p.ARN == "" {
		return false
	}
	for _, arn := range w.arns {
		if arn == p.ARN || isSessionOf(p.ARN, arn) {
			return true
		}
	}
	return false
}

func isRoot(arn string) bool {
	return strings.HasPrefix(arn, "arn:") && strings.HasSuffix(arn, ":root")
}

// isSessionOf tells whether arn:P:sts::A:assumed-role/NAME/SESSION is a session of arn:P:iam::A:role/[PATH/]NAME. A session's
// ARN has no path, and a role's name is unique in its account.
func isSessionOf(session, role string) bool {
	partition, rest, found := cutARN(session, "sts")
	rolePartition, roleRest, isRole := cutARN(role, "iam")
	if !found || !isRole || partition != rolePartition {
		return false
	}
	account, name, found := strings.Cut(rest, ":assumed-role/")
	roleAccount, roleName, isRole := strings.Cut(roleRest, ":role/")
	if !found || !isRole || account != roleAccount {
		return false
	}
	name, _, _ = strings.Cut(name, "/")
	return name != "" && name == roleName[strings.LastIndexByte(roleName, '/')+1:]
}

// cutARN splits a global ARN of a service into its partition and what follows the empty region.
func cutARN(arn, service string) (partition, rest string, found bool) {
	arn, found = strings.CutPrefix(arn, "arn:")
	if !found {
		return "", "", false
	}
	partition, rest, found = strings.Cut(arn, ":")
	if !found {
		return "", "", false
	}
	rest, found = strings.CutPrefix(rest, service)
	if !found {
		return "", "", false
	}
	rest, found = strings.CutPrefix(rest, "::")
	return partition, rest, found
}

// accountOf reads an account's own entry: its twelve digits, or its root's ARN.
func accountOf(entry string) (string, bool) {
	if isAccount(entry) {
		return entry, true
	}
	_, rest, found := cutARN(entry, "iam")
	if !found {
		return "", false
	}
	account, found := strings.CutSuffix(rest, ":root")
	return account, found && isAccount(account)
}

func isAccount(text string) bool {
	if len(text) != 12 {
		return false
	}
	for i := range len(text) {
		if text[i] < '0' || text[i] > '9' {
			return false
		}
	}
	return true
}
