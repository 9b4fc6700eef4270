package lambda

import (
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/lambda"

	"github.com/poolgate/poolgate/internal/fault"
)

const (
	gatewayPrincipal = "apigateway.amazonaws.com"
	methodARN        = "arn:aws:execute-api:eu-west-1:111111111111:abc/dev/GET/pets/*"
)

func TestAnotherServiceNeedsPermission(t *testing.T) {
	l := newLab(t)
	l.node("f", `exports.handler = async (e) => e`)
	call := func() error {
		out, err := l.Call(t.Context(), Invocation{Function: testARN + "f", Principal: gatewayPrincipal, SourceARN: methodARN, Payload: []byte(`{"a":1}`)})
		if err == nil && string(out.Payload) != `{"a":1}` {
			t.Errorf("answered %s", out.Payload)
		}
		return err
	}
	allow := func(sid, principal, source string) {
		in := &lambda.AddPermissionInput{
			FunctionName: aws.String("f"), StatementId: &sid, Action: aws.String("lambda:InvokeFunction"), Principal: &principal,
		}
		if source != "" {
			in.SourceArn = &source
		}
		ok(l.AddPermission(l.ctx(), in))(t)
	}
	denied := func(why string) {
		t.Helper()
		if err := call(); !fault.Is(err, "AccessDeniedException") {
			t.Errorf("%s: %v", why, err)
		}
	}
	denied("no policy")
	allow("other-service", "s3.amazonaws.com", "")
	denied("another service")
	allow("other-api", gatewayPrincipal, "arn:aws:execute-api:eu-west-1:111111111111:xyz/*/*/*")
	denied("another API")
	allow("this-api", gatewayPrincipal, "arn:aws:execute-api:eu-west-1:111111111111:abc/*/GET/*")
	if err := call(); err != nil {
		t.Errorf("the API may: %v", err)
	}
	ok(l.RemovePermission(l.ctx(), &lambda.RemovePermissionInput{FunctionName: aws.String("f"), StatementId: aws.String("this-api")}))(t)
	denied("the permission was taken away")
	refused(l.RemovePermission(l.ctx(), &lambda.RemovePermissionInput{FunctionName: aws.String("f"), StatementId: aws.String("this-api")}))(t,
		"ResourceNotFoundException", "Statement this-api is not found in resource policy.")
}

func TestPolicyReadsAsIAMWritesIt(t *testing.T) {
	l := newLab(t)
	l.node("f", ``)
	refused(l.GetPolicy(l.ctx(), &lambda.GetPolicyInput{FunctionName: aws.String("f")}))(t, "ResourceNotFoundException", "The resource you requested does not exist.")
	in := &lambda.AddPermissionInput{
		FunctionName: aws.String("f"), StatementId: aws.String("s"), Action: aws.String("lambda:InvokeFunction"), Principal: aws.String(gatewayPrincipal),
		SourceArn: aws.String(methodARN),
	}
	ok(l.AddPermission(l.ctx(), in))(t)
	const want = `{"Version":"2012-10-17","Id":"default","Statement":[{"Sid":"s","Effect":"Allow","Principal":{"Service":"apigateway.amazonaws.com"},` +
		`"Action":"lambda:InvokeFunction","Resource":"arn:aws:lambda:eu-west-1:111111111111:function:f",` +
		`"Condition":{"ArnLike":{"AWS:SourceArn":"arn:aws:execute-api:eu-west-1:111111111111:abc/dev/GET/pets/*"}}}]}`
	if got := ok(l.GetPolicy(l.ctx(), &lambda.GetPolicyInput{FunctionName: aws.String("f")}))(t); aws.ToString(got.Policy) != want {
		t.Errorf("%s", aws.ToString(got.Policy))
	}
	refused(l.AddPermission(l.ctx(), in))(t, "ResourceConflictException",
		"The statement id (s) provided already exists. Please provide a new statement id, or remove the existing statement.")
}

func TestArnLike(t *testing.T) {
	for _, test := range []struct {
		pattern, arn string
		want         bool
	}{
		{"*", methodARN, true},
		{methodARN, methodARN, true},
		{"arn:aws:execute-api:eu-west-1:111111111111:abc/*", methodARN, true},
		{"arn:aws:execute-api:*:*:abc/*/GET/pets/?", methodARN, true},
		{"arn:aws:execute-api:eu-west-1:111111111111:abc/*/POST/*", methodARN, false},
		{"arn:aws:execute-api:*:abc/*", methodARN, false}, // a star stays in its part
		{"arn:aws:execute-api:eu-west-1:111111111111:abc", methodARN, false},
		{"", methodARN, false},
	} {
		if got := arnLike(test.pattern, test.arn); got != test.want {
			t.Errorf("%s: %t", test.pattern, got)
		}
	}
}
