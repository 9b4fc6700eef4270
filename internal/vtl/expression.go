package vtl

// expression is a part of a template that has a value.
type expression interface {
	eval(r *run) (any, error)
}

// literal is a value written in the template.
type literal struct{ value any }

// interpolated is a "…" string with references inside.
type interpolated struct{ template []node }

// listLiteral is [a, b]; rangeLiteral is [a..b]; mapLiteral is {k: v}.
type (
	listLiteral  struct{ items []expression }
	rangeLiteral struct{ from, to expression }
	mapLiteral   struct{ keys, values []expression }
)

// unary is !x or -x; binary is x op y.
type (
	unary struct {
		operator string
		operand  expression
	}
	binary struct {
		operator    string
		left, right expression
	}
)

// reference is $name followed by steps: properties, indexes and method calls.
type reference struct {
	name  string
	steps []step
	// quiet is the form $!name. Both forms render nothing when there is no value, as on AWS.
	quiet bool
}

// step goes from a value to one inside it. Exactly one of property, index and method is set.
type step struct {
	property string
	index    expression
	method   string
	args     []expression
}
