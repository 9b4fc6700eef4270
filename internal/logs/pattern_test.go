package logs

import "testing"

func TestFilterPatterns(t *testing.T) {
	const document = `{"level":"ERROR","status":404,"ok":true,"none":null,"user":{"name":"ann lee","ips":["10.0.0.1","10.0.0.2"]},"at.dot":1}`
	for _, row := range []struct {
		pattern, message string
		want             bool
	}{
		{"", "anything", true},
		{"ERROR", "[ERROR] x", true},
		{"ERROR", "[error] x", false},
		{"ERROR 404", "404 is an ERROR", true},
		{"ERROR 404", "an ERROR", false},
		{`"INTERNAL ERROR"`, "an INTERNAL ERROR", true},
		{`"INTERNAL ERROR"`, "INTERNAL  ERROR", false},
		{`"say \"hi\""`, `they say "hi"`, true},
		{"ERROR -404", "ERROR 500", true},
		{"ERROR -404", "ERROR 404", false},
		{`-"exit now"`, "please exit now", false},
		{"?ERROR ?WARN", "a WARN", true},
		{"?ERROR ?WARN", "an INFO", false},
		{"?ERROR WARN", "a WARN", true},
		{"?ERROR WARN", "an ERROR", false},
		{"%5[0-9]{2}%", "status 503", true},
		{"%5[0-9]{2}%", "status 403", false},
		{`{ $.level = "ERROR" }`, document, true},
		{`{ $.level = "INFO" }`, document, false},
		{`{ $.level != "INFO" }`, document, true},
		{`{$.level=ERR*}`, document, true},
		{`{ $.level = ERROR }`, "no JSON", false},
		{`{ $.status = 404 }`, document, true},
		{`{ $.status >= 500 }`, document, false},
		{`{ $.status > 400 && $.status < 500 }`, document, true},
		{`{ $.status = 4* }`, document, true},
		{`{ $.status = %^4% }`, document, true},
		{`{ ($.status = 500 || $.status = 404) && $.ok IS TRUE }`, document, true},
		{`{ $.status = 404 || $.status = 500 && $.level = "INFO" }`, document, true},
		{`{ $.none IS NULL }`, document, true},
		{`{ $.missing IS NULL }`, document, false},
		{`{ $.missing NOT EXISTS }`, document, true},
		{`{ $.missing != "x" }`, document, false},
		{`{ $.user.name = "ann *" }`, document, true},
		{`{ $.user.ips[1] = 10.0.0.2 }`, document, true},
		{`{ $.user.ips[2] = "10.0.0.2" }`, document, false},
		{`{ $['at.dot'] = 1 }`, document, true},
	} {
		matches, err := parsePattern(row.pattern)
		if err != nil {
			t.Errorf("%s: %v", row.pattern, err)
			continue
		}
		if got := matches(row.message); got != row.want {
			t.Errorf("%s on %s: %t", row.pattern, row.message, got)
		}
	}
}

func TestBrokenFilterPatternsAreRefused(t *testing.T) {
	for _, text := range []string{
		`"open`, "a:b", "?", "-", "%(%", "%a", "[a, b]", "{", "{}", "{ $.a }", "{ $.a = }", "{ $.a = 1", "{ $.a = 1 } x", "{ a = 1 }", "{ $.a > x }", "{ ($.a = 1 }", `{ $.a = "x }`, "{ $ = 1 }", "{ $.a[x] = 1 }",
	} {
		if _, err := parsePattern(text); err == nil {
			t.Errorf("%s was taken", text)
		}
	}
}

func FuzzPattern(f *testing.F) {
	for _, text := range []string{`ERROR -"x y" ?z %a+%`, `{ ($.a[0].b = "x*" || $.c >= 1.5) && $.d IS NULL }`, `{ $['x'] NOT EXISTS }`} {
		f.Add(text, `{"a":[{"b":"xy"}],"c":2,"d":null}`)
	}
	f.Fuzz(func(t *testing.T, text, message string) {
		matches, err := parsePattern(text)
		if err != nil {
			return
		}
		if first := matches(message); first != matches(message) {
			t.Error("it matches once and once not")
		}
	})
}
