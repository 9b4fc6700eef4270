package curl

import (
	"strings"
)

// option is what is known of one of curl's options.
type option struct {
	// value tells that a value follows.
	value bool
	// apply does it; nil for one without effect on what API Gateway sees.
	apply func(*reader, string) error
	// matters says why an option that is not followed may change the answer; empty when it cannot.
	matters string
}

// shorts are the long names of curl's one-letter options.
var shorts = map[byte]string{
	'a': "append", 'E': "cert", 'K': "config", 'C': "continue-at", 'b': "cookie", 'c': "cookie-jar", 'd': "data", 'q': "disable", 'D': "dump-header",
	'f': "fail", 'F': "form", 'P': "ftp-port", 'G': "get", 'g': "globoff", 'I': "head", 'H': "header", 'h': "help", '0': "http1.0", 'i': "include",
	'k': "insecure", '4': "ipv4", '6': "ipv6", 'j': "junk-session-cookies", 'l': "list-only", 'L': "location", 'M': "manual", 'm': "max-time",
	'n': "netrc", ':': "next", 'N': "no-buffer", 'o': "output", 'Z': "parallel", '#': "progress-bar", 'x': "proxy", 'U': "proxy-user", 'p': "proxytunnel",
	'Q': "quote", 'r': "range", 'e': "referer", 'J': "remote-header-name", 'O': "remote-name", 'R': "remote-time", 'X': "request", 'S': "show-error",
	's': "silent", 'Y': "speed-limit", 'y': "speed-time", '2': "sslv2", '3': "sslv3", 't': "telnet-option", 'z': "time-cond", '1': "tlsv1",
	'T': "upload-file", 'B': "use-ascii", 'u': "user", 'A': "user-agent", 'v': "verbose", 'V': "version", 'w': "write-out",
}

// The options that change nothing that API Gateway or an integration could see.
const (
	idleFlags = `append basic cert-status compressed-ssh create-dirs crlf disable disable-eprt disable-epsv disallow-username-in-url
	doh-cert-status doh-insecure fail fail-early fail-with-body false-start form-escape ftp-create-dirs ftp-pasv ftp-pret ftp-skip-pasv-ip
	ftp-ssl-ccc ftp-ssl-control http0.9 http2 http2-prior-knowledge http3 http3-only ignore-content-length include ipv4 ipv6
	junk-session-cookies list-only mail-rcpt-allowfails metalink no-alpn no-buffer no-clobber no-keepalive no-npn no-progress-meter
	no-sessionid parallel parallel-immediate post301 post302 post303 progress-bar progress-meter proxy-basic proxytunnel raw remote-header-name
	remote-name remote-name-all remote-time remove-on-error retry-all-errors retry-connrefused sasl-ir show-error show-headers silent skip-existing
	ssl ssl-allow-beast ssl-auto-client-cert ssl-no-revoke ssl-reqd ssl-revoke-best-effort sslv2 sslv3 styled-output
	suppress-connect-headers tcp-fastopen tcp-nodelay tftp-no-options tlsv1 tlsv1.0 tlsv1.1 tlsv1.2 tlsv1.3 trace-ids trace-time
	use-ascii verbose xattr`
	idleValues = `alt-svc ciphers cookie-jar create-file-mode crlfile curves delegation dns-interface dns-ipv4-addr dns-ipv6-addr dns-servers
	doh-url dump-header egd-file engine etag-save expect100-timeout ftp-account ftp-alternative-to-user ftp-method ftp-port
	ftp-ssl-ccc-mode happy-eyeballs-timeout-ms hostpubmd5 hostpubsha256 hsts keepalive-cnt keepalive-time krb libcurl limit-rate local-port
	login-options mail-auth mail-from mail-rcpt max-filesize max-redirs netrc-file noproxy output output-dir parallel-max pinnedpubkey
	proto proto-default proto-redir proxy-cacert proxy-capath proxy-cert proxy-cert-type proxy-ciphers proxy-crlfile proxy-key proxy-key-type
	proxy-pass proxy-pinnedpubkey proxy-service-name proxy-tls13-ciphers proxy-tlsauthtype proxy-tlspassword proxy-tlsuser pubkey quote
	random-file rate retry retry-delay retry-max-time sasl-authzid service-name socks5-gssapi-service speed-limit speed-time stderr
	telnet-option tftp-blksize tls-max tls13-ciphers tlsauthtype tlspassword tlsuser trace trace-ascii trace-config write-out`
)

