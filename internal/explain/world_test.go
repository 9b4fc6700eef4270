package explain

import (
	"context"
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	rest "github.com/aws/aws-sdk-go-v2/service/apigateway/types"
	cognito "github.com/aws/aws-sdk-go-v2/service/cognitoidentityprovider/types"

	"github.com/poolgate/poolgate/internal/account"
	"github.com/poolgate/poolgate/internal/apigateway"
	"github.com/poolgate/poolgate/internal/gateway"
	"github.com/poolgate/poolgate/internal/wire"
)

const (
	petsID   = "abcde12345"
	region   = "eu-west-1"
	poolID   = "eu-west-1_Abc123xyz"
	otherID  = "eu-west-1_Other9999"
	clientID = "3n4b5urk1ft4fl3mg5e62d9ado"
	keyID    = "1pX0vZQ2oQy1Qq3w6cX5m1oJr9k0bYc8nq2m1lq7Wc0="
	host     = petsID + ".execute-api." + region + ".amazonaws.com"
)

// fakeAccount holds what an account would show.
type fakeAccount struct {
	rest    *account.RESTAPI
	http    *account.HTTPAPI
	domains map[string]*account.Domain
	pools   map[string]*account.Pool
	users   map[string]*account.User
	policy  string
	apiKeys map[string]*account.APIKey
	revoked string
	gaps    []account.Gap
}

func (f *fakeAccount) RESTAPI(_ context.Context, id, _ string) (*account.RESTAPI, error) {
	if id != petsID {
		return nil, nil
	}
	return f.rest, nil
}

func (f *fakeAccount) HTTPAPI(_ context.Context, id, _ string) (*account.HTTPAPI, error) {
	if id != petsID {
		return nil, nil
	}
	return f.http, nil
}

func (f *fakeAccount) Domain(_ context.Context, host string) (*account.Domain, error) {
	return f.domains[host], nil
}

func (f *fakeAccount) Pool(_ context.Context, id string) (*account.Pool, error) {
	if p := f.pools[id]; p != nil {
		return p, nil
	}
	return &account.Pool{ID: id, Region: region, Gone: true}, nil
}

func (f *fakeAccount) Client(_ context.Context, pool, id string) (*cognito.UserPoolClientType, error) {
	return f.pools[pool].Clients[id], nil
}

func (f *fakeAccount) User(_ context.Context, _, name string) (*account.User, error) {
	return f.users[name], nil
}

func (f *fakeAccount) APIKey(_ context.Context, value string) (*account.APIKey, error) {
	return f.apiKeys[value], nil
}

func (f *fakeAccount) Revoked(_ context.Context, _, token string) (bool, error) {
	return f.revoked != "" && token == f.revoked, nil
}

func (f *fakeAccount) FunctionPolicy(context.Context, string) (string, error) { return f.policy, nil }

func (f *fakeAccount) Gaps() []account.Gap { return f.gaps }

// world is an account with a REST API that is really served, by the gateway, as deployed.
type world struct {
	account  *fakeAccount
	deployed *apigateway.Snapshot
	// serves changes what is served behind the account's back; header is what the client sends.
	serves func(*apigateway.Snapshot)
	stage  rest.Stage
}

func newWorld() *world {
	w := &world{deployed: petsAPI(), stage: rest.Stage{StageName: aws.String("prod")}}
	w.account = &fakeAccount{
		pools: map[string]*account.Pool{poolID: pool(poolID), otherID: pool(otherID)},
		users: map[string]*account.User{"ann": {Username: "ann", Enabled: true, Status: cognito.UserStatusTypeConfirmed}},
	}
	return w
}

func pool(id string) *account.Pool {
	return &account.Pool{
		ID: id, Region: region, ARN: arnOf(id), Pool: &cognito.UserPoolType{Id: &id, Domain: aws.String("pets-" + strings.ToLower(id[10:]))}, JWKS: jwksOf(signingKey()),
		ResourceServers: []cognito.ResourceServerType{{Identifier: aws.String("pets"), Name: aws.String("pets"), Scopes: []cognito.ResourceServerScopeType{{ScopeName: aws.String("read")}, {ScopeName: aws.String("write")}}}},
		Clients: map[string]*cognito.UserPoolClientType{clientID: {
			ClientId: aws.String(clientID), UserPoolId: &id, ClientName: aws.String("web"), AllowedOAuthFlowsUserPoolClient: aws.Bool(true),
			AllowedOAuthFlows: []cognito.OAuthFlowType{cognito.OAuthFlowTypeCode}, AllowedOAuthScopes: []string{"openid", "pets/read"}, CallbackURLs: []string{"https://app.example.com/cb"},
			LastModifiedDate: aws.Time(time.Now().Add(-24 * time.Hour)),
		}},
	}
}

