package lambda

import (
	"net/http"
	"slices"
	"strconv"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
)

// allowedOrigin is what may be told of a request's origin; empty when it is not allowed, or none came.
func (c *urlCall) allowedOrigin() string {
	if c.served == nil || c.served.cors == nil {
		return ""
	}
	origin := c.r.Header.Get("Origin")
	if origin == "" {
		return ""
	}
	for _, allowed := range c.served.cors.AllowOrigins {
		switch {
		case allowed == "*" && aws.ToBool(c.served.cors.AllowCredentials):
			return origin
		case allowed == "*":
			return "*"
		case strings.EqualFold(allowed, origin):
			return origin
		}
	}
	return ""
}

// allowOrigin puts the URL's own settings in place of whatever the function said.
func (c *urlCall) allowOrigin() {
	if c.served == nil || c.served.cors == nil {
		return
	}
	header := c.w.Header()
	for name := range header {
		if strings.HasPrefix(name, "Access-Control-") {
			header.Del(name)
		}
	}
	header.Add("Vary", "Origin")
	origin := c.allowedOrigin()
	if origin == "" {
		return
	}
	header.Set("Access-Control-Allow-Origin", origin)
	if aws.ToBool(c.served.cors.AllowCredentials) {
		header.Set("Access-Control-Allow-Credentials", "true")
	}
	if exposed := c.served.cors.ExposeHeaders; len(exposed) > 0 {
		header.Set("Access-Control-Expose-Headers", strings.Join(exposed, ","))
	}
}

// preflight answers a browser that asks beforehand, without the function, where the URL has settings for that.
func (c *urlCall) preflight() bool {
	asked := c.r.Header.Get("Access-Control-Request-Method")
	if c.served.cors == nil || c.r.Method != http.MethodOptions || asked == "" {
		return false
	}
	header := c.w.Header()
	c.allowOrigin()
	cors := c.served.cors
	if c.allowedOrigin() != "" && (slices.Contains(cors.AllowMethods, "*") || slices.Contains(cors.AllowMethods, asked)) {
		header.Set("Access-Control-Allow-Methods", strings.Join(cors.AllowMethods, ","))
		if len(cors.AllowHeaders) > 0 {
			header.Set("Access-Control-Allow-Headers", strings.Join(cors.AllowHeaders, ","))
		}
		if cors.MaxAge != nil {
			header.Set("Access-Control-Max-Age", strconv.Itoa(int(*cors.MaxAge)))
		}
	}
	header.Set("Content-Length", "0")
	c.w.WriteHeader(http.StatusOK)
	return true
}
