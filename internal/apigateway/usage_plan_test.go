package apigateway

import (
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/apigateway"
	"github.com/aws/aws-sdk-go-v2/service/apigateway/types"
	"github.com/google/go-cmp/cmp"

	"github.com/poolgate/poolgate/internal/clock"
	"github.com/poolgate/poolgate/internal/store"
	"github.com/poolgate/poolgate/internal/wire"
)

// createPlan makes a usage plan for the stages API:STAGE.
func (g *gate) createPlan(name string, stages ...string) string {
	g.Helper()
	in := &apigateway.CreateUsagePlanInput{Name: &name}
	for _, stage := range stages {
		apiID, stageName, _ := strings.Cut(stage, ":")
		in.ApiStages = append(in.ApiStages, types.ApiStage{ApiId: &apiID, Stage: &stageName})
	}
	return *ok(g.CreateUsagePlan(g.ctx(), in))(g.T).Id
}

func (g *gate) updatePlan(id string, operations ...types.PatchOperation) (*apigateway.UpdateUsagePlanOutput, error) {
	return g.UpdateUsagePlan(g.ctx(), &apigateway.UpdateUsagePlanInput{UsagePlanId: &id, PatchOperations: operations})
}

func (g *gate) addToPlan(plan string, key *string) (*apigateway.CreateUsagePlanKeyOutput, error) {
	return g.CreateUsagePlanKey(g.ctx(), &apigateway.CreateUsagePlanKeyInput{UsagePlanId: &plan, KeyId: key, KeyType: aws.String("API_KEY")})
}

func TestUsagePlansAnswerAsRecorded(t *testing.T) {
	g := newGate(t)
	api, _ := g.createMockAPI()
	g.deploy(api, "dev")
	plan := ok(g.CreateUsagePlan(g.ctx(), &apigateway.CreateUsagePlanInput{
		Name: aws.String("plan"), Description: aws.String("d"), ApiStages: []types.ApiStage{{ApiId: api, Stage: aws.String("dev")}},
		Quota:    &types.QuotaSettings{Limit: 10, Offset: 0, Period: types.QuotaPeriodTypeDay},
		Throttle: &types.ThrottleSettings{BurstLimit: 2, RateLimit: 1.5}, Tags: map[string]string{"k": "v"},
	}))(t)
	want := `{"id":"` + *plan.Id + `","name":"plan","description":"d","apiStages":[{"apiId":"` + *api + `","stage":"dev"}],
		"quota":{"limit":10,"offset":0,"period":"DAY"},"throttle":{"burstLimit":2,"rateLimit":1.5},"tags":{"k":"v"}}`
	shows(t, plan, want)
	shows(t, ok(g.GetUsagePlan(g.ctx(), &apigateway.GetUsagePlanInput{UsagePlanId: plan.Id}))(t), want)
	shows(t, ok(g.GetUsagePlans(g.ctx(), &apigateway.GetUsagePlansInput{}))(t), `{"item":[`+want+`]}`)

	refused(g.DeleteUsagePlan(g.ctx(), &apigateway.DeleteUsagePlanInput{UsagePlanId: plan.Id}))(t, "BadRequestException",
		"Cannot delete Usage Plan "+*plan.Id+" because there are API Stages associated with it, including "+*api+":dev")
	shows(t, ok(g.updatePlan(*plan.Id, operation(opRemove, "/apiStages", *api+":dev"), operation(opRemove, "/quota"), operation(opRemove, "/throttle"),
		operation(opReplace, "/name", "new"), operation(opAdd, "/productCode", "p")))(t),
		`{"id":"`+*plan.Id+`","name":"new","description":"d","apiStages":[],"productCode":"p","tags":{"k":"v"}}`)
	ok(g.DeleteUsagePlan(g.ctx(), &apigateway.DeleteUsagePlanInput{UsagePlanId: plan.Id}))(t)
	refused(g.GetUsagePlan(g.ctx(), &apigateway.GetUsagePlanInput{UsagePlanId: plan.Id}))(t, "NotFoundException", "Invalid Usage Plan ID specified")
}

