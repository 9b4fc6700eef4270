package s3

import (
	"encoding/xml"

	"github.com/poolgate/poolgate/internal/store"
)

// listedVersion is a version or the marker of a deletion; which one is told by the element's name.
type listedVersion struct {
	XMLName      xml.Name
	Key          string
	VersionID    string `xml:"VersionId"`
	IsLatest     bool
	LastModified string
	ETag         string `xml:",omitempty"`
	Size         *int64 `xml:",omitempty"`
	StorageClass string `xml:",omitempty"`
	Owner        owner
}

// allVersions collects every version.
type allVersions struct {
	limit            int
	owner            owner
	encode           func(string) string
	versions         []listedVersion
	prefixes         []commonPrefix
	truncated        bool
	seen             string
	lastKey, lastVID string
}

func (c *allVersions) full() bool {
	if len(c.versions)+len(c.prefixes) >= c.limit {
		c.truncated = true
		return true
	}
	return false
}

func (c *allVersions) hides(store.Found[object]) (string, bool) { return "", false }

func (c *allVersions) visit(found store.Found[object]) bool {
	if c.full() {
		return true
	}
	o := found.Value
	listed := listedVersion{
		Key: c.encode(o.Key), VersionID: o.VersionID, IsLatest: o.Key != c.seen, LastModified: stamp(o.Modified), Owner: c.owner,
	}
	c.seen = o.Key
	if listed.XMLName.Local = "DeleteMarker"; !o.Marker {
		listed.XMLName.Local, listed.ETag, listed.Size, listed.StorageClass = "Version", quoted(o.ETag), &o.Size, "STANDARD"
		if class := o.Headers["X-Amz-Storage-Class"]; class != "" {
			listed.StorageClass = class
		}
	}
	c.versions = append(c.versions, listed)
	c.lastKey, c.lastVID = o.Key, o.VersionID
	return false
}

func (c *allVersions) common(prefix string) bool {
	if c.full() {
		return true
	}
	c.prefixes = append(c.prefixes, commonPrefix{c.encode(prefix)})
	c.lastKey, c.lastVID = prefix, ""
	return false
}

// listVersions lists every version, newest first of each key.
func (x *exchange) listVersions() error {
	l := listing{prefix: x.query.Get("prefix"), delimiter: x.query.Get("delimiter")}
	var err error
	if l.limit, err = x.number("max-keys", greatestPage); err != nil {
		return err
	}
	encode, err := x.encoding()
	if err != nil {
		return err
	}
	keyMarker, versionMarker := x.query.Get("key-marker"), x.query.Get("version-id-marker")
	if versionMarker != "" && keyMarker == "" {
		return invalidArgument("version-id-marker", versionMarker, "A version-id marker cannot be specified without a key marker.")
	}
	found := &allVersions{limit: l.limit, encode: encode, owner: ownerOf(x.account)}
	err = x.own(func(tx *store.Tx, _ *bucket) error {
		found.versions, found.prefixes, found.truncated, found.seen = nil, nil, false, ""
		if l.after, err = x.versionsAfter(tx, l, keyMarker, versionMarker); err != nil || l.limit == 0 {
			return err
		}
		if versionMarker != "" {
			found.seen = keyMarker
		}
		return walk(tx, x.bucket, l, found)
	})
	if err != nil {
		return err
	}
	return x.answerVersions(l, found, keyMarker, versionMarker)
}

// versionsAfter is where a listing goes on behind a key, or behind one version of it.
func (x *exchange) versionsAfter(tx *store.Tx, l listing, key, versionID string) (string, error) {
	if key == "" {
		return "", nil
	}
	if shared, ok := l.markerPrefix(key); ok {
		return shared + beyond, nil
	}
	if versionID == "" {
		return key + "\x00" + beyond, nil
	}
	v, err := findVersion(tx, x.bucket, key, versionID)
	if err != nil || v == nil {
		return key + "\x00" + beyond, err
	}
	return v.id, nil
}

func (x *exchange) answerVersions(l listing, found *allVersions, keyMarker, versionMarker string) error {
	out := struct {
		XMLName             xml.Name `xml:"http://s3.amazonaws.com/doc/2006-03-01/ ListVersionsResult"`
		Name                string
		Prefix              string
		KeyMarker           string
		VersionIDMarker     string `xml:"VersionIdMarker"`
		NextKeyMarker       string `xml:",omitempty"`
		NextVersionIDMarker string `xml:"NextVersionIdMarker,omitempty"`
		MaxKeys             int
		Delimiter           string `xml:",omitempty"`
		EncodingType        string `xml:",omitempty"`
		IsTruncated         bool
		Versions            []listedVersion
		CommonPrefixes      []commonPrefix
	}{
		Name: x.bucket, Prefix: found.encode(l.prefix), KeyMarker: found.encode(keyMarker), VersionIDMarker: versionMarker, MaxKeys: l.limit,
		Delimiter: found.encode(l.delimiter), EncodingType: x.query.Get("encoding-type"), IsTruncated: found.truncated,
		Versions: found.versions, CommonPrefixes: found.prefixes,
	}
	if found.truncated {
		out.NextKeyMarker, out.NextVersionIDMarker = found.encode(found.lastKey), found.lastVID
	}
	return x.answerXML(out)
}
