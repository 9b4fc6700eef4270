package apigateway

import (
	"context"
	"errors"
	"fmt"
	"hash/fnv"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/apigateway/types"

	"github.com/poolgate/poolgate/internal/store"
	"github.com/poolgate/poolgate/internal/wire"
)

// Meter counts the requests of API keys; the gateway implements it. It writes its counts in batches.
type Meter interface {
	// FlushUsage writes what this node counted, so that it can be told.
	FlushUsage(ctx context.Context) error
}

// MeteredBy names who counts requests. It must be called before the service answers its first call; until then usage is what is
// in the store.
func (s *Service) MeteredBy(m Meter) { s.meter = m }

// flushUsage has this node's counts written before they are told. Other nodes' counts are late by what they write in batches.
func (s *Service) flushUsage(ctx context.Context) error {
	if s.meter == nil {
		return nil
	}
	return s.meter.FlushUsage(ctx)
}

// UsageCount is what one API key did in one usage plan on one day.
type UsageCount struct {
	Account, Region, PlanID, KeyID string
	// Day is a midnight UTC; Since is the first day of the quota's period whose total is asked for.
	Day, Since time.Time
	Requests   int64
}

// CountUsage adds requests to the days on which they came, all or none, and returns for each count what the key used in the
// plan from Since on, less what UpdateUsage granted. A key that is no longer in the plan counts nothing. Counts of one key in one plan
// must stand together. The totals hold until UsageTopic of the account, region and UsageShard is bumped, but for what is counted.
func (s *Service) CountUsage(ctx context.Context, counts []UsageCount) ([]int64, error) {
	run := s.store.View
	for _, c := range counts {
		if c.Requests > 0 {
			run = s.store.Update
			break
		}
	}
	var totals []int64
	err := run(ctx, func(tx *store.Tx) error {
		totals = make([]int64, len(counts))
		for from := 0; from < len(counts); {
			to := from + 1
			for to < len(counts) && sameKey(counts[from], counts[to]) {
				to++
			}
			if err := countKey(tx, counts[from:to], totals[from:to]); err != nil {
				return err
			}
			from = to
		}
		return nil
	})
	return totals, err
}

func sameKey(a, b UsageCount) bool {
	return a.Account == b.Account && a.Region == b.Region && a.PlanID == b.PlanID && a.KeyID == b.KeyID
}

// countKey adds one key's counts in one plan and fills in their totals.
func countKey(tx *store.Tx, counts []UsageCount, totals []int64) error {
	first := counts[0]
	call := wire.Call{Account: first.Account, Region: first.Region}
	_, err := planKeys.Get(tx, ownerOf(call), planKeyID(first.PlanID, first.KeyID))
	if errors.Is(err, store.ErrNotFound) {
		return nil
	}
	if err != nil {
		return err
	}
	scope := usageScope(call, first.PlanID, first.KeyID)
	since := first.Since
	for _, c := range counts {
		if c.Since.Before(since) {
			since = c.Since
		}
		if c.Requests == 0 {
			continue
		}
		if err := addUsage(tx, scope, c.Day, usedDay{Used: c.Requests}); err != nil {
			return err
		}
	}
	days, _, err := usage.List(tx, scope, store.Page{After: since.Add(-day).Format(time.DateOnly)})
	if err != nil {
		return err
	}
	for i, c := range counts {
		for _, d := range days {
			if d.ID >= c.Since.Format(time.DateOnly) {
				totals[i] += d.Value.Used - d.Value.Granted
			}
		}
	}
	return nil
}

// addUsage adds to what a day holds.
func addUsage(tx *store.Tx, scope string, on time.Time, more usedDay) error {
	id := on.Format(time.DateOnly)
	found, err := usage.Get(tx, scope, id)
	switch {
	case errors.Is(err, store.ErrNotFound):
		found = &usedDay{}
	case err != nil:
		return err
	}
	found.Used += more.Used
	found.Granted += more.Granted
	found.Day = id
	return usage.Put(tx, scope, id, found)
}

// UsageTopic is bumped when totals of an account's usage in a region changed by something else than counting: those of the shard
// that follows it behind a slash.
func UsageTopic(account, region string) string { return "usage/" + owner(account, region) }

// UsageShard is the shard of a key's usage in a plan, one of 256.
func UsageShard(planID, keyID string) string {
	h := fnv.New32a()
	_, _ = h.Write([]byte(planKeyID(planID, keyID)))
	return fmt.Sprintf("%02x", byte(h.Sum32()))
}

func bumpUsage(tx *store.Tx, call wire.Call, planID, keyID string) {
	tx.Bump(UsageTopic(call.Account, call.Region) + "/" + UsageShard(planID, keyID))
}

// QuotaPeriod is the first and the last day of a quota's period in which a day is.
func QuotaPeriod(quota *types.QuotaSettings, on time.Time) (first, last time.Time) {
	first = periodStart(quota, on)
	switch quota.Period {
	case types.QuotaPeriodTypeWeek:
		return first, first.AddDate(0, 0, 6)
	case types.QuotaPeriodTypeMonth:
		return first, first.AddDate(0, 1, -1)
	}
	return first, first
}
