package pull_test

import (
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/apigateway"
	rest "github.com/aws/aws-sdk-go-v2/service/apigateway/types"
	cip "github.com/aws/aws-sdk-go-v2/service/cognitoidentityprovider"
	"github.com/aws/aws-sdk-go-v2/service/cognitoidentityprovider/types"

	"github.com/poolgate/poolgate/internal/account"
	"github.com/poolgate/poolgate/internal/pull"
	"github.com/poolgate/poolgate/internal/server"
)

// answer is what a request to a deployed API got.
type answer struct {
	Status int
	Reason string
	Body   string
}

// call asks a deployed API. An HTTP API's path has no stage.
func (w *world) call(t testing.TB, method, path, token string) answer {
	t.Helper()
	r := must(http.NewRequestWithContext(t.Context(), method, w.URL()+"/_aws/execute-api/"+path, http.NoBody))(t)
	if token != "" {
		r.Header.Set("Authorization", token)
	}
	response := must(http.DefaultClient.Do(r))(t)
	defer func() { _ = response.Body.Close() }()
	body := must(io.ReadAll(response.Body))(t)
	return answer{response.StatusCode, response.Header.Get("X-Poolgate-Reason"), string(body)}
}

// keysOf is a pool's published key set.
func (w *world) keysOf(t testing.TB, pool string) string {
	t.Helper()
	r := must(http.NewRequestWithContext(t.Context(), http.MethodGet, w.URL()+"/"+pool+"/.well-known/jwks.json", http.NoBody))(t)
	response := must(http.DefaultClient.Do(r))(t)
	defer func() { _ = response.Body.Close() }()
	return string(must(io.ReadAll(response.Body))(t))
}

// What the cloud refuses the desk refuses for the same reason, and what it lets in gets in: with the cloud's own tokens.
func TestARefusalInTheCloudIsReproducedOnTheDesk(t *testing.T) {
	isolate(t)
	cloud := start(t, server.Config{})
	r := cloud.rich()
	access, id := cloud.signIn(t, r.client)
	desk := start(t, server.Config{From: cloud.pull("", r.protected, r.http)})
	other := start(t, server.Config{})
	var stranger riches
	other.richPool(&stranger)
	strange, _ := other.signIn(t, stranger.client)
	forged := id[:len(id)-8] + "AAAAAAAA"

	for name, test := range map[string]struct {
		method, path, token string
		status              int
		reason              string
	}{
		"no token":                             {"GET", r.protected + "/prod/pets", "", 401, "identity_source_missing"},
		"an ID token where a scope is asked":   {"GET", r.protected + "/prod/pets", id, 401, "token_use_access_expected"},
		"an access token without the scope":    {"GET", r.protected + "/prod/pets", access, 401, "scope_missing"},
		"an ID token where none is asked":      {"PUT", r.protected + "/prod/pets", id, 200, ""},
		"an access token where none is asked":  {"PUT", r.protected + "/prod/pets", access, 401, "token_use_id_expected"},
		"a token of another pool":              {"PUT", r.protected + "/prod/pets", strange, 401, "token_issuer"},
		"a forged token":                       {"PUT", r.protected + "/prod/pets", forged, 401, "token_signature"},
		"what was edited and not deployed":     {"DELETE", r.protected + "/prod/pets", "", 403, "route_not_found"},
		"a key that is asked for":              {"POST", r.protected + "/prod/pets", "", 403, "api_key_missing"},
		"a stage that is not there":            {"GET", r.protected + "/dev/pets", id, 403, "stage_not_found"},
		"an HTTP API, no token":                {"GET", r.http + "/pets", "", 401, "identity_source_missing"},
		"an HTTP API, a token without a scope": {"GET", r.http + "/pets", access, 403, "scope_missing"},
	} {
		t.Run(name, func(t *testing.T) {
			want, got := cloud.call(t, test.method, test.path, test.token), desk.call(t, test.method, test.path, test.token)
			if want != got {
				t.Errorf("the cloud answers %+v, the desk %+v", want, got)
			}
			if test.status != 200 && got.Reason != test.reason || test.status == 200 && got.Status != 200 {
				t.Errorf("answered %+v, want %s", got, test.reason)
			}
		})
	}
}

// The cloud's keys verify for their pool and for no other of the copy.
func TestPulledKeysAreBoundToTheirPool(t *testing.T) {
	isolate(t)
	cloud := start(t, server.Config{})
	var first, second riches
	cloud.richPool(&first)
	second.pool = *must(cloud.pool.CreateUserPool(t.Context(), &cip.CreateUserPoolInput{PoolName: aws.String("others")}))(t).UserPool.Id
	desk := start(t, server.Config{From: cloud.pull("", first.pool, second.pool)})
	if cloud.keysOf(t, first.pool) != desk.keysOf(t, first.pool) || cloud.keysOf(t, second.pool) != desk.keysOf(t, second.pool) {
		t.Error("the desk publishes other keys than the cloud")
	}
	if desk.keysOf(t, first.pool) == desk.keysOf(t, second.pool) {
		t.Error("two pools have the same keys")
	}
	access, _ := cloud.signIn(t, first.client)
	if got := must(desk.pool.GetUser(t.Context(), &cip.GetUserInput{AccessToken: &access}))(t); *got.Username != "jo" {
		t.Errorf("the cloud's token is %s's on the desk", *got.Username)
	}
}

