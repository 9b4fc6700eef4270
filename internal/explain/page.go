package explain

import (
	"fmt"
	"strings"

	"github.com/poolgate/poolgate/authz"
)

// The widths at which a text goes on in the next line, in columns. A single word may be wider.
const (
	usualWidth    = 100
	narrowest     = 40
	widestOfTexts = 120
)

// Colours of a terminal.
const (
	red    = "31"
	green  = "32"
	yellow = "33"
	strong = "1"
)

// page is text for a terminal.
type page struct {
	strings.Builder
	width  int
	colour bool
}

func newPage(o Options) *page {
	p := &page{width: o.Width, colour: o.Colour}
	if p.width <= 0 {
		p.width = usualWidth
	}
	p.width = min(max(p.width, narrowest), widestOfTexts)
	return p
}

// painted is a text in a colour, where the terminal has any.
func (p *page) painted(colour, text string) string {
	if !p.colour || colour == "" {
		return text
	}
	return "\x1b[" + colour + "m" + text + "\x1b[0m"
}

func (p *page) heading(colour, format string, args ...any) {
	p.line("%s", p.painted(strong+";"+colour, fmt.Sprintf(format, args...)))
}

func (p *page) bold(text string) { p.line("%s", p.painted(strong, text)) }

// check is one line of a check that was done, or more where it is long.
func (p *page) check(colour string, c authz.Check) {
	outcome := fmt.Sprintf("%-10s", c.Outcome)
	begin := fmt.Sprintf("  %s  %-15s  ", outcome, c.Name)
	at := p.Len()
	p.text(begin, c.Saw)
	if p.colour {
		told := p.String()
		p.Reset()
		p.WriteString(told[:at] + strings.Replace(told[at:], outcome, p.painted(colour, outcome), 1))
	}
}

// line writes a line that is not broken.
func (p *page) line(format string, args ...any) {
	p.WriteString(strings.TrimRight(printable(fmt.Sprintf(format, args...), p.colour), " ") + "\n")
}

// printable drops what would move a terminal's cursor: paths and claims are the client's own text.
func printable(text string, colour bool) string {
	return strings.Map(func(r rune) rune {
		if r < ' ' && (r != '\x1b' || !colour) || r == 0x7f || r >= 0x80 && r < 0xa0 {
			return -1
		}
		return r
	}, text)
}

// fact is a name with a value beside it.
func (p *page) fact(name, value string) { p.text(fmt.Sprintf("  %-10s  ", name), value) }

// text breaks a text at its spaces; what follows the first line stands under it.
func (p *page) text(begin, text string) {
	text = strings.ReplaceAll(text, "\x1b", "")
	p.broken(begin, strings.Repeat(" ", len(begin)), "", strings.Fields(text))
}

// command breaks a command before its options, and after a && of its own, so that a shell takes it as one.
func (p *page) command(command string) {
	for _, part := range chained(command) {
		p.broken("      ", "        ", ` \`, options(part))
	}
}

// open tells what of a shell's command is not closed yet: quotes and substitutions.
type open struct {
	single, double bool
	depth          int
	escaped        bool
}

func (o *open) read(c byte) {
	switch {
	case o.escaped:
		o.escaped = false
	case o.single:
		o.single = c != '\''
	case c == '\\':
		o.escaped = true
	case c == '(':
		o.depth++
	case c == ')' && o.depth > 0:
		o.depth--
	case c == '\'' && (!o.double || o.depth > 0):
		o.single = true
	case c == '"' && o.depth == 0:
		o.double = !o.double
	}
}

func (o *open) closed() bool { return !o.single && !o.double && o.depth == 0 }

// chained parts a command after each && between two commands.
func chained(command string) (parts []string) {
	var o open
	from := 0
	for i := range len(command) {
		if o.closed() && strings.HasPrefix(command[i:], " && ") {
			parts = append(parts, command[from:i]+" &&")
			from = i + len(" && ")
		}
		o.read(command[i])
	}
	return append(parts, command[from:])
}

// options parts a command before each option; an option stays with its values, and what is quoted or in a substitution stays whole.
func options(command string) (parts []string) {
	var o open
	for _, word := range strings.Split(command, " ") {
		if last := len(parts) - 1; last < 0 || o.closed() && strings.HasPrefix(word, "-") {
			parts = append(parts, word)
		} else {
			parts[last] += " " + word
		}
		for i := range len(word) {
			o.read(word[i])
		}
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
		case len([]rune(line))+1+len([]rune(word))+len(end) > p.width:
			p.line("%s%s", line, end)
			line = next + word
		default:
			line += " " + word
		}
	}
	p.line("%s", line)
}
