package policy

import "unicode/utf8"

// shiftAnd finds a piece with question marks in a text by the Shift-And method: the set of all beginnings of the piece that end here
// is a row of bits that one step moves on. Its time is in proportion to the text, times the piece's length over 64; trying each place
// in turn would be times the whole length, and who calls chooses the text.
type shiftAnd struct {
	// length is the piece's, in characters.
	length int
	// any has the bits of question marks, of has those of each character with the question marks among them.
	any []uint64
	of  map[rune][]uint64
}

func newShiftAnd(text string) *shiftAnd {
	s := &shiftAnd{of: map[rune][]uint64{}}
	words := len(text)/64 + 1
	s.any = make([]uint64, words)
	for i := 0; i < len(text); s.length++ {
		word, bit := s.length/64, uint64(1)<<(s.length%64)
		if text[i] == anyOne {
			s.any[word] |= bit
			i++
			continue
		}
		c, width := utf8.DecodeRuneInString(text[i:])
		if s.of[c] == nil {
			s.of[c] = make([]uint64, words)
		}
		s.of[c][word] |= bit
		i += width
	}
	for _, bits := range s.of {
		for i := range bits {
			bits[i] |= s.any[i]
		}
	}
	return s
}

// find returns where the piece ends at its first place in text; -1 when it is nowhere.
func (s *shiftAnd) find(g *glob, text string) int {
	if s.length == 0 {
		return 0
	}
	words := (s.length + 63) / 64
	var room [4]uint64
	state := room[:]
	if words > len(room) {
		state = make([]uint64, words)
	}
	lastWord, lastBit := (s.length-1)/64, uint64(1)<<((s.length-1)%64)
	for i := 0; i < len(text); {
		c, width := utf8.DecodeRuneInString(text[i:])
		i += width
		bits := s.any
		if c != utf8.RuneError || width != 1 {
			if c < utf8.RuneSelf {
				c = rune(g.lower(byte(c)))
			}
			if of := s.of[c]; of != nil {
				bits = of
			}
		}
		carry := uint64(1)
		for w := range words {
			next := state[w] >> 63
			state[w] = (state[w]<<1 | carry) & bits[w]
			carry = next
		}
		if state[lastWord]&lastBit != 0 {
			return i
		}
	}
	return -1
}
