package pull

import (
	"context"
	"slices"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	rest "github.com/aws/aws-sdk-go-v2/service/apigateway/types"

	"github.com/poolgate/poolgate/internal/account"
	"github.com/poolgate/poolgate/internal/apigateway"
	"github.com/poolgate/poolgate/internal/apigatewayv2"
	"github.com/poolgate/poolgate/internal/cognito"
)

// Fetch reads what is asked for, and the pools that its authorizers trust. progress, if not nil, is told of each thing before it is
// read. The error is Missing when one of the targets is not there or may not be read at all.
func Fetch(ctx context.Context, r *account.Reader, targets []Target, stage string, progress func(what string)) (*Copy, error) {
	f := &fetch{reader: r, stage: stage, progress: progress, plans: map[string]rest.UsagePlan{}, done: map[string]bool{}}
	if progress == nil {
		f.progress = func(string) {}
	}
	f.copy.Manifest = Manifest{Format: format, Region: r.Region(), Stage: stage, Asked: []string{}}
	for _, t := range targets {
		if err := f.target(ctx, t); err != nil {
			return nil, err
		}
	}
	for _, id := range f.trusted {
		if err := f.pool(ctx, id, false); err != nil {
			return nil, err
		}
	}
	return f.finish(ctx)
}

// unknownAccount stands for an account that does not say which it is.
const unknownAccount = "000000000000"

// fetch is one run.
type fetch struct {
	reader   *account.Reader
	stage    string
	progress func(string)
	copy     Copy
	plans    map[string]rest.UsagePlan
	// done are the ids that were read; trusted are the pools that authorizers trust.
	done    map[string]bool
	trusted []string
}

func (f *fetch) target(ctx context.Context, t Target) error {
	if t.Pool != "" {
		f.copy.Asked = append(f.copy.Asked, t.Pool)
		return f.pool(ctx, t.Pool, true)
	}
	ids, err := t.apis(ctx, f.reader)
	if err != nil {
		return err
	}
	for _, id := range ids {
		if f.done[id] {
			continue
		}
		f.done[id] = true
		f.copy.Asked = append(f.copy.Asked, id)
		if err := f.api(ctx, id); err != nil {
			return err
		}
	}
	return nil
}

// api reads an API that is either sort: their ids look alike.
func (f *fetch) api(ctx context.Context, id string) error {
	f.progress("API " + id)
	api, err := f.reader.RESTAPI(ctx, id, f.stage)
	if err != nil {
		return err
	}
	if api != nil && api.Live != nil {
		c := restCopy(api)
		f.copy.RESTAPIs = append(f.copy.RESTAPIs, c)
		f.trusted = append(f.trusted, trustedByREST(c)...)
		for id, plan := range api.UsagePlans {
			f.plans[id] = plan
		}
		return f.stageIsThere(id, len(api.Stages))
	}
	other, err := f.reader.HTTPAPI(ctx, id, f.stage)
	if err != nil {
		return err
	}
	if other == nil || other.Live == nil {
		return &Missing{What: "the API " + id, Gaps: f.reader.Gaps()}
	}
	c := httpCopy(other)
	f.copy.HTTPAPIs = append(f.copy.HTTPAPIs, c)
	f.trusted = append(f.trusted, trustedByHTTP(c)...)
	return f.stageIsThere(id, len(other.Stages))
}

func (f *fetch) stageIsThere(id string, stages int) error {
	if f.stage == "" || stages > 0 {
		return nil
	}
	return &Missing{What: "the stage " + f.stage + " of the API " + id, Gaps: f.reader.Gaps()}
}

// pool reads a pool. One that was not asked for may be gone, or another account's.
func (f *fetch) pool(ctx context.Context, id string, asked bool) error {
	if f.done[id] || !poolID.MatchString(id) {
		return nil
	}
	f.done[id] = true
	f.progress("user pool " + id)
	pool, err := f.reader.WholePool(ctx, id)
	if err != nil {
		return err
	}
	if pool == nil || pool.Pool.Pool == nil {
		if asked {
			return &Missing{What: "the user pool " + id, Gaps: f.reader.Gaps()}
		}
		return nil
	}
	f.copy.Pools = append(f.copy.Pools, poolCopy(pool))
	return nil
}

// finish sorts everything and tells what could not be read.
func (f *fetch) finish(ctx context.Context) (*Copy, error) {
	for _, plan := range f.plans {
		f.copy.Plans = append(f.copy.Plans, plan)
	}
	caller, err := f.reader.Caller(ctx)
	if err != nil {
		return nil, err
	}
	switch {
	case caller != nil:
		f.copy.Account = caller.Account
	case len(f.copy.Pools) > 0: // the ARN of a pool says it, too
		f.copy.Account = strings.Split(aws.ToString(f.copy.Pools[0].Pool.Arn)+"::::", ":")[4]
	default:
		f.copy.Account = unknownAccount
	}
	slices.Sort(f.copy.Asked)
	for _, g := range f.reader.Gaps() {
		f.copy.NotRead = append(f.copy.NotRead, NotRead{g.Operation, g.Permission, g.Kind})
	}
	f.copy.sort()
	return &f.copy, nil
}

// sort puts all in the order of the ids.
func (c *Copy) sort() {
	slices.SortFunc(c.RESTAPIs, func(a, b *apigateway.Copy) int { return compare(a.Live.API.Value.Id, b.Live.API.Value.Id) })
	slices.SortFunc(c.HTTPAPIs, func(a, b *apigatewayv2.Copy) int { return compare(a.Live.API.Value.ApiId, b.Live.API.Value.ApiId) })
	slices.SortFunc(c.Plans, func(a, b rest.UsagePlan) int { return compare(a.Id, b.Id) })
	slices.SortFunc(c.Pools, func(a, b *cognito.Copy) int { return compare(a.Pool.Id, b.Pool.Id) })
}

func compare(a, b *string) int { return strings.Compare(aws.ToString(a), aws.ToString(b)) }
