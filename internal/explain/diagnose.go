package explain

import (
	"context"
	"errors"
	"fmt"

	"github.com/poolgate/poolgate/authz"
	"github.com/poolgate/poolgate/internal/account"
)

// errNoRequest tells that a case says not what was asked.
var errNoRequest = errors.New("explain: the case has no request")

// Diagnose tells what became of a request, and why. The error is ctx's own, or that of an account that could not be asked at all; what
// is merely not known is a verdict that says so.
func Diagnose(ctx context.Context, c Case) (*Verdict, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	if c.Request.Method == "" || c.Request.URL == "" {
		return nil, errNoRequest
	}
	v := &Verdict{Version: 1}
	if c.Answer != nil {
		v.Status = c.Answer.Status
	}
	if c.Located.Kind == NotAPIGateway {
		return elsewhere(&c, v), nil
	}
	l, err := newLook(ctx, &c)
	if err != nil {
		return nil, fmt.Errorf("the account could not be read: %w", err)
	}
	l.conclude(v)
	l.tellRoot(v)
	v.Facts = l.facts()
	v.Checks = l.checks(v)
	if !v.Allowed {
		v.Mend = l.mend(v)
	}
	l.warnings(v)
	if c.Account == nil {
		v.Missing = append(v.Missing, "credentials for the account that has the API")
	} else if v.Gaps = c.Account.Gaps(); v.Certain {
		v.Gaps = worthTelling(v.Gaps)
	}
	return v.whole().hidden(), nil
}

// elsewhere is the verdict on an address that is not API Gateway's.
func elsewhere(c *Case, v *Verdict) *Verdict {
	v.Sentence = "The URL's host " + clip(c.Located.Host, 200) + " is not one of API Gateway's."
	v.Facts = []Fact{{"request", c.Request.Method + " " + clip(c.Request.URL, 300)}}
	v.unsure("the URL of an API: https://ID.execute-api.REGION.amazonaws.com/STAGE/…, a custom domain name of API Gateway, or a local server's")
	return v.whole().hidden()
}

// tellRoot puts the root in the place of what follows from it.
func (l *look) tellRoot(v *Verdict) {
	if l.deployed == nil || v.Reason != l.deployed.Reason {
		return
	}
	switch v.Reason {
	case authz.ScopeMissing:
		if root := rootOf(l.scopeChecks()); root != nil {
			v.Saw, v.Expected = root.Saw, root.Expected
		}
	case authz.TokenIssuer:
		if _, name := l.otherAuthorizer(); name != "" {
			v.Expected += "; the token fits the API's authorizer " + name
		}
	case authz.IdentitySourceMissing:
		if source := l.tokenSource(); source != "" {
			v.Expected = "a token in the header " + source
			if l.token != nil && l.token.header != source {
				v.Saw += "; there is a token in the header " + l.token.header
			}
		}
	}
}

// worthTelling are the gaps of a verdict that is certain all the same: those that kept something from being looked at.
func worthTelling(gaps []account.Gap) (told []account.Gap) {
	for _, g := range gaps {
		if g.Kind == account.GapDenied || g.Kind == account.GapThrottled || g.Kind == account.GapCredentials {
			told = append(told, g)
		}
	}
	return told
}

// whole makes lists of what would be null in JSON.
func (v *Verdict) whole() *Verdict {
	if v.Mend == nil {
		v.Mend = []string{}
	}
	if v.Checks == nil {
		v.Checks = []authz.Check{}
	}
	if v.Warnings == nil {
		v.Warnings = []authz.Warning{}
	}
	return v
}
