package apigatewayv2

import (
	"regexp"
	"slices"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/apigatewayv2/types"
)

var (
	// corsOrigin is everybody, or a scheme with a host; the host may be a wildcard, as in https://*.
	corsOrigin = regexp.MustCompile(`^(?:\*|[a-zA-Z][a-zA-Z0-9+.-]*://[^\s/?#]+)$`)
	// headerName is a token of RFC 9110 section 5.6.2, of which * is one.
	headerName  = regexp.MustCompile("^[!#$%&'*+.^_`|~0-9A-Za-z-]+$")
	corsMethods = []string{"*", "GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"}
)

// checkCORS holds a CORS configuration against AWS's rules (the guide's page on CORS of HTTP APIs; the text about
// credentials was seen). What could not be a header's value is refused: it would be sent as one.
func checkCORS(c *types.Cors) error {
	if c == nil {
		return nil
	}
	for _, origin := range c.AllowOrigins {
		if !corsOrigin.MatchString(origin) {
			return badRequest("Invalid format for origin %s: an origin is *, or begins with http:// or https:// and has no path", origin)
		}
	}
	if aws.ToBool(c.AllowCredentials) && slices.Contains(c.AllowOrigins, "*") {
		return badRequest("allow-credentials is not supported if 'allow-origin' is *")
	}
	for _, method := range c.AllowMethods {
		if !slices.Contains(corsMethods, method) {
			return badRequest("Invalid method %s specified in allowMethods", method)
		}
	}
	for _, name := range slices.Concat(c.AllowHeaders, c.ExposeHeaders) {
		if !headerName.MatchString(name) {
			return badRequest("Invalid header name specified: %s", name)
		}
	}
	return nil
}
