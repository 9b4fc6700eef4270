package wire

import (
	"reflect"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/poolgate/poolgate/internal/fault"
	"github.com/poolgate/poolgate/internal/wire/model"
)

// maxViolations bounds how many violations one answer tells.
const maxViolations = 100

// validator checks an input against the constraints of its model and collects what AWS says about each violation.
type validator struct {
	violations []string
	count      int
}

// validate checks a decoded input. The error is the service's own code with AWS's text.
func validate(o *operation, in reflect.Value) error {
	v := &validator{}
	prefix := ""
	// API Gateway names members of the body after the operation and all others bare, as it was recorded.
	if o.binding.service.Protocol == model.RESTJSON {
		prefix = lowerFirst(o.model.Name) + "Input."
	}
	v.structure(o.inPlan, in, prefix, prefix != "")
	if v.count == 0 {
		return nil
	}
	noun := " validation errors detected: "
	if v.count == 1 {
		noun = " validation error detected: "
	}
	return fault.Invalid(o.binding.service.ValidationCode, "%s", strconv.Itoa(v.count)+noun+strings.Join(v.violations, "; "))
}

func (v *validator) structure(p *plan, value reflect.Value, path string, top bool) {
	for _, i := range p.order {
		f := &p.fields[i]
		at := path + f.path
		if top && f.member.At != model.Body && f.member.At != model.Payload {
			at = f.path
		}
		member := value.Field(f.index)
		if absent(member) {
			if f.member.Flags.Has(model.Required) {
				v.missing(f.plan, at)
			}
			continue
		}
		v.value(f.plan, member, at)
	}
}

func (v *validator) missing(p *plan, path string) {
	if p.shape.Flags.Has(model.Sensitive) {
		v.add("Value at '" + path + "' failed to satisfy constraint: Member must not be null")
		return
	}
	v.add("Value null at '" + path + "' failed to satisfy constraint: Member must not be null")
}

func (v *validator) add(text string) {
	if v.count++; v.count <= maxViolations {
		v.violations = append(v.violations, text)
	}
}

// value checks one value that is there, and what is in it.
func (v *validator) value(p *plan, value reflect.Value, path string) {
	if p.pointer {
		value = value.Elem()
	}
	for _, violated := range violations(p.shape, value) {
		v.violation(p, value, path, violated)
	}
	switch p.shape.Kind {
	case model.Structure:
		v.structure(p, value, path+".", false)
	case model.List:
		v.list(p, value, path)
	case model.Map:
		v.mapping(p, value, path)
	}
}

// violation adds one violated constraint. The value of a sensitive member is not shown.
func (v *validator) violation(p *plan, value reflect.Value, path, constraint string) {
	shown := "Value '" + display(p, value) + "' at '"
	if hidden(p) {
		shown = "Value at '"
	}
	v.add(shown + path + "' failed to satisfy constraint: " + constraint)
}

// hidden tells whether a value, or a member of it, is sensitive.
func hidden(p *plan) bool {
	return p != nil && (p.shape.Flags.Has(model.Sensitive) || p.shape.Kind != model.Structure && (hidden(p.elem) || hidden(p.key)))
}

// list checks members: structures each on its own, scalars for the list as a whole, as AWS does.
func (v *validator) list(p *plan, value reflect.Value, path string) {
	if p.elem.nested() {
		for i := range value.Len() {
			v.value(p.elem, value.Index(i), path+"."+strconv.Itoa(i+1)+".member")
		}
		return
	}
	for i := range value.Len() {
		if member := reflect.Indirect(value.Index(i)); member.IsValid() && len(violations(p.elem.shape, member)) > 0 {
			v.violation(p, value, path, "Member must satisfy constraint: ["+strings.Join(constraints(p.elem.shape), ", ")+"]")
			return
		}
	}
}

func (v *validator) mapping(p *plan, value reflect.Value, path string) {
	keys := sortedMapKeys(value)
	for _, key := range keys {
		if len(violations(p.key.shape, key)) > 0 {
			v.violation(p, value, path, "Map keys must satisfy constraint: ["+strings.Join(constraints(p.key.shape), ", ")+"]")
			break
		}
	}
	for _, key := range keys {
		entry := value.MapIndex(key)
		if p.elem.nested() {
			v.value(p.elem, entry, path+"."+key.String()+".member")
			continue
		}
		if len(violations(p.elem.shape, reflect.Indirect(entry))) > 0 {
			v.violation(p, value, path, "Map value must satisfy constraint: ["+strings.Join(constraints(p.elem.shape), ", ")+"]")
			return
		}
	}
}

