package httpapi

import (
	"fmt"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/apigatewayv2/types"

	"github.com/poolgate/poolgate/authz"
	"github.com/poolgate/poolgate/internal/gateway/usage"
)

// limit is a route's throttle with the name of its bucket. Buckets are this node's, and outlive the plan.
type limit struct {
	id usage.ID
	usage.Limit
}

// What a setting that leaves one of its two numbers out falls back to: AWS's limits of an account.
const (
	accountRate  = 10_000
	accountBurst = 5_000
)

// bucketLimit is how many token buckets a node holds about, one for each route that is throttled and used.
const bucketLimit = 65_536

// limitOf is the throttle of a route: the route's own settings go before the stage's default. Each route has a bucket of its
// own, also by the default. nil when neither sets one.
func limitOf(stage *types.Stage, api string, r *routePlan) *limit {
	settings := stage.DefaultRouteSettings
	if own, exists := stage.RouteSettings[r.key]; exists && (own.ThrottlingRateLimit != nil || own.ThrottlingBurstLimit != nil) {
		settings = &own
	}
	if settings == nil || settings.ThrottlingRateLimit == nil && settings.ThrottlingBurstLimit == nil {
		return nil
	}
	l := &limit{id: usage.ID{Scope: api, Who: aws.ToString(stage.StageName), What: r.key}, Limit: usage.Limit{Rate: accountRate, Burst: accountBurst}}
	if settings.ThrottlingRateLimit != nil {
		l.Rate = max(*settings.ThrottlingRateLimit, 0)
	}
	if settings.ThrottlingBurstLimit != nil {
		l.Burst = max(int(*settings.ThrottlingBurstLimit), 0)
	}
	return l
}

// meter takes a token of the route's bucket.
func (g *Gateway) meter(x *exchange) (*answer, *refusal) {
	l := x.route.limit
	if l == nil || g.buckets.Take(l.id, l.Limit) {
		return nil, nil
	}
	return nil, refuse(authz.Throttled).explained(
		fmt.Sprintf("more requests to %s than %g a second with a burst of %d", quoted(x.route.key), l.Rate, l.Burst), "fewer requests, or a higher limit of the stage's route settings")
}
