package gateway_test

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/apigateway"
	"github.com/aws/aws-sdk-go-v2/service/apigateway/types"
	"github.com/google/go-cmp/cmp"

	"github.com/poolgate/poolgate/authz"
	"github.com/poolgate/poolgate/internal/gateway"
	"github.com/poolgate/poolgate/internal/gateway/usage"
	"github.com/poolgate/poolgate/internal/store"
	"github.com/poolgate/poolgate/internal/store/postgrestest"
)

// directly serves GET requests without a connection, for tests that need many.
func directly(w *meteredWorld) func(path, key string) int {
	r := httptest.NewRequest(http.MethodGet, "/", nil)
	return func(path, key string) int {
		r.Header.Set("X-Api-Key", key)
		recorder := httptest.NewRecorder()
		w.ServeAPI(recorder, r, gateway.Target{API: w.api, Path: path})
		return recorder.Code
	}
}

func quota(limit int32, period types.QuotaPeriodType) func(*apigateway.CreateUsagePlanInput) {
	return func(in *apigateway.CreateUsagePlanInput) {
		in.Quota = &types.QuotaSettings{Limit: limit, Period: period}
	}
}

func throttle(rate float64, burst int32) func(*apigateway.CreateUsagePlanInput) {
	return func(in *apigateway.CreateUsagePlanInput) {
		in.Throttle = &types.ThrottleSettings{RateLimit: rate, BurstLimit: burst}
	}
}

// TestLimitsAnswerAsRecorded: section 11, "stage throttle 0/0 → 429 THROTTLED; quota 1/DAY second call → 429".
func TestLimitsAnswerAsRecorded(t *testing.T) {
	w := newMetered(t)
	w.patchStage("dev", replace("/*/*/throttling/rateLimit", "0"), replace("/*/*/throttling/burstLimit", "0"))
	w.answers(t, "a stage at 0/0", "/dev/open", "", 429, authz.Throttled)
	if r := w.Recent(1, nil)[0]; r.Expected != "0 requests a second with a burst of 0, the limit of method GET /open in stage dev" {
		t.Errorf("expected %s", r.Expected)
	}
	w.answers(t, "another stage", "/prod/open", "", 200, "")

	id, value := w.key("mine")
	w.plan(quota(1, types.QuotaPeriodTypeDay), []string{"prod"}, id)
	w.answers(t, "the first of one a day", "/prod/keyed", value, 200, "")
	w.answers(t, "the second", "/prod/keyed", value, 429, authz.QuotaExceeded)
	w.answers(t, "the third, of another method", "/prod/", value, 429, authz.QuotaExceeded)
	if r := w.Recent(1, nil)[0]; r.Expected != "1 requests from 2026-03-01 to 2026-03-01 (UTC)" {
		t.Errorf("expected %s", r.Expected)
	}
	w.answers(t, "a method without a key", "/prod/open", value, 200, "")
	w.clock.Advance(12 * time.Hour) // noon was the epoch
	w.answers(t, "the next day", "/prod/keyed", value, 200, "")
	w.answers(t, "the next day's second", "/prod/keyed", value, 429, authz.QuotaExceeded)
}

func TestRatesOfAPlanAreEachKeysOwn(t *testing.T) {
	w := newMetered(t)
	one, first := w.key("one")
	two, second := w.key("two")
	plan := w.plan(throttle(1, 2), []string{"dev", "prod"}, one, two)
	w.answers(t, "the first", "/dev/keyed", first, 200, "")
	w.answers(t, "the second, in another stage of the plan", "/prod/keyed", first, 200, "")
	w.answers(t, "the third", "/dev/keyed", first, 429, authz.Throttled)
	if r := w.Recent(1, nil)[0]; r.Expected != "1 requests a second with a burst of 2, the limit of usage plan "+plan+" for each key" {
		t.Errorf("expected %s", r.Expected)
	}
	w.answers(t, "another key", "/dev/keyed", second, 200, "")
	w.rate.Add(int64(time.Second))
	w.answers(t, "a second later", "/dev/keyed", first, 200, "")
	w.answers(t, "no more than that", "/dev/keyed", first, 429, authz.Throttled)

	stage := "/apiStages/" + w.api + ":dev/throttle"
	w.patchPlan(plan, replace(stage+"//keyed/GET/rateLimit", "10"), replace(stage+"//keyed/GET/burstLimit", "3"))
	for range 3 {
		w.answers(t, "the method's own limit", "/dev/keyed", first, 200, "")
	}
	w.answers(t, "the method's own limit, used up", "/dev/keyed", first, 429, authz.Throttled)
	if r := w.Recent(1, nil)[0]; r.Expected != "10 requests a second with a burst of 3, the limit of usage plan "+plan+" for each key at /keyed/GET" {
		t.Errorf("expected %s", r.Expected)
	}
	w.answers(t, "another method keeps the plan's", "/dev/", first, 429, authz.Throttled)
	w.patchPlan(plan, replace(stage, `{"//GET":{"rateLimit":5,"burstLimit":1}}`))
	w.answers(t, "the root's own limit", "/dev/", first, 200, "")
	w.answers(t, "the root's own limit, used up", "/dev/", first, 429, authz.Throttled)
	w.patchPlan(plan, types.PatchOperation{Op: types.OpRemove, Path: aws.String("/throttle")}, types.PatchOperation{Op: types.OpRemove, Path: aws.String(stage)})
	for range 20 {
		w.answers(t, "no limit at all", "/dev/keyed", first, 200, "")
	}
}

