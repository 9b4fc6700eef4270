package openapi

import (
	"errors"
	"testing"
)

func FuzzParseHTTP(f *testing.F) {
	f.Add([]byte(`{"openapi":"3.0.1","info":{"title":"a"},"paths":{"/a/{b}":{"get":{"security":[{"s":["x"]}],"x-amazon-apigateway-integration":{"type":"http_proxy"}}}},
		"components":{"securitySchemes":{"s":{"x-amazon-apigateway-authorizer":{"type":"jwt","identitySource":["a",1,null],"jwtConfiguration":{"audience":[{}]}}}}}}`))
	f.Add([]byte(`{"openapi":"3.1.0","paths":{"$default":null,"/":{"x-amazon-apigateway-any-method":{"x-amazon-apigateway-integration":{"responseParameters":{"200":null},"tlsConfig":1}}}},
		"servers":[null],"tags":[1],"security":[null],"x-amazon-apigateway-cors":{"maxAge":"x","allowOrigins":1}}`))
	f.Add([]byte("openapi: 3.0.1\npaths: {/a: {get: {x-amazon-apigateway-integration: {$ref: '#/components/x-amazon-apigateway-integrations/b'}}}}\n" +
		"components: {x-amazon-apigateway-integrations: {b: {$ref: '#/components/x-amazon-apigateway-integrations/b'}}}"))
	f.Fuzz(func(t *testing.T, body []byte) {
		for _, options := range []ReadOptions{{}, {BasePath: PrependBasePath}} {
			def, err := ParseHTTP(body, options)
			if err != nil {
				if !errors.Is(err, ErrInvalid) {
					t.Fatalf("an error that is not ErrInvalid: %v", err)
				}
				continue
			}
			for _, write := range []HTTPWriteOptions{{Extensions: true}, {Format: YAML}} {
				written, err := WriteHTTP(def, write)
				if err != nil {
					t.Fatal(err)
				}
				if _, err := ParseHTTP(written, ReadOptions{}); err != nil {
					t.Fatalf("what was written cannot be read: %v\n%s", err, written)
				}
			}
		}
	})
}
