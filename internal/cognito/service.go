// Package cognito owns user pools: their documents, users, groups, app clients, resource servers and domains (the
// control plane), and sign-in, keys and tokens (the flows).
//
// Every operation is a method in the SDK's input and output types; wire has checked the model's constraints before it
// runs and renders the errors it returns. The package knows nothing of HTTP, of login pages (package login asks it
// through the vocabulary of oauth.go) or of API Gateway.
package cognito

import (
	"context"
	"crypto/rand"
	"errors"
	"io"
	"log/slog"
	"strings"
	"time"

	freeform "github.com/aws/aws-sdk-go-v2/service/cognitoidentityprovider/document"

	"github.com/poolgate/poolgate/authz"
	"github.com/poolgate/poolgate/internal/clock"
	"github.com/poolgate/poolgate/internal/fault"
	"github.com/poolgate/poolgate/internal/store"
	"github.com/poolgate/poolgate/internal/wire"
)

// Service is the user pools of every account and region of one server.
type Service struct {
	store     *store.Store
	clock     *clock.Clock
	baseURL   string
	issuerAWS bool
	log       *slog.Logger
	random    io.Reader
	// keys signs and publishes: the pools' key pairs. It belongs to the sign-in side.
	keys *keyring
	// engine judges the tokens that users bring back: nothing but authz decides about a token.
	engine *authz.Engine
	// functions runs the functions of triggers; nil where there are none.
	functions Functions
}

// Config is what a Service is made of.
type Config struct {
	Store *store.Store
	// Clock is what tokens, codes and sessions live by; nil means the machine's time.
	Clock *clock.Clock
	// BaseURL is the issuer's base, fixed at start: http://localhost:4566.
	BaseURL string
	// IssuerAWS issues https://cognito-idp.{region}.amazonaws.com/{poolId} instead of BaseURL.
	IssuerAWS bool
	// Log is where the service reports; nil means nowhere.
	Log *slog.Logger
	// Random is where ids, secrets and keys come from; nil means crypto/rand.
	Random io.Reader
	// Functions runs the functions of triggers; nil means that a pool with triggers refuses what they guard.
	Functions Functions
}

// New makes the service.
func New(cfg Config) (*Service, error) {
	if cfg.Store == nil {
		return nil, errors.New("cognito: no store")
	}
	s := &Service{
		store: cfg.Store, clock: cfg.Clock, baseURL: strings.TrimSuffix(cfg.BaseURL, "/"),
		issuerAWS: cfg.IssuerAWS, log: cfg.Log, random: cfg.Random, functions: cfg.Functions,
	}
	if s.clock == nil {
		s.clock = new(clock.Clock)
	}
	if s.log == nil {
		s.log = slog.New(slog.DiscardHandler)
	}
	if s.random == nil {
		s.random = rand.Reader
	}
	// The settings of managed login branding are free-form documents, which only the SDK's own package can make.
	wire.LazyDocuments(freeform.NewLazyDocument)
	s.engine = authz.New(s)
	s.keys = newKeyring(s)
	return s, nil
}

// poolScoped deletes a collection's documents of one pool. Each collection whose scope is a pool's id registers here;
// DeleteUserPool walks the list.
var poolScoped = []func(tx *store.Tx, poolID string) error{
	everything(&clients), everything(&users), everything(&groups), everything(&members), everything(&resourceServers),
	everything(&messages), everything(&poolKeys), everything(&identityProviders),
	everything(&brandings), everything(&termsOfClients), everything(&uiCustomizations), everything(&riskConfigurations),
	everything(&logDeliveries), everything(&signingCertificates),
	everything(&refreshTokens), everything(&spentSessions), everything(&phantoms), everything(&devices),
}

// everything adapts Collection.DeleteScope to poolScoped.
func everything[T any](c *store.Collection[T]) func(*store.Tx, string) error {
	return func(tx *store.Tx, poolID string) error {
		_, err := c.DeleteScope(tx, poolID)
		return err
	}
}

// poolTopic is what is bumped when a pool, its domain or its keys change: nodes cache keys and issuers by pool.
func poolTopic(poolID string) string { return "pool/" + poolID }

// now is the service's time in UTC, to the millisecond: what a stored document keeps of it.
func (s *Service) now() time.Time { return s.clock.Now().UTC().Truncate(time.Millisecond) }

// regionOf is the region the call is for; an unsigned operation's region stands in the pool's id.
func regionOf(ctx context.Context, poolID string) string {
	if region := wire.CallFrom(ctx).Region; region != "" {
		return region
	}
	region, _, _ := strings.Cut(poolID, "_")
	return region
}

// accountOf is the account the call is for.
func accountOf(ctx context.Context) string {
	if account := wire.CallFrom(ctx).Account; account != "" {
		return account
	}
	return "000000000000"
}

// poolByID finds a pool by its region and id, whatever account it is in. An empty region is read off the id.
func (s *Service) poolByID(tx *store.Tx, region, poolID string) (*pool, error) {
	if region == "" {
		region, _, _ = strings.Cut(poolID, "_")
	}
	p, err := pools.Get(tx, region, poolID)
	if errors.Is(err, store.ErrNotFound) {
		return nil, fault.NotFound("ResourceNotFoundException", "User pool %s does not exist.", poolID)
	}
	return p, err
}

// ownPool finds a pool for an operation that its owner calls: a pool of another account is as good as none. Sign-in and
// authorizers ask poolByID instead, which knows no account.
func (s *Service) ownPool(ctx context.Context, tx *store.Tx, poolID string) (*pool, error) {
	p, err := s.poolByID(tx, regionOf(ctx, poolID), poolID)
	if err == nil && p.Account != accountOf(ctx) {
		return nil, fault.NotFound("ResourceNotFoundException", "User pool %s does not exist.", poolID).
			Becausef("it is a pool of account %s, asked for by %s", p.Account, accountOf(ctx))
	}
	return p, err
}

// putPool stores a changed pool and tells every node.
func putPool(tx *store.Tx, region string, p *pool) error {
	id := value(p.Detail.Value.Id)
	tx.Bump(poolTopic(id))
	return pools.Put(tx, region, id, p)
}

// clientByID finds an app client of a pool.
func (s *Service) clientByID(tx *store.Tx, poolID, clientID string) (*client, error) {
	c, err := clients.Get(tx, poolID, clientID)
	if errors.Is(err, store.ErrNotFound) {
		return nil, noSuchClient(clientID)
	}
	return c, err
}

// findClient finds an app client by its id alone: client ids are unique in a server.
func (s *Service) findClient(tx *store.Tx, clientID string) (poolID string, c *client, err error) {
	found, err := clients.Lookup(tx, store.Key{Index: "id", Value: clientID})
	if err != nil {
		return "", nil, err
	}
	if len(found) == 0 {
		return "", nil, noSuchClient(clientID)
	}
	return found[0].Scope, found[0].Value, nil
}

func noSuchClient(clientID string) error {
	return fault.NotFound("ResourceNotFoundException", "User pool client %s does not exist.", clientID)
}

// readRandom fills b from the service's source.
func (s *Service) readRandom(b []byte) error {
	_, err := io.ReadFull(s.random, b)
	return err
}
