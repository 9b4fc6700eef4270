package apigateway

import (
	"context"
	"encoding/json"
	"errors"
	"slices"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/apigateway"
	"github.com/aws/aws-sdk-go-v2/service/apigateway/types"

	"github.com/poolgate/poolgate/internal/openapi"
	"github.com/poolgate/poolgate/internal/store"
	"github.com/poolgate/poolgate/internal/wire"
)

// documentationParts are what is said of an API's entities, by id.
var documentationParts = store.Collection[wire.Document[types.DocumentationPart]]{Name: "restapi.documentationpart", Version: 1}

var (
	noDocumentationPart = notFound("Invalid Documentation part identifier specified")
	// noImporter is how a body without documentation is refused (recorded: test_import_documentation_parts_bad_file).
	noImporter = badRequest("Unable to build importer with provided input.")
)

// CreateDocumentationPart documents an entity of an API.
func (s *Service) CreateDocumentationPart(ctx context.Context, in *apigateway.CreateDocumentationPartInput) (*apigateway.CreateDocumentationPartOutput, error) {
	id, err := s.newID(entityIDLength)
	if err != nil {
		return nil, err
	}
	part := types.DocumentationPart{Id: &id, Location: in.Location, Properties: in.Properties}
	err = s.change(ctx, in.RestApiId, noAPI(wire.CallFrom(ctx), in.RestApiId), func(e *edit) error {
		if err := checkDocumentationPart(part); err != nil {
			return err
		}
		list, err := all(e.tx, &documentationParts, e.id)
		if err != nil {
			return err
		}
		for _, other := range list {
			if placeOf(other.Location) == placeOf(part.Location) {
				return conflict("Documentation part already exists for the specified location: %s", describePlace(part.Location))
			}
		}
		return documentationParts.Insert(e.tx, e.id, id, document(part))
	})
	if err != nil {
		return nil, err
	}
	return answer[apigateway.CreateDocumentationPartOutput](part), nil
}

// place is a location as a value that can be compared.
type place struct {
	kind                       types.DocumentationPartType
	path, method, status, name string
}

func placeOf(l *types.DocumentationPartLocation) place {
	return place{l.Type, aws.ToString(l.Path), aws.ToString(l.Method), aws.ToString(l.StatusCode), aws.ToString(l.Name)}
}

func describePlace(l *types.DocumentationPartLocation) string {
	text := "type '" + string(l.Type) + "'"
	for _, member := range []struct {
		name  string
		value *string
	}{{"path", l.Path}, {"method", l.Method}, {"statusCode", l.StatusCode}, {"name", l.Name}} {
		if member.value != nil {
			text += ", " + member.name + " '" + *member.value + "'"
		}
	}
	return text
}

// locationMembers are the members of a location that each type takes beyond path and method, and whether it takes those.
var locationMembers = map[types.DocumentationPartType]struct{ path, method, status, name bool }{
	types.DocumentationPartTypeApi:            {},
	types.DocumentationPartTypeAuthorizer:     {name: true},
	types.DocumentationPartTypeModel:          {name: true},
	types.DocumentationPartTypeResource:       {path: true},
	types.DocumentationPartTypeMethod:         {path: true, method: true},
	types.DocumentationPartTypePathParameter:  {path: true, method: true, name: true},
	types.DocumentationPartTypeQueryParameter: {path: true, method: true, name: true},
	types.DocumentationPartTypeRequestHeader:  {path: true, method: true, name: true},
	types.DocumentationPartTypeRequestBody:    {path: true, method: true},
	types.DocumentationPartTypeResponse:       {path: true, method: true, status: true},
	types.DocumentationPartTypeResponseHeader: {path: true, method: true, status: true, name: true},
	types.DocumentationPartTypeResponseBody:   {path: true, method: true, status: true},
}

// checkDocumentationPart checks that a part says something, of a place that its type can name.
func checkDocumentationPart(part types.DocumentationPart) error {
	var properties map[string]json.RawMessage
	if err := json.Unmarshal([]byte(aws.ToString(part.Properties)), &properties); err != nil || properties == nil {
		return badRequest("Documentation part properties must be a JSON object").Becausef("the properties are not a JSON object: %v", err)
	}
	takes, known := locationMembers[part.Location.Type]
	if !known {
		return badRequest("Invalid documentation part location type specified: %s", part.Location.Type)
	}
	for _, member := range []struct {
		name  string
		takes bool
		value *string
	}{
		{"path", takes.path, part.Location.Path}, {"method", takes.method, part.Location.Method},
		{"statusCode", takes.status, part.Location.StatusCode}, {"name", takes.name, part.Location.Name},
	} {
		if member.value != nil && !member.takes {
			return badRequest("Invalid location: %s is not allowed for type %s", member.name, part.Location.Type)
		}
	}
	return nil
}

