package apigateway

import (
	"context"
	"math"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/apigateway"
	"github.com/aws/aws-sdk-go-v2/service/apigateway/types"

	"github.com/poolgate/poolgate/internal/store"
	"github.com/poolgate/poolgate/internal/wire"
)

// usedDay is what one API key did in one usage plan on one day.
type usedDay struct {
	// Used counts requests; the gateway adds to it, in batches.
	Used int64
	// Granted is what UpdateUsage added to (or took from) the quota of the period in which the day is.
	Granted int64
	// Day is the document's id, by which it ends.
	Day string
}

// usage has a plan and a key in its scope and the day as its id, so that a period is one stretch of a list.
var usage = store.Collection[usedDay]{
	Name: "apigateway.usage", Version: 1,
	Expires: func(d *usedDay) time.Time {
		on, err := time.Parse(time.DateOnly, d.Day)
		if err != nil {
			return time.Time{} // it was stored before days ended
		}
		return on.Add(usageKept)
	},
}

func usageScope(call wire.Call, planID, keyID string) string {
	return ownerOf(call) + "/" + planID + "/" + keyID
}

const (
	day = 24 * time.Hour
	// greatestSpan is how many days of usage one answer holds at most.
	greatestSpan = 90
	// usageKept is how long a day's usage is kept.
	usageKept = 400 * day
)

