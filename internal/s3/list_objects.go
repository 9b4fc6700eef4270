package s3

import (
	"encoding/xml"

	"github.com/poolgate/poolgate/internal/store"
)

type listedObject struct {
	Key               string
	LastModified      string
	ETag              string
	ChecksumAlgorithm string `xml:",omitempty"`
	ChecksumType      string `xml:",omitempty"`
	Size              int64
	StorageClass      string
	Owner             *owner `xml:",omitempty"`
}

type commonPrefix struct{ Prefix string }

// currentObjects collects the newest version of each key.
type currentObjects struct {
	limit     int
	owner     *owner
	encode    func(string) string
	objects   []listedObject
	prefixes  []commonPrefix
	truncated bool
	// last is where a listing that was cut goes on, lastName what that is called.
	last, lastName string
	// seen is the key whose newest version was met last; no key is empty.
	seen string
}

func (c *currentObjects) full() bool {
	if len(c.objects)+len(c.prefixes) >= c.limit {
		c.truncated = true
		return true
	}
	return false
}

// hides hides what is older of a key, and keys whose newest version says that they are deleted.
func (c *currentObjects) hides(found store.Found[object]) (string, bool) {
	key := found.Value.Key
	older := key == c.seen
	c.seen = key
	return key + "\x00" + beyond, older || found.Value.Marker
}

func (c *currentObjects) visit(found store.Found[object]) bool {
	if c.full() {
		return true
	}
	o := found.Value
	class := o.Headers["X-Amz-Storage-Class"]
	if class == "" {
		class = "STANDARD"
	}
	listed := listedObject{
		Key: c.encode(o.Key), LastModified: stamp(o.Modified), ETag: quoted(o.ETag), Size: o.Size, StorageClass: class, Owner: c.owner,
	}
	if o.Checksum.Kind != "" {
		listed.ChecksumAlgorithm, listed.ChecksumType = o.Checksum.Kind, o.Checksum.scope()
	}
	c.objects = append(c.objects, listed)
	c.last, c.lastName = o.Key+"\x00"+beyond, o.Key
	return false
}

func (c *currentObjects) common(prefix string) bool {
	if c.full() {
		return true
	}
	c.prefixes = append(c.prefixes, commonPrefix{c.encode(prefix)})
	c.last, c.lastName = prefix+beyond, prefix
	return false
}

func plain(text string) string { return text }

// encoding is how keys are written: as they are, or escaped because XML cannot hold every one.
func (x *exchange) encoding() (func(string) string, error) {
	switch asked := x.query.Get("encoding-type"); asked {
	case "":
		return plain, nil
	case "url":
		return urlEncoded, nil
	default:
		return nil, invalidArgument("encoding-type", asked, "Invalid Encoding Method specified in Request")
	}
}

// listObjects is both versions of the operation: the second has list-type=2.
func (x *exchange) listObjects() error {
	second := x.query.Get("list-type") == "2"
	l := listing{prefix: x.query.Get("prefix"), delimiter: x.query.Get("delimiter")}
	var err error
	if l.limit, err = x.number("max-keys", greatestPage); err != nil {
		return err
	}
	encode, err := x.encoding()
	if err != nil {
		return err
	}
	token := x.query.Get("continuation-token")
	start := x.query.Get("start-after")
	if !second {
		start, token = x.query.Get("marker"), ""
	}
	if x.query.Has("continuation-token") && second && token == "" {
		return invalidArgument("continuation-token", token, "The continuation token provided is incorrect")
	}
	if l.after, err = unsealToken(token); err != nil {
		return err
	}
	if l.after == "" && start != "" {
		l.after = start + "\x00" + beyond
		if shared, ok := l.markerPrefix(start); ok {
			l.after = shared + beyond
		}
	}
	found := &currentObjects{limit: l.limit, encode: encode}
	if who := ownerOf(x.account); !second || x.query.Get("fetch-owner") == "true" {
		found.owner = &who
	}
	err = x.own(func(tx *store.Tx, _ *bucket) error {
		found.objects, found.prefixes, found.truncated, found.seen = nil, nil, false, ""
		if l.limit == 0 {
			return nil
		}
		return walk(tx, x.bucket, l, found)
	})
	if err != nil {
		return err
	}
	if second {
		return x.answerSecond(l, found, start, token)
	}
	return x.answerFirst(l, found, start)
}

// markerPrefix tells whether a marker is a common prefix that was listed, which is not listed again.
func (l listing) markerPrefix(marker string) (string, bool) {
	if len(marker) < len(l.prefix) || marker[:len(l.prefix)] != l.prefix {
		return "", false
	}
	shared, ok := l.shared(marker)
	return shared, ok && shared == marker
}

func (x *exchange) answerFirst(l listing, found *currentObjects, marker string) error {
	out := struct {
		XMLName        xml.Name `xml:"http://s3.amazonaws.com/doc/2006-03-01/ ListBucketResult"`
		Name           string
		Prefix         string
		Marker         string
		NextMarker     string `xml:",omitempty"`
		MaxKeys        int
		Delimiter      string `xml:",omitempty"`
		EncodingType   string `xml:",omitempty"`
		IsTruncated    bool
		Contents       []listedObject
		CommonPrefixes []commonPrefix
	}{
		Name: x.bucket, Prefix: found.encode(l.prefix), Marker: found.encode(marker), MaxKeys: l.limit, Delimiter: found.encode(l.delimiter),
		EncodingType: x.query.Get("encoding-type"), IsTruncated: found.truncated, Contents: found.objects, CommonPrefixes: found.prefixes,
	}
	if found.truncated && l.delimiter != "" {
		out.NextMarker = found.encode(found.lastName)
	}
	return x.answerXML(out)
}

func (x *exchange) answerSecond(l listing, found *currentObjects, start, token string) error {
	out := struct {
		XMLName               xml.Name `xml:"http://s3.amazonaws.com/doc/2006-03-01/ ListBucketResult"`
		Name                  string
		Prefix                string
		StartAfter            string `xml:",omitempty"`
		ContinuationToken     string `xml:",omitempty"`
		NextContinuationToken string `xml:",omitempty"`
		KeyCount              int
		MaxKeys               int
		Delimiter             string `xml:",omitempty"`
		EncodingType          string `xml:",omitempty"`
		IsTruncated           bool
		Contents              []listedObject
		CommonPrefixes        []commonPrefix
	}{
		Name: x.bucket, Prefix: found.encode(l.prefix), StartAfter: found.encode(start), ContinuationToken: token, MaxKeys: l.limit,
		KeyCount: len(found.objects) + len(found.prefixes), Delimiter: found.encode(l.delimiter), EncodingType: x.query.Get("encoding-type"),
		IsTruncated: found.truncated, Contents: found.objects, CommonPrefixes: found.prefixes,
	}
	if found.truncated {
		out.NextContinuationToken = sealToken(found.last)
	}
	return x.answerXML(out)
}