// Somebody may sign in on the desk: the pool signs with keys of its own then, and publishes them beside the cloud's.
func TestACopiedPoolSignsWithKeysOfItsOwn(t *testing.T) {
	isolate(t)
	cloud := start(t, server.Config{})
	r := cloud.rich()
	dir := cloud.pull("", r.protected)
	data := filepath.Join(t.TempDir(), "data")
	desk := start(t, server.Config{From: dir, Data: data})
	_, err := desk.pool.InitiateAuth(t.Context(), &cip.InitiateAuthInput{ClientId: &r.client, AuthFlow: types.AuthFlowTypeUserPasswordAuth,
		AuthParameters: map[string]string{"USERNAME": "jo", "PASSWORD": password}})
	var refused *types.NotAuthorizedException
	if !errors.As(err, &refused) {
		t.Fatalf("the cloud's password: %v", err)
	}
	must(desk.pool.AdminSetUserPassword(t.Context(), &cip.AdminSetUserPasswordInput{UserPoolId: &r.pool, Username: aws.String("jo"), Password: aws.String(password), Permanent: true}))(t)
	_, id := desk.signIn(t, r.client)
	if got := desk.call(t, "PUT", r.protected+"/prod/pets", id); got.Status != 200 {
		t.Errorf("a token of the desk's own got %+v", got)
	}
	if got := cloud.call(t, "PUT", r.protected+"/prod/pets", id); got.Reason != "token_key_unknown" {
		t.Errorf("the cloud answers the desk's token with %+v", got)
	}
	var set struct{ Keys []json.RawMessage }
	if err := json.Unmarshal([]byte(desk.keysOf(t, r.pool)), &set); err != nil || len(set.Keys) != 4 {
		t.Errorf("%d keys are published, %v; want the cloud's two and the desk's", len(set.Keys), err)
	}
	// A server that starts from the directory again knows the password and the client's secret that were made here.
	secret := desk.secretOf(t, r)
	if err := desk.Close(t.Context()); err != nil {
		t.Fatal(err)
	}
	again := start(t, server.Config{From: dir, Data: data})
	again.signIn(t, r.client)
	if again.secretOf(t, r) != secret || secret == r.secret || len(secret) < 40 {
		t.Error("the client's secret of this server did not survive, or is the cloud's")
	}
}

func (w *world) secretOf(t testing.TB, r riches) string {
	t.Helper()
	out := must(w.pool.DescribeUserPoolClient(t.Context(), &cip.DescribeUserPoolClientInput{UserPoolId: &r.pool, ClientId: &r.secretClient}))(t)
	return aws.ToString(out.UserPoolClient.ClientSecret)
}

// A new pull replaces what came from the directory: what is gone goes, what was made here stays.
func TestANewPullReplacesWhatCameFromTheDirectoryOnly(t *testing.T) {
	isolate(t)
	ctx := t.Context()
	cloud := start(t, server.Config{})
	r := cloud.rich()
	dir := cloud.pull("", r.protected, r.http)
	data := filepath.Join(t.TempDir(), "data")
	desk := start(t, server.Config{From: dir, Data: data})
	own := must(desk.rest.CreateRestApi(ctx, &apigateway.CreateRestApiInput{Name: aws.String("made here")}))(t)
	must(desk.pool.AdminCreateUser(ctx, &cip.AdminCreateUserInput{UserPoolId: &r.pool, Username: aws.String("local"), MessageAction: types.MessageActionTypeSuppress}))(t)
	if err := desk.Close(ctx); err != nil {
		t.Fatal(err)
	}

	must(cloud.rest.CreateDeployment(ctx, &apigateway.CreateDeploymentInput{RestApiId: &r.protected, StageName: aws.String("prod")}))(t)
	must(cloud.pool.AdminDeleteUser(ctx, &cip.AdminDeleteUserInput{UserPoolId: &r.pool, Username: aws.String("Jo-Two")}))(t)
	if err := os.WriteFile(filepath.Join(dir, "notes.txt"), []byte("mine"), 0o600); err != nil {
		t.Fatal(err)
	}
	cloud.pullInto(dir, nil, "", r.protected)
	if all := files(t, dir); all["notes.txt"] != "mine" || strings.Contains(all["README.md"], "HTTP API") {
		t.Error("a new pull touched what is not its own, or left what is gone")
	}
	desk = start(t, server.Config{From: dir, Data: data})
	if got := desk.call(t, "DELETE", r.protected+"/prod/pets", ""); got.Status != 200 {
		t.Errorf("what was deployed meanwhile got %+v", got)
	}
	if got := desk.call(t, "GET", r.http+"/pets", ""); got.Reason == "identity_source_missing" {
		t.Errorf("the API that is no longer pulled got %+v", got)
	}
	must(desk.rest.GetRestApi(ctx, &apigateway.GetRestApiInput{RestApiId: own.Id}))(t)
	users := must(desk.pool.ListUsers(ctx, &cip.ListUsersInput{UserPoolId: &r.pool}))(t)
	var names []string
	for _, u := range users.Users {
		names = append(names, *u.Username)
	}
	if got := strings.Join(names, " "); !strings.Contains(got, "local") || strings.Contains(got, "Jo-Two") || len(names) != 3 {
		t.Errorf("the users are %s", got)
	}
}

