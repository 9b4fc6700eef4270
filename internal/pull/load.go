package pull

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"

	"github.com/poolgate/poolgate/internal/apigateway"
	"github.com/poolgate/poolgate/internal/apigatewayv2"
	"github.com/poolgate/poolgate/internal/cognito"
	"github.com/poolgate/poolgate/internal/store"
)

// loadTimeout is longer than the store's own: a pool of 60,000 users is one transaction.
const loadTimeout = 5 * time.Minute

// ErrMadeHere tells that something of a copy's id is on the server that is no copy; a copy replaces copies only.
var ErrMadeHere = errors.New("the copy would replace what was made on this server")

// Services are where a copy goes.
type Services struct {
	Store    *store.Store
	RESTAPIs *apigateway.Service
	HTTPAPIs *apigatewayv2.Service
	Pools    *cognito.Service
}

// Load brings a copy up, whole or not at all, in the place of what came from the same directory before; from names the directory. What
// is no longer in the copy goes, what never came from there stays.
func Load(ctx context.Context, s Services, from string, c *Copy) error {
	if err := s.check(c); err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(ctx, loadTimeout)
	defer cancel()
	err := s.Store.Update(ctx, func(tx *store.Tx) error { return s.put(tx, from, c) })
	for _, ours := range []error{apigateway.ErrMadeHere, apigatewayv2.ErrMadeHere, cognito.ErrMadeHere} {
		if errors.Is(err, ours) {
			return fmt.Errorf("%w: %w", ErrMadeHere, err)
		}
	}
	return err
}

// check finds what is wrong before anything is written.
func (s Services) check(c *Copy) error {
	for _, api := range c.RESTAPIs {
		if err := s.RESTAPIs.Check(api); err != nil {
			return fmt.Errorf("restapis/%s: %w", aws.ToString(api.Live.API.Value.Id), err)
		}
	}
	for _, api := range c.HTTPAPIs {
		if err := s.HTTPAPIs.Check(api); err != nil {
			return fmt.Errorf("httpapis/%s: %w", aws.ToString(api.Live.API.Value.ApiId), err)
		}
	}
	for _, plan := range c.Plans {
		if err := s.RESTAPIs.CheckPlan(plan); err != nil {
			return fmt.Errorf("usageplans/%s: %w", aws.ToString(plan.Id), err)
		}
	}
	for _, pool := range c.Pools {
		if err := s.Pools.Check(pool); err != nil {
			return fmt.Errorf("pools/%s: %w", aws.ToString(pool.Pool.Id), err)
		}
	}
	return nil
}

// put drops what is gone before it writes, so that what moved from one pool to another does not meet itself.
func (s Services) put(tx *store.Tx, from string, c *Copy) error {
	restAPIs, httpAPIs, plans, pools := map[string]bool{}, map[string]bool{}, map[string]bool{}, map[string]bool{}
	for _, api := range c.RESTAPIs {
		restAPIs[*api.Live.API.Value.Id] = true
	}
	for _, api := range c.HTTPAPIs {
		httpAPIs[*api.Live.API.Value.ApiId] = true
	}
	for _, plan := range c.Plans {
		plans[*plan.Id] = true
	}
	for _, pool := range c.Pools {
		pools[*pool.Pool.Id] = true
	}
	for _, drop := range []func() error{
		func() error { return s.RESTAPIs.DropCopies(tx, from, restAPIs) },
		func() error { return s.HTTPAPIs.DropCopies(tx, from, httpAPIs) },
		func() error { return s.RESTAPIs.DropPlanCopies(tx, from, plans) },
		func() error { return s.Pools.DropCopies(tx, from, pools) },
	} {
		if err := drop(); err != nil {
			return err
		}
	}
	for _, pool := range c.Pools {
		if err := s.Pools.PutCopy(tx, from, pool); err != nil {
			return err
		}
	}
	for _, api := range c.RESTAPIs {
		if err := s.RESTAPIs.PutCopy(tx, from, api); err != nil {
			return err
		}
	}
	for _, api := range c.HTTPAPIs {
		if err := s.HTTPAPIs.PutCopy(tx, from, api); err != nil {
			return err
		}
	}
	for _, plan := range c.Plans {
		if err := s.RESTAPIs.PutPlanCopy(tx, from, c.Account, c.Region, plan); err != nil {
			return err
		}
	}
	return nil
}
