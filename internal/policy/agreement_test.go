package policy

import (
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
)

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