// A copy never replaces what was made on the server.
func TestACopyDoesNotReplaceWhatWasMadeHere(t *testing.T) {
	isolate(t)
	ctx := t.Context()
	cloud := start(t, server.Config{})
	r := cloud.rich()
	dir := cloud.pull("", r.protected)
	data := filepath.Join(t.TempDir(), "data")
	desk := start(t, server.Config{Data: data})
	must(desk.rest.CreateRestApi(ctx, &apigateway.CreateRestApiInput{Name: aws.String("mine"), Tags: map[string]string{"_custom_id_": r.protected}}))(t)
	if err := desk.Close(ctx); err != nil {
		t.Fatal(err)
	}
	if _, err := tryStart(t, server.Config{From: dir, Data: data}); !errors.Is(err, pull.ErrMadeHere) || server.HintFor(err) == "" {
		t.Errorf("the server started, or said %v", err)
	}
	desk = start(t, server.Config{Data: data})
	if api := must(desk.rest.GetRestApi(ctx, &apigateway.GetRestApiInput{RestApiId: &r.protected}))(t); *api.Name != "mine" {
		t.Errorf("the API is now called %s", *api.Name)
	}
	if _, err := desk.pool.DescribeUserPool(ctx, &cip.DescribeUserPoolInput{UserPoolId: &r.pool}); err == nil {
		t.Error("a part of the copy was put")
	}
}

// Integrations lead where they led. A function that is not here is missing, until somebody says where it is.
func TestFunctionsOfTheCloud(t *testing.T) {
	isolate(t)
	cloud := start(t, server.Config{})
	r := cloud.rich()
	resource := r.resource
	must(cloud.rest.UpdateMethod(t.Context(), &apigateway.UpdateMethodInput{RestApiId: &r.protected, ResourceId: &resource, HttpMethod: aws.String("POST"), PatchOperations: []rest.PatchOperation{
		{Op: rest.OpReplace, Path: aws.String("/apiKeyRequired"), Value: aws.String("false")},
	}}))(t)
	must(cloud.rest.CreateDeployment(t.Context(), &apigateway.CreateDeploymentInput{RestApiId: &r.protected, StageName: aws.String("prod")}))(t)
	dir := cloud.pull("", r.protected)
	want := cloud.call(t, "POST", r.protected+"/prod/pets", "")
	if got := start(t, server.Config{From: dir}).call(t, "POST", r.protected+"/prod/pets", ""); got != want || got.Status != 500 {
		t.Errorf("without the function: %+v, in the cloud %+v", got, want)
	}
	function := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		_, _ = io.WriteString(w, `{"statusCode": 201, "body": "from the desk"}`)
	}))
	t.Cleanup(function.Close)
	desk := start(t, server.Config{From: dir, Functions: map[string]string{"pets": function.URL}})
	if got := desk.call(t, "POST", r.protected+"/prod/pets", ""); got.Status != 201 || got.Body != "from the desk" {
		t.Errorf("with the function: %+v", got)
	}
}

// A canary's definition is shown by no call: the copy tells so, keeps its settings, and serves the stage's own.
func TestACanary(t *testing.T) {
	isolate(t)
	cloud := start(t, server.Config{})
	r := cloud.rich()
	must(cloud.rest.CreateDeployment(t.Context(), &apigateway.CreateDeploymentInput{RestApiId: &r.protected, StageName: aws.String("prod"),
		CanarySettings: &rest.DeploymentCanarySettings{PercentTraffic: 100}}))(t)
	dir := filepath.Join(t.TempDir(), "copy")
	c := cloud.pullInto(dir, nil, "", r.protected)
	if len(c.NotRead) != 1 || c.NotRead[0].Why != account.GapHidden {
		t.Errorf("not read: %+v", c.NotRead)
	}
	desk := start(t, server.Config{From: dir})
	sameFiles(t, dir, desk.pull("", r.protected))
	if got := desk.call(t, "GET", r.protected+"/prod/pets", ""); got.Reason != "identity_source_missing" {
		t.Errorf("answered %+v", got)
	}
}
