package peer

import (
	"crypto/tls"
	"net/http"
	"net/netip"
	"strings"
	"testing"
)

func TestForwardedHeadersCountFromTrustedPeersOnly(t *testing.T) {
	proxies := Proxies{netip.MustParsePrefix("10.0.0.0/8"), netip.MustParsePrefix("fd00::/8")}
	for _, c := range []struct {
		name, remote string
		forwarded    []string
		want         string
	}{
		{"no proxy", "192.0.2.1:1234", nil, "192.0.2.1"},
		{"a stranger says something", "192.0.2.1:1234", []string{"203.0.113.9"}, "192.0.2.1"},
		{"a proxy", "10.0.0.1:1234", []string{"203.0.113.9"}, "203.0.113.9"},
		{"a proxy that says nothing", "10.0.0.1:1234", nil, "10.0.0.1"},
		{"two proxies", "10.0.0.1:1234", []string{"203.0.113.9, 10.0.0.2"}, "203.0.113.9"},
		{"what the client wrote itself", "10.0.0.1:1234", []string{"127.0.0.1, 203.0.113.9"}, "203.0.113.9"},
		{"in a header of its own", "10.0.0.1:1234", []string{"127.0.0.1", "203.0.113.9,10.0.0.2"}, "203.0.113.9"},
		{"behind what is no address", "10.0.0.1:1234", []string{"203.0.113.9, unknown"}, "10.0.0.1"},
		{"with a port", "10.0.0.1:1234", []string{"203.0.113.9:4711"}, "203.0.113.9"},
		{"IPv6", "[fd00::1]:1234", []string{"[2001:db8::1]:4711"}, "2001:db8::1"},
		{"IPv4 in IPv6", "[::ffff:10.0.0.1]:1234", []string{"203.0.113.9"}, "203.0.113.9"},
		{"proxies only", "10.0.0.1:1234", []string{"10.0.0.3,10.0.0.2"}, "10.0.0.3"},
		{"endless proxies", "10.0.0.1:1234", []string{"203.0.113.9" + strings.Repeat(",10.0.0.2", 100)}, "10.0.0.2"},
		{"no connection", "test-invoke-source-ip", []string{"203.0.113.9"}, "test-invoke-source-ip"},
	} {
		r := &http.Request{RemoteAddr: c.remote, Header: http.Header{"X-Forwarded-For": c.forwarded}}
		if got := proxies.Source(r).IP; got != c.want {
			t.Errorf("%s: %s, want %s", c.name, got, c.want)
		}
	}
}

func TestTransportAndEndpoint(t *testing.T) {
	headers := http.Header{"X-Forwarded-Proto": {"https"}, "X-Amzn-Vpce-Id": {"vpce-1"}, "X-Amzn-Vpc-Id": {"vpc-1"}}
	r := &http.Request{RemoteAddr: "10.0.0.1:1", Header: headers}
	if got := (Proxies{netip.MustParsePrefix("10.0.0.1/32")}).Source(r); got != (Source{IP: "10.0.0.1", Secure: true, VPCEndpoint: "vpce-1", VPC: "vpc-1"}) {
		t.Errorf("a trusted proxy is not believed: %+v", got)
	}
	if got := Proxies(nil).Source(r); got != (Source{IP: "10.0.0.1"}) {
		t.Errorf("anybody is believed: %+v", got)
	}
	r.TLS = &tls.ConnectionState{}
	if got := Proxies(nil).Source(r); !got.Secure {
		t.Error("TLS is not seen")
	}
}
