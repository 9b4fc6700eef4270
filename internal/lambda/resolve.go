package lambda

import (
	"context"
	"errors"
	"math/rand/v2"
	"strings"
	"sync"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/lambda/types"

	"github.com/poolgate/poolgate/internal/fault"
	"github.com/poolgate/poolgate/internal/lambda/worker"
	"github.com/poolgate/poolgate/internal/store"
)

// resolved is all that an invocation needs to know of a function as it was named. It is immutable: requests share it.
type resolved struct {
	reference reference
	// policy is that of the qualifier; open says that there is no document and so no policy.
	policy *policy
	open   bool
	// targets are the versions that the name stands for; two when an alias shifts weight.
	targets []target
	// invoke says how events are retried.
	retries  int
	maxAge   time.Duration
	onFailed string
	onDone   string
}

// target is one version with the weight that falls on it.
type target struct {
	version string
	weight  float64
	spec    *worker.Spec
	// endpoint answers instead of a process; local is the directory whose changes count.
	endpoint string
	local    *localFunction
	// sets are the archives that have to be unpacked while it runs.
	sets []codeSet
}

// choose picks a target by weight.
func (r *resolved) choose() *target {
	if len(r.targets) == 1 {
		return &r.targets[0]
	}
	at := rand.Float64()
	for i := range r.targets {
		if at -= r.targets[i].weight; at < 0 {
			return &r.targets[i]
		}
	}
	return &r.targets[0]
}

// resolvedCache keeps what was resolved until the function changes.
type resolvedCache struct {
	mu         sync.RWMutex
	known      map[reference]*resolved
	generation uint64
}

// mostResolved bounds the cache: names that are asked for come from outside.
const mostResolved = 10_000

func (c *resolvedCache) get(r reference) (*resolved, uint64) {
	c.mu.RLock()
	defer c.mu.RUnlock()
	return c.known[r], c.generation
}

// put keeps what was read, unless something changed since the reading began.
func (c *resolvedCache) put(r reference, value *resolved, generation uint64) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if generation != c.generation {
		return
	}
	if c.known == nil || len(c.known) >= mostResolved {
		c.known = map[reference]*resolved{}
	}
	c.known[r] = value
}

func (c *resolvedCache) forget(owner string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.generation++
	for r := range c.known {
		if r.owner() == owner {
			delete(c.known, r)
		}
	}
}

