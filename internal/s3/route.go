package s3

import (
	"net/http"

	"github.com/poolgate/poolgate/internal/fault"
)

// operation is one of S3's.
type operation struct {
	name string
	run  func(*exchange) error
}

// level is what a request is about.
type level uint8

const (
	aboutService level = iota
	aboutBucket
	aboutObject
)

// selector is a method and the query parameter that tells operations on the same thing apart; empty is the plain one.
type selector struct {
	level         level
	method, query string
}

// operations are all that is implemented, beside the settings of a bucket.
var operations = map[selector]operation{
	{aboutService, http.MethodGet, ""}: {"ListBuckets", (*exchange).listBuckets},

	{aboutBucket, http.MethodPut, ""}:         {"CreateBucket", (*exchange).createBucket},
	{aboutBucket, http.MethodHead, ""}:        {"HeadBucket", (*exchange).headBucket},
	{aboutBucket, http.MethodDelete, ""}:      {"DeleteBucket", (*exchange).deleteBucket},
	{aboutBucket, http.MethodGet, ""}:         {"ListObjects", (*exchange).listObjects},
	{aboutBucket, http.MethodGet, "versions"}: {"ListObjectVersions", (*exchange).listVersions},
	{aboutBucket, http.MethodGet, "uploads"}:  {"ListMultipartUploads", (*exchange).listUploads},
	{aboutBucket, http.MethodGet, "location"}: {"GetBucketLocation", (*exchange).bucketLocation},
	{aboutBucket, http.MethodPost, "delete"}:  {"DeleteObjects", (*exchange).deleteObjects},

	{aboutBucket, http.MethodGet, "versioning"}:   {"GetBucketVersioning", (*exchange).getVersioning},
	{aboutBucket, http.MethodPut, "versioning"}:   {"PutBucketVersioning", (*exchange).putVersioning},
	{aboutBucket, http.MethodGet, "policyStatus"}: {"GetBucketPolicyStatus", (*exchange).policyStatus},
	{aboutBucket, http.MethodGet, "acl"}:          {"GetBucketAcl", (*exchange).getACL},
	{aboutBucket, http.MethodPut, "acl"}:          {"PutBucketAcl", (*exchange).putACL},

	{aboutObject, http.MethodPut, ""}:           {"PutObject", (*exchange).putObject},
	{aboutObject, http.MethodGet, ""}:           {"GetObject", (*exchange).getObject},
	{aboutObject, http.MethodHead, ""}:          {"HeadObject", (*exchange).getObject},
	{aboutObject, http.MethodDelete, ""}:        {"DeleteObject", (*exchange).deleteObject},
	{aboutObject, http.MethodGet, "tagging"}:    {"GetObjectTagging", (*exchange).getObjectTagging},
	{aboutObject, http.MethodPut, "tagging"}:    {"PutObjectTagging", (*exchange).putObjectTagging},
	{aboutObject, http.MethodDelete, "tagging"}: {"DeleteObjectTagging", (*exchange).deleteObjectTagging},
	{aboutObject, http.MethodGet, "acl"}:        {"GetObjectAcl", (*exchange).getACL},
	{aboutObject, http.MethodPut, "acl"}:        {"PutObjectAcl", (*exchange).putACL},

	{aboutObject, http.MethodPost, "uploads"}:    {"CreateMultipartUpload", (*exchange).createUpload},
	{aboutObject, http.MethodPut, "uploadId"}:    {"UploadPart", (*exchange).uploadPart},
	{aboutObject, http.MethodGet, "uploadId"}:    {"ListParts", (*exchange).listParts},
	{aboutObject, http.MethodPost, "uploadId"}:   {"CompleteMultipartUpload", (*exchange).completeUpload},
	{aboutObject, http.MethodDelete, "uploadId"}: {"AbortMultipartUpload", (*exchange).abortUpload},
}

// selecting are the query parameters that choose an operation, with AWS's name of what is refused for them.
var selecting = map[string]string{
	"versions": "", "uploads": "", "uploadId": "", "location": "", "delete": "", "versioning": "", "policyStatus": "BucketPolicyStatus",
	"acl": "Acl", "tagging": "Tagging",
	"policy": "BucketPolicy", "encryption": "BucketEncryption", "publicAccessBlock": "PublicAccessBlock",
	"ownershipControls": "BucketOwnershipControls", "lifecycle": "BucketLifecycleConfiguration", "cors": "BucketCors",
	"website": "BucketWebsite", "logging": "BucketLogging", "notification": "BucketNotificationConfiguration",
	"accelerate": "BucketAccelerateConfiguration", "requestPayment": "BucketRequestPayment", "replication": "BucketReplication",
	"object-lock": "ObjectLockConfiguration", "analytics": "BucketAnalyticsConfiguration", "inventory": "BucketInventoryConfiguration",
	"metrics": "BucketMetricsConfiguration", "intelligent-tiering": "BucketIntelligentTieringConfiguration",
	"metadataTable": "BucketMetadataTableConfiguration", "metadataConfiguration": "BucketMetadataConfiguration", "abac": "BucketAbac",
	"session": "Session", "torrent": "ObjectTorrent", "legal-hold": "ObjectLegalHold", "retention": "ObjectRetention",
	"restore": "RestoreObject", "select": "SelectObjectContent", "attributes": "ObjectAttributes", "append": "AppendObject",
	"renameObject": "RenameObject", "partNumber": "", "encryptionConfiguration": "ObjectEncryption",
}

var verbs = map[string]string{http.MethodGet: "Get", http.MethodPut: "Put", http.MethodDelete: "Delete", http.MethodHead: "Head", http.MethodPost: "Post"}

// route finds the operation, or refuses it by name.
func (x *exchange) route() (operation, error) {
	at := selector{method: x.r.Method}
	switch {
	case x.key != "":
		at.level = aboutObject
	case x.bucket != "":
		at.level = aboutBucket
	}
	for name := range x.query {
		if _, selects := selecting[name]; selects && (name != "partNumber" || !x.query.Has("uploadId")) {
			at.query = name
		}
	}
	if o, known := operations[at]; known {
		return o, nil
	}
	if at.level == aboutBucket {
		if o, known := settingOperation(at); known {
			return o, nil
		}
	}
	switch {
	case at.query == "partNumber":
		return operation{}, notImplemented(verbs[at.method] + "Object of one part")
	case at.query != "" && verbs[at.method] != "":
		return operation{}, notImplemented(verbs[at.method] + selecting[at.query])
	case at.level == aboutBucket && at.method == http.MethodPost:
		return operation{}, notImplemented("PostObject")
	}
	return operation{}, fault.Invalid("MethodNotAllowed", "The specified method is not allowed against this resource.").
		With("Method", at.method).With("ResourceType", [...]string{"SERVICE", "BUCKET", "OBJECT"}[at.level])
}
