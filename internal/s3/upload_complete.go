package s3

import (
	"crypto/md5" //nolint:gosec // an ETag is an MD5, and Content-MD5 is one
	"encoding/base64"
	"encoding/hex"
	"encoding/xml"
	"fmt"
	"io"
	"strconv"
	"strings"

	"github.com/poolgate/poolgate/internal/fault"
	"github.com/poolgate/poolgate/internal/store"
)

// namedPart is a part as the client names it at the end.
type namedPart struct {
	PartNumber        int
	ETag              string
	ChecksumCRC32     string
	ChecksumCRC32C    string
	ChecksumCRC64NVME string
	ChecksumSHA1      string
	ChecksumSHA256    string
}

func (p namedPart) checksum(kind string) string {
	return map[string]string{"CRC32": p.ChecksumCRC32, "CRC32C": p.ChecksumCRC32C, "CRC64NVME": p.ChecksumCRC64NVME, "SHA1": p.ChecksumSHA1, "SHA256": p.ChecksumSHA256}[kind]
}

// completeUpload makes an object of the parts that the client names. Their content stays where it is.
func (x *exchange) completeUpload() error {
	in := struct {
		XMLName xml.Name    `xml:"CompleteMultipartUpload"`
		Parts   []namedPart `xml:"Part"`
	}{}
	// The checksum in the head is the object's, not this document's.
	wanted := objectChecksums(x)
	if err := x.readXML(&in); err != nil {
		return err
	}
	if len(in.Parts) == 0 || len(in.Parts) > greatestPart {
		return malformedXML()
	}
	if !ascending(in.Parts) {
		return fault.Invalid("InvalidPartOrder", "The list of parts was not in ascending order. Parts must be ordered by part number.").
			With("UploadId", x.query.Get("uploadId"))
	}
	var o *object
	var versioned bool
	err := x.change(func(tx *store.Tx, b *bucket) error {
		u, err := x.openUpload(tx)
		if err != nil {
			return err
		}
		if err := x.mayWrite(tx, b); err != nil {
			return err
		}
		if o, err = x.assemble(tx, u, in.Parts); err != nil {
			return err
		}
		if want := wanted[o.Checksum.Kind]; want != "" && o.Checksum.Value != "" && strings.TrimSuffix(want, partCount(in.Parts)) != strings.TrimSuffix(o.Checksum.Value, partCount(in.Parts)) {
			return fault.Invalid("BadDigest", "The %s you specified did not match the calculated checksum.", strings.ToLower(o.Checksum.Kind))
		}
		versioned = b.Versioning != ""
		return x.keep(tx, b, o)
	})
	if err != nil {
		return err
	}
	x.tellWritten(o, versioned)
	x.w.Header().Del("ETag")
	return x.answerXML(completed(x, o))
}

// ascending tells whether parts are named in order, each once.
func ascending(parts []namedPart) bool {
	for i := 1; i < len(parts); i++ {
		if parts[i].PartNumber <= parts[i-1].PartNumber {
			return false
		}
	}
	return true
}

func partCount(parts []namedPart) string { return "-" + strconv.Itoa(len(parts)) }

// objectChecksums takes the object's checksums out of the head, so that they are not held against the document.
func objectChecksums(x *exchange) map[string]string {
	wanted := map[string]string{}
	for kind := range kinds {
		if value := x.r.Header.Get(checksumHeader(kind)); value != "" {
			wanted[kind] = value
			x.r.Header.Del(checksumHeader(kind))
		}
	}
	return wanted
}

func completed(x *exchange, o *object) any {
	out := struct {
		XMLName           xml.Name `xml:"http://s3.amazonaws.com/doc/2006-03-01/ CompleteMultipartUploadResult"`
		Location          string
		Bucket            string
		Key               string
		ETag              string
		ChecksumCRC32     string `xml:",omitempty"`
		ChecksumCRC32C    string `xml:",omitempty"`
		ChecksumCRC64NVME string `xml:",omitempty"`
		ChecksumSHA1      string `xml:",omitempty"`
		ChecksumSHA256    string `xml:",omitempty"`
		ChecksumType      string `xml:",omitempty"`
	}{Location: "http://" + x.r.Host + "/" + x.bucket + "/" + urlEncoded(x.key), Bucket: x.bucket, Key: x.key, ETag: quoted(o.ETag)}
	if o.Checksum.Kind != "" {
		out.ChecksumType = o.Checksum.scope()
		*map[string]*string{
			"CRC32": &out.ChecksumCRC32, "CRC32C": &out.ChecksumCRC32C, "CRC64NVME": &out.ChecksumCRC64NVME,
			"SHA1": &out.ChecksumSHA1, "SHA256": &out.ChecksumSHA256,
		}[o.Checksum.Kind] = o.Checksum.Value
	}
	return out
}