// resolve finds what a name stands for.
func (s *Service) resolve(ctx context.Context, r reference) (*resolved, error) {
	known, generation := s.resolved.get(r)
	if known != nil {
		return known, nil
	}
	out := &resolved{reference: r, retries: defaultRetries, maxAge: defaultMaxAge}
	plans := map[string]*plan{}
	err := s.store.View(ctx, func(tx *store.Tx) error {
		clear(plans)
		f, err := s.findFunction(tx, r)
		if err != nil {
			return err
		}
		_, err = functions.Get(tx, r.place(), r.name)
		out.open = errors.Is(err, store.ErrNotFound)
		out.policy = f.Policies[r.qualifier]
		out.setEventInvoke(f.EventInvoke[r.qualifier].Value)
		out.targets, err = s.targetsOf(tx, f, r)
		if err != nil {
			return err
		}
		for _, t := range out.targets {
			if plans[t.version], err = s.planOf(tx, f, r.with(t.version)); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	for i := range out.targets {
		s.prepare(&out.targets[i], plans[out.targets[i].version])
	}
	s.resolved.put(r, out, generation)
	return out, nil
}

// targetsOf tells which versions a qualifier stands for.
func (s *Service) targetsOf(tx *store.Tx, f *function, r reference) ([]target, error) {
	switch {
	case r.qualifier == "" || r.qualifier == latest:
		return []target{{version: latest, weight: 1}}, nil
	case isVersion(r.qualifier):
		_, err := s.findRevision(tx, f, r)
		return []target{{version: r.qualifier, weight: 1}}, err
	}
	alias, err := get(tx, &aliases, r.owner(), r.qualifier, noFunction(r))
	if err != nil {
		return nil, err
	}
	main := target{version: aws.ToString(alias.Value.FunctionVersion), weight: 1}
	list := []target{main}
	if routing := alias.Value.RoutingConfig; routing != nil {
		for version, weight := range routing.AdditionalVersionWeights {
			list[0].weight -= weight
			list = append(list, target{version: version, weight: weight})
		}
	}
	return list, nil
}

// plan is what is read about one version, before anything is unpacked.
type plan struct {
	spec   worker.Spec
	code   string
	layers []string
}

func (s *Service) planOf(tx *store.Tx, f *function, r reference) (*plan, error) {
	v, err := s.findRevision(tx, f, r)
	if err != nil {
		return nil, err
	}
	variables, err := s.unseal(v)
	if err != nil {
		return nil, err
	}
	c := v.Configuration.Value
	p := &plan{code: v.Code, spec: worker.Spec{
		Function: r.owner(), Name: r.name, Version: aws.ToString(c.Version), Account: r.account, Region: r.region,
		Runtime: string(c.Runtime), Handler: aws.ToString(c.Handler), Environment: variables,
		Timeout: time.Duration(aws.ToInt32(c.Timeout)) * time.Second, MemoryMB: int(aws.ToInt32(c.MemorySize)), Reserved: -1,
		LogGroup: "/aws/lambda/" + r.name, Logging: loggingOf(c.LoggingConfig), Role: aws.ToString(c.Role),
	}}
	if c.LoggingConfig != nil && aws.ToString(c.LoggingConfig.LogGroup) != "" {
		p.spec.LogGroup = *c.LoggingConfig.LogGroup
	}
	if f.Reserved != nil {
		p.spec.Reserved = int(*f.Reserved)
	}
	// The bound may change while processes go on, so that it is no part of what tells them apart.
	p.spec.Key = strings.Join([]string{r.owner(), p.spec.Version, aws.ToString(c.RevisionId)}, " ")
	for _, used := range c.Layers {
		found, err := findLayerVersion(tx, r.place(), aws.ToString(used.Arn))
		if err != nil {
			// A layer that was deleted goes on serving the functions that use it, on AWS; here its code is kept for them.
			return nil, err
		}
		p.layers = append(p.layers, found.Code)
	}
	return p, nil
}

// prepare says where a version's code will be. It is unpacked when the version runs.
func (s *Service) prepare(t *target, p *plan) {
	spec := p.spec
	t.spec = &spec
	if len(p.layers) > 0 {
		layers := newCodeSet(p.layers...)
		spec.Layers = s.dirOf(layers)
		t.sets = append(t.sets, layers)
	}
	if l := s.local[spec.Name]; l != nil && spec.Version == latest {
		t.endpoint, spec.Code, t.local = l.url, l.dir, l
		return
	}
	code := newCodeSet(p.code)
	spec.Code = s.dirOf(code)
	t.sets = append(t.sets, code)
}

// specFor is what to run now: a directory that changed is run anew.
func (t *target) specFor() (*worker.Spec, error) {
	if t.local == nil {
		return t.spec, nil
	}
	state, err := t.local.state()
	if err != nil {
		return nil, &fault.Error{Kind: fault.KindUnavailable, Code: "ServiceException", Message: "The function's directory cannot be read", Cause: err}
	}
	spec := *t.spec
	spec.Key += " " + state
	return &spec, nil
}

// How events are retried unless the function says otherwise [D].
const (
	defaultRetries = 2
	defaultMaxAge  = 6 * time.Hour
)

func (r *resolved) setEventInvoke(c types.FunctionEventInvokeConfig) {
	if c.MaximumRetryAttempts != nil {
		r.retries = int(*c.MaximumRetryAttempts)
	}
	if c.MaximumEventAgeInSeconds != nil {
		r.maxAge = time.Duration(*c.MaximumEventAgeInSeconds) * time.Second
	}
	if d := c.DestinationConfig; d != nil {
		if d.OnFailure != nil {
			r.onFailed = aws.ToString(d.OnFailure.Destination)
		}
		if d.OnSuccess != nil {
			r.onDone = aws.ToString(d.OnSuccess.Destination)
		}
	}
}
