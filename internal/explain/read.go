package explain

import (
	"context"
	"maps"
	"slices"
	"sync"

	cognito "github.com/aws/aws-sdk-go-v2/service/cognitoidentityprovider/types"

	"github.com/poolgate/poolgate/internal/account"
)

// readMore reads what only some cases need.
func (l *look) readMore(ctx context.Context) (err error) {
	if value := l.c.Request.Header.Get("X-Api-Key"); value != "" && l.keyRequired() && !l.evidence.passed {
		if l.apiKey, err = l.c.Account.APIKey(ctx, value); err != nil {
			return err
		}
	}
	id := l.token.poolID()
	if p := l.pools[id]; p == nil || p.Gone {
		return l.readPermission(ctx)
	}
	if err = l.readClient(ctx, id); err != nil {
		return err
	}
	if l.token.use == "access" && slices.Contains(l.token.scopes, adminScope) && l.deployed.AuthorizerID != "" {
		if l.revoked, err = l.c.Account.Revoked(ctx, id, l.token.raw); err != nil {
			return err
		}
	}
	if l.token.username != "" {
		if l.user, err = l.c.Account.User(ctx, id, l.token.username); err != nil {
			return err
		}
	}
	return l.readPermission(ctx)
}

// readClient reads the token's app client, where it was not among the first of the pool's.
func (l *look) readClient(ctx context.Context, id string) error {
	p := l.pools[id]
	if l.token.client == "" || p.Clients[l.token.client] != nil {
		return nil
	}
	c, err := l.c.Account.Client(ctx, id, l.token.client)
	if err != nil || c == nil {
		return err
	}
	own := *p
	own.Clients = maps.Clone(p.Clients)
	if own.Clients == nil {
		own.Clients = map[string]*cognito.UserPoolClientType{}
	}
	own.Clients[l.token.client] = c
	l.pools[id] = &own
	return nil
}

// readPools reads pools by their ids, those that were not read yet.
func (l *look) readPools(ctx context.Context, ids []string) error {
	var mu sync.Mutex
	var wg sync.WaitGroup
	var failed error
	for _, id := range ids {
		if _, known := l.pools[id]; known {
			continue
		}
		wg.Go(func() {
			p, err := l.c.Account.Pool(ctx, id)
			mu.Lock()
			defer mu.Unlock()
			if err != nil {
				failed = err
				return
			}
			if p == nil {
				p = &account.Pool{ID: id, Region: regionOfPool(id)} // there, for all that is known
			}
			l.pools[id] = p
			said := ""
			if l.token != nil {
				said = l.token.issuer
			}
			l.keys.add(p, said, l.c.Located.Local || l.c.Located.Endpoint != "")
		})
	}
	wg.Wait()
	return failed
}
