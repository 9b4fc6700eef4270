package gateway_test

import (
	"bytes"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"slices"
	"sync"
	"testing"
	"time"
)

// door is a place that a request can be sent to.
type door struct {
	name, url, authorization string
}

const (
	connections = 16
	// pause is what each connection waits between two requests, so that the machine is far from loaded.
	pause = 12 * time.Millisecond
)

// measured are a door's latencies in microseconds: the median, and the tenth percentile, which other work on the machine hardly
// reaches.
type measured struct{ median, best float64 }

// latencies sends requests of 1 KiB over 16 connections, to one door and the other in turns. Turns, because what else the machine
// does then slows both alike.
func latencies(b *testing.B, doors [2]door) (of [2]measured) {
	b.Helper()
	body := bytes.Repeat([]byte("x"), 1024)
	var took [2][]time.Duration
	var mu sync.Mutex
	var wait sync.WaitGroup
	rounds := max(b.N/connections, 8)
	for worker := range connections {
		wait.Go(func() {
			client := &http.Client{Transport: &http.Transport{MaxIdleConnsPerHost: 1}}
			defer client.CloseIdleConnections()
			var own [2][]time.Duration
			time.Sleep(pause * time.Duration(worker) / connections)
			for round := range rounds + 1 {
				for i := range doors {
					spent, err := once(client, doors[i], body)
					if err != nil {
						b.Error(err)
						return
					}
					if round > 0 { // the first opens the connection
						own[i] = append(own[i], spent)
					}
					time.Sleep(pause)
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
		if len(took[i]) == 0 {
			b.Fatal("nothing was measured")
		}
		slices.Sort(took[i])
		at := func(part int) float64 { return float64(took[i][len(took[i])*part/100].Nanoseconds()) / 1000 }
		of[i] = measured{at(50), at(10)}
	}
	return of
}

func once(client *http.Client, to door, body []byte) (time.Duration, error) {
	r, err := http.NewRequest("POST", to.url, bytes.NewReader(body))
	if err != nil {
		return 0, err
	}
	if to.authorization != "" {
		r.Header.Set("Authorization", to.authorization)
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
		return 0, fmt.Errorf("%s answered %d", to.name, response.StatusCode)
	}
	return spent, err
}

func report(b *testing.B, of [2]measured) {
	b.ReportMetric(of[0].median, "direct-µs")
	b.ReportMetric(of[1].median, "gateway-µs")
	b.ReportMetric(of[1].median-of[0].median, "added-µs")
	b.ReportMetric(of[1].best-of[0].best, "added-p10-µs")
	b.ReportMetric(of[1].median/of[0].median, "ratio")
	b.ReportMetric(0, "ns/op") // time per operation is mostly pauses
}

// BenchmarkAddedLatency is a protected HTTP_PROXY route beside the same backend called directly: 1 KiB both ways, 16 connections, the
// processor under half load.
func BenchmarkAddedLatency(b *testing.B) {
	answer := bytes.Repeat([]byte("y"), 1024)
	back := backend(b, func(w http.ResponseWriter, r *http.Request) {
		_, _ = io.Copy(io.Discard, r.Body)
		_, _ = w.Write(answer)
	})
	m := cognito("rs/read")
	m.MethodIntegration = proxy(back.URL+"/{proxy}", nil).MethodIntegration
	w := newWorld(b, newAPI().authorizer("auth", nil).on("POST", "/{proxy+}", m), nil)
	front := httptest.NewServer(w)
	defer front.Close()
	report(b, latencies(b, [2]door{
		{"the backend", back.URL + "/a", ""},
		{"the gateway", front.URL + "/prod/a", "Bearer " + token(accessClaims("rs/read"))},
	}))
}
