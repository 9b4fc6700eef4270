package apigateway

import (
	"errors"
	"fmt"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/apigateway/types"

	"github.com/poolgate/poolgate/internal/store"
	"github.com/poolgate/poolgate/internal/wire"
)

// planOrigin says that a usage plan is a copy. Its scope is originScope, its id OWNER/PLAN.
type planOrigin struct{ From, Account, Region, ID string }

var planOrigins = store.Collection[planOrigin]{
	Name: "apigateway.usageplanorigin", Version: 1,
	Keys: func(o *planOrigin) []store.Key { return []store.Key{{Index: fromIndex, Value: o.From}} },
}

const originScope = "usageplans"

func originID(owner, plan string) string { return owner + "/" + plan }

// CheckPlan tells what of a usage plan's copy cannot be kept.
func (s *Service) CheckPlan(plan types.UsagePlan) error {
	if id := aws.ToString(plan.Id); id == "" || strings.Contains(id, "/") {
		return errors.New("the usage plan has no id")
	}
	for _, stage := range plan.ApiStages {
		if stage.ApiId == nil || stage.Stage == nil {
			return errors.New("a stage of the usage plan has no name")
		}
	}
	return checkPlan(&plan)
}

// PutPlanCopy stores the copy of a usage plan that CheckPlan passed. API keys that were put into an earlier copy stay in it. The error is
// ErrMadeHere when a plan of that id is here that is no copy.
func (s *Service) PutPlanCopy(tx *store.Tx, from, account, region string, plan types.UsagePlan) error {
	scope := owner(account, region)
	origin := &planOrigin{From: from, Account: account, Region: region, ID: *plan.Id}
	_, err := usagePlans.Get(tx, scope, *plan.Id)
	if err == nil {
		_, err = planOrigins.Get(tx, originScope, originID(scope, *plan.Id))
		if errors.Is(err, store.ErrNotFound) {
			return fmt.Errorf("the usage plan %s %w", *plan.Id, ErrMadeHere)
		}
	}
	if err != nil && !errors.Is(err, store.ErrNotFound) {
		return err
	}
	tx.Bump(UsagePlanTopic(account, region))
	if err := usagePlans.Put(tx, scope, *plan.Id, document(plan)); err != nil {
		return err
	}
	return planOrigins.Put(tx, originScope, originID(scope, *plan.Id), origin)
}

// DropPlanCopies deletes the usage plans that came from there and are none of keep, by their ids.
func (s *Service) DropPlanCopies(tx *store.Tx, from string, keep map[string]bool) error {
	found, _, err := planOrigins.Find(tx, originScope, store.Key{Index: fromIndex, Value: from}, store.Page{})
	if err != nil {
		return err
	}
	for _, f := range found {
		if keep[f.Value.ID] {
			continue
		}
		call := wire.Call{Account: f.Value.Account, Region: f.Value.Region}
		err := keysOfPlan(tx, call, f.Value.ID).each(func(k store.Found[planKey]) error { return removePlanKey(tx, call, k.Value) })
		if err != nil {
			return err
		}
		if err := usagePlans.Delete(tx, ownerOf(call), f.Value.ID); err != nil && !errors.Is(err, store.ErrNotFound) {
			return err
		}
		if err := planOrigins.Delete(tx, originScope, f.ID); err != nil {
			return err
		}
		tx.Bump(UsagePlanTopic(call.Account, call.Region))
	}
	return nil
}

// forgetOrigin lets a plan that was deleted be no copy any more.
func forgetOrigin(tx *store.Tx, call wire.Call, plan string) error {
	err := planOrigins.Delete(tx, originScope, originID(ownerOf(call), plan))
	if errors.Is(err, store.ErrNotFound) {
		return nil
	}
	return err
}
