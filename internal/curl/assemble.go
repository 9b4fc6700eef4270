package curl

import (
	"encoding/base64"
	"fmt"
	"net/http"
	"net/url"
	"strings"
)

// What curl says of itself when it is not told otherwise.
const (
	userAgent = "curl/8.5.0"
	accept    = "*/*"
	formType  = "application/x-www-form-urlencoded"
)

// finish puts together what was collected.
func (r *reader) finish() (*Command, error) {
	if r.command.URL == "" {
		return nil, &Problem{"the curl command has no URL", "for instance: poolgate explain curl -H 'Authorization: TOKEN' https://API.execute-api.REGION.amazonaws.com/STAGE/PATH"}
	}
	if err := r.assembleBody(); err != nil {
		return nil, err
	}
	if err := r.assembleURL(); err != nil {
		return nil, err
	}
	r.command.Method = r.chooseMethod()
	r.command.Header = r.assembleHeader()
	if r.signing != "" {
		if err := r.assembleSigning(); err != nil {
			return nil, err
		}
	}
	return &r.command, nil
}

func (r *reader) chooseMethod() string {
	switch {
	case r.method != "":
		return r.method
	case r.head:
		return http.MethodHead
	case r.uploading:
		return http.MethodPut
	case (r.hasPayload || len(r.parts) > 0) && !r.asQuery:
		return http.MethodPost
	}
	return http.MethodGet
}

// assembleURL makes the address as curl sends it.
func (r *reader) assembleURL() error {
	text := r.command.URL
	if before, _, _ := strings.Cut(text, "?"); !r.globoff && strings.ContainsAny(before, "{}") {
		return &Problem{"the URL's path has braces, which curl reads as several addresses", "put a value where {…} is, or give -g if the braces are meant"}
	}
	if !strings.Contains(text, "://") {
		text = "http://" + text
	}
	u, err := url.Parse(text)
	if err != nil || u.Host == "" || strings.ContainsAny(text, " \t\r\n") {
		return &Problem{fmt.Sprintf("%q is not a URL", clip(withoutQuery(text))), "a URL has no spaces; put it in quotes: & and ? mean something to a shell"}
	}
	if u.Scheme != "http" && u.Scheme != "https" {
		return &Problem{"the URL is not one of HTTP", "API Gateway answers to https:// (and a local server to http://)"}
	}
	if u.User != nil && !r.hasUser {
		password, _ := u.User.Password()
		r.userPassword, r.hasUser = u.User.Username()+":"+password, true
	}
	u.User, u.Fragment, u.RawFragment = nil, "", ""
	if u.Path == "" {
		u.Path = "/"
	}
	if !r.asIs {
		squash(u)
	}
	if len(r.queries) > 0 {
		u.RawQuery = strings.TrimPrefix(u.RawQuery+"&"+strings.Join(r.queries, "&"), "&")
	}
	r.command.URL = u.String()
	return nil
}

// squash takes . and .. out of a path, as curl does (RFC 3986, section 5.2.4); empty segments stay.
func squash(u *url.URL) {
	escaped := u.EscapedPath()
	segments := strings.Split(escaped, "/")
	kept := segments[:0]
	for i, segment := range segments {
		last := i == len(segments)-1
		switch segment {
		case ".", "..":
			if segment == ".." && len(kept) > 1 {
				kept = kept[:len(kept)-1]
			}
			if last {
				kept = append(kept, "")
			}
		default:
			kept = append(kept, segment)
		}
	}
	if squashed := strings.Join(kept, "/"); squashed != escaped {
		if plain, err := url.PathUnescape(squashed); err == nil {
			u.Path, u.RawPath = plain, squashed
		}
	}
}

// assembleHeader joins what was given with what curl adds. What was given goes first.
func (r *reader) assembleHeader() http.Header {
	if r.hasUser && r.signing == "" {
		if _, given := r.own["Authorization"]; !given {
			r.own.Set("Authorization", "Basic "+base64.StdEncoding.EncodeToString([]byte(r.userPassword)))
		}
	}
	if len(r.cookies) > 0 {
		r.own.Set("Cookie", strings.Join(r.cookies, "; "))
	}
	for name, value := range map[string]string{"Accept": accept, "User-Agent": userAgent} {
		if _, given := r.own[name]; !given {
			r.own.Set(name, value)
		}
	}
	header := r.lines.Clone()
	for name, values := range r.own {
		if _, given := header[name]; !given && !r.dropped[name] && values[0] != "" {
			header[name] = values
		}
	}
	return header
}
