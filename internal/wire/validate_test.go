package wire

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/poolgate/poolgate/internal/wire/model"
)

// TestWhatAWSSaysOfAViolation holds the texts recorded from API Gateway, and those of Cognito that clients' dictionaries know.
func TestWhatAWSSaysOfAViolation(t *testing.T) {
	m := New(Options{})
	m.Register(&model.APIGateway, &apis{})
	m.Register(&model.CognitoIDP, &pools{})
	const (
		ops  = "Member must satisfy enum value set: [add, remove, move, test, replace, copy]"
		gate = "ValidationException"
		pool = "InvalidParameterException"
	)
	for _, c := range []struct {
		name, request, body string
		code, want          string
	}{
		{"an enum of a body member", "PUT /restapis/a/resources/r/methods/GET/integration", `{"type":"HTTPS_PROXY"}`, gate,
			"1 validation error detected: Value 'HTTPS_PROXY' at 'putIntegrationInput.type' failed to satisfy constraint: Member must " +
				"satisfy enum value set: [HTTP, MOCK, AWS_PROXY, HTTP_PROXY, AWS]"},
		{"an enum of a label", "PUT /restapis/a/gatewayresponses/FAKE_RESPONSE_TYPE", `{}`, gate,
			"1 validation error detected: Value 'FAKE_RESPONSE_TYPE' at 'responseType' failed to satisfy constraint: Member must satisfy " +
				"enum value set: [REQUEST_TOO_LARGE, RESOURCE_NOT_FOUND, AUTHORIZER_CONFIGURATION_ERROR, MISSING_AUTHENTICATION_TOKEN, " +
				"BAD_REQUEST_BODY, INVALID_SIGNATURE, INVALID_API_KEY, BAD_REQUEST_PARAMETERS, AUTHORIZER_FAILURE, UNAUTHORIZED, " +
				"INTEGRATION_TIMEOUT, ACCESS_DENIED, DEFAULT_4XX, DEFAULT_5XX, WAF_FILTERED, QUOTA_EXCEEDED, THROTTLED, " +
				"API_CONFIGURATION_ERROR, UNSUPPORTED_MEDIA_TYPE, INTEGRATION_FAILURE, EXPIRED_TOKEN]"},
		{"a pattern of a label", "PUT /restapis/a/resources/r/methods/GET/integration/responses/wrong", `{}`, gate,
			`1 validation error detected: Value 'wrong' at 'statusCode' failed to satisfy constraint: Member must satisfy regular ` +
				`expression pattern: [1-5]\d\d`},
		{"a member of a structure in a list, and then a label", "PATCH /restapis/a/resources/r/methods/GET/responses/wrong",
			`{"patchOperations":[{"op":"wrong_op"}]}`, gate,
			`2 validation errors detected: Value 'wrong_op' at 'updateMethodResponseInput.patchOperations.1.member.op' failed to satisfy ` +
				`constraint: ` + ops + `; Value 'wrong' at 'statusCode' failed to satisfy constraint: Member must satisfy regular expression pattern: [1-5]\d\d`},
		{"the first and the third of a list", "PATCH /restapis/a/resources/r/methods/GET/responses/200",
			`{"patchOperations":[{"op":"wrong_op"},{"op":"add"},{"op":"wrong_op"}]}`, gate,
			`2 validation errors detected: Value 'wrong_op' at 'updateMethodResponseInput.patchOperations.1.member.op' failed to satisfy ` +
				`constraint: ` + ops + `; Value 'wrong_op' at 'updateMethodResponseInput.patchOperations.3.member.op' failed to satisfy constraint: ` + ops},
		{"a list of enums, and an enum after it", "POST /restapis",
			`{"name":"n","endpointConfiguration":{"types":["wrong"],"ipAddressType":"wrong"}}`, gate,
			`2 validation errors detected: Value '[wrong]' at 'createRestApiInput.endpointConfiguration.types' failed to satisfy constraint: ` +
				`Member must satisfy constraint: [Member must satisfy enum value set: [PRIVATE, EDGE, REGIONAL]]; Value 'wrong' at ` +
				`'createRestApiInput.endpointConfiguration.ipAddressType' failed to satisfy constraint: Member must satisfy enum value set: [ipv4, dualstack]`},
		{"an empty enum is none", "POST /restapis", `{"name":"n","endpointConfiguration":{"types":["wrong"],"ipAddressType":""}}`, gate,
			`1 validation error detected: Value '[wrong]' at 'createRestApiInput.endpointConfiguration.types' failed to satisfy constraint: ` +
				`Member must satisfy constraint: [Member must satisfy enum value set: [PRIVATE, EDGE, REGIONAL]]`},
		{"a missing member of a body", "POST /restapis", `{}`, gate,
			"1 validation error detected: Value null at 'createRestApiInput.name' failed to satisfy constraint: Member must not be null"},

		{"sensitive values are not shown", "SignUp", `{"ClientId":"c","Username":"","Password":" "}`, pool,
			`3 validation errors detected: Value at 'password' failed to satisfy constraint: Member must satisfy regular expression pattern: ` +
				`[\S]+; Value at 'username' failed to satisfy constraint: Member must have length greater than or equal to 1; Value at ` +
				`'username' failed to satisfy constraint: Member must satisfy regular expression pattern: [\p{L}\p{M}\p{S}\p{N}\p{P}]+`},
		{"a missing sensitive member", "SignUp", `{"ClientId":"c","Password":"secret12"}`, pool,
			"1 validation error detected: Value at 'username' failed to satisfy constraint: Member must not be null"},
		{"a missing member", "CreateUserPool", `{}`, pool,
			"1 validation error detected: Value null at 'poolName' failed to satisfy constraint: Member must not be null"},
		{"a nested number", "CreateUserPool", `{"PoolName":"p","Policies":{"PasswordPolicy":{"MinimumLength":3}}}`, pool,
			"1 validation error detected: Value '3' at 'policies.passwordPolicy.minimumLength' failed to satisfy constraint: Member must " +
				"have value greater than or equal to 6"},
		{"a number above its bound", "CreateUserPool", `{"PoolName":"p","Policies":{"PasswordPolicy":{"MinimumLength":100}}}`, pool,
			"1 validation error detected: Value '100' at 'policies.passwordPolicy.minimumLength' failed to satisfy constraint: Member must " +
				"have value less than or equal to 99"},
		{"a length is counted in characters", "CreateUserPool", `{"PoolName":"` + strings.Repeat("x", 129) + `"}`, pool,
			"1 validation error detected: Value '" + strings.Repeat("x", 129) + "' at 'poolName' failed to satisfy constraint: Member must " +
				"have length less than or equal to 128"},
		{"a map's values", "CreateUserPool", `{"PoolName":"p","UserPoolTags":{"k":"` + strings.Repeat("v", 257) + `"}}`, pool,
			"1 validation error detected: Value '{k=" + strings.Repeat("v", 257) + "}' at 'userPoolTags' failed to satisfy constraint: Map value " +
				"must satisfy constraint: [Member must have length less than or equal to 256, Member must have length greater than or equal to 0]"},
		{"a map's keys", "CreateUserPool", `{"PoolName":"p","UserPoolTags":{"":"v"}}`, pool,
			"1 validation error detected: Value '{=v}' at 'userPoolTags' failed to satisfy constraint: Map keys must satisfy constraint: " +
				"[Member must have length less than or equal to 128, Member must have length greater than or equal to 1]"},
	} {
		t.Run(c.name, func(t *testing.T) {
			got := send(m, c.request, c.body)
			if got.status != 400 || got.code() != c.code {
				t.Errorf("%d %s", got.status, got.code())
			}
			if diff := cmp.Diff(c.want, got.message()); diff != "" {
				t.Errorf("(-want +got)\n%s", diff)
			}
		})
	}
}

