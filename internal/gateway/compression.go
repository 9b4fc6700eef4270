package gateway

import (
	"bytes"
	"compress/gzip"
	"compress/zlib"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strconv"
	"strings"

	"github.com/poolgate/poolgate/authz"
	"github.com/poolgate/poolgate/internal/gateway/upstream"
)

// The content codings that API Gateway knows (guide, "Content codings supported by API Gateway"). deflate is zlib's format (RFC 9110
// 8.4.1.2).
const (
	codingGzip    = "gzip"
	codingDeflate = "deflate"
	identity      = "identity"
)

// encodingOf is the coding of a request's body; empty where it is as it is.
func encodingOf(r *http.Request) string {
	coding := strings.ToLower(strings.TrimSpace(strings.Join(r.Header["Content-Encoding"], ",")))
	if coding == identity {
		return ""
	}
	return coding
}

var errCoding = errors.New("a coding that API Gateway does not know")

// decompress undoes a content coding. What it yields is bounded as the payload is: a small body may stand for a huge one.
func decompress(coding string, body []byte) ([]byte, error) {
	if len(body) == 0 {
		return body, nil
	}
	var from io.ReadCloser
	var err error
	switch coding {
	case codingGzip:
		from, err = gzip.NewReader(bytes.NewReader(body))
	case codingDeflate:
		from, err = zlib.NewReader(bytes.NewReader(body))
	default:
		return nil, errCoding
	}
	if err != nil {
		return nil, err
	}
	plain, err := io.ReadAll(io.LimitReader(from, payloadLimit+1))
	if err == nil && len(plain) > payloadLimit {
		err = upstream.ErrTooLarge
	}
	return plain, err
}

// decode makes of the body that came the one that templates, models and integrations see (guide, "Call an API method with a
// compressed payload": 415 for an unknown coding and for a body that is not in it).
func (x *exchange) decode(body []byte) ([]byte, *refusal) {
	coding := encodingOf(x.request)
	if coding == "" {
		return body, nil
	}
	plain, err := decompress(coding, body)
	switch {
	case err == nil:
		return plain, nil
	case upstream.IsTooLarge(err):
		return nil, tooLong()
	}
	return nil, refuse(authz.MediaTypeUnsupported).because(fmt.Errorf("content coding %s: %w", quoted(coding), err)).
		explained("a body of the coding "+quoted(coding), "a body that is in the coding that it names: gzip, deflate or identity")
}

// codingFor is what an answer is compressed with by what the client accepts: only the coding that it likes best counts, of equals the
// first, and one that must be guessed (*) is none (guide, "Receive an API response with a compressed payload").
func codingFor(h http.Header) string {
	best, weight := "", 0.0
	for part := range strings.SplitSeq(strings.Join(h["Accept-Encoding"], ","), ",") {
		coding, parameters, _ := strings.Cut(part, ";")
		coding = strings.ToLower(strings.TrimSpace(coding))
		q := 1.0
		if text, ok := strings.CutPrefix(strings.ToLower(strings.ReplaceAll(parameters, " ", "")), "q="); ok {
			var err error
			if q, err = strconv.ParseFloat(text, 64); err != nil {
				continue
			}
		}
		if coding != "" && q > weight {
			best, weight = coding, q
		}
	}
	if best == codingGzip || best == codingDeflate {
		return best
	}
	return ""
}

// unread is why an answer that was still to come could not be read whole.
func unread(err error) *refusal {
	if errors.Is(err, context.DeadlineExceeded) {
		return refuse(authz.IntegrationTimeout).because(err).explained("no whole answer within the integration's timeout", "an answer in time")
	}
	return integrationFailure(err).explained("an answer that could not be read whole: "+err.Error(), "a whole answer of at most 10 MB")
}

// compress compresses an answer of an integration where the API's minimumCompressionSize and the client ask for it.
func (x *exchange) compress(a *answer) *refusal {
	least := x.stage.compressFrom
	if least == nil || x.request.Method == http.MethodHead || !bodyAllowed(a.status) || a.sets("Content-Encoding") {
		return nil
	}
	coding := codingFor(x.request.Header)
	if coding == "" || a.stream != nil && a.length >= 0 && a.length < int64(*least) {
		return nil
	}
	if err := a.whole(); err != nil {
		return unread(err)
	}
	if len(a.body) == 0 || len(a.body) < int(*least) {
		return nil
	}
	var b bytes.Buffer
	var to io.WriteCloser
	if coding == codingGzip {
		to = gzip.NewWriter(&b)
	} else {
		to = zlib.NewWriter(&b)
	}
	_, _ = to.Write(a.body) // a buffer takes everything
	_ = to.Close()
	a.body = b.Bytes()
	a.headers = append(a.headers, headerField{"Content-Encoding", []string{coding}})
	return nil
}
