package curl

import (
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
)

// Env is what a command may read besides itself.
type Env struct {
	// Stdin is what - stands for in @-; nil for nothing.
	Stdin io.Reader
	// Dir is the directory that names of files are relative to; empty for the working directory.
	Dir string
}

// reader collects what the options say.
type reader struct {
	env     Env
	command Command
	// lines are the headers of -H, own those that curl adds where lines has none; dropped are lines that are not sent at all.
	lines, own http.Header
	dropped    map[string]bool

	method        string
	head, asQuery bool
	asIs, globoff bool
	uploading     bool
	payload       []byte
	hasPayload    bool
	queries       []string
	parts         []part
	cookies       []string
	userPassword  string
	hasUser       bool
	signing       string
}

// errEnd ends a command before its last word.
var errEnd = errors.New("the rest is another request")

// Parse reads the words behind "curl". The error is a *Problem.
func Parse(words []string, env Env) (*Command, error) {
	r := &reader{env: env, lines: http.Header{}, own: http.Header{}, dropped: map[string]bool{}}
	for i := 0; i < len(words); {
		used, err := r.word(words[i:])
		if errors.Is(err, errEnd) {
			break
		}
		if err != nil {
			return nil, err
		}
		i += used
	}
	return r.finish()
}

// word reads one option with its value, or an address; it tells how many words that took.
func (r *reader) word(words []string) (used int, err error) {
	word := words[0]
	switch {
	case strings.HasPrefix(word, "--") && len(word) > 2:
		return r.long(words)
	case strings.HasPrefix(word, "-") && len(word) > 1 && word != "--":
		return r.short(words)
	case word == "--" || word == "-":
		return 1, nil
	}
	return 1, r.address(word)
}

func (r *reader) long(words []string) (int, error) {
	name := words[0][2:]
	o, known := options[name]
	if known {
		return r.take(words, "--"+name, o)
	}
	if bare, value, found := strings.Cut(name, "="); found { // not curl's way to write it, but plain enough
		if o, known := options[bare]; known && o.value {
			return 1, r.follow("--"+bare, o, value)
		}
		name = bare
	}
	if positive, negated := strings.CutPrefix(name, "no-"); negated {
		if o, known := options[positive]; known && !o.value {
			return 1, nil // back to what is usual
		}
	}
	return 0, &Problem{"curl's option --" + clip(name) + " is not known here", "leave it out, or write its long name as curl --help all shows it"}
}

// short reads one or several one-letter options; the last may have its value in the same word.
func (r *reader) short(words []string) (int, error) {
	letters := words[0][1:]
	for i := 0; i < len(letters); i++ {
		name, known := shorts[letters[i]]
		if !known {
			return 0, &Problem{fmt.Sprintf("curl's option -%s is not known here", clip(letters[i:i+1])), "curl --help all shows what there is"}
		}
		o := options[name]
		switch {
		case !o.value:
			if err := r.follow("--"+name, o, ""); err != nil {
				return 0, err
			}
		case i+1 < len(letters):
			return 1, r.follow("--"+name, o, letters[i+1:])
		default:
			return r.take(words, "-"+letters[i:], o)
		}
	}
	return 1, nil
}

// take gives an option the next word, if it takes one.
func (r *reader) take(words []string, shown string, o option) (int, error) {
	if !o.value {
		return 1, r.follow(shown, o, "")
	}
	if len(words) < 2 {
		return 0, &Problem{"curl's option " + shown + " needs a value", "the command ends before it: copy the whole command"}
	}
	return 2, r.follow(shown, o, words[1])
}

func (r *reader) follow(shown string, o option, value string) error {
	if o.matters != "" {
		r.note("curl's %s %s.", shown, o.matters)
	}
	if o.apply == nil {
		return nil
	}
	return o.apply(r, value)
}

func (r *reader) note(format string, args ...any) {
	r.command.Notes = append(r.command.Notes, fmt.Sprintf(format, args...))
}
