package gateway

import (
	"encoding/base64"
	"errors"
	"net/http"
	"strings"

	"github.com/aws/aws-sdk-go-v2/service/apigateway/types"
)

// binaryTypes are an API's binaryMediaTypes: bodies of these types are bytes, all others are text.
type binaryTypes []string

func compileBinaryTypes(list []string) binaryTypes {
	all := make(binaryTypes, len(list))
	for i, t := range list {
		all[i] = strings.ToLower(strings.TrimSpace(t))
	}
	return all
}

// has tells that a media type, with or without parameters, is one of them. image/* and */* stand for many.
func (b binaryTypes) has(mediaType string) bool {
	if len(b) == 0 {
		return false
	}
	mediaType, _, _ = strings.Cut(mediaType, ";")
	mediaType = strings.ToLower(strings.TrimSpace(mediaType))
	family, _, _ := strings.Cut(mediaType, "/")
	for _, t := range b {
		if t == mediaType || t == "*/*" || t == family+"/*" {
			return true
		}
	}
	return false
}

// sent tells that a message's body is binary; one without a media type is JSON.
func (b binaryTypes) sent(h http.Header) bool {
	mediaType := h.Get("Content-Type")
	if mediaType == "" {
		mediaType = jsonType
	}
	return b.has(mediaType)
}

// accepted tells that the client takes bytes: the first type of its first Accept header counts.
func (b binaryTypes) accepted(h http.Header) bool {
	first, _, _ := strings.Cut(h.Get("Accept"), ",")
	return b.has(first)
}

const (
	toBinary = string(types.ContentHandlingStrategyConvertToBinary)
	toText   = string(types.ContentHandlingStrategyConvertToText)
)

var errNotBase64 = errors.New("a text that is to become binary is not base64")

// decodeBinary turns base64 text to the bytes that it stands for.
func decodeBinary(text []byte) ([]byte, *refusal) {
	decoded, err := base64.StdEncoding.DecodeString(strings.TrimSpace(string(text)))
	if err != nil {
		return nil, internalError(errNotBase64)
	}
	return decoded, nil
}

func encodeBinary(data []byte) []byte { return base64.StdEncoding.AppendEncode(nil, data) }

// conversion is what becomes of a response's body: at most one of the two, as the guide's table of content type conversions
// has it.
type conversion struct{ encode, decode bool }

// converts decides by what the integration sent, what the client accepts and the integration response's contentHandling.
func (b binaryTypes) converts(handling string, isBinary, wantsBinary bool) conversion {
	if isBinary {
		return conversion{encode: handling == toText || handling == "" && !wantsBinary}
	}
	return conversion{decode: handling == toBinary || handling == "" && wantsBinary}
}

// proxied is what becomes of the answer of an HTTP_PROXY backend, which has no integration response and so no contentHandling.
func (b binaryTypes) proxied(request, response http.Header) conversion {
	if len(b) == 0 {
		return conversion{}
	}
	return b.converts("", b.sent(response), b.accepted(request))
}

// converted is a request's body as an HTTP_PROXY backend gets it by the integration's contentHandling.
func (r requestTemplates) converted(x *exchange, body []byte) ([]byte, *refusal) {
	isBinary := x.stage.binary.sent(x.request.Header)
	switch {
	case r.handling == toText && isBinary:
		return encodeBinary(body), nil
	case r.handling == toBinary && !isBinary:
		return decodeBinary(body)
	}
	return body, nil
}
