package s3

import (
	"crypto/sha1" //nolint:gosec // one of the checksums that clients choose from
	"crypto/sha256"
	"encoding/base64"
	"hash"
	"hash/crc32"
	"hash/crc64"
	"maps"
	"net/http"
	"slices"
	"strings"

	"github.com/poolgate/poolgate/internal/fault"
)

// checksum is a checksum of a client's choosing. Kind is CRC32, CRC32C, CRC64NVME, SHA1 or SHA256; Value is base64.
type checksum struct {
	Kind  string `json:",omitempty"`
	Value string `json:",omitempty"`
	// Composite says that it is one of the parts' checksums, with their number behind it.
	Composite bool `json:",omitempty"`
}

// nvme is the polynomial of CRC64NVME, reversed as Go wants it.
const nvme = 0x9A6C9329AC4BC9B5

var kinds = map[string]func() hash.Hash{
	"CRC32":     func() hash.Hash { return crc32.NewIEEE() },
	"CRC32C":    func() hash.Hash { return crc32.New(crc32.MakeTable(crc32.Castagnoli)) },
	"CRC64NVME": func() hash.Hash { return crc64.New(crc64.MakeTable(nvme)) },
	"SHA1":      sha1.New,
	"SHA256":    sha256.New,
}

const checksumPrefix = "x-amz-checksum-"

// checksumHeader is the name of the header that carries a checksum of that kind.
func checksumHeader(kind string) string { return checksumPrefix + strings.ToLower(kind) }

// summing computes the checksum that a client announced; nil when it announced none.
type summing struct {
	kind string
	hash.Hash
	// want is what the header said; empty when it comes as a trailer.
	want string
	// checks says that a value must come; without one the checksum is only computed.
	checks bool
}

// announced finds which checksum a request has or will have.
func announced(header http.Header) (*summing, error) {
	for _, kind := range slices.Sorted(maps.Keys(kinds)) {
		if want := header.Get(checksumHeader(kind)); want != "" {
			if sum, err := base64.StdEncoding.DecodeString(want); err != nil || len(sum) != kinds[kind]().Size() {
				return nil, invalidRequest("Value for " + checksumHeader(kind) + " header is invalid.")
			}
			return &summing{kind: kind, Hash: kinds[kind](), want: want, checks: true}, nil
		}
	}
	for name := range header {
		kind, is := strings.CutPrefix(name, "X-Amz-Checksum-")
		if is && kind != "Mode" && kind != "Type" && kind != "Algorithm" {
			return nil, notImplemented("checksum " + strings.ToUpper(kind))
		}
	}
	if trailer := strings.ToLower(header.Get("X-Amz-Trailer")); trailer != "" {
		kind := strings.ToUpper(strings.TrimPrefix(trailer, checksumPrefix))
		if kinds[kind] == nil {
			return nil, invalidRequest("The value specified in the x-amz-trailer header is not supported")
		}
		return &summing{kind: kind, Hash: kinds[kind](), checks: true}, nil
	}
	if kind := strings.ToUpper(header.Get("X-Amz-Sdk-Checksum-Algorithm")); kinds[kind] != nil {
		return &summing{kind: kind, Hash: kinds[kind]()}, nil
	}
	return nil, nil
}

func (s *summing) write(p []byte) {
	if s != nil {
		_, _ = s.Write(p)
	}
}

// value is the checksum of what was read.
func (s *summing) value() checksum {
	if s == nil {
		return checksum{}
	}
	return checksum{Kind: s.kind, Value: base64.StdEncoding.EncodeToString(s.Sum(nil))}
}

// verify compares with what the header or the trailer said.
func (s *summing) verify(trailers map[string]string) error {
	if s == nil || !s.checks {
		return nil
	}
	want := s.want
	if want == "" {
		want = trailers[checksumHeader(s.kind)]
	}
	if want == "" {
		return fault.Malformed("MalformedTrailerError", "The request contained trailing data that was not well-formed or did not conform to our published schema.")
	}
	if s.value().Value != want {
		return fault.Invalid("BadDigest", "The %s you specified did not match the calculated checksum.", s.kind)
	}
	return nil
}

// tell puts a checksum into an answer's header.
func (c checksum) tell(header http.Header) {
	if c.Kind == "" {
		return
	}
	header.Set(checksumHeader(c.Kind), c.Value)
	header.Set("x-amz-checksum-type", c.scope())
}

func (c checksum) scope() string {
	if c.Composite {
		return "COMPOSITE"
	}
	return "FULL_OBJECT"
}
