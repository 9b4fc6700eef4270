// Package policy reads IAM policy documents and evaluates them: API Gateway's resource policies, the policies that an
// authorizer's function returns, identity policies of access keys. It owns the grammar, the matching of wildcards,
// principals and conditions, and the rule that a deny outweighs every allow.
//
// It must not know who asks (a caller combines the verdicts of several policies), where a condition key's value comes from,
// nor what an answer to a refused request looks like.
//
// A document is compiled once and never changes; evaluating it takes time in proportion to the document and the request,
// whatever they hold, and allocates only where a policy uses variables.
//
// Source: IAM user guide, "IAM JSON policy elements reference", "Policy evaluation logic".
package policy

// Verdict is what one document says of a request.
type Verdict int

// A document that says nothing of a request is silent: whether that refuses depends on who else is asked.
const (
	Silent Verdict = iota
	Allowed
	Denied
)

func (v Verdict) String() string {
	switch v {
	case Allowed:
		return "allowed"
	case Denied:
		return "denied"
	}
	return "silent"
}

// Request is what a document is asked.
type Request struct {
	// Principal is who asks; the zero Principal is anonymous. It plays no part in documents without principals.
	Principal Principal
	// Action is such as execute-api:Invoke; its case does not matter.
	Action string
	// Resource is the ARN that is acted on.
	Resource string
	// Context has the values of condition keys by their name in lower case. A key without values counts as missing.
	Context map[string][]string
}

// Document is a compiled policy. It is safe for concurrent use.
type Document struct {
	statements []statement
	keys       []string
}

// Evaluate tells what the document says of a request.
func (d *Document) Evaluate(r Request) Verdict {
	verdict, _ := d.Decide(&r)
	return verdict
}

// Decide is Evaluate that also tells which statement decided, by its Sid or its place ("Statement[2]"); empty when none did.
func (d *Document) Decide(r *Request) (Verdict, string) {
	verdict, by := Silent, ""
	resource := splitARN(r.Resource)
	for i := range d.statements {
		s := &d.statements[i]
		if verdict == Allowed && !s.deny || !s.applies(r, &resource) {
			continue
		}
		if s.deny {
			return Denied, s.name
		}
		verdict, by = Allowed, s.name
	}
	return verdict, by
}

// statement is one compiled statement.
type statement struct {
	name string
	deny bool

	// who is nil in a document that has no principals.
	who       *principals
	notWho    bool
	actions   []pattern
	notAction bool
	// resources is empty where the statement names none; it then applies to every resource.
	resources   []arnPattern
	notResource bool
	conditions  []condition
}

func (s *statement) applies(r *Request, resource *arn) bool {
	if s.who != nil && !s.concerns(&r.Principal) {
		return false
	}
	if matchesAny(s.actions, r.Action, r.Context) == s.notAction {
		return false
	}
	if len(s.resources) > 0 && matchesAnyARN(s.resources, resource, r.Context) == s.notResource {
		return false
	}
	for i := range s.conditions {
		if !s.conditions[i].holds(r.Context) {
			return false
		}
	}
	return true
}

// concerns tells whether the statement is about a principal.
//
// NotPrincipal in a deny spares only those that are listed themselves, and their role and account with them, as the guide has it
// listed. In an allow it leaves out everybody whom an entry covers, an account's own entry included. Both readings keep out
// rather than let in.
func (s *statement) concerns(p *Principal) bool {
	switch {
	case !s.notWho:
		return s.who.cover(p)
	case s.deny:
		return !s.who.spare(p)
	}
	return !s.who.cover(p)
}
