package authz

import "testing"

func TestExpressions(t *testing.T) {
	for _, tt := range []struct {
		name, expression, token string
		want                    bool
	}{
		{"no expression", "", "anything", true},
		{"a literal", "allow", "allow", true},
		{"a literal and more", "allow", "allowed", false},
		{"anchors that say what holds anyway", `^Bearer [-0-9a-zA-Z\._]*$`, "Bearer abc.def", true},
		{"another scheme", `^Bearer [-0-9a-zA-Z\._]*$`, "Basic abc", false},
		{"the whole token or none of it", "[a-z]+", "abc1", false},
		{"a line break at the end", "[a-z]+", "abc\n", false},
		{"Java's classes", `\p{Alpha}+`, "abc", true},
	} {
		t.Run(tt.name, func(t *testing.T) {
			e, err := CompileExpression(tt.expression)
			if err != nil {
				t.Fatal(err)
			}
			if got := e.Matches(tt.token); got != tt.want {
				t.Errorf("matches is %v", got)
			}
		})
	}
	for _, broken := range []string{"(", "(?=a)", "(a{1000}){1000}"} {
		if _, err := CompileExpression(broken); err == nil {
			t.Errorf("%q compiles", broken)
		}
	}
}
