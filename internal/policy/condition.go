package policy

import (
	"net/netip"
	"strings"
	"time"
)

// condition is one condition key under one operator, with the values that the policy names.
type condition struct {
	// key is in lower case.
	key string
	op  *operator
	// set is how the operator meets a key of several values.
	set quantifier
	// ifExists makes a missing key fulfil the condition.
	ifExists bool

	// One of these holds the values, as the operator's family has it.
	texts   []pattern
	arns    []arnPattern
	numbers []float64
	dates   []time.Time
	nets    []netip.Prefix
	flags   []bool
	bytes   []string
}

type quantifier int

const (
	single quantifier = iota
	anyValue
	allValues
)

// holds tells whether the condition is fulfilled. Several values of a policy are alternatives; an operator that negates wants
// none of them. A key that is missing fulfils what negates and nothing else (IAM user guide, "Condition operators").
func (c *condition) holds(context map[string][]string) bool {
	values := context[c.key]
	if c.op.family == nullFamily {
		return c.flags[0] == (len(values) == 0)
	}
	if len(values) == 0 {
		switch {
		case c.ifExists, c.set == allValues:
			return true
		case c.set == anyValue:
			return false
		}
		return c.op.negated
	}
	switch c.set {
	case anyValue:
		for _, v := range values {
			if c.fulfilled(v, context) != c.op.negated {
				return true
			}
		}
		return false
	case allValues:
		for _, v := range values {
			if c.fulfilled(v, context) == c.op.negated {
				return false
			}
		}
		return true
	}
	for _, v := range values {
		if c.fulfilled(v, context) {
			return !c.op.negated
		}
	}
	return c.op.negated
}

// fulfilled tells whether a value of the request meets one of the policy's, leaving negation aside. A value that is not of the
// operator's kind meets none.
func (c *condition) fulfilled(value string, context map[string][]string) bool {
	switch c.op.family {
	case textFamily:
		return matchesAny(c.texts, value, context)
	case arnFamily:
		a := splitARN(value)
		return matchesAnyARN(c.arns, &a, context)
	case numberFamily:
		n, ok := parseNumber(value)
		return ok && c.meetsNumber(n)
	case dateFamily:
		t, ok := parseDate(value)
		return ok && c.meetsDate(t)
	case addressFamily:
		ip, err := netip.ParseAddr(value)
		return err == nil && c.meetsAddress(ip.Unmap().WithZone(""))
	case flagFamily:
		flag, ok := parseFlag(value)
		for _, want := range c.flags {
			if ok && want == flag {
				return true
			}
		}
	case binaryFamily:
		for _, want := range c.bytes {
			if want == value {
				return true
			}
		}
	}
	return false
}

func (c *condition) meetsNumber(n float64) bool {
	for _, want := range c.numbers {
		order := 0
		if n < want {
			order = -1
		} else if n > want {
			order = 1
		}
		if c.op.ordered(order) {
			return true
		}
	}
	return false
}

func (c *condition) meetsDate(t time.Time) bool {
	for _, want := range c.dates {
		if c.op.ordered(t.Compare(want)) {
			return true
		}
	}
	return false
}

func (c *condition) meetsAddress(ip netip.Addr) bool {
	for _, net := range c.nets {
		if net.Contains(ip) {
			return true
		}
	}
	return false
}

// family is the kind of values that an operator compares.
type family int

const (
	textFamily family = iota
	arnFamily
	numberFamily
	dateFamily
	addressFamily
	flagFamily
	binaryFamily
	nullFamily
)

// operator is one condition operator without its prefix and suffix.
type operator struct {
	family family
	// negated turns the result around: …NotEquals and …NotLike.
	negated bool
	// wildcards and fold say how texts are compared.
	wildcards, fold bool
	// less, equal, greater are the orders that numbers and dates may stand in to a policy's value.
	less, equal, greater bool
}

func (o *operator) ordered(order int) bool {
	switch {
	case order < 0:
		return o.less
	case order > 0:
		return o.greater
	}
	return o.equal
}

// operators by their name in lower case: AWS does not look at the case of operators.
var operators = map[string]*operator{
	"stringequals":              {family: textFamily},
	"stringnotequals":           {family: textFamily, negated: true},
	"stringequalsignorecase":    {family: textFamily, fold: true},
	"stringnotequalsignorecase": {family: textFamily, fold: true, negated: true},
	"stringlike":                {family: textFamily, wildcards: true},
	"stringnotlike":             {family: textFamily, wildcards: true, negated: true},
	"arnequals":                 {family: arnFamily},
	"arnlike":                   {family: arnFamily},
	"arnnotequals":              {family: arnFamily, negated: true},
	"arnnotlike":                {family: arnFamily, negated: true},
	"numericequals":             {family: numberFamily, equal: true},
	"numericnotequals":          {family: numberFamily, equal: true, negated: true},
	"numericlessthan":           {family: numberFamily, less: true},
	"numericlessthanequals":     {family: numberFamily, less: true, equal: true},
	"numericgreaterthan":        {family: numberFamily, greater: true},
	"numericgreaterthanequals":  {family: numberFamily, greater: true, equal: true},
	"dateequals":                {family: dateFamily, equal: true},
	"datenotequals":             {family: dateFamily, equal: true, negated: true},
	"datelessthan":              {family: dateFamily, less: true},
	"datelessthanequals":        {family: dateFamily, less: true, equal: true},
	"dategreaterthan":           {family: dateFamily, greater: true},
	"dategreaterthanequals":     {family: dateFamily, greater: true, equal: true},
	"bool":                      {family: flagFamily},
	"binaryequals":              {family: binaryFamily},
	"ipaddress":                 {family: addressFamily},
	"notipaddress":              {family: addressFamily, negated: true},
	"null":                      {family: nullFamily},
}

// findOperator reads an operator's name with its prefix and suffix.
func findOperator(name string) (op *operator, set quantifier, ifExists, known bool) {
	name = strings.ToLower(name)
	if rest, has := strings.CutPrefix(name, "foranyvalue:"); has {
		name, set = rest, anyValue
	} else if rest, has := strings.CutPrefix(name, "forallvalues:"); has {
		name, set = rest, allValues
	}
	name, ifExists = strings.CutSuffix(name, "ifexists")
	op, known = operators[name]
	if known && op.family == nullFamily && (ifExists || set != single) {
		known = false
	}
	return op, set, ifExists, known
}
