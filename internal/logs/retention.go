package logs

import (
	"context"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/cloudwatchlogs"

	"github.com/poolgate/poolgate/internal/fault"
	"github.com/poolgate/poolgate/internal/store"
)

// retentions are the numbers of days that AWS takes.
var retentions = []int32{1, 3, 5, 7, 14, 30, 60, 90, 120, 150, 180, 365, 400, 545, 731, 1096, 1827, 2192, 2557, 2922, 3288, 3653}

// PutRetentionPolicy sets after how many days a group's events are gone.
func (s *Service) PutRetentionPolicy(ctx context.Context, in *cloudwatchlogs.PutRetentionPolicyInput) (*cloudwatchlogs.PutRetentionPolicyOutput, error) {
	days := aws.ToInt32(in.RetentionInDays)
	if !slices.Contains(retentions, days) {
		names := make([]string, len(retentions))
		for i, n := range retentions {
			names[i] = strconv.Itoa(int(n))
		}
		return nil, invalid("1 validation error detected: Value '%d' at 'retentionInDays' failed to satisfy constraint: Member must satisfy enum value set: [%s]",
			days, strings.Join(names, ", "))
	}
	err := s.changeGroup(ctx, *in.LogGroupName, func(_ *store.Tx, g *group) error {
		g.Retention = days
		return nil
	})
	if err != nil {
		return nil, err
	}
	return &cloudwatchlogs.PutRetentionPolicyOutput{}, nil
}

// DeleteRetentionPolicy lets a group keep its events.
func (s *Service) DeleteRetentionPolicy(ctx context.Context, in *cloudwatchlogs.DeleteRetentionPolicyInput) (*cloudwatchlogs.DeleteRetentionPolicyOutput, error) {
	err := s.changeGroup(ctx, *in.LogGroupName, func(_ *store.Tx, g *group) error {
		g.Retention = 0
		return nil
	})
	if err != nil {
		return nil, err
	}
	return &cloudwatchlogs.DeleteRetentionPolicyOutput{}, nil
}

// keptFrom is the time of the oldest event that the group still shows.
func (s *Service) keptFrom(g *group) int64 {
	if g.Retention == 0 {
		return 0
	}
	return s.now().Add(-time.Duration(g.Retention) * 24 * time.Hour).UnixMilli()
}

// sweepEvery is how often events that nobody can see any more are removed; until then they only take room.
const sweepEvery = 10 * time.Minute

func (s *Service) sweep() {
	tick := time.NewTicker(sweepEvery)
	defer tick.Stop()
	for {
		select {
		case <-s.queue.stop:
			return
		case <-tick.C:
			if err := s.removeExpired(context.Background()); err != nil {
				s.log.Warn("logs: removing expired events failed; trying again later", "error", err)
			}
		}
	}
}

// removeExpired trims every group that has a retention, each in a transaction of its own.
func (s *Service) removeExpired(ctx context.Context) error {
	var retaining []*group
	err := s.store.View(ctx, func(tx *store.Tx) error {
		retaining = nil
		return each(tx, &groups, groupScope, "", func(_ string, g *group) (bool, error) {
			if g.Retention > 0 {
				retaining = append(retaining, g)
			}
			return true, nil
		})
	})
	if err != nil {
		return err
	}
	for _, found := range retaining {
		err := s.store.Update(ctx, func(tx *store.Tx) error {
			g, err := findGroup(tx, ownerOf(found.Account, found.Region), found.Name)
			if fault.Is(err, noGroup.Code) {
				return nil // it was deleted meanwhile
			}
			if err != nil {
				return err
			}
			if err := s.trim(tx, g, s.groupBytes); err != nil {
				return err
			}
			return g.put(tx)
		})
		if err != nil {
			return err
		}
	}
	return nil
}

// trim removes the oldest chunks: those whose events are all past the group's retention, and more until the group's messages
// take no more than most.
func (s *Service) trim(tx *store.Tx, g *group, most int64) error {
	gone := chunkPrefix(windowOf(s.keptFrom(g)))
	for {
		found, more, err := heads.List(tx, g.Contents, store.Page{Limit: listPage})
		if err != nil {
			return err
		}
		for _, f := range found {
			if f.ID >= gone && g.Bytes <= most {
				return nil
			}
			if err := g.removeChunk(tx, f); err != nil {
				return err
			}
		}
		if !more {
			return nil
		}
	}
}
