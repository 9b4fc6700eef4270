package sigv4

import (
	"crypto/hmac"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/base64"
	"encoding/hex"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"
)

// skew is how far a client's clock may be off.
const skew = 5 * time.Minute

// A presigned request lives as long as it says, a week at most, and a quarter of an hour when it does not say.
const (
	maxExpiry     = 7 * 24 * time.Hour
	defaultExpiry = 15 * time.Minute
)

const timeLayout = "20060102T150405Z"

// Lookup finds the secret of an access key.
type Lookup func(accessKeyID string) (secret string, known bool)

// Verify checks that a request was signed for a service and region by a known key not long ago. An empty region takes any.
// The error is a *Failure with AWS's code and text.
func Verify(r *http.Request, body []byte, service, region string, lookup Lookup, now time.Time) error {
	_, err := VerifyWith(r, func() ([]byte, error) { return body, nil }, service, region, lookup, now)
	return err
}

// VerifyWith is Verify for a body that is only worth reading when everything else about the signature is right. An error of
// body is returned as it is. It returns what the signature was confirmed to be for.
func VerifyWith(r *http.Request, body func() ([]byte, error), service, region string, lookup Lookup, now time.Time) (Scope, error) {
	s, carried := parse(r)
	if !carried {
		return s.Scope, unreadable(r)
	}
	signedAt, err := s.check(r, service, region)
	if err != nil {
		return s.Scope, err
	}
	if err := s.timely(r, signedAt, now); err != nil {
		return s.Scope, err
	}
	secret, known := lookup(s.AccessKeyID)
	if !known {
		return s.Scope, failed(UnknownKey, "UnrecognizedClientException", "The security token included in the request is invalid.")
	}
	hash, err := payloadHash(r, body, s.presigned)
	if err != nil {
		return s.Scope, err
	}
	canonical := canonicalRequest(r, s, hash)
	sum := sha256.Sum256([]byte(canonical))
	scope := s.Date + "/" + s.Region + "/" + s.Service + "/aws4_request"
	toSign := algorithm + "\n" + signedAt.Format(timeLayout) + "\n" + scope + "\n" + hex.EncodeToString(sum[:])
	want := hex.EncodeToString(mac(signingKey(secret, s.Scope), toSign))
	if subtle.ConstantTimeCompare([]byte(want), []byte(s.value)) != 1 {
		return s.Scope, mismatched(r, canonical, toSign)
	}
	return s.Scope, nil
}

// unreadable tells what is wrong with a request that carries no signature of this kind.
func unreadable(r *http.Request) error {
	header := r.Header.Get("Authorization")
	if header == "" {
		return failed(NotSigned, "MissingAuthenticationTokenException", "Missing Authentication Token")
	}
	hash := sha256.Sum256([]byte(header))
	return failed(NotSigned, codeIncomplete, "Authorization header requires 'Credential' parameter. Authorization header requires 'Signature' parameter. "+
		"Authorization header requires 'SignedHeaders' parameter. "+requiresDate(r)+hashed(hash))
}

func requiresDate(r *http.Request) string {
	if r.Header.Get("X-Amz-Date") != "" || r.Header.Get("Date") != "" {
		return ""
	}
	return "Authorization header requires existence of either a 'X-Amz-Date' or a 'Date' header. "
}

// hashed ends these texts since AWS stopped to echo the header.
func hashed(hash [sha256.Size]byte) string {
	return "(Hashed with SHA-256 and encoded with Base64) Authorization=" + base64.StdEncoding.EncodeToString(hash[:])
}

// check tells whether the signature is whole, what it must sign is signed, and it is for here. It returns when it was made.
func (s *signature) check(r *http.Request, service, region string) (time.Time, error) {
	if err := s.whole(r); err != nil {
		return time.Time{}, err
	}
	for _, name := range []string{"Host", "X-Amz-Target"} {
		if (name == "Host" || r.Header.Get(name) != "") && !slices.Contains(s.signedHeaders, strings.ToLower(name)) {
			return time.Time{}, misscoped("'" + name + "' must be a 'SignedHeader' in the AWS Authorization.")
		}
	}
	signedAt, err := s.time(r)
	if err != nil {
		return time.Time{}, err
	}
	switch {
	case s.AccessKeyID == "":
		return time.Time{}, incomplete("Credential must have exactly 5 slash-delimited elements, e.g. keyid/date/region/service/term.")
	case s.Service != service:
		return time.Time{}, misscoped("Credential should be scoped to correct service: '" + service + "'. ")
	case region != "" && s.Region != region:
		return time.Time{}, misscoped("Credential should be scoped to a valid Region, not '" + clip(s.Region) + "'. ")
	case !strings.HasPrefix(signedAt.Format(timeLayout), s.Date):
		return time.Time{}, misscoped("Date in Credential scope does not match YYYYMMDD from ISO-8601 version of date from HTTP: '" +
			clip(s.Date) + "' != '" + signedAt.Format("20060102") + "', from '" + signedAt.Format(timeLayout) + "'.")
	}
	return signedAt, nil
}

