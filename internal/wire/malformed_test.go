package wire

import (
	"strings"
	"testing"

	"github.com/poolgate/poolgate/internal/wire/model"
)

// untouched is a Cognito and an API Gateway that fail the test when anything reaches them.
func untouched() (*Mux, *pools, *apis) {
	m, p, a := New(Options{}), &pools{}, &apis{}
	m.Register(&model.CognitoIDP, p)
	m.Register(&model.APIGateway, a)
	return m, p, a
}

func TestWhatCannotBeReadIsRefusedAndChangesNothing(t *testing.T) {
	const (
		number  = "class com.amazon.coral.value.json.numbers.TruncatingBigNumber can not be converted to an String"
		boolean = "class java.lang.Boolean can not be converted to an String"
		broken  = "SerializationException"
	)
	for _, c := range []struct {
		name, request, body string
		status              int
		code, text          string
	}{
		{"a number for a text", "CreateUserPool", `{"PoolName":5}`, 400, broken, number},
		{"a boolean for a text", "CreateUserPool", `{"PoolName":true}`, 400, broken, boolean},
		{"a boolean in a map of texts", "PUT /restapis/a/resources/r/methods/GET/integration", `{"type":"MOCK","requestParameters":{"a":true}}`, 400, broken, boolean},
		{"an object for a text", "CreateUserPool", `{"PoolName":{}}`, 400, broken, "Start of structure or map found where not expected."},
		{"a list for a text", "CreateUserPool", `{"PoolName":[]}`, 400, broken, "Start of list found where not expected"},
		{"a text for a list", "CreateUserPool", `{"Schema":"x"}`, 400, broken, "Expected list or null"},
		{"a text for a map", "CreateUserPool", `{"UserPoolTags":"x"}`, 400, broken, "Expected map or null"},
		{"a text for a boolean", "AdminSetUserPassword", `{"Permanent":"true"}`, 400, broken, "class java.lang.String can not be converted to an Boolean"},
		{"a text for a number", "CreateUserPool", `{"Policies":{"PasswordPolicy":{"MinimumLength":"8"}}}`, 400, broken,
			"class java.lang.String can not be converted to an Integer"},
		{"a number that is too large", "CreateUserPool", `{"Policies":{"PasswordPolicy":{"MinimumLength":1e30}}}`, 400, broken, "Number out of range: 1e30"},
		{"an exponent of a billion", "CreateUserPool", `{"Policies":{"PasswordPolicy":{"MinimumLength":1e999999999}}}`, 400, broken, "Number out of range"},
		{"half an object", "CreateUserPool", `{"PoolName":"p"`, 400, broken, "Could not parse request body into json: unexpected end of input"},
		{"two objects", "CreateUserPool", `{"PoolName":"p"}{}`, 400, broken, "Could not parse request body into json: unexpected character after the end"},
		{"no JSON", "CreateUserPool", `PoolName=p`, 400, broken, "Could not parse request body into json: unexpected character"},
		{"a trailing comma", "CreateUserPool", `{"PoolName":"p",}`, 400, broken, "Could not parse request body into json: expected a name"},
		{"a member twice", "CreateUserPool", `{"PoolName":"p","PoolName":"q"}`, 400, broken, "Duplicate field 'PoolName'"},
		{"a key twice", "CreateUserPool", `{"PoolName":"p","UserPoolTags":{"a":"b","a":"c"}}`, 400, broken, "Duplicate field 'a'"},
		{"a member twice, the second by escapes", "CreateUserPool", `{"PoolName":"p","\u0050oolName":"q"}`, 400, broken, "Duplicate field 'PoolName'"},
		{"what is not UTF-8", "CreateUserPool", "{\"PoolName\":\"p\xff\"}", 400, broken, "Could not parse request body into json: invalid UTF-8"},
		{"an unknown member that is not UTF-8", "CreateUserPool", "{\"PoolName\":\"p\",\"x\":\"\xff\"}", 400, broken, "Could not parse request body into json: invalid UTF-8"},
		{"a raw control character", "CreateUserPool", "{\"PoolName\":\"a\nb\"}", 400, broken, "Could not parse request body into json: unexpected control character"},
		{"a body nested a thousand deep", "CreateUserPool", `{"x":` + strings.Repeat("[", 1000) + strings.Repeat("]", 1000) + `}`, 400, broken, "The request is nested too deeply"},
		{"a hundred thousand empty structures", "CreateUserPool", `{"Schema":[` + strings.Repeat("{},", 100_000) + `{}]}`, 400, broken, "The request holds too many elements"},
		{"a body of more than a megabyte", "CreateUserPool", `{"PoolName":"` + strings.Repeat("x", 1<<20) + `"}`, 413, "RequestEntityTooLargeException",
			"Request entity too large: the limit is 1048576 bytes"},
		{"no base64", "CreateManagedLoginBranding", `{"Assets":[{"Bytes":"*"}]}`, 400, broken, "Failed to decode base64 content"},
		{"a text", "CreateUserPool", `"x"`, 400, broken, "Expected map or null"},

		{"an unknown operation", "CreateSwimmingPool", `{}`, 400, "UnknownOperationException", ""},
		{"an unknown service", "DynamoDB_20120810.ListTables", `{}`, 400, "UnknownOperationException", ""},
		{"no operation", "AWSCognitoIdentityProviderService.", `{}`, 400, "UnknownOperationException", ""},
		{"an operation that is not implemented", "CreateUserImportJob", `{}`, 501, "NotImplementedException", "poolgate does not implement cognito-idp CreateUserImportJob"},
		{"a path that is not implemented", "GET /restapis/a/models/m/default_template", "", 501, "NotImplementedException", "poolgate does not implement apigateway GetModelTemplate"},

		{"an unknown path", "GET /restapis/a/b", "", 404, "UnknownOperationException", "Unknown operation: GET /restapis/a/b"},
		{"an unknown method", "PUT /restapis", "", 404, "UnknownOperationException", "Unknown operation: PUT /restapis"},
		{"dots in a path", "DELETE /restapis/x/../y", "", 404, "UnknownOperationException", "Unknown operation: DELETE /restapis/x/../y"},
		{"dots at the end of a path", "DELETE /restapis/..", "", 404, "UnknownOperationException", "Unknown operation: DELETE /restapis/.."},
		{"two slashes", "DELETE //restapis/x", "", 404, "UnknownOperationException", "Unknown operation: DELETE //restapis/x"},
		{"an empty label", "DELETE /restapis/", "", 404, "UnknownOperationException", "Unknown operation: DELETE /restapis/"},
		{"a label that is not UTF-8", "DELETE /restapis/%ff", "", 400, broken, "The path holds an invalid escape"},
		{"a query with a broken escape", "GET /restapis?limit=%zz", "", 400, broken, "The query holds an invalid escape"},
		{"a text for a number in the query", "GET /restapis?limit=ten", "", 400, broken, "class java.lang.String can not be converted to an Integer"},
		{"a definition of more than ten megabytes", "POST /restapis?mode=import", strings.Repeat("x", 10<<20+1), 413, "RequestEntityTooLargeException",
			"Request entity too large: the limit is 10485760 bytes"},
	} {
		t.Run(c.name, func(t *testing.T) {
			m, p, a := untouched()
			got := send(m, c.request, c.body)
			if got.status != c.status || got.code() != c.code || !strings.HasPrefix(got.message(), c.text) {
				t.Errorf("%d %s %s", got.status, got.code(), got.body)
			}
			if p.in != nil || a.in != nil {
				t.Error("it reached the service")
			}
		})
	}
}

