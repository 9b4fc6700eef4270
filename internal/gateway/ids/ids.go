// Package ids makes the names that requests of the data plane carry through answers, events and logs. They guard nothing.
package ids

import (
	"encoding/base64"
	"encoding/binary"
	"encoding/hex"
	"math/rand/v2"
	"regexp"
	"strconv"
	"strings"
	"time"
)

// New makes a request's id, a random UUID, and its extended id, sixteen characters that end in "=". They name a request
// in logs and guard nothing; both share one allocation.
func New() (requestID, extendedID string) {
	var random [32]byte
	for i := 0; i < len(random); i += 8 {
		binary.LittleEndian.PutUint64(random[i:], rand.Uint64())
	}
	random[6] = random[6]&0x0f | 0x40
	random[8] = random[8]&0x3f | 0x80
	var text [36 + 16]byte
	hex.Encode(text[0:8], random[0:4])
	text[8] = '-'
	hex.Encode(text[9:13], random[4:6])
	text[13] = '-'
	hex.Encode(text[14:18], random[6:8])
	text[18] = '-'
	hex.Encode(text[19:23], random[8:10])
	text[23] = '-'
	hex.Encode(text[24:36], random[10:16])
	base64.URLEncoding.Encode(text[36:], random[16:27])
	both := string(text[:])
	return both[:36], both[36:]
}

// Extended makes an extended id alone, the only one that a request to an HTTP API has. It begins with a letter, so that no command
// line takes it for a flag.
func Extended() string {
	var random [16]byte
	binary.LittleEndian.PutUint64(random[:], rand.Uint64())
	binary.LittleEndian.PutUint64(random[8:], rand.Uint64())
	random[0] &= 0x7f
	var text [16]byte
	base64.URLEncoding.Encode(text[:], random[:11])
	return string(text[:])
}

// NewTrace makes an X-Ray trace id of that time, with its "Root=".
func NewTrace(at time.Time) string {
	var random [12]byte
	binary.LittleEndian.PutUint64(random[:], rand.Uint64())
	binary.LittleEndian.PutUint32(random[8:], rand.Uint32())
	return "Root=1-" + strconv.FormatInt(at.Unix(), 16) + "-" + hex.EncodeToString(random[:])
}

// Trace is the root of the X-Amzn-Trace-Id header that a client sent, or a new one when it sent none.
func Trace(header string, at time.Time) string {
	for field := range strings.SplitSeq(header, ";") {
		if root := strings.TrimSpace(field); traceRoot.MatchString(root) {
			return root
		}
	}
	return NewTrace(at)
}

var traceRoot = regexp.MustCompile(`^Root=1-[0-9a-f]{8}-[0-9a-f]{24}$`)