// nested tells whether members of a collection are checked one by one.
func (p *plan) nested() bool {
	return p.shape.Kind == model.Structure || p.shape.Kind == model.List || p.shape.Kind == model.Map
}

// violations lists the constraints of its shape that a value breaks.
func violations(shape *model.Shape, value reflect.Value) []string {
	rule := shape.Rule
	if rule == nil {
		return nil
	}
	var broken []string
	size, bounded := sizeOf(shape.Kind, value)
	if bounded && rule.HasMin && size < rule.Min {
		broken = append(broken, minText(shape.Kind, rule.Min))
	}
	if bounded && rule.HasMax && size > rule.Max {
		broken = append(broken, maxText(shape.Kind, rule.Max))
	}
	if shape.Kind != model.String {
		return broken
	}
	text := value.String()
	if rule.Pattern != "" && !matchesPattern(rule.Pattern, text) {
		broken = append(broken, "Member must satisfy regular expression pattern: "+rule.Pattern)
	}
	// An empty enum is as if it were not there: the SDK's types cannot tell the two apart, and API Gateway does not either.
	if rule.Enum != nil && text != "" && !contains(rule.Enum, text) {
		broken = append(broken, enumText(rule.Enum))
	}
	return broken
}

// constraints lists all constraints of a shape, for the texts about collections.
func constraints(shape *model.Shape) []string {
	rule, all := shape.Rule, []string{}
	if rule.HasMax {
		all = append(all, maxText(shape.Kind, rule.Max))
	}
	if rule.HasMin {
		all = append(all, minText(shape.Kind, rule.Min))
	}
	if rule.Pattern != "" {
		all = append(all, "Member must satisfy regular expression pattern: "+rule.Pattern)
	}
	if rule.Enum != nil {
		all = append(all, enumText(rule.Enum))
	}
	return all
}

// sizeOf is what min and max bound: a number's value, the length of all else.
func sizeOf(kind model.Kind, value reflect.Value) (int64, bool) {
	switch kind {
	case model.String:
		return int64(utf8.RuneCountInString(value.String())), true
	case model.Integer, model.Long:
		return value.Int(), true
	case model.Float, model.Double:
		return int64(value.Float()), true
	case model.List, model.Map:
		return int64(value.Len()), true
	case model.Blob:
		if value.Kind() == reflect.Slice {
			return int64(value.Len()), true
		}
	}
	return 0, false
}

func minText(kind model.Kind, bound int64) string {
	return "Member must have " + measure(kind) + " greater than or equal to " + strconv.FormatInt(bound, 10)
}

func maxText(kind model.Kind, bound int64) string {
	return "Member must have " + measure(kind) + " less than or equal to " + strconv.FormatInt(bound, 10)
}

func measure(kind model.Kind) string {
	switch kind {
	case model.Integer, model.Long, model.Float, model.Double:
		return "value"
	}
	return "length"
}

func contains(list []string, text string) bool {
	for _, have := range list {
		if have == text {
			return true
		}
	}
	return false
}

// display shows a value as Java does: text bare, lists in brackets, maps in braces.
func display(p *plan, value reflect.Value) string {
	if value.Kind() == reflect.Pointer {
		if value.IsNil() {
			return "null"
		}
		value = value.Elem()
	}
	switch p.shape.Kind {
	case model.List:
		texts := make([]string, 0, min(value.Len(), maxViolations))
		for i := range min(value.Len(), maxViolations) {
			texts = append(texts, display(p.elem, value.Index(i)))
		}
		return "[" + strings.Join(texts, ", ") + "]"
	case model.Map:
		var texts []string
		for _, key := range sortedMapKeys(value) {
			texts = append(texts, key.String()+"="+display(p.elem, value.MapIndex(key)))
		}
		return "{" + strings.Join(texts, ", ") + "}"
	case model.Blob:
		return "java.nio.HeapByteBuffer[pos=0 lim=" + strconv.Itoa(value.Len()) + " cap=" + strconv.Itoa(value.Len()) + "]"
	case model.Structure, model.Document:
		return p.shape.Name
	}
	return scalarText(p, value, model.UnixTime)
}
