package vtl

// node is a part of a template that renders to text.
type node interface {
	render(r *run) error
}

// textNode is text that renders as it stands.
type textNode string

// referenceNode renders a reference; source is what it looked like in the template.
type referenceNode struct {
	reference *reference
}

// setNode is #set($target = value).
type setNode struct {
	target *reference
	value  expression
}

// ifNode is #if with its #elseif branches; otherwise is the #else branch.
type ifNode struct {
	branches  []branch
	otherwise []node
}

type branch struct {
	condition expression
	body      []node
}

// foreachNode is #foreach($name in $list).
type foreachNode struct {
	name string
	list expression
	body []node
}

// macroNode is a call of a macro. The macro is named here and found when the template renders: it may call itself.
type macroNode struct {
	macro *macro
	args  []expression
}

// macro is #macro(name $parameter…).
type macro struct {
	parameters []string
	body       []node
}

// defineNode is #define($name): the name then stands for what the body renders to at the place where it is used.
type defineNode struct {
	name string
	body []node
}

// breakNode leaves the innermost #foreach, stopNode the whole template.
type (
	breakNode struct{}
	stopNode  struct{}
)