// GetDocumentationPart returns one documentation part.
func (s *Service) GetDocumentationPart(ctx context.Context, in *apigateway.GetDocumentationPartInput) (*apigateway.GetDocumentationPartOutput, error) {
	var part types.DocumentationPart
	err := s.look(ctx, in.RestApiId, noDocumentationPart, func(e *edit) error {
		found, err := get(e.tx, &documentationParts, e.id, in.DocumentationPartId, noDocumentationPart)
		if err == nil {
			part = found.Value
		}
		return err
	})
	if err != nil {
		return nil, err
	}
	return answer[apigateway.GetDocumentationPartOutput](part), nil
}

// GetDocumentationParts lists the parts that meet every condition, in the order of their ids; or, of the entities that
// could have parts, those that have none.
func (s *Service) GetDocumentationParts(ctx context.Context, in *apigateway.GetDocumentationPartsInput) (*apigateway.GetDocumentationPartsOutput, error) {
	out := &apigateway.GetDocumentationPartsOutput{}
	err := s.look(ctx, in.RestApiId, noAPI(wire.CallFrom(ctx), in.RestApiId), func(e *edit) error {
		list, err := all(e.tx, &documentationParts, e.id)
		if err != nil {
			return err
		}
		key := func(p types.DocumentationPart) string { return *p.Id }
		if in.LocationStatus == types.LocationStatusTypeUndocumented {
			if list, err = undocumented(e, list); err != nil {
				return err
			}
			key = func(p types.DocumentationPart) string { return describePlace(p.Location) }
		}
		list = slices.DeleteFunc(list, func(p types.DocumentationPart) bool {
			return in.Type != "" && p.Location.Type != in.Type ||
				in.Path != nil && aws.ToString(p.Location.Path) != *in.Path ||
				in.NameQuery != nil && !strings.Contains(aws.ToString(p.Location.Name), *in.NameQuery)
		})
		out.Items, out.Position, err = page(list, key, in.Limit, in.Position)
		return err
	})
	if err != nil {
		return nil, err
	}
	return out, nil
}

// UpdateDocumentationPart changes what a part says.
func (s *Service) UpdateDocumentationPart(ctx context.Context, in *apigateway.UpdateDocumentationPartInput) (*apigateway.UpdateDocumentationPartOutput, error) {
	var updated types.DocumentationPart
	err := s.change(ctx, in.RestApiId, noDocumentationPart, func(e *edit) error {
		found, err := get(e.tx, &documentationParts, e.id, in.DocumentationPartId, noDocumentationPart)
		if err != nil {
			return err
		}
		if err := documentationPartPatches.apply(&found.Value, in.PatchOperations); err != nil {
			return err
		}
		if err := checkDocumentationPart(found.Value); err != nil {
			return err
		}
		updated = found.Value
		return documentationParts.Put(e.tx, e.id, *in.DocumentationPartId, found)
	})
	if err != nil {
		return nil, err
	}
	return answer[apigateway.UpdateDocumentationPartOutput](updated), nil
}

var documentationPartPatches = patchTable[types.DocumentationPart]{
	refuse: refuseByList[types.DocumentationPart],
	rows: []patchRow[types.DocumentationPart]{
		replaceText("/properties", func(p *types.DocumentationPart) **string { return &p.Properties }),
	},
}

// DeleteDocumentationPart takes a part away; versions that were made keep it.
func (s *Service) DeleteDocumentationPart(ctx context.Context, in *apigateway.DeleteDocumentationPartInput) (*apigateway.DeleteDocumentationPartOutput, error) {
	err := s.change(ctx, in.RestApiId, noDocumentationPart, func(e *edit) error {
		return remove(e.tx, &documentationParts, e.id, in.DocumentationPartId, noDocumentationPart)
	})
	if err != nil {
		return nil, err
	}
	return &apigateway.DeleteDocumentationPartOutput{}, nil
}

// ImportDocumentationParts adds the parts of a document, or puts them in the place of all that are there.
func (s *Service) ImportDocumentationParts(ctx context.Context, in *apigateway.ImportDocumentationPartsInput) (*apigateway.ImportDocumentationPartsOutput, error) {
	parts, warnings, err := openapi.ParseDocumentation(in.Body)
	if err != nil {
		return nil, noImporter.Because(err)
	}
	if in.FailOnWarnings && len(warnings) > 0 {
		return nil, badRequest("Warnings found during import:\n\t%s", strings.Join(warnings, "\n\t"))
	}
	out := &apigateway.ImportDocumentationPartsOutput{}
	err = s.change(ctx, in.RestApiId, noAPI(wire.CallFrom(ctx), in.RestApiId), func(e *edit) error {
		if in.Mode == types.PutModeOverwrite {
			if _, err := documentationParts.DeleteScope(e.tx, e.id); err != nil {
				return err
			}
		}
		l := &loader{Service: s, edit: e, def: &openapi.Definition{Documentation: parts}}
		if err := l.documentation(); err != nil {
			return err
		}
		out.Ids, out.Warnings = l.documented, warnings
		return importErrors(l.problems)
	})
	if err != nil {
		return nil, err
	}
	return out, nil
}

