package policy

import "strings"

// Limits of documents, in bytes. Limit is more than AWS allows for any policy that is read here.
const (
	Limit = 20 << 10
	// ResourceLimit is API Gateway's for resource policies (quotas, "API Gateway resource policy size").
	ResourceLimit = 8 << 10
)

// API is what the short resources of its resource policy are completed with.
type API struct{ Partition, Region, Account, ID string }

// Parse reads an identity policy, or one that an authorizer's function returned. A statement may name principals; it need not.
// The error is an *Error.
func Parse(data []byte) (*Document, error) {
	p := parser{limit: Limit}
	return p.document(data)
}

// ParseResource reads the resource policy of an API: every statement must name principals, and a resource may be short
// (execute-api:/STAGE/VERB/PATH) for the API that the policy belongs to. The error is an *Error.
func ParseResource(data []byte, api API) (*Document, error) {
	p := parser{limit: ResourceLimit, ofAPI: true, api: api}
	return p.document(data)
}

type parser struct {
	limit int
	// ofAPI is for resource policies.
	ofAPI bool
	api   API
	// variables tells that ${…} has a meaning.
	variables bool
}

func (p *parser) document(data []byte) (*Document, error) {
	if len(data) > p.limit {
		return nil, &Error{Text: "the document is longer than the limit"}
	}
	root, err := readTree(data)
	if err != nil {
		return nil, err
	}
	if root.kind != objectNode {
		return nil, root.fault("the document is not a JSON object")
	}
	var statements *node
	for i := range root.members {
		value := &root.members[i].value
		switch root.members[i].name {
		case "Version":
			if value.kind != textNode || value.text != "2012-10-17" && value.text != "2008-10-17" {
				return nil, value.fault("must be 2012-10-17 or 2008-10-17")
			}
			p.variables = value.text == "2012-10-17"
		case "Id":
			if value.kind != textNode {
				return nil, value.fault("must be a text")
			}
		case "Statement":
			statements = value
		default:
			return nil, value.fault("is not an element of a policy")
		}
	}
	if statements == nil {
		return nil, root.fault("the document has no Statement")
	}
	return p.statements(statements)
}

func (p *parser) statements(n *node) (*Document, error) {
	items := n.items
	if n.kind == objectNode {
		items = []node{*n}
	} else if n.kind != listNode {
		return nil, n.fault("must be a statement or a list of statements")
	}
	doc := &Document{statements: make([]statement, 0, len(items))}
	for i := range items {
		s, err := p.statement(&items[i])
		if err != nil {
			return nil, err
		}
		doc.statements = append(doc.statements, s)
	}
	doc.collectKeys()
	return doc, nil
}

func (p *parser) statement(n *node) (statement, error) {
	s := statement{name: n.place}
	if n.kind != objectNode {
		return s, n.fault("must be an object")
	}
	has := map[string]bool{}
	for i := range n.members {
		name, value := n.members[i].name, &n.members[i].value
		has[name] = true
		if err := p.element(&s, name, value); err != nil {
			return s, err
		}
	}
	return s, p.complete(n, has)
}

// complete tells whether a statement has every element that it must have, and none that exclude each other.
func (p *parser) complete(n *node, has map[string]bool) error {
	for _, name := range []string{"Principal", "Action", "Resource"} {
		if has[name] && has["Not"+name] {
			return n.fault("has both %s and Not%s", name, name)
		}
	}
	switch {
	case !has["Effect"]:
		return n.fault("has no Effect")
	case !has["Action"] && !has["NotAction"]:
		return n.fault("has no Action")
	case !has["Resource"] && !has["NotResource"]:
		return n.fault("has no Resource")
	case p.ofAPI && !has["Principal"] && !has["NotPrincipal"]:
		return n.fault("has no Principal")
	}
	return nil
}

