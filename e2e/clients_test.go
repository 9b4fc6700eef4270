package e2e

import (
	"bytes"
	"context"
	"crypto/tls"
	"encoding/json"
	"fmt"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/coreos/go-oidc/v3/oidc"
)

// node runs a script of e2e/node with a JSON document as its input and expects it to print "ok".
func node(t *testing.T, script string, input any, env ...string) {
	t.Helper()
	program := need(t, "node")
	if _, err := os.Stat("node_modules/aws-amplify"); err != nil {
		missing(t, "the npm packages of e2e/package.json are not installed; `make setup` installs them where it can")
	}
	document, err := json.Marshal(input)
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	cmd := exec.CommandContext(ctx, program, filepath.Join("node", script))
	cmd.Stdin = bytes.NewReader(document)
	cmd.Env = append(os.Environ(), env...)
	out, err := cmd.CombinedOutput()
	if err != nil || !strings.HasSuffix(strings.TrimSpace(string(out)), "ok") {
		t.Fatalf("%s: %v\n%s", script, err, out)
	}
}

func TestCognitoJwtVerifierAcceptsTokensOfTheAWSIssuer(t *testing.T) {
	s := serve(t, "--issuer", "aws").newPool(t, "verify")
	token := s.passwordSignIn(t, "jo")
	var jwks any
	if err := json.Unmarshal([]byte(send(t, http.MethodGet, s.url+"/"+s.poolID+"/.well-known/jwks.json", "", nil).body), &jwks); err != nil {
		t.Fatal(err)
	}
	node(t, "verify.mjs", map[string]any{
		"mode": "cognito", "userPoolId": s.poolID, "clientId": s.clientID, "jwks": jwks,
		"tokens": map[string]string{"id": token.id, "access": token.access},
	})
}

func TestJwtVerifierByDiscoveryOverTLS(t *testing.T) {
	data := t.TempDir()
	addr := freeAddr(t)
	_, port, _ := net.SplitHostPort(addr)
	base := "https://localhost:" + port
	s := serve(t, "--addr", addr, "--public-url", base, "--data", data).newPool(t, "tls")
	token := s.passwordSignIn(t, "jo")
	authority := firstTLSConnection(t, addr, data)
	node(t, "verify.mjs", map[string]any{
		"mode": "discovery", "issuer": base + "/" + s.poolID, "clientId": s.clientID, "tokens": map[string]string{"id": token.id},
	}, "NODE_EXTRA_CA_CERTS="+authority)
}

// freeAddr is a loopback address that was free a moment ago.
func freeAddr(t *testing.T) string {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer listener.Close()
	return listener.Addr().String()
}

// firstTLSConnection makes the server make its local authority, and returns the file of its certificate.
func firstTLSConnection(t *testing.T, addr, data string) string {
	t.Helper()
	dialer := tls.Dialer{Config: &tls.Config{InsecureSkipVerify: true, ServerName: "localhost"}}
	conn, err := dialer.DialContext(t.Context(), "tcp", addr)
	if err != nil {
		t.Fatal(err)
	}
	_ = conn.Close()
	found, err := filepath.Glob(filepath.Join(data, "tls", "ca*.pem"))
	if err != nil || len(found) == 0 {
		t.Fatalf("no authority below %s: %v", data, err)
	}
	return found[0]
}

func TestGoOIDCVerifiesByDiscovery(t *testing.T) {
	addr := freeAddr(t)
	_, port, _ := net.SplitHostPort(addr)
	s := serve(t, "--addr", addr).newPool(t, "oidc")
	token := s.passwordSignIn(t, "jo")
	provider, err := oidc.NewProvider(t.Context(), fmt.Sprintf("http://localhost:%s/%s", port, s.poolID))
	if err != nil {
		t.Fatal(err)
	}
	verifier := provider.Verifier(&oidc.Config{ClientID: s.clientID})
	verified, err := verifier.Verify(t.Context(), token.id)
	if err != nil {
		t.Fatal(err)
	}
	var claims struct {
		Use string `json:"token_use"`
	}
	if err := verified.Claims(&claims); err != nil || claims.Use != "id" {
		t.Errorf("claims %+v, %v", claims, err)
	}
	if _, err := verifier.Verify(t.Context(), tampered(token.id)); err == nil {
		t.Error("a tampered token was verified")
	}
}

func TestAmplifySignsInBySRP(t *testing.T) {
	s := serve(t).newPool(t, "amplify")
	node(t, "amplify.mjs", map[string]string{
		"userPoolId": s.poolID, "userPoolClientId": s.clientID, "userPoolEndpoint": s.url, "username": "jo", "password": userPassword,
	})
}
