package openapi

import (
	"slices"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/apigateway/types"
)

// described are the members of a part that an OpenAPI object can have.
var described = []string{"summary", "description", "title", "tags", "deprecated", "termsOfService", "contact", "license"}

// describe writes into an object what the documentation says of its place, unless the object says it itself.
func (w *writer) describe(into *object, at types.DocumentationPartLocation) {
	part := w.partFor(at)
	if part == nil {
		return
	}
	said, _ := readObject(aws.ToString(part.Properties))
	for _, member := range described {
		if said.has(member) && !into.has(member) {
			into.set(member, said.get(member))
		}
	}
}

// describeItself is describe for what an import reads as a part of the API or of a model itself. A document that lists
// its documentation parts does not say them there again, so that an import of it changes neither.
func (w *writer) describeItself(into *object, at types.DocumentationPartLocation) {
	if !w.Documentation {
		w.describe(into, at)
	}
}

// partKey is what finds parts: those of other types, names and paths never cover a place.
type partKey struct {
	kind       types.DocumentationPartType
	name, path string
}

func keyOf(at *types.DocumentationPartLocation) partKey {
	return partKey{at.Type, aws.ToString(at.Name), strings.TrimSuffix(aws.ToString(at.Path), "/")}
}

func (w *writer) indexDocumentation() {
	w.parts = make(map[partKey][]*types.DocumentationPart, len(w.def.Documentation))
	for i := range w.def.Documentation {
		if part := &w.def.Documentation[i]; part.Location != nil {
			key := keyOf(part.Location)
			w.parts[key] = append(w.parts[key], part)
		}
	}
}

// partFor is the most specific part that covers a place: that of the nearest path, since a path covers what is below
// it, and there the one that names most; a method or a status that a part does not name is any.
func (w *writer) partFor(at types.DocumentationPartLocation) *types.DocumentationPart {
	for key := keyOf(&at); ; key.path = key.path[:max(strings.LastIndexByte(key.path, '/'), 0)] {
		var best *types.DocumentationPart
		bestRank := -1
		for _, part := range w.parts[key] {
			if rank, covers := coverage(part.Location, at); covers && rank > bestRank {
				best, bestRank = part, rank
			}
		}
		if best != nil || key.path == "" {
			return best
		}
	}
}

func coverage(part *types.DocumentationPartLocation, at types.DocumentationPartLocation) (rank int, covers bool) {
	for weight, pair := range [][2]*string{{part.StatusCode, at.StatusCode}, {part.Method, at.Method}} {
		said, wanted := aws.ToString(pair[0]), aws.ToString(pair[1])
		switch {
		case wanted == "" || said == "" || said == "*" && wanted != "*":
		case said != wanted:
			return 0, false
		default:
			rank += 1 + weight
		}
	}
	return rank, true
}

func (w *writer) documentationParts() *object {
	o := newObject()
	o.setText("version", w.def.DocumentationVersion)
	o.setText("createdDate", w.Documented)
	parts := slices.Clone(w.def.Documentation)
	slices.SortStableFunc(parts, func(a, b types.DocumentationPart) int {
		return strings.Compare(compactJSON(locationObject(a.Location)), compactJSON(locationObject(b.Location)))
	})
	list := make([]any, len(parts))
	for i, part := range parts {
		entry := newObject()
		entry.set("location", locationObject(part.Location))
		if properties, isObject := readObject(aws.ToString(part.Properties)); isObject {
			entry.set("properties", properties)
		} else {
			entry.set("properties", aws.ToString(part.Properties))
		}
		list[i] = entry
	}
	o.set("documentationParts", list)
	return o
}

func locationObject(at *types.DocumentationPartLocation) *object {
	o := newObject()
	o.set("type", string(at.Type))
	for _, member := range []struct {
		name  string
		value *string
	}{{"path", at.Path}, {"method", at.Method}, {"statusCode", at.StatusCode}, {"name", at.Name}} {
		if member.value != nil {
			o.set(member.name, *member.value)
		}
	}
	return o
}
