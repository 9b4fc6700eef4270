package server

import (
	"context"
	"crypto/rsa"
	"errors"
	"fmt"
	"net/http"
	"strings"

	"github.com/poolgate/poolgate/authz"
	"github.com/poolgate/poolgate/authz/jwks"
	"github.com/poolgate/poolgate/internal/apigateway"
	"github.com/poolgate/poolgate/internal/clock"
	"github.com/poolgate/poolgate/internal/cognito"
	"github.com/poolgate/poolgate/internal/gateway"
	"github.com/poolgate/poolgate/internal/lambda"
	"github.com/poolgate/poolgate/internal/login"
	"github.com/poolgate/poolgate/internal/logs"
	"github.com/poolgate/poolgate/internal/s3"
	"github.com/poolgate/poolgate/internal/store"
	"github.com/poolgate/poolgate/internal/wire"
	"github.com/poolgate/poolgate/internal/wire/model"
)

// parts are the services of one server, joined.
type parts struct {
	pools   *cognito.Service
	login   *login.Handler
	gateway *gateway.Gateway
	apis    *wire.Mux
	objects *s3.Service
	// ownPages is what lives under /_poolgate/.
	ownPages http.Handler
	closers  []func()
}

var _ login.Pools = (*cognito.Service)(nil)

// compose makes the services and joins them by the interfaces that each declares.
func compose(config Config, db *store.Store, clock *clock.Clock) (*parts, error) {
	pools, err := cognito.New(cognito.Config{Store: db, Clock: clock, BaseURL: config.PublicURL, IssuerAWS: config.IssuerAWS, Log: config.Log})
	if err != nil {
		return nil, err
	}
	p := &parts{pools: pools, closers: []func(){pools.Close}}
	engine, err := p.engine(config, db)
	if err != nil {
		return nil, err
	}
	if p.login, err = login.New(login.Config{Pools: pools, Store: db, Clock: clock, BaseURL: config.PublicURL, Log: config.Log}); err != nil {
		return nil, err
	}
	events := logs.New(logs.Config{Store: db, Log: config.Log})
	p.closers = append(p.closers, events.Close)
	p.apis = wire.New(wire.Options{Keys: config.AccessKeys, DefaultRegion: defaultRegion, Log: config.Log})
	p.objects = s3.New(s3.Config{Store: db, Callers: p.apis, Log: config.Log})
	p.closers = append(p.closers, p.objects.Close)
	functions, err := lambda.New(lambda.Config{
		Store: db, Clock: clock, Logs: events, Objects: p.objects, Local: config.Functions, Log: config.Log,
	})
	if err != nil {
		p.close()
		return nil, hintedPart(err)
	}
	p.closers = append(p.closers, functions.Close)
	documents := apigateway.New(apigateway.Config{Store: db, Clock: clock, Log: config.Log})
	p.gateway = gateway.New(gateway.Config{
		APIs: documents, Engine: engine, Clock: clock, Topics: db, Log: config.Log, Logs: events, Functions: functions,
		ReasonHeader: func(r *http.Request) bool { return tellsReasons(config, r) },
	})
	documents.ServedBy(p.gateway, p.gateway)
	p.closers = append(p.closers, p.gateway.Close)

	p.apis.Register(&model.CognitoIDP, pools)
	p.apis.Register(&model.APIGateway, documents)
	p.apis.Register(&model.Lambda, functions)
	p.apis.Register(&model.Logs, events)
	own := &own{
		clock: clock, clockMayMove: len(config.AccessKeys) == 0, check: db.Check,
		describe: p.gateway.Describe, recent: p.gateway.Recent, mailbox: pools.Mailbox,
	}
	p.ownPages = http.StripPrefix("/_poolgate", own.handler())
	return p, nil
}

// defaultRegion is where an unsigned operation that names no pool happens.
const defaultRegion = "us-east-1"

// engine makes the one engine: a pool's keys are those of its bound file, else this server's, else AWS's when that is allowed.
func (p *parts) engine(config Config, db *store.Store) (*authz.Engine, error) {
	var sources []authz.Source
	for _, binding := range config.JWKS {
		pool, err := authz.ParsePoolARN(binding.PoolARN)
		if err != nil {
			return nil, hinted(err, "write it as --jwks arn:aws:cognito-idp:REGION:ACCOUNT:userpool/ID=FILE")
		}
		bound, err := jwks.File(pool, binding.File)
		if err != nil {
			return nil, hinted(fmt.Errorf("the keys of %s: %w", pool.ID, err), "the file must hold the pool's jwks.json")
		}
		sources = append(sources, authz.Source{Keys: bound, Owns: bound.Owns})
	}
	var rest authz.Keys = p.pools
	var forget func(authz.Pool)
	if config.AWSPools {
		remote := jwks.New(jwks.Options{Changed: func(pool authz.Pool) { forget(pool) }})
		rest = localFirst{p.pools, remote}
	}
	engine := authz.New(authz.KeysFor(append(sources, authz.Source{Keys: rest})...))
	forget = engine.Forget
	const changedPool = "pool/"
	p.closers = append(p.closers, db.Watch(changedPool, func(topic string) {
		id := strings.TrimPrefix(topic, changedPool)
		region, _, _ := strings.Cut(id, "_")
		engine.Forget(authz.Pool{Region: region, ID: id})
	}))
	return engine, nil
}

// localFirst asks AWS for the keys of a pool that this server does not have.
type localFirst struct{ local, remote authz.Keys }

// Key implements authz.Keys.
func (k localFirst) Key(ctx context.Context, pool authz.Pool, kid string) (*rsa.PublicKey, error) {
	key, err := k.local.Key(ctx, pool, kid)
	if errors.Is(err, authz.ErrPoolNotFound) && jwks.OnAWS(pool) {
		return k.remote.Key(ctx, pool, kid)
	}
	return key, err
}

// Issuers implements authz.Keys: a local pool's tokens may name AWS's issuer too, so the local list holds both.
func (k localFirst) Issuers(pool authz.Pool) []string { return k.local.Issuers(pool) }

// tellsReasons says whether a refusal may carry its reason: on loopback, and only while no access keys are configured.
func tellsReasons(config Config, r *http.Request) bool {
	return len(config.AccessKeys) == 0 && onLoopback(r)
}

func (p *parts) close() {
	for i := len(p.closers) - 1; i >= 0; i-- {
		p.closers[i]()
	}
}
