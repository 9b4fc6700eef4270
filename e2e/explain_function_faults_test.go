package e2e

import (
	"archive/zip"
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"io"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/apigateway"
	"github.com/aws/aws-sdk-go-v2/service/lambda"
	lambdaTypes "github.com/aws/aws-sdk-go-v2/service/lambda/types"
)

// labFunction authorizes by its token and answers as its path says.
const labFunction = `exports.handler = async (event) => {
  if (event.type === 'TOKEN' || event.type === 'REQUEST') {
    const token = event.authorizationToken || (event.identitySource || [])[0] || event.headers['X-Token'];
    if (token === 'unauthorized') throw new Error('Unauthorized');
    if (token === 'throws') throw new Error('out of order');
    if (event.version === '2.0') return { isAuthorized: token === 'friend' };
    const stage = event.methodArn.split('/').slice(0, 2).join('/');
    const resource = token === 'narrow' ? stage + '/GET/elsewhere' : stage + '/*';
    return { principalId: 'p', policyDocument: { Version: '2012-10-17', Statement: [{ Action: 'execute-api:Invoke', Effect: token === 'deny' ? 'Deny' : 'Allow', Resource: resource }] } };
  }
  return BROKEN ? { body: { not: 'text' }, statusCode: 'none' } : { statusCode: 200, body: 'in' };
};`

func zipped(t *testing.T, code string) []byte {
	t.Helper()
	var b bytes.Buffer
	archive := zip.NewWriter(&b)
	file, err := archive.Create("index.js")
	must(t, err)
	_, err = io.WriteString(file, code)
	must(t, err)
	must(t, archive.Close())
	return b.Bytes()
}

// function makes a Node function that API Gateway may call, unless permitted is false.
func (l *lab) function(t *testing.T, name, code string, permitted bool) (arn string) {
	t.Helper()
	need(t, "node")
	made, err := l.fns.CreateFunction(t.Context(), &lambda.CreateFunctionInput{FunctionName: &name, Runtime: "nodejs20.x", Handler: aws.String("index.handler"),
		Role: aws.String("arn:aws:iam::000000000000:role/any"), Code: &lambdaTypes.FunctionCode{ZipFile: zipped(t, code)}, Timeout: aws.Int32(20)})
	must(t, err)
	if permitted {
		_, err = l.fns.AddPermission(t.Context(), &lambda.AddPermissionInput{FunctionName: &name, StatementId: aws.String("any"),
			Action: aws.String("lambda:InvokeFunction"), Principal: aws.String("apigateway.amazonaws.com")})
		must(t, err)
	}
	return *made.FunctionArn
}

const (
	working   = "const BROKEN = false;\n" + labFunction
	malformed = "const BROKEN = true;\n" + labFunction
)

// widened is labFunction with a policy for every path.
var widened = strings.Replace(labFunction, "token === 'narrow' ? ", "false ? ", 1)

// unique is a name that no other fault of the lab has.
func unique(t *testing.T) string {
	t.Helper()
	sum := sha256.Sum256([]byte(t.Name()))
	return hex.EncodeToString(sum[:6])
}

// invocation is the URI by which API Gateway calls a function.
func invocation(arn string) string {
	return "arn:aws:apigateway:eu-west-1:lambda:path/2015-03-31/functions/" + arn + "/invocations"
}

// authorizedBy puts GET /fn behind a function that reads X-Token.
func authorizedBy(arn string, more ...any) func(in) {
	return func(d in) {
		authorizer := in{"type": "token", "authorizerUri": invocation(arn), "authorizerResultTtlInSeconds": 0}
		for i := 0; i+1 < len(more); i += 2 {
			authorizer[more[i].(string)] = more[i+1]
		}
		put(d, in{"type": "apiKey", "name": "X-Token", "in": "header", "x-amazon-apigateway-authtype": "custom", "x-amazon-apigateway-authorizer": authorizer}, "components", "securitySchemes", "fn")
		put(d, operation("fn"), "paths", "/fn", "get")
		delete(d["components"].(in)["securitySchemes"].(in), "pool")
		delete(d["paths"].(in), "/plain")
		delete(d["paths"].(in), "/scoped")
	}
}

// behind puts GET /back in front of a function.
func behind(arn string) func(in) {
	return func(d in) {
		o := operation("")
		put(o, in{"type": "aws_proxy", "httpMethod": "POST", "uri": invocation(arn)}, "x-amazon-apigateway-integration")
		put(d, o, "paths", "/back", "get")
	}
}

