package gateway

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"strconv"

	"github.com/poolgate/poolgate/authz"
	"github.com/poolgate/poolgate/internal/lambda"
	"github.com/poolgate/poolgate/internal/policy"
)

// grantPolicyLimit is how large the policy of an authorizer's answer may be, in bytes (facts 3.1).
const grantPolicyLimit = 8 << 10

// grant is what an authorizer's function answered. It never changes: many requests share it.
type grant struct {
	principalID string
	// context has the answer's own values in its order, as text.
	context []grantValue
	// usageKey is usageIdentifierKey: the API key that the request counts for where the API's key source is AUTHORIZER.
	usageKey string
	policy   *policy.Document
	// policySize is the length of the policy's text, which is kept by nobody.
	policySize int
}

type grantValue struct{ name, value string }

// size is about how much memory a grant holds: a compiled policy takes some times its text.
func (g *grant) size() int {
	n := 256 + 6*g.policySize + len(g.principalID) + len(g.usageKey)
	for _, v := range g.context {
		n += len(v.name) + len(v.value) + 48
	}
	return n
}

func (g *grant) value(name string) (string, bool) {
	for _, v := range g.context {
		if v.name == name {
			return v.value, true
		}
	}
	return "", false
}

// unauthorized is what a function throws to have the client told 401; any other text is the function's own failure (facts 3.1).
const unauthorizedError = "Unauthorized"

// The complaints of the execution log, in AWS's words.
const (
	complaintPolicy  = "Could not parse policy"
	complaintJSON    = "Invalid JSON in response: "
	complaintContext = "Invalid authorizer context"
)

// readGrant reads a function's answer. Members other than the four make the whole malformed, as on AWS, whose execution log says so.
func (t *policyTable) readGrant(out *lambda.Answer) (*grant, *refusal) {
	if out.Failed {
		return nil, functionThrew(out.Payload)
	}
	text := bytes.TrimSpace(out.Payload)
	if len(text) == 0 || bytes.Equal(text, []byte("null")) {
		return nil, authorizerFailed(complaintPolicy, "the function returned nothing")
	}
	granted := &grant{}
	var document json.RawMessage
	if refused := eachMember(text, func(name string, value json.RawMessage) *refusal {
		switch name {
		case memberPrincipal:
			return stringMember(name, value, &granted.principalID)
		case "usageIdentifierKey":
			return stringMember(name, value, &granted.usageKey)
		case "policyDocument":
			document = value
			return nil
		case "context":
			return granted.readContext(value)
		}
		return unknownMember(name)
	}); refused != nil {
		return nil, refused
	}
	if granted.principalID == "" {
		return nil, authorizerFailed(complaintPolicy, "the answer has no principalId")
	}
	return granted, granted.readPolicy(t, document)
}

func unknownMember(name string) *refusal {
	return authorizerFailed(complaintJSON+`Unrecognized field "`+clippedTo(name, 64)+`" , not marked as ignorable`, "the answer has a member "+quoted(name))
}

// functionThrew tells the one error that is an answer from all others.
func functionThrew(payload []byte) *refusal {
	var thrown struct {
		ErrorMessage string `json:"errorMessage"`
	}
	if json.Unmarshal(payload, &thrown) == nil && thrown.ErrorMessage == unauthorizedError {
		return refuse(authz.AuthorizerUnauthorized).explained(`the function threw "Unauthorized"`, "an identity that the function accepts")
	}
	first := "errorMessage"
	_ = eachMember(payload, func(name string, _ json.RawMessage) *refusal {
		first = name
		return unknownMember(name)
	})
	r := unknownMember(first)
	return r.explained("the function threw: "+clippedTo(thrown.ErrorMessage, 256), r.expected)
}

func (g *grant) readPolicy(t *policyTable, document json.RawMessage) *refusal {
	if len(document) == 0 || bytes.Equal(document, []byte("null")) {
		return authorizerFailed(complaintPolicy, "the answer has no policyDocument")
	}
	if len(document) > grantPolicyLimit {
		return authorizerFailed("Authorizer policy exceeds the maximum size", "the policyDocument has "+strconv.Itoa(len(document))+" bytes; at most "+strconv.Itoa(grantPolicyLimit)+" are read")
	}
	parsed, err := t.parse(document)
	if err != nil {
		return authorizerFailed("Unable to parse given policy", "the policyDocument cannot be read: "+err.Error()).because(err)
	}
	g.policy, g.policySize = parsed, len(document)
	return nil
}

// readContext reads the values that the integration sees. Only texts, numbers and truth values are allowed (facts 3.1).
func (g *grant) readContext(value json.RawMessage) *refusal {
	g.context = nil
	if bytes.Equal(value, []byte("null")) {
		return nil
	}
	places := map[string]int{}
	return eachMember(value, func(name string, raw json.RawMessage) *refusal {
		text := string(raw)
		switch raw[0] {
		case '"':
			if err := json.Unmarshal(raw, &text); err != nil {
				return authorizerFailed(complaintJSON+err.Error(), "the context cannot be read").because(err)
			}
		case '{', '[', 'n':
			return authorizerFailed(complaintContext, "the context's "+quoted(name)+" is neither a text nor a number nor a truth value")
		}
		if name == memberPrincipal || name == memberLatency {
			return nil // API Gateway's own values of these names stand
		}
		if place, twice := places[name]; twice {
			g.context[place].value = text
			return nil
		}
		places[name] = len(g.context)
		g.context = append(g.context, grantValue{name, text})
		return nil
	})
}

// Members of $context.authorizer that API Gateway sets.
const (
	memberPrincipal = "principalId"
	memberLatency   = "integrationLatency"
)

func stringMember(name string, value json.RawMessage, into *string) *refusal {
	if bytes.Equal(value, []byte("null")) {
		return nil
	}
	if err := json.Unmarshal(value, into); err != nil {
		return authorizerFailed(complaintJSON+"Can not deserialize "+name, "the answer's "+name+" is no text").because(err)
	}
	return nil
}

var (
	errNoObject = errors.New("no object")
	errCut      = errors.New("Unexpected end-of-input") //nolint:staticcheck // it stands in a log line of AWS's
)

// eachMember walks over an object in its order. Of a member that is there twice the last counts, as for most readers of JSON.
func eachMember(object []byte, visit func(name string, value json.RawMessage) *refusal) *refusal {
	d := json.NewDecoder(bytes.NewReader(object))
	malformed := func(err error) *refusal {
		if errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) {
			err = errCut
		}
		return authorizerFailed(complaintJSON+err.Error(), "the answer is not a JSON object: "+clippedTo(string(object), 64)).because(err)
	}
	if token, err := d.Token(); err != nil || token != json.Delim('{') {
		return malformed(errNoObject)
	}
	for d.More() {
		token, err := d.Token()
		if err != nil {
			return malformed(err)
		}
		name, _ := token.(string)
		var value json.RawMessage
		if err := d.Decode(&value); err != nil {
			return malformed(err)
		}
		if refused := visit(name, value); refused != nil {
			return refused
		}
	}
	if _, err := d.Token(); err != nil {
		return malformed(err)
	}
	if d.More() {
		return malformed(errNoObject)
	}
	return nil
}
