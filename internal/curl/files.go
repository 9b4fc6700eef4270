package curl

import (
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"time"
)

// open reads a file that the command names, or standard input for -.
func (r *reader) open(name string) ([]byte, error) {
	from := r.env.Stdin
	if name != "-" {
		where := name
		if r.env.Dir != "" && !filepath.IsAbs(name) {
			where = filepath.Join(r.env.Dir, name)
		}
		file, err := os.Open(where)
		if err != nil {
			var why *os.PathError
			if errors.As(err, &why) {
				err = why.Err
			}
			return nil, &Problem{fmt.Sprintf("the file %q of the curl command cannot be read: %v", clip(name), err), "run it in the directory where curl was run"}
		}
		defer func() { _ = file.Close() }()
		from = file
	}
	if from == nil {
		return nil, &Problem{"the curl command reads standard input, and there is none", "name a file behind the @"}
	}
	content, err := io.ReadAll(io.LimitReader(from, BodyLimit+1))
	if err != nil {
		return nil, &Problem{fmt.Sprintf("%q cannot be read", clip(name)), "name a file behind the @"}
	}
	if len(content) > BodyLimit {
		return nil, &Problem{fmt.Sprintf("%q is longer than 11 MiB", clip(name)), "API Gateway takes no more than 10 MiB: this is why it would be refused, with 413"}
	}
	return content, nil
}

// seconds reads a number of seconds, which may have a fraction.
func seconds(option, text string) (time.Duration, error) {
	d, err := time.ParseDuration(text + "s")
	if err != nil || d < 0 {
		return 0, &Problem{fmt.Sprintf("curl's %s takes seconds, not %q", option, clip(text)), "for instance " + option + " 10"}
	}
	return d, nil
}

// clip bounds what is repeated of a command, and drops what would move a terminal's cursor.
func clip(text string) string {
	const most = 80
	text = strings.Map(func(c rune) rune {
		if c < ' ' || c == 0x7f {
			return -1
		}
		return c
	}, text)
	if len(text) > most {
		text = strings.ToValidUTF8(text[:most], "") + "…"
	}
	return text
}

// withoutQuery drops what may be secret in a URL's text.
func withoutQuery(text string) string {
	text, _, _ = strings.Cut(text, "?")
	if scheme, rest, found := strings.Cut(text, "://"); found {
		host, tail, slash := strings.Cut(rest, "/")
		if at := strings.LastIndexByte(host, '@'); at >= 0 {
			host = host[at+1:]
		}
		if text = scheme + "://" + host; slash {
			text += "/" + tail
		}
	}
	return text
}
