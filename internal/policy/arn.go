package policy

import "strings"

// arnFields is how many fields an ARN has; the last may hold colons.
const arnFields = 6

// arnPattern is an ARN of a policy. A wildcard stands for characters within its field and for no colon of the first five, so
// that a path cannot pass for another API: arn:aws:execute-api:us-east-1:*:api/… is about any account and that API alone.
// An ARN with fewer fields is completed with stars (IAM user guide, "IAM JSON policy elements: Resource").
type arnPattern struct {
	fields [arnFields]pattern
	// whole is used instead of the fields for what does not begin as an ARN, such as a lone star.
	whole   pattern
	isWhole bool
}

func compileARN(text string, variables bool) (arnPattern, error) {
	o := compileOptions{wildcards: true, variables: variables}
	if !strings.HasPrefix(text, "arn:") {
		whole, err := compilePattern(text, o)
		return arnPattern{whole: whole, isWhole: true}, err
	}
	var p arnPattern
	fields := splitFields(text, variables)
	for i := range p.fields {
		field := "*"
		if i < len(fields) {
			field = fields[i]
		}
		var err error
		if p.fields[i], err = compilePattern(field, o); err != nil {
			return p, err
		}
	}
	return p, nil
}

// splitFields splits at colons that are not a variable's.
func splitFields(text string, variables bool) []string {
	var fields []string
	from := 0
	for i := 0; i < len(text) && len(fields) < arnFields-1; i++ {
		switch {
		case text[i] == ':':
			fields, from = append(fields, text[from:i]), i+1
		case variables && strings.HasPrefix(text[i:], "${"):
			if length := strings.IndexByte(text[i:], '}'); length > 0 {
				i += length
			}
		}
	}
	return append(fields, text[from:])
}

func (p *arnPattern) matches(arn string, context map[string][]string) bool {
	if p.isWhole {
		return p.whole.matches(arn, context)
	}
	for i := range p.fields {
		field := arn
		if i < arnFields-1 {
			var found bool
			if field, arn, found = strings.Cut(arn, ":"); !found {
				return false
			}
		}
		if !p.fields[i].matches(field, context) {
			return false
		}
	}
	return true
}

func matchesAnyARN(patterns []arnPattern, arn string, context map[string][]string) bool {
	for i := range patterns {
		if patterns[i].matches(arn, context) {
			return true
		}
	}
	return false
}
