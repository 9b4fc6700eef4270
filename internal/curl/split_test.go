package curl_test

import (
	"errors"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/poolgate/poolgate/internal/curl"
)

// TestPastedCommands are commands as browsers and people copy them.
func TestPastedCommands(t *testing.T) {
	for _, test := range []struct {
		name, text string
		want       []string
	}{
		{"Chrome, bash", "curl 'https://a.example/dev/x?y=1&z=2' \\\n  -H 'accept: */*' \\\n  -H 'authorization: abc.def' \\\n  --data-raw '{\"a\":\"b\"}' \\\n  --compressed",
			[]string{"curl", "https://a.example/dev/x?y=1&z=2", "-H", "accept: */*", "-H", "authorization: abc.def", "--data-raw", `{"a":"b"}`, "--compressed"}},
		{"bash's own quotes", `curl 'https://a.example/' --data-raw $'it\'s\u0021\x41\n\101\\'`, []string{"curl", "https://a.example/", "--data-raw", "it's!A\nA\\"}},
		{"Firefox, bash", `curl 'https://a.example/' --compressed -X POST -H 'User-Agent: Mozilla/5.0 (X11; Linux x86_64)' --data-raw ''`,
			[]string{"curl", "https://a.example/", "--compressed", "-X", "POST", "-H", "User-Agent: Mozilla/5.0 (X11; Linux x86_64)", "--data-raw", ""}},
		{"Chrome, cmd", "curl ^\"https://a.example/dev/x?y=1^&z=2^\" ^\r\n  -H ^\"accept: */*^\" ^\r\n  --data-raw ^\"^{^\\^\"a^\\^\":^\\^\"50^%^ b^\\^\"^}^\"",
			[]string{"curl", "https://a.example/dev/x?y=1&z=2", "-H", "accept: */*", "--data-raw", `{"a":"50% b"}`}},
		{"older Chrome, cmd", "curl \"https://a.example/?a=1&b=2\" ^\r\n  -H \"accept: a\" ^\r\n  --compressed", []string{"curl", "https://a.example/?a=1&b=2", "-H", "accept: a", "--compressed"}},
		{"a payload with a line end, cmd", "curl ^\"https://a.example/^\" --data-raw ^\"a^\n\nb^\"", []string{"curl", "https://a.example/", "--data-raw", "a\nb"}},
		{"a prompt before it", "$ curl http://a.example/", []string{"curl", "http://a.example/"}},
		{"a pipe behind it", "curl -s http://a.example/ | jq .", []string{"curl", "-s", "http://a.example/"}},
		{"a redirection behind it", "curl http://a.example/ 2>/dev/null", []string{"curl", "http://a.example/"}},
		{"a second line", "curl http://a.example/\necho done", []string{"curl", "http://a.example/"}},
		{"a remark", "curl http://a.example/#x # the failing one", []string{"curl", "http://a.example/#x"}},
		{"double quotes", `curl "http://a.example/" -H "x: \"q\" \\ \n $ 5"`, []string{"curl", "http://a.example/", "-H", `x: "q" \ \n $ 5`}},
		{"an escaped space", `curl a\ b`, []string{"curl", "a b"}},
		{"an escape that is none", `curl $'\q\x\u'`, []string{"curl", `\q\x\u`}},
		{"nothing", "  \n", nil},
	} {
		t.Run(test.name, func(t *testing.T) {
			got, err := curl.Split(test.text)
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(test.want, got); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestPastedCommandsThatCannotBeRead(t *testing.T) {
	for _, test := range []struct{ name, text, want string }{
		{"a variable", `curl -H "Authorization: $TOKEN" http://a.example/`, "$TOKEN"},
		{"a variable in braces", `curl -H "Authorization: ${TOKEN}" http://a.example/`, "$TOKEN"},
		{"a substitution", `curl -H "Authorization: $(cat token)" http://a.example/`, "$(…)"},
		{"an old substitution", "curl -H `cat token`", "`…`"},
		{"a quote without an end", "curl 'http://a.example/", "does not end"},
		{"a double quote without an end", `curl "http://a.example/`, "does not end"},
		{"bash's quote without an end", `curl $'a\'`, "does not end"},
		{"cmd's quote without an end", `curl ^"http://a.example/`, "does not end"},
		{"far too long", strings.Repeat("x", curl.LongestText+1), "longer than"},
	} {
		t.Run(test.name, func(t *testing.T) {
			_, err := curl.Split(test.text)
			var problem *curl.Problem
			if !errors.As(err, &problem) || !strings.Contains(problem.Message, test.want) || problem.Hint == "" {
				t.Errorf("got %#v, want %q", err, test.want)
			}
		})
	}
}

func FuzzSplit(f *testing.F) {
	f.Add(`curl 'a' "b\"" $'c\x41' -H 'd: e' | f`)
	f.Add("curl ^\"a^\" ^\n b\\\"")
	f.Fuzz(func(t *testing.T, text string) {
		words, err := curl.Split(text)
		if err != nil || len(words) == 0 {
			return
		}
		// Words that are quoted again are the same words.
		quoted := make([]string, len(words))
		for i, word := range words {
			quoted[i] = "'" + strings.ReplaceAll(word, "'", `'\''`) + "'"
		}
		line := strings.Join(quoted, " ")
		if strings.Contains(line, ` ^"`) || strings.Contains(line, "^\n") || strings.Contains(line, "^\r\n") {
			return // would be taken for cmd's
		}
		again, err := curl.Split(line)
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(words, again); diff != "" {
			t.Error(diff)
		}
	})
}
