// Package apigateway owns the REST APIs: their documents, the rules between them, patch operations, deployments and
// stages. Every operation is a method of Service in the shapes of the SDK, and answers as AWS was recorded to answer.
//
// It must not know how a request to an API is served. What a stage serves is a Snapshot, frozen by CreateDeployment;
// the gateway compiles it and asks for it with Service.Published. The package declares what it needs of the gateway
// (Publisher, Tester) and imports nothing of it.
//
// Documents are stored as AWS's own shapes, one per entity, in the API's id as their scope, so that deleting an API
// deletes everything inside. Every edit of an API counts up its revision; a deployment reads a snapshot, has it
// compiled outside of any transaction, and is stored only if the revision is still the one that was read.
package apigateway

import (
	"context"
	"crypto/rand"
	"io"
	"log/slog"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"

	"github.com/poolgate/poolgate/internal/clock"
	"github.com/poolgate/poolgate/internal/fault"
	"github.com/poolgate/poolgate/internal/store"
	"github.com/poolgate/poolgate/internal/wire"
)

// Config is what a Service needs. Only Store is required.
type Config struct {
	Store *store.Store
	// Clock dates documents; nil means the machine's time.
	Clock *clock.Clock
	// Publisher checks snapshots before they are deployed; nil accepts all.
	Publisher Publisher
	// Tester runs test invocations; nil answers that they are not implemented.
	Tester Tester
	Log    *slog.Logger
	// Random is where ids come from; nil means crypto/rand.
	Random io.Reader
	// Objects is S3, where truststores are; nil reads none, and then nobody passes mutual TLS.
	Objects Objects
}

// Service is API Gateway's control plane for REST APIs. It is safe for concurrent use.
type Service struct {
	store     *store.Store
	clock     *clock.Clock
	publisher Publisher
	tester    Tester
	meter     Meter
	log       *slog.Logger
	random    io.Reader
	objects   Objects
}

// New returns a service over the store.
func New(c Config) *Service {
	s := &Service{store: c.Store, clock: c.Clock, publisher: c.Publisher, tester: c.Tester, log: c.Log, random: c.Random, objects: c.Objects}
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
func (s *Service) ServedBy(p Publisher, t Tester) {
	s.publisher, s.tester = p, t
}

// now is the time documents are dated with: AWS keeps whole seconds.
func (s *Service) now() *time.Time {
	return aws.Time(s.clock.Now().UTC().Truncate(time.Second))
}

// edit is a change of one API in progress, inside a transaction.
type edit struct {
	tx   *store.Tx
	call wire.Call
	id   string
	api  *restAPI
}

// change runs fn on the caller's API in an Update and counts up the API's revision. An API that does not exist, or is
// another account's, is the fault missing: which one AWS gives depends on the operation.
func (s *Service) change(ctx context.Context, apiID *string, missing *fault.Error, fn func(*edit) error) error {
	call := wire.CallFrom(ctx)
	return s.store.Update(ctx, func(tx *store.Tx) error {
		api, err := findAPI(tx, call, aws.ToString(apiID), missing)
		if err != nil {
			return err
		}
		e := &edit{tx: tx, call: call, id: aws.ToString(apiID), api: api}
		if err := fn(e); err != nil {
			return err
		}
		api.Revision++
		return restAPIs.Put(tx, apiScope, e.id, api)
	})
}

// look runs fn on the caller's API in a View.
func (s *Service) look(ctx context.Context, apiID *string, missing *fault.Error, fn func(*edit) error) error {
	call := wire.CallFrom(ctx)
	return s.store.View(ctx, func(tx *store.Tx) error {
		api, err := findAPI(tx, call, aws.ToString(apiID), missing)
		if err != nil {
			return err
		}
		return fn(&edit{tx: tx, call: call, id: aws.ToString(apiID), api: api})
	})
}

// serve marks what the API's stages serve as changed; every node rebuilds it.
func (e *edit) serve() { e.tx.Bump(StageTopic(e.id)) }
