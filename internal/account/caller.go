package account

import (
	"context"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/apigateway"
	"github.com/aws/aws-sdk-go-v2/service/lambda"
	"github.com/aws/aws-sdk-go-v2/service/sts"
)

// Caller is who the credentials are.
type Caller struct{ Account, ARN string }

// Caller tells who asks; nil when that could not be found out. No permission is needed for it.
func (r *Reader) Caller(ctx context.Context) (*Caller, error) {
	q := question{operation: "sts:GetCallerIdentity", permission: "sts:GetCallerIdentity on *"}
	answer, there, _, err := ask(ctx, r, q, func(ctx context.Context) (*sts.GetCallerIdentityOutput, error) {
		return r.sts.GetCallerIdentity(ctx, &sts.GetCallerIdentityInput{})
	})
	if !there || err != nil {
		return nil, err
	}
	return &Caller{Account: aws.ToString(answer.Account), ARN: aws.ToString(answer.Arn)}, nil
}

// account is the caller's account; empty when that is not known.
func (r *Reader) account(ctx context.Context) string {
	if caller, err := r.Caller(ctx); err == nil && caller != nil {
		return caller.Account
	}
	return ""
}

// Settings reads the account's settings of API Gateway in the region; nil when they could not be read.
func (r *Reader) Settings(ctx context.Context) (*apigateway.GetAccountOutput, error) {
	answer, _, _, err := ask(ctx, r, r.gateway("GetAccount", "/account"), func(ctx context.Context) (*apigateway.GetAccountOutput, error) {
		return r.rest.GetAccount(ctx, &apigateway.GetAccountInput{})
	})
	return answer, err
}

// FunctionPolicy reads the resource policy of a function, which says who may call it: JSON. It is empty when the function has none, or
// there is no such function, or it could not be read, which is a gap then.
func (r *Reader) FunctionPolicy(ctx context.Context, arn string) (string, error) {
	q := question{operation: "lambda:GetPolicy", permission: "lambda:GetPolicy on " + oneLine(arn)}
	answer, there, _, err := ask(ctx, r, q, func(ctx context.Context) (*lambda.GetPolicyOutput, error) {
		return r.lambdas.GetPolicy(ctx, &lambda.GetPolicyInput{FunctionName: &arn})
	})
	if !there || err != nil {
		return "", err
	}
	return aws.ToString(answer.Policy), nil
}
