package s3

import (
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	sdk "github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/s3/types"
)

// TestSettingsAsDeployToolsUseThem does what the bootstrap of CDK, Terraform and the Serverless Framework do to a bucket.
func TestSettingsAsDeployToolsUseThem(t *testing.T) {
	l := newLab(t)
	b := l.bucket("artefacts")
	block, err := l.GetPublicAccessBlock(l.ctx(), &sdk.GetPublicAccessBlockInput{Bucket: &b})
	l.must(err)
	if !*block.PublicAccessBlockConfiguration.BlockPublicAcls {
		t.Error("a new bucket blocks public access")
	}
	_, err = l.DeletePublicAccessBlock(l.ctx(), &sdk.DeletePublicAccessBlockInput{Bucket: &b})
	l.must(err)
	_, err = l.GetPublicAccessBlock(l.ctx(), &sdk.GetPublicAccessBlockInput{Bucket: &b})
	refused(t, err, "NoSuchPublicAccessBlockConfiguration", "The public access block configuration was not found")

	_, err = l.GetBucketPolicy(l.ctx(), &sdk.GetBucketPolicyInput{Bucket: &b})
	refused(t, err, "NoSuchBucketPolicy", "The bucket policy does not exist")
	const policy = `{"Version":"2012-10-17","Statement":[{"Effect":"Deny","Principal":"*","Action":"s3:*","Resource":"arn:aws:s3:::artefacts/*"}]}`
	_, err = l.PutBucketPolicy(l.ctx(), &sdk.PutBucketPolicyInput{Bucket: &b, Policy: aws.String(policy)})
	l.must(err)
	kept, err := l.GetBucketPolicy(l.ctx(), &sdk.GetBucketPolicyInput{Bucket: &b})
	l.must(err)
	if *kept.Policy != policy {
		t.Errorf("got %s", *kept.Policy)
	}
	_, err = l.DeleteBucketPolicy(l.ctx(), &sdk.DeleteBucketPolicyInput{Bucket: &b})
	l.must(err)

	encryption, err := l.GetBucketEncryption(l.ctx(), &sdk.GetBucketEncryptionInput{Bucket: &b})
	l.must(err)
	if encryption.ServerSideEncryptionConfiguration.Rules[0].ApplyServerSideEncryptionByDefault.SSEAlgorithm != "AES256" {
		t.Error("a new bucket encrypts")
	}
	_, err = l.PutBucketEncryption(l.ctx(), &sdk.PutBucketEncryptionInput{Bucket: &b, ServerSideEncryptionConfiguration: &types.ServerSideEncryptionConfiguration{
		Rules: []types.ServerSideEncryptionRule{{ApplyServerSideEncryptionByDefault: &types.ServerSideEncryptionByDefault{SSEAlgorithm: "aws:kms"}}},
	}})
	l.must(err)
	encryption, err = l.GetBucketEncryption(l.ctx(), &sdk.GetBucketEncryptionInput{Bucket: &b})
	l.must(err)
	if encryption.ServerSideEncryptionConfiguration.Rules[0].ApplyServerSideEncryptionByDefault.SSEAlgorithm != "aws:kms" {
		t.Error("what was set is not shown")
	}

	_, err = l.GetBucketTagging(l.ctx(), &sdk.GetBucketTaggingInput{Bucket: &b})
	refused(t, err, "NoSuchTagSet", "The TagSet does not exist")
	_, err = l.PutBucketTagging(l.ctx(), &sdk.PutBucketTaggingInput{Bucket: &b, Tagging: &types.Tagging{TagSet: []types.Tag{{Key: aws.String("k"), Value: aws.String("v")}}}})
	l.must(err)
	tags, err := l.GetBucketTagging(l.ctx(), &sdk.GetBucketTaggingInput{Bucket: &b})
	l.must(err)
	if len(tags.TagSet) != 1 {
		t.Errorf("got %+v", tags)
	}
	_, err = l.PutBucketLifecycleConfiguration(l.ctx(), &sdk.PutBucketLifecycleConfigurationInput{Bucket: &b, LifecycleConfiguration: &types.BucketLifecycleConfiguration{
		Rules: []types.LifecycleRule{{Status: "Enabled", ID: aws.String("r"), Filter: &types.LifecycleRuleFilter{Prefix: aws.String("")}, Expiration: &types.LifecycleExpiration{Days: aws.Int32(1)}}},
	}})
	l.must(err)
	rules, err := l.GetBucketLifecycleConfiguration(l.ctx(), &sdk.GetBucketLifecycleConfigurationInput{Bucket: &b})
	l.must(err)
	if len(rules.Rules) != 1 || *rules.Rules[0].ID != "r" {
		t.Errorf("got %+v", rules)
	}
	_, err = l.GetBucketCors(l.ctx(), &sdk.GetBucketCorsInput{Bucket: &b})
	refused(t, err, "NoSuchCORSConfiguration", "The CORS configuration does not exist")
	acl, err := l.GetBucketAcl(l.ctx(), &sdk.GetBucketAclInput{Bucket: &b})
	l.must(err)
	if len(acl.Grants) != 1 || acl.Grants[0].Permission != "FULL_CONTROL" {
		t.Errorf("got %+v", acl)
	}
	ownership, err := l.GetBucketOwnershipControls(l.ctx(), &sdk.GetBucketOwnershipControlsInput{Bucket: &b})
	l.must(err)
	if ownership.OwnershipControls.Rules[0].ObjectOwnership != "BucketOwnerEnforced" {
		t.Errorf("got %+v", ownership)
	}
	for name, ask := range map[string]func() error{
		"logging": func() error {
			_, err := l.GetBucketLogging(l.ctx(), &sdk.GetBucketLoggingInput{Bucket: &b})
			return err
		},
		"notification": func() error {
			_, err := l.GetBucketNotificationConfiguration(l.ctx(), &sdk.GetBucketNotificationConfigurationInput{Bucket: &b})
			return err
		},
		"acceleration": func() error {
			_, err := l.GetBucketAccelerateConfiguration(l.ctx(), &sdk.GetBucketAccelerateConfigurationInput{Bucket: &b})
			return err
		},
		"payment": func() error {
			_, err := l.GetBucketRequestPayment(l.ctx(), &sdk.GetBucketRequestPaymentInput{Bucket: &b})
			return err
		},
		"versioning": func() error {
			_, err := l.GetBucketVersioning(l.ctx(), &sdk.GetBucketVersioningInput{Bucket: &b})
			return err
		},
		"head": func() error { _, err := l.HeadBucket(l.ctx(), &sdk.HeadBucketInput{Bucket: &b}); return err },
	} {
		if err := ask(); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
	_, err = l.DeleteBucket(l.ctx(), &sdk.DeleteBucketInput{Bucket: &b})
	l.must(err)
	list, err := l.ListBuckets(l.ctx(), &sdk.ListBucketsInput{})
	l.must(err)
	if len(list.Buckets) != 0 {
		t.Errorf("left: %+v", list.Buckets)
	}
}
