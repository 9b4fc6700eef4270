package apigateway

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/apigateway"
	"github.com/aws/aws-sdk-go-v2/service/apigateway/types"
	"github.com/google/go-cmp/cmp"
)

func on(text string) time.Time {
	at, err := time.Parse(time.DateOnly, text)
	if err != nil {
		panic(err)
	}
	return at
}

func TestUsageIsCountedByDayAndTotalledByPeriod(t *testing.T) {
	g := newGate(t)
	key := g.createKey("mine")
	plan := g.createPlan("plan")
	ok(g.addToPlan(plan, key.Id))(t)
	count := func(day, since string, requests int64) UsageCount {
		return UsageCount{Account: testAccount, Region: testRegion, PlanID: plan, KeyID: *key.Id, Day: on(day), Since: on(since), Requests: requests}
	}
	stranger := count("2026-03-01", "2026-03-01", 5)
	stranger.KeyID = "nosuch"
	for _, step := range []struct {
		name   string
		counts []UsageCount
		want   []int64
	}{
		{"nothing yet", []UsageCount{count("2026-02-28", "2026-02-01", 0)}, []int64{0}},
		{"the last day of a month", []UsageCount{count("2026-02-28", "2026-02-01", 3)}, []int64{3}},
		{"two days at once", []UsageCount{count("2026-02-28", "2026-02-01", 1), count("2026-03-01", "2026-03-01", 2)}, []int64{6, 2}},
		{"a key that is not in the plan", []UsageCount{stranger, count("2026-03-01", "2026-03-01", 1)}, []int64{0, 3}},
		{"a look", []UsageCount{count("2026-03-01", "2026-02-23", 0)}, []int64{7}},
	} {
		if got, err := g.CountUsage(t.Context(), step.counts); err != nil || !cmp.Equal(step.want, got) {
			t.Errorf("%s: %v, %v; want %v", step.name, got, err, step.want)
		}
	}
	out := ok(g.GetUsage(g.ctx(), &apigateway.GetUsageInput{UsagePlanId: &plan, StartDate: aws.String("2026-02-27"), EndDate: aws.String("2026-03-01")}))(t)
	if want := map[string][][]int64{*key.Id: {{0, 0}, {4, 0}, {3, 0}}}; !cmp.Equal(want, out.Items) {
		t.Errorf("GetUsage: %v", out.Items)
	}
	ok(g.DeleteUsagePlanKey(g.ctx(), &apigateway.DeleteUsagePlanKeyInput{UsagePlanId: &plan, KeyId: key.Id}))(t)
	if got, err := g.CountUsage(t.Context(), []UsageCount{count("2026-03-01", "2026-02-01", 1)}); err != nil || got[0] != 0 {
		t.Errorf("a key that was taken out has used %v, %v", got, err)
	}
}

// flusher is a gateway that has counted and not written.
type flusher struct {
	write func() error
}

func (f *flusher) FlushUsage(context.Context) error { return f.write() }

