// Package apigatewayv2 owns the HTTP APIs: their documents, the rules between them, deployments and stages, import and
// export. Every operation is a method of Service in the shapes of the SDK.
//
// It must not know how a request to an API is served. What a stage serves is a Snapshot, frozen by a deployment; the
// gateway compiles it and asks for it with Service.Published. The package declares what it needs of the gateway
// (Publisher) and imports nothing of it.
//
// Documents are stored as AWS's own shapes, one per entity, in the API's id as their scope, so that deleting an API
// deletes everything inside. Every edit of an API counts up its revision. A snapshot is compiled outside of any
// transaction and stored only if the revision is still the one that was read.
package apigatewayv2

import (
	"context"
	"crypto/rand"
	"io"
	"log/slog"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"

	"github.com/poolgate/poolgate/internal/clock"
	"github.com/poolgate/poolgate/internal/store"
	"github.com/poolgate/poolgate/internal/wire"
)

// Config is what a Service needs. Only Store is required.
type Config struct {
	Store *store.Store
	// Domains keeps the custom domain names; without it there are none.
	Domains Domains
	// PublicURL is this server's own base URL: where its APIs are reached, and what the issuers of its user pools begin
	// with. Empty shows AWS's host names and accepts https issuers only, as AWS does.
	PublicURL string
	// Clock dates documents; nil means the machine's time.
	Clock *clock.Clock
	// Publisher checks snapshots before they are deployed; nil accepts all.
	Publisher Publisher
	Log       *slog.Logger
	// Random is where ids come from; nil means crypto/rand.
	Random io.Reader
}

// Service is API Gateway's control plane for HTTP APIs. It is safe for concurrent use.
type Service struct {
	store     *store.Store
	domains   Domains
	publicURL string
	clock     *clock.Clock
	publisher Publisher
	log       *slog.Logger
	random    io.Reader
}

// New returns a service over the store.
func New(c Config) *Service {
	s := &Service{store: c.Store, domains: c.Domains, publicURL: strings.TrimSuffix(c.PublicURL, "/"), clock: c.Clock, publisher: c.Publisher, log: c.Log, random: c.Random}
	if s.clock == nil {
		s.clock = new(clock.Clock)
	}
	if s.log == nil {
		s.log = slog.New(slog.DiscardHandler)
	}
	if s.random == nil {
		s.random = rand.Reader
	}
	return s
}

// ServedBy names the gateway after the fact, since the gateway is made with the service as its source of snapshots.
// It must be called before the service answers its first call.
func (s *Service) ServedBy(p Publisher) { s.publisher = p }

// now is the time documents are dated with: AWS keeps whole seconds.
func (s *Service) now() *time.Time {
	return aws.Time(s.clock.Now().UTC().Truncate(time.Second))
}

// change edits what a deployment freezes: it runs fn on the caller's API in an Update, counts up the API's revision, and
// brings stages with auto-deploy to it.
func (s *Service) change(ctx context.Context, apiID *string, fn func(*edit) error) error {
	err := s.settle(ctx, apiID, func(e *edit) error {
		e.api.Revision++
		return fn(e)
	})
	if err != nil {
		return err
	}
	return s.autoDeploy(ctx, aws.ToString(apiID))
}

// settle runs fn on the caller's API in an Update: for what no deployment freezes.
func (s *Service) settle(ctx context.Context, apiID *string, fn func(*edit) error) error {
	call := wire.CallFrom(ctx)
	id := aws.ToString(apiID)
	return s.store.Update(ctx, func(tx *store.Tx) error {
		api, err := findAPI(tx, call, id)
		if err != nil {
			return err
		}
		e := &edit{tx: tx, call: call, id: id, api: api}
		if err := fn(e); err != nil {
			return err
		}
		return apis.Put(tx, apiScope, id, api)
	})
}

// edit is work on one API, inside a transaction.
type edit struct {
	tx   *store.Tx
	call wire.Call
	id   string
	api  *httpAPI
}

// look runs fn on the caller's API in a View.
func (s *Service) look(ctx context.Context, apiID *string, fn func(*edit) error) error {
	call := wire.CallFrom(ctx)
	return s.store.View(ctx, func(tx *store.Tx) error {
		api, err := findAPI(tx, call, aws.ToString(apiID))
		if err != nil {
			return err
		}
		return fn(&edit{tx: tx, call: call, id: aws.ToString(apiID), api: api})
	})
}

// serve marks what the API's stages serve as changed; every node rebuilds it.
func (e *edit) serve() { e.tx.Bump(StageTopic(e.id)) }