func TestUsagePlansArePatchedRowByRow(t *testing.T) {
	g := newGate(t)
	api, _ := g.createMockAPI()
	g.deploy(api, "dev")
	stage := "/apiStages/" + *api + ":dev"
	for _, test := range []struct {
		name       string
		operations []types.PatchOperation
		want       string
	}{
		{"a quota", []types.PatchOperation{operation(opAdd, "/quota/limit", "5"), operation(opAdd, "/quota/period", "WEEK"), operation(opReplace, "/quota/offset", "6")},
			`"quota":{"limit":5,"offset":6,"period":"WEEK"}`},
		{"a throttle", []types.PatchOperation{operation(opAdd, "/throttle/burstLimit", "5"), operation(opReplace, "/throttle/rateLimit", "2.5")},
			`"throttle":{"burstLimit":5,"rateLimit":2.5}`},
		{"a description that goes", []types.PatchOperation{operation(opReplace, "/description", "x"), operation(opReplace, "/description", "")}, ``},
		{"a product code that goes", []types.PatchOperation{operation(opReplace, "/productCode", "x"), operation(opRemove, "/productCode")}, ``},
	} {
		t.Run(test.name, func(t *testing.T) {
			id := g.createPlan("plan")
			want := `{"id":"` + id + `","name":"plan","apiStages":[]}`
			if test.want != "" {
				want = strings.TrimSuffix(want, "}") + "," + test.want + "}"
			}
			shows(t, ok(g.updatePlan(id, test.operations...))(t), want)
		})
	}
	for _, test := range []struct{ name, method string }{
		{"a method's throttle, its path as it is", "//pets/{id}/GET"},
		{"a method's throttle, its path escaped", "/~1pets~1{id}~1GET"},
	} {
		t.Run(test.name, func(t *testing.T) {
			id := g.createPlan("plan", *api+":dev")
			out := ok(g.updatePlan(id, operation(opReplace, stage+"/throttle"+test.method+"/rateLimit", "1"), operation(opAdd, stage+"/throttle"+test.method+"/burstLimit", "2")))(t)
			want := map[string]types.ThrottleSettings{"/pets/{id}/GET": {BurstLimit: 2, RateLimit: 1}}
			if diff := cmp.Diff(want, out.ApiStages[0].Throttle, cmp.AllowUnexported(types.ThrottleSettings{})); diff != "" {
				t.Errorf("(-want +got)\n%s", diff)
			}
			if out := ok(g.updatePlan(id, operation(opRemove, stage+"/throttle"+test.method)))(t); out.ApiStages[0].Throttle != nil {
				t.Errorf("throttles are left: %v", out.ApiStages[0].Throttle)
			}
			ok(g.updatePlan(id, operation(opReplace, stage+"/throttle"+test.method+"/rateLimit", "1")))(t)
			if out := ok(g.updatePlan(id, operation(opRemove, stage+"/throttle")))(t); out.ApiStages[0].Throttle != nil {
				t.Errorf("throttles are left: %v", out.ApiStages[0].Throttle)
			}
		})
	}
}

