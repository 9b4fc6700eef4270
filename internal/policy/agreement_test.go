package policy

import (
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"net/netip"
	"slices"
	"strconv"
	"strings"
	"testing"
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

// dice makes random policies and requests out of few words, so that they meet.
type dice struct{ *rand.Rand }

func (d dice) pick(words ...string) string { return words[d.IntN(len(words))] }

func (d dice) some(most int, word func() string) []string {
	list := make([]string, 1+d.IntN(most))
	for i := range list {
		list[i] = word()
	}
	return list
}

func (d dice) path() string {
	return strings.Join(d.some(3, func() string { return d.pick("a", "b", "ab", "é", "a:b", "*", "?") }), "/")
}

func (d dice) arn() string {
	return fmt.Sprintf("arn:aws:execute-api:%s:%s:%s/%s/%s/%s", d.pick("r1", "r2"), d.pick("1", "2"), d.pick("x", "y"), d.pick("s", "t"), d.pick("GET", "PUT"), d.path())
}

// pattern puts wildcards and variables into a text.
func (d dice) pattern(text string) string {
	runes := []rune(text)
	for range d.IntN(4) {
		i := d.IntN(len(runes) + 1)
		j := min(len(runes), i+d.IntN(4))
		runes = slices.Concat(runes[:i:i], []rune(d.pick("*", "?", "*", "${aws:username}", "")), runes[j:])
	}
	return string(runes)
}

func (d dice) principal() Principal {
	account := d.pick("111122223333", "444455556666")
	switch d.IntN(5) {
	case 0:
		return Principal{}
	case 1:
		return Principal{ARN: "arn:aws:iam::" + account + ":root", Account: account}
	case 2:
		return Principal{ARN: "arn:aws:sts::" + account + ":assumed-role/" + d.pick("r", "q") + "/s", Account: account}
	}
	return Principal{ARN: "arn:aws:iam::" + account + ":user/" + d.pick("ann", "bob"), Account: account}
}

func (d dice) entries() map[string][]string {
	return map[string][]string{"AWS": d.some(3, func() string {
		account := d.pick("111122223333", "444455556666")
		return d.pick("*", account, "arn:aws:iam::"+account+":root", "arn:aws:iam::"+account+":user/ann", "arn:aws:iam::"+account+":user/bob",
			"arn:aws:iam::"+account+":role/p/r", "arn:aws:iam::"+account+":role/q", "arn:aws:sts::"+account+":assumed-role/r/s")
	})}
}

func (d dice) context() map[string][]string {
	all := map[string][]string{}
	add := func(key string, word func() string) {
		if d.IntN(4) > 0 {
			all[key] = d.some(2, word)
		}
	}
	add("aws:username", func() string { return d.pick("a", "b", "*", "?", "é") })
	add("t", func() string { return d.path() })
	add("n", func() string { return d.pick("1", "2.5", "-3", "x") })
	add("d", func() string { return d.pick("2026-01-01T00:00:00Z", "2026-01-02T00:00:00Z", "1767225600") })
	add("i", func() string { return d.pick("10.1.2.3", "10.200.0.1", "2001:db8::1", "?") })
	add("f", func() string { return d.pick("true", "false", "TRUE") })
	add("r", d.arn)
	return all
}

func (d dice) conditions() map[string]map[string][]string {
	all := map[string]map[string][]string{}
	for range d.IntN(3) {
		op, key, word := "", "", func() string { return "" }
		switch d.IntN(7) {
		case 0:
			op, key = d.pick("StringEquals", "StringNotEquals", "StringEqualsIgnoreCase", "StringNotEqualsIgnoreCase"), "t"
			word = d.path
		case 1:
			op, key = d.pick("StringLike", "StringNotLike"), "T"
			word = func() string { return d.pattern(d.path()) }
		case 2:
			op, key = "Numeric"+d.pick("Equals", "NotEquals", "LessThan", "LessThanEquals", "GreaterThan", "GreaterThanEquals"), "n"
			word = func() string { return d.pick("1", "2", "2.5", "-3") }
		case 3:
			op, key = "Date"+d.pick("Equals", "NotEquals", "LessThan", "LessThanEquals", "GreaterThan", "GreaterThanEquals"), "d"
			word = func() string { return d.pick("2026-01-01T00:00:00Z", "2026-01-01T12:00:00Z", "1767312000") }
		case 4:
			op, key = d.pick("IpAddress", "NotIpAddress"), "i"
			word = func() string { return d.pick("10.0.0.0/8", "10.1.0.0/16", "2001:db8::/32", "0.0.0.0/0") }
		case 5:
			op, key = "Bool", "f"
			word = func() string { return d.pick("true", "false") }
		case 6:
			op, key = d.pick("ArnLike", "ArnEquals", "ArnNotLike", "ArnNotEquals"), "r"
			word = func() string { return d.pattern(d.arn()) }
		}
		op = d.pick("", "", "ForAnyValue:", "ForAllValues:") + op + d.pick("", "", "IfExists")
		wanted := d.some(2, word)
		if d.IntN(8) == 0 {
			op, wanted = "Null", []string{d.pick("true", "false")}
		}
		all[op] = map[string][]string{key: wanted}
	}
	return all
}

func (d dice) document() map[string]any {
	var statements []any
	for range 1 + d.IntN(3) {
		s := map[string]any{"Effect": d.pick("Allow", "Allow", "Deny"), "Condition": d.conditions()}
		s[d.pick("Principal", "Principal", "NotPrincipal")] = d.entries()
		if d.IntN(3) == 0 {
			delete(s, "Principal")
		}
		s[d.pick("Action", "Action", "NotAction")] = d.some(2, func() string {
			return d.pick("*", "execute-api:*", "execute-api:Invoke", "EXECUTE-API:inv?ke", "s3:*", "execute-api:Manage*")
		})
		s[d.pick("Resource", "Resource", "NotResource")] = d.some(2, func() string {
			return d.pick("*", d.pattern(d.arn()), d.arn(), "arn:aws:execute-api:*", "*"+d.pattern(d.path()))
		})
		statements = append(statements, s)
	}
	return map[string]any{"Version": d.pick("2012-10-17", "2012-10-17", "2008-10-17"), "Statement": statements}
}

// TestEvaluatorsAgree is the property: for random policies, ARNs and requests the evaluator says what the naive one says.
func TestEvaluatorsAgree(t *testing.T) {
	rounds := 5_000
	if testing.Short() {
		rounds = 1_000
	}
	seen := map[Verdict]int{}
	unreadable := 0
	for seed := range uint64(rounds) {
		d := dice{rand.New(rand.NewPCG(seed, 4))}
		text, err := json.Marshal(d.document())
		if err != nil {
			t.Fatal(err)
		}
		compiled, err := Parse(text)
		if err != nil {
			unreadable++ // a wildcard in the place of a field's beginning, or half a variable
			continue
		}
		var naive naiveDocument
		if err := json.Unmarshal(text, &naive); err != nil {
			t.Fatal(err)
		}
		for range 8 {
			r := Request{Principal: d.principal(), Action: d.pick("execute-api:Invoke", "execute-api:invoke", "s3:GetObject"), Resource: d.arn(), Context: d.context()}
			got, want := compiled.Evaluate(r), naive.evaluate(r)
			if got != want {
				t.Fatalf("seed %d: %s, the naive one says %s\n%s\n%+v", seed, got, want, text, r)
			}
			seen[got]++
		}
	}
	t.Logf("%d allowed, %d denied, %d silent, %d documents unreadable", seen[Allowed], seen[Denied], seen[Silent], unreadable)
	for _, v := range []Verdict{Allowed, Denied, Silent} {
		if seen[v] < rounds/20 {
			t.Errorf("only %d requests are %s: the test asks too little", seen[v], v)
		}
	}
	if unreadable > rounds/5 {
		t.Errorf("%d of %d documents cannot be read", unreadable, rounds)
	}
}