// asToken is a fault of what the function says of a token, mended by one that it lets in.
func asToken(token string, more ...any) func(*testing.T, *lab) broken {
	return func(t *testing.T, l *lab) broken {
		r := l.rest(t, authorizedBy(l.shared, more...))
		var headers []string
		if token != "" {
			headers = append(headers, "X-Token: "+token)
		}
		return broken{curled: get(r.at("/fn"), headers...), instead: then(get(r.at("/fn"), "X-Token: friend"))}
	}
}

var functionFaults = []fault{
	{"no token for the function", "identity_source_missing", "", asToken("")},
	{"a token that the expression does not match", "identity_source_invalid", "", asToken("stranger", "identityValidationExpression", "fr.*")},
	{"the function denies", "authorizer_denied_explicitly", "", asToken("deny")},
	{"the function says Unauthorized", "authorizer_unauthorized", "", asToken("unauthorized")},
	{"the function fails", "authorizer_failed", "", asToken("throws")},
	{"a policy that is too narrow for the path", "authorizer_denied", "", asToken("narrow")},
	{"a remembered policy that is too narrow for the path", "authorizer_denied", "aws apigateway flush-stage-authorizers-cache", func(t *testing.T, l *lab) broken {
		name := "cached-" + unique(t)
		arn := l.function(t, name, working, true)
		r := l.rest(t, authorizedBy(arn, "authorizerResultTtlInSeconds", 300))
		refused := get(r.at("/fn"), "X-Token: narrow")
		refused.send(t)
		_, err := l.fns.UpdateFunctionCode(t.Context(), &lambda.UpdateFunctionCodeInput{FunctionName: &name, ZipFile: zipped(t, "const BROKEN = false;\n"+widened)})
		must(t, err)
		return broken{curled: refused}
	}},
	{"the API may not invoke its authorizer", "authorizer_misconfigured", "aws lambda add-permission", func(t *testing.T, l *lab) broken {
		r := l.rest(t, authorizedBy(l.function(t, "closed-"+unique(t), working, false)))
		return broken{curled: get(r.at("/fn"), "X-Token: friend")}
	}},
	{"an authorizer whose function is not there", "authorizer_misconfigured", "", func(t *testing.T, l *lab) broken {
		name := "late-" + unique(t)
		r := l.rest(t, authorizedBy("arn:aws:lambda:eu-west-1:000000000000:function:"+name))
		return broken{curled: get(r.at("/fn"), "X-Token: friend"), skipStep: true, instead: func(string) curled {
			l.function(t, name, working, true)
			return get(r.at("/fn"), "X-Token: friend")
		}}
	}},
	{"the API may not invoke its backend", "function_permission_missing", "aws lambda add-permission", func(t *testing.T, l *lab) broken {
		r := l.rest(t, behind(l.function(t, "shut-"+unique(t), working, false)))
		return broken{curled: get(r.at("/back"))}
	}},
	{"an answer that no proxy integration takes", "function_answer_malformed", "", func(t *testing.T, l *lab) broken {
		name := "odd-" + unique(t)
		r := l.rest(t, behind(l.function(t, name, malformed, true)))
		return broken{curled: get(r.at("/back")), instead: func(string) curled {
			_, err := l.fns.UpdateFunctionCode(t.Context(), &lambda.UpdateFunctionCodeInput{FunctionName: &name, ZipFile: zipped(t, working)})
			must(t, err)
			return get(r.at("/back"))
		}}
	}},
	{"two authorizers, and the method has the other", "identity_source_missing", "", func(t *testing.T, l *lab) broken {
		r := l.rest(t, func(d in) {
			put(d, poolScheme("X-Other", l.poolARN), "components", "securitySchemes", "other")
			put(d, operation("other"), "paths", "/plain", "get")
		})
		return broken{curled: get(r.at("/plain"), bearer(l.admin.id)), instead: then(get(r.at("/plain"), "X-Other: "+l.admin.id))}
	}},
	{"a flush is not enough: the authorizer's edit is not deployed", "identity_source_missing", "aws apigateway create-deployment", func(t *testing.T, l *lab) broken {
		r := l.rest(t)
		_, err := l.apis.UpdateAuthorizer(t.Context(), &apigateway.UpdateAuthorizerInput{RestApiId: &r.id, AuthorizerId: &r.authorizer,
			PatchOperations: patches("replace /identitySource=method.request.header.X-Moved")})
		must(t, err)
		return broken{curled: get(r.at("/plain"), "X-Moved: "+l.admin.id), warns: "undeployed_change"}
	}},
}
