package gateway_test

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/apigateway"

	"github.com/poolgate/poolgate/authz"
	"github.com/poolgate/poolgate/internal/gateway"
)

// importWith imports an API of the account whose only methods are those given, and deploys it to dev.
func (w *meteredWorld) importWith(document string) {
	w.Helper()
	api := done(w.ImportRestApi(w.ctx(), &apigateway.ImportRestApiInput{Body: []byte(document)}))(w)
	w.api = *api.Id
	done(w.CreateDeployment(w.ctx(), &apigateway.CreateDeploymentInput{RestApiId: &w.api, StageName: aws.String("dev")}))(w)
}

const granting = `{"principalId":"p","usageIdentifierKey":%s,"policyDocument":{"Version":"2012-10-17","Statement":[{"Action":"execute-api:Invoke","Effect":"Allow","Resource":"*"}]}}`

// TestTheAuthorizerNamesTheKey: an API whose key source is AUTHORIZER takes the key from usageIdentifierKey and from nowhere else.
func TestTheAuthorizerNamesTheKey(t *testing.T) {
	const name = "arn:aws:lambda:eu-west-1:000000000000:function:auth"
	document := fmt.Sprintf(`{"openapi":"3.0.1","info":{"title":"named","version":"1"},"x-amazon-apigateway-api-key-source":"AUTHORIZER",
		"components":{"securitySchemes":{
			"key":{"type":"apiKey","name":"x-api-key","in":"header"},
			"auth":{"type":"apiKey","name":"Authorization","in":"header","x-amazon-apigateway-authtype":"custom",
				"x-amazon-apigateway-authorizer":{"type":"token","authorizerResultTtlInSeconds":0,"authorizerUri":%q}}}},
		"paths":{
			"/named":{"get":{"security":[{"auth":[],"key":[]}],"x-amazon-apigateway-integration":%s}},
			"/keyed":{"get":{"security":[{"key":[]}],"x-amazon-apigateway-integration":%s}}}}`, uriOf(name), mockJSON(passed), mockJSON(passed))
	f := returns("{}")
	w := newMeteredWorld(t, memory(t), withFunctions(f))
	w.importWith(document)
	id, value := w.key("mine")
	w.plan(nil, []string{"dev"}, id)
	for _, test := range []struct {
		name, path, answer, header string
		status                     int
		reason                     authz.Reason
	}{
		{"the key that the authorizer names", "/dev/named", fmt.Sprintf(granting, `"`+value+`"`), "", 200, ""},
		{"a key that there is not", "/dev/named", fmt.Sprintf(granting, `"a key that nobody has"`), "", 403, authz.APIKeyInvalid},
		{"no key, whatever the header says", "/dev/named", fmt.Sprintf(granting, `""`), value, 403, authz.APIKeyMissing},
		{"no authorizer to name one", "/dev/keyed", "{}", value, 403, authz.APIKeyMissing},
	} {
		t.Run(test.name, func(t *testing.T) {
			f.run = returns(test.answer).run
			headers := []string{"Authorization", "token"}
			if test.header != "" {
				headers = append(headers, "X-API-Key", test.header)
			}
			got := send(t, w, "GET", test.path, headers...)
			if got.StatusCode != test.status || got.Header.Get("x-poolgate-reason") != string(test.reason) {
				t.Errorf("answered %d %s, %s", got.StatusCode, got.body, got.Header.Get("x-poolgate-reason"))
			}
			if test.reason == authz.APIKeyMissing && w.saw() != "no usageIdentifierKey in the authorizer's answer" {
				t.Errorf("saw %s", w.saw())
			}
		})
	}
}

