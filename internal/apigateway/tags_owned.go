package apigateway

import (
	"regexp"

	"github.com/aws/aws-sdk-go-v2/service/apigateway/types"

	"github.com/poolgate/poolgate/internal/fault"
	"github.com/poolgate/poolgate/internal/store"
	"github.com/poolgate/poolgate/internal/wire"
)

// ownedARN is the ARN of what belongs to an account and can have tags. A private domain name's ARN names the account.
var ownedARN = regexp.MustCompile(`^arn:aws[a-z-]*:apigateway:([a-z0-9-]+):(\d{12})?:/(apikeys|usageplans|domainnames|vpclinks|clientcertificates|domainnameaccessassociations)/(.+)$`)

// findOwnedTagged finds what such an ARN names.
func findOwnedTagged(tx *store.Tx, call wire.Call, arn string) (*tagged, error) {
	match := ownedARN.FindStringSubmatch(arn)
	if match == nil || match[1] != call.Region || match[2] != "" && match[2] != call.Account {
		return nil, badARN
	}
	id, scope := match[4], ownerOf(call)
	switch match[3] {
	case "apikeys":
		return taggedIn(tx, &apiKeys, scope, id, noAPIKey, func(k *apiKey) *map[string]string { return &k.Key.Value.Tags })
	case "usageplans":
		return taggedIn(tx, &usagePlans, scope, id, noUsagePlan, func(p *wire.Document[types.UsagePlan]) *map[string]string { return &p.Value.Tags })
	case "vpclinks":
		return taggedIn(tx, &vpcLinks, scope, id, noVPCLink, func(l *wire.Document[types.VpcLink]) *map[string]string { return &l.Value.Tags })
	case "domainnameaccessassociations": // known by the ARN as a whole
		return taggedIn(tx, &accessAssociations, scope, arn, noAssociation,
			func(a *wire.Document[types.DomainNameAccessAssociation]) *map[string]string { return &a.Value.Tags })
	case "clientcertificates":
		return taggedIn(tx, &clientCertificates, scope, id, noCertificate, func(c *clientCertificate) *map[string]string { return &c.Certificate.Value.Tags })
	}
	if _, err := findDomain(tx, call, &id, nil); err != nil {
		return nil, err
	}
	return taggedIn(tx, &domainNames, domainScope, id, noDomain, func(d *domainName) *map[string]string { return &d.Domain.Value.Tags })
}

// taggedIn finds a document with tags.
func taggedIn[T any](tx *store.Tx, c *store.Collection[T], scope, id string, missing *fault.Error, tags func(*T) *map[string]string) (*tagged, error) {
	found, err := get(tx, c, scope, &id, missing)
	if err != nil {
		return nil, err
	}
	t := newTagged(*tags(found))
	t.put = func() error {
		*tags(found) = t.shown()
		return c.Put(tx, scope, id, found)
	}
	return t, nil
}
