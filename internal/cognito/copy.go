package cognito

import (
	"crypto/rsa"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"math/big"
	"strings"

	cip "github.com/aws/aws-sdk-go-v2/service/cognitoidentityprovider"
	"github.com/aws/aws-sdk-go-v2/service/cognitoidentityprovider/types"

	"github.com/poolgate/poolgate/internal/store"
)

// Copy is a user pool as it was read from an account, to be there under its own id.
type Copy struct {
	Pool types.UserPoolType
	// MFA is what the pool's description leaves out; nil when it could not be read.
	MFA     *cip.GetUserPoolMfaConfigOutput
	Domains []types.DomainDescriptionType
	// Clients are without their secrets. One that has a secret there has a ClientSecret that is not empty, whatever it says: it gets a
	// secret of its own here.
	Clients         []types.UserPoolClientType
	ResourceServers []types.ResourceServerType
	Groups          []types.GroupType
	// Members are the usernames in each group. Users have no passwords.
	Members map[string][]string
	Users   []types.UserType
	// Keys are the pool's public keys: its tokens verify by them here, and those of no other pool.
	Keys json.RawMessage
}

// ErrMadeHere tells that something has the id of a copy and is none: nobody's work is replaced by a copy.
var ErrMadeHere = errors.New("was made here")

// Check tells what of a copy cannot be kept. A copy that passes can be put.
func (s *Service) Check(c *Copy) error {
	id := value(c.Pool.Id)
	if !poolIDFormat.MatchString(id) || strings.Count(id, "_") != 1 {
		return fmt.Errorf("%q is not the id of a user pool", id)
	}
	if accountOfARN(value(c.Pool.Arn)) == "" {
		return fmt.Errorf("%q is not the ARN of a user pool", value(c.Pool.Arn))
	}
	if len(c.Keys) > 0 {
		if _, err := publicKeys(c.Keys); err != nil {
			return err
		}
	}
	for _, client := range c.Clients {
		if !clientIDFormat().MatchString(value(client.ClientId)) || value(client.UserPoolId) != id {
			return fmt.Errorf("%q is not the id of an app client of this pool", value(client.ClientId))
		}
	}
	known := map[string]bool{}
	for _, g := range c.Groups {
		if value(g.GroupName) == "" {
			return errors.New("a group has no name")
		}
		known[*g.GroupName] = true
	}
	for name := range c.Members {
		if !known[name] {
			return fmt.Errorf("the group %q is missing", name)
		}
	}
	for _, r := range c.ResourceServers {
		if value(r.Identifier) == "" {
			return errors.New("a resource server has no identifier")
		}
	}
	for _, d := range c.Domains {
		if value(d.Domain) == "" || value(d.UserPoolId) != id {
			return errors.New("a domain has no name, or is another pool's")
		}
	}
	return checkUserCopies(c.Users)
}

func checkUserCopies(list []types.UserType) error {
	for _, u := range list {
		if value(u.Username) == "" || u.UserCreateDate == nil || u.UserLastModifiedDate == nil {
			return errors.New("a user has no username, or no dates")
		}
		for _, a := range u.Attributes {
			if value(a.Name) == "" {
				return fmt.Errorf("an attribute of the user %s has no name", *u.Username)
			}
		}
	}
	return nil
}

// accountOfARN is the account of a pool's ARN; empty when it is none.
func accountOfARN(arn string) string {
	fields := strings.SplitN(arn, ":", 6)
	if len(fields) != 6 || fields[0] != "arn" || fields[2] != "cognito-idp" {
		return ""
	}
	return fields[4]
}

// publicKey is one key of a copied set.
type publicKey struct {
	kid string
	key *rsa.PublicKey
}

// publicKeys reads a key set of RSA keys, in its order.
func publicKeys(set json.RawMessage) ([]publicKey, error) {
	var read struct {
		Keys []jwk `json:"keys"`
	}
	if err := json.Unmarshal(set, &read); err != nil || len(read.Keys) == 0 {
		return nil, errors.New("the keys are no JSON Web Key Set")
	}
	var list []publicKey
	for _, k := range read.Keys {
		n, err := base64.RawURLEncoding.DecodeString(k.N)
		e, wrong := base64.RawURLEncoding.DecodeString(k.E)
		exponent := new(big.Int).SetBytes(e)
		// A modulus of fewer bits than any pool's could be forged, one of many more takes long to verify with.
		if k.Kty != "RSA" || k.Kid == "" || err != nil || wrong != nil || len(n) < 256 || len(n) > 1024 || !exponent.IsInt64() ||
			exponent.Int64() < 3 || exponent.Int64() > 1<<31-1 || exponent.Int64()%2 == 0 {
			return nil, fmt.Errorf("the key %.60q is no RSA key of 2048 to 8192 bits", k.Kid)
		}
		list = append(list, publicKey{k.Kid, &rsa.PublicKey{N: new(big.Int).SetBytes(n), E: int(exponent.Int64())}})
	}
	return list, nil
}

