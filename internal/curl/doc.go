// Package curl reads a curl command line: its options, and the text of one as a browser's "Copy as cURL" makes it. What comes out
// is the request that curl would send. The package sends nothing and reads no file but those that the command names with @.
//
// The names of curl's options, and which of them take a value, are those of curl's manual page (curl 7.88 to 8.x).
package curl

import (
	"net/http"
	"time"
)

// BodyLimit is the longest payload that is read, in bytes: a MiB more than API Gateway takes, so that one that is too long for it can be sent
// and the refusal told.
const BodyLimit = 11 << 20

// Command is the request of a curl command line.
type Command struct {
	// Method is the verb; URL is the whole address, without a fragment, a user and dot segments.
	Method, URL string
	// Header is what curl sends, its own lines (Accept, User-Agent, Content-Type) included. A Host that was given is in it, too. Values
	// are as they were written: a line break in one is still there.
	Header http.Header
	Body   []byte

	// Insecure takes any certificate (-k); CACert is a file with the authorities to trust.
	Insecure bool
	CACert   string
	// Follow tells that curl would follow a redirect (-L).
	Follow bool
	// Timeout and ConnectTimeout are zero when they were not given.
	Timeout, ConnectTimeout time.Duration
	// Proxy is the URL of a proxy; empty for what the environment says, and "none" for none.
	Proxy string
	// Dial says which address stands for another, both as HOST:PORT.
	Dial map[string]string
	// HTTP1 keeps the request from HTTP/2.
	HTTP1 bool
	// Signing is set by --aws-sigv4.
	Signing *Signing

	// Notes are sentences about options that count for something and are not followed.
	Notes []string
}

// Signing is what --aws-sigv4 and --user ask for.
type Signing struct {
	Region, Service string
	// Guessed tells that curl takes region or service from the host's first labels, for they were not given.
	Guessed       bool
	KeyID, Secret string
}

// Problem is a command line that is no request.
type Problem struct {
	// Message says what is wrong, without repeating a value that may be secret; Hint says what to do.
	Message, Hint string
}

func (p *Problem) Error() string { return p.Message }
