package josetest

import (
	"encoding/base64"
	"fmt"
	"math/big"
	"net/url"
	"strings"
)

// signatures are attacks by the signature's bytes.
func signatures(m *material) (all []Attack) {
	s := new(big.Int).SetBytes([]byte(m.signature))
	size := len(m.signature)
	signature := func(name string, bytes []byte) {
		all = append(all, Attack{"a signature that is " + name, m.head + "." + m.body + "." + b64(string(bytes))})
	}
	padded := func(n *big.Int) []byte { return n.FillBytes(make([]byte, size)) }
	signature("empty", nil)
	signature("zero", make([]byte, size))
	signature("one", padded(big.NewInt(1)))
	signature("the modulus", padded(m.key.N))
	signature("the modulus less one", padded(new(big.Int).Sub(m.key.N, big.NewInt(1))))
	signature("its negative", padded(new(big.Int).Sub(m.key.N, s)))
	signature("itself and the modulus", new(big.Int).Add(s, m.key.N).FillBytes(make([]byte, size+1)))
	signature("itself behind a zero byte", append([]byte{0}, m.signature...))
	signature("itself before a zero byte", append([]byte(m.signature), 0))
	signature("itself twice", []byte(m.signature+m.signature))
	signature("cut short by a byte", []byte(m.signature[:size-1]))
	signature("cut to its first half", []byte(m.signature[:size/2]))
	signature("reversed", reversed(m.signature))
	for _, i := range []int{0, 1, size / 2, size - 1} {
		changed := []byte(m.signature)
		changed[i] ^= 1
		signature(fmt.Sprintf("changed in byte %d", i), changed)
	}
	payload, header := []byte(m.payload), []byte(m.header)
	payload[len(payload)/2] ^= 1
	header[len(header)-2] ^= 1
	return append(all,
		Attack{"a payload with more rights", m.head + "." + b64(m.raised()) + "." + m.mark},
		Attack{"a payload changed by a bit", m.head + "." + b64(string(payload)) + "." + m.mark},
		Attack{"a header changed by a bit", b64(string(header)) + "." + m.body + "." + m.mark},
		Attack{"a header of the same meaning", b64(" "+m.header) + "." + m.body + "." + m.mark},
		Attack{"a payload of the same meaning", m.head + "." + b64(m.payload+" ") + "." + m.mark})
}

func reversed(s string) []byte {
	out := make([]byte, 0, len(s))
	for i := len(s) - 1; i >= 0; i-- {
		out = append(out, s[i])
	}
	return out
}

// spellings are attacks by how the good token is spelled: a token that can be written in two ways gets past whoever keeps lists of
// tokens (RFC 7515, section 2: no padding, no line breaks, no white space).
func spellings(m *material) []Attack {
	const alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
	last := strings.IndexByte(alphabet, m.good[len(m.good)-1])
	spell := func(encoding *base64.Encoding) string {
		return encoding.EncodeToString([]byte(m.header)) + "." + encoding.EncodeToString([]byte(m.payload)) + "." + encoding.EncodeToString([]byte(m.signature))
	}
	middle := len(m.good) / 2
	return []Attack{
		{"padding", m.good + "=="},
		{"padding in every part", m.head + "=." + m.body + "=." + m.mark + "="},
		{"the other alphabet, padded", spell(base64.StdEncoding) + "="},
		{"a plus where there is none", m.good[:middle] + "+" + m.good[middle+1:]},
		{"bits that encode nothing", m.good[:len(m.good)-1] + string(alphabet[last^1])},
		{"a line break", m.good[:middle] + "\n" + m.good[middle:]},
		{"a carriage return and line break at the end", m.good + "\r\n"},
		{"a blank within", m.good[:middle] + " " + m.good[middle:]},
		{"a blank behind the first dot", m.head + ". " + m.body + "." + m.mark},
		{"a tab at its end, quoted", "\"" + m.good + "\t\""},
		{"a nul byte", m.good + "\x00"},
		{"a nul byte within", m.good[:middle] + "\x00" + m.good[middle:]},
		{"a byte order mark", "\ufeff" + m.good},
		{"full-width dots", strings.ReplaceAll(m.good, ".", "\uff0e")},
		{"an overlong dot", strings.ReplaceAll(m.good, ".", "\xc0\xae")},
		{"percent escapes", strings.ReplaceAll(m.good, ".", "%2E")},
		{"a percent escape of a letter", "%65" + m.good[1:]},
		{"percent escapes of everything", url.QueryEscape("x y") + m.good},
		{"quotes", `"` + m.good + `"`},
		{"apostrophes", "'" + m.good + "'"},
		{"angle brackets", "<" + m.good + ">"},
		{"a comma and another token", m.good + "," + m.good},
		{"a semicolon", m.good + ";"},
		{"a parameter", m.good + "; charset=utf-8"},
		{"the scheme twice", "Bearer Bearer " + m.good},
		{"another scheme", "Basic " + m.good},
		{"DPoP", "DPoP " + m.good},
		{"two blanks behind the scheme", "Bearer  " + m.good},
		{"a colon behind the scheme", "Bearer: " + m.good},
		{"a name before it", "token=" + m.good},
		{"small letters", strings.ToLower(m.good)},
		{"capital letters", strings.ToUpper(m.good)},
	}
}

