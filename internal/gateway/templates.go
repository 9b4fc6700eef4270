package gateway

import (
	"maps"
	"mime"
	"slices"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/apigateway/types"

	"github.com/poolgate/poolgate/authz"
	"github.com/poolgate/poolgate/internal/vtl"
)

// templates are mapping templates by media type. A template that cannot be parsed is kept with its error: AWS deploys it and
// fails when a request needs it.
type templates map[string]*mappingTemplate

type mappingTemplate struct {
	mediaType string
	parsed    *vtl.Template
	err       error
	// literal is the text of a template that has nothing to evaluate, made once for all answers.
	literal   []byte
	isLiteral bool
}

func compileTemplates(texts map[string]string) templates {
	all := make(templates, len(texts))
	for mediaType, text := range texts {
		t := &mappingTemplate{mediaType: mediaType}
		if t.parsed, t.err = vtl.Parse(text); t.err == nil {
			text, t.isLiteral = t.parsed.Literal()
			t.literal = []byte(text)
		}
		all[mediaType] = t
	}
	return all
}

// render evaluates the template over a payload that is read only if the template looks at it.
func (t *mappingTemplate) render(x *exchange, in *templateInput) (string, *refusal) {
	if t.err != nil {
		return "", internalError(t.err)
	}
	text, err := t.parsed.Render(x.variables(in))
	if in.refused != nil {
		return "", in.refused
	}
	if err != nil {
		return "", internalError(err)
	}
	return text, nil
}

// requestTemplates choose what an integration is sent.
type requestTemplates struct {
	byType      templates
	passthrough string
	// handling is the integration's contentHandling.
	handling string
}

// What an integration does with a payload that no template is for.
const (
	passNever           = "NEVER"
	passWhenNoTemplates = "WHEN_NO_TEMPLATES"
)

func compileRequestTemplates(doc *types.Integration) requestTemplates {
	return requestTemplates{compileTemplates(doc.RequestTemplates), aws.ToString(doc.PassthroughBehavior), string(doc.ContentHandling)}
}

// choose finds the template for the request's Content-Type, application/json when it has none; nil lets the payload pass.
func (r requestTemplates) choose(x *exchange) (*mappingTemplate, *refusal) {
	mediaType := x.request.Header.Get("Content-Type")
	if mediaType == "" {
		mediaType = jsonType
	}
	if t := r.byType[mediaType]; t != nil {
		return t, nil
	}
	if plain, _, err := mime.ParseMediaType(mediaType); err == nil && r.byType[plain] != nil {
		return r.byType[plain], nil
	}
	if t := r.byType["$default"]; t != nil {
		return t, nil
	}
	if r.passthrough == passNever || r.passthrough == passWhenNoTemplates && len(r.byType) > 0 {
		return nil, refuse(authz.MediaTypeUnsupported).explained("a body of type "+quoted(mediaType), "a type that the integration has a template for")
	}
	return nil, nil
}

// payload is what the integration is sent: the template's text, or the body as it came.
func (r requestTemplates) payload(x *exchange) (string, *refusal) {
	template, refused := r.choose(x)
	if refused != nil {
		return "", refused
	}
	isBinary := x.stage.binary.sent(x.request.Header)
	body := func() (string, *refusal) {
		body, refused := x.readBody()
		if isBinary && r.handling == toText {
			body = encodeBinary(body)
		}
		return string(body), refused
	}
	var payload string
	if template == nil {
		payload, refused = body()
	} else {
		payload, refused = template.render(x, &templateInput{body: body})
	}
	if refused != nil || isBinary || r.handling != toBinary {
		return payload, refused
	}
	decoded, refused := decodeBinary([]byte(payload))
	return string(decoded), refused
}

// chooseResponse finds the template for what the client accepts, else the one for application/json, else the first by name.
func (t templates) chooseResponse(x *exchange) *mappingTemplate {
	if len(t) == 0 {
		return nil
	}
	if accept := x.request.Header.Values("Accept"); len(accept) > 0 && t[accept[len(accept)-1]] != nil {
		return t[accept[len(accept)-1]]
	}
	if found := t[jsonType]; found != nil {
		return found
	}
	return t[slices.Sorted(maps.Keys(t))[0]]
}