func TestUsagePlansAreRefused(t *testing.T) {
	g := newGate(t)
	api, _ := g.createMockAPI()
	g.deploy(api, "dev")
	id := g.createPlan("plan", *api+":dev")
	const removable = "Must be one of: [/apiStages, /quota, /throttle, /productCode, " +
		"/apiStages/<apidId:stageName>/throttle/<resourcePath>/<httpMethod>, /apiStages/<apidId:stageName>/throttle]"
	for _, test := range []struct {
		name, code, want string
		operation        types.PatchOperation
	}{
		{"a stage without a value", "BadRequestException", "Invalid API Stage specified", operation(opRemove, "/apiStages")},
		{"a stage that is no pair", "BadRequestException", "Invalid API Stage specified", operation(opRemove, "/apiStages", "fakevalue")},
		{"to remove a stage that is not there", "NotFoundException", "Invalid API Stage {api: " + *api + ", stage: fakestagename} specified for usageplan " + id,
			operation(opRemove, "/apiStages", *api+":fakestagename")},
		{"to remove a stage of another API", "NotFoundException", "Invalid API Stage {api: " + *api + "b, stage: dev} specified for usageplan " + id,
			operation(opRemove, "/apiStages", *api+"b:dev")},
		{"to add a stage that is nowhere", "NotFoundException", "Invalid API Stage {api: " + *api + ", stage: fakestagename} specified for usageplan " + id,
			operation(opAdd, "/apiStages", *api+":fakestagename")},
		{"to add a stage twice", "ConflictException", "API Stage " + *api + ":dev is already associated with the usage plan", operation(opAdd, "/apiStages", *api+":dev")},
		{"a stage in the path", "BadRequestException", "Invalid patch path  '/apiStages/" + *api + ":dev' specified for op 'remove'. " + removable,
			operation(opRemove, "/apiStages/"+*api+":dev")},
		{"a quota that is no number", "BadRequestException", "Invalid value of /quota/limit: it must be a number that is not negative", operation(opReplace, "/quota/limit", "many")},
		{"a quota without a period", "BadRequestException", "Invalid quota period specified. Valid options are DAY,WEEK,MONTH", operation(opAdd, "/quota/limit", "1")},
		{"a rate below zero", "BadRequestException", "Invalid value of /throttle/rateLimit: it must be a number that is not negative", operation(opAdd, "/throttle/rateLimit", "-1")},
		{"a rate that is no number", "BadRequestException", "Invalid value of /throttle/rateLimit: it must be a number that is not negative", operation(opAdd, "/throttle/rateLimit", "NaN")},
		{"no name", "BadRequestException", "Usage Plan name cannot be blank", operation(opReplace, "/name", "")},
	} {
		t.Run(test.name, func(t *testing.T) {
			refused(g.updatePlan(id, test.operation))(t, test.code, test.want)
		})
	}
	refused(g.updatePlan("nosuch", operation(opReplace, "/name", "x")))(t, "NotFoundException", "Invalid Usage Plan ID specified")
	for _, test := range []struct {
		name, code, want string
		in               apigateway.CreateUsagePlanInput
	}{
		{"an unknown stage", "NotFoundException", "API Stage not found: " + *api + ":nosuch",
			apigateway.CreateUsagePlanInput{ApiStages: []types.ApiStage{{ApiId: api, Stage: aws.String("nosuch")}}}},
		{"half a stage", "BadRequestException", "Invalid API Stage {api: %s, stage: %s} specified for usageplan %s",
			apigateway.CreateUsagePlanInput{ApiStages: []types.ApiStage{{Stage: aws.String("dev")}}}},
		{"an offset beyond the week", "BadRequestException", "Usage Plan quota offset must be between zero and 6 in the WEEK period",
			apigateway.CreateUsagePlanInput{Quota: &types.QuotaSettings{Limit: 1, Offset: 7, Period: types.QuotaPeriodTypeWeek}}},
		{"an empty quota", "BadRequestException", "Usage Plan quota limit must be greater than zero",
			apigateway.CreateUsagePlanInput{Quota: &types.QuotaSettings{Period: types.QuotaPeriodTypeDay}}},
		{"a burst below zero", "BadRequestException", "Usage Plan throttle limits cannot be negative",
			apigateway.CreateUsagePlanInput{Throttle: &types.ThrottleSettings{BurstLimit: -1}}},
	} {
		t.Run(test.name, func(t *testing.T) {
			test.in.Name = aws.String("plan")
			refused(g.CreateUsagePlan(g.ctx(), &test.in))(t, test.code, test.want)
		})
	}
}