func TestWhatThisNodeCountedIsToldAtOnce(t *testing.T) {
	g := newGate(t)
	key := g.createKey("mine")
	plan := *ok(g.CreateUsagePlan(g.ctx(), &apigateway.CreateUsagePlanInput{
		Name: aws.String("plan"), Quota: &types.QuotaSettings{Limit: 10, Period: types.QuotaPeriodTypeDay},
	}))(t).Id
	ok(g.addToPlan(plan, key.Id))(t)
	today := g.clock.Now().UTC().Truncate(day)
	broken := errors.New("the database is away")
	meter := &flusher{}
	meter.write = func() error {
		_, err := g.CountUsage(t.Context(), []UsageCount{{Account: testAccount, Region: testRegion, PlanID: plan, KeyID: *key.Id, Day: today, Since: today, Requests: 4}})
		meter.write = func() error { return nil }
		return err
	}
	g.MeteredBy(meter)
	text := today.Format(time.DateOnly)
	get := func() (*apigateway.GetUsageOutput, error) {
		return g.GetUsage(g.ctx(), &apigateway.GetUsageInput{UsagePlanId: &plan, KeyId: key.Id, StartDate: &text, EndDate: &text})
	}
	if out := ok(get())(t); !cmp.Equal(map[string][][]int64{*key.Id: {{4, 6}}}, out.Items) {
		t.Errorf("GetUsage: %v", out.Items)
	}
	var told []string
	defer g.store.Watch(UsageTopic(testAccount, testRegion), func(topic string) { told = append(told, topic) })()
	out := ok(g.UpdateUsage(g.ctx(), &apigateway.UpdateUsageInput{UsagePlanId: &plan, KeyId: key.Id, PatchOperations: []types.PatchOperation{operation(opReplace, "/remaining", "100")}}))(t)
	if !cmp.Equal(map[string][][]int64{*key.Id: {{4, 100}}}, out.Items) {
		t.Errorf("UpdateUsage: %v", out.Items)
	}
	if want := []string{UsageTopic(testAccount, testRegion) + "/" + UsageShard(plan, *key.Id)}; !cmp.Equal(want, told) {
		t.Errorf("told %q, want %q", told, want)
	}
	meter.write = func() error { return broken }
	if _, err := get(); !errors.Is(err, broken) {
		t.Errorf("a meter that fails: %v", err)
	}
}

func TestQuotaPeriods(t *testing.T) {
	for _, test := range []struct {
		name        string
		period      types.QuotaPeriodType
		offset      int32
		day         string
		first, last string
	}{
		{"a day", types.QuotaPeriodTypeDay, 0, "2026-02-28", "2026-02-28", "2026-02-28"},
		{"a week begins on Sunday", types.QuotaPeriodTypeWeek, 0, "2026-02-28", "2026-02-22", "2026-02-28"},
		{"a Sunday", types.QuotaPeriodTypeWeek, 0, "2026-03-01", "2026-03-01", "2026-03-07"},
		{"a week that begins on Wednesday", types.QuotaPeriodTypeWeek, 3, "2026-03-03", "2026-02-25", "2026-03-03"},
		{"a month", types.QuotaPeriodTypeMonth, 0, "2026-02-28", "2026-02-01", "2026-02-28"},
		{"a month that begins on the tenth", types.QuotaPeriodTypeMonth, 9, "2026-03-09", "2026-02-10", "2026-03-09"},
		{"across the year", types.QuotaPeriodTypeMonth, 27, "2026-01-05", "2025-12-28", "2026-01-27"},
	} {
		first, last := QuotaPeriod(&types.QuotaSettings{Period: test.period, Offset: test.offset}, on(test.day))
		if first != on(test.first) || last != on(test.last) {
			t.Errorf("%s: from %v to %v", test.name, first, last)
		}
	}
}

func TestUsageIsPagedByKey(t *testing.T) {
	g := newGate(t)
	plan := g.createPlan("plan")
	want := map[string][][]int64{}
	for range 5 {
		key := g.createKey("mine")
		ok(g.addToPlan(plan, key.Id))(t)
		if _, err := g.CountUsage(t.Context(), []UsageCount{{Account: testAccount, Region: testRegion, PlanID: plan, KeyID: *key.Id, Day: on("2026-03-01"), Since: on("2026-03-01"), Requests: 7}}); err != nil {
			t.Fatal(err)
		}
		want[*key.Id] = [][]int64{{7, 0}}
	}
	got := map[string][][]int64{}
	var position *string
	for pages := 1; ; pages++ {
		out := ok(g.GetUsage(g.ctx(), &apigateway.GetUsageInput{
			UsagePlanId: &plan, StartDate: aws.String("2026-03-01"), EndDate: aws.String("2026-03-01"), Limit: aws.Int32(2), Position: position,
		}))(t)
		if len(out.Items) > 2 {
			t.Errorf("page %d holds %d keys", pages, len(out.Items))
		}
		for key, days := range out.Items {
			got[key] = days
		}
		if position = out.Position; position == nil {
			if pages != 3 {
				t.Errorf("%d pages", pages)
			}
			break
		}
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got)\n%s", diff)
	}
}