// assemble checks the parts that are named, and makes the object of them. Parts that are not named are let go.
func (x *exchange) assemble(tx *store.Tx, u *upload, named []namedPart) (*object, error) {
	id := x.query.Get("uploadId")
	stored, _, err := parts.List(tx, partsScope(x.bucket, id), store.Page{})
	if err != nil {
		return nil, err
	}
	there := map[string]*part{}
	for _, p := range stored {
		there[p.ID] = p.Value
	}
	o := &object{Key: u.Key, attributes: u.attributes}
	var sums [][]byte
	etags := md5.New() //nolint:gosec // an ETag is an MD5
	for i, n := range named {
		p := there[partID(n.PartNumber)]
		if err := checkPart(x, named, i, p, u.Checksum.Kind); err != nil {
			return nil, err
		}
		delete(there, partID(n.PartNumber))
		raw, err := hex.DecodeString(p.ETag)
		if err != nil {
			return nil, err
		}
		_, _ = etags.Write(raw)
		sum, err := base64.StdEncoding.DecodeString(p.Checksum.Value)
		if err != nil {
			return nil, err
		}
		sums = append(sums, sum)
		if p.Size > 0 {
			o.Segments = append(o.Segments, p.segment)
		}
		o.Size += p.Size
	}
	if o.Size > MaxObject {
		return nil, entityTooLarge(o.Size, MaxObject)
	}
	o.ETag = hex.EncodeToString(etags.Sum(nil)) + partCount(named)
	o.Checksum = u.Checksum.of(o.Segments, sums)
	for _, p := range there {
		if err := x.release(tx, p.segment); err != nil {
			return nil, err
		}
	}
	if _, err := parts.DeleteScope(tx, partsScope(x.bucket, id)); err != nil {
		return nil, err
	}
	return o, uploads.Delete(tx, x.bucket, id)
}

// checkPart holds a part that is named against the one that came.
func checkPart(x *exchange, named []namedPart, i int, p *part, kind string) error {
	n := named[i]
	invalidPart := fault.Invalid("InvalidPart", "One or more of the specified parts could not be found.  The part may not have been uploaded, "+
		"or the specified entity tag may not match the part's entity tag.").With("UploadId", x.query.Get("uploadId")).With("PartNumber", n.PartNumber)
	switch {
	case p == nil || strings.Trim(n.ETag, `"`) != p.ETag:
		return invalidPart
	case kind != "" && p.Checksum.Kind != "" && n.checksum(kind) != "" && n.checksum(p.Checksum.Kind) != p.Checksum.Value:
		return invalidPart
	case i < len(named)-1 && p.Size < smallestPart:
		return fault.Invalid("EntityTooSmall", "Your proposed upload is smaller than the minimum allowed size").
			With("ProposedSize", p.Size).With("MinSizeAllowed", smallestPart).With("PartNumber", n.PartNumber).With("ETag", p.ETag)
	}
	return nil
}

// of is an object's checksum by those of its parts. One of the whole object is only told where it can be made of them.
func (c checksum) of(segments []segment, sums [][]byte) checksum {
	for _, sum := range sums {
		if c.Kind == "" || len(sum) != kinds[c.Kind]().Size() {
			return checksum{}
		}
	}
	if !c.Composite {
		return combine(c.Kind, segments, sums)
	}
	all := kinds[c.Kind]()
	for _, sum := range sums {
		_, _ = all.Write(sum)
	}
	c.Value = fmt.Sprintf("%s-%d", base64.StdEncoding.EncodeToString(all.Sum(nil)), len(sums))
	return c
}

// copiedPart is the range of another object that becomes a part.
func (x *exchange) copiedPart() (io.Reader, int64, error) {
	from, _, err := x.source()
	if err != nil {
		return nil, 0, err
	}
	wanted, err := rangeOf(x.r.Header.Get("X-Amz-Copy-Source-Range"), from.Size)
	if err != nil {
		return nil, 0, err
	}
	return x.read(x.r.Context(), from.Segments, wanted.first, wanted.length), wanted.length, nil
}
