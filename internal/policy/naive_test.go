package policy

import (
	"net/netip"
	"slices"
	"strconv"
	"strings"
	"time"
)

// The naive evaluator reads the grammar straight from the JSON each time, matches by trying every way, and knows nothing of how the
// real one compiles: that both agree says something about both.

type naiveDocument struct {
	Version   string
	Statement []naiveStatement
}

type naiveStatement struct {
	Effect                                   string
	Principal, NotPrincipal                  map[string][]string
	Action, NotAction, Resource, NotResource []string
	Condition                                map[string]map[string][]string
}

func (d naiveDocument) evaluate(r Request) Verdict {
	var effects []string
	for _, s := range d.Statement {
		if s.applies(r, d.Version == "2012-10-17") {
			effects = append(effects, s.Effect)
		}
	}
	switch {
	case slices.Contains(effects, "Deny"):
		return Denied
	case slices.Contains(effects, "Allow"):
		return Allowed
	}
	return Silent
}

func (s naiveStatement) applies(r Request, variables bool) bool {
	if s.Principal != nil && !naiveCovers(s.Principal, r.Principal) {
		return false
	}
	if s.NotPrincipal != nil {
		out := naiveCovers(s.NotPrincipal, r.Principal)
		if s.Effect == "Deny" {
			entries := s.NotPrincipal["AWS"]
			listed := slices.Contains(entries, r.Principal.ARN) && r.Principal.ARN != ""
			if strings.Contains(r.Principal.ARN, ":assumed-role/") {
				roles := slices.DeleteFunc(slices.Clone(entries), func(e string) bool { return !strings.Contains(e, ":role/") })
				listed = listed && naiveCovers(map[string][]string{"AWS": roles}, r.Principal)
			}
			account := r.Principal.Account != "" && (slices.Contains(entries, r.Principal.Account) || slices.Contains(entries, "arn:aws:iam::"+r.Principal.Account+":root"))
			out = slices.Contains(entries, "*") || account && (listed || strings.HasSuffix(r.Principal.ARN, ":root"))
		}
		if out {
			return false
		}
	}
	action := func(pattern string) bool { return naiveLike(strings.ToLower(pattern), strings.ToLower(r.Action)) }
	resource := func(pattern string) bool { return naiveARN(pattern, r.Resource, r.Context, variables) }
	return (s.Action == nil || slices.ContainsFunc(s.Action, action)) && !slices.ContainsFunc(s.NotAction, action) &&
		(s.Resource == nil || slices.ContainsFunc(s.Resource, resource)) && !slices.ContainsFunc(s.NotResource, resource) &&
		naiveConditions(s.Condition, r.Context, variables)
}

func naiveCovers(entries map[string][]string, p Principal) bool {
	for _, entry := range entries["AWS"] {
		switch {
		case entry == "*":
			return true
		case p.Account != "" && (entry == p.Account || entry == "arn:aws:iam::"+p.Account+":root"):
			return true
		case p.ARN != "" && entry == p.ARN:
			return true
		case strings.HasPrefix(p.ARN, "arn:aws:sts::"+p.Account+":assumed-role/"):
			role := strings.Split(p.ARN, "/")[1]
			prefix := "arn:aws:iam::" + p.Account + ":role/"
			if strings.HasPrefix(entry, prefix) && entry[strings.LastIndex(entry, "/")+1:] == role {
				return true
			}
		}
	}
	return false
}

// naiveLike tries every length for every star, by dynamic programming.
func naiveLike(pattern, text string) bool {
	t := []rune(text)
	reach := make([]bool, len(t)+1)
	reach[0] = true
	for _, c := range pattern {
		next := make([]bool, len(t)+1)
		for i := range reach {
			switch {
			case c == '*':
				next[i] = reach[i] || i > 0 && next[i-1]
			case i > 0:
				next[i] = reach[i-1] && (c == '?' || c == t[i-1])
			}
		}
		reach = next
	}
	return reach[len(t)]
}

// naiveExpand replaces variables; wildcards in values become characters of their own by standing for private ones.
func naiveExpand(pattern string, context map[string][]string, variables bool) (string, bool) {
	if !variables {
		return pattern, true
	}
	var out strings.Builder
	for {
		before, rest, found := strings.Cut(pattern, "${")
		out.WriteString(before)
		if !found {
			return out.String(), true
		}
		name, after, _ := strings.Cut(rest, "}")
		values := context[strings.ToLower(name)]
		if len(values) != 1 {
			return "", false
		}
		out.WriteString(naiveQuote(values[0]))
		pattern = after
	}
}

