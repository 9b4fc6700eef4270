package curl

import (
	"bytes"
	"mime"
	"mime/multipart"
	"net/textproto"
	"net/url"
	"path/filepath"
	"strings"
)

// data is -d: from a file with @, without its line ends.
func (r *reader) data(value string) error {
	name, isFile := strings.CutPrefix(value, "@")
	if !isFile {
		return r.dataRaw(value)
	}
	content, err := r.open(name)
	if err != nil {
		return err
	}
	return r.add(strings.NewReplacer("\r", "", "\n", "", "\x00", "").Replace(string(content)), "&")
}

// dataBinary is data, with line ends.
func (r *reader) dataBinary(value string) error {
	name, isFile := strings.CutPrefix(value, "@")
	if !isFile {
		return r.dataRaw(value)
	}
	content, err := r.open(name)
	if err != nil {
		return err
	}
	return r.add(string(content), "&")
}

func (r *reader) dataRaw(value string) error { return r.add(value, "&") }

// json is --json: data with the headers of JSON.
func (r *reader) json(value string) error {
	if name, isFile := strings.CutPrefix(value, "@"); isFile {
		content, err := r.open(name)
		if err != nil {
			return err
		}
		value = string(content)
	}
	r.own.Set("Content-Type", "application/json")
	r.own.Set("Accept", "application/json")
	return r.add(value, "")
}

// dataEncoded is --data-urlencode: content, =content, name=content, @file or name@file.
func (r *reader) dataEncoded(value string) error {
	encoded, err := r.encode(value)
	if err != nil {
		return err
	}
	return r.add(encoded, "&")
}

// query is --url-query: as --data-urlencode, but for the URL; + at its beginning keeps it as it is.
func (r *reader) query(value string) error {
	encoded, plain := strings.CutPrefix(value, "+")
	if !plain {
		var err error
		if encoded, err = r.encode(value); err != nil {
			return err
		}
	}
	r.queries = append(r.queries, encoded)
	return nil
}

func (r *reader) encode(value string) (string, error) {
	at := strings.IndexAny(value, "=@")
	if at < 0 {
		return escape(value), nil
	}
	name, content := value[:at], value[at+1:]
	if value[at] == '@' {
		file, err := r.open(content)
		if err != nil {
			return "", err
		}
		content = string(file)
	}
	if name == "" {
		return escape(content), nil
	}
	return name + "=" + escape(content), nil
}

// escape is curl's percent-encoding: a space is %20.
func escape(text string) string { return strings.ReplaceAll(url.QueryEscape(text), "+", "%20") }

// add joins payloads as curl does.
func (r *reader) add(value, between string) error {
	if r.hasPayload {
		r.payload = append(r.payload, between...)
	}
	r.payload = append(r.payload, value...)
	if r.hasPayload = true; len(r.payload) > BodyLimit {
		return &Problem{"the payload is longer than 11 MiB", "API Gateway takes no more than 10 MiB: this is why it would be refused, with 413"}
	}
	return nil
}

func (r *reader) upload(name string) error {
	content, err := r.open(name)
	r.payload, r.hasPayload, r.uploading = content, true, true
	return err
}

// part is one field of a form.
type part struct {
	name, filename, contentType string
	content                     []byte
}

func (r *reader) formString(value string) error {
	name, content, found := strings.Cut(value, "=")
	if !found {
		return &Problem{"a field of a form is name=content", "for instance -F 'title=Hello'"}
	}
	r.parts = append(r.parts, part{name: name, content: []byte(content)})
	return nil
}

// form is -F: name=content, name=@file or name=<file, with ;type= and ;filename= behind.
func (r *reader) form(value string) error {
	name, content, found := strings.Cut(value, "=")
	if !found {
		return r.formString(value)
	}
	p := part{name: name}
	content, p.contentType = cutOption(content, ";type=")
	content, p.filename = cutOption(content, ";filename=")
	if content != "" && (content[0] == '@' || content[0] == '<') {
		file, err := r.open(content[1:])
		if err != nil {
			return err
		}
		if content[0] == '@' {
			if p.filename == "" {
				p.filename = filepath.Base(content[1:])
			}
			if p.contentType == "" {
				p.contentType = "application/octet-stream"
			}
		}
		content = string(file)
	}
	p.content = []byte(content)
	r.parts = append(r.parts, p)
	return nil
}

// cutOption takes an option of a form's field out of its text.
func cutOption(text, option string) (rest, value string) {
	before, after, found := strings.Cut(text, option)
	if !found {
		return text, ""
	}
	value, tail, more := strings.Cut(after, ";")
	if more {
		before += ";" + tail
	}
	return before, strings.Trim(value, `"`)
}

// assembleBody makes the payload, or with -G the query, of the data.
func (r *reader) assembleBody() error {
	switch {
	case len(r.parts) > 0 && r.hasPayload:
		return &Problem{"a curl command has either -d or -F, and this one has both", "leave one of them out"}
	case len(r.parts) > 0:
		return r.assembleForm()
	case r.hasPayload && r.asQuery:
		r.queries = append(r.queries, string(r.payload))
	case r.hasPayload:
		r.command.Body = r.payload
		if !r.uploading && r.own.Get("Content-Type") == "" {
			r.own.Set("Content-Type", formType)
		}
	}
	return nil
}

func (r *reader) assembleForm() error {
	var body bytes.Buffer
	writer := multipart.NewWriter(&body)
	for _, p := range r.parts {
		disposition := map[string]string{"name": p.name}
		if p.filename != "" {
			disposition["filename"] = p.filename
		}
		header := textproto.MIMEHeader{"Content-Disposition": {mime.FormatMediaType("form-data", disposition)}}
		if p.contentType != "" {
			header.Set("Content-Type", p.contentType)
		}
		field, err := writer.CreatePart(header)
		if err == nil {
			_, err = field.Write(p.content)
		}
		if err != nil {
			return &Problem{"the form cannot be made", "name its fields with plain letters"}
		}
	}
	if err := writer.Close(); err != nil || body.Len() > BodyLimit {
		return &Problem{"the form is longer than 11 MiB", "API Gateway takes no more than 10 MiB: this is why it would be refused, with 413"}
	}
	r.command.Body = body.Bytes()
	r.own.Set("Content-Type", writer.FormDataContentType())
	return nil
}