func TestAPIKeysAreMembersOfUsagePlans(t *testing.T) {
	g := newGate(t)
	api, _ := g.createMockAPI()
	g.deploy(api, "dev")
	g.deploy(api, "prod")
	key := g.createKey("mine")
	dev, prod := g.createPlan("dev", *api+":dev"), g.createPlan("prod", *api+":prod")
	want := `{"id":"` + *key.Id + `","name":"mine","type":"API_KEY","value":"` + *key.Value + `"}`
	shows(t, ok(g.addToPlan(dev, key.Id))(t), want)
	shows(t, ok(g.GetUsagePlanKey(g.ctx(), &apigateway.GetUsagePlanKeyInput{UsagePlanId: &dev, KeyId: key.Id}))(t), want)
	shows(t, ok(g.GetUsagePlanKeys(g.ctx(), &apigateway.GetUsagePlanKeysInput{UsagePlanId: &dev, NameQuery: aws.String("mi")}))(t), `{"item":[`+want+`]}`)
	shows(t, ok(g.GetUsagePlanKeys(g.ctx(), &apigateway.GetUsagePlanKeysInput{UsagePlanId: &dev, NameQuery: aws.String("ine")}))(t), `{"item":[]}`)
	if plans := ok(g.GetUsagePlans(g.ctx(), &apigateway.GetUsagePlansInput{KeyId: key.Id}))(t).Items; len(plans) != 1 || *plans[0].Id != dev {
		t.Errorf("the key's plans: %v", plans)
	}

	refused(g.addToPlan(dev, key.Id))(t, "ConflictException", "The API Key "+*key.Id+" is already in the usage plan "+dev)
	other := g.createPlan("other", *api+":dev")
	refused(g.addToPlan(other, key.Id))(t, "ConflictException", "The API Key "+*key.Id+" is already in a usage plan of the API Stage "+*api+":dev")
	ok(g.addToPlan(prod, key.Id))(t)
	refused(g.updatePlan(prod, operation(opAdd, "/apiStages", *api+":dev")))(t, "ConflictException", "The API Key "+*key.Id+" is already in a usage plan of the API Stage "+*api+":dev")
	refused(g.addToPlan("nosuch", key.Id))(t, "NotFoundException", "Invalid Usage Plan ID specified")
	refused(g.addToPlan(dev, aws.String("nosuch")))(t, "NotFoundException", "Invalid API Key identifier specified")
	refused(g.CreateUsagePlanKey(g.ctx(), &apigateway.CreateUsagePlanKeyInput{UsagePlanId: &dev, KeyId: key.Id, KeyType: aws.String("OTHER")}))(t,
		"BadRequestException", "Invalid key type specified. Valid options are API_KEY")

	ok(g.DeleteUsagePlanKey(g.ctx(), &apigateway.DeleteUsagePlanKeyInput{UsagePlanId: &dev, KeyId: key.Id}))(t)
	refused(g.DeleteUsagePlanKey(g.ctx(), &apigateway.DeleteUsagePlanKeyInput{UsagePlanId: &dev, KeyId: key.Id}))(t, "NotFoundException", "Invalid API Key identifier specified")
	ok(g.addToPlan(other, key.Id))(t)
	ok(g.DeleteApiKey(g.ctx(), &apigateway.DeleteApiKeyInput{ApiKey: key.Id}))(t)
	for _, plan := range []string{other, prod} {
		if left := ok(g.GetUsagePlanKeys(g.ctx(), &apigateway.GetUsagePlanKeysInput{UsagePlanId: &plan}))(t).Items; len(left) != 0 {
			t.Errorf("a deleted key is still in a plan: %v", left)
		}
	}
}

// A Tuesday, so that weeks and months have days on both sides.
var testDay = time.Date(2026, 3, 10, 15, 0, 0, 0, time.UTC)

