package poolgatetest

import (
	"net/http"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/apigateway"
	"github.com/aws/aws-sdk-go-v2/service/apigatewayv2"

	"github.com/poolgate/poolgate/authz"
)

// Stage is the stage that the helpers deploy to.
const Stage = "test"

// PoolARN is what Pool.API replaces by the pool's ARN wherever it stands in an OpenAPI document.
const PoolARN = "POOL_ARN"

// PoolIssuer and ClientID are what Client.HTTPAPI replaces by the pool's issuer and the client's id.
const (
	PoolIssuer = "POOL_ISSUER"
	ClientID   = "CLIENT_ID"
)

// API is a REST or HTTP API that is deployed to Stage.
type API struct {
	ID string
	// URL is where the stage answers, without a slash at the end.
	URL string

	s *Server
	// http says that it is an HTTP API, whose stage deploys every change by itself.
	http bool
}

// Answer is what a request was answered with.
type Answer struct {
	Status int
	Header http.Header
	// Body is without white space around it, and at most 10 MB.
	Body string
	// Reason is why the gateway refused; empty when it did not.
	Reason authz.Reason
}

// API imports an OpenAPI document, YAML or JSON, with POOL_ARN standing for the pool's ARN, and deploys it. The document says which methods are
// protected, and by which scopes: see the example.
func (p *Pool) API(openapi string) *API {
	p.s.t.Helper()
	return p.s.API(strings.ReplaceAll(openapi, PoolARN, p.ARN))
}

// API imports an OpenAPI document, YAML or JSON, and deploys it. What AWS would warn of when it imports the document ends the test.
func (s *Server) API(openapi string) *API {
	s.t.Helper()
	ctx, cancel := s.wait()
	defer cancel()
	imported, err := s.apis.ImportRestApi(ctx, &apigateway.ImportRestApiInput{Body: []byte(openapi), FailOnWarnings: true})
	if err != nil {
		s.t.Fatalf("importing the API: %v", err)
	}
	a := s.deployedAPI(*imported.Id)
	a.Deploy()
	return a
}

func (s *Server) deployedAPI(id string) *API {
	return &API{ID: id, URL: s.URL + "/_aws/execute-api/" + id + "/" + Stage, s: s}
}

// HTTPAPI imports an OpenAPI document, YAML or JSON, as an HTTP API, with POOL_ISSUER and CLIENT_ID standing for what a JWT authorizer asks for, and
// deploys it.
func (c *Client) HTTPAPI(openapi string) *API {
	s := c.pool.s
	s.t.Helper()
	ctx, cancel := s.wait()
	defer cancel()
	document := strings.NewReplacer(PoolIssuer, c.pool.Issuer, ClientID, c.ID).Replace(openapi)
	apis := apigatewayv2.NewFromConfig(s.Config())
	imported, err := apis.ImportApi(ctx, &apigatewayv2.ImportApiInput{Body: &document, FailOnWarnings: aws.Bool(true)})
	if err != nil {
		s.t.Fatalf("importing the HTTP API: %v", err)
	}
	if _, err := apis.CreateStage(ctx, &apigatewayv2.CreateStageInput{ApiId: imported.ApiId, StageName: aws.String(Stage), AutoDeploy: aws.Bool(true)}); err != nil {
		s.t.Fatalf("deploying the HTTP API: %v", err)
	}
	a := s.deployedAPI(*imported.ApiId)
	a.http = true
	return a
}

// Deploy deploys what was changed of a REST API since; before, a change does nothing, as on AWS. An HTTP API's changes are deployed already.
func (a *API) Deploy() {
	a.s.t.Helper()
	if a.http {
		return
	}
	ctx, cancel := a.s.wait()
	defer cancel()
	if _, err := a.s.apis.CreateDeployment(ctx, &apigateway.CreateDeploymentInput{RestApiId: &a.ID, StageName: aws.String(Stage)}); err != nil {
		a.s.t.Fatalf("deploying: %v", err)
	}
}

// Get sends GET path with an Authorization header, or with none when authorization is empty.
func (a *API) Get(path, authorization string) Answer {
	a.s.t.Helper()
	header := http.Header{}
	if authorization != "" {
		header.Set("Authorization", authorization)
	}
	return a.Send(http.MethodGet, path, "", header)
}

// Send sends any request to the stage; path may have a query.
func (a *API) Send(method, path, body string, header http.Header) Answer {
	a.s.t.Helper()
	return a.s.send(method, a.URL+path, strings.NewReader(body), header)
}
