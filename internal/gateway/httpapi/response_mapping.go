package httpapi

import (
	"fmt"
	"net/http"
	"slices"
	"strconv"
	"strings"
)

// responseMappings are the changes to answers, by the status that the integration gave.
type responseMappings map[int][]mapping

func compileResponseMappings(parameters map[string]map[string]string) (responseMappings, error) {
	if len(parameters) == 0 {
		return nil, nil
	}
	all := make(responseMappings, len(parameters))
	for key, list := range parameters {
		status, err := strconv.Atoi(key)
		if err != nil {
			return nil, fmt.Errorf("the response parameters of %q: no status", key)
		}
		if all[status], err = mappings(list, placeHeader, placeStatus); err != nil {
			return nil, err
		}
	}
	return all, nil
}

// needBody tells that the answer of a status must be read before it can be passed on.
func (r responseMappings) needBody(status int) bool {
	return slices.ContainsFunc(r[status], func(m mapping) bool {
		return slices.ContainsFunc(m.from.parts, func(p expressionPart) bool { return p.of.place == inResponseBody })
	})
}

// apply changes an answer of an integration.
func (r responseMappings) apply(x *exchange, a *answer) {
	list := r[a.status]
	if len(list) == 0 {
		return
	}
	from := &response{header: http.Header{}, body: a.body}
	for _, f := range a.headers {
		key := http.CanonicalHeaderKey(f.name)
		from.header[key] = append(from.header[key], f.values...)
	}
	changed := from.header.Clone()
	for _, m := range list {
		value, ok := m.from.value(x, from)
		if !ok && m.action != actionRemove {
			continue
		}
		if m.place == placeHeader {
			changeHeader(changed, m, oneLine(value))
			continue
		}
		if status, err := strconv.Atoi(strings.TrimSpace(value)); err == nil && status >= 200 && status <= 599 {
			a.status = status
		}
	}
	a.headers = a.headers[:0]
	for name, values := range changed {
		a.headers = append(a.headers, headerField{name, values})
	}
}
