package wire

import (
	"encoding/json"
	"encoding/xml"
	"errors"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/poolgate/poolgate/internal/fault"
	"github.com/poolgate/poolgate/internal/wire/model"
)

// ofKind makes an error of a kind, as its builder does.
func ofKind(kind fault.Kind, code string) *fault.Error {
	return &fault.Error{Kind: kind, Code: code, Message: "the text", Cause: errors.New("the secret cause")}
}

func TestEveryKindOfFaultGoesThroughEveryRenderer(t *testing.T) {
	services := map[string]struct {
		protocol model.Protocol
		service  *model.Service
	}{
		"json":                   {model.JSON, &model.CognitoIDP},
		"json, unknown service":  {model.JSON, nil},
		"rest":                   {model.RESTJSON, &model.APIGateway},
		"rest, unknown service":  {model.RESTJSON, nil},
		"query":                  {model.Query, &model.STS},
		"query, unknown service": {model.Query, nil},
	}
	// The status of each kind for a code that no model knows: JSON answers 400 for whatever is the caller's fault.
	jsonStatus := map[fault.Kind]int{
		fault.KindInternal: 500, fault.KindUnimplemented: 501, fault.KindUnavailable: 503, fault.KindTooLarge: 413,
	}
	for name, s := range services {
		for _, kind := range fault.AllKinds() {
			t.Run(name+"/"+kind.String(), func(t *testing.T) {
				out := renderError(s.protocol, s.service, ofKind(kind, "SomethingNobodyKnows"), "the-request")
				want := kind.Status()
				if s.protocol == model.JSON {
					if want = jsonStatus[kind]; want == 0 {
						want = 400
					}
				}
				if out.status != want {
					t.Errorf("status %d, want %d", out.status, want)
				}
				code := "SomethingNobodyKnows"
				if kind == fault.KindInternal {
					code = "InternalFailure"
					if s.service == &model.CognitoIDP {
						code = "InternalErrorException"
					}
				}
				checkRendering(t, s.protocol, out, code)
				if strings.Contains(string(out.body), "secret cause") {
					t.Error("the cause is on the wire")
				}
			})
		}
	}
}

func checkRendering(t *testing.T, protocol model.Protocol, out *answer, code string) {
	t.Helper()
	switch protocol {
	case model.JSON:
		var body map[string]string
		if err := json.Unmarshal(out.body, &body); err != nil {
			t.Fatal(err)
		}
		if body["__type"] != code || body["message"]+body["Message"] != "the text" || raw(out, "x-amzn-errortype") != code+":" ||
			raw(out, "x-amzn-errormessage") != "the text" || !strings.HasPrefix(out.header.Get("Content-Type"), "application/x-amz-json-1") {
			t.Errorf("%v %s", out.header, out.body)
		}
	case model.Query:
		var body struct {
			XMLName xml.Name `xml:"ErrorResponse"`
			Error   struct{ Type, Code, Message string }
			ID      string `xml:"RequestId"`
		}
		if err := xml.Unmarshal(out.body, &body); err != nil {
			t.Fatal(err)
		}
		origin := "Sender"
		if out.status >= 500 {
			origin = "Receiver"
		}
		if body.Error.Code != code || body.Error.Message != "the text" || body.Error.Type != origin || body.ID != "the-request" {
			t.Errorf("%s", out.body)
		}
	default:
		if string(out.body) != `{"message":"the text"}` || raw(out, "x-amzn-ErrorType") != code || out.header.Get("Content-Type") != "application/json" {
			t.Errorf("%v %s", out.header, out.body)
		}
	}
}

