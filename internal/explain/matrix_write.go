package explain

import (
	"fmt"
	"io"
	"strings"
)

// WriteTable tells a table to people.
func WriteTable(w io.Writer, t *Table, o Options) error {
	p := newPage(o)
	p.bold(fmt.Sprintf("%s %s, stage %s of API %s", t.Method, t.Path, t.Stage, t.API))
	if t.Authorizer != "" {
		p.fact("authorizer", t.Authorizer+", which reads "+t.Source)
	} else {
		p.fact("authorizer", "none ("+t.Type+")")
	}
	scopes := "none"
	if len(t.Scopes) > 0 {
		scopes = strings.Join(t.Scopes, ", ")
	}
	p.fact("scopes", scopes)
	if t.Guessed {
		p.text("  ", "What the stage serves could not be read: this is the API as it is edited now.")
	}
	p.line("")
	widest := 0
	for _, row := range t.Rows {
		widest = max(widest, len(row.Token))
	}
	for _, row := range t.Rows {
		colour, answer := green, "allowed"
		switch {
		case !row.Taken:
			colour, answer = red, fmt.Sprintf("%d %s", row.Status, row.Reason)
		case row.Reason != "":
			colour, answer = yellow, fmt.Sprintf("taken, then %d %s", row.Status, row.Reason)
		}
		p.line("  %-*s  %s", widest, row.Token, p.painted(colour, answer))
	}
	p.gaps(&Verdict{Certain: true, Gaps: t.Gaps})
	_, err := io.WriteString(w, p.String())
	return err
}
