package lambda

import (
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/lambda"

	"github.com/poolgate/poolgate/internal/fault"
	"github.com/poolgate/poolgate/internal/lambda/worker"
	"github.com/poolgate/poolgate/internal/wire"
)

// TestARoleOfAnotherAccountNeedsPermission: an API or a function of another account invokes nothing by naming a role, whosever it is.
func TestARoleOfAnotherAccountNeedsPermission(t *testing.T) {
	l := newLab(t)
	l.node("f", `exports.handler = async (e) => e`)
	const foreign = "arn:aws:execute-api:eu-west-1:222222222222:abc/dev/GET/pets"
	call := func(source string) error {
		_, err := l.Call(t.Context(), Invocation{Function: testARN + "f", SourceARN: source, Payload: []byte(`{}`)})
		return err
	}
	if err := call(methodARN); err != nil {
		t.Errorf("a role of the function's account: %v", err)
	}
	for _, source := range []string{foreign, "arn:aws:lambda:eu-west-1:222222222222:function:f", "nonsense"} {
		if err := call(source); !fault.Is(err, "AccessDeniedException") {
			t.Errorf("%s: %v", source, err)
		}
	}
	allow := func(sid, principal string) {
		ok(l.AddPermission(l.ctx(), &lambda.AddPermissionInput{
			FunctionName: aws.String("f"), StatementId: &sid, Action: aws.String("lambda:InvokeFunction"), Principal: &principal,
		}))(t)
	}
	allow("a", gatewayPrincipal)
	allow("b", "333333333333")
	if err := call(foreign); !fault.Is(err, "AccessDeniedException") {
		t.Errorf("others may: %v", err)
	}
	allow("c", "222222222222")
	if err := call(foreign); err != nil {
		t.Errorf("the account may: %v", err)
	}
}

// TestAFunctionIsNobodyOfAnotherAccount: the role that a function was given names no principal of another account.
func TestAFunctionIsNobodyOfAnotherAccount(t *testing.T) {
	book := new(wire.SessionBook)
	variables, revoke := credentialsFrom(book, "")(&worker.Spec{Account: testAccount, Role: "arn:aws:iam::222222222222:role/admin"})
	defer revoke()
	session, known := book.Find(variables["AWS_ACCESS_KEY_ID"])
	if !known || session.Account != testAccount || strings.Contains(session.Principal, "222222222222") || !strings.HasSuffix(session.Principal, ":role/admin") {
		t.Errorf("the session is %+v", session)
	}
}
