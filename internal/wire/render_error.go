package wire

import (
	"bytes"
	"encoding/json"
	"fmt"
	"net/http"
	"sort"
	"strings"

	"github.com/poolgate/poolgate/internal/fault"
	"github.com/poolgate/poolgate/internal/wire/model"
)

// renderError tells a fault as the protocol does. The model of the service, where there is one, knows the status and where the
// error's members travel; an error that it does not know goes by its kind.
func renderError(protocol model.Protocol, service *model.Service, e *fault.Error, requestID string) *answer {
	r := errorRendering{protocol: protocol, fault: e, code: e.Code, answer: &answer{header: http.Header{}}}
	if service != nil {
		r.describe(service)
	}
	if r.exception == nil && e.Kind == fault.KindInternal {
		r.code = "InternalFailure"
	}
	r.answer.status = r.status()
	switch protocol {
	case model.JSON:
		r.json(service)
	case model.Query, model.RESTXML:
		r.xml(service, requestID)
	default:
		r.restJSON()
	}
	return r.answer
}

type errorRendering struct {
	protocol  model.Protocol
	fault     *fault.Error
	code      string
	exception *model.Shape // nil where the model does not know the code
	answer    *answer
}

func (r *errorRendering) describe(service *model.Service) {
	r.exception = service.Exception(r.code)
	if r.exception == nil && r.fault.Kind == fault.KindInternal {
		if r.exception = service.Fault(); r.exception != nil {
			r.code = r.exception.Name
		}
	}
	if r.exception != nil && r.exception.Error != nil && r.exception.Error.Code != "" {
		r.code = r.exception.Error.Code
	}
}

// status is the model's. JSON services answer every fault of the caller's with 400, whatever its kind.
func (r *errorRendering) status() int {
	if r.exception != nil {
		switch {
		case r.exception.Error != nil && r.exception.Error.Status != 0:
			return int(r.exception.Error.Status)
		case r.exception.Flags.Has(model.ServerFault):
			return http.StatusInternalServerError
		default:
			return http.StatusBadRequest
		}
	}
	status := r.fault.Kind.Status()
	if r.protocol == model.JSON && status < 500 && r.fault.Kind != fault.KindTooLarge {
		return http.StatusBadRequest
	}
	return status
}

// members splits what the error carries besides its message into body members and headers.
func (r *errorRendering) members() (names []string) {
	for name, value := range r.fault.Members {
		if member := r.member(name); member != nil && member.At == model.Header {
			r.answer.header[http.CanonicalHeaderKey(member.Wire)] = []string{headerText(fmt.Sprint(value))}
			continue
		}
		names = append(names, name)
	}
	sort.Strings(names)
	return names
}

// member finds a member of the exception by its name, or by its name on the wire.
func (r *errorRendering) member(name string) *model.Member {
	if r.exception == nil {
		return nil
	}
	for i := range r.exception.Members {
		if m := &r.exception.Members[i]; m.Name == name || strings.EqualFold(m.Wire, name) {
			return m
		}
	}
	return nil
}

// messageName is how the error spells its message.
func (r *errorRendering) messageName() string {
	if r.exception != nil {
		for _, m := range r.exception.Members {
			if strings.EqualFold(m.Name, "message") {
				return m.Wire
			}
		}
	}
	// Errors of the protocol itself were seen with a capital letter: {"__type":"SerializationException","Message":"…"}.
	if r.protocol == model.JSON && r.exception == nil && r.fault.Kind == fault.KindMalformed {
		return "Message"
	}
	return "message"
}

func (r *errorRendering) object(first string) []byte {
	out := append([]byte{'{'}, first...)
	add := func(name string, value any) {
		var text bytes.Buffer
		encoder := json.NewEncoder(&text)
		encoder.SetEscapeHTML(false)
		if encoder.Encode(value) != nil {
			return
		}
		if len(out) > 1 {
			out = append(out, ',')
		}
		out = append(appendJSONString(out, name), ':')
		out = append(out, bytes.TrimRight(text.Bytes(), "\n")...)
	}
	names := r.members()
	if r.fault.Message != "" {
		add(r.messageName(), r.fault.Message)
	}
	for _, name := range names {
		add(name, r.fault.Members[name])
	}
	return append(out, '}')
}

// json renders {"__type":"X","message":"…"}, with both in headers too, as Cognito has it.
func (r *errorRendering) json(service *model.Service) {
	r.answer.body = r.object(string(appendJSONString([]byte(`"__type":`), r.code)))
	version := "1.1"
	if service != nil {
		version = service.JSONVersion
	}
	r.answer.header.Set("Content-Type", "application/x-amz-json-"+version)
	r.answer.header["x-amzn-errortype"] = []string{r.code + ":"}
	if r.fault.Message != "" {
		r.answer.header["x-amzn-errormessage"] = []string{headerText(shortHeader(r.fault.Message))}
	}
}

// restJSON renders {"message":"…"} with the type in a header.
func (r *errorRendering) restJSON() {
	r.answer.body = r.object("")
	r.answer.header.Set("Content-Type", "application/json")
	r.answer.header["x-amzn-ErrorType"] = []string{r.code}
}

// shortHeader keeps a message that lists many violations within what clients take as a header.
func shortHeader(text string) string {
	const most = 4096
	if len(text) > most {
		return strings.ToValidUTF8(text[:most], "")
	}
	return text
}

// queryCodes are what the query protocol calls errors that the JSON protocols name otherwise.
var queryCodes = map[string]string{
	"MissingAuthenticationTokenException": "MissingAuthenticationToken",
	"UnrecognizedClientException":         "InvalidClientTokenId",
	"InvalidSignatureException":           "SignatureDoesNotMatch",
	"IncompleteSignatureException":        "IncompleteSignature",
	"SerializationException":              "MalformedQueryString",
	"ValidationException":                 "ValidationError",
}

func (r *errorRendering) xml(service *model.Service, requestID string) {
	if name, known := queryCodes[r.code]; known && r.exception == nil {
		r.code = name
	}
	origin := "Sender"
	if r.answer.status >= 500 {
		origin = "Receiver"
	}
	x := &xmlEncoder{}
	x.open("ErrorResponse", namespaceOf(service))
	x.open("Error", "")
	x.text("Type", origin)
	x.text("Code", r.code)
	if r.fault.Message != "" {
		x.text("Message", r.fault.Message)
	}
	for _, name := range r.members() {
		x.text(name, fmt.Sprint(r.fault.Members[name]))
	}
	x.close("Error")
	x.text("RequestId", requestID)
	x.close("ErrorResponse")
	r.answer.body = x.out
	r.answer.header.Set("Content-Type", "text/xml")
}

func namespaceOf(service *model.Service) string {
	if service == nil {
		return ""
	}
	return service.XMLNamespace
}