// TestFunctionsSeeTheKey: the event of a method that asks for a key has the key and its id, in AWS's places.
func TestFunctionsSeeTheKey(t *testing.T) {
	const name = "arn:aws:lambda:eu-west-1:000000000000:function:f"
	f := returns(`{"statusCode":200}`)
	w := newMeteredWorld(t, memory(t), withFunctions(f))
	integration := fmt.Sprintf(`{"type":"aws_proxy","httpMethod":"POST","uri":%q}`, uriOf(name))
	w.importWith(fmt.Sprintf(`{"openapi":"3.0.1","info":{"title":"functions","version":"1"},
		"components":{"securitySchemes":{"key":{"type":"apiKey","name":"x-api-key","in":"header"}}},
		"paths":{"/keyed":{"get":{"security":[{"key":[]}],"x-amazon-apigateway-integration":%[1]s}},"/open":{"get":{"x-amazon-apigateway-integration":%[1]s}}}}`, integration))
	id, value := w.key("mine")
	w.plan(nil, []string{"dev"}, id)
	identity := func(path string) (members []string, of map[string]any) {
		t.Helper()
		send(t, w, "GET", path, "x-api-key", value)
		var event struct {
			RequestContext struct{ Identity json.RawMessage }
		}
		if err := json.Unmarshal(f.last(t).Payload, &event); err != nil {
			t.Fatal(err)
		}
		if err := json.Unmarshal(event.RequestContext.Identity, &of); err != nil {
			t.Fatal(err)
		}
		return keysInOrder(t, event.RequestContext.Identity), of
	}
	members, of := identity("/dev/keyed")
	if of["apiKey"] != value || of["apiKeyId"] != id || len(members) != 14 {
		t.Errorf("with a key: %v", of)
	}
	if members, of = identity("/dev/open"); slices.Contains(members, "apiKey") || slices.Contains(members, "apiKeyId") || len(members) != 12 {
		t.Errorf("without: %v", of)
	}
}

// TestLogsShowNoKey: what the logs say of a request with a key, whether it was let in, throttled or refused.
func TestLogsShowNoKey(t *testing.T) {
	k := &kept{}
	w := newMetered(t, func(c *gateway.Config) { c.Logs = k })
	id, value := w.key("mine")
	w.plan(throttle(0.5, 1), []string{"dev"}, id)
	done(w.UpdateAccount(w.ctx(), &apigateway.UpdateAccountInput{PatchOperations: patches("/cloudwatchRoleArn", "arn:aws:iam::000000000000:role/logs")}))(t)
	w.patchStage("dev", patches("/*/*/logging/loglevel", "INFO", "/*/*/logging/dataTrace", "true",
		"/accessLogSettings/destinationArn", "arn:aws:logs:eu-west-1:000000000000:log-group:access", "/accessLogSettings/format", "$context.identity.apiKeyId $context.identity.apiKey $context.status")...)
	group := "API-Gateway-Execution-Logs_" + w.api + "/dev"
	hidden := strings.Repeat("*", len(value)-6) + value[len(value)-6:]
	for _, test := range []struct {
		name, key, access string
		lines             []string
	}{
		{"let in", value, id + " " + hidden + " 200", []string{
			"Verifying Usage Plan for request: X. API Key: " + hidden + " API Stage: " + w.api + "/dev",
			"API Key " + hidden + " authorized because method 'GET /keyed' requires API Key and API Key was accepted",
			"Usage Plan check succeeded for API Key " + hidden + " and API Stage " + w.api + "/dev",
			"Starting execution for request: X",
		}},
		{"throttled", value, id + " " + hidden + " 429", []string{
			"Verifying Usage Plan for request: X. API Key: " + hidden + " API Stage: " + w.api + "/dev",
			", HttpMethod GET. Limit: 0.50 Burst: 1",
			"Method completed with status: 429",
		}},
		{"none", "", "- - 403", []string{
			"Verifying Usage Plan for request: X. API Key:  API Stage: " + w.api + "/dev",
			"API Key  not authorized because method 'GET /keyed' requires API Key and API Key is not associated with a Usage Plan for API Stage " + w.api + "/dev: No API Key",
		}},
	} {
		t.Run(test.name, func(t *testing.T) {
			got := send(t, w, "GET", "/dev/keyed", "x-api-key", test.key)
			requestID := got.Header.Get("x-amzn-RequestId")
			k.mu.Lock()
			all := slices.Clone(k.lines)
			k.mu.Unlock()
			if access := k.take(t, "access", requestID); len(access) == 0 {
				t.Fatal("no access log")
			}
			var execution []string
			for _, line := range all {
				if strings.Contains(line.Message, value) {
					t.Errorf("a log shows the key: %s", line.Message)
				}
				if line.Group == "access" && line.Message != test.access {
					t.Errorf("the access log says %q, want %q", line.Message, test.access)
				}
				if line.Group == group {
					execution = append(execution, strings.ReplaceAll(line.Message, requestID, "X"))
				}
			}
			rest := strings.Join(execution, "\n")
			for _, want := range test.lines {
				_, after, found := strings.Cut(rest, want)
				if !found {
					t.Errorf("%q is not in\n%s", want, rest)
				}
				rest = after
			}
		})
	}
}
