package gateway

import (
	"context"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/apigateway/types"

	"github.com/poolgate/poolgate/internal/apigateway"
	"github.com/poolgate/poolgate/internal/gateway/usage"
)

// planStage names a stage as usage plans do.
type planStage struct{ api, stage string }

// keyPlan is a usage plan, compiled.
type keyPlan struct {
	id       string
	throttle usage.Limit
	quota    *types.QuotaSettings
	// stages are those that the plan is for, with the limits of single methods by path and verb ("/pets/GET").
	stages map[planStage]map[string]usage.Limit
}

// compilePlan compiles a usage plan.
func compilePlan(doc *types.UsagePlan) *keyPlan {
	p := &keyPlan{id: aws.ToString(doc.Id), throttle: usage.Unlimited, quota: doc.Quota, stages: make(map[planStage]map[string]usage.Limit, len(doc.ApiStages))}
	if doc.Throttle != nil {
		p.throttle = limitOf(*doc.Throttle)
	}
	for _, s := range doc.ApiStages {
		methods := make(map[string]usage.Limit, len(s.Throttle))
		for method, throttle := range s.Throttle {
			methods[method] = limitOf(throttle)
		}
		p.stages[planStage{aws.ToString(s.ApiId), aws.ToString(s.Stage)}] = methods
	}
	return p
}

func limitOf(t types.ThrottleSettings) usage.Limit {
	return usage.Limit{Rate: t.RateLimit, Burst: int(t.BurstLimit)}
}

// planOf finds the usage plan that lets a key into a stage; nil when none does. A key is in at most one plan of a stage.
func (o *keyOwner) planOf(ctx context.Context, key *apigateway.KeyUse, stage planStage) (*keyPlan, error) {
	if len(key.Plans) == 0 {
		return nil, nil
	}
	table, err := o.plans.get(ctx, func(ctx context.Context) (*map[string]*keyPlan, error) {
		docs, err := o.keys.UsagePlansOf(ctx, o.account, o.region)
		if err != nil {
			return nil, err
		}
		plans := make(map[string]*keyPlan, len(docs))
		for i := range docs {
			p := compilePlan(&docs[i])
			plans[p.id] = p
		}
		return &plans, nil
	})
	if err != nil {
		return nil, err
	}
	for _, id := range key.Plans {
		if plan := (*table)[id]; plan != nil {
			if _, has := plan.stages[stage]; has {
				return plan, nil
			}
		}
	}
	return nil, nil
}

// quotaOn is the plan's quota on a day. Without one requests are counted all the same, so that GetUsage can tell them.
func (p *keyPlan) quotaOn(today usage.Day) usage.Quota {
	if p.quota == nil {
		return usage.Quota{Limit: -1, Since: today, Today: today}
	}
	since := today
	if p.quota.Period != types.QuotaPeriodTypeDay {
		first, _ := apigateway.QuotaPeriod(p.quota, today.Time())
		since = usage.DayOf(first)
	}
	return usage.Quota{Limit: int64(p.quota.Limit), Since: since, Today: today}
}

// lastDay is the last day of the quota's period.
func (p *keyPlan) lastDay(today usage.Day) usage.Day {
	_, last := apigateway.QuotaPeriod(p.quota, today.Time())
	return usage.DayOf(last)
}

func (p *keyPlan) dayText(day usage.Day) string { return day.Time().Format(time.DateOnly) }

// listed names a few things, for people.
func listed(names []string) string {
	if len(names) > mostNamed {
		names = append(names[:mostNamed:mostNamed], "…")
	}
	return strings.Join(names, ", ")
}
