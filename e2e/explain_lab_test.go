package e2e

import (
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/apigateway"
	apiTypes "github.com/aws/aws-sdk-go-v2/service/apigateway/types"
	"github.com/aws/aws-sdk-go-v2/service/apigatewayv2"
	cognito "github.com/aws/aws-sdk-go-v2/service/cognitoidentityprovider"
	"github.com/aws/aws-sdk-go-v2/service/lambda"
)

// lab is one server with a pool, on which faults are built. Every fault has an API of its own, so that all of them stand side by side.
type lab struct {
	*site
	apis  *apigateway.Client
	https *apigatewayv2.Client
	pools *cognito.Client
	fns   *lambda.Client
	// admin are what InitiateAuth gave, granted what the login page gave with the API's scope, narrow what it gave without it.
	admin, granted, narrow tokens
	// stale were issued two hours ago, early will be in two hours.
	stale, early tokens
	// aged is a client whose token of two hours ago, old, is good for a day.
	aged *site
	old  tokens
	// stranger is signed in at another pool.
	stranger *site
	foreign  tokens
	issuer   string
	// shared is the ARN of a function that API Gateway may call.
	shared  string
	backend *httptest.Server
}

// bobsPolicy is that of the access key AKIDBOB: it calls one path and nothing else.
const bobsPolicy = `{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"execute-api:Invoke","Resource":"arn:aws:execute-api:*:*:*/dev/GET/mine"}]}`

// labOn is a server without a pool.
func labOn(p *process) *lab {
	c := p.sdk()
	return &lab{site: &site{process: p}, apis: apigateway.NewFromConfig(c), https: apigatewayv2.NewFromConfig(c), pools: cognito.NewFromConfig(c), fns: lambda.NewFromConfig(c)}
}

// guardedLab is a server that knows the access keys of test and of bob, and no others.
func guardedLab(t *testing.T) *lab {
	t.Helper()
	policy := filepath.Join(t.TempDir(), "policy.json")
	must(t, os.WriteFile(policy, []byte(bobsPolicy), 0o600))
	return labOn(serve(t, "--access-key", "test:test", "--access-key", "AKIDBOB:hush", "--access-key-policy", "AKIDBOB="+policy))
}

// newLab starts the server, makes the pool and signs in. Nothing moves the clock afterwards.
func newLab(t *testing.T) *lab {
	t.Helper()
	p := serve(t, "-v")
	l := labOn(p)
	l.site = p.newPool(t, "lab")
	p.moveClock(t, "-2h")
	l.stale = l.passwordSignIn(t, "jo")
	l.aged = l.client(t, "openid")
	l.old = l.aged.pageSignIn(t, "openid")
	p.moveClock(t, "4h")
	l.early = l.passwordSignIn(t, "jo")
	p.moveClock(t, "-2h")
	l.admin, l.granted, l.narrow = l.passwordSignIn(t, "jo"), l.pageSignIn(t, "openid "+customScope), l.pageSignIn(t, "openid")
	l.stranger = p.newPool(t, "stranger")
	l.foreign = l.stranger.passwordSignIn(t, "jo")
	l.issuer = l.issuerOf(t, l.poolID)
	l.shared = l.function(t, "shared", working, true)
	l.backend = httptest.NewServer(http.HandlerFunc(answerAs))
	t.Cleanup(l.backend.Close)
	_, err := l.apis.UpdateAccount(t.Context(), &apigateway.UpdateAccountInput{PatchOperations: []apiTypes.PatchOperation{
		{Op: "replace", Path: aws.String("/cloudwatchRoleArn"), Value: aws.String("arn:aws:iam::000000000000:role/logs")}}})
	must(t, err)
	return l
}

func (p *process) issuerOf(t *testing.T, poolID string) string {
	t.Helper()
	var discovery struct{ Issuer string }
	must(t, json.Unmarshal([]byte(send(t, http.MethodGet, p.url+"/"+poolID+"/.well-known/openid-configuration", "", nil).body), &discovery))
	return discovery.Issuer
}

// answerAs is a backend that answers as its path says.
func answerAs(w http.ResponseWriter, r *http.Request) {
	switch r.URL.Path {
	case "/401":
		w.Header().Set("WWW-Authenticate", "Basic")
		w.WriteHeader(http.StatusUnauthorized)
	case "/403":
		w.WriteHeader(http.StatusForbidden)
		_, _ = io.WriteString(w, `{"error":"not yours"}`)
	case "/slow":
		select {
		case <-r.Context().Done():
		case <-time.After(10 * time.Second):
		}
	default:
		_, _ = io.WriteString(w, `{"ok":true}`)
	}
}

// rest is a REST API of a fault: GET /plain lists no scope, GET /scoped lists one, GET /open asks for nothing. Its stage is dev.
type rest struct {
	*lab
	id, authorizer string
}

// mockAnswer is an integration that answers 200 to whatever reaches it.
func mockAnswer() in {
	return in{"type": "mock", "requestTemplates": in{"application/json": `{"statusCode":200}`}, "passthroughBehavior": "when_no_match",
		"responses": in{"default": in{"statusCode": "200"}}}
}

