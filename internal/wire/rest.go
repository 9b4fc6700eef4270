package wire

import (
	"io"
	"net/http"
	"net/url"
	"reflect"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/poolgate/poolgate/internal/wire/model"
)

func validText(text string) bool { return utf8.ValidString(text) }

// restRequest is what of an HTTP request is bound to members.
type restRequest struct {
	header http.Header
	query  url.Values
	labels map[string]string
	// literal are query parameters that belong to the URI itself.
	literal url.Values
	body    []byte
}

// decodeREST fills an input from path, query, headers and body.
func decodeREST(p *plan, request restRequest, into reflect.Value) error {
	for i := range p.fields {
		f := &p.fields[i]
		place := into.Field(f.index)
		var err error
		switch f.member.At {
		case model.URI:
			if text, found := request.labels[f.member.Wire]; found {
				err = setText(f, place, []string{text})
			}
		case model.QueryString:
			err = decodeQueryMember(p, f, place, request)
		case model.Header:
			if values := request.header.Values(f.member.Wire); len(values) > 0 {
				err = setText(f, place, values)
			}
		case model.Headers:
			setHeaders(f, place, request.header)
		}
		if err != nil {
			return err
		}
	}
	if f := p.payload(); f != nil {
		return decodePayload(f, into.Field(f.index), request.body)
	}
	return decodeJSON(p, request.body, into, false)
}

func decodeQueryMember(p *plan, f *field, place reflect.Value, request restRequest) error {
	if f.plan.shape.Kind == model.Map {
		setOtherParameters(p, place, request)
		return nil
	}
	if values := request.query[f.member.Wire]; len(values) > 0 {
		return setText(f, place, values)
	}
	return nil
}

// setOtherParameters collects the query parameters that no other member is bound to, as ImportRestApi's parameters.
func setOtherParameters(p *plan, place reflect.Value, request restRequest) {
	bound := map[string]bool{}
	for i := range p.fields {
		if f := &p.fields[i]; f.member.At == model.QueryString && f.plan.shape.Kind != model.Map {
			bound[f.member.Wire] = true
		}
	}
	for name, values := range request.query {
		if _, literal := request.literal[name]; bound[name] || literal || signatureParameter(name) {
			continue
		}
		if place.IsNil() {
			place.Set(reflect.MakeMap(place.Type()))
		}
		if place.Type().Elem().Kind() == reflect.String {
			place.SetMapIndex(reflect.ValueOf(name), reflect.ValueOf(values[0]))
		} else {
			place.SetMapIndex(reflect.ValueOf(name), reflect.ValueOf(values))
		}
	}
}

func signatureParameter(name string) bool { return strings.HasPrefix(name, "X-Amz-") }

// setHeaders collects the headers that begin with a prefix.
func setHeaders(f *field, place reflect.Value, header http.Header) {
	prefix := http.CanonicalHeaderKey(f.member.Wire)
	for name, values := range header {
		if rest, is := strings.CutPrefix(name, prefix); is {
			if place.IsNil() {
				place.Set(reflect.MakeMap(place.Type()))
			}
			place.SetMapIndex(reflect.ValueOf(strings.ToLower(rest)), reflect.ValueOf(strings.Join(values, ",")))
		}
	}
}

// setText sets a member from the text of a label, parameters or headers.
func setText(f *field, place reflect.Value, values []string) error {
	p := f.plan
	if p.shape.Kind == model.List {
		if f.member.At == model.Header {
			values = strings.Split(strings.Join(values, ","), ",")
		}
		list := reflect.MakeSlice(p.typ, len(values), len(values))
		for i, value := range values {
			if err := setScalar(p.elem, list.Index(i), strings.TrimSpace(value)); err != nil {
				return err
			}
		}
		place.Set(list)
		return nil
	}
	return setScalar(p, place, values[0])
}

func setScalar(p *plan, place reflect.Value, text string) error {
	if !validText(text) {
		return malformed("The request holds text that is not UTF-8")
	}
	value := reflect.New(p.typ).Elem()
	switch p.shape.Kind {
	case model.String:
		value.SetString(text)
	case model.Boolean:
		switch strings.ToLower(text) {
		case "true":
			value.SetBool(true)
		case "false":
		default:
			return mismatch(tokenString, model.Boolean)
		}
	case model.Integer, model.Long:
		n, err := strconv.ParseInt(text, 10, 64)
		if err != nil || value.OverflowInt(n) {
			return mismatch(tokenString, p.shape.Kind)
		}
		value.SetInt(n)
	case model.Float, model.Double:
		n, err := strconv.ParseFloat(text, 64)
		if err != nil || value.OverflowFloat(n) {
			return mismatch(tokenString, p.shape.Kind)
		}
		value.SetFloat(n)
	case model.Timestamp:
		t, err := parseTime(text)
		if err != nil {
			return err
		}
		value.Set(reflect.ValueOf(t))
	default:
		return mismatch(tokenString, p.shape.Kind)
	}
	if p.pointer {
		value = value.Addr()
	}
	place.Set(value)
	return nil
}