// The options that may change the answer, and that explain does not follow.
const (
	loudFlags = `anyauth digest negotiate ntlm ntlm-wb netrc netrc-optional haproxy-protocol proxy-anyauth proxy-digest proxy-insecure
	proxy-negotiate proxy-ntlm proxy-tlsv1 tr-encoding socks5-basic socks5-gssapi socks5-gssapi-nec proxy-ssl-allow-beast proxy-ssl-auto-client-cert`
	loudValues = `abstract-unix-socket capath cert cert-type continue-at etag-compare interface key key-type pass preproxy proxy-header
	proxy-user proxy1.0 request-target socks4 socks4a socks5 socks5-hostname time-cond unix-socket`
)

// options are all of curl's, by long name.
var options = known()

func known() map[string]option {
	all := followed()
	for _, name := range strings.Fields(idleFlags) {
		all[name] = option{}
	}
	for _, name := range strings.Fields(idleValues) {
		all[name] = option{value: true}
	}
	for _, name := range strings.Fields(loudFlags) {
		all[name] = option{matters: "may change the answer, and is left out here"}
	}
	for _, name := range strings.Fields(loudValues) {
		all[name] = option{value: true, matters: "may change the answer, and is left out here"}
	}
	return all
}

// followed are the options that make the request what it is.
func followed() map[string]option {
	takes := func(apply func(*reader, string) error) option { return option{value: true, apply: apply} }
	flag := func(apply func(*reader)) option {
		return option{apply: func(r *reader, _ string) error { apply(r); return nil }}
	}
	return map[string]option{
		"url": takes((*reader).address), "request": takes((*reader).verb), "header": takes((*reader).line),
		"data": takes((*reader).data), "data-ascii": takes((*reader).data), "data-binary": takes((*reader).dataBinary),
		"data-raw": takes((*reader).dataRaw), "data-urlencode": takes((*reader).dataEncoded), "json": takes((*reader).json),
		"url-query": takes((*reader).query), "form": takes((*reader).form), "form-string": takes((*reader).formString),
		"upload-file": takes((*reader).upload), "user": takes((*reader).user), "oauth2-bearer": takes((*reader).bearer),
		"aws-sigv4": takes((*reader).sign), "user-agent": takes((*reader).agent), "referer": takes((*reader).referer),
		"cookie": takes((*reader).cookie), "range": takes((*reader).byteRange), "max-time": takes((*reader).maxTime),
		"connect-timeout": takes((*reader).connectTimeout), "proxy": takes((*reader).proxy), "resolve": takes((*reader).resolve),
		"connect-to": takes((*reader).connectTo), "cacert": takes((*reader).authorities), "config": takes((*reader).config),
		"variable":   takes((*reader).config),
		"get":        flag(func(r *reader) { r.asQuery = true }),
		"head":       flag(func(r *reader) { r.head = true }),
		"compressed": flag(func(r *reader) { r.own.Set("Accept-Encoding", "deflate, gzip, br, zstd") }),
		"insecure":   flag(func(r *reader) { r.command.Insecure = true }),
		"location":   flag(func(r *reader) { r.command.Follow = true }),
		"path-as-is": flag(func(r *reader) { r.asIs = true }),
		"http1.0":    flag(func(r *reader) { r.command.HTTP1 = true }), "http1.1": flag(func(r *reader) { r.command.HTTP1 = true }),
		"location-trusted": flag(func(r *reader) { r.command.Follow = true }),
		"globoff":          flag(func(r *reader) { r.globoff = true }),
		"next":             {apply: (*reader).next},
		"help":             {apply: (*reader).noRequest}, "version": {apply: (*reader).noRequest}, "manual": {apply: (*reader).noRequest},
	}
}