func TestEveryPatternIsUnderstood(t *testing.T) {
	for _, service := range model.Services() {
		for _, shape := range service.Shapes {
			if shape.Rule == nil || shape.Rule.Pattern == "" {
				continue
			}
			if _, err := compilePattern(shape.Rule.Pattern); err != nil {
				t.Errorf("%s: %s: %v", service.Name, shape.Rule.Pattern, err)
			}
		}
	}
}

func TestAPatternMustMatchTheWholeValueAsInJava(t *testing.T) {
	for _, c := range []struct {
		pattern, text string
		want          bool
	}{
		{`[\w-]+_[0-9a-zA-Z]+`, "eu-west-1_abc", true},
		{`[\w-]+_[0-9a-zA-Z]+`, "eu-west-1_abc ", false},
		{`[\p{L}\p{M}\p{S}\p{N}\p{P}]+`, "jürgen🦜@x", true},
		{`[\p{L}\p{M}\p{S}\p{N}\p{P}]+`, "a b", false},
		{`a|b`, "ab", false},
		{`^[0-9A-Za-z\.\-_]*(?<!\.)$`, "bucket.name", true},
		{`^[0-9A-Za-z\.\-_]*(?<!\.)$`, "bucket.", false},
		{`^[0-9A-Za-z\.\-_]*(?<!\.)$`, "", true},
		{`[\u0020-\u00FF]+`, "é", true},
		{`[\u0020-\u00FF]+`, "Ā", false},
	} {
		if got := matchesPattern(c.pattern, c.text); got != c.want {
			t.Errorf("%s %q: %v", c.pattern, c.text, got)
		}
	}
}
