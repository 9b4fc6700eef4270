package apigateway

import "github.com/poolgate/poolgate/internal/wire"

var _ wire.Annotated = (*Service)(nil)

// OperationNotes says which operations can have no meaning here, and what they do instead; the coverage page shows it.
func (*Service) OperationNotes() map[string]string {
	const link = "kept and shown; nothing goes through a VPC link here"
	return map[string]string{
		"CreateVpcLink":             link,
		"UpdateVpcLink":             link,
		"GenerateClientCertificate": "made, kept and shown; backends are not shown it",
		"GetSdk":                    "refused with BadRequestException: no client code is generated",
	}
}
