package cli

import (
	"net/netip"
	"strings"

	"github.com/poolgate/poolgate/internal/server"
)

// callers reads the flags that say which access keys there are, whose they are, and which proxies are trusted.
func (f *serveFlags) callers(config *server.Config) error {
	config.AccessKeys = map[string]string{}
	for _, pair := range f.accessKeys {
		id, secret, found := strings.Cut(pair, ":")
		if !found || id == "" || secret == "" {
			return fail("write it as --access-key ID:SECRET", "an access key must be ID:SECRET")
		}
		config.AccessKeys[id] = secret
	}
	config.Callers = map[string]server.Caller{}
	for _, owner := range f.owners {
		id, arn, found := strings.Cut(owner, "=")
		if !found || id == "" || arn == "" {
			return fail("write it as --access-key-arn ID=arn:aws:iam::ACCOUNT:user/NAME", "%q does not say whose an access key is", owner)
		}
		caller := config.Callers[id]
		caller.ARN = arn
		config.Callers[id] = caller
	}
	for _, own := range f.policies {
		id, file, found := strings.Cut(own, "=")
		if !found || id == "" || file == "" {
			return fail("write it as --access-key-policy ID=FILE", "%q does not name the file of a policy", own)
		}
		caller := config.Callers[id]
		caller.PolicyFile = file
		config.Callers[id] = caller
	}
	return f.trusted(config)
}

func (f *serveFlags) trusted(config *server.Config) error {
	for _, text := range f.proxies {
		network, err := netip.ParsePrefix(text)
		if ip, notNetwork := netip.ParseAddr(text); err != nil && notNetwork == nil && ip.Zone() == "" {
			network, err = netip.PrefixFrom(ip, ip.BitLen()), nil
		}
		if err != nil {
			return fail("write it as --trust-proxy 10.0.0.0/8, or as an address", "%q is no network", text)
		}
		config.TrustProxies = append(config.TrustProxies, network.Masked())
	}
	return nil
}
