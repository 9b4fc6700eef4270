package explain_test

import (
	"errors"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/poolgate/poolgate/internal/explain"
)

func TestLocate(t *testing.T) {
	for _, test := range []struct {
		name, url, host string
		want            explain.Located
	}{
		{"an API on AWS", "https://a1b2c3d4e5.execute-api.eu-west-1.amazonaws.com/dev/x%2Fy?q=1", "",
			explain.Located{Kind: explain.ExecuteAPI, Host: "a1b2c3d4e5.execute-api.eu-west-1.amazonaws.com", Region: "eu-west-1", API: "a1b2c3d4e5", Path: "/dev/x%2Fy"}},
		{"without a path, in capitals", "https://A1b2c3d4e5.Execute-API.eu-west-1.amazonaws.com", "",
			explain.Located{Kind: explain.ExecuteAPI, Host: "a1b2c3d4e5.execute-api.eu-west-1.amazonaws.com", Region: "eu-west-1", API: "a1b2c3d4e5", Path: "/"}},
		{"in China", "https://abc.execute-api.cn-north-1.amazonaws.com.cn/dev", "",
			explain.Located{Kind: explain.ExecuteAPI, Host: "abc.execute-api.cn-north-1.amazonaws.com.cn", Region: "cn-north-1", API: "abc", Path: "/dev"}},
		{"a private API through its VPC endpoint", "https://abc-vpce-0123456789abcdef0.execute-api.eu-west-1.amazonaws.com/dev", "",
			explain.Located{Kind: explain.ExecuteAPI, Host: "abc-vpce-0123456789abcdef0.execute-api.eu-west-1.amazonaws.com", Region: "eu-west-1", API: "abc", Path: "/dev"}},
		{"an API here", "http://abc.execute-api.eu-west-1.localhost:4566/dev/x", "",
			explain.Located{Kind: explain.ExecuteAPI, Host: "abc.execute-api.eu-west-1.localhost", Region: "eu-west-1", API: "abc", Path: "/dev/x", Local: true, Endpoint: "http://127.0.0.1:4566"}},
		{"an API here without a region", "https://abc.execute-api.localhost.localstack.cloud:4566/dev", "",
			explain.Located{Kind: explain.ExecuteAPI, Host: "abc.execute-api.localhost.localstack.cloud", API: "abc", Path: "/dev", Local: true, Endpoint: "http://127.0.0.1:4566"}},
		{"by its path", "http://127.0.0.1:4566/_aws/execute-api/abc/dev//x", "",
			explain.Located{Kind: explain.PathStyle, Host: "127.0.0.1", API: "abc", Path: "/dev//x", Local: true, Endpoint: "http://127.0.0.1:4566"}},
		{"by its path, IPv6", "http://[::1]/_aws/execute-api/abc", "",
			explain.Located{Kind: explain.PathStyle, Host: "::1", API: "abc", Path: "/", Local: true, Endpoint: "http://[::1]:80"}},
		{"by its Host header", "http://localhost:4566/dev", "abc.execute-api.eu-west-1.amazonaws.com",
			explain.Located{Kind: explain.ExecuteAPI, Host: "abc.execute-api.eu-west-1.amazonaws.com", Region: "eu-west-1", API: "abc", Path: "/dev", Local: true, Endpoint: "http://127.0.0.1:4566"}},
		{"a custom domain", "https://api.example.test/v1/x", "", explain.Located{Kind: explain.CustomDomain, Host: "api.example.test", Path: "/v1/x"}},
		{"a custom domain here", "http://127.0.0.1:4566/v1/x", "api.example.test:4566",
			explain.Located{Kind: explain.CustomDomain, Host: "api.example.test", Path: "/v1/x", Local: true, Endpoint: "http://127.0.0.1:4566"}},
	} {
		t.Run(test.name, func(t *testing.T) {
			got, err := explain.Locate(test.url, test.host)
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(test.want, got); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestAddressesThatAreNotAPIGateways(t *testing.T) {
	for _, test := range []struct{ name, url, want string }{
		{"a function's URL", "https://abcdef.lambda-url.eu-west-1.on.aws/", "function's URL"},
		{"CloudFront", "https://d111111abcdef8.cloudfront.net/dev", "CloudFront"},
		{"a login domain", "https://shop.auth.eu-west-1.amazoncognito.com/oauth2/token", "login domain"},
		{"a login domain here", "http://shop.auth.eu-west-1.localhost:4566/login", "login domain"},
		{"Cognito itself", "https://cognito-idp.eu-west-1.amazonaws.com/", "Cognito's own API"},
		{"another service", "https://dynamodb.eu-west-1.amazonaws.com/", "another service"},
		{"this machine without an API", "http://127.0.0.1:4566/dev/x", "/_aws/execute-api/"},
		{"an address alone", "https://192.0.2.7/dev", "neither"},
		{"a name alone", "https://gateway/dev", "neither"},
	} {
		t.Run(test.name, func(t *testing.T) {
			_, err := explain.Locate(test.url, "")
			var elsewhere *explain.Elsewhere
			if !errors.As(err, &elsewhere) || !strings.Contains(err.Error(), test.want) || elsewhere.Hint == "" {
				t.Errorf("got %v, want %q", err, test.want)
			}
		})
	}
	for _, text := range []string{"", "abc", "ftp://a.example/", "http://", "http://[::1/?token=hidden"} {
		if _, err := explain.Locate(text, ""); err == nil || strings.Contains(err.Error(), "hidden") {
			t.Errorf("%q: got %v", text, err)
		}
	}
}
