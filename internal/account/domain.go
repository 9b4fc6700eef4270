package account

import (
	"context"
	"slices"
	"strconv"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	sdk "github.com/aws/aws-sdk-go-v2/service/apigatewayv2"
	"github.com/aws/aws-sdk-go-v2/service/apigatewayv2/types"
)

// Domain reads a custom domain name of API Gateway with all its mappings, of REST and HTTP APIs; it is nil when there is no such name in
// the region, and when it could not be read, which is a gap then.
func (r *Reader) Domain(ctx context.Context, host string) (*Domain, error) {
	host = strings.ToLower(strings.TrimSuffix(host, "."))
	if host == "" || strings.ContainsAny(host, "/?#:@ ") {
		return nil, nil
	}
	base := "/domainnames/" + host
	_, there, _, err := ask(ctx, r, r.gateway("GetDomainName", base), func(ctx context.Context) (*sdk.GetDomainNameOutput, error) {
		return r.v2.GetDomainName(ctx, &sdk.GetDomainNameInput{DomainName: &host})
	})
	if !there || err != nil {
		return nil, err
	}
	domain := &Domain{Name: host, Region: r.config.Region}
	mappings, err := paged(ctx, r, r.gateway("GetApiMappings", base+"/apimappings"), func(ctx context.Context, at *string) ([]types.ApiMapping, *string, error) {
		out, err := r.v2.GetApiMappings(ctx, &sdk.GetApiMappingsInput{DomainName: &host, MaxResults: aws.String(strconv.Itoa(pageSize)), NextToken: at})
		return items(out, err, func() ([]types.ApiMapping, *string) { return out.Items, out.NextToken })
	})
	for _, m := range mappings {
		basePath := aws.ToString(m.ApiMappingKey)
		if basePath == "(none)" { // what REST APIs call the mapping of the root
			basePath = ""
		}
		domain.Mappings = append(domain.Mappings, Mapping{BasePath: basePath, API: aws.ToString(m.ApiId), Stage: aws.ToString(m.Stage)})
	}
	slices.SortFunc(domain.Mappings, func(a, b Mapping) int { return strings.Compare(a.BasePath, b.BasePath) })
	return domain, err
}
