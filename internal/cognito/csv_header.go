package cognito

import (
	"context"

	cip "github.com/aws/aws-sdk-go-v2/service/cognitoidentityprovider"

	"github.com/poolgate/poolgate/internal/store"
)

// GetCSVHeader returns the columns of a file of users to import: every attribute but sub in the schema's order, then the two
// that are no attributes (API reference, GetCSVHeader).
func (s *Service) GetCSVHeader(ctx context.Context, in *cip.GetCSVHeaderInput) (*cip.GetCSVHeaderOutput, error) {
	out := &cip.GetCSVHeaderOutput{UserPoolId: in.UserPoolId}
	err := s.viewPool(ctx, in.UserPoolId, func(_ *store.Tx, p *pool) error {
		out.CSVHeader = csvHeader(p)
		return nil
	})
	return out, err
}

func csvHeader(p *pool) []string {
	var columns []string
	for _, a := range p.Detail.Value.SchemaAttributes {
		if name := value(a.Name); name != "sub" {
			columns = append(columns, name)
		}
	}
	return append(columns, "cognito:mfa_enabled", "cognito:username")
}
