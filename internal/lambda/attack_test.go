package lambda

import (
	"crypto/sha256"
	"encoding/hex"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	v4 "github.com/aws/aws-sdk-go-v2/aws/signer/v4"
	"github.com/aws/aws-sdk-go-v2/service/lambda"
	"github.com/aws/aws-sdk-go-v2/service/lambda/types"

	"github.com/poolgate/poolgate/internal/fault"
	"github.com/poolgate/poolgate/internal/lambda/worker"
	"github.com/poolgate/poolgate/internal/wire"
	"github.com/poolgate/poolgate/internal/wire/sigv4"
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

// oneKey is the account's key, the only one.
type oneKey struct{}

func (oneKey) Caller(string) (account, principal string) { return testAccount, "" }

func (oneKey) Lookup(*http.Request) (sigv4.Lookup, bool) {
	return func(string) (string, bool) { return "secret", true }, true
}

// TestASignatureIsForOnePath: what was signed for one path is not good for another that only means the same once it is made plain, since
// the function is told of the path as it came.
func TestASignatureIsForOnePath(t *testing.T) {
	l := newURLLab(t, `exports.handler = async (event) => event.rawPath`, types.FunctionUrlAuthTypeAwsIam, nil)
	l.callers = oneKey{}
	r, err := http.NewRequestWithContext(t.Context(), http.MethodGet, "http://"+l.id+urlHost+"/b", nil)
	if err != nil {
		t.Fatal(err)
	}
	sum := sha256.Sum256(nil)
	if err := v4.NewSigner().SignHTTP(t.Context(), aws.Credentials{AccessKeyID: "AKID", SecretAccessKey: "secret"}, r, hex.EncodeToString(sum[:]), "lambda", testRegion, time.Now()); err != nil {
		t.Fatal(err)
	}
	for path, status := range map[string]int{"/b": 200, "/admin/../b": 403, "//b": 403, "/./b": 403, "/c": 403} {
		if answer := l.ask(http.MethodGet, path, "", r.Header); answer.StatusCode != status {
			t.Errorf("%s: answered %d %s", path, answer.StatusCode, text(t, answer))
		}
	}
}
