package cli

import (
	"bytes"
	"context"
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	cip "github.com/aws/aws-sdk-go-v2/service/cognitoidentityprovider"

	"github.com/poolgate/poolgate/internal/server"
)

// A pool is pulled by its id, twice into one directory: as a person reads it, and as a program does.
func TestPullTellsWhatItDid(t *testing.T) {
	t.Setenv("AWS_ACCESS_KEY_ID", "123456789012")
	t.Setenv("AWS_SECRET_ACCESS_KEY", "secret")
	t.Setenv("AWS_CONFIG_FILE", os.DevNull)
	t.Setenv("AWS_PROFILE", "")
	s, err := server.Start(t.Context(), server.Config{Addr: "127.0.0.1:0", Data: server.Memory})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = s.Close(context.WithoutCancel(t.Context())) })
	client := cip.New(cip.Options{Region: "eu-west-1", BaseEndpoint: aws.String(s.URL()), Credentials: credentials.NewStaticCredentialsProvider("123456789012", "secret", "")})
	pool, err := client.CreateUserPool(t.Context(), &cip.CreateUserPoolInput{PoolName: aws.String("people")})
	if err != nil {
		t.Fatal(err)
	}
	dir := filepath.Join(t.TempDir(), "the cloud")
	run := func(args ...string) (code int, out, complaint string) {
		var stdout, stderr bytes.Buffer
		code = Run(t.Context(), append([]string{"pull", *pool.UserPool.Id, "--endpoint-url", s.URL(), "--out", dir}, args...), &stdout, &stderr)
		return code, stdout.String(), stderr.String()
	}
	code, out, complaint := run()
	want := dir + " is a copy of account 123456789012 in eu-west-1\n  REST APIs 0, HTTP APIs 0, user pools 1, usage plans 0\n  serve it  poolgate serve --from '" + dir + "'\n"
	if code != exitOK || out != want || complaint != "" {
		t.Errorf("exit %d, %s\nwant %s\nstderr %s", code, out, want, complaint)
	}
	code, out, complaint = run("--json")
	var said summary
	if err := json.Unmarshal([]byte(out), &said); err != nil || code != exitOK || complaint != "" {
		t.Fatalf("exit %d, %v: %s %s", code, err, out, complaint)
	}
	if said.Version != 1 || said.Dir != dir || said.Pools != 1 || said.Region != "eu-west-1" || said.NotRead == nil {
		t.Errorf("said %+v", said)
	}
	code, _, complaint = run("--region", "us-east-1", "a1b2c3d4e5")
	if code != exitFailed || !strings.Contains(complaint, "the API a1b2c3d4e5 is not in this account and region\nhint: ") {
		t.Errorf("exit %d, %s", code, complaint)
	}
}
