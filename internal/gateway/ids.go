package gateway

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

// newIDs makes a request's id, a random UUID, and its extended id, sixteen characters that end in "=". They name a request
// in logs and guard nothing; both share one allocation.
func newIDs() (requestID, extendedID string) {
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

// newTraceID makes an X-Ray trace id of that time.
func newTraceID(at time.Time) string {
	var random [12]byte
	binary.LittleEndian.PutUint64(random[:], rand.Uint64())
	binary.LittleEndian.PutUint32(random[8:], rand.Uint32())
	return "Root=1-" + strconv.FormatInt(at.Unix(), 16) + "-" + hex.EncodeToString(random[:])
}

// traceHeader is the request's X-Amzn-Trace-Id: the client's root when it sent one, else a new one.
func (x *exchange) traceHeader() string {
	if x.traceID != "" {
		return x.traceID
	}
	for field := range strings.SplitSeq(x.request.Header.Get("X-Amzn-Trace-Id"), ";") {
		if root := strings.TrimSpace(field); traceRoot.MatchString(root) {
			x.traceID = root
			return root
		}
	}
	x.traceID = newTraceID(x.began)
	return x.traceID
}

var traceRoot = regexp.MustCompile(`^Root=1-[0-9a-f]{8}-[0-9a-f]{24}$`)
