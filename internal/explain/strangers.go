package explain

import (
	"fmt"
	"net/http"
	"slices"

	"github.com/poolgate/poolgate/authz"
	"github.com/poolgate/poolgate/internal/account"
)

// foreign is the verdict on an answer that API Gateway did not give.
func (l *look) foreign(v *Verdict) {
	who := l.evidence.foreign
	if len(l.evidence.reasons) == 1 {
		l.refused(v, l.evidence.reasons[0], "an answer of "+who+" that says that the request was blocked", "an answer of API Gateway")
		return
	}
	if r := l.deployed; r != nil && !r.Allowed {
		l.refused(v, r.Reason, r.Saw, r.Expected)
	}
	v.Sentence = fmt.Sprintf("The answer %d came from %s.", v.Status, who)
	v.unsure("an answer of API Gateway itself: check that the URL, its path and a proxy on the way are those that are meant")
}

// withoutAccount is the verdict where nothing of the API could be read.
func (l *look) withoutAccount(v *Verdict) {
	e := &l.evidence
	if l.absent(v) {
		return
	}
	switch {
	case e.passed:
		v.Allowed, v.Certain, v.Sentence = true, true, "The request was let in."
	case len(e.reasons) == 1:
		saw := "an answer that has no other cause"
		l.refused(v, e.reasons[0], saw, "")
	case len(e.reasons) > 1:
		v.Sentence = fmt.Sprintf("The answer %d fits several causes, and the API could not be read: %s.", v.Status, codes(e.reasons))
		v.unsure("the API's configuration")
	default:
		v.Sentence = "The API could not be read."
		v.unsure("the API's configuration")
	}
}

// absent is the verdict where the account says that there is no such API, or that the domain name leads nowhere. It is false where
// it only could not be read.
func (l *look) absent(v *Verdict) bool {
	if l.c.Account == nil || l.evidence.passed {
		return false
	}
	denied := slices.ContainsFunc(l.c.Account.Gaps(), func(g account.Gap) bool { return g.Kind != account.GapHidden && g.Kind != account.GapTooMuch })
	switch {
	case l.throughDomain && l.api == "":
		l.refused(v, authz.DomainMappingMissing, fmt.Sprintf("no mapping of %s for the path %s", l.domain.Name, clip(l.path, 200)), basePaths(l.domain))
	case l.domain == nil && l.c.Located.Kind == CustomDomain && !denied:
		v.Sentence = l.c.Located.Host + " is no custom domain name of API Gateway in this account and region."
		v.unsure("the account and region that have the domain name " + l.c.Located.Host)
		return true
	case denied || l.api == "":
		return false
	default:
		l.refused(v, authz.DomainMappingMissing, fmt.Sprintf("there is no API %s in %s", l.api, l.regionOr("this region")), "the id of an API of the account")
	}
	if v.Status == 0 {
		v.Status = http.StatusForbidden
	}
	if l.evidence.sent && !l.evidence.could(authz.DomainMappingMissing) {
		v.unsure(fmt.Sprintf("the answer %d is not the one of an API that does not exist: these credentials may be for another account or region", v.Status))
	}
	return true
}
