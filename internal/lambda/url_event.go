package lambda

import (
	"encoding/base64"
	"fmt"
	"mime"
	"net"
	"net/http"
	"net/url"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/google/uuid"
)

// urlEvent is the event of a function's URL: API Gateway's payload format 2.0. Members that a request does not have are left
// out, as on AWS.
type urlEvent struct {
	Version         string            `json:"version"`
	RouteKey        string            `json:"routeKey"`
	RawPath         string            `json:"rawPath"`
	RawQueryString  string            `json:"rawQueryString"`
	Cookies         []string          `json:"cookies,omitempty"`
	Headers         map[string]string `json:"headers"`
	Query           map[string]string `json:"queryStringParameters,omitempty"`
	RequestContext  urlContext        `json:"requestContext"`
	Body            string            `json:"body,omitempty"`
	IsBase64Encoded bool              `json:"isBase64Encoded"`
}

type urlContext struct {
	AccountID    string         `json:"accountId"`
	APIID        string         `json:"apiId"`
	Authorizer   *urlAuthorizer `json:"authorizer,omitempty"`
	DomainName   string         `json:"domainName"`
	DomainPrefix string         `json:"domainPrefix"`
	HTTP         urlHTTP        `json:"http"`
	RequestID    string         `json:"requestId"`
	RouteKey     string         `json:"routeKey"`
	Stage        string         `json:"stage"`
	Time         string         `json:"time"`
	TimeEpoch    int64          `json:"timeEpoch"`
}

type urlHTTP struct {
	Method    string `json:"method"`
	Path      string `json:"path"`
	Protocol  string `json:"protocol"`
	SourceIP  string `json:"sourceIp"`
	UserAgent string `json:"userAgent"`
}

type urlAuthorizer struct {
	IAM struct {
		AccessKey       string  `json:"accessKey"`
		AccountID       string  `json:"accountId"`
		CallerID        string  `json:"callerId"`
		CognitoIdentity *string `json:"cognitoIdentity"`
		PrincipalOrgID  *string `json:"principalOrgId"`
		UserARN         string  `json:"userArn"`
		UserID          string  `json:"userId"`
	} `json:"iam"`
}

const defaultRoute = "$default"

// event tells the function of a request.
func (c *urlCall) event(now time.Time) *urlEvent {
	path := c.target.Path
	domain := c.target.ID + ".lambda-url." + c.served.reference.region + ".on.aws"
	if host, _, found := strings.Cut(c.r.Host, ":"); found && strings.Contains(host, ".lambda-url.") {
		domain = host
	}
	e := &urlEvent{
		Version: "2.0", RouteKey: defaultRoute, RawPath: path, RawQueryString: c.r.URL.RawQuery, Headers: c.headers(domain, now), Query: joinedQuery(c.r.URL.RawQuery),
		RequestContext: urlContext{
			AccountID: "anonymous", APIID: c.target.ID, DomainName: domain, DomainPrefix: c.target.ID, RequestID: c.id,
			RouteKey: defaultRoute, Stage: defaultRoute, Time: now.UTC().Format("02/Jan/2006:15:04:05 -0700"), TimeEpoch: now.UnixMilli(),
			HTTP: urlHTTP{Method: c.r.Method, Path: path, Protocol: c.r.Proto, SourceIP: sourceIP(c.r), UserAgent: c.r.UserAgent()},
		},
	}
	for _, line := range c.r.Header["Cookie"] {
		for cookie := range strings.SplitSeq(line, ";") {
			if cookie = strings.TrimSpace(cookie); cookie != "" {
				e.Cookies = append(e.Cookies, cookie)
			}
		}
	}
	if c.caller != nil {
		e.RequestContext.AccountID, e.RequestContext.Authorizer = c.caller.account, c.caller.authorizer()
	}
	if len(c.body) > 0 {
		if e.IsBase64Encoded = !isText(c.r.Header) || !utf8.Valid(c.body); e.IsBase64Encoded {
			e.Body = base64.StdEncoding.EncodeToString(c.body)
		} else {
			e.Body = string(c.body)
		}
	}
	return e
}

func (c *urlCaller) authorizer() *urlAuthorizer {
	a := &urlAuthorizer{}
	a.IAM.AccessKey, a.IAM.AccountID, a.IAM.CallerID, a.IAM.UserID = c.accessKey, c.account, c.account, c.account
	if a.IAM.UserARN = c.principal; a.IAM.UserARN == "" {
		a.IAM.UserARN = "arn:aws:iam::" + c.account + ":root"
	}
	return a
}

// headers are in lower case, several values joined, without cookies, and with what AWS's front adds. What a client says of
// the way that it came is not believed.
func (c *urlCall) headers(domain string, now time.Time) map[string]string {
	headers := map[string]string{}
	for name, values := range c.r.Header {
		headers[strings.ToLower(name)] = strings.Join(values, ",")
	}
	delete(headers, "cookie")
	headers["host"] = domain
	proto, port := "http", "80"
	if c.r.TLS != nil {
		proto, port = "https", "443"
	}
	if _, given, err := net.SplitHostPort(c.r.Host); err == nil {
		port = given
	}
	headers["x-forwarded-proto"], headers["x-forwarded-port"], headers["x-forwarded-for"] = proto, port, sourceIP(c.r)
	if headers["x-amzn-trace-id"] == "" {
		id := uuid.New()
		headers["x-amzn-trace-id"] = fmt.Sprintf("Root=1-%08x-%x", now.Unix(), id[:12])
	}
	return headers
}

func sourceIP(r *http.Request) string {
	host, _, err := net.SplitHostPort(r.RemoteAddr)
	if err != nil {
		return r.RemoteAddr
	}
	return host
}

// joinedQuery joins the values of a parameter that comes more than once.
func joinedQuery(raw string) map[string]string {
	if raw == "" {
		return nil
	}
	joined := map[string]string{}
	for pair := range strings.SplitSeq(raw, "&") {
		if pair == "" {
			continue
		}
		name, value, _ := strings.Cut(pair, "=")
		name, value = unescaped(name), unescaped(value)
		if before, again := joined[name]; again {
			value = before + "," + value
		}
		joined[name] = value
	}
	return joined
}

func unescaped(text string) string {
	if plain, err := url.QueryUnescape(text); err == nil {
		return plain
	}
	return text
}

// isText tells whether a body of that type is handed on as it is. All else comes in base64.
func isText(header http.Header) bool {
	if header.Get("Content-Encoding") != "" {
		return false
	}
	kind, _, err := mime.ParseMediaType(header.Get("Content-Type"))
	if err != nil {
		return false
	}
	switch kind {
	case "application/json", "application/javascript", "application/xml":
		return true
	}
	return strings.HasPrefix(kind, "text/") || strings.HasSuffix(kind, "+json") || strings.HasSuffix(kind, "+xml")
}