// petsAPI is the API: a method of each kind of authorization.
func petsAPI() *apigateway.Snapshot {
	s := &apigateway.Snapshot{Account: "000000000000", Region: region, API: wire.Document[rest.RestApi]{Value: rest.RestApi{Id: aws.String(petsID), Name: aws.String("pets")}}}
	for id, pool := range map[string]string{"auth": poolID, "auth2": otherID} {
		s.Authorizers = append(s.Authorizers, wire.Document[rest.Authorizer]{Value: rest.Authorizer{
			Id: aws.String(id), Name: aws.String("of " + id), Type: rest.AuthorizerTypeCognitoUserPools, ProviderARNs: []string{arnOf(pool)}, IdentitySource: aws.String("method.request.header.Authorization"),
		}})
	}
	s.Authorizers = append(s.Authorizers, wire.Document[rest.Authorizer]{Value: rest.Authorizer{
		Id: aws.String("function"), Name: aws.String("asker"), Type: rest.AuthorizerTypeToken, IdentitySource: aws.String("method.request.header.Authorization"),
		AuthorizerUri: aws.String("arn:aws:apigateway:eu-west-1:lambda:path/2015-03-31/functions/arn:aws:lambda:eu-west-1:000000000000:function:asker/invocations"),
	}})
	on := func(verb, path, kind, authorizer string, key bool, scopes ...string) {
		m := rest.Method{HttpMethod: &verb, AuthorizationType: &kind, ApiKeyRequired: &key, AuthorizationScopes: scopes, MethodIntegration: mock()}
		if authorizer != "" {
			m.AuthorizerId = &authorizer
		}
		id := "r" + strings.ReplaceAll(path, "/", "-")
		s.Resources = append(s.Resources, wire.Document[rest.Resource]{Value: rest.Resource{Id: &id, Path: &path, ResourceMethods: map[string]rest.Method{verb: m}}})
	}
	on("GET", "/pets", "COGNITO_USER_POOLS", "auth", false)
	on("GET", "/scoped", "COGNITO_USER_POOLS", "auth", false, "pets/read")
	on("GET", "/write", "COGNITO_USER_POOLS", "auth", false, "pets/write")
	on("GET", "/other", "COGNITO_USER_POOLS", "auth2", false)
	on("GET", "/open", "NONE", "", false)
	on("GET", "/signed", "AWS_IAM", "", false)
	on("GET", "/keyed", "NONE", "", true)
	on("GET", "/asked", "CUSTOM", "function", false)
	on("OPTIONS", "/guarded", "COGNITO_USER_POOLS", "auth", false)
	return s
}

func mock() *rest.Integration {
	return &rest.Integration{
		Type: rest.IntegrationTypeMock, RequestTemplates: map[string]string{"application/json": `{"statusCode": 200}`},
		IntegrationResponses: map[string]rest.IntegrationResponse{"200": {StatusCode: aws.String("200"), ResponseTemplates: map[string]string{"application/json": `{}`}}},
	}
}

// copied is a snapshot of its own.
func copied(t *testing.T, s *apigateway.Snapshot) *apigateway.Snapshot {
	t.Helper()
	text, err := json.Marshal(s)
	if err != nil {
		t.Fatal(err)
	}
	own := new(apigateway.Snapshot)
	if err := json.Unmarshal(text, own); err != nil {
		t.Fatal(err)
	}
	return own
}

// ask sends a request to the API as it is served, and makes the case of it.
func (w *world) ask(t *testing.T, method, path string, headers ...string) Case {
	t.Helper()
	live := w.deployed
	if w.account.rest != nil && w.account.rest.Live != nil {
		live = w.account.rest.Live
	}
	published := &apigateway.Published{Snapshot: w.deployed, DeploymentID: "dep123", Stage: w.stage}
	w.account.rest = &account.RESTAPI{Live: live, Stages: map[string]*apigateway.Published{"prod": published}, Plans: map[string][]string{petsID + ":prod": {"plan1"}}, UsagePlans: map[string]rest.UsagePlan{}}
	served := copied(t, w.deployed)
	if w.serves != nil {
		w.serves(served)
	}
	keys := &poolKeys{byID: map[string]*heldPool{}}
	for _, p := range w.account.pools {
		keys.add(p, "", false)
	}
	apis := restAPIs{id: petsID, live: live, stages: map[string]*apigateway.Published{"prod": {Snapshot: served, DeploymentID: "dep123", Stage: w.stage}}}
	g := gateway.New(gateway.Config{APIs: apis, Engine: newBench(keys, time.Now()).engine})
	t.Cleanup(g.Close)
	r := httptest.NewRequest(method, "https://"+host+path, nil)
	for i := 0; i+1 < len(headers); i += 2 {
		r.Header.Set(headers[i], headers[i+1])
	}
	recorder := httptest.NewRecorder()
	g.ServeAPI(recorder, r.Clone(r.Context()), gateway.Target{API: petsID, Region: region, Path: r.URL.EscapedPath()})
	answer := recorder.Result()
	answer.Header.Set("Date", time.Now().UTC().Format(http.TimeFormat))
	return Case{
		Request: Request{Method: method, URL: r.URL.String(), Header: r.Header, Given: "url"},
		Located: Located{Kind: ExecuteAPI, Host: host, Region: region, API: petsID, Path: r.URL.EscapedPath()},
		Answer:  &Answer{Status: answer.StatusCode, Header: canonical(answer.Header), Body: recorder.Body.Bytes()}, Account: w.account,
	}
}

// canonical spells names as a client reads them.
func canonical(h http.Header) http.Header {
	own := http.Header{}
	for name, values := range h {
		for _, value := range values {
			own.Add(name, value)
		}
	}
	return own
}

func diagnosed(t *testing.T, c Case) *Verdict {
	t.Helper()
	v, err := Diagnose(t.Context(), c)
	if err != nil {
		t.Fatal(err)
	}
	return v
}
