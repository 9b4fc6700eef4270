package sigv4

import (
	"crypto/sha256"
	"crypto/subtle"
	"encoding/hex"
	"errors"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"
)

// Errors of VerifyHead. S3 has its own names for each.
var (
	ErrMalformed  = errors.New("sigv4: the signature cannot be read")
	ErrUnknownKey = errors.New("sigv4: no such access key")
	ErrMismatch   = errors.New("sigv4: the signature does not match")
	ErrSkewed     = errors.New("sigv4: signed too long ago, or in the future")
	ErrExpired    = errors.New("sigv4: the presigned request has expired")
)

// headSkew is how far a client's clock may be off where bodies are streamed: S3 allows a quarter of an hour.
const headSkew = 15 * time.Minute

// Head is a request whose head was found to be signed by a known key, with what the signatures of its body continue from.
type Head struct {
	Scope
	Presigned bool
	signedAt  time.Time
	key       []byte
	previous  string
}

// VerifyHead checks the signature of a request whose body is not read yet: the signature covers payloadHash, the hash that
// the client declares, and whoever reads the body holds it against that. This is S3's way. The errors are those above.
func VerifyHead(r *http.Request, service, payloadHash string, lookup Lookup, now time.Time) (*Head, error) {
	s, carried := parse(r)
	if !carried || len(s.missing) > 0 || s.AccessKeyID == "" || s.Service != service || !slices.Contains(s.signedHeaders, "host") {
		return nil, ErrMalformed
	}
	signedAt, err := s.time(r)
	if err != nil || signedAt.Format("20060102") != s.Date {
		return nil, ErrMalformed
	}
	if err := s.headTimely(r, signedAt, now); err != nil {
		return nil, err
	}
	secret, known := lookup(s.AccessKeyID)
	if !known {
		return nil, ErrUnknownKey
	}
	h := &Head{Scope: s.Scope, Presigned: s.presigned, signedAt: signedAt, key: signingKey(secret, s.Scope), previous: s.value}
	canonical := sha256.Sum256([]byte(canonicalRequest(r, s, payloadHash)))
	if !h.matches(algorithm, hex.EncodeToString(canonical[:]), s.value) {
		return nil, ErrMismatch
	}
	return h, nil
}

// Unsigned are the x-amz- headers of a request that its signature does not cover, in lower case and in order. Whoever holds a presigned
// URL could add them, and have more done than was signed. The hash of the payload is not one of them: what is signed is that hash.
func Unsigned(r *http.Request) []string {
	s, _ := parse(r)
	var names []string
	for name := range r.Header {
		name = strings.ToLower(name)
		if strings.HasPrefix(name, "x-amz-") && name != "x-amz-content-sha256" && !slices.Contains(s.signedHeaders, name) {
			names = append(names, name)
		}
	}
	slices.Sort(names)
	return names
}

func (s *signature) headTimely(r *http.Request, signedAt, now time.Time) error {
	if signedAt.After(now.Add(headSkew)) || !s.presigned && signedAt.Before(now.Add(-headSkew)) {
		return ErrSkewed
	}
	if !s.presigned {
		return nil
	}
	seconds, err := strconv.Atoi(r.URL.Query().Get("X-Amz-Expires"))
	if err != nil || seconds < 0 || seconds > int(maxExpiry/time.Second) {
		return ErrMalformed
	}
	if now.After(signedAt.Add(time.Duration(seconds) * time.Second)) {
		return ErrExpired
	}
	return nil
}

// matches compares a signature over text with the one that came.
func (h *Head) matches(kind, text, signature string) bool {
	scope := h.Date + "/" + h.Region + "/" + h.Service + "/aws4_request"
	toSign := kind + "\n" + h.signedAt.Format(timeLayout) + "\n" + scope + "\n" + text
	want := hex.EncodeToString(mac(h.key, toSign))
	return subtle.ConstantTimeCompare([]byte(want), []byte(signature)) == 1
}

// Chunk checks the signature of the body's next chunk by the SHA-256 of its bytes. Each continues from the one before.
func (h *Head) Chunk(sum [sha256.Size]byte, signature string) bool {
	empty := sha256.Sum256(nil)
	text := h.previous + "\n" + hex.EncodeToString(empty[:]) + "\n" + hex.EncodeToString(sum[:])
	ok := h.matches(algorithm+"-PAYLOAD", text, signature)
	h.previous = signature
	return ok
}

// Trailer checks the signature of the trailing headers, by the SHA-256 of their "name:value\n" lines.
func (h *Head) Trailer(sum [sha256.Size]byte, signature string) bool {
	return h.matches("AWS4-HMAC-SHA256-TRAILER", h.previous+"\n"+hex.EncodeToString(sum[:]), signature)
}
