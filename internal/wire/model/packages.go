package model

import "strings"

// all lists the tables that are linked in.
var all = [...]*Service{&APIGateway, &APIGatewayV2, &CognitoIDP, &Lambda, &Logs, &STS}

// Services returns every table.
func Services() []*Service { return append([]*Service(nil), all[:]...) }

// ForPackage finds the service whose Go types are in an SDK package, given that package's import path: the service's own
// (…/service/apigateway) or its types (…/service/apigateway/types). It is nil for any other package. Finding the table by
// path keeps the codec from importing the SDK.
func ForPackage(path string) *Service {
	_, name, found := strings.Cut(path, "/aws-sdk-go-v2/service/")
	if !found {
		return nil
	}
	name = strings.TrimSuffix(name, "/types")
	for _, service := range all {
		if service.Package == name {
			return service
		}
	}
	return nil
}
