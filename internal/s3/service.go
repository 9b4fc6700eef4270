package s3

import (
	"context"
	"io"
	"log/slog"
	"net/http"
	"sync"
	"time"

	"github.com/poolgate/poolgate/internal/store"
	"github.com/poolgate/poolgate/internal/wire/sigv4"
)

// MaxObject is the greatest size of an object, in bytes; AWS takes 5 TB. The store holds them all.
const MaxObject = 512 << 20

// Callers says whose access keys are. The program's API codec is one.
type Callers interface {
	// Caller tells the account of an access key.
	Caller(accessKeyID string) (account, principal string)
	// Lookup finds the secret that a request must be signed with; enforced is false while signatures are not verified.
	Lookup(*http.Request) (lookup sigv4.Lookup, enforced bool)
}

// Config is what a Service needs. Store and Callers are required.
type Config struct {
	Store   *store.Store
	Callers Callers
	// Now is the machine's time: clients hold a date of an object against those of their files. Nil means time.Now.
	Now func() time.Time
	Log *slog.Logger
}

// Service is S3. It is safe for concurrent use.
type Service struct {
	store   *store.Store
	callers Callers
	now     func() time.Time
	log     *slog.Logger
	// writing bounds the bodies that are taken in at a time, and with them the memory that they need.
	writing chan struct{}

	stop       context.CancelFunc
	background sync.WaitGroup
}

// bodiesAtOnce are taken in at a time, each with at most pendingPieces in memory; further ones wait.
const bodiesAtOnce = 16

// New starts the service. Close ends it.
func New(c Config) *Service {
	s := &Service{store: c.Store, callers: c.Callers, now: c.Now, log: c.Log, writing: make(chan struct{}, bodiesAtOnce)}
	if s.now == nil {
		s.now = time.Now
	}
	if s.log == nil {
		s.log = slog.New(slog.DiscardHandler)
	}
	ctx, stop := context.WithCancel(context.Background())
	s.stop = stop
	s.background.Go(func() { s.collect(ctx) })
	return s
}

// Close ends what runs by itself.
func (s *Service) Close() {
	s.stop()
	s.background.Wait()
}

// Open reads an object on behalf of an account, as GetObject would: whole, of a version or, when that is empty, the newest.
// The error is a fault with S3's code (NoSuchBucket, NoSuchKey, AccessDenied). A reader that is not read within a quarter of
// an hour after the object was replaced may fail.
func (s *Service) Open(ctx context.Context, account, bucketName, key, versionID string) (io.ReadCloser, int64, error) {
	var found *object
	err := s.store.View(ctx, func(tx *store.Tx) error {
		b, err := bucketNamed(tx, bucketName)
		if err != nil {
			return err
		}
		if b.Account != account {
			return accessDenied()
		}
		found, err = readable(tx, bucketName, key, versionID)
		return err
	})
	if err != nil {
		return nil, 0, err
	}
	return io.NopCloser(s.read(ctx, found.Segments, 0, found.Size)), found.Size, nil
}

// Object reads one object whole for an account, or refuses one that is larger than limit, in bytes.
func (s *Service) Object(ctx context.Context, account, _, bucketName, key, versionID string, limit int64) ([]byte, error) {
	body, size, err := s.Open(ctx, account, bucketName, key, versionID)
	if err != nil {
		return nil, err
	}
	if size > limit {
		return nil, entityTooLarge(size, limit)
	}
	data := make([]byte, size)
	_, err = io.ReadFull(body, data)
	return data, err
}
