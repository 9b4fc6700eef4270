package s3

import (
	"bytes"
	"encoding/xml"
	"fmt"
	"io"
	"maps"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/poolgate/poolgate/internal/fault"
)

const namespace = "http://s3.amazonaws.com/doc/2006-03-01/"

// maxDocument bounds a request's XML or JSON document, in bytes: DeleteObjects names up to 1000 keys.
const maxDocument = 2 << 20

// errorXML is S3's error document, with the members that the error has beside its text.
func errorXML(e *fault.Error, resource, requestID, hostID string) []byte {
	var out bytes.Buffer
	out.WriteString(xml.Header + "<Error>")
	element(&out, "Code", e.Code)
	element(&out, "Message", e.Message)
	if len(e.Members) == 0 {
		element(&out, "Resource", resource)
	}
	for _, name := range slices.Sorted(maps.Keys(e.Members)) {
		element(&out, name, fmt.Sprint(e.Members[name]))
	}
	element(&out, "RequestId", requestID)
	element(&out, "HostId", hostID)
	out.WriteString("</Error>")
	return out.Bytes()
}

func element(out *bytes.Buffer, name, text string) {
	out.WriteString("<" + name + ">")
	_ = xml.EscapeText(out, []byte(text))
	out.WriteString("</" + name + ">")
}

// answerXML writes a document.
func (x *exchange) answerXML(document any) error {
	text, err := xml.Marshal(document)
	if err != nil {
		return err
	}
	return x.answerText("application/xml", xml.Header+string(text))
}

func (x *exchange) answerText(contentType, text string) error {
	x.w.Header().Set("Content-Type", contentType)
	x.w.Header().Set("Content-Length", strconv.Itoa(len(text)))
	x.w.WriteHeader(http.StatusOK)
	_, _ = io.WriteString(x.w, text)
	return nil
}

func (x *exchange) noContent() error {
	x.w.WriteHeader(http.StatusNoContent)
	return nil
}

func (x *exchange) done() error {
	x.w.Header().Set("Content-Length", "0")
	x.w.WriteHeader(http.StatusOK)
	return nil
}

// readDocument reads the request's document whole, verified.
func (x *exchange) readDocument() ([]byte, error) {
	body, err := x.body(maxDocument)
	if err != nil {
		return nil, err
	}
	return io.ReadAll(body)
}

// readXML reads the request's document into value.
func (x *exchange) readXML(value any) error {
	text, err := x.readDocument()
	if err != nil {
		return err
	}
	if err := xml.Unmarshal(text, value); err != nil {
		return malformedXML().Because(err)
	}
	return nil
}

// stamp is a time as S3 writes it in documents.
func stamp(t time.Time) string { return t.UTC().Format("2006-01-02T15:04:05.000Z") }

// urlEncoded is how a listing writes a key when the client asked for encoding-type=url. Slashes stay.
func urlEncoded(text string) string {
	return strings.ReplaceAll(strings.ReplaceAll(url.QueryEscape(text), "%2F", "/"), "+", "%20")
}

func quoted(etag string) string { return `"` + etag + `"` }
