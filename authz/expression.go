package authz

// Expression is the identityValidationExpression of an authorizer that is a function: what a token must look like before the
// function is asked. It is safe for concurrent use.
type Expression struct{ whole *audience }

// CompileExpression compiles an identityValidationExpression; nil when it is empty, which every token matches. The language is that of
// [Settings.AudienceExpression].
func CompileExpression(expression string) (*Expression, error) {
	whole, err := compileAudience(expression)
	if whole == nil {
		return nil, err
	}
	return &Expression{whole}, nil
}

// Matches tells whether the whole token is what the expression asks for.
func (e *Expression) Matches(token string) bool {
	return e == nil || e.whole.matches([]string{token})
}
