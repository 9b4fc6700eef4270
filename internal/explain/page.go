package explain

import (
	"fmt"
	"strings"
)

// widest is the column at which a text goes on in the next line. A single word may be wider.
const widest = 100

// page is text for a terminal.
type page struct{ strings.Builder }

// line writes a line that is not broken.
func (p *page) line(format string, args ...any) {
	p.WriteString(strings.TrimRight(fmt.Sprintf(format, args...), " ") + "\n")
}

// fact is a name with a value beside it.
func (p *page) fact(name, value string) { p.text(fmt.Sprintf("  %-10s  ", name), value) }

// text breaks a text at its spaces; what follows the first line stands under it.
func (p *page) text(begin, text string) {
	p.broken(begin, strings.Repeat(" ", len(begin)), "", strings.Fields(text))
}

// command breaks a command before its options, and after a &&, so that a shell takes it as one.
func (p *page) command(command string) {
	for _, part := range strings.SplitAfter(command, " && ") {
		p.broken("      ", "        ", ` \`, options(strings.TrimSpace(part)))
	}
}

// options parts a command before each option; an option stays with its values, and what is quoted stays whole.
func options(command string) (parts []string) {
	quotes := 0
	for _, word := range strings.Split(command, " ") {
		if last := len(parts) - 1; last < 0 || quotes%2 == 0 && strings.HasPrefix(word, "-") {
			parts = append(parts, word)
		} else {
			parts[last] += " " + word
		}
		quotes += strings.Count(word, "'")
	}
	return parts
}

// broken writes words in lines, each but the last with an end.
func (p *page) broken(begin, next, end string, words []string) {
	line := begin
	for i, word := range words {
		switch {
		case i == 0:
			line += word
		case len([]rune(line))+1+len([]rune(word))+len(end) > widest:
			p.line("%s%s", line, end)
			line = next + word
		default:
			line += " " + word
		}
	}
	p.line("%s", line)
}
