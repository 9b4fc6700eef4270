package httpapi

import (
	"net/http"
	"slices"
	"strconv"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/apigatewayv2/types"
)

// corsPlan is an API's CORS configuration (guide: "Configure CORS for HTTP APIs"). Where there is one, the gateway speaks for the API
// and what an integration says of CORS is dropped.
type corsPlan struct {
	everyOrigin bool
	origins     map[string]bool
	// schemes are those of which every origin is let in, written "https://*".
	schemes     []string
	credentials bool
	// methods, headers, exposed and maxAge are the values of the headers; empty means that the header is not sent.
	methods, headers, exposed, maxAge []string
}

func compileCORS(doc *types.Cors) *corsPlan {
	if doc == nil {
		return nil
	}
	c := &corsPlan{
		origins: make(map[string]bool, len(doc.AllowOrigins)), credentials: aws.ToBool(doc.AllowCredentials),
		methods: joined(doc.AllowMethods), headers: joined(doc.AllowHeaders), exposed: joined(doc.ExposeHeaders),
	}
	if doc.MaxAge != nil {
		c.maxAge = []string{strconv.Itoa(int(*doc.MaxAge))}
	}
	for _, origin := range doc.AllowOrigins {
		switch {
		case origin == "*":
			c.everyOrigin = true
		case strings.HasSuffix(origin, "://*"):
			c.schemes = append(c.schemes, strings.ToLower(strings.TrimSuffix(origin, "*")))
		default:
			c.origins[strings.ToLower(origin)] = true
		}
	}
	return c
}

func joined(list []string) []string {
	if len(list) == 0 {
		return nil
	}
	return []string{strings.Join(list, ",")}
}

// allows is the value of access-control-allow-origin for an origin; empty when it is not let in. Browsers send origins in lower case.
func (c *corsPlan) allows(origin string) string {
	if origin == "" {
		return ""
	}
	if c.everyOrigin && !c.credentials {
		return "*"
	}
	lower := strings.ToLower(origin)
	if c.everyOrigin || c.origins[lower] || slices.ContainsFunc(c.schemes, func(s string) bool { return strings.HasPrefix(lower, s) }) {
		return origin
	}
	return ""
}

// preflight answers a browser's question in the name of the API, whether there is a route for OPTIONS or not. Only where a route that
// takes OPTIONS itself (OPTIONS, ANY or $default) asks for authorization does the question go to that route: the guide says so of
// $default, users report it of ANY. It is also the place where a request that no route takes ends.
func (g *Gateway) preflight(x *exchange) (*answer, *refusal) {
	isQuestion := x.stage.cors != nil && x.request.Method == http.MethodOptions &&
		x.request.Header.Get("Origin") != "" && x.request.Header.Get("Access-Control-Request-Method") != ""
	switch {
	case isQuestion && (x.route == nil || x.route.guard == nil):
		x.isPreflight = true
		return &answer{status: http.StatusNoContent}, nil
	case x.route == nil:
		return nil, x.noRoute()
	}
	return nil, nil
}

// withCORS replaces what an answer says of CORS by what the API's configuration says.
func (x *exchange) withCORS(a *answer) *answer {
	if x.stage == nil || x.stage.cors == nil {
		return a
	}
	c, kept := x.stage.cors, a.headers[:0]
	for _, f := range a.headers {
		if !isCORSHeader(f.name) {
			kept = append(kept, f)
		}
	}
	a.headers = kept
	if !c.everyOrigin || c.credentials {
		a.vary("Origin")
	}
	allowed := c.allows(x.request.Header.Get("Origin"))
	if allowed == "" {
		return a
	}
	add := func(name string, values []string) {
		if len(values) > 0 {
			a.headers = append(a.headers, headerField{"Access-Control-" + name, values})
		}
	}
	add("Allow-Origin", []string{allowed})
	if c.credentials {
		add("Allow-Credentials", []string{"true"})
	}
	if x.isPreflight {
		add("Allow-Methods", c.methods)
		add("Allow-Headers", c.headers)
		add("Max-Age", c.maxAge)
	} else {
		add("Expose-Headers", c.exposed)
	}
	return a
}

// vary says that the answer depends on a request's header, beside what it says already.
func (a *answer) vary(name string) {
	for i, f := range a.headers {
		if !strings.EqualFold(f.name, "Vary") {
			continue
		}
		for _, value := range f.values {
			if strings.Contains(strings.ToLower(value), strings.ToLower(name)) || value == "*" {
				return
			}
		}
		a.headers[i].values = append(slices.Clone(f.values), name)
		return
	}
	a.headers = append(a.headers, headerField{"Vary", []string{name}})
}

func isCORSHeader(name string) bool {
	const prefix = "access-control-"
	return len(name) > len(prefix) && strings.EqualFold(name[:len(prefix)], prefix)
}
