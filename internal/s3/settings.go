package s3

import (
	"encoding/json"
	"encoding/xml"
	"errors"
	"io"
	"maps"
	"net/http"
	"strings"

	"github.com/poolgate/poolgate/internal/fault"
	"github.com/poolgate/poolgate/internal/store"
)

// setting is a document of a bucket that is kept as it was sent and shown again. None of them has an effect here: the
// objects of a bucket are its owner's and nobody else's.
type setting struct {
	// name ends the names of the operations (PutBucketCors), root is the document's element; a policy has none, it is JSON.
	name, root string
	// initial is what a new bucket has; where it is empty, missing tells that there is none.
	initial         string
	missing, reason string
	// putStatus is what Put answers; noDelete that there is no Delete.
	putStatus int
	noDelete  bool
}

func emptyElement(root string) string { return "<" + root + ` xmlns="` + namespace + `"/>` }

// settings are by subresource. What a new bucket has is AWS's since April 2023 [D].
var settings = map[string]setting{
	"policy": {name: "BucketPolicy", missing: "NoSuchBucketPolicy", reason: "The bucket policy does not exist", putStatus: http.StatusNoContent},
	"encryption": {name: "BucketEncryption", root: "ServerSideEncryptionConfiguration", putStatus: http.StatusOK,
		initial: `<ServerSideEncryptionConfiguration xmlns="` + namespace + `"><Rule><ApplyServerSideEncryptionByDefault><SSEAlgorithm>AES256` +
			`</SSEAlgorithm></ApplyServerSideEncryptionByDefault><BucketKeyEnabled>false</BucketKeyEnabled></Rule></ServerSideEncryptionConfiguration>`},
	"publicAccessBlock": {name: "PublicAccessBlock", root: "PublicAccessBlockConfiguration", putStatus: http.StatusOK,
		missing: "NoSuchPublicAccessBlockConfiguration", reason: "The public access block configuration was not found",
		initial: `<PublicAccessBlockConfiguration xmlns="` + namespace + `"><BlockPublicAcls>true</BlockPublicAcls><IgnorePublicAcls>true` +
			`</IgnorePublicAcls><BlockPublicPolicy>true</BlockPublicPolicy><RestrictPublicBuckets>true</RestrictPublicBuckets></PublicAccessBlockConfiguration>`},
	"ownershipControls": {name: "BucketOwnershipControls", root: "OwnershipControls", putStatus: http.StatusOK,
		missing: "OwnershipControlsNotFoundError", reason: "The bucket ownership controls were not found",
		initial: ownershipDocument("BucketOwnerEnforced")},
	"lifecycle": {name: "BucketLifecycleConfiguration", root: "LifecycleConfiguration", putStatus: http.StatusOK,
		missing: "NoSuchLifecycleConfiguration", reason: "The lifecycle configuration does not exist"},
	"cors": {name: "BucketCors", root: "CORSConfiguration", putStatus: http.StatusOK,
		missing: "NoSuchCORSConfiguration", reason: "The CORS configuration does not exist"},
	"tagging": {name: "BucketTagging", root: "Tagging", putStatus: http.StatusNoContent, missing: "NoSuchTagSet", reason: "The TagSet does not exist"},
	"website": {name: "BucketWebsite", root: "WebsiteConfiguration", putStatus: http.StatusOK,
		missing: "NoSuchWebsiteConfiguration", reason: "The specified bucket does not have a website configuration"},
	"replication": {name: "BucketReplication", root: "ReplicationConfiguration", putStatus: http.StatusOK,
		missing: "ReplicationConfigurationNotFoundError", reason: "The replication configuration was not found"},
	"object-lock": {name: "ObjectLockConfiguration", root: "ObjectLockConfiguration", putStatus: http.StatusOK, noDelete: true,
		missing: "ObjectLockConfigurationNotFoundError", reason: "Object Lock configuration does not exist for this bucket"},
	"logging":        {name: "BucketLogging", root: "BucketLoggingStatus", putStatus: http.StatusOK, noDelete: true, initial: emptyElement("BucketLoggingStatus")},
	"notification":   {name: "BucketNotificationConfiguration", root: "NotificationConfiguration", putStatus: http.StatusOK, noDelete: true, initial: emptyElement("NotificationConfiguration")},
	"accelerate":     {name: "BucketAccelerateConfiguration", root: "AccelerateConfiguration", putStatus: http.StatusOK, noDelete: true, initial: emptyElement("AccelerateConfiguration")},
	"requestPayment": {name: "BucketRequestPayment", root: "RequestPaymentConfiguration", putStatus: http.StatusOK, noDelete: true, initial: `<RequestPaymentConfiguration xmlns="` + namespace + `"><Payer>BucketOwner</Payer></RequestPaymentConfiguration>`},
}