func TestRatesOfStagesAreEachMethodsOwn(t *testing.T) {
	w := newMetered(t)
	w.patchStage("dev", replace("/*/*/throttling/rateLimit", "1"), replace("/*/*/throttling/burstLimit", "1"),
		replace("/~1keyed/POST/throttling/rateLimit", "-1"), replace("/~1/GET/throttling/rateLimit", "0"), replace("/~1/GET/throttling/burstLimit", "0"))
	id, value := w.key("mine")
	w.plan(nil, []string{"dev"}, id)
	w.answers(t, "the first", "/dev/open", "", 200, "")
	w.answers(t, "the second", "/dev/open", "", 429, authz.Throttled)
	w.answers(t, "another method", "/dev/keyed", value, 200, "")
	w.answers(t, "the root's own", "/dev/", value, 429, authz.Throttled)
	for range 5 {
		if got := send(t, w, "POST", "/dev/keyed", "x-api-key", value); got.StatusCode != 200 {
			t.Errorf("a method without a limit answered %d", got.StatusCode)
		}
	}
	// Neither a deployment nor a change of settings fills a bucket.
	done(w.CreateDeployment(w.ctx(), &apigateway.CreateDeploymentInput{RestApiId: &w.api, StageName: aws.String("dev")}))(t)
	w.answers(t, "after a deployment", "/dev/open", "", 429, authz.Throttled)
	w.patchStage("dev", replace("/*/*/throttling/burstLimit", "100"))
	w.answers(t, "after the burst grew", "/dev/open", "", 429, authz.Throttled)
	w.rate.Add(int64(2 * time.Second))
	w.answers(t, "two seconds later", "/dev/open", "", 200, "")
	w.patchStage("dev", replace("/*/*/throttling/rateLimit", "10000"), replace("/*/*/throttling/burstLimit", "5000"))
	serve := directly(w)
	for range 20_000 {
		if status := serve("/dev/open", ""); status != 200 {
			t.Fatalf("a stage at the account's limits answered %d", status)
		}
	}
}

func TestTheAccountsLimitIsForAllOfItsAPIs(t *testing.T) {
	w := newMetered(t, func(c *gateway.Config) { c.AccountLimit = &usage.Limit{Rate: 1, Burst: 2} })
	w.answers(t, "the first", "/dev/open", "", 200, "")
	w.answers(t, "the second, of another stage", "/prod/open", "", 200, "")
	w.answers(t, "the third", "/dev/open", "", 429, authz.Throttled)
	if r := w.Recent(1, nil)[0]; !strings.HasSuffix(r.Expected, "the limit of account "+account+" in "+region) {
		t.Errorf("expected %s", r.Expected)
	}
}

// TestWhatIsThrottledIsNotUsed: a request that came too soon does not count for the quota.
func TestWhatIsThrottledIsNotUsed(t *testing.T) {
	w := newMetered(t)
	id, value := w.key("mine")
	w.plan(func(in *apigateway.CreateUsagePlanInput) {
		throttle(1, 1)(in)
		quota(2, types.QuotaPeriodTypeWeek)(in)
	}, []string{"dev"}, id)
	w.answers(t, "the first", "/dev/keyed", value, 200, "")
	w.answers(t, "too soon", "/dev/keyed", value, 429, authz.Throttled)
	w.rate.Add(int64(time.Second))
	w.answers(t, "the second", "/dev/keyed", value, 200, "")
	w.rate.Add(int64(time.Second))
	w.answers(t, "the third", "/dev/keyed", value, 429, authz.QuotaExceeded)
}