func (p *parser) element(s *statement, name string, value *node) (err error) {
	switch name {
	case "Sid":
		if value.kind != textNode {
			return value.fault("must be a text")
		}
		if value.text != "" {
			s.name = value.text
		}
	case "Effect":
		if value.kind != textNode || value.text != "Allow" && value.text != "Deny" {
			return value.fault("must be Allow or Deny")
		}
		s.deny = value.text == "Deny"
	case "Principal", "NotPrincipal":
		s.notWho = name == "NotPrincipal"
		s.who, err = readPrincipals(value)
	case "Action", "NotAction":
		s.notAction = name == "NotAction"
		s.actions, err = p.actions(value)
	case "Resource", "NotResource":
		s.notResource = name == "NotResource"
		s.resources, err = p.resources(value)
	case "Condition":
		s.conditions, err = p.conditions(value)
	default:
		err = value.fault("is not an element of a statement")
	}
	return err
}

// actions reads SERVICE:NAME with wildcards, or a lone star.
func (p *parser) actions(n *node) (patterns []pattern, err error) {
	err = n.each(false, func(item *node) error {
		service, name, found := strings.Cut(item.text, ":")
		if item.text != "*" && (!found || service == "" || name == "") {
			return item.fault("must be SERVICE:ACTION or *")
		}
		pattern, err := compilePattern(item.text, compileOptions{wildcards: true, fold: true})
		patterns = append(patterns, pattern)
		return err
	})
	return patterns, orEmpty(n, len(patterns), err)
}

// orEmpty refuses an empty list where one value at least must be.
func orEmpty(n *node, count int, err error) error {
	if err == nil && count == 0 {
		return n.fault("is empty")
	}
	return err
}

func (p *parser) resources(n *node) (patterns []arnPattern, err error) {
	err = n.each(false, func(item *node) error {
		text := p.complement(item.text)
		if text == "" || p.ofAPI && text[0] != '*' && !strings.HasPrefix(text, "arn:") {
			return item.fault("must be an ARN, execute-api:/STAGE/VERB/PATH or *")
		}
		pattern, err := compileARN(text, p.variables)
		if err != nil {
			return item.fault("%s", err)
		}
		patterns = append(patterns, pattern)
		return nil
	})
	return patterns, orEmpty(n, len(patterns), err)
}

// complement makes an ARN of a resource in the short form that API Gateway takes for the API itself.
func (p *parser) complement(text string) string {
	rest, short := strings.CutPrefix(text, "execute-api:")
	if !short || !p.ofAPI || rest != "*" && !strings.HasPrefix(rest, "/") {
		return text
	}
	if rest == "*" {
		rest = "/*"
	}
	partition := p.api.Partition
	if partition == "" {
		partition = "aws"
	}
	return "arn:" + partition + ":execute-api:" + p.api.Region + ":" + p.api.Account + ":" + p.api.ID + rest
}

func (p *parser) conditions(n *node) ([]condition, error) {
	if n.kind != objectNode {
		return nil, n.fault("must be an object")
	}
	var all []condition
	for i := range n.members {
		keys := &n.members[i].value
		op, set, ifExists, known := findOperator(n.members[i].name)
		if !known {
			return nil, keys.fault("is no condition operator")
		}
		if keys.kind != objectNode {
			return nil, keys.fault("must be an object")
		}
		for j := range keys.members {
			c := condition{key: strings.ToLower(keys.members[j].name), op: op, set: set, ifExists: ifExists}
			if err := p.condition(&c, &keys.members[j].value); err != nil {
				return nil, err
			}
			all = append(all, c)
		}
	}
	return all, nil
}

func (p *parser) condition(c *condition, values *node) error {
	if c.key == "" {
		return values.fault("is no condition key")
	}
	count := 0
	err := values.each(true, func(item *node) error {
		count++
		if err := c.add(item.text, p.variables); err != nil {
			return item.fault("%s", err)
		}
		return nil
	})
	if err == nil && c.op.family == nullFamily && count > 1 {
		return values.fault("must be one value")
	}
	return orEmpty(values, count, err)
}
