package server

import (
	"net/http"
	"net/http/httptest"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestARequestGoesToItsDoor(t *testing.T) {
	for name, row := range map[string]struct {
		url  string
		aws  bool
		want entry
	}{
		"an API by host":                          {"http://abc.execute-api.eu-west-1.localhost:4566/dev/pets?x=1", false, entry{door: doorGateway, api: "abc", region: "eu-west-1", rest: "/dev/pets"}},
		"an API by AWS's own host":                {"https://abc.execute-api.eu-west-1.amazonaws.com/dev", false, entry{door: doorGateway, api: "abc", region: "eu-west-1", rest: "/dev"}},
		"an API by the host that wrappers send":   {"http://abc.execute-api.localhost.localstack.cloud/dev", false, entry{door: doorGateway, api: "abc", rest: "/dev"}},
		"an API by a local host without region":   {"http://abc.execute-api.localhost:4566/dev", false, entry{door: doorGateway, api: "abc", rest: "/dev"}},
		"AWS's host without region is nobody's":   {"https://abc.execute-api.amazonaws.com/dev", false, entry{door: doorNone, rest: "/dev"}},
		"an API by host owns every path":          {"http://abc.execute-api.eu-west-1.localhost/_poolgate/health", false, entry{door: doorGateway, api: "abc", region: "eu-west-1", rest: "/_poolgate/health"}},
		"an API by path":                          {"http://localhost/_aws/execute-api/abc/dev/pets/a%2Fb", false, entry{door: doorGateway, api: "abc", stage: "dev", rest: "/pets/a%2Fb", pathStyle: true}},
		"an API by path, without a final slash":   {"http://localhost/_aws/execute-api/abc/dev", false, entry{door: doorGateway, api: "abc", stage: "dev", rest: "/", pathStyle: true}},
		"a login domain by host":                  {"http://shop.auth.eu-west-1.localhost/login", false, entry{door: doorLogin, domain: "shop", region: "eu-west-1", rest: "/login"}},
		"a login domain by AWS's host":            {"https://shop.auth.eu-west-1.amazoncognito.com/oauth2/token", false, entry{door: doorLogin, domain: "shop", region: "eu-west-1", rest: "/oauth2/token"}},
		"a custom login domain":                   {"https://login.example.com/login", false, entry{door: doorLogin, domain: "login.example.com", region: "eu-west-1", rest: "/login"}},
		"a custom login domain owns every path":   {"https://login.example.com/_poolgate/health", false, entry{door: doorLogin, domain: "login.example.com", region: "eu-west-1", rest: "/_poolgate/health"}},
		"a custom domain":                         {"https://API.example.com:4566/v1/pets", true, entry{door: doorDomain, custom: &domain{name: "api.example.com"}, rest: "/v1/pets"}},
		"a custom domain owns every path":         {"https://api.example.com/_poolgate/clock", true, entry{door: doorDomain, custom: &domain{name: "api.example.com"}, rest: "/_poolgate/clock"}},
		"the server's own name keeps its paths":   {"https://own.example.com/_poolgate/health", false, entry{door: doorPoolgate, rest: "/health"}},
		"the server's own name as a domain":       {"https://own.example.com/v1", false, entry{door: doorDomain, custom: &domain{name: "own.example.com"}, rest: "/v1"}},
		"an API by the path of other emulators":   {"http://localhost/restapis/abc/dev/_user_request_/pets/a%2Fb", true, entry{door: doorGateway, api: "abc", stage: "dev", rest: "/pets/a%2Fb", pathStyle: true}},
		"the same, without a path":                {"http://localhost/restapis/abc/dev/_user_request_", true, entry{door: doorGateway, api: "abc", stage: "dev", rest: "/", pathStyle: true}},
		"the control plane's paths of APIs":       {"http://localhost/restapis/abc/stages/dev", true, entry{door: doorAWS}},
		"a login page by path":                    {"http://localhost/_aws/cognito-idp/login?client_id=x", false, entry{door: doorLogin, rest: "/login", pathStyle: true}},
		"a pool's keys":                           {"http://localhost/eu-west-1_Abc123/.well-known/jwks.json", false, entry{door: doorKeys, pool: "eu-west-1_Abc123", document: "jwks.json"}},
		"a pool's discovery by AWS's host":        {"https://cognito-idp.eu-west-1.amazonaws.com/eu-west-1_Abc123/.well-known/openid-configuration", false, entry{door: doorKeys, pool: "eu-west-1_Abc123", document: "openid-configuration", region: "eu-west-1"}},
		"another well-known document is nobody's": {"http://localhost/eu-west-1_Abc123/.well-known/other", false, entry{door: doorNone, rest: "/eu-west-1_Abc123/.well-known/other"}},
		"this server's own":                       {"http://localhost/_poolgate/health", false, entry{door: doorPoolgate, rest: "/health"}},
		"an AWS API":                              {"http://localhost/", true, entry{door: doorAWS}},
		"an AWS API by AWS's host":                {"https://cognito-idp.eu-west-1.amazonaws.com/", true, entry{door: doorAWS}},
		"a function's URL":                        {"http://abc.lambda-url.eu-west-1.localhost:4566/a?x=1", false, entry{door: doorFunction, function: "abc", region: "eu-west-1", rest: "/a"}},
		"a function's URL by AWS's host":          {"https://abc.lambda-url.eu-west-1.on.aws/", false, entry{door: doorFunction, function: "abc", region: "eu-west-1", rest: "/"}},
		"a function's code":                       {"http://localhost/_aws/lambda-code/ab12?Expires=1", false, entry{door: doorCode, rest: "ab12"}},
		"a function's URL by path":                {"http://localhost/_aws/lambda-url/abc/a", false, entry{door: doorFunction, function: "abc", rest: "/a", pathStyle: true}},
		"S3 by AWS's host":                        {"https://s3.amazonaws.com/b/k", false, entry{door: doorS3, rest: "/b/k"}},
		"S3 by AWS's host in a region":            {"https://s3.eu-west-1.amazonaws.com/b/k", false, entry{door: doorS3, rest: "/b/k"}},
		"a bucket by AWS's host":                  {"https://my.bucket.s3.eu-west-1.amazonaws.com/k", false, entry{door: doorS3, bucket: "my.bucket", rest: "/k"}},
		"a bucket by AWS's host without region":   {"https://b-1.s3.amazonaws.com/k", false, entry{door: doorS3, bucket: "b-1", rest: "/k"}},
		"a bucket by AWS's older host":            {"https://b-1.s3-eu-west-1.amazonaws.com/k", false, entry{door: doorS3, bucket: "b-1", rest: "/k"}},
		"a bucket by AWS's dual-stack host":       {"https://b-1.s3.dualstack.eu-west-1.amazonaws.com/k", false, entry{door: doorS3, bucket: "b-1", rest: "/k"}},
		"a bucket by the host that wrappers send": {"http://b-1.s3.localhost.localstack.cloud:4566/k", false, entry{door: doorS3, bucket: "b-1", rest: "/k"}},
		"a bucket before this server's own name":  {"http://b-1.localhost:4566/k?X-Amz-Credential=1/20260101/eu-west-1/s3/aws4_request", true, entry{door: doorS3, bucket: "b-1", rest: "/k"}},
		"a bucket in the path":                    {"http://127.0.0.1:4566/b-1/k?X-Amz-Credential=1/20260101/eu-west-1/s3/aws4_request", true, entry{door: doorS3, rest: "/b-1/k"}},
		"a bucket in the path, presigned of old":  {"http://127.0.0.1:4566/b-1/k?AWSAccessKeyId=1&Signature=2&Expires=3", false, entry{door: doorS3, rest: "/b-1/k"}},
		"nobody's":                                {"http://localhost/favicon.ico", false, entry{door: doorNone, rest: "/favicon.ico"}},
	} {
		t.Run(name, func(t *testing.T) {
			r := httptest.NewRequest(http.MethodGet, row.url, nil)
			got := enter(r, func(*http.Request) bool { return row.aws }, taught{})
			if diff := cmp.Diff(row.want, got, cmp.AllowUnexported(entry{}, domain{})); diff != "" {
				t.Error(diff)
			}
		})
	}
}

// taught knows three names.
type taught struct{}

func (taught) enterCustom(host, path string) (entry, bool) {
	switch host {
	case "login.example.com":
		return entry{door: doorLogin, region: "eu-west-1", domain: host, rest: path}, true
	case "api.example.com", "own.example.com":
		return entry{door: doorDomain, custom: &domain{name: host}, rest: path}, true
	}
	return entry{}, false
}

func (taught) isOwn(host string) bool { return host == "own.example.com" }
