// Package sts answers who a caller is, which deploy tools and poolgate's own readers of an account ask before anything else. It owns
// no state: what is known of a caller came with the call.
package sts

import (
	"context"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/sts"

	"github.com/poolgate/poolgate/internal/wire"
)

// Service is STS as far as it is there. The zero value works.
type Service struct{}

// GetCallerIdentity tells whose an access key is. No permission is needed for it on AWS (API reference, GetCallerIdentity). A key of
// which nothing is configured belongs to its account's root, as nothing else here keeps it from anything.
func (Service) GetCallerIdentity(ctx context.Context, _ *sts.GetCallerIdentityInput) (*sts.GetCallerIdentityOutput, error) {
	call := wire.CallFrom(ctx)
	arn, user := call.Principal, call.AccessKeyID
	if arn == "" {
		arn, user = "arn:aws:iam::"+call.Account+":root", call.Account
	}
	return &sts.GetCallerIdentityOutput{Account: aws.String(call.Account), Arn: aws.String(sessionARN(arn, call.AccessKeyID)), UserId: aws.String(user)}, nil
}

// sessionARN is how STS names who acts as a role: as a session of it, here named for its key.
func sessionARN(arn, accessKeyID string) string {
	front, role, isRole := strings.Cut(arn, ":role/")
	if !isRole {
		return arn
	}
	name := role[strings.LastIndexByte(role, '/')+1:]
	return strings.Replace(front, ":iam:", ":sts:", 1) + ":assumed-role/" + name + "/" + accessKeyID
}
