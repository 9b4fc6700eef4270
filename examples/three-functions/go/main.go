// Command bootstrap is a function for the provided.al2023 runtime, by the Lambda Runtime API and nothing else: it answers with who called.
package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"net/http"
	"os"
)

func main() {
	runtime := "http://" + os.Getenv("AWS_LAMBDA_RUNTIME_API") + "/2018-06-01/runtime/invocation/"
	for {
		if err := serveOne(runtime); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
	}
}

func serveOne(runtime string) error {
	next, err := http.Get(runtime + "next")
	if err != nil {
		return err
	}
	defer func() { _ = next.Body.Close() }()
	var event struct {
		RequestContext struct {
			Authorizer struct {
				Claims map[string]string `json:"claims"`
			} `json:"authorizer"`
		} `json:"requestContext"`
	}
	if err := json.NewDecoder(next.Body).Decode(&event); err != nil {
		return err
	}
	claims := event.RequestContext.Authorizer.Claims
	fmt.Println("called by", claims["sub"])
	body, err := json.Marshal(map[string]string{"name": claims["cognito:username"], "until": claims["exp"]})
	if err != nil {
		return err
	}
	answer, err := json.Marshal(map[string]any{"statusCode": http.StatusOK, "body": string(body)})
	if err != nil {
		return err
	}
	posted, err := http.Post(runtime+next.Header.Get("Lambda-Runtime-Aws-Request-Id")+"/response", "application/json", bytes.NewReader(answer))
	if err != nil {
		return err
	}
	return posted.Body.Close()
}
