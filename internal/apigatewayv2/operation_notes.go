package apigatewayv2

import "github.com/poolgate/poolgate/internal/wire"

var _ wire.Annotated = (*Service)(nil)

// OperationNotes says which operations can have no meaning here, and what they do instead; the coverage page shows it.
func (*Service) OperationNotes() map[string]string {
	const (
		link  = "kept and shown; nothing goes through a VPC link here"
		rule  = "kept and shown; requests are not routed by rules"
		alien = "answers as AWS does for an HTTP API, which has none"
	)
	return map[string]string{
		"CreateVpcLink": link, "UpdateVpcLink": link,
		"CreateRoutingRule": rule, "PutRoutingRule": rule,
		"CreateModel": alien, "GetModel": alien, "GetModels": alien, "GetModelTemplate": alien, "UpdateModel": alien, "DeleteModel": alien,
		"CreateRouteResponse": alien, "GetRouteResponse": alien, "GetRouteResponses": alien, "UpdateRouteResponse": alien, "DeleteRouteResponse": alien,
		"CreateIntegrationResponse": alien, "GetIntegrationResponse": alien, "GetIntegrationResponses": alien,
		"UpdateIntegrationResponse": alien, "DeleteIntegrationResponse": alien,
		"CreateApi": "protocol HTTP; WEBSOCKET is refused by name",
	}
}