// operation is one method of a document. Without a scheme it asks for nothing.
func operation(scheme string, scopes ...string) in {
	o := in{"responses": in{"200": in{"description": "ok"}}, "x-amazon-apigateway-integration": mockAnswer()}
	if scheme != "" {
		if scopes == nil {
			scopes = []string{}
		}
		o["security"] = []in{{scheme: scopes}}
	}
	return o
}

// poolScheme is an authorizer that takes a pool's tokens from a header.
func poolScheme(header string, arns ...string) in {
	return in{"type": "apiKey", "name": header, "in": "header", "x-amazon-apigateway-authtype": "cognito_user_pools",
		"x-amazon-apigateway-authorizer": in{"type": "cognito_user_pools", "providerARNs": arns}}
}

// put sets a member of a document, wherever in it the path leads.
func put(document in, value any, path ...string) {
	for _, name := range path[:len(path)-1] {
		next, ok := document[name].(in)
		if !ok {
			next = in{}
			document[name] = next
		}
		document = next
	}
	document[path[len(path)-1]] = value
}

// rest imports and deploys a REST API, after the edits.
func (l *lab) rest(t *testing.T, edits ...func(document in)) *rest {
	t.Helper()
	r := l.undeployed(t, edits...)
	r.deploy(t)
	return r
}

func (l *lab) undeployed(t *testing.T, edits ...func(document in)) *rest {
	t.Helper()
	document := in{
		"openapi": "3.0.1", "info": in{"title": "fault", "version": "1"},
		"components": in{"securitySchemes": in{"pool": poolScheme("Authorization", l.poolARN)}},
		"paths":      in{"/plain": in{"get": operation("pool")}, "/scoped": in{"get": operation("pool", customScope)}, "/open": in{"get": operation("")}},
	}
	for _, edit := range edits {
		edit(document)
	}
	body, err := json.Marshal(document)
	must(t, err)
	api, err := l.apis.ImportRestApi(t.Context(), &apigateway.ImportRestApiInput{Body: body, FailOnWarnings: true})
	must(t, err)
	list, err := l.apis.GetAuthorizers(t.Context(), &apigateway.GetAuthorizersInput{RestApiId: api.Id})
	must(t, err)
	r := &rest{lab: l, id: *api.Id}
	for _, a := range list.Items {
		r.authorizer = *a.Id
	}
	return r
}

func (r *rest) deploy(t *testing.T) {
	t.Helper()
	_, err := r.apis.CreateDeployment(t.Context(), &apigateway.CreateDeploymentInput{RestApiId: &r.id, StageName: aws.String("dev")})
	must(t, err)
}

// at is the URL of a path of the stage dev.
func (r *rest) at(path string) string { return r.url + "/_aws/execute-api/" + r.id + "/dev" + path }

// resource is the id of a path's resource.
func (r *rest) resource(t *testing.T, path string) *string {
	t.Helper()
	list, err := r.apis.GetResources(t.Context(), &apigateway.GetResourcesInput{RestApiId: &r.id, Limit: aws.Int32(500)})
	must(t, err)
	for _, resource := range list.Items {
		if *resource.Path == path {
			return resource.Id
		}
	}
	t.Fatalf("there is no resource %s", path)
	return nil
}

// patches are patch operations of "op path=value" texts.
func patches(texts ...string) (list []apiTypes.PatchOperation) {
	for _, text := range texts {
		op, rest, _ := strings.Cut(text, " ")
		path, value, found := strings.Cut(rest, "=")
		p := apiTypes.PatchOperation{Op: apiTypes.Op(op), Path: &path}
		if found {
			p.Value = &value
		}
		list = append(list, p)
	}
	return list
}

// stage edits the stage dev.
func (r *rest) stage(t *testing.T, texts ...string) {
	t.Helper()
	_, err := r.apis.UpdateStage(t.Context(), &apigateway.UpdateStageInput{RestApiId: &r.id, StageName: aws.String("dev"), PatchOperations: patches(texts...)})
	must(t, err)
}

// edit edits the API itself.
func (r *rest) edit(t *testing.T, texts ...string) {
	t.Helper()
	_, err := r.apis.UpdateRestApi(t.Context(), &apigateway.UpdateRestApiInput{RestApiId: &r.id, PatchOperations: patches(texts...)})
	must(t, err)
}

// editMethod edits the method GET of a path.
func (r *rest) editMethod(t *testing.T, path string, texts ...string) {
	t.Helper()
	_, err := r.apis.UpdateMethod(t.Context(), &apigateway.UpdateMethodInput{RestApiId: &r.id, ResourceId: r.resource(t, path), HttpMethod: aws.String("GET"), PatchOperations: patches(texts...)})
	must(t, err)
}

// editAuthorizer edits the authorizer.
func (r *rest) editAuthorizer(t *testing.T, texts ...string) {
	t.Helper()
	_, err := r.apis.UpdateAuthorizer(t.Context(), &apigateway.UpdateAuthorizerInput{RestApiId: &r.id, AuthorizerId: &r.authorizer, PatchOperations: patches(texts...)})
	must(t, err)
}