// documents are attacks by JSON that two readers read differently. They are signed by a key of one's own or not at all,
// but must not get as far as to depend on that.
func documents(m *material) (all []Attack) {
	raised := m.raised()
	for name, header := range map[string]string{
		"two algs": m.headOf(`"RS256"`, `"alg":"none"`), "two algs, the other way": m.headOf(`"none"`, `"alg":"RS256"`),
		"two algs, one escaped": m.headOf(`"RS256"`, `"\u0061lg":"none"`), "two kids": m.headOf(`"RS256"`, `"kid":"mallory"`),
		"ALG in capitals": fmt.Sprintf(`{"kid":%q,"ALG":"RS256"}`, m.kid), "crit": m.headOf(`"RS256"`, `"crit":["exp"]`),
		"an empty crit": m.headOf(`"RS256"`, `"crit":[]`), "crit that names nothing there": m.headOf(`"RS256"`, `"crit":["x"]`),
		"crit that is no list": m.headOf(`"RS256"`, `"crit":"exp"`), "b64 false": m.headOf(`"RS256"`, `"b64":false`),
		"b64 false and crit": m.headOf(`"RS256"`, `"b64":false`, `"crit":["b64"]`), "zip": m.headOf(`"none"`, `"zip":"DEF"`),
		"a comment": m.headOf(`"RS256"/**/`), "a trailing comma": m.headOf(`"RS256"`, ``), "no object": `"RS256"`, "an empty header": ``, "an empty object": `{}`,
		"apostrophes": `{'alg':'none'}`, "a nul byte": m.header + "\x00", "two objects": m.header + m.header, "no UTF-8": m.headOf(`"RS256"`, "\"x\":\"\xff\""),
		"an overlong slash": m.headOf(`"RS256"`, "\"x\":\"\xc0\xaf\""), "a surrogate in bytes": m.headOf(`"RS256"`, "\"x\":\"\xed\xa0\x80\""), "nesting": `{"alg":` + strings.Repeat("[", 5000) + strings.Repeat("]", 5000) + `}`,
	} {
		all = append(all,
			Attack{"a header with " + name, signed(header, raised)},
			Attack{"a header with " + name + " and the good signature", b64(header) + "." + m.body + "." + m.mark})
	}
	for name, payload := range map[string]string{
		"no object": `[` + m.payload + `]`, "two objects": m.payload + raised, "duplicate claims": m.payload[:len(m.payload)-1] + "," + raised[1:],
		"a nul byte": raised + "\x00", "nothing": "", "an empty object": "{}", "nesting": strings.Repeat(`{"a":`, 3000) + "1" + strings.Repeat("}", 3000),
		"a token in it": m.good, "a claim without end": `{"x":"` + strings.Repeat("x", 12<<10) + `"}`,
		"exp as text": strings.Replace(raised, `"exp":`, `"exp":"9999999999","x":`, 1), "exp twice": strings.Replace(raised, `"exp":`, `"exp":9999999999,"exp":`, 1),
		"exp without end": strings.Replace(raised, `"exp":`, `"exp":1e999,"x":`, 1),
	} {
		all = append(all, Attack{"a payload that is " + name, signed(m.header, payload)}, Attack{"a payload that is " + name + ", with the good signature", m.head + "." + b64(payload) + "." + m.mark})
	}
	return all
}

// shapes are values that are no compact token of three parts.
func shapes(m *material) []Attack {
	return []Attack{
		{"a dot", "."}, {"two dots", ".."}, {"four dots", "...."}, {"a word", "token"}, {"null", "null"}, {"undefined", "undefined"}, {"an object", "{}"},
		{"two parts", m.head + "." + m.body},
		{"a dot before it", "." + m.good},
		{"a dot behind it", m.good + "."},
		{"four parts", m.good + "." + m.mark},
		{"no header", "." + m.body + "." + m.mark},
		{"no payload", m.head + ".." + m.mark},
		{"the parts turned round", m.mark + "." + m.body + "." + m.head},
		{"five parts, as if encrypted", m.good + "." + m.body + "." + m.mark},
		{"encrypted with dir", b64(`{"alg":"dir","enc":"A256GCM"}`) + ".." + b64("nonce-nonce-") + "." + b64(m.payload) + "." + b64("tag-tag-tag-tag-")},
		{"JSON serialization", fmt.Sprintf(`{"payload":%q,"protected":%q,"signature":%q}`, m.body, m.head, m.mark)},
		{"general JSON serialization", fmt.Sprintf(`{"payload":%q,"signatures":[{"protected":%q,"signature":%q}]}`, m.body, m.head, m.mark)},
		{"a detached payload", m.head + ".." + m.mark},
		{"a payload that is not encoded", m.head + "." + strings.ReplaceAll(m.payload, ".", "") + "." + m.mark},
		{"a token within a token", signed(`{"alg":"RS256","cty":"JWT"}`, m.good)},
		{"32 KiB of dots", strings.Repeat(".", 32<<10)},
		{"32 KiB before it", strings.Repeat("A", 32<<10) + m.good},
		{"32 KiB of signature", m.good + strings.Repeat("A", 32<<10)},
	}
}
