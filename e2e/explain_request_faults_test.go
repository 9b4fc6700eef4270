package e2e

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/apigateway"
)

// validated is an API whose methods check what they are sent.
func validated(d in) {
	put(d, in{"all": in{"validateRequestBody": true, "validateRequestParameters": true}}, "x-amazon-apigateway-request-validators")
	put(d, in{"type": "object", "required": []string{"name"}, "properties": in{"name": in{"type": "string"}}}, "components", "schemas", "Pet")
	search := operation("")
	put(search, []in{{"name": "q", "in": "query", "required": true, "schema": in{"type": "string"}}}, "parameters")
	put(search, "all", "x-amazon-apigateway-request-validator")
	put(d, search, "paths", "/search", "get")
	pets := operation("")
	put(pets, in{"required": true, "content": in{"application/json": in{"schema": in{"$ref": "#/components/schemas/Pet"}}}}, "requestBody")
	put(pets, "all", "x-amazon-apigateway-request-validator")
	put(pets, "never", "x-amazon-apigateway-integration", "passthroughBehavior")
	put(d, pets, "paths", "/pets", "post")
}

// posted is curl with a body of a media type.
func posted(url, mediaType, body string) curled {
	return ask("POST", url, "Content-Type: "+mediaType).with("-d", body)
}

// requestFaults are those of what the request holds and of what stands behind the API.
var requestFaults = []fault{
	{"a parameter is missing", "parameters_missing", "", func(t *testing.T, l *lab) broken {
		r := l.rest(t, validated)
		return broken{curled: get(r.at("/search")), instead: then(get(r.at("/search?q=1")))}
	}},
	{"a body that does not fit the model", "body_invalid", "", func(t *testing.T, l *lab) broken {
		r := l.rest(t, validated)
		return broken{curled: posted(r.at("/pets"), "application/json", `{"title":"x"}`), flags: []string{"--send"},
			instead: then(posted(r.at("/pets"), "application/json", `{"name":"x"}`))}
	}},
	{"a media type that no template is for", "media_type_unsupported", "", func(t *testing.T, l *lab) broken {
		r := l.rest(t, validated, func(d in) {
			o := operation("")
			put(o, "never", "x-amazon-apigateway-integration", "passthroughBehavior")
			put(d, o, "paths", "/typed", "post")
		})
		return broken{curled: posted(r.at("/typed"), "text/csv", "a,b"), flags: []string{"--send"}, instead: then(posted(r.at("/typed"), "application/json", `{}`))}
	}},
	{"a body that is too large", "body_too_large", "", func(t *testing.T, l *lab) broken {
		r := l.rest(t, func(d in) { put(d, operation(""), "paths", "/open", "post") })
		file := filepath.Join(t.TempDir(), "large")
		must(t, os.WriteFile(file, []byte(strings.Repeat("x", 10<<20+1)), 0o600))
		return broken{curled: ask("POST", r.at("/open"), "Content-Type: application/json").with("--data-binary", "@"+file), flags: []string{"--send"},
			instead: then(posted(r.at("/open"), "application/json", "{}"))}
	}},
	{"a path that is too long for an authorizer", "uri_too_long", "", func(t *testing.T, l *lab) broken {
		r := l.rest(t, func(d in) { put(d, operation("pool"), "paths", "/long/{proxy+}", "get") })
		return broken{curled: get(r.at("/long/"+strings.Repeat("x", 1700)), bearer(l.admin.id)), instead: then(get(r.at("/long/x"), bearer(l.admin.id)))}
	}},
	{"a backend that is not there", "integration_failed", "aws apigateway", func(t *testing.T, l *lab) broken {
		r := l.rest(t, proxied("/back", "http://127.0.0.1:1/ok"))
		return broken{curled: get(r.at("/back")), instead: func(string) curled { return r.repair(t, "/back", "replace /uri="+l.backend.URL+"/ok") }}
	}},
	{"a backend that is too slow", "integration_timeout", "", func(t *testing.T, l *lab) broken {
		r := l.rest(t, proxied("/back", l.backend.URL+"/slow", "timeoutInMillis", 60))
		return broken{curled: get(r.at("/back")), instead: func(string) curled { return r.repair(t, "/back", "replace /uri="+l.backend.URL+"/ok") }}
	}},
	{"a backend that answers 403", "integration_refused", "", func(t *testing.T, l *lab) broken {
		r := l.rest(t, proxied("/back", l.backend.URL+"/403"))
		return broken{curled: get(r.at("/back")), instead: func(string) curled { return r.repair(t, "/back", "replace /uri="+l.backend.URL+"/ok") }}
	}},
	{"a backend that answers 401", "integration_refused", "", func(t *testing.T, l *lab) broken {
		r := l.rest(t, proxied("/back", l.backend.URL+"/401"))
		return broken{curled: get(r.at("/back")), instead: func(string) curled { return r.repair(t, "/back", "replace /uri="+l.backend.URL+"/ok") }}
	}},
}

// proxied puts a path in front of a backend.
func proxied(path, uri string, more ...any) func(in) {
	return func(d in) {
		integration := in{"type": "http_proxy", "httpMethod": "GET", "uri": uri}
		for i := 0; i+1 < len(more); i += 2 {
			integration[more[i].(string)] = more[i+1]
		}
		o := operation("")
		put(o, integration, "x-amazon-apigateway-integration")
		put(d, o, "paths", path, "get")
	}
}

// repair edits the integration of a path, deploys and asks for it.
func (r *rest) repair(t *testing.T, path string, texts ...string) curled {
	t.Helper()
	_, err := r.apis.UpdateIntegration(t.Context(), &apigateway.UpdateIntegrationInput{
		RestApiId: &r.id, ResourceId: r.resource(t, path), HttpMethod: aws.String("GET"), PatchOperations: patches(texts...)})
	must(t, err)
	r.deploy(t)
	return get(r.at(path))
}
