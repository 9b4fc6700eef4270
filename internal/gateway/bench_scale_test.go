package gateway_test

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/apigateway"
	"github.com/aws/aws-sdk-go-v2/service/apigateway/types"

	"github.com/poolgate/poolgate/internal/gateway"
	"github.com/poolgate/poolgate/internal/wire"
)

// scales are how many there are of what a request is one of.
var scales = []int{1, 1_000, 100_000}

// rotate serves requests that differ each from the one before.
func rotate(b *testing.B, g *gateway.Gateway, api string, n int, request func(i int) (path, header, value string)) {
	b.Helper()
	r := httptest.NewRequest(http.MethodGet, "/", nil)
	serve := func(w http.ResponseWriter, i int) {
		path, header, value := request(i)
		if header != "" {
			r.Header[header] = []string{value}
		}
		g.ServeAPI(w, r, gateway.Target{API: api, Path: path})
	}
	for i := range n { // what is compiled, read and asked once is not what is measured
		recorder := httptest.NewRecorder()
		if serve(recorder, i); recorder.Code != 200 {
			b.Fatalf("answered %d %s", recorder.Code, recorder.Body)
		}
	}
	d := &discard{http.Header{}}
	b.ReportAllocs()
	i := 0
	for b.Loop() {
		clear(d.header)
		// A stride that meets all of them, and never two that are neighbours.
		i = (i + 7919) % n
		serve(d, i)
	}
	b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "requests/s")
}

// BenchmarkKeys is a request with one of many API keys, beside one to a method without: found, held against a rate and a quota, counted,
// and the counts written as they are by default.
func BenchmarkKeys(b *testing.B) {
	for _, n := range scales {
		w := newMetered(b, func(c *gateway.Config) { c.CountEvery, c.Monotonic = 0, nil })
		plan := w.plan(func(in *apigateway.CreateUsagePlanInput) {
			throttle(1e9, 1<<30)(in)
			quota(1<<31-1, types.QuotaPeriodTypeMonth)(in)
		}, []string{"dev"})
		values := make([]string, n)
		var file strings.Builder
		for from := 0; from < n; from += 10_000 {
			file.Reset()
			file.WriteString("name,key,enabled,usageplanids\n")
			for i := from; i < min(from+10_000, n); i++ {
				values[i] = fmt.Sprintf("benchmark-key-%032d", i)
				fmt.Fprintf(&file, "k,%s,true,%s\n", values[i], plan)
			}
			if out := done(w.ImportApiKeys(w.ctx(), &apigateway.ImportApiKeysInput{Body: []byte(file.String()), FailOnWarnings: true}))(b); len(out.Warnings) > 0 {
				b.Fatal(out.Warnings)
			}
		}
		b.Run(fmt.Sprintf("open beside %d keys", n), func(b *testing.B) {
			rotate(b, w.Gateway, w.api, 1, func(int) (string, string, string) { return "/dev/open", "", "" })
		})
		b.Run(fmt.Sprintf("%d keys", n), func(b *testing.B) {
			rotate(b, w.Gateway, w.api, n, func(i int) (string, string, string) { return "/dev/keyed", "X-Api-Key", values[i] })
		})
		w.Close()
	}
}

// BenchmarkRoutes is a request to one of many routes of one API, each with two parameters.
func BenchmarkRoutes(b *testing.B) {
	for _, n := range scales {
		a := newAPI()
		paths := make([]string, n)
		for i := range n {
			resource := types.Resource{
				Id: aws.String(fmt.Sprint("r", i)), Path: aws.String(fmt.Sprintf("/group%d/thing%d/{id}/part/{part}", i%317, i)),
				ResourceMethods: map[string]types.Method{"GET": openWith(mockOf(passed))},
			}
			a.s.Resources = append(a.s.Resources, documentOf(resource))
			paths[i] = fmt.Sprintf("/prod/group%d/thing%d/7/part/8", i%317, i)
		}
		w := newWorld(b, a, nil)
		b.Run(fmt.Sprintf("%d routes", n), func(b *testing.B) {
			rotate(b, w.Gateway, apiID, n, func(i int) (string, string, string) { return paths[i], "", "" })
		})
		w.Close()
	}
}

// BenchmarkIdentities is a request with one of many identities, whose authorizer's answers are all remembered.
func BenchmarkIdentities(b *testing.B) {
	for _, n := range scales {
		m := openWith(mockOf(passed))
		m.AuthorizationType, m.AuthorizerId = aws.String("CUSTOM"), aws.String("asks")
		a := newAPI().on("GET", "/open", open()).on("GET", "/asked", m)
		a.authorizer("asks", func(doc *types.Authorizer) {
			*doc = types.Authorizer{
				Id: doc.Id, Name: aws.String("asks"), Type: types.AuthorizerTypeToken, AuthorizerUri: aws.String(uriOf(functionARN)),
				IdentitySource: aws.String("method.request.header.Authorization"), AuthorizerResultTtlInSeconds: aws.Int32(3600),
			}
		})
		w := newWorld(b, a, nil, withFunctions(returns(fmt.Sprintf(granting, `""`))))
		tokens := make([]string, n)
		for i := range n {
			tokens[i] = fmt.Sprintf("token-of-an-identity-%040d", i)
		}
		b.Run(fmt.Sprintf("%d identities", n), func(b *testing.B) {
			rotate(b, w.Gateway, apiID, n, func(i int) (string, string, string) { return "/prod/asked", "Authorization", tokens[i] })
		})
		w.Close()
	}
}

// BenchmarkUnknownKeys is a request with an API key that nobody has, each another one.
func BenchmarkUnknownKeys(b *testing.B) {
	w := newMetered(b, func(c *gateway.Config) { c.Monotonic = nil })
	id, _ := w.key("mine")
	w.plan(nil, []string{"dev"}, id)
	r := httptest.NewRequest(http.MethodGet, "/", nil)
	d := &discard{http.Header{}}
	began, i := time.Now().UnixNano(), 0
	b.ReportAllocs()
	for b.Loop() {
		clear(d.header)
		i++
		r.Header["X-Api-Key"] = []string{fmt.Sprintf("nobody-has-%d-%d", began, i)}
		w.ServeAPI(d, r, gateway.Target{API: w.api, Path: "/dev/keyed"})
	}
}

func documentOf(r types.Resource) wire.Document[types.Resource] {
	return wire.Document[types.Resource]{Value: r}
}
