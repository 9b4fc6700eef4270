package vtl

import "strings"

// Input is $input: the payload and the request's parameters.
type Input struct {
	// Body is the payload as text.
	Body string
	// Path, Query and Header hold the parameters, one value each, by the names as the client wrote them.
	Path, Query, Header *Map

	parsed   any
	parseErr error
	isParsed bool
	paths    pathRun
}

// Property returns $input.body.
func (in *Input) Property(name string) (any, bool) {
	if name == "body" {
		return in.Body, true
	}
	return nil, false
}

// Call runs json, path and params.
func (in *Input) Call(method string, args []any) (any, bool, error) {
	switch {
	case method == "params" && len(args) == 0:
		return NewMap().Put("path", in.parameters(in.Path)).Put("querystring", in.parameters(in.Query)).Put("header", in.parameters(in.Header)), true, nil
	case method == "params":
		return in.parameter(Text(args[0])), true, nil
	case (method == "json" || method == "path") && len(args) == 1:
		found, err := in.find(Text(args[0]))
		if err != nil {
			return nil, true, err
		}
		if method == "json" {
			return JSON(found), true, nil
		}
		return found, true, nil
	}
	return nil, false, nil
}

func (in *Input) parameters(m *Map) *Map {
	if m == nil {
		return NewMap()
	}
	return m
}

// parameter looks in the path, the query string and the headers, in that order; a parameter that is not there is "".
func (in *Input) parameter(name string) any {
	for _, m := range []*Map{in.Path, in.Query, in.Header} {
		if m == nil {
			continue
		}
		if value, ok := m.Get(name); ok {
			return value
		}
	}
	return ""
}

// find evaluates a JSON path on the body. An empty body is an empty object; a body that is not JSON is one text; what is not there
// is "".
func (in *Input) find(path string) (any, error) {
	if !in.isParsed {
		in.isParsed = true
		if in.Body == "" {
			m := NewMap()
			m.json = true
			in.parsed = m
		} else {
			in.parsed, in.parseErr = ParseJSON(in.Body)
		}
	}
	if in.parseErr != nil {
		if strings.TrimSpace(path) == "$" {
			return in.Body, nil // forms are read this way: $input.path('$').split('&')
		}
		return nil, in.parseErr
	}
	found, ok, err := in.paths.find(in.parsed, path)
	if err != nil {
		return nil, err
	}
	if !ok {
		return "", nil
	}
	return found, nil
}