// decodePayload fills the member that is the body itself.
func decodePayload(f *field, place reflect.Value, body []byte) error {
	switch f.plan.shape.Kind {
	case model.Blob:
		if f.plan.stream {
			place.Set(reflect.ValueOf(io.NopCloser(strings.NewReader(string(body)))))
		} else if len(body) > 0 {
			place.SetBytes(body)
		}
		return nil
	case model.String:
		if len(body) == 0 {
			return nil
		}
		return setScalar(f.plan, place, string(body))
	}
	d := jsonDecoder{jsonReader: jsonReader{data: body}}
	if d.space(); d.pos == len(d.data) {
		return nil
	}
	if _, err := d.value(f.plan, place); err != nil {
		return err
	}
	return d.end()
}

// encodeREST writes an output as status, headers and body.
func encodeREST(p *plan, out reflect.Value, answer *answer) error {
	for i := range p.fields {
		f := &p.fields[i]
		v := out.Field(f.index)
		if f.member.At == model.Body || absent(v) {
			continue
		}
		if f.plan.pointer {
			v = v.Elem()
		}
		switch f.member.At {
		case model.StatusCode:
			if status := int(v.Int()); status >= 100 {
				answer.status = status
			}
		case model.Header:
			if text := scalarText(f.plan, v, model.RFC822); text != "" {
				answer.header[http.CanonicalHeaderKey(f.member.Wire)] = []string{headerText(text)}
			}
		case model.Headers:
			for _, key := range sortedMapKeys(v) {
				answer.header[http.CanonicalHeaderKey(f.member.Wire+key.String())] = []string{headerText(v.MapIndex(key).String())}
			}
		}
	}
	f := p.payload()
	if f == nil {
		body, err := encodeJSON(p, out, false)
		answer.body = body
		answer.contentType("application/json")
		return err
	}
	return encodePayload(f, out.Field(f.index), answer)
}

func encodePayload(f *field, v reflect.Value, answer *answer) (err error) {
	if absent(v) {
		return nil
	}
	switch kind := f.plan.shape.Kind; {
	case f.plan.stream:
		if closer, is := v.Interface().(io.Closer); is {
			defer func() { _ = closer.Close() }()
		}
		answer.body, err = io.ReadAll(v.Interface().(io.Reader))
		answer.contentType("application/octet-stream")
	case kind == model.Blob:
		answer.body = v.Bytes()
		answer.contentType("application/octet-stream")
	case kind == model.String:
		answer.body = []byte(reflect.Indirect(v).String())
		answer.contentType("text/plain")
	default:
		answer.body, err = encodeJSON(f.plan, v, false)
		answer.contentType("application/json")
	}
	return err
}

// scalarText writes a scalar for a header or an XML element.
func scalarText(p *plan, v reflect.Value, fallback model.TimeFormat) string {
	switch p.shape.Kind {
	case model.String:
		return v.String()
	case model.Boolean:
		return strconv.FormatBool(v.Bool())
	case model.Integer, model.Long:
		return strconv.FormatInt(v.Int(), 10)
	case model.Float, model.Double:
		return strings.Trim(string(appendFloat(nil, v.Float(), v.Type().Bits())), `"`)
	case model.Timestamp:
		return formatTime(v.Interface().(time.Time), p.time, fallback)
	case model.List:
		texts := make([]string, v.Len())
		for i := range texts {
			texts[i] = scalarText(p.elem, reflect.Indirect(v.Index(i)), fallback)
		}
		return strings.Join(texts, ",")
	}
	return ""
}

// headerText makes a text fit for a header: one line of ASCII.
func headerText(text string) string {
	clean := true
	for i := 0; i < len(text) && clean; i++ {
		clean = text[i] >= 0x20 && text[i] < 0x7f
	}
	if clean {
		return text
	}
	return strings.Map(func(r rune) rune {
		switch {
		case r < 0x20 || r == 0x7f:
			return ' '
		case r > 0x7f:
			return '?'
		}
		return r
	}, text)
}
