package sigv4

import (
	"net/http"
	"net/url"
	"sort"
	"strconv"
	"strings"
)

// canonicalRequest is the text that a signature covers.
func canonicalRequest(r *http.Request, s signature, payloadHash string) string {
	var text strings.Builder
	text.WriteString(r.Method + "\n")
	text.WriteString(canonicalPath(rawPath(r), s.Service) + "\n")
	text.WriteString(canonicalQuery(r.URL.RawQuery) + "\n")
	for _, name := range s.signedHeaders {
		text.WriteString(name + ":" + canonicalHeader(r, name) + "\n")
	}
	text.WriteString("\n" + strings.Join(s.signedHeaders, ";") + "\n" + payloadHash)
	return text.String()
}

// rawPath is the path as it was sent.
func rawPath(r *http.Request) string {
	if r.RequestURI != "" && r.RequestURI[0] == '/' {
		path, _, _ := strings.Cut(r.RequestURI, "?")
		return path
	}
	return r.URL.EscapedPath()
}

// canonicalPath normalises the path as sent and escapes it once more; S3 does neither.
func canonicalPath(path, service string) string {
	if service == "s3" {
		return path
	}
	return escape(normalise(path), true)
}

// normalise removes dot segments and repeated slashes.
func normalise(path string) string {
	var kept []string
	for _, segment := range strings.Split(path, "/") {
		switch segment {
		case "", ".":
		case "..":
			if len(kept) > 0 {
				kept = kept[:len(kept)-1]
			}
		default:
			kept = append(kept, segment)
		}
	}
	clean := "/" + strings.Join(kept, "/")
	if clean != "/" && (strings.HasSuffix(path, "/") || strings.HasSuffix(path, "/.") || strings.HasSuffix(path, "/..")) {
		clean += "/"
	}
	return clean
}

// Ambiguous tells whether the signature of a request would hold for another path too, because normalising changes this one.
func Ambiguous(r *http.Request) bool {
	path := rawPath(r)
	return path != "" && normalise(path) != path
}

// canonicalQuery sorts the parameters by name and value, escaped, without the signature itself.
func canonicalQuery(raw string) string {
	var pairs []string
	for _, part := range strings.Split(raw, "&") {
		if part == "" {
			continue
		}
		name, value, _ := strings.Cut(part, "=")
		if name = decode(name); name == "X-Amz-Signature" {
			continue
		}
		pairs = append(pairs, escape(name, false)+"="+escape(decode(value), false))
	}
	sort.Slice(pairs, func(i, j int) bool {
		name1, value1, _ := strings.Cut(pairs[i], "=")
		name2, value2, _ := strings.Cut(pairs[j], "=")
		if name1 != name2 {
			return name1 < name2
		}
		return value1 < value2
	})
	return strings.Join(pairs, "&")
}

func decode(text string) string {
	if decoded, err := url.QueryUnescape(text); err == nil {
		return decoded
	}
	return text
}

// escape is RFC 3986: everything but unreserved characters, with upper-case hex.
func escape(text string, keepSlash bool) string {
	const hex = "0123456789ABCDEF"
	var out strings.Builder
	for i := 0; i < len(text); i++ {
		c := text[i]
		switch {
		case c >= 'a' && c <= 'z', c >= 'A' && c <= 'Z', c >= '0' && c <= '9', c == '-', c == '.', c == '_', c == '~',
			c == '/' && keepSlash:
			out.WriteByte(c)
		default:
			out.Write([]byte{'%', hex[c>>4], hex[c&15]})
		}
	}
	return out.String()
}

// canonicalHeader joins the values of a header, each trimmed and its runs of blanks made one.
func canonicalHeader(r *http.Request, name string) string {
	switch name {
	case "host":
		if r.Host != "" {
			return r.Host
		}
		return r.URL.Host
	case "content-length":
		if r.Header.Get("Content-Length") == "" && r.ContentLength >= 0 {
			return strconv.FormatInt(r.ContentLength, 10)
		}
	}
	values := r.Header.Values(name)
	clean := make([]string, len(values))
	for i, value := range values {
		clean[i] = strings.Join(strings.FieldsFunc(value, func(c rune) bool { return c == ' ' || c == '\t' }), " ")
	}
	return strings.Join(clean, ",")
}