// GetUsage tells what a usage plan's API keys used and had left on each day of a span, both ends included.
func (s *Service) GetUsage(ctx context.Context, in *apigateway.GetUsageInput) (*apigateway.GetUsageOutput, error) {
	call := wire.CallFrom(ctx)
	start, end, err := span(in.StartDate, in.EndDate)
	if err != nil {
		return nil, err
	}
	if err := s.flushUsage(ctx); err != nil {
		return nil, err
	}
	var out *apigateway.GetUsageOutput
	err = s.store.View(ctx, func(tx *store.Tx) error {
		out = &apigateway.GetUsageOutput{UsagePlanId: in.UsagePlanId, StartDate: in.StartDate, EndDate: in.EndDate, Items: map[string][][]int64{}}
		plan, err := findPlan(tx, call, in.UsagePlanId)
		if err != nil {
			return err
		}
		keys := []string{}
		if in.KeyId != nil {
			if _, err := findPlanKey(tx, call, in.UsagePlanId, in.KeyId); err != nil {
				return err
			}
			keys = append(keys, *in.KeyId)
		} else {
			found, next, err := keysOfPlan(tx, call, *in.UsagePlanId).page(in.Limit, in.Position, nil)
			if err != nil {
				return err
			}
			out.Position = next
			for _, f := range found {
				keys = append(keys, f.Value.KeyID)
			}
		}
		for _, key := range keys {
			if out.Items[key], err = usedDays(tx, call, &plan.Value, key, start, end); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	return out, nil
}

// UpdateUsage sets what an API key has left in the current period of a usage plan's quota. The answer shows the period
// until today.
func (s *Service) UpdateUsage(ctx context.Context, in *apigateway.UpdateUsageInput) (*apigateway.UpdateUsageOutput, error) {
	call := wire.CallFrom(ctx)
	today := s.clock.Now().UTC().Truncate(day)
	if err := s.flushUsage(ctx); err != nil {
		return nil, err
	}
	var out *apigateway.UpdateUsageOutput
	err := s.store.Update(ctx, func(tx *store.Tx) error {
		plan, err := findPlan(tx, call, in.UsagePlanId)
		if err != nil {
			return err
		}
		if _, err := findPlanKey(tx, call, in.UsagePlanId, in.KeyId); err != nil {
			return err
		}
		if plan.Value.Quota == nil {
			return badRequest("The usage plan %s has no quota", *in.UsagePlanId)
		}
		start := periodStart(plan.Value.Quota, today)
		before, err := usedDays(tx, call, &plan.Value, *in.KeyId, today, today)
		if err != nil {
			return err
		}
		left := remaining{was: before[0][1], set: before[0][1]}
		if err := usagePatches.apply(&left, in.PatchOperations); err != nil {
			return err
		}
		if err := addUsage(tx, usageScope(call, *in.UsagePlanId, *in.KeyId), today, usedDay{Granted: left.set - left.was}); err != nil {
			return err
		}
		after, err := usedDays(tx, call, &plan.Value, *in.KeyId, start, today)
		out = &apigateway.UpdateUsageOutput{
			UsagePlanId: in.UsagePlanId, StartDate: aws.String(start.Format(time.DateOnly)), EndDate: aws.String(today.Format(time.DateOnly)),
			Items: map[string][][]int64{*in.KeyId: after},
		}
		bumpUsage(tx, call, *in.UsagePlanId, *in.KeyId)
		return err
	})
	if err != nil {
		return nil, err
	}
	return out, nil
}

// remaining is what UpdateUsage patches.
type remaining struct{ was, set int64 }

var usagePatches = patchTable[remaining]{
	refuse: refuseByList[remaining],
	rows: []patchRow[remaining]{{path: "/remaining", ops: ops(opReplace), apply: func(r *remaining, p patch) error {
		n, err := patchInt(p, 0, math.MaxInt32, badPlanNumber(p))
		r.set = int64(n)
		return err
	}}},
}

// usedDays gives [used, remaining] of each day from start to end. Remaining counts from the start of the quota's period;
// without a quota it is zero.
func usedDays(tx *store.Tx, call wire.Call, plan *types.UsagePlan, keyID string, start, end time.Time) ([][]int64, error) {
	from := start
	if plan.Quota != nil {
		from = periodStart(plan.Quota, start)
	}
	// The day before, as the list begins after it.
	found, _, err := usage.List(tx, usageScope(call, *plan.Id, keyID), store.Page{After: from.Add(-day).Format(time.DateOnly)})
	if err != nil {
		return nil, err
	}
	known := make(map[string]*usedDay, len(found))
	for _, f := range found {
		known[f.ID] = f.Value
	}
	list := make([][]int64, 0, int(end.Sub(start)/day)+1)
	var left int64
	for on := from; !on.After(end); on = on.Add(day) {
		if plan.Quota != nil && periodStart(plan.Quota, on).Equal(on) {
			left = int64(plan.Quota.Limit)
		}
		var used int64
		if d := known[on.Format(time.DateOnly)]; d != nil {
			used = d.Used
			left += d.Granted - d.Used
		}
		if plan.Quota == nil {
			left = 0
		}
		if !on.Before(start) {
			list = append(list, []int64{used, max(left, 0)})
		}
	}
	return list, nil
}

// periodStart is the first day of a quota's period in which a day is. The offset moves it: of a week from Sunday, of a
// month from its first.
func periodStart(quota *types.QuotaSettings, on time.Time) time.Time {
	switch quota.Period {
	case types.QuotaPeriodTypeWeek:
		return on.AddDate(0, 0, -((int(on.Weekday()) - int(quota.Offset) + 7) % 7))
	case types.QuotaPeriodTypeMonth:
		first := time.Date(on.Year(), on.Month(), 1+int(quota.Offset), 0, 0, 0, 0, time.UTC)
		if first.After(on) {
			first = time.Date(on.Year(), on.Month()-1, 1+int(quota.Offset), 0, 0, 0, 0, time.UTC)
		}
		return first
	}
	return on
}

// span reads the two ends of a span of days.
func span(startDate, endDate *string) (start, end time.Time, err error) {
	start, startErr := time.Parse(time.DateOnly, aws.ToString(startDate))
	end, endErr := time.Parse(time.DateOnly, aws.ToString(endDate))
	switch {
	case startErr != nil || endErr != nil:
		return start, end, badRequest("Invalid date specified, must be in the format YYYY-MM-DD")
	case end.Before(start):
		return start, end, badRequest("The end date must not be before the start date")
	case end.Sub(start) >= greatestSpan*day:
		return start, end, badRequest("The dates can be at most %d days apart", greatestSpan)
	}
	return start, end, nil
}