func TestWhatIsOddButReadable(t *testing.T) {
	for _, c := range []struct {
		name, request, body string
	}{
		{"white space", "CreateUserPool", " \t\r\n{ \"PoolName\" : \"p\" } \n"},
		{"unknown members", "CreateUserPool", `{"PoolName":"p","Nonsense":[{"a":[1,-2.5e-3,null,true,false,"x"]}]}`},
		{"nulls", "CreateUserPool", `{"PoolName":"p","UserPoolTags":null,"Policies":null,"AliasAttributes":[null]}`},
		{"escapes", "CreateUserPool", `{"PoolName":"\u0070"}`},
		{"a number with a fraction, which is cut off", "CreateUserPool", `{"PoolName":"p","Policies":{"PasswordPolicy":{"MinimumLength":8.9}}}`},
		{"a slash more", "DELETE /restapis/x/", ``},
		{"a slash and dots within an escape", "DELETE /restapis/..%2Fx", ``},
	} {
		t.Run(c.name, func(t *testing.T) {
			m, p, a := untouched()
			if got := send(m, c.request, c.body); got.status >= 300 {
				t.Errorf("%d %s", got.status, got.body)
			}
			if p.in == nil && a.in == nil {
				t.Error("it did not reach the service")
			}
		})
	}
}

func TestAPanicIsAnInternalErrorThatTellsNothing(t *testing.T) {
	m := New(Options{})
	m.Register(&model.CognitoIDP, panicking{})
	got := send(m, "CreateUserPool", `{"PoolName":"p"}`)
	if got.status != 500 || got.body != `{"__type":"InternalErrorException","message":"Internal server error"}` {
		t.Errorf("%d %s", got.status, got.body)
	}
}

func TestAWrongSignatureOfAMethodIsFoundAtStartUp(t *testing.T) {
	defer func() {
		if text, _ := recover().(error); text == nil || !strings.Contains(text.Error(), "cognito-idp CreateUserPool is func(") {
			t.Errorf("got %v", text)
		}
	}()
	New(Options{}).Register(&model.CognitoIDP, wrongSignature{})
}

type wrongSignature struct{}

func (wrongSignature) CreateUserPool(string) {}