// documentation stores the parts of a definition; one of a place that has a part already replaces it.
func (l *loader) documentation() error {
	existing, err := all(l.tx, &documentationParts, l.id)
	if err != nil {
		return err
	}
	if len(existing)+len(l.def.Documentation) > mostParts {
		return tooManyParts
	}
	ids := make(map[place]string, len(existing))
	for _, part := range existing {
		l.take(*part.Id)
		ids[placeOf(part.Location)] = *part.Id
	}
	for _, part := range l.def.Documentation {
		fine, err := l.found(checkDocumentationPart(part), "Unable to create documentation part for %s", describePlace(part.Location))
		if err != nil {
			return err
		}
		if !fine {
			continue
		}
		id, there := ids[placeOf(part.Location)]
		if !there {
			if id, err = l.freshID(); err != nil {
				return err
			}
			ids[placeOf(part.Location)] = id
		}
		part.Id = &id
		if err := documentationParts.Put(l.tx, l.id, id, document(part)); err != nil {
			return err
		}
		l.documented = append(l.documented, id)
	}
	return nil
}

// undocumented are the places of an API's entities that no part is of, in order.
func undocumented(e *edit, parts []types.DocumentationPart) ([]types.DocumentationPart, error) {
	documented := make(map[place]bool, len(parts))
	for _, part := range parts {
		documented[placeOf(part.Location)] = true
	}
	var list []types.DocumentationPart
	add := func(l types.DocumentationPartLocation) {
		if !documented[placeOf(&l)] {
			documented[placeOf(&l)] = true
			list = append(list, types.DocumentationPart{Location: &l})
		}
	}
	add(types.DocumentationPartLocation{Type: types.DocumentationPartTypeApi})
	named, err1 := all(e.tx, &authorizers, e.id)
	for _, a := range named {
		add(types.DocumentationPartLocation{Type: types.DocumentationPartTypeAuthorizer, Name: a.Name})
	}
	schemas, err2 := all(e.tx, &models, e.id)
	for _, m := range schemas {
		add(types.DocumentationPartLocation{Type: types.DocumentationPartTypeModel, Name: m.Name})
	}
	tree, err3 := all(e.tx, &resources, e.id)
	for _, r := range tree {
		add(types.DocumentationPartLocation{Type: types.DocumentationPartTypeResource, Path: r.Path})
		for verb, m := range r.ResourceMethods {
			if verb == "ANY" {
				verb = "*"
			}
			methodPlaces(*r.Path, verb, m, add)
		}
	}
	slices.SortFunc(list, func(a, b types.DocumentationPart) int {
		return strings.Compare(describePlace(a.Location), describePlace(b.Location))
	})
	return list, errors.Join(err1, err2, err3)
}

// methodPlaces names the places of a method and of what it declares.
func methodPlaces(path, verb string, m types.Method, add func(types.DocumentationPartLocation)) {
	at := types.DocumentationPartLocation{Type: types.DocumentationPartTypeMethod, Path: &path, Method: &verb}
	add(at)
	for declared := range m.RequestParameters {
		where, name, _ := strings.Cut(strings.TrimPrefix(declared, "method.request."), ".")
		of := at
		of.Name, of.Type = &name, types.DocumentationPartTypeRequestHeader
		switch where {
		case "path":
			of.Type = types.DocumentationPartTypePathParameter
		case "querystring", "multivaluequerystring":
			of.Type = types.DocumentationPartTypeQueryParameter
		}
		add(of)
	}
	if len(m.RequestModels) > 0 {
		of := at
		of.Type = types.DocumentationPartTypeRequestBody
		add(of)
	}
	for status, response := range m.MethodResponses {
		of := at
		of.StatusCode, of.Type = &status, types.DocumentationPartTypeResponse
		add(of)
		for declared := range response.ResponseParameters {
			header := of
			header.Type, header.Name = types.DocumentationPartTypeResponseHeader, aws.String(strings.TrimPrefix(declared, "method.response.header."))
			add(header)
		}
		if len(response.ResponseModels) > 0 {
			of.Type = types.DocumentationPartTypeResponseBody
			add(of)
		}
	}
}
