package explain

import (
	"context"
	"encoding/json"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	resttypes "github.com/aws/aws-sdk-go-v2/service/apigateway/types"

	"github.com/poolgate/poolgate/authz"
	"github.com/poolgate/poolgate/internal/apigateway"
)

// mendEndpoint: the API's own endpoint is off.
func (l *look) mendEndpoint() []string {
	if l.http != nil {
		return []string{step("Call the API's custom domain, or let its own endpoint answer", l.andDeploy(l.aws("apigatewayv2", "update-api", "--api-id", l.api, "--no-disable-execute-api-endpoint")))}
	}
	return []string{step("Call the API's custom domain, or let its own endpoint answer", l.editAPI(patch{"replace", "/disableExecuteApiEndpoint", "false"}))}
}

// mendPrivate: the API answers within VPCs only.
func (l *look) mendPrivate() []string {
	return []string{
		"Call it from within a VPC, through an interface endpoint for execute-api that the API's resource policy allows.",
		step("Or make it a regional API, which anybody can reach", l.editAPI(patch{"replace", "/endpointConfiguration/types/PRIVATE", string(resttypes.EndpointTypeRegional)})),
	}
}

// mendWAF: a web ACL blocked the request.
func (l *look) mendWAF() []string {
	arn := l.webACL()
	if arn == "" {
		return []string{"Find the web ACL in front of the API, and see in its sampled requests which rule matched."}
	}
	return []string{step("See the rules, and in the console's sampled requests of the web ACL which of them matched", l.aws("wafv2", "get-web-acl", "--arn", arn, "--query", "WebACL.Rules[].Name"))}
}

// mendPolicy gives the resource policy with which the request passes: without the statements that deny it, or with one that allows it.
func (l *look) mendPolicy() []string {
	s := l.restSnapshot(true)
	if s == nil || l.deployed == nil {
		return nil
	}
	text := aws.ToString(s.API.Value.Policy)
	if strings.HasPrefix(text, `{\"`) {
		text = apigateway.PolicyText(&text)
	}
	document := map[string]any{}
	if text != "" && json.Unmarshal([]byte(text), &document) != nil {
		return []string{step("The policy cannot be read. Take it off", l.editAPI(patch{"replace", "/policy", ""}))}
	}
	statements, isList := document["Statement"].([]any)
	if one, isOne := document["Statement"].(map[string]any); isOne {
		statements, isList = []any{one}, true
	}
	if !isList && text != "" {
		return nil
	}
	if document["Version"] == nil {
		document["Version"] = "2012-10-17"
	}
	for _, wider := range [][]any{withoutDenies(statements, l.passesWith(document)), append(statements[:len(statements):len(statements)], l.allowing())} {
		if wider == nil || !l.passesWith(document)(wider) {
			continue
		}
		document["Statement"] = wider
		changed, err := json.Marshal(document)
		if err != nil {
			return nil
		}
		prose := "If the request is to pass, let the policy allow it"
		if len(wider) < len(statements) {
			prose = "If the request is to pass, take the statement off the policy that denies it"
		}
		return []string{step(prose, l.editAPI(patch{"replace", "/policy", string(changed)}))}
	}
	return []string{"Change the resource policy so that it allows execute-api:Invoke on " + l.methodARN() + " for this caller, and deploy."}
}

// allowing is the statement that allows this method to anybody.
func (l *look) allowing() any {
	r := l.deployed
	verb, path := r.Method, strings.TrimPrefix(r.Resource, "/")
	for i := strings.IndexByte(path, '{'); i >= 0; i = strings.IndexByte(path, '{') {
		end := strings.IndexByte(path[i:], '}')
		if end < 0 {
			break
		}
		path = path[:i] + "*" + path[i+end+1:]
	}
	return map[string]any{"Effect": "Allow", "Principal": "*", "Action": "execute-api:Invoke", "Resource": "execute-api:/" + r.Stage + "/" + verb + "/" + path}
}

