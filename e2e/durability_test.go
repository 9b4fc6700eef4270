package e2e

import (
	"bytes"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"io"
	"math/big"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/poolgate/poolgate/internal/store/postgrestest"
)

// call is one unsigned Cognito operation over plain HTTP, for tests that need many quickly.
func call(url, operation string, in any) (int, map[string]any, error) {
	body, err := json.Marshal(in)
	if err != nil {
		return 0, nil, err
	}
	request, err := http.NewRequest(http.MethodPost, url, bytes.NewReader(body))
	if err != nil {
		return 0, nil, err
	}
	request.Header.Set("Content-Type", "application/x-amz-json-1.1")
	request.Header.Set("X-Amz-Target", "AWSCognitoIdentityProviderService."+operation)
	client := http.Client{Timeout: 10 * time.Second}
	answer, err := client.Do(request)
	if err != nil {
		return 0, nil, err
	}
	defer answer.Body.Close()
	var out map[string]any
	raw, err := io.ReadAll(answer.Body)
	if err != nil {
		return 0, nil, err
	}
	if len(raw) > 0 {
		if err := json.Unmarshal(raw, &out); err != nil {
			return answer.StatusCode, nil, fmt.Errorf("%s: %w", raw, err)
		}
	}
	return answer.StatusCode, out, nil
}

func TestEveryAcknowledgedUserSurvivesKill9(t *testing.T) {
	data := t.TempDir()
	p := serve(t, "--data", data)
	s := p.newPool(t, "kill")
	var mu sync.Mutex
	var acknowledged []string
	var wait sync.WaitGroup
	enough := make(chan struct{})
	var once sync.Once
	for worker := range 4 {
		wait.Go(func() {
			for i := 0; ; i++ {
				name := fmt.Sprintf("u%d-%d", worker, i)
				status, _, err := call(p.url, "SignUp", map[string]any{"ClientId": s.clientID, "Username": name, "Password": userPassword})
				if err != nil || status != http.StatusOK {
					return
				}
				mu.Lock()
				acknowledged = append(acknowledged, name)
				if len(acknowledged) == 40 {
					once.Do(func() { close(enough) })
				}
				mu.Unlock()
			}
		})
	}
	select {
	case <-enough:
	case <-time.After(time.Minute):
		t.Fatal("no 40 sign-ups within a minute")
	}
	p.kill()
	wait.Wait()

	again := serve(t, "--data", data)
	s.process = again
	users := again.aws(t, "cognito-idp", "list-users", "--user-pool-id", s.poolID)
	there := map[string]bool{}
	for _, user := range at(t, users, "Users").([]any) {
		there[text(t, user, "Username")] = true
	}
	for _, name := range acknowledged {
		if !there[name] {
			t.Errorf("%s was acknowledged and is gone", name)
		}
	}
	for _, name := range []string{acknowledged[0], acknowledged[len(acknowledged)-1]} {
		again.aws(t, "cognito-idp", "admin-confirm-sign-up", "--user-pool-id", s.poolID, "--username", name)
		s.passwordSignIn(t, name)
	}
}

func TestASecondProcessOnTheSameDirectoryIsAClearError(t *testing.T) {
	data := t.TempDir()
	serve(t, "--data", data)
	second := exec.CommandContext(t.Context(), binary, "serve", "--addr", "127.0.0.1:0", "--data", data)
	out, err := second.CombinedOutput()
	if err == nil || second.ProcessState.ExitCode() != 2 {
		t.Fatalf("exit %d: %s", second.ProcessState.ExitCode(), out)
	}
	for _, part := range []string{"error:", data, "hint:"} {
		if !strings.Contains(string(out), part) {
			t.Errorf("does not say %q: %s", part, out)
		}
	}
}

