package lambda

import (
	"context"
	"fmt"
	"log/slog"
	"net/http"
	"strings"
	"time"

	"github.com/poolgate/poolgate/internal/clock"
	"github.com/poolgate/poolgate/internal/fault"
	"github.com/poolgate/poolgate/internal/lambda/worker"
	"github.com/poolgate/poolgate/internal/logs"
	"github.com/poolgate/poolgate/internal/store"
	"github.com/poolgate/poolgate/internal/wire"
)

// Objects is where code that is named by a bucket and a key comes from: S3.
type Objects interface {
	// Object reads one object whole, or refuses one that is larger than limit.
	Object(ctx context.Context, account, region, bucket, key, version string, limit int64) ([]byte, error)
}

// Config is what a Service needs. Only Store is required.
type Config struct {
	Store *store.Store
	// Clock dates documents; nil means the machine's time.
	Clock *clock.Clock
	// Logs gets the functions' output; nil drops it.
	Logs logs.Writer
	// Objects is S3; nil refuses code that is there.
	Objects Objects
	// Local are functions by name whose code is a directory that is watched, or an http(s):// URL that answers for them.
	Local map[string]string
	// PublicURL is this server's own address, whose scheme and port functions' URLs have; empty gives them AWS's form.
	PublicURL string
	// Endpoint is where this server answers on this machine; functions' SDKs find it in AWS_ENDPOINT_URL. Empty tells them nothing.
	Endpoint string
	// Sessions gives each process of a function a credential of its role; nil gives none.
	Sessions *wire.SessionBook
	// Callers says whose access keys are; nil knows none, and then function URLs that want a signature refuse.
	Callers Callers
	// Temp is where code is unpacked and processes write; empty means the system's directory for that.
	Temp string
	// Workers bounds and times the processes; Dir and Logs are set here.
	Workers worker.Options
	// RetryAfter is how long a failed event waits before each further attempt; nil means AWS's one and two minutes.
	RetryAfter []time.Duration
	// EventLease is how long after its last sign of life a node's events are left to it; zero means 15 seconds.
	EventLease time.Duration
	Log        *slog.Logger
}

// Service is Lambda. It is safe for concurrent use.
type Service struct {
	store   *store.Store
	clock   *clock.Clock
	log     *slog.Logger
	objects Objects
	local   map[string]*localFunction
	// publicURL and callers are what function URLs need.
	publicURL string
	callers   Callers
	temp      *tempDir
	dir       string
	pool      *worker.Pool
	client    *http.Client

	codes    codeCache
	sweeping *sweeper
	resolved resolvedCache
	urls     urlCache
	events   *events
	unwatch  func()
}

// New starts the service. Close ends it.
func New(c Config) (*Service, error) {
	s := &Service{store: c.Store, clock: c.Clock, log: c.Log, objects: c.Objects, client: endpointClient(), publicURL: c.PublicURL, callers: c.Callers}
	if s.clock == nil {
		s.clock = new(clock.Clock)
	}
	if s.log == nil {
		s.log = slog.New(slog.DiscardHandler)
	}
	var err error
	if s.temp, err = newTempDir(c.Temp); err != nil {
		return nil, err
	}
	s.dir = s.temp.path
	if s.local, err = newLocalFunctions(c.Local); err != nil {
		_ = s.temp.remove()
		return nil, err
	}
	o := c.Workers
	o.Dir, o.Logs, o.Log = s.dir, c.Logs, s.log
	o.Credentials = credentialsFrom(c.Sessions, c.Endpoint)
	if s.pool, err = worker.New(o); err != nil {
		_ = s.temp.remove()
		return nil, err
	}
	s.events = newEvents(c.RetryAfter, c.EventLease)
	s.sweeping = newSweeper(s.sweepCode)
	s.unwatch = s.store.Watch(topicPrefix, s.changed)
	s.events.running.Go(s.adopt)
	return s, nil
}

// Close stops every function, waits until their processes are gone, and removes what was unpacked.
func (s *Service) Close() {
	s.unwatch()
	s.sweeping.close()
	s.events.close()
	if err := s.pool.Close(); err != nil {
		s.log.Warn("functions' processes were not cleaned up", "error", err)
	}
	s.events.wait()
	s.client.CloseIdleConnections()
	if err := s.temp.remove(); err != nil {
		s.log.Warn("functions' code was not removed", "directory", s.dir, "error", err)
	}
}

// What other nodes and caches must learn: a document changed; what runs changed.
const (
	topicPrefix   = "lambda/"
	topicDocument = topicPrefix + "document/"
	topicRunning  = topicPrefix + "running/"
)

// changed forgets what was resolved, and retires processes that run something else by now.
func (s *Service) changed(topic string) {
	if owner, ok := strings.CutPrefix(topic, topicDocument); ok {
		s.resolved.forget(owner)
		s.urls.forget()
	}
	if owner, ok := strings.CutPrefix(topic, topicRunning); ok {
		s.resolved.forget(owner)
		s.urls.forget()
		s.pool.Retire(owner)
		s.sweeping.wake()
	}
}

func (s *Service) now() time.Time { return s.clock.Now().UTC() }

// Lambda's faults say whose they are.
func user(e *fault.Error) *fault.Error { return e.With("Type", "User") }

func invalid(format string, args ...any) *fault.Error {
	return user(fault.Invalid("InvalidParameterValueException", format, args...))
}

func conflict(format string, args ...any) *fault.Error {
	return user(fault.Conflict("ResourceConflictException", format, args...))
}

func notFound(format string, args ...any) *fault.Error {
	return user(fault.NotFound("ResourceNotFoundException", format, args...))
}

func noFunction(r reference) *fault.Error { return notFound("Function not found: %s", r.arn()) }

var errStale = user(&fault.Error{
	Kind: fault.KindConflict, Code: "PreconditionFailedException",
	Message: "The Revision Id provided does not match the latest Revision Id. Call the GetFunction/GetAlias API to retrieve the latest Revision Id",
})

func owner(account, region, name string) string {
	return fmt.Sprintf("%s/%s/%s", account, region, name)
}
