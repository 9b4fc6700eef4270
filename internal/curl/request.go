package curl

import (
	"net"
	"net/http"
	"net/url"
	"strings"
)

// address is a URL: the first one counts.
func (r *reader) address(text string) error {
	if r.command.URL != "" {
		r.note("The command has several URLs; this is about the first.")
		return nil
	}
	r.command.URL = strings.TrimSpace(text)
	return nil
}

func (r *reader) verb(method string) error {
	if method == "" || strings.ContainsFunc(method, func(c rune) bool { return c <= ' ' || c >= 0x7f || strings.ContainsRune(`()<>@,;:\"/[]?={}`, c) }) {
		return &Problem{"the verb of -X is none", "for instance -X POST"}
	}
	r.method = method
	return nil
}

// line is a header: "Name: value"; "Name:" drops one of curl's own; "Name;" is sent empty; @file has one in each line.
func (r *reader) line(text string) error {
	if name, isFile := strings.CutPrefix(text, "@"); isFile {
		content, err := r.open(name)
		if err != nil {
			return err
		}
		for each := range strings.Lines(string(content)) {
			if each = strings.TrimRight(each, "\r\n"); strings.TrimSpace(each) == "" {
				continue
			}
			if err := r.line(strings.TrimPrefix(each, "@")); err != nil {
				return err
			}
		}
		return nil
	}
	name, value, found := strings.Cut(text, ":")
	if !found {
		if bare, empty := strings.CutSuffix(strings.TrimSpace(text), ";"); empty && bare != "" {
			r.lines[http.CanonicalHeaderKey(bare)] = []string{""}
			return nil
		}
		r.note("A header of the command has no colon (%d characters): curl does not send it.", len(text))
		return nil
	}
	key := http.CanonicalHeaderKey(strings.TrimSpace(name))
	if strings.TrimLeft(value, " \t") == "" {
		r.dropped[key] = true
		return nil
	}
	r.lines[key] = append(r.lines[key], strings.TrimLeft(value, " \t"))
	return nil
}

func (r *reader) user(value string) error {
	if !strings.Contains(value, ":") {
		return &Problem{"curl asks for the password of -u, and explain does not", "write it as -u USER:PASSWORD"}
	}
	r.userPassword, r.hasUser = value, true
	return nil
}

func (r *reader) bearer(token string) error {
	r.own.Set("Authorization", "Bearer "+token)
	return nil
}

// sign takes --aws-sigv4's provider[:provider[:region[:service]]].
func (r *reader) sign(value string) error {
	r.signing = value
	return nil
}

// assembleSigning finds what a signature of --aws-sigv4 says. Where region and service are not given curl takes the first two labels of
// the host, which for an API are its id and "execute-api": the service is then wrong.
func (r *reader) assembleSigning() error {
	if !r.hasUser {
		return &Problem{"curl's --aws-sigv4 needs the keys in -u", "write it as -u ACCESS_KEY_ID:SECRET_ACCESS_KEY"}
	}
	id, secret, _ := strings.Cut(r.userPassword, ":")
	s := &Signing{KeyID: id, Secret: secret}
	fields := append(strings.Split(r.signing, ":"), "", "", "", "")
	s.Region, s.Service = fields[2], fields[3]
	if u, err := url.Parse(r.command.URL); err == nil && (s.Region == "" || s.Service == "") {
		labels := append(strings.Split(u.Hostname(), "."), "", "")
		s.Guessed = true
		if s.Service == "" {
			s.Service = labels[0]
		}
		if s.Region == "" {
			s.Region = labels[1]
		}
		r.note("--aws-sigv4 without region and service makes curl sign for service %q in region %q, as the host begins; an API wants aws:amz:REGION:execute-api.", clip(s.Service), clip(s.Region))
	}
	r.command.Signing = s
	return nil
}

func (r *reader) agent(value string) error {
	r.own["User-Agent"] = []string{value}
	return nil
}

func (r *reader) referer(value string) error {
	r.own.Set("Referer", strings.TrimSuffix(value, ";auto"))
	return nil
}

// cookie is "name=value", or a file, which is not read.
func (r *reader) cookie(value string) error {
	if !strings.Contains(value, "=") {
		r.note("The cookies of curl's -b are in a file, and are left out here; API Gateway's authorizers read a cookie only where one is the identity source.")
		return nil
	}
	r.cookies = append(r.cookies, value)
	return nil
}

func (r *reader) byteRange(value string) error {
	r.own.Set("Range", "bytes="+value)
	return nil
}

func (r *reader) maxTime(value string) (err error) {
	r.command.Timeout, err = seconds("--max-time", value)
	return err
}

func (r *reader) connectTimeout(value string) (err error) {
	r.command.ConnectTimeout, err = seconds("--connect-timeout", value)
	return err
}

func (r *reader) proxy(value string) error {
	if value == "" {
		value = "none"
	} else if !strings.Contains(value, "://") {
		value = "http://" + value
	}
	r.command.Proxy = value
	return nil
}

// resolve takes HOST:PORT:ADDRESS[,ADDRESS]; the first address counts.
func (r *reader) resolve(value string) error {
	fields := strings.SplitN(strings.TrimPrefix(value, "+"), ":", 3)
	if len(fields) < 3 {
		return nil // -HOST:PORT takes one out
	}
	first, _, _ := strings.Cut(fields[2], ",")
	r.dial(net.JoinHostPort(fields[0], fields[1]), net.JoinHostPort(strings.Trim(first, "[]"), fields[1]))
	return nil
}

// connectTo takes HOST:PORT:HOST2:PORT2.
func (r *reader) connectTo(value string) error {
	fields := strings.Split(value, ":")
	if len(fields) != 4 || fields[2] == "" && fields[3] == "" {
		r.note("curl's --connect-to is left out here.")
		return nil
	}
	r.dial(fields[0]+":"+fields[1], fields[2]+":"+fields[3])
	return nil
}

func (r *reader) dial(from, to string) {
	if r.command.Dial == nil {
		r.command.Dial = map[string]string{}
	}
	r.command.Dial[strings.ToLower(from)] = to
}

func (r *reader) authorities(file string) error {
	r.command.CACert = file
	return nil
}

func (r *reader) config(string) error {
	return &Problem{"curl's --config and --variable are not read", "write the options into the command itself"}
}

func (r *reader) next(string) error {
	r.note("The command has several requests (--next); this is about the first.")
	return errEnd
}

func (r *reader) noRequest(string) error {
	return &Problem{"this curl command sends no request", "leave --help, --version and --manual out; poolgate explain --help tells about explain"}
}
