package cli

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"github.com/rogpeppe/go-internal/testscript"

	"github.com/poolgate/poolgate/poolgatetest"
)

// scriptTB lets a script have what a test has.
type scriptTB struct{ *testscript.TestScript }

func (scriptTB) Helper()            {}
func (s scriptTB) Cleanup(f func()) { s.Defer(f) }
func (s scriptTB) Fatalf(format string, args ...any) {
	s.TestScript.Fatalf(format, args...)
}

// orders is an API whose GET wants an ID token and whose POST an access token with the scope orders/write.
const orders = `{
  "openapi": "3.0.1", "info": {"title": "orders", "version": "1"},
  "paths": {"/orders": {
    "get": {"security": [{"pool": []}], "responses": {"200": {"description": "whose orders"}}, "x-amazon-apigateway-integration": {"type": "mock",
      "requestTemplates": {"application/json": "{\"statusCode\":200}"}, "responses": {"default": {"statusCode": "200"}}}},
    "post": {"security": [{"pool": ["orders/write"]}], "responses": {"200": {"description": "done"}}, "x-amazon-apigateway-integration": {"type": "mock",
      "requestTemplates": {"application/json": "{\"statusCode\":200}", "application/x-www-form-urlencoded": "{\"statusCode\":200}"}, "responses": {"default": {"statusCode": "200"}}}}
  }},
  "components": {"securitySchemes": {"pool": {"type": "apiKey", "name": "Authorization", "in": "header", "x-amazon-apigateway-authtype": "cognito_user_pools",
    "x-amazon-apigateway-authorizer": {"type": "cognito_user_pools", "providerARNs": ["POOL_ARN"]}}}}
}`

// world starts a server with a pool, two clients, the user ada and the API of orders, and puts into the environment: URL and AWS_ENDPOINT_URL,
// POOL, CLIENT, MACHINE, PASSWORD, API, ORDERS (the URL of /orders), and the tokens ID_TOKEN, ACCESS_TOKEN (without the scope), SCOPED_TOKEN
// and REFRESH_TOKEN.
func world(script *testscript.TestScript, _ bool, args []string) {
	if len(args) > 0 {
		script.Fatalf("usage: world")
	}
	server := poolgatetest.Start(scriptTB{script})
	pool := server.Pool("orders/read", "orders/write")
	ada, client, machine := pool.User("ada"), pool.Client(), pool.Machine("orders/write")
	api := pool.API(orders)
	tokens := client.SignIn(ada)
	for name, value := range map[string]string{
		"URL": server.URL, "AWS_ENDPOINT_URL": server.URL, "POOL": pool.ID, "CLIENT": client.ID, "MACHINE": machine.ID, "PASSWORD": ada.Password, "API": api.ID,
		"ORDERS": server.URL + "/_aws/execute-api/" + api.ID + "/" + poolgatetest.Stage + "/orders", "ID_TOKEN": tokens.ID, "ACCESS_TOKEN": tokens.Access,
		"SCOPED_TOKEN": machine.Token(), "REFRESH_TOKEN": tokens.Refresh,
	} {
		script.Setenv(name, value)
	}
}

// write puts words into a file: write FILE WORD…
func write(script *testscript.TestScript, _ bool, args []string) {
	if len(args) < 2 {
		script.Fatalf("usage: write FILE WORD…")
	}
	text := ""
	for _, word := range args[1:] {
		text += word
	}
	script.Check(writeFile(script.MkAbs(args[0]), text+"\n"))
}

// modes checks a directory and all files in it: modes DIR MODE_OF_DIR MODE_OF_FILES. None of the files has a token in the open.
func modes(script *testscript.TestScript, _ bool, args []string) {
	dir := script.MkAbs(args[0])
	check := func(name, want string) {
		info, err := os.Stat(name)
		script.Check(err)
		if got := fmt.Sprintf("%#o", info.Mode().Perm()); got != want {
			script.Fatalf("%s has the mode %s", name, got)
		}
	}
	check(dir, args[1])
	files, err := os.ReadDir(dir)
	script.Check(err)
	if len(files) == 0 {
		script.Fatalf("%s is empty", args[0])
	}
	for _, file := range files {
		name := filepath.Join(dir, file.Name())
		check(name, args[2])
		content, err := os.ReadFile(name)
		script.Check(err)
		if strings.Contains(string(content), "eyJ") {
			script.Fatalf("%s has a token in the open", name)
		}
	}
}

func writeFile(name, text string) error { return os.WriteFile(name, []byte(text), 0o600) }
