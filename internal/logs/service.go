package logs

import (
	"context"
	"errors"
	"log/slog"
	"strings"
	"time"

	"github.com/poolgate/poolgate/internal/fault"
	"github.com/poolgate/poolgate/internal/store"
	"github.com/poolgate/poolgate/internal/wire"
)

// Config is what a service is made of. Store must be given.
type Config struct {
	Store *store.Store
	// Now is the time by which events are taken and kept; nil means the machine's. It is not the clock that tokens live by:
	// clients stamp their events with their own machine's time.
	Now func() time.Time
	// Log is told of lines that could not be written; nil means nobody is.
	Log *slog.Logger
	// GroupBytes is how much a group's messages may take before its oldest events go; zero means 64 MiB.
	GroupBytes int64
}

// Service is CloudWatch Logs. Its operations are methods in the SDK's types; Write takes the server's own lines.
type Service struct {
	store      *store.Store
	now        func() time.Time
	log        *slog.Logger
	groupBytes int64
	queue      *queue
}

var _ Writer = (*Service)(nil)

const defaultGroupBytes = 64 << 20

// New returns a service that writes in the background until Close.
func New(c Config) *Service {
	s := &Service{store: c.Store, now: c.Now, log: c.Log, groupBytes: c.GroupBytes}
	if s.now == nil {
		s.now = time.Now
	}
	if s.log == nil {
		s.log = slog.New(slog.DiscardHandler)
	}
	if s.groupBytes == 0 {
		s.groupBytes = defaultGroupBytes
	}
	s.queue = newQueue()
	s.queue.background.Go(s.writeQueued)
	s.queue.background.Go(s.sweep)
	return s
}

// Close writes what waits and stops. Lines that come later are dropped.
func (s *Service) Close() {
	s.queue.close()
	s.queue.background.Wait()
}

func (s *Service) millis() int64 { return s.now().UnixMilli() }

// The errors that several operations share.
var (
	noGroup      = fault.NotFound("ResourceNotFoundException", "The specified log group does not exist.")
	noStream     = fault.NotFound("ResourceNotFoundException", "The specified log stream does not exist.")
	groupExists  = fault.Conflict("ResourceAlreadyExistsException", "The specified log group already exists")
	streamExists = fault.Conflict("ResourceAlreadyExistsException", "The specified log stream already exists")
	badToken     = invalid("The specified nextToken is invalid.")
)

func invalid(format string, args ...any) *fault.Error {
	return fault.Invalid("InvalidParameterException", format, args...)
}

// ownerOf is what the ids of the groups of an account in a region begin with.
func ownerOf(account, region string) string { return account + "/" + region + "/" }

func callOwner(ctx context.Context) string {
	call := wire.CallFrom(ctx)
	return ownerOf(call.Account, call.Region)
}

func findGroup(tx *store.Tx, owner, name string) (*group, error) {
	g, err := groups.Get(tx, groupScope, owner+name)
	if errors.Is(err, store.ErrNotFound) {
		return nil, noGroup
	}
	return g, err
}

func (g *group) id() string { return ownerOf(g.Account, g.Region) + g.Name }

func (g *group) put(tx *store.Tx) error { return groups.Put(tx, groupScope, g.id(), g) }

func findStream(tx *store.Tx, g *group, name string) (*stream, error) {
	found, err := streams.Get(tx, g.Contents, name)
	if errors.Is(err, store.ErrNotFound) {
		return nil, noStream
	}
	return found, err
}

// groupName reads the two ways of naming a group: its name, or an identifier that is a name or an ARN of the caller's.
func groupName(ctx context.Context, name, identifier *string) (string, error) {
	switch {
	case name != nil && identifier != nil:
		return "", invalid("Only one of logGroupName and logGroupIdentifier can be specified.")
	case name != nil:
		return *name, nil
	case identifier == nil:
		return "", invalid("Either logGroupName or logGroupIdentifier must be specified.")
	case !strings.HasPrefix(*identifier, "arn:"):
		return *identifier, nil
	}
	return nameInARN(ctx, *identifier)
}

// nameInARN is the name of the group that an ARN of the caller's account and region names, with or without its ":*".
func nameInARN(ctx context.Context, arn string) (string, error) {
	call := wire.CallFrom(ctx)
	parts := strings.SplitN(arn, ":", 8)
	if len(parts) < 7 || parts[2] != "logs" || parts[5] != "log-group" {
		return "", invalid("The ARN %s is not that of a log group.", arn)
	}
	if parts[3] != call.Region || parts[4] != call.Account {
		return "", noGroup.Becausef("%s is of another account or region", arn)
	}
	return parts[6], nil
}
