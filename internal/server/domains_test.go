package server

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"testing"

	"github.com/poolgate/poolgate/internal/apigateway"
	"github.com/poolgate/poolgate/internal/fault"
)

func TestDomainsAreReadOnceUntilOneChanges(t *testing.T) {
	loads, list, broken := 0, []apigateway.ServedDomain{{Name: "a.example.com"}}, error(nil)
	d := newDomains(func(context.Context) ([]apigateway.ServedDomain, error) {
		loads++
		return list, broken
	}, slog.New(slog.DiscardHandler))
	for i := range 100 {
		if d.find("a.example.com") == nil || d.find(fmt.Sprintf("unknown%d.example.com", i)) != nil {
			t.Fatal("a domain is not found, or one is that is none")
		}
	}
	if loads != 1 {
		t.Errorf("%d reads of the store for 200 requests", loads)
	}
	list = append(list, apigateway.ServedDomain{Name: "b.example.com"})
	d.changed("")
	if d.find("b.example.com") == nil || loads != 2 {
		t.Errorf("a new domain is not found, after %d reads", loads)
	}
	broken = errors.New("the store is gone")
	d.changed("")
	for range 100 {
		if d.find("b.example.com") == nil {
			t.Fatal("what was known is forgotten while the store cannot be read")
		}
	}
	if loads > 4 {
		t.Errorf("%d reads of a store that is gone", loads)
	}
}

func TestAnExactNameIsBeforeAWildcard(t *testing.T) {
	d := newDomains(func(context.Context) ([]apigateway.ServedDomain, error) {
		return []apigateway.ServedDomain{{Name: "*.example.com"}, {Name: "a.example.com", Target: "d-1.execute-api.eu-west-1.amazonaws.com"}}, nil
	}, slog.New(slog.DiscardHandler))
	for host, want := range map[string]string{
		"a.example.com": "a.example.com", "b.example.com": "*.example.com", "a.b.example.com": "", "example.com": "",
		"d-1.execute-api.eu-west-1.amazonaws.com": "a.example.com", "d-1.execute-api.eu-west-1.localhost": "a.example.com", "d-2.execute-api.eu-west-1.localhost": "",
	} {
		got := ""
		if found := d.find(host); found != nil {
			got = found.name
		}
		if got != want {
			t.Errorf("%s leads to %q, want %q", host, got, want)
		}
	}
}

// A name that somebody gave to a domain takes nobody else's host: an API's, a login page's, a pool's keys or another domain's target.
func TestADomainIsNoServicesHost(t *testing.T) {
	taken := []string{
		"abc.execute-api.eu-west-1.localhost", "abc.execute-api.localhost", "abc.execute-api.eu-west-1.localhost.localstack.cloud",
		"abc.execute-api.eu-west-1.amazonaws.com", "shop.auth.eu-west-1.localhost", "shop.auth.eu-west-1.amazoncognito.com",
		"cognito-idp.eu-west-1.localhost", "cognito-idp.eu-west-1.amazonaws.com", "id.lambda-url.eu-west-1.localhost",
		"bucket.s3.eu-west-1.localhost", "sts.amazonaws.com", "d-1.execute-api.eu-west-1.localhost",
	}
	list := []apigateway.ServedDomain{
		{Name: "*.example.com", Target: "d-1.execute-api.eu-west-1.amazonaws.com"},
		{Name: "*.execute-api.eu-west-1.localhost"}, {Name: "*.auth.eu-west-1.localhost"}, {Name: "*.eu-west-1.localhost"}, {Name: "*.amazonaws.com"},
	}
	for _, name := range taken {
		list = append(list, apigateway.ServedDomain{Name: name})
	}
	d := newDomains(func(context.Context) ([]apigateway.ServedDomain, error) { return list, nil }, slog.New(slog.DiscardHandler))
	for _, host := range taken {
		if found := d.find(host); found != nil && found.name != "*.example.com" {
			t.Errorf("%s leads to the domain %q", host, found.name)
		}
	}
	if d.find("shop.eu-west-1.localhost") == nil {
		t.Error("a name of this machine that is no service's is no domain")
	}
}

func TestLoginHostsAreRememberedWithinABound(t *testing.T) {
	asked, there := 0, false
	l := &loginHosts{log: slog.New(slog.DiscardHandler), find: func(context.Context, string) error {
		asked++
		if there {
			return nil
		}
		return fault.NotFound("ResourceNotFoundException", "none")
	}}
	for range 10 {
		if l.has("login.example.com") {
			t.Fatal("found")
		}
	}
	there = true
	l.changed("")
	for range 10 {
		if !l.has("login.example.com") {
			t.Fatal("not found")
		}
	}
	if asked != 2 {
		t.Errorf("asked %d times", asked)
	}
	for i := range 3 * greatestHosts {
		l.has(fmt.Sprintf("h%d.example.com", i))
		if len(l.known) > greatestHosts {
			t.Fatalf("%d hosts are remembered", len(l.known))
		}
	}
}