func naiveQuote(text string) string {
	return strings.NewReplacer("*", "\ue000", "?", "\ue001").Replace(text)
}

func naiveARN(pattern, arn string, context map[string][]string, variables bool) bool {
	if !strings.HasPrefix(pattern, "arn:") {
		expanded, ok := naiveExpand(pattern, context, variables)
		return ok && naiveLikeQuoted(expanded, arn)
	}
	fields, given := strings.SplitN(strings.ReplaceAll(pattern, "${aws:", "${aws\ue002"), ":", 6), strings.SplitN(arn, ":", 6)
	if len(given) < 6 {
		return false
	}
	for len(fields) < 6 {
		fields = append(fields, "*")
	}
	for i := range fields {
		expanded, ok := naiveExpand(strings.ReplaceAll(fields[i], "\ue002", ":"), context, variables)
		if !ok || !naiveLikeQuoted(expanded, given[i]) {
			return false
		}
	}
	return true
}

// naiveLikeQuoted compares texts of which the one may hold quoted wildcards, and the other plain ones.
func naiveLikeQuoted(pattern, text string) bool { return naiveLike(pattern, naiveQuote(text)) }

func naiveConditions(conditions map[string]map[string][]string, context map[string][]string, variables bool) bool {
	for name, keys := range conditions {
		for key, wanted := range keys {
			if !naiveCondition(name, context[strings.ToLower(key)], wanted, context, variables) {
				return false
			}
		}
	}
	return true
}

func naiveCondition(name string, values, wanted []string, context map[string][]string, variables bool) bool {
	if name == "Null" {
		return (wanted[0] == "true") == (len(values) == 0)
	}
	set, op, isSet := strings.Cut(name, ":")
	if !isSet {
		set, op = "", name
	}
	op, ifExists := strings.CutSuffix(op, "IfExists")
	positive := strings.Replace(op, "Not", "", 1)
	negated := positive != op
	if positive == "IpAddress" && op == "NotIpAddress" {
		negated = true
	}
	if len(values) == 0 {
		return ifExists || set == "ForAllValues" || set == "" && negated
	}
	one := func(value string) bool {
		return slices.ContainsFunc(wanted, func(w string) bool { return naiveCompare(positive, value, w, context, variables) })
	}
	count := 0
	for _, v := range values {
		if one(v) {
			count++
		}
	}
	switch {
	case set == "ForAnyValue" && negated:
		return count < len(values)
	case set == "ForAnyValue":
		return count > 0
	case set == "ForAllValues" && negated:
		return count == 0
	case set == "ForAllValues":
		return count == len(values)
	}
	return (count > 0) != negated
}

func naiveCompare(op, value, wanted string, context map[string][]string, variables bool) bool {
	switch op {
	case "StringEquals", "StringEqualsIgnoreCase", "StringLike":
		expanded, ok := naiveExpand(wanted, context, variables)
		if !ok {
			return false
		}
		if op == "StringLike" {
			return naiveLikeQuoted(expanded, value)
		}
		expanded, value = naiveQuote(expanded), naiveQuote(value)
		return expanded == value || op == "StringEqualsIgnoreCase" && strings.EqualFold(expanded, value)
	case "ArnLike", "ArnEquals":
		return naiveARN(wanted, value, context, variables)
	case "Bool":
		return strings.EqualFold(value, wanted)
	case "IpAddress":
		ip, err := netip.ParseAddr(value)
		return err == nil && netip.MustParsePrefix(wanted).Contains(ip)
	}
	a, okA := naiveNumber(value)
	b, okB := naiveNumber(wanted)
	if !okA || !okB {
		return false
	}
	comparison := strings.TrimPrefix(strings.TrimPrefix(op, "Numeric"), "Date")
	return map[string]bool{"Equals": a == b, "LessThan": a < b, "LessThanEquals": a <= b, "GreaterThan": a > b, "GreaterThanEquals": a >= b}[comparison]
}

// naiveNumber reads a number, or a date as a number of seconds.
func naiveNumber(text string) (float64, bool) {
	if t, err := time.Parse(time.RFC3339, text); err == nil {
		return float64(t.Unix()), true
	}
	n, err := strconv.ParseFloat(text, 64)
	return n, err == nil
}
