package policy

import (
	"errors"
	"strings"
	"testing"
	"time"
)

// FuzzParse: whatever the document and the request are, reading and evaluating end, and an error names what is wrong.
func FuzzParse(f *testing.F) {
	for _, seed := range []string{
		`{"Version":"2012-10-17","Statement":[{"Sid":"a","Effect":"Allow","Principal":"*","Action":"execute-api:Invoke","Resource":"execute-api:/*"}]}`,
		`{"Statement":{"Effect":"Deny","NotPrincipal":{"AWS":["123456789012"],"Service":"x"},"NotAction":["s3:?*"],"NotResource":["arn:aws:*:${aws:username,'x'}"]}}`,
		`{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"*","Resource":"*","Condition":{"ForAnyValue:StringLikeIfExists":{"K":["${k}*?"]},"IpAddress":{"k":"10.0.0.0/8"},"DateLessThan":{"k":"2026"},"NumericEquals":{"k":1},"Bool":{"k":true},"Null":{"k":"true"},"BinaryEquals":{"k":"aGk="},"ArnLike":{"k":"arn:aws:*"}}}]}`,
	} {
		f.Add(seed, "arn:aws:execute-api:eu-west-1:123456789012:abc123/prod/GET/pets", "value")
	}
	f.Fuzz(func(t *testing.T, document, resource, value string) {
		for _, parse := range []func([]byte) (*Document, error){Parse, func(b []byte) (*Document, error) { return ParseResource(b, testAPI) }} {
			d, err := parse([]byte(document))
			if err != nil {
				if e := new(Error); !errors.As(err, &e) || e.Text == "" {
					t.Fatalf("%v", err)
				}
				continue
			}
			context := map[string][]string{"k": {value}, "aws:username": {value, value}}
			for _, key := range d.Keys() {
				if key != strings.ToLower(key) {
					t.Errorf("the key %q is not in lower case", key)
				}
				context[key] = []string{value}
			}
			for _, p := range []Principal{{}, {ARN: resource, Account: "123456789012", UserID: value}, {Service: value}} {
				verdict, by := d.Decide(&Request{Principal: p, Action: "execute-api:Invoke", Resource: resource, Context: context})
				if (by == "") != (verdict == Silent) {
					t.Errorf("%s by %q", verdict, by)
				}
			}
		}
	})
}

// TestHostilePatterns: patterns that make matchers go back and forth take time in proportion here.
func TestHostilePatterns(t *testing.T) {
	long := strings.Repeat("a", 1<<17)
	for _, pattern := range []string{strings.Repeat("a*", 2000) + "b", strings.Repeat("*a", 2000) + "*b*", strings.Repeat("*", 8000) + "b", strings.Repeat("?*", 2000) + "b", "*" + strings.Repeat("?", 8000) + "b*a", "*" + strings.Repeat("a?", 4000) + "b*", "*" + strings.Repeat("?", 8000) + "*b*"} {
		d, err := Parse([]byte(`{"Statement":[{"Effect":"Allow","Action":"*","Resource":"` + pattern + `"}]}`))
		if err != nil {
			t.Fatal(err)
		}
		began := time.Now()
		if got := d.Evaluate(Request{Action: "a:b", Resource: long}); got != Silent {
			t.Errorf("%.20s: %s", pattern, got)
		}
		if took := time.Since(began); took > 2*time.Second {
			t.Errorf("%.20s took %s", pattern, took)
		}
	}
}