func TestTheModelKnowsTheStatusAndTheMembersOfAnError(t *testing.T) {
	for _, c := range []struct {
		name     string
		protocol model.Protocol
		service  *model.Service
		fault    *fault.Error
		status   int
		body     string
		headers  map[string]string
	}{
		{"a caller's error of Cognito is 400 whatever its kind", model.JSON, &model.CognitoIDP,
			fault.NotFound("UserNotFoundException", "User does not exist."), 400,
			`{"__type":"UserNotFoundException","message":"User does not exist."}`, map[string]string{
				"x-amzn-errortype": "UserNotFoundException:", "x-amzn-errormessage": "User does not exist."}},
		{"an error with another member", model.JSON, &model.CognitoIDP,
			fault.Invalid("InvalidParameterException", "Bad <b>").With("reasonCode", "x"), 400,
			`{"__type":"InvalidParameterException","message":"Bad <b>","reasonCode":"x"}`, nil},
		{"a server's error of Cognito is 500", model.JSON, &model.CognitoIDP, fault.Internal(errors.New("disk")), 500,
			`{"__type":"InternalErrorException","message":"Internal server error"}`, nil},
		{"a text of two lines is one line in the header", model.JSON, &model.CognitoIDP, fault.Invalid("InvalidParameterException", "a\nb é"), 400,
			`{"__type":"InvalidParameterException","message":"a\nb é"}`, map[string]string{"x-amzn-errormessage": "a b ?"}},
		{"a conflict of API Gateway is 409 whatever its kind", model.RESTJSON, &model.APIGateway,
			fault.Invalid("ConflictException", "Model name already exists for this REST API"), 409,
			`{"message":"Model name already exists for this REST API"}`, map[string]string{"x-amzn-ErrorType": "ConflictException"}},
		{"a member bound to a header leaves the body", model.RESTJSON, &model.APIGateway,
			fault.Limit("LimitExceededException", "too many").With("retryAfterSeconds", 7), 429, `{"message":"too many"}`,
			map[string]string{"Retry-After": "7"}},
		{"the name that the header has is good too", model.RESTJSON, &model.APIGateway,
			fault.Limit("LimitExceededException", "too many").With("Retry-After", 7), 429, `{"message":"too many"}`,
			map[string]string{"Retry-After": "7"}},
		{"a code that is another on the wire", model.Query, &model.STS, fault.Invalid("IDPCommunicationErrorException", "x"), 400,
			`<ErrorResponse xmlns="https://sts.amazonaws.com/doc/2011-06-15/"><Error><Type>Sender</Type><Code>IDPCommunicationError</Code>` +
				`<Message>x</Message></Error><RequestId>the-request</RequestId></ErrorResponse>`, nil},
		{"a bad signature is 403 at API Gateway", model.RESTJSON, &model.APIGateway,
			fault.Forbidden("UnrecognizedClientException", "The security token included in the request is invalid."), 403,
			`{"message":"The security token included in the request is invalid."}`, nil},
		{"and 400 at Cognito", model.JSON, &model.CognitoIDP,
			fault.Forbidden("UnrecognizedClientException", "The security token included in the request is invalid."), 400,
			`{"__type":"UnrecognizedClientException","message":"The security token included in the request is invalid."}`, nil},
		{"and has another name in the query protocol", model.Query, nil, fault.Forbidden("UnrecognizedClientException", "x"), 403,
			`<ErrorResponse><Error><Type>Sender</Type><Code>InvalidClientTokenId</Code><Message>x</Message></Error>` +
				`<RequestId>the-request</RequestId></ErrorResponse>`, nil},
	} {
		t.Run(c.name, func(t *testing.T) {
			out := renderError(c.protocol, c.service, c.fault, "the-request")
			if out.status != c.status {
				t.Errorf("status %d", out.status)
			}
			if diff := cmp.Diff(c.body, string(out.body)); diff != "" {
				t.Error(diff)
			}
			for name, want := range c.headers {
				if got := raw(out, name); got != want {
					t.Errorf("%s: %q", name, got)
				}
			}
		})
	}
}

// raw gives a header in the case in which AWS writes it.
func raw(out *answer, name string) string { return strings.Join(out.header[name], "|") }
