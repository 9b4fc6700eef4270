package demo

import (
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/apigateway"
	gateway "github.com/aws/aws-sdk-go-v2/service/apigateway/types"
	cognito "github.com/aws/aws-sdk-go-v2/service/cognitoidentityprovider"
	"github.com/aws/aws-sdk-go-v2/service/cognitoidentityprovider/types"
	"github.com/google/go-cmp/cmp"
)

func TestAnInputIsWrittenAsItIsTyped(t *testing.T) {
	for _, test := range []struct {
		name  string
		input any
		want  string
	}{
		{"a member is an option in lower case with dashes",
			&cognito.CreateUserPoolInput{PoolName: aws.String("demo")},
			"aws cognito-idp create-user-pool --pool-name demo"},
		{"a capital inside a word is a word of its own, as the CLI has it",
			&cognito.CreateUserPoolClientInput{UserPoolId: aws.String("p"), ClientName: aws.String("web"), AllowedOAuthFlows: []types.OAuthFlowType{"code", "implicit"}},
			"aws cognito-idp create-user-pool-client --client-name web --user-pool-id p --allowed-o-auth-flows code implicit"},
		{"a boolean is a flag",
			&cognito.AdminSetUserPasswordInput{Password: aws.String("a b"), UserPoolId: aws.String("p"), Username: aws.String("jo"), Permanent: true},
			"aws cognito-idp admin-set-user-password --password 'a b' --user-pool-id p --username jo --permanent"},
		{"what is not set is no option",
			&apigateway.PutMethodInput{ApiKeyRequired: false, HttpMethod: aws.String("GET")},
			"aws apigateway put-method --http-method GET"},
		{"a list of URLs is JSON, because the CLI would fetch them",
			&cognito.CreateUserPoolClientInput{CallbackURLs: []string{"http://localhost/a"}},
			`aws cognito-idp create-user-pool-client --callback-urls '["http://localhost/a"]'`},
		{"a flat structure is shorthand, in the service's own case",
			&apigateway.UpdateMethodInput{PatchOperations: []gateway.PatchOperation{{Op: gateway.OpAdd, Path: aws.String("/authorizationScopes"), Value: aws.String("a/b")}}},
			"aws apigateway update-method --patch-operations op=add,path=/authorizationScopes,value=a/b"},
		{"what shorthand cannot say is JSON, and a quote in it is the shell's matter",
			&apigateway.PutIntegrationInput{RequestTemplates: map[string]string{"application/json": `{"it's":1}`}},
			`aws apigateway put-integration --request-templates '{"application/json":"{\"it'\''s\":1}"}'`},
	} {
		t.Run(test.name, func(t *testing.T) {
			if diff := cmp.Diff(test.want, strings.Join(command(test.input), " ")); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestALongCommandGoesOnInTheNextLine(t *testing.T) {
	long := strings.Repeat("x", 60)
	got := wrapped([]string{"aws x y", "--a " + long, "--b " + long, "--c 1"})
	want := "aws x y --a " + long + " \\\n    --b " + long + " --c 1"
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}