// PutCopy stores a copy that Check passed, over an earlier copy of the pool. from says where it came from. What was made here in the
// earlier copy stays: users and clients that are no copies, the passwords of users, the secrets of clients, the keys that sign here. The
// error is ErrMadeHere when a pool, client or domain of that id is here that is no copy.
func (s *Service) PutCopy(tx *store.Tx, from string, c *Copy) error {
	id := *c.Pool.Id
	p := &pool{Account: accountOfARN(*c.Pool.Arn), From: from}
	p.Detail.Value = c.Pool
	p.Detail.Value.EstimatedNumberOfUsers = 0
	if c.MFA != nil {
		p.SoftwareTokenMFA, p.EmailMFA = document(c.MFA.SoftwareTokenMfaConfiguration), document(c.MFA.EmailMfaConfiguration)
		p.WebAuthn = document(c.MFA.WebAuthnConfiguration)
	}
	old, err := pools.Get(tx, p.region(), id)
	switch {
	case err == nil && old.From == "":
		return fmt.Errorf("the user pool %s %w", id, ErrMadeHere)
	case err != nil && !errors.Is(err, store.ErrNotFound):
		return err
	}
	for _, step := range []func() error{
		func() error { return putPool(tx, p.region(), p) },
		func() error { return s.putKeyCopies(tx, p, c.Keys) },
		func() error { return s.putClientCopies(tx, p, c.Clients) },
		func() error { return putGroupCopies(tx, p, c) },
		func() error { return putUserCopies(tx, p, c.Users) },
		func() error { return putDomainCopies(tx, p, c.Domains) },
	} {
		if err := step(); err != nil {
			return err
		}
	}
	return nil
}

// putGroupCopies stores groups, who is in them, and resource servers.
func putGroupCopies(tx *store.Tx, p *pool, c *Copy) error {
	for _, clear := range []func(*store.Tx, string) (int, error){groups.DeleteScope, members.DeleteScope, resourceServers.DeleteScope} {
		if _, err := clear(tx, p.id()); err != nil {
			return err
		}
	}
	for _, g := range c.Groups {
		if err := groups.Put(tx, p.id(), *g.GroupName, &group{Detail: *document(&g)}); err != nil {
			return err
		}
		for _, username := range c.Members[*g.GroupName] {
			if err := members.Put(tx, p.id(), memberID(*g.GroupName, username), &member{*g.GroupName, username}); err != nil {
				return err
			}
		}
	}
	for _, r := range c.ResourceServers {
		if err := resourceServers.Put(tx, p.id(), *r.Identifier, &resourceServer{Detail: *document(&r)}); err != nil {
			return err
		}
	}
	return nil
}

// DropCopies deletes the pools that came from there and are none of keep, by their ids, with all that is in them.
func (s *Service) DropCopies(tx *store.Tx, from string, keep map[string]bool) error {
	for {
		found, err := pools.Lookup(tx, store.Key{Index: "from", Value: from})
		if err != nil {
			return err
		}
		dropped := false
		for _, f := range found {
			if keep[f.ID] {
				continue
			}
			dropped = true
			if err := dropPool(tx, f.Value); err != nil {
				return err
			}
		}
		if !dropped {
			return nil
		}
	}
}

func dropPool(tx *store.Tx, p *pool) error {
	if err := clearDomains(tx, p); err != nil {
		return err
	}
	for _, deleteAll := range poolScoped {
		if err := deleteAll(tx, p.id()); err != nil {
			return err
		}
	}
	tx.Bump(poolTopic(p.id()))
	return pools.Delete(tx, p.region(), p.id())
}

func clearDomains(tx *store.Tx, p *pool) error {
	found, _, err := domains.Find(tx, p.region(), store.Key{Index: "pool", Value: p.id()}, store.Page{})
	if err != nil {
		return err
	}
	for _, f := range found {
		if err := domains.Delete(tx, p.region(), f.ID); err != nil {
			return err
		}
	}
	return nil
}

func putDomainCopies(tx *store.Tx, p *pool, list []types.DomainDescriptionType) error {
	if err := clearDomains(tx, p); err != nil {
		return err
	}
	for _, d := range list {
		err := domains.Insert(tx, p.region(), *d.Domain, &domain{Detail: *document(&d)})
		if errors.Is(err, store.ErrExists) {
			return fmt.Errorf("the domain %s %w for another pool", *d.Domain, ErrMadeHere)
		}
		if err != nil {
			return err
		}
	}
	return nil
}
