package cli

import (
	"io"
	"os"
	"strings"
	"unicode"

	"golang.org/x/term"
)

// terminal tells the width in columns of where something is printed, zero for what is no terminal, and whether it shows colours:
// NO_COLOR (no-color.org) and a dumb TERM say that it does not.
func terminal(out io.Writer) (width int, colour bool) {
	file, ok := out.(*os.File)
	if !ok || !term.IsTerminal(int(file.Fd())) {
		return 0, false
	}
	width, _, err := term.GetSize(int(file.Fd()))
	if err != nil {
		width = 0
	}
	return width, os.Getenv("NO_COLOR") == "" && os.Getenv("TERM") != "dumb"
}

// clipped bounds what is repeated of the command line, and drops what would move a terminal's cursor.
func clipped(text string) string {
	const most = 60
	text = strings.Map(func(c rune) rune {
		if unicode.IsControl(c) {
			return -1
		}
		return c
	}, text)
	if len(text) > most {
		text = strings.ToValidUTF8(text[:most], "") + "…"
	}
	return text
}