func TestUsageIsToldAndSet(t *testing.T) {
	w := newMetered(t)
	id, value := w.key("mine")
	plan := w.plan(quota(3, types.QuotaPeriodTypeMonth), []string{"dev"}, id)
	freeID, free := w.key("free")
	unlimited := w.plan(nil, []string{"dev"}, freeID)
	used := func(plan string, want map[string][][]int64) {
		t.Helper()
		out := done(w.GetUsage(w.ctx(), &apigateway.GetUsageInput{UsagePlanId: &plan, StartDate: aws.String("2026-03-01"), EndDate: aws.String("2026-03-02")}))(t)
		if diff := cmp.Diff(want, out.Items); diff != "" {
			t.Errorf("(-want +got)\n%s", diff)
		}
	}
	for range 5 {
		send(t, w, "GET", "/dev/keyed", "x-api-key", value)
		w.answers(t, "without a quota", "/dev/keyed", free, 200, "")
	}
	used(plan, map[string][][]int64{id: {{3, 0}, {0, 0}}})
	used(unlimited, map[string][][]int64{freeID: {{5, 0}, {0, 0}}})
	done(w.UpdateUsage(w.ctx(), &apigateway.UpdateUsageInput{UsagePlanId: &plan, KeyId: &id, PatchOperations: []types.PatchOperation{replace("/remaining", "1")}}))(t)
	w.answers(t, "one more was granted", "/dev/keyed", value, 200, "")
	w.answers(t, "and only one", "/dev/keyed", value, 429, authz.QuotaExceeded)
	w.clock.Advance(24 * time.Hour)
	w.answers(t, "the month goes on", "/dev/keyed", value, 429, authz.QuotaExceeded)
	used(plan, map[string][][]int64{id: {{4, 0}, {0, 0}}})
	w.patchPlan(plan, replace("/quota/limit", "5"))
	w.answers(t, "a larger quota holds at once", "/dev/keyed", value, 200, "")
	w.patchPlan(plan, replace("/quota/period", "DAY"), replace("/quota/limit", "1"))
	w.answers(t, "a quota by the day counts this day", "/dev/keyed", value, 429, authz.QuotaExceeded)
}

func TestUsageSurvivesARestart(t *testing.T) {
	db := memory(t)
	w := newMeteredWorld(t, db)
	w.importMetered()
	id, value := w.key("mine")
	w.plan(quota(2, types.QuotaPeriodTypeDay), []string{"dev"}, id)
	w.answers(t, "the first", "/dev/keyed", value, 200, "")
	w.Close()
	second := newMeteredWorld(t, db)
	second.api = w.api
	second.answers(t, "the second, after a restart", "/dev/keyed", value, 200, "")
	second.answers(t, "the third", "/dev/keyed", value, 429, authz.QuotaExceeded)
}

// TestTwoNodesShareAQuota: what one node counted the other knows once it was written, and a key that one disables the other refuses.
func TestTwoNodesShareAQuota(t *testing.T) {
	url := postgrestest.URL(t)
	node := func() *meteredWorld {
		db, err := store.Open(t.Context(), store.Options{Location: url, SealKey: make([]byte, 32), Poll: 5 * time.Millisecond})
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { _ = db.Close() })
		return newMeteredWorld(t, db)
	}
	one, two := node(), node()
	one.importMetered()
	two.api = one.api
	id, value := one.key("mine")
	plan := one.plan(quota(3, types.QuotaPeriodTypeDay), []string{"dev"}, id)
	one.answers(t, "the first, at one", "/dev/keyed", value, 200, "")
	flush := func(w *meteredWorld) {
		t.Helper()
		if err := w.FlushUsage(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
	flush(one)
	two.answers(t, "the second, at two", "/dev/keyed", value, 200, "")
	two.answers(t, "the third, at two", "/dev/keyed", value, 200, "")
	two.answers(t, "two knows of all three", "/dev/keyed", value, 429, authz.QuotaExceeded)
	// One has not heard of two's: it lets through what it believes to be left, at most until its next write.
	flush(two)
	one.answers(t, "the overshoot", "/dev/keyed", value, 200, "")
	flush(one)
	one.answers(t, "one has heard", "/dev/keyed", value, 429, authz.QuotaExceeded)
	out := done(two.GetUsage(two.ctx(), &apigateway.GetUsageInput{UsagePlanId: &plan, StartDate: aws.String("2026-03-01"), EndDate: aws.String("2026-03-01")}))(t)
	if diff := cmp.Diff(map[string][][]int64{id: {{4, 0}}}, out.Items); diff != "" {
		t.Errorf("(-want +got)\n%s", diff)
	}
	done(two.UpdateUsage(two.ctx(), &apigateway.UpdateUsageInput{UsagePlanId: &plan, KeyId: &id, PatchOperations: []types.PatchOperation{replace("/remaining", "50")}}))(t)
	serveOne, serveTwo := directly(one), directly(two)
	within(t, "the grant holds on the other node", func() bool { return serveOne("/dev/keyed", value) == 200 })
	one.patchKey(id, replace("/enabled", "false"))
	within(t, "the disabled key is refused by the other node", func() bool { return serveTwo("/dev/keyed", value) == 403 })
}

// within waits until something holds.
func within(t *testing.T, what string, holds func() bool) {
	t.Helper()
	tick := time.NewTicker(2 * time.Millisecond)
	defer tick.Stop()
	late := time.After(10 * time.Second)
	for !holds() {
		select {
		case <-tick.C:
		case <-late:
			t.Fatalf("not within ten seconds: %s", what)
		}
	}
}
