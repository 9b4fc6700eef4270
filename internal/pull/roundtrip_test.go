package pull_test

import (
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/apigateway"
	"github.com/aws/aws-sdk-go-v2/service/apigatewayv2"

	"github.com/poolgate/poolgate/internal/server"
)

// What was pulled, served and pulled again is the same, byte for byte; so are the exports of all stages.
func TestWhatIsPulledServedAndPulledAgainIsTheSame(t *testing.T) {
	isolate(t)
	cloud := start(t, server.Config{})
	r := cloud.rich()
	targets := []string{r.protected, r.everything, r.http}
	first := cloud.pull("", targets...)
	if n := len(files(t, first)); n < 60 {
		t.Fatalf("only %d files were written", n)
	}
	desk := start(t, server.Config{From: first})
	sameFiles(t, first, desk.pull("", targets...))

	for _, stage := range [][2]string{{r.protected, "prod"}, {r.everything, "dev"}} {
		for _, kind := range []string{"oas30", "swagger"} {
			in := &apigateway.GetExportInput{RestApiId: &stage[0], StageName: &stage[1], ExportType: &kind, Parameters: map[string]string{"extensions": "apigateway"}}
			want, got := must(cloud.rest.GetExport(t.Context(), in))(t), must(desk.rest.GetExport(t.Context(), in))(t)
			if string(want.Body) != string(got.Body) {
				t.Errorf("the %s export of %s differs:\n%s\n---\n%s", kind, stage, want.Body, got.Body)
			}
		}
	}
	in := &apigatewayv2.ExportApiInput{ApiId: &r.http, StageName: aws.String("$default"), Specification: aws.String("OAS30"), OutputType: aws.String("JSON")}
	want, got := must(cloud.http.ExportApi(t.Context(), in))(t), must(desk.http.ExportApi(t.Context(), in))(t)
	// The servers part names the port that each listens on.
	ports := regexp.MustCompile(`localhost:\d+`)
	if w, g := ports.ReplaceAllString(string(want.Body), ""), ports.ReplaceAllString(string(got.Body), ""); w != g {
		t.Errorf("the HTTP API's export differs:\n%s\n---\n%s", w, g)
	}
}

// Reading changes nothing: every call is of the Get, Describe, List, Head or Export kind.
func TestPullOnlyReads(t *testing.T) {
	isolate(t)
	cloud := start(t, server.Config{})
	r := cloud.rich()
	seen := &calls{made: map[string]int{}}
	cloud.pullInto(filepath.Join(t.TempDir(), "copy"), seen, "", r.protected, r.everything, r.http)
	reading := regexp.MustCompile(`^(GET|AWSCognitoIdentityProviderService\.(Get|Describe|List)\w+|Action=GetCallerIdentity&Version=2011-06-15)$`)
	total := 0
	for call, n := range seen.made {
		total += n
		if !reading.MatchString(call) {
			t.Errorf("%d calls of %q", n, call)
		}
	}
	if seen.made["GET"] < 20 || total < 30 {
		t.Errorf("the test saw %d calls only: %v", total, seen.made)
	}
	t.Logf("%d calls: %v", total, seen.made)
}

// Nothing that opens a door is in the directory.
func TestNoSecretReachesTheDirectory(t *testing.T) {
	isolate(t)
	cloud := start(t, server.Config{})
	r := cloud.rich()
	all := files(t, cloud.pull("", r.protected, r.http))
	for name, content := range all {
		for _, secret := range []string{r.secret, "a-key-that-nobody-may-read", password, "SealedVerifier", `"d":`} {
			if strings.Contains(content, secret) {
				t.Errorf("%s holds a secret", name)
			}
		}
		if strings.Contains(name, "..") || strings.ContainsAny(name, `\:*?"<>|`) {
			t.Errorf("%q is no name for a file", name)
		}
	}
	if !strings.Contains(all["pools/"+r.pool+"/clients/a_server=side-"+r.secretClient+".json"], `"ClientSecret": "(dropped)"`) {
		t.Error("that a client has a secret is not told")
	}
}
