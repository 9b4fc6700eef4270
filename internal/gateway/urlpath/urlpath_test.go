package urlpath_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/poolgate/poolgate/internal/gateway/urlpath"
)

func TestNormalise(t *testing.T) {
	for _, tt := range []struct {
		name, escaped, text, canonical string
		trailing, ambiguous            bool
	}{
		{"the root", "/", "/", "/", true, false},
		{"nothing", "", "/", "/", false, false},
		{"segments", "/a/b", "/a/b", "/a/b", false, false},
		{"a slash at the end", "/a/b/", "/a/b/", "/a/b/", true, false},
		{"repeated slashes", "//a///b", "/a/b", "/a/b", false, false},
		{"an escaped letter", "/%61", "/a", "/a", false, false},
		{"an escaped blank", "/a%20b", "/a b", "/a%20b", false, false},
		{"small letters in an escape", "/%c3%bc", "/ü", "/%C3%BC", false, false},
		{"an escaped slash", "/a%2fb", "/a/b", "/a%2Fb", false, true},
		{"a backslash", `/a%5Cb`, `/a\b`, `/a%5Cb`, false, true},
		{"an escape of an escape", "/a%252Fb", "/a%2Fb", "/a%252Fb", false, false},
		{"dots within a name", "/..a/b..", "/..a/b..", "/..a/b..", false, false},
	} {
		p, ok := urlpath.Normalise(tt.escaped, nil)
		if !ok || p.Text() != tt.text || p.Escaped() != tt.canonical || p.Trailing != tt.trailing || p.Ambiguous != tt.ambiguous {
			t.Errorf("%s: %q is %q, %q, %v, %v, %v", tt.name, tt.escaped, p.Text(), p.Escaped(), p.Trailing, p.Ambiguous, ok)
		}
	}
	for _, escaped := range []string{"/..", "/a/../b", "/%2e%2e/b", "/.", "/a%2f..%2fb", "/a%5c..", "/..%3b", "/a;b", "/a%00", "/%0a", "/%7f", "/%zz", "/%", "/%2"} {
		if p, ok := urlpath.Normalise(escaped, nil); ok {
			t.Errorf("%q is read as %q", escaped, p.Text())
		}
	}
}

// FuzzNormalise: the canonical form reads as the path itself, and no segment can be taken for a step up.
func FuzzNormalise(f *testing.F) {
	for _, seed := range []string{"/a/b", "/a%2Fb/", "//%61;", "/..%2f", "/%c0%ae", "/ü/%E4", `/a\..\b`} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, escaped string) {
		p, ok := urlpath.Normalise(escaped, nil)
		if !ok {
			return
		}
		again, ok := urlpath.Normalise(p.Escaped(), nil)
		if !ok || !slices.Equal(again.Segments, p.Segments) || again.Ambiguous != p.Ambiguous {
			t.Fatalf("%q has the canonical form %q, which reads as %q (%v)", escaped, p.Escaped(), again.Text(), ok)
		}
		for _, s := range p.Leniently() {
			if s.Text == ".." || s.Text == "." {
				t.Fatalf("%q leads to %q", escaped, s.Text)
			}
		}
		if strings.ContainsAny(p.Escaped(), " ?#\\;") {
			t.Fatalf("%q has the canonical form %q", escaped, p.Escaped())
		}
	})
}
