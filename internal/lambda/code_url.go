package lambda

import (
	"crypto/subtle"
	"encoding/xml"
	"net/http"
	"net/url"
	"regexp"
	"strconv"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
)

// CodePath is where code is downloaded from; the SHA-256 of the archive follows in hexadecimal.
const CodePath = "/_aws/lambda-code/"

// codeURLTime is how long such an address holds: ten minutes, as on AWS [D].
const codeURLTime = 10 * time.Minute

// codeURL is the address that an archive can be downloaded from by whoever has it, for ten minutes: Code.Location of GetFunction. It is nil
// for what has no archive, a local directory, and on a server without an address of its own.
func (s *Service) codeURL(sum string) *string {
	if sum == "" || s.publicURL == "" {
		return nil
	}
	until := strconv.FormatInt(time.Now().Add(codeURLTime).Unix(), 10)
	query := url.Values{"Expires": {until}, "Signature": {s.signCode(sum, until)}}
	return aws.String(s.publicURL + CodePath + sum + "?" + query.Encode())
}

// signCode binds an archive and a time together under the store's key, which all nodes have.
func (s *Service) signCode(sum, until string) string {
	return s.store.Digest("lambda code to download", []byte(sum+" "+until))
}

var archiveSum = regexp.MustCompile(`^[0-9a-f]{64}$`)

// ServeCode answers a request at an address that codeURL made. sum is what follows CodePath.
func (s *Service) ServeCode(w http.ResponseWriter, r *http.Request, sum string) {
	if r.Method != http.MethodGet && r.Method != http.MethodHead {
		w.Header().Set("Allow", "GET, HEAD")
		refuseCode(w, http.StatusMethodNotAllowed, "MethodNotAllowed", "The specified method is not allowed against this resource.")
		return
	}
	query := r.URL.Query()
	until := query.Get("Expires")
	seconds, err := strconv.ParseInt(until, 10, 64)
	switch {
	case err != nil || !archiveSum.MatchString(sum),
		subtle.ConstantTimeCompare([]byte(query.Get("Signature")), []byte(s.signCode(sum, until))) != 1:
		refuseCode(w, http.StatusForbidden, "SignatureDoesNotMatch",
			"The request signature we calculated does not match the signature you provided. Check your key and signing method.")
		return
	case time.Now().Unix() >= seconds:
		refuseCode(w, http.StatusForbidden, "AccessDenied", "Request has expired")
		return
	}
	data, err := s.loadCode(r.Context(), sum)
	if err != nil { // the function was deleted or has other code since
		s.log.Info("code that was asked for is not there", "sum", sum, "problem", err.Error())
		refuseCode(w, http.StatusNotFound, "NoSuchKey", "The specified key does not exist.")
		return
	}
	w.Header().Set("Content-Type", "application/zip")
	w.Header().Set("Content-Length", strconv.Itoa(len(data)))
	if r.Method != http.MethodHead {
		_, _ = w.Write(data)
	}
}

// refuseCode answers as S3 does, where the real addresses lead.
func refuseCode(w http.ResponseWriter, status int, code, message string) {
	text, err := xml.Marshal(struct {
		XMLName       xml.Name `xml:"Error"`
		Code, Message string
	}{Code: code, Message: message})
	if err != nil {
		text = nil
	}
	w.Header().Set("Content-Type", "application/xml")
	w.WriteHeader(status)
	_, _ = w.Write(append([]byte(xml.Header), text...))
}