func TestUsageIsWhatTheCountersSay(t *testing.T) {
	fixed := new(clock.Clock)
	fixed.Set(testDay)
	g := newGate(t, func(c *Config) { c.Clock = fixed })
	key := g.createKey("mine")
	plan := ok(g.CreateUsagePlan(g.ctx(), &apigateway.CreateUsagePlanInput{Name: aws.String("plan"), Quota: &types.QuotaSettings{Limit: 10, Period: types.QuotaPeriodTypeWeek}}))(t)
	ok(g.addToPlan(*plan.Id, key.Id))(t)
	count := func(date string, used int64) {
		t.Helper()
		call := wire.Call{Account: testAccount, Region: testRegion}
		err := g.store.Update(t.Context(), func(tx *store.Tx) error {
			return usage.Put(tx, usageScope(call, *plan.Id, *key.Id), date, &usedDay{Used: used})
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	usageOf := func(start, end string) [][]int64 {
		t.Helper()
		out := ok(g.GetUsage(g.ctx(), &apigateway.GetUsageInput{UsagePlanId: plan.Id, StartDate: &start, EndDate: &end}))(t)
		if len(out.Items) != 1 {
			t.Fatalf("usage of %v", out.Items)
		}
		return out.Items[*key.Id]
	}
	if diff := cmp.Diff([][]int64{{0, 10}, {0, 10}}, usageOf("2026-03-09", "2026-03-10")); diff != "" {
		t.Errorf("before any request (-want +got)\n%s", diff)
	}
	count("2026-03-07", 3) // Saturday, the week before
	count("2026-03-08", 4) // Sunday, when a week begins
	count("2026-03-10", 1)
	if diff := cmp.Diff([][]int64{{3, 7}, {4, 6}, {0, 6}, {1, 5}}, usageOf("2026-03-07", "2026-03-10")); diff != "" {
		t.Errorf("(-want +got)\n%s", diff)
	}
	if diff := cmp.Diff([][]int64{{1, 5}}, usageOf("2026-03-10", "2026-03-10")); diff != "" {
		t.Errorf("a day in mid-week (-want +got)\n%s", diff)
	}

	update := func(o types.PatchOperation) (*apigateway.UpdateUsageOutput, error) {
		return g.UpdateUsage(g.ctx(), &apigateway.UpdateUsageInput{UsagePlanId: plan.Id, KeyId: key.Id, PatchOperations: []types.PatchOperation{o}})
	}
	shows(t, ok(update(operation(opReplace, "/remaining", "100")))(t),
		`{"usagePlanId":"`+*plan.Id+`","startDate":"2026-03-08","endDate":"2026-03-10","values":{"`+*key.Id+`":[[4,6],[0,6],[1,100]]}}`)
	if diff := cmp.Diff([][]int64{{1, 100}, {0, 100}, {0, 100}, {0, 100}, {0, 100}, {0, 10}}, usageOf("2026-03-10", "2026-03-15")); diff != "" {
		t.Errorf("the extension ends with the week (-want +got)\n%s", diff)
	}
	ok(update(operation(opReplace, "/remaining", "0")))(t)
	if diff := cmp.Diff([][]int64{{1, 0}}, usageOf("2026-03-10", "2026-03-10")); diff != "" {
		t.Errorf("(-want +got)\n%s", diff)
	}
	refused(update(operation(opReplace, "/remaining", "few")))(t, "BadRequestException", "Invalid value of /remaining: it must be a number that is not negative")
	refused(update(operation(opReplace, "/used", "1")))(t, "BadRequestException", "Invalid patch path  '/used' specified for op 'replace'. Must be one of: [/remaining]")

	without := g.createPlan("without")
	ok(g.addToPlan(without, key.Id))(t)
	refused(g.UpdateUsage(g.ctx(), &apigateway.UpdateUsageInput{UsagePlanId: &without, KeyId: key.Id}))(t, "BadRequestException", "The usage plan "+without+" has no quota")
	for _, test := range []struct{ name, start, end, want string }{
		{"no date", "today", "2026-03-10", "Invalid date specified, must be in the format YYYY-MM-DD"},
		{"the end first", "2026-03-10", "2026-03-09", "The end date must not be before the start date"},
		{"a year", "2025-03-10", "2026-03-10", "The dates can be at most 90 days apart"},
	} {
		t.Run(test.name, func(t *testing.T) {
			refused(g.GetUsage(g.ctx(), &apigateway.GetUsageInput{UsagePlanId: plan.Id, StartDate: &test.start, EndDate: &test.end}))(t, "BadRequestException", test.want)
		})
	}
}

func TestAPeriodBeginsOnItsOffset(t *testing.T) {
	date := func(text string) time.Time {
		on, err := time.Parse(time.DateOnly, text)
		if err != nil {
			t.Fatal(err)
		}
		return on
	}
	for _, test := range []struct {
		name   string
		period types.QuotaPeriodType
		offset int32
		on     string
		want   string
	}{
		{"a day is its own", types.QuotaPeriodTypeDay, 0, "2026-03-10", "2026-03-10"},
		{"a week begins on Sunday", types.QuotaPeriodTypeWeek, 0, "2026-03-10", "2026-03-08"},
		{"a Sunday begins its week", types.QuotaPeriodTypeWeek, 0, "2026-03-08", "2026-03-08"},
		{"a week that begins on Wednesday", types.QuotaPeriodTypeWeek, 3, "2026-03-10", "2026-03-04"},
		{"a month begins on its first", types.QuotaPeriodTypeMonth, 0, "2026-03-31", "2026-03-01"},
		{"a month that begins on the fifteenth", types.QuotaPeriodTypeMonth, 14, "2026-03-14", "2026-02-15"},
		{"a month that begins on the fifteenth, in January", types.QuotaPeriodTypeMonth, 14, "2026-01-10", "2025-12-15"},
		{"the fifteenth itself", types.QuotaPeriodTypeMonth, 14, "2026-03-15", "2026-03-15"},
	} {
		t.Run(test.name, func(t *testing.T) {
			got := periodStart(&types.QuotaSettings{Period: test.period, Offset: test.offset}, date(test.on)).Format(time.DateOnly)
			if got != test.want {
				t.Errorf("%s, want %s", got, test.want)
			}
		})
	}
}