// TestTheDatabaseHoldsNoSecretInTheClear looks for every secret of a pool in every file of the data directory, in each form it could have.
func TestTheDatabaseHoldsNoSecretInTheClear(t *testing.T) {
	data := t.TempDir()
	p := serve(t, "--data", data)
	s := p.newPool(t, "sealed")
	confidential := p.aws(t, "cognito-idp", "create-user-pool-client", "--user-pool-id", s.poolID, "--client-name", "confidential", "--generate-secret")
	token := s.passwordSignIn(t, "jo")
	secret := text(t, confidential, "UserPoolClient", "ClientSecret")
	p.stop()

	var everything []byte
	err := filepath.Walk(data, func(path string, info os.FileInfo, err error) error {
		if err != nil || info.IsDir() || strings.HasPrefix(info.Name(), "seal") {
			return err
		}
		content, err := os.ReadFile(path)
		everything = append(everything, content...)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Contains(everything, []byte(s.poolID)) {
		t.Fatal("the files do not even hold the pool's id: the test looks in the wrong place")
	}
	for what, needle := range map[string]string{
		"the password": userPassword, "the client secret": secret, "the access token": token.access, "the refresh token": token.refresh,
		"a private key's PEM": "PRIVATE KEY", "a JWK's private exponent": `"d":`, "a verifier's name": `"verifier":`,
	} {
		for form, bytesOf := range forms(needle) {
			if bytes.Contains(everything, bytesOf) {
				t.Errorf("the database holds %s, %s", what, form)
			}
		}
	}
	if modulus := publicModulus(t, p, s, data); bytes.Contains(everything, modulus.Bytes()) {
		// A private key in PKCS #1 or #8 holds its modulus as bytes; a sealed one does not.
		t.Error("the database holds a key's DER in the clear")
	}
}

func forms(secret string) map[string][]byte {
	return map[string][]byte{
		"as it is": []byte(secret), "in base64": []byte(base64.RawStdEncoding.EncodeToString([]byte(secret))), "in hex": []byte(hex.EncodeToString([]byte(secret))),
	}
}

// publicModulus starts the server again on the data and reads a key's modulus from the pool's JWKS.
func publicModulus(t *testing.T, _ *process, s *site, data string) *big.Int {
	t.Helper()
	again := serve(t, "--data", data)
	got := send(t, http.MethodGet, again.url+"/"+s.poolID+"/.well-known/jwks.json", "", nil)
	var set struct{ Keys []struct{ N string } }
	if err := json.Unmarshal([]byte(got.body), &set); err != nil || len(set.Keys) != 2 {
		t.Fatalf("JWKS: %d %s", got.status, got.body)
	}
	n, err := base64.RawURLEncoding.DecodeString(set.Keys[0].N)
	if err != nil {
		t.Fatal(err)
	}
	return new(big.Int).SetBytes(n)
}

// TestTwoServersOnOnePostgreSQL: what is deployed, disabled or revoked on one holds on the other within a second.
func TestTwoServersOnOnePostgreSQL(t *testing.T) {
	seal := "POOLGATE_SEAL_KEY=" + strings.Repeat("ab", 32)
	database := postgrestest.URL(t)
	node := func() *process {
		return serveWith(t, []string{seal}, "--data", t.TempDir(), "--store", database, "--public-url", "http://localhost:4566")
	}
	one, two := node(), node()
	s := one.newSite(t)
	onTwo := *s
	onTwo.process = two
	token := s.passwordSignIn(t, "jo")

	eventually(t, time.Second, "the deployment holds on the other node", func() bool {
		return onTwo.invoke(t, "/plain", token.id).status == http.StatusOK
	})
	s.aws(t, "apigateway", "update-method", "--rest-api-id", s.apiID, "--resource-id", s.plainID, "--http-method", "GET",
		"--patch-operations", "op=add,path=/authorizationScopes,value=aws.cognito.signin.user.admin")
	s.deploy(t)
	eventually(t, time.Second, "the second deployment holds on the other node", func() bool {
		return onTwo.invoke(t, "/plain", token.access).status == http.StatusOK
	})

	refresh := func() (int, map[string]any) {
		status, answer, err := call(two.url, "InitiateAuth", map[string]any{"ClientId": s.clientID, "AuthFlow": "REFRESH_TOKEN_AUTH",
			"AuthParameters": map[string]string{"REFRESH_TOKEN": token.refresh}})
		if err != nil {
			t.Fatal(err)
		}
		return status, answer
	}
	if status, answer := refresh(); status != http.StatusOK {
		t.Fatalf("refresh on the other node: %d %v", status, answer)
	}
	s.aws(t, "cognito-idp", "revoke-token", "--client-id", s.clientID, "--token", token.refresh)
	eventually(t, time.Second, "the revocation holds on the other node", func() bool {
		status, _ := refresh()
		return status == http.StatusBadRequest
	})
	eventually(t, time.Second, "the revoked access token is refused by the other node", func() bool {
		status, _, err := call(two.url, "GetUser", map[string]any{"AccessToken": token.access})
		return err == nil && status == http.StatusBadRequest
	})
	s.aws(t, "cognito-idp", "admin-disable-user", "--user-pool-id", s.poolID, "--username", "jo")
	eventually(t, time.Second, "the disabled user cannot sign in on the other node", func() bool {
		status, answer, err := call(two.url, "InitiateAuth", map[string]any{"ClientId": s.clientID, "AuthFlow": "USER_PASSWORD_AUTH",
			"AuthParameters": map[string]string{"USERNAME": "jo", "PASSWORD": userPassword}})
		return err == nil && status == http.StatusBadRequest && answer["message"] == "User is disabled."
	})
}
