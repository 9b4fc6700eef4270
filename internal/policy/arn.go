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

// arn is an ARN of a request, split once for all patterns.
type arn struct {
	text   string
	fields [arnFields]string
	// short tells that it has too few fields to be one.
	short bool
}

func splitARN(text string) (a arn) {
	a.text = text
	for i := range arnFields - 1 {
		var found bool
		if a.fields[i], text, found = strings.Cut(text, ":"); !found {
			a.short = true
			return a
		}
	}
	a.fields[arnFields-1] = text
	return a
}

// matches looks at the last field first: it is the one in which ARNs differ.
func (p *arnPattern) matches(a *arn, context map[string][]string) bool {
	if p.isWhole {
		return p.whole.matches(a.text, context)
	}
	if a.short {
		return false
	}
	for i := arnFields - 1; i >= 0; i-- {
		if !p.fields[i].matches(a.fields[i], context) {
			return false
		}
	}
	return true
}

func matchesAnyARN(patterns []arnPattern, a *arn, context map[string][]string) bool {
	for i := range patterns {
		if patterns[i].matches(a, context) {
			return true
		}
	}
	return false
}
