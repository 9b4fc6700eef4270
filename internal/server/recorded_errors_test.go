package server

import (
	"context"
	"errors"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/apigateway"
	"github.com/aws/aws-sdk-go-v2/service/apigateway/types"
	"github.com/aws/smithy-go"
	smithyhttp "github.com/aws/smithy-go/transport/http"
)

// caller speaks to a server as a client of AWS does: with the SDK, and by hand where the SDK's types do not let it.
type caller struct {
	*testing.T
	url string
	api *apigateway.Client
	// named are texts of this run that stand in messages: {api} and the like.
	named map[string]string
}

const recordedAccount = "111111111111"

func newCaller(t *testing.T) *caller {
	t.Helper()
	return callerOf(t, startTest(t, Config{}))
}

// callerOf calls a server that runs.
func callerOf(t *testing.T, s *Server) *caller {
	t.Helper()
	c := &caller{T: t, url: "http://" + s.listener.Addr().String(), named: map[string]string{}}
	c.api = apigateway.NewFromConfig(aws.Config{
		Region: "eu-west-1", BaseEndpoint: &c.url, RetryMaxAttempts: 1,
		Credentials: credentials.NewStaticCredentialsProvider(recordedAccount, "secret", ""),
	})
	return c
}

func (c *caller) ctx() context.Context { return c.Context() }

// mistake is a bad call and what AWS was recorded to answer to it, to the byte.
type mistake struct {
	name          string
	status        int
	code, message string
	call          func(c *caller) error
}

// makeMistakes makes each bad call on the wire.
func makeMistakes(t *testing.T, mistakes []mistake) {
	t.Helper()
	c := newCaller(t)
	for _, m := range mistakes {
		t.Run(m.name, func(t *testing.T) {
			clear(c.named)
			mine := *c
			mine.T = t
			err := m.call(&mine)
			want := m.message
			for name, text := range c.named {
				want = strings.ReplaceAll(want, "{"+name+"}", text)
			}
			var refusal smithy.APIError
			if !errors.As(err, &refusal) {
				t.Fatalf("want %d %s: %s\ngot %v", m.status, m.code, want, err)
			}
			status := 0
			if raw, ok := errors.AsType[*rawRefusal](err); ok {
				status = raw.status
			} else if response, ok := errors.AsType[*smithyhttp.ResponseError](err); ok {
				status = response.HTTPStatusCode()
			}
			if status != m.status || refusal.ErrorCode() != m.code || refusal.ErrorMessage() != want {
				t.Errorf("want %d %s: %s\n got %d %s: %s", m.status, m.code, want, status, refusal.ErrorCode(), refusal.ErrorMessage())
			}
		})
	}
}

// only is the error of an operation whose output does not matter.
func only[T any](_ *T, err error) error { return err }

// done ends the test when what leads up to a mistake fails.
func done[T any](c *caller, out *T, err error) *T {
	c.Helper()
	if err != nil {
		c.Fatalf("before the mistake: %v", err)
	}
	return out
}

// rawRefusal is the answer to a request that was made by hand.
type rawRefusal struct {
	smithy.GenericAPIError
	status int
}

// raw makes a call that the SDK would not.
func (c *caller) raw(method, path, body string) error {
	c.Helper()
	status, code, answer := c.byHand(method, path, body)
	if status < 300 {
		return nil
	}
	members, _ := answer.(map[string]any)
	message, _ := members["message"].(string)
	return &rawRefusal{status: status, GenericAPIError: smithy.GenericAPIError{Code: code, Message: message}}
}

// What mistakes are made on. Each makes an API of its own, so that no mistake hangs on another.

func (c *caller) newAPI() (id, root *string) {
	c.Helper()
	out, err := c.api.CreateRestApi(c.ctx(), &apigateway.CreateRestApiInput{Name: aws.String("pets")})
	api := done(c, out, err)
	c.named["api"] = *api.Id
	return api.Id, api.RootResourceId
}

func (c *caller) newResource(api, parent *string, part string) *string {
	c.Helper()
	out, err := c.api.CreateResource(c.ctx(), &apigateway.CreateResourceInput{RestApiId: api, ParentId: parent, PathPart: &part})
	return done(c, out, err).Id
}

// newMethod makes an API with a method on its root.
func (c *caller) newMethod() (api, root *string) {
	c.Helper()
	api, root = c.newAPI()
	out, err := c.api.PutMethod(c.ctx(), &apigateway.PutMethodInput{RestApiId: api, ResourceId: root, HttpMethod: aws.String("ANY"), AuthorizationType: aws.String("NONE")})
	done(c, out, err)
	return api, root
}

// newMock makes an API whose root answers by itself.
func (c *caller) newMock() (api, root *string) {
	c.Helper()
	api, root = c.newMethod()
	out, err := c.api.PutIntegration(c.ctx(), &apigateway.PutIntegrationInput{RestApiId: api, ResourceId: root, HttpMethod: aws.String("ANY"), Type: types.IntegrationTypeMock})
	done(c, out, err)
	return api, root
}

// newStage makes an API with a stage dev.
func (c *caller) newStage() (api, deployment *string) {
	c.Helper()
	api, _ = c.newMock()
	out, err := c.api.CreateDeployment(c.ctx(), &apigateway.CreateDeploymentInput{RestApiId: api, StageName: aws.String("dev")})
	return api, done(c, out, err).Id
}

func patchOf(op types.Op, path string, value ...string) types.PatchOperation {
	o := types.PatchOperation{Op: op, Path: &path}
	if len(value) > 0 {
		o.Value = &value[0]
	}
	return o
}

func patches(list ...types.PatchOperation) []types.PatchOperation { return list }
