package demo

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestAnAnswerIsCutToWhatMatters(t *testing.T) {
	long := strings.Repeat("x", 80)
	for _, test := range []struct {
		name, answer string
		show         []string
		want         string
	}{
		{"no answer says so", " ", nil, "(empty)"},
		{"a short one is a line, its members sorted", `{"b":1,"a":[true,null,"x"]}`, nil, `{"a": [true, null, "x"], "b": 1}`},
		{"a number is as it came", `{"at":1795232188.624}`, nil, `{"at": 1795232188.624}`},
		{"the named members come in their order, and a mark for the rest", `{"a":1,"b":2,"c":3}`, []string{"c", "a"}, `{"c": 3, "a": 1, …}`},
		{"a named member that is not there is not shown", `{"a":1}`, []string{"z", "a"}, `{"a": 1}`},
		{"a wrapper is no level of its own", `{"User":{"Name":"jo","Enabled":true}}`, []string{"Name"}, `{"User": {"Name": "jo", …}}`},
		{"a member that is an object is not cut", `{"a":{"b":1,"c":2},"d":3}`, []string{"a"}, `{"a": {"b": 1, "c": 2}, …}`},
		{"a wide one has a line for each member", `{"a":"` + long + `","b":"` + long + `","c":1}`, []string{"b", "a"},
			"{\n    \"b\": \"" + long + "\",\n    \"a\": \"" + long + "\",\n    …\n  }"},
		{"of a token there is only the beginning", `{"t":"eyJraWQiOiJLdG1IsecretsecretsecretX"}`, nil, `{"t": "eyJraWQiOiJLdG1I…"}`},
		{"a long text is cut", `{"t":"` + strings.Repeat("ä", 200) + `"}`, nil, "{\n    \"t\": \"" + strings.Repeat("ä", 100) + "…\"\n  }"},
		{"what is no JSON is shown as it is", `<html>`, nil, `<html>`},
	} {
		t.Run(test.name, func(t *testing.T) {
			if diff := cmp.Diff(test.want, abridge([]byte(test.answer), test.show...)); diff != "" {
				t.Error(diff)
			}
		})
	}
}
