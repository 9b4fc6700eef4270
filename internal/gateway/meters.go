package gateway

import (
	"context"
	"log/slog"
	"strings"
	"time"

	"github.com/poolgate/poolgate/internal/apigateway"
	"github.com/poolgate/poolgate/internal/gateway/usage"
)

// mostBuckets is how many token buckets a node keeps at most, of those in use.
const mostBuckets = 1 << 20

// meters is what the gateway limits requests by. Its buckets and counters outlive the plans of stages: a deployment fills no bucket.
type meters struct {
	keys    Keys
	owners  keyOwners
	buckets *usage.Buckets
	// counters is nil without keys.
	counters *usage.Counters
	account  usage.Limit
	stops    []func()
}

func newMeters(c Config, log *slog.Logger) *meters {
	m := &meters{keys: c.Keys, buckets: usage.NewBuckets(mostBuckets, c.Monotonic), account: usage.Unlimited}
	if c.AccountLimit != nil {
		m.account = *c.AccountLimit
	}
	if c.Keys == nil {
		return m
	}
	m.counters = usage.NewCounters(usage.Options{
		Ledger: ledger{c.Keys}, Every: c.CountEvery,
		Failed: func(err error) {
			log.Error("usage of API keys could not be counted; it will be tried again", "error", err)
		},
	})
	if c.Topics != nil {
		m.watch(c.Topics)
	}
	return m
}

// watch forgets what changed.
func (m *meters) watch(topics Topics) {
	on := func(prefix string, changed func(*keyOwner, string)) {
		m.stops = append(m.stops, topics.Watch(prefix, func(topic string) {
			if o, rest := m.owners.find(topic[len(prefix):]); o != nil {
				changed(o, rest)
			}
		}))
	}
	kind := func(topic string) string { return topic[:strings.IndexByte(topic, '/')+1] }
	on(kind(apigateway.APIKeyTopic("", "")), func(o *keyOwner, shard string) { o.changed(shard) })
	on(kind(apigateway.UsagePlanTopic("", "")), func(o *keyOwner, _ string) { o.plans.forget() })
	on(kind(apigateway.UsageTopic("", "")), func(o *keyOwner, shard string) {
		m.counters.Forget(func(id usage.ID) bool {
			return id.Scope == o.name && (shard == "" || apigateway.UsageShard(id.What, id.Who) == shard)
		})
	})
}

// closeTimeout bounds how long the last counts may take to be written.
const closeTimeout = 5 * time.Second

func (m *meters) close(log *slog.Logger) {
	for _, stop := range m.stops {
		stop()
	}
	if m.counters == nil {
		return
	}
	ctx, cancel := context.WithTimeout(context.Background(), closeTimeout)
	defer cancel()
	if err := m.counters.Close(ctx); err != nil {
		log.Error("the last usage of API keys could not be counted", "error", err)
	}
}

// FlushUsage writes what this node counted of API keys' requests, so that GetUsage can tell it.
func (g *Gateway) FlushUsage(ctx context.Context) error {
	if g.meters.counters == nil {
		return nil
	}
	return g.meters.counters.Flush(ctx)
}

var _ apigateway.Meter = (*Gateway)(nil)

// ledger writes counts where API keys are kept.
type ledger struct{ keys Keys }

// Count implements usage.Ledger.
func (l ledger) Count(ctx context.Context, entries []usage.Entry) ([]int64, error) {
	counts := make([]apigateway.UsageCount, len(entries))
	for i, e := range entries {
		account, region, _ := strings.Cut(e.ID.Scope, "/")
		counts[i] = apigateway.UsageCount{
			Account: account, Region: region, KeyID: e.ID.Who, PlanID: e.ID.What,
			Day: e.Day.Time(), Since: e.Since.Time(), Requests: e.Requests,
		}
	}
	return l.keys.CountUsage(ctx, counts)
}
