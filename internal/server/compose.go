package server

import (
	"net/http"

	"github.com/poolgate/poolgate/internal/apigateway"
	"github.com/poolgate/poolgate/internal/apigatewayv2"
	"github.com/poolgate/poolgate/internal/clock"
	"github.com/poolgate/poolgate/internal/cognito"
	"github.com/poolgate/poolgate/internal/gateway"
	"github.com/poolgate/poolgate/internal/gateway/decision"
	"github.com/poolgate/poolgate/internal/gateway/httpapi"
	"github.com/poolgate/poolgate/internal/lambda"
	"github.com/poolgate/poolgate/internal/login"
	"github.com/poolgate/poolgate/internal/logs"
	"github.com/poolgate/poolgate/internal/pull"
	"github.com/poolgate/poolgate/internal/s3"
	"github.com/poolgate/poolgate/internal/store"
	"github.com/poolgate/poolgate/internal/sts"
	"github.com/poolgate/poolgate/internal/wire"
	"github.com/poolgate/poolgate/internal/wire/model"
)

// parts are the services of one server, joined.
type parts struct {
	pools   *cognito.Service
	login   *login.Handler
	gateway *gateway.Gateway
	// httpAPIs serves those APIs that are no REST APIs.
	httpAPIs *httpapi.Gateway
	apis     *wire.Mux
	objects  *s3.Service
	// functions answers at functions' URLs.
	functions *lambda.Service
	// ownPages is what lives under /_poolgate/.
	ownPages http.Handler
	// copies is where what was pulled from an account goes.
	copies  pull.Services
	closers []func()
	known
}

var _ login.Pools = (*cognito.Service)(nil)

// compose makes the services and joins them by the interfaces that each declares.
func compose(config Config, db *store.Store, clock *clock.Clock) (*parts, error) {
	triggers := new(triggers)
	pools, err := cognito.New(cognito.Config{
		Store: db, Clock: clock, BaseURL: config.PublicURL, IssuerAWS: config.IssuerAWS, Functions: triggers, Log: config.Log,
	})
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
	sessions := new(wire.SessionBook)
	p.apis = wire.New(wire.Options{Keys: config.AccessKeys, Principals: principals(config), Sessions: sessions.Find, DefaultRegion: defaultRegion, Log: config.Log})
	p.objects = s3.New(s3.Config{Store: db, Callers: p.apis, Log: config.Log})
	p.closers = append(p.closers, p.objects.Close)
	functions, err := lambda.New(lambda.Config{
		Store: db, Clock: clock, Logs: events, Objects: p.objects, Local: config.Functions, Log: config.Log,
		PublicURL: config.PublicURL, Callers: p.apis, Endpoint: config.ownURL, Sessions: sessions,
	})
	if err != nil {
		p.close()
		return nil, hintedPart(err)
	}
	triggers.functions = functions
	p.functions, p.closers = functions, append(p.closers, functions.Close)
	documents := apigateway.New(apigateway.Config{Store: db, Clock: clock, Log: config.Log, Objects: p.objects})
	httpDocuments := apigatewayv2.New(apigatewayv2.Config{Store: db, Domains: documents, PublicURL: config.PublicURL, Clock: clock, Log: config.Log})
	p.knowNames(config, db, documents)
	records := decision.NewRing(decision.RingRecords, decision.RingBytes)
	tells := func(r *http.Request) bool { return tellsReasons(config, r) }
	keys, err := signers(config, p.apis)
	if err != nil {
		p.close()
		return nil, err
	}
	p.gateway = gateway.New(gateway.Config{
		APIs: documents, Engine: engine, Clock: clock, Topics: db, Log: config.Log, Logs: events, Functions: functions, Keys: documents,
		ReasonHeader: tells, Ring: records, AccessKeys: keys, Proxies: config.TrustProxies,
	})
	p.httpAPIs = httpapi.New(httpapi.Config{
		APIs: httpDocuments, Engine: engine, Clock: clock, Topics: db, Log: config.Log, Logs: events, Functions: functions,
		ReasonHeader: tells, Ring: records, Keys: keys, Proxies: config.TrustProxies,
	})
	httpDocuments.ServedBy(p.httpAPIs)
	p.closers = append(p.closers, p.httpAPIs.Close)
	documents.ServedBy(p.gateway, p.gateway)
	documents.MeteredBy(p.gateway)
	p.closers = append(p.closers, p.gateway.Close)

	p.copies = pull.Services{Store: db, RESTAPIs: documents, HTTPAPIs: httpDocuments, Pools: pools}
	p.apis.Register(&model.CognitoIDP, pools)
	p.apis.Register(&model.APIGateway, documents)
	p.apis.Register(&model.APIGatewayV2, httpDocuments)
	p.apis.Register(&model.Lambda, functions)
	p.apis.Register(&model.Logs, events)
	p.apis.Register(&model.STS, sts.Service{})
	own := &own{
		clock: clock, clockMayMove: len(config.AccessKeys) == 0, check: db.Check,
		describe: p.describe, recent: p.gateway.Recent, mailbox: pools.Mailbox, minted: pools.Mint,
	}
	p.ownPages = http.StripPrefix("/_poolgate", own.handler())
	return p, nil
}

// defaultRegion is where an unsigned operation that names no pool happens.
const defaultRegion = "us-east-1"

// tellsReasons says whether a refusal may carry its reason: on loopback, and only while no access keys are configured.
func tellsReasons(config Config, r *http.Request) bool {
	return len(config.AccessKeys) == 0 && onLoopback(r)
}

func (p *parts) close() {
	for i := len(p.closers) - 1; i >= 0; i-- {
		p.closers[i]()
	}
}
