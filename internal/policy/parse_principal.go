package policy

import "strings"

// readPrincipals reads "*" or an object of kinds and their entries.
func readPrincipals(n *node) (*principals, error) {
	w := &principals{}
	if n.kind == textNode && n.text == "*" {
		w.everybody = true
		return w, nil
	}
	if n.kind != objectNode || len(n.members) == 0 {
		return nil, n.fault(`must be "*" or an object such as {"AWS": ["ARN"]}`)
	}
	for i := range n.members {
		kind, entries := n.members[i].name, &n.members[i].value
		count := 0
		err := entries.each(false, func(item *node) error {
			count++
			return w.add(kind, item)
		})
		if err := orEmpty(entries, count, err); err != nil {
			return nil, err
		}
	}
	return w, nil
}

func (w *principals) add(kind string, item *node) error {
	text := item.text
	switch kind {
	case "AWS":
		return w.addAWS(item)
	case "Service":
		if text == "" || text != "*" && strings.ContainsAny(text, "*?") {
			return item.fault("must be a service's name")
		}
		w.services = append(w.services, text)
	case "Federated", "CanonicalUser":
		if text == "" {
			return item.fault("must not be empty")
		}
		w.ids = append(w.ids, text)
	default:
		return item.fault("%q is no kind of principal", kind)
	}
	return nil
}

// addAWS reads an entry of kind AWS. A wildcard within an ARN is refused, as IAM does: it would match nothing.
func (w *principals) addAWS(item *node) error {
	text := item.text
	if text == "*" {
		w.everybody = true
		return nil
	}
	if account, is := accountOf(text); is {
		w.accounts = append(w.accounts, account)
		return nil
	}
	switch {
	case strings.HasPrefix(text, "arn:") && !strings.ContainsAny(text, "*?") && strings.Count(text, ":") >= arnFields-1:
		w.arns = append(w.arns, text)
	case isUniqueID(text):
		w.ids = append(w.ids, text)
	default:
		return item.fault("must be *, an account's twelve digits or a principal's ARN without wildcards")
	}
	return nil
}

// isUniqueID recognises what IAM writes in the place of a principal that was deleted.
func isUniqueID(text string) bool {
	if len(text) < 16 || len(text) > 128 || text[0] != 'A' {
		return false
	}
	return strings.Trim(text, "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789") == ""
}
