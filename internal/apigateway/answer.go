package apigateway

import "github.com/poolgate/poolgate/internal/wire"

// answer makes an operation's output of an entity. A test walks all pairs that are used.
func answer[Out, Entity any](entity Entity) *Out { return wire.Reshape[Out](entity) }