func ownershipDocument(rule string) string {
	var text strings.Builder
	_ = xml.EscapeText(&text, []byte(rule))
	return `<OwnershipControls xmlns="` + namespace + `"><Rule><ObjectOwnership>` + text.String() + `</ObjectOwnership></Rule></OwnershipControls>`
}

// settingOperation is the operation on a setting.
func settingOperation(at selector) (operation, bool) {
	s, known := settings[at.query]
	if !known {
		return operation{}, false
	}
	switch {
	case at.method == http.MethodGet:
		return operation{"Get" + s.name, func(x *exchange) error { return x.getSetting(at.query, s) }}, true
	case at.method == http.MethodPut:
		return operation{"Put" + s.name, func(x *exchange) error { return x.putSetting(at.query, s) }}, true
	case at.method == http.MethodDelete && !s.noDelete:
		return operation{"Delete" + s.name, func(x *exchange) error { return x.deleteSetting(at.query, s) }}, true
	}
	return operation{}, false
}

// removed stands for a setting that a new bucket has and this one no longer.
const removed = "-"

func (b *bucket) setting(name string, s setting) (string, error) {
	text, set := b.Settings[name]
	if !set {
		text = s.initial
	}
	if text != "" && text != removed {
		return text, nil
	}
	if s.missing == "" {
		return s.initial, nil
	}
	return "", fault.NotFound(s.missing, "%s", s.reason)
}

func (x *exchange) getSetting(name string, s setting) error {
	var text string
	err := x.own(func(_ *store.Tx, b *bucket) (err error) {
		text, err = b.setting(name, s)
		if e := (*fault.Error)(nil); errors.As(err, &e) {
			err = e.With("BucketName", x.bucket)
		}
		return err
	})
	if err != nil {
		return err
	}
	if s.root == "" {
		return x.answerText("application/json", text)
	}
	if !strings.HasPrefix(text, "<?xml") {
		text = xml.Header + text
	}
	return x.answerText("application/xml", text)
}

func (x *exchange) putSetting(name string, s setting) error {
	text, err := x.readDocument()
	if err != nil {
		return err
	}
	if s.root == "" {
		err = checkPolicy(text)
	} else {
		err = checkRoot(text, s.root)
	}
	if err != nil {
		return err
	}
	err = x.change(func(tx *store.Tx, b *bucket) error {
		b.Settings = maps.Clone(b.Settings)
		if b.Settings == nil {
			b.Settings = map[string]string{}
		}
		b.Settings[name] = string(text)
		return buckets.Put(tx, allBuckets, x.bucket, b)
	})
	if err != nil {
		return err
	}
	x.w.WriteHeader(s.putStatus)
	return nil
}

func (x *exchange) deleteSetting(name string, s setting) error {
	err := x.change(func(tx *store.Tx, b *bucket) error {
		if b.Settings == nil {
			b.Settings = map[string]string{}
		}
		delete(b.Settings, name)
		if s.initial != "" && s.missing != "" {
			b.Settings[name] = removed
		}
		return buckets.Put(tx, allBuckets, x.bucket, b)
	})
	if err != nil {
		return err
	}
	return x.noContent()
}

// maxSetting bounds a setting, in bytes; AWS's bound of a policy is 20 KB.
const (
	maxSetting = 64 << 10
	maxPolicy  = 20 << 10
)

// checkRoot tells whether a text is an XML document with that element at its root.
func checkRoot(text []byte, root string) error {
	if len(text) > maxSetting {
		return malformedXML().Becausef("%d bytes", len(text))
	}
	decoder := xml.NewDecoder(strings.NewReader(string(text)))
	depth, seen := 0, false
	for {
		token, err := decoder.Token()
		if errors.Is(err, io.EOF) && seen && depth == 0 {
			return nil
		}
		if err != nil {
			return malformedXML().Because(err)
		}
		switch t := token.(type) {
		case xml.StartElement:
			if depth == 0 && (seen || t.Name.Local != root) {
				return malformedXML().Becausef("the root is %s", t.Name.Local)
			}
			seen = true
			depth++
		case xml.EndElement:
			depth--
		}
	}
}

func checkPolicy(text []byte) error {
	var policy struct{ Statement json.RawMessage }
	switch {
	case len(text) > maxPolicy:
		return fault.Invalid("PolicyTooLarge", "Normalized policy document exceeds the maximum allowed size of %d bytes.", maxPolicy)
	case json.Unmarshal(text, &policy) != nil:
		return fault.Malformed("MalformedPolicy", "Policies must be valid JSON and the first byte must be '{'")
	case policy.Statement == nil:
		return fault.Malformed("MalformedPolicy", "Missing required field Statement")
	}
	return nil
}