func (s *signature) whole(r *http.Request) error {
	if len(s.missing) == 0 {
		return nil
	}
	var text strings.Builder
	if s.presigned {
		for _, name := range s.missing {
			text.WriteString("AWS query-string parameters must include '" + name + "'. ")
		}
		return incomplete(text.String() + "Re-examine the query-string parameters.")
	}
	for _, name := range s.missing {
		text.WriteString("Authorization header requires '" + name + "' parameter. ")
	}
	hash := sha256.Sum256([]byte(r.Header.Get("Authorization")))
	return incomplete(text.String() + requiresDate(r) + hashed(hash))
}

// time is when the request says it was signed.
func (s *signature) time(r *http.Request) (time.Time, error) {
	text := r.Header.Get("X-Amz-Date")
	if s.presigned {
		text = r.URL.Query().Get("X-Amz-Date")
	}
	if text != "" {
		t, err := time.Parse(timeLayout, text)
		if err != nil {
			return t, incomplete("Date must be in ISO-8601 'basic format'. Got '" + clip(text) + "'. See http://en.wikipedia.org/wiki/ISO_8601")
		}
		return t, nil
	}
	t, err := http.ParseTime(r.Header.Get("Date"))
	if err != nil {
		hash := sha256.Sum256([]byte(r.Header.Get("Authorization")))
		return t, incomplete(
			"Authorization header requires existence of either a 'X-Amz-Date' or a 'Date' header. " + hashed(hash))
	}
	return t.UTC(), nil
}

func (s *signature) timely(r *http.Request, signedAt, now time.Time) error {
	now = now.UTC()
	lifetime := skew
	if s.presigned {
		lifetime = defaultExpiry
		if text := r.URL.Query().Get("X-Amz-Expires"); text != "" {
			seconds, err := strconv.Atoi(text)
			if err != nil || seconds < 0 || seconds > int(maxExpiry/time.Second) {
				return incomplete("X-Amz-Expires must be a number of seconds between 0 and 604800.")
			}
			lifetime = time.Duration(seconds) * time.Second
		}
	}
	if oldest := now.Add(-lifetime); signedAt.Before(oldest) {
		text := "Signature expired: " + signedAt.Format(timeLayout) + " is now earlier than " + oldest.Format(timeLayout)
		if s.presigned {
			return untimely(text)
		}
		return untimely(text + " (" + now.Format(timeLayout) + " - 5 min.)")
	}
	if newest := now.Add(skew); signedAt.After(newest) {
		return untimely("Signature not yet current: " + signedAt.Format(timeLayout) + " is still later than " +
			newest.Format(timeLayout) + " (" + now.Format(timeLayout) + " + 5 min.)")
	}
	return nil
}

// payloadHash is that of the body that came, unless the client says it signed none.
func payloadHash(r *http.Request, body func() ([]byte, error), presigned bool) (string, error) {
	const unsigned = "UNSIGNED-PAYLOAD"
	declared := r.Header.Get("X-Amz-Content-Sha256")
	if declared == unsigned || presigned && r.URL.Query().Get("X-Amz-Content-Sha256") == unsigned {
		return unsigned, nil
	}
	data, err := body()
	if err != nil {
		return "", err
	}
	hash := sha256.Sum256(data)
	return hex.EncodeToString(hash[:]), nil
}

func signingKey(secret string, s Scope) []byte {
	key := mac([]byte("AWS4"+secret), s.Date)
	for _, part := range []string{s.Region, s.Service, "aws4_request"} {
		key = mac(key, part)
	}
	return key
}

func mac(key []byte, text string) []byte {
	h := hmac.New(sha256.New, key)
	h.Write([]byte(text))
	return h.Sum(nil)
}

// clip keeps an echo of bad input short.
func clip(text string) string {
	const most = 64
	if len(text) > most {
		return strings.ToValidUTF8(text[:most], "") + "…"
	}
	return text
}
