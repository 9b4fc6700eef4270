package apigateway

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"regexp"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/apigateway"
	"github.com/aws/aws-sdk-go-v2/service/apigateway/types"
)

const (
	// deepestTemplate bounds how far a template follows a model that refers to itself.
	deepestTemplate = 8
	// longestTemplate bounds a template whose models refer to each other many times over: AWS takes 300 KB (quota).
	longestTemplate = 300 << 10
)

// modelReference is how a model refers to another of its API.
var modelReference = regexp.MustCompile(`^https://apigateway\.amazonaws\.com/restapis/[^/]+/models/([a-zA-Z0-9]+)$`)

// GetModelTemplate writes a mapping template that takes a body of the model's shape apart and puts it together again.
func (s *Service) GetModelTemplate(ctx context.Context, in *apigateway.GetModelTemplateInput) (*apigateway.GetModelTemplateOutput, error) {
	var template string
	err := s.look(ctx, in.RestApiId, noModel(in.ModelName), func(e *edit) error {
		model, err := get(e.tx, &models, e.id, in.ModelName, noModel(in.ModelName))
		if err != nil {
			return err
		}
		list, err := all(e.tx, &models, e.id)
		if err != nil {
			return err
		}
		template, err = modelTemplate(model.Value, list)
		return err
	})
	if err != nil {
		return nil, err
	}
	return &apigateway.GetModelTemplateOutput{Value: &template}, nil
}

func modelTemplate(model types.Model, list []types.Model) (string, error) {
	w := templateWriter{schemas: make(map[string]string, len(list))}
	for _, m := range list {
		w.schemas[*m.Name] = aws.ToString(m.Schema)
	}
	schema, err := readSchema(aws.ToString(model.Schema))
	if err != nil {
		return "", badRequest("Invalid model specified: Validation Result: warnings : [], errors : [Invalid model schema specified]").Because(err)
	}
	w.out.WriteString("#set($inputRoot = $input.path('$'))\n")
	w.value(schema, "$inputRoot", "", 0)
	if w.out.Len() > longestTemplate {
		return "", badRequest("The template of model %s would be larger than %d bytes", *model.Name, longestTemplate)
	}
	return w.out.String(), nil
}

// schemaShape is what of a schema a template needs. Properties keep their order.
type schemaShape struct {
	Ref        string          `json:"$ref"`
	Type       json.RawMessage `json:"type"`
	Properties json.RawMessage `json:"properties"`
	Items      json.RawMessage `json:"items"`
}

func readSchema(text string) (schemaShape, error) {
	var shape schemaShape
	err := json.Unmarshal([]byte(text), &shape)
	return shape, err
}

func (s schemaShape) kind() string {
	var one string
	if json.Unmarshal(s.Type, &one) == nil {
		return one
	}
	var several []string
	if json.Unmarshal(s.Type, &several) == nil {
		for _, kind := range several {
			if kind != "null" {
				return kind
			}
		}
	}
	switch {
	case len(s.Properties) > 0:
		return "object"
	case len(s.Items) > 0:
		return "array"
	}
	return ""
}

type templateWriter struct {
	out     strings.Builder
	schemas map[string]string
}

// value writes the value that a path of the template's own language leads to.
func (w *templateWriter) value(s schemaShape, path, indent string, depth int) {
	if w.out.Len() > longestTemplate {
		return
	}
	if match := modelReference.FindStringSubmatch(s.Ref); match != nil {
		s, _ = readSchema(w.schemas[match[1]])
	}
	kind := s.kind()
	if depth >= deepestTemplate && (kind == "object" || kind == "array") {
		w.out.WriteString("{ }")
		return
	}
	switch kind {
	case "object":
		w.object(s, path, indent, depth)
	case "array":
		items, _ := readSchema(string(s.Items))
		element := "$elem"
		if depth > 0 {
			element = fmt.Sprintf("$elem%d", depth)
		}
		w.out.WriteString("[\n" + indent + "#foreach(" + element + " in " + path + ")\n" + indent + "  ")
		w.value(items, element, indent+"  ", depth+1)
		w.out.WriteString("#if($foreach.hasNext),#end\n" + indent + "#end\n" + indent + "]")
	case "string":
		w.out.WriteString(`"` + path + `"`)
	default:
		w.out.WriteString(path)
	}
}

func (w *templateWriter) object(s schemaShape, path, indent string, depth int) {
	properties := json.NewDecoder(bytes.NewReader(s.Properties))
	if open, err := properties.Token(); err != nil || open != json.Delim('{') {
		w.out.WriteString("{ }")
		return
	}
	w.out.WriteString("{")
	for first := true; properties.More(); first = false {
		token, err := properties.Token()
		name, isText := token.(string)
		if err != nil || !isText {
			break
		}
		var property schemaShape
		if properties.Decode(&property) != nil {
			property = schemaShape{} // a property that is no schema: any value
		}
		if !first {
			w.out.WriteString(",")
		}
		quoted, _ := json.Marshal(name)
		w.out.WriteString("\n" + indent + "  " + string(quoted) + " : ")
		w.value(property, path+"."+name, indent+"  ", depth+1)
	}
	w.out.WriteString("\n" + indent + "}")
}
