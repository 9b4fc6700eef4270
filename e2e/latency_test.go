package e2e

import (
	"bytes"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/apigateway"
)

// backendEnv makes this program a backend and nothing else: what is measured must not share a process with what measures.
const backendEnv = "POOLGATE_E2E_BACKEND"

func init() {
	addr := os.Getenv(backendEnv)
	if addr == "" {
		return
	}
	answer := bytes.Repeat([]byte("y"), 1024)
	err := http.ListenAndServe(addr, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		_, _ = io.Copy(io.Discard, r.Body)
		_, _ = w.Write(answer)
	}))
	fmt.Fprintln(os.Stderr, err)
	os.Exit(1)
}

// separateBackend runs the backend of 1 KiB answers in a process of its own.
func separateBackend(t *testing.T) string {
	t.Helper()
	addr := freeAddr(t)
	cmd := exec.Command(os.Args[0])
	cmd.Env, cmd.Stderr = append(os.Environ(), backendEnv+"="+addr), os.Stderr
	must(t, cmd.Start())
	t.Cleanup(func() {
		_ = cmd.Process.Kill()
		_ = cmd.Wait()
	})
	eventually(t, 10*time.Second, "the backend listens", func() bool {
		conn, err := net.Dial("tcp", addr)
		if err == nil {
			_ = conn.Close()
		}
		return err == nil
	})
	return "http://" + addr
}

// addRoute makes POST /path behind the authorizer, sent on to a backend as it is, and deploys it.
func (s *site) addRoute(t *testing.T, path, uri string) {
	t.Helper()
	apis := apigateway.NewFromConfig(s.sdk())
	resource, err := apis.CreateResource(t.Context(), &apigateway.CreateResourceInput{RestApiId: &s.apiID, ParentId: &s.rootID, PathPart: &path})
	must(t, err)
	_, err = apis.PutMethod(t.Context(), &apigateway.PutMethodInput{RestApiId: &s.apiID, ResourceId: resource.Id, HttpMethod: aws.String("POST"),
		AuthorizationType: aws.String("COGNITO_USER_POOLS"), AuthorizerId: &s.authorizerID})
	must(t, err)
	_, err = apis.PutIntegration(t.Context(), &apigateway.PutIntegrationInput{RestApiId: &s.apiID, ResourceId: resource.Id, HttpMethod: aws.String("POST"),
		Type: "HTTP_PROXY", IntegrationHttpMethod: aws.String("POST"), Uri: &uri})
	must(t, err)
	_, err = apis.CreateDeployment(t.Context(), &apigateway.CreateDeploymentInput{RestApiId: &s.apiID, StageName: aws.String("dev")})
	must(t, err)
}

// door is a place that a request can be sent to.
type door struct{ name, url, authorization string }

const (
	latencyConnections = 16
	// latencyPause is what each connection waits between two requests, so that the machine is far from loaded.
	latencyPause = 12 * time.Millisecond
)

// measure sends requests of 1 KiB over 16 connections to the doors in turns, because what else the machine does then slows all of
// them alike, and returns each door's times in order.
func measure(t *testing.T, rounds int, doors []door) [][]time.Duration {
	t.Helper()
	took := make([][]time.Duration, len(doors))
	var mu sync.Mutex
	var wait sync.WaitGroup
	for worker := range latencyConnections {
		wait.Go(func() {
			client := &http.Client{Transport: &http.Transport{MaxIdleConnsPerHost: 1}}
			defer client.CloseIdleConnections()
			own := make([][]time.Duration, len(doors))
			time.Sleep(latencyPause * time.Duration(worker) / latencyConnections)
			for round := range rounds + 1 {
				for i, d := range doors {
					spent, err := knock(client, d)
					if err != nil {
						t.Error(err)
						return
					}
					if round > 0 { // the first opens the connection
						own[i] = append(own[i], spent)
					}
					time.Sleep(latencyPause)
				}
			}
			mu.Lock()
			defer mu.Unlock()
			for i := range took {
				took[i] = append(took[i], own[i]...)
			}
		})
	}
	wait.Wait()
	for i := range took {
		slices.Sort(took[i])
	}
	return took
}

var kilobyte = bytes.Repeat([]byte("x"), 1024)

func knock(client *http.Client, d door) (time.Duration, error) {
	r, err := http.NewRequest(http.MethodPost, d.url, bytes.NewReader(kilobyte))
	if err != nil {
		return 0, err
	}
	if d.authorization != "" {
		r.Header.Set("Authorization", d.authorization)
	}
	began := time.Now()
	response, err := client.Do(r)
	if err != nil {
		return 0, err
	}
	_, err = io.Copy(io.Discard, response.Body)
	spent := time.Since(began)
	_ = response.Body.Close()
	if response.StatusCode != http.StatusOK {
		return 0, fmt.Errorf("%s answered %d", d.name, response.StatusCode)
	}
	return spent, err
}

// TestLatencyAdded measures a protected HTTP_PROXY route of the whole server beside the same backend called directly and beside nginx
// as a proxy in front of it, each in a process of its own, and says what it measured. Every door must answer every request; how long
// that takes is the machine's: LATENCY_ROUNDS makes it a measurement (bench/latency.sh).
func TestLatencyAdded(t *testing.T) {
	rounds, tries := 4, 1
	if n, err := strconv.Atoi(os.Getenv("LATENCY_ROUNDS")); err == nil {
		rounds, tries = n, 3
	}
	direct := separateBackend(t)
	s := serve(t).newSite(t)
	s.addRoute(t, "proxied", direct+"/a")
	front := nginx(t, `upstream backend { server `+strings.TrimPrefix(direct, "http://")+`; keepalive 64; }
	server { listen %ADDR%; location / { proxy_pass http://backend; proxy_http_version 1.1; proxy_set_header Connection ""; } }`)
	doors := []door{
		{"the backend", direct + "/a", ""},
		{"the gateway", s.url + "/_aws/execute-api/" + s.apiID + "/dev/proxied", "Bearer " + s.passwordSignIn(t, "jo").id},
		{"nginx", front + "/a", ""},
	}
	for range tries {
		took := measure(t, rounds, doors)
		if t.Failed() {
			return
		}
		at := func(i, part int) float64 { return float64(took[i][len(took[i])*part/100].Nanoseconds()) / 1000 }
		for i, d := range doors {
			t.Logf("%-12s median %4.0f µs (%+.0f), 10th percentile %4.0f µs (%+.0f), 90th %4.0f µs (%+.0f)", d.name,
				at(i, 50), at(i, 50)-at(0, 50), at(i, 10), at(i, 10)-at(0, 10), at(i, 90), at(i, 90)-at(0, 90))
		}
	}
}
