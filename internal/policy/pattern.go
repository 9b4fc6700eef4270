package policy

import (
	"strings"
	"unicode/utf8"
)

// anyOne stands for ? in a piece. No valid UTF-8 holds this byte, and pieces are valid UTF-8.
const anyOne = '\xff'

// glob is a text with wildcards: its pieces between the stars. One piece means that there is no star.
type glob struct {
	pieces []piece
	// fold makes the case of ASCII letters not matter; the pieces are then in lower case.
	fold bool
}

// piece is a text between two stars; wild tells that it holds anyOne. search finds it where it is neither the first piece nor the last
// and cannot be found as a plain text.
type piece struct {
	text   string
	wild   bool
	search *shiftAnd
}

// matches takes time in proportion to the text: it never goes back behind a star that was passed.
func (g *glob) matches(text string) bool {
	last := len(g.pieces) - 1
	if last == 0 {
		end := g.prefix(g.pieces[0], text)
		return end == len(text)
	}
	end := g.prefix(g.pieces[0], text)
	if end < 0 {
		return false
	}
	text = text[end:]
	start := g.suffix(g.pieces[last], text)
	if start < 0 {
		return false
	}
	text = text[:start]
	for _, p := range g.pieces[1:last] {
		end := g.find(p, text)
		if end < 0 {
			return false
		}
		text = text[end:]
	}
	return true
}

// prefix returns where the piece ends at the beginning of text; -1 when it is not there.
func (g *glob) prefix(p piece, text string) int {
	if !p.wild && !g.fold {
		if strings.HasPrefix(text, p.text) {
			return len(p.text)
		}
		return -1
	}
	at := 0
	for i := range len(p.text) {
		if at >= len(text) {
			return -1
		}
		if p.text[i] == anyOne {
			_, width := utf8.DecodeRuneInString(text[at:])
			at += width
			continue
		}
		if p.text[i] != g.lower(text[at]) {
			return -1
		}
		at++
	}
	return at
}

// suffix returns where the piece begins at the end of text; -1 when it is not there.
func (g *glob) suffix(p piece, text string) int {
	if !p.wild && !g.fold {
		if strings.HasSuffix(text, p.text) {
			return len(text) - len(p.text)
		}
		return -1
	}
	at := len(text)
	for i := len(p.text) - 1; i >= 0; i-- {
		if at == 0 {
			return -1
		}
		if p.text[i] == anyOne {
			_, width := utf8.DecodeLastRuneInString(text[:at])
			at -= width
			continue
		}
		at--
		if p.text[i] != g.lower(text[at]) {
			return -1
		}
	}
	return at
}

// find returns where the piece ends at its first place in text; -1 when it is nowhere.
func (g *glob) find(p piece, text string) int {
	if p.search != nil {
		return p.search.find(g, text)
	}
	at := strings.Index(text, p.text)
	if at < 0 {
		return -1
	}
	return at + len(p.text)
}

func (g *glob) lower(c byte) byte {
	if g.fold && 'A' <= c && c <= 'Z' {
		return c + 'a' - 'A'
	}
	return c
}

// pattern is a text of a policy that is compared with one of a request: a glob, or parts that become one when the variables
// among them have their values.
type pattern struct {
	glob  glob
	parts []part
}

// matches tells whether the pattern matches a text; a variable without a value matches nothing.
func (p *pattern) matches(text string, context map[string][]string) bool {
	if p.parts == nil {
		return p.glob.matches(text)
	}
	b := globBuilder{fold: p.glob.fold}
	if !b.expand(p.parts, context) {
		return false
	}
	g := b.glob()
	return g.matches(text)
}

func matchesAny(patterns []pattern, text string, context map[string][]string) bool {
	for i := range patterns {
		if patterns[i].matches(text, context) {
			return true
		}
	}
	return false
}

// globBuilder puts a glob together.
type globBuilder struct {
	pieces []piece
	text   strings.Builder
	wild   bool
	fold   bool
}

func (b *globBuilder) literal(text string) {
	if b.fold {
		text = lowerASCII(text)
	}
	b.text.WriteString(text)
}

func (b *globBuilder) one() {
	b.text.WriteByte(anyOne)
	b.wild = true
}

func (b *globBuilder) star() {
	b.pieces = append(b.pieces, piece{text: b.text.String(), wild: b.wild})
	b.text = strings.Builder{}
	b.wild = false
}

// glob ends the last piece. Stars beside each other are one.
func (b *globBuilder) glob() glob {
	b.star()
	kept := b.pieces[:1]
	for i, p := range b.pieces[1:] {
		if p.text != "" || i == len(b.pieces)-2 {
			kept = append(kept, p)
		}
	}
	for i := 1; i < len(kept)-1; i++ {
		if kept[i].wild || b.fold {
			kept[i].search = newShiftAnd(kept[i].text)
		}
	}
	return glob{pieces: kept, fold: b.fold}
}

func lowerASCII(text string) string {
	return strings.Map(func(r rune) rune {
		if 'A' <= r && r <= 'Z' {
			return r + 'a' - 'A'
		}
		return r
	}, text)
}