// withoutDenies leaves out as few denying statements as let the request pass; nil when none does.
func withoutDenies(statements []any, passes func([]any) bool) []any {
	var none, rest []any
	for i, s := range statements {
		if m, is := s.(map[string]any); is && m["Effect"] == "Deny" {
			without := append(append([]any{}, statements[:i]...), statements[i+1:]...)
			if len(without) > 0 && passes(without) {
				return without
			}
			continue
		}
		rest = append(rest, s)
	}
	if len(rest) < len(statements) && len(rest) > 0 && passes(rest) {
		return rest
	}
	return none
}

// passesWith judges the request with other statements in the API's policy.
func (l *look) passesWith(document map[string]any) func([]any) bool {
	return func(statements []any) bool {
		changed := map[string]any{}
		for name, value := range document {
			changed[name] = value
		}
		changed["Statement"] = statements
		text, err := json.Marshal(changed)
		if err != nil {
			return false
		}
		snapshot := *l.restSnapshot(true)
		snapshot.API.Value.Policy = aws.String(string(text))
		own := l.rest.Live
		l.rest.Live = &snapshot
		r := l.judged(context.Background(), l.c.Request.Method, true)
		l.rest.Live = own
		return r != nil && r.Reason != authz.ResourcePolicyDenied
	}
}

// mendUnsigned: the method wants a signature.
func (l *look) mendUnsigned() (steps []string) {
	sign := `curl --aws-sigv4 ` + quote("aws:amz:"+l.regionOr("us-east-1")+":execute-api") + ` --user "$AWS_ACCESS_KEY_ID:$AWS_SECRET_ACCESS_KEY" -X ` + quote(l.c.Request.Method) + " " + quote(l.c.Request.URL)
	steps = append(steps, step("Sign the request, with credentials that may call execute-api:Invoke", sign))
	if l.token == nil {
		return steps
	}
	if l.rest != nil {
		if id, name := l.cognitoAuthorizer(); id != "" {
			steps = append([]string{step("The request carries a user pool's token. If the method is to take those, let it ask the authorizer "+name,
				l.editMethod(patch{"replace", "/authorizationType", "COGNITO_USER_POOLS"}, patch{"replace", "/authorizerId", id}))}, steps...)
		}
		return steps
	}
	if id, name := l.otherJWT(); id != "" {
		steps = append([]string{step("The request carries a token. If the route is to take those, let it ask the authorizer "+name, l.editRoute("--authorization-type", "JWT", "--authorizer-id", id))}, steps...)
	}
	return steps
}

// mendIAM: the signer may not call the method.
func (l *look) mendIAM() []string {
	return []string{"Allow execute-api:Invoke on " + l.methodARN() + " in the caller's IAM policy. A caller of another account needs the API's resource policy to allow it, too."}
}

// cognitoAuthorizer is the API's authorizer for the token's pool, else its first one for a pool.
func (l *look) cognitoAuthorizer() (id, name string) {
	s := l.restSnapshot(true)
	if s == nil {
		return "", ""
	}
	for i := range s.Authorizers {
		doc := &s.Authorizers[i].Value
		if doc.Type != resttypes.AuthorizerTypeCognitoUserPools {
			continue
		}
		for _, arn := range doc.ProviderARNs {
			if l.token.poolID() != "" && strings.HasSuffix(l.withVariables(arn), ":userpool/"+l.token.poolID()) {
				return aws.ToString(doc.Id), aws.ToString(doc.Name)
			}
		}
	}
	return "", ""
}

// otherJWT is the API's authorizer for the token's issuer.
func (l *look) otherJWT() (id, name string) {
	if s := l.httpSnapshot(true); s != nil {
		for i := range s.Authorizers {
			doc := &s.Authorizers[i].Value
			if doc.JwtConfiguration != nil && aws.ToString(doc.JwtConfiguration.Issuer) == l.token.issuer {
				return aws.ToString(doc.AuthorizerId), aws.ToString(doc.Name)
			}
		}
	}
	return "", ""
}
