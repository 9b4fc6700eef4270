package server

import (
	"context"
	"encoding/json"

	"github.com/poolgate/poolgate/internal/cognito"
	"github.com/poolgate/poolgate/internal/lambda"
)

// triggers lets pools call the functions of this server. Pools are made before functions, so that functions is set later, before any
// request comes.
type triggers struct{ functions *lambda.Service }

var _ cognito.Functions = (*triggers)(nil)

// poolPrincipal is who calls a trigger, as the function's resource policy knows it.
const poolPrincipal = "cognito-idp.amazonaws.com"

// Trigger implements cognito.Functions.
func (t *triggers) Trigger(ctx context.Context, function, poolARN string, event []byte) (answer []byte, failure string, failed bool, err error) {
	out, err := t.functions.Call(ctx, lambda.Invocation{Function: function, Principal: poolPrincipal, SourceARN: poolARN, Payload: event})
	if err != nil || !out.Failed {
		return out.Payload, "", false, err
	}
	var said struct {
		Message string `json:"errorMessage"`
	}
	_ = json.Unmarshal(out.Payload, &said) // a function that died in no known way said nothing
	return nil, said.Message, true, nil
}
