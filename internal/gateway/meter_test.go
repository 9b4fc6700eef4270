package gateway_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/apigateway"
	"github.com/aws/aws-sdk-go-v2/service/apigateway/types"

	"github.com/poolgate/poolgate/authz"
	docs "github.com/poolgate/poolgate/internal/apigateway"
	"github.com/poolgate/poolgate/internal/gateway"
)

// TestKeysAnswerAsRecorded walks through section 5 of the recorded answers, and beyond it through each way in which a key can be wrong.
func TestKeysAnswerAsRecorded(t *testing.T) {
	w := newMetered(t)
	id, value := w.key("mine")
	plan := w.plan(nil, []string{"dev"}, id)
	strangerID, stranger := w.key("in no plan")

	w.answers(t, "no key", "/dev/keyed", "", 403, authz.APIKeyMissing)
	w.answers(t, "an enabled key in the plan", "/dev/keyed", value, 200, "")
	w.answers(t, "the root", "/dev/", value, 200, "")
	w.answers(t, "a method that asks for none", "/dev/open", "", 200, "")
	w.answers(t, "a method that asks for none, with a wrong key", "/dev/open", "no key at all, which nobody asked for", 200, "")

	w.patchKey(id, replace("/enabled", "false"))
	w.answers(t, "the key disabled", "/dev/keyed", value, 403, authz.APIKeyInvalid)
	if saw := w.saw(); saw != "the API key "+id+", which is disabled" {
		t.Errorf("a disabled key: %s", saw)
	}
	w.patchKey(id, replace("/enabled", "true"))
	w.answers(t, "the key enabled again", "/dev/keyed", value, 200, "")

	w.answers(t, "a key in no plan", "/dev/keyed", stranger, 403, authz.APIKeyInvalid)
	if saw := w.saw(); saw != "the API key "+strangerID+", which is in no usage plan" {
		t.Errorf("a key in no plan: %s", saw)
	}
	w.answers(t, "another stage", "/prod/keyed", value, 403, authz.APIKeyInvalid)
	if saw, want := w.saw(), fmt.Sprintf("the API key %s, whose usage plans %s are for other stages than %s:prod", id, plan, w.api); saw != want {
		t.Errorf("another stage: %s", saw)
	}
	w.answers(t, "a value that no key has", "/dev/keyed", value+"x", 403, authz.APIKeyInvalid)
	if saw := w.saw(); strings.Contains(saw, value) || !strings.Contains(saw, "41 characters") {
		t.Errorf("an unknown key: %s", saw)
	}
	w.answers(t, "a value that no key can have", "/dev/keyed", strings.Repeat("x", 5000), 403, authz.APIKeyInvalid)
	w.answers(t, "the key's id instead of its value", "/dev/keyed", id, 403, authz.APIKeyInvalid)

	w.patchPlan(plan, types.PatchOperation{Op: types.OpAdd, Path: aws.String("/apiStages"), Value: aws.String(w.api + ":prod")})
	w.answers(t, "the stage added to the plan", "/prod/keyed", value, 200, "")
	w.patchPlan(plan, types.PatchOperation{Op: types.OpRemove, Path: aws.String("/apiStages"), Value: aws.String(w.api + ":dev")})
	w.answers(t, "the stage taken out of the plan", "/dev/keyed", value, 403, authz.APIKeyInvalid)
	w.answers(t, "the other stage stays", "/prod/keyed", value, 200, "")

	other := w.plan(nil, []string{"dev"}, id)
	w.answers(t, "a second plan, for the other stage", "/dev/keyed", value, 200, "")
	done(w.DeleteUsagePlanKey(w.ctx(), &apigateway.DeleteUsagePlanKeyInput{UsagePlanId: &other, KeyId: &id}))(t)
	w.answers(t, "the key taken out of the second plan", "/dev/keyed", value, 403, authz.APIKeyInvalid)
	w.patchPlan(plan, types.PatchOperation{Op: types.OpRemove, Path: aws.String("/apiStages"), Value: aws.String(w.api + ":prod")})
	done(w.DeleteUsagePlan(w.ctx(), &apigateway.DeleteUsagePlanInput{UsagePlanId: &plan}))(t)
	w.answers(t, "the plan deleted", "/prod/keyed", value, 403, authz.APIKeyInvalid)
	done(w.DeleteApiKey(w.ctx(), &apigateway.DeleteApiKeyInput{ApiKey: &id}))(t)
	w.answers(t, "the key deleted", "/prod/keyed", value, 403, authz.APIKeyInvalid)
}

// TestAnExplanationNamesTheKeyAndThePlan: what would mend a refusal can be pasted.
func TestAnExplanationNamesTheKeyAndThePlan(t *testing.T) {
	w := newMetered(t)
	id, value := w.key("mine")
	plan := w.plan(quota(1, types.QuotaPeriodTypeDay), []string{"dev"}, id)
	mends := func(got reply) (key, usagePlan, text string) {
		t.Helper()
		r, err := w.Describe(t.Context(), got.Header.Get("x-amzn-RequestId"))
		if err != nil || r == nil {
			t.Fatalf("described: %v, %v", r, err)
		}
		if all := fmt.Sprintf("%+v", *r); strings.Contains(all, value) {
			t.Errorf("the record holds the key: %s", all)
		}
		return r.APIKeyID, r.UsagePlan, strings.Join(r.Mend, "\n")
	}
	w.answers(t, "the first", "/dev/keyed", value, 200, "")
	key, usagePlan, text := mends(w.answers(t, "the second", "/dev/keyed", value, 429, authz.QuotaExceeded))
	if want := "update-usage-plan --usage-plan-id " + plan + " --patch-operations op=replace,path=/quota/limit"; key != id || usagePlan != plan || !strings.Contains(text, want) {
		t.Errorf("%s, %s, mends:\n%s\nwant %s", key, usagePlan, text, want)
	}
	w.patchKey(id, replace("/enabled", "false"))
	key, _, text = mends(w.answers(t, "disabled", "/dev/keyed", value, 403, authz.APIKeyInvalid))
	if want := "update-api-key --api-key " + id + " --patch-operations op=replace,path=/enabled,value=true"; key != id || !strings.Contains(text, want) {
		t.Errorf("%s, mends:\n%s\nwant %s", key, text, want)
	}
}

func TestAKeyOutOfAFileLetsIn(t *testing.T) {
	w := newMetered(t)
	plan := w.plan(nil, []string{"dev"})
	const value = "abcdef1234ghijklmnop8901234567"
	w.answers(t, "before the import", "/dev/keyed", value, 403, authz.APIKeyInvalid)
	out := done(w.ImportApiKeys(w.ctx(), &apigateway.ImportApiKeysInput{Format: "csv",
		Body: []byte("key,name, description, enabled, usageplanIds\n" + value + ",importedKey_1, firstone,  tRuE, " + plan + "\n")}))(t)
	if len(out.Ids) != 1 {
		t.Fatalf("imported %v, warnings %v", out.Ids, out.Warnings)
	}
	w.answers(t, "after the import", "/dev/keyed", value, 200, "")
}

func TestTemplatesSeeTheKey(t *testing.T) {
	w := newMetered(t)
	id, value := w.key("mine")
	w.plan(nil, []string{"dev"}, id)
	got := w.answers(t, "a template", "/dev/identity", value, 200, "")
	if want := fmt.Sprintf(`{"key":%q,"id":%q}`, value, id); got.body != want {
		t.Errorf("the template rendered %s, want %s", got.body, want)
	}
}

// countingKeys counts how often the database is asked, and fails when it is told to.
type countingKeys struct {
	gateway.Keys
	shards, plans, counts atomic.Int64
	fail                  atomic.Pointer[error]
}

func (c *countingKeys) broken() error {
	if err := c.fail.Load(); err != nil {
		return *err
	}
	return nil
}

func (c *countingKeys) KeysOfShard(ctx context.Context, account, region, shard string) (map[string]docs.KeyUse, error) {
	c.shards.Add(1)
	if err := c.broken(); err != nil {
		return nil, err
	}
	return c.Keys.KeysOfShard(ctx, account, region, shard)
}

func (c *countingKeys) UsagePlansOf(ctx context.Context, account, region string) ([]types.UsagePlan, error) {
	c.plans.Add(1)
	return c.Keys.UsagePlansOf(ctx, account, region)
}

func (c *countingKeys) CountUsage(ctx context.Context, counts []docs.UsageCount) ([]int64, error) {
	c.counts.Add(1)
	if err := c.broken(); err != nil {
		return nil, err
	}
	return c.Keys.CountUsage(ctx, counts)
}

func counting(c *countingKeys) func(*gateway.Config) {
	return func(config *gateway.Config) { c.Keys, config.Keys = config.Keys, c }
}

func TestNeitherAKnownKeyNorAFloodOfUnknownOnesAsksTheDatabaseEachTime(t *testing.T) {
	asked := &countingKeys{}
	w := newMetered(t, counting(asked))
	id, value := w.key("mine")
	w.plan(nil, []string{"dev"}, id)
	serve := directly(w)
	for range 100 {
		if status := serve("/dev/keyed", value); status != 200 {
			t.Fatalf("answered %d", status)
		}
	}
	if s, p, c := asked.shards.Load(), asked.plans.Load(), asked.counts.Load(); s != 1 || p != 1 || c != 0 {
		t.Errorf("100 requests of a known key asked for %d shards, %d plans and %d counts", s, p, c)
	}
	const flood = 100_000
	for i := range flood {
		if status := serve("/dev/keyed", fmt.Sprintf("a-key-that-nobody-has-%d", i)); status != 403 {
			t.Fatalf("answered %d", status)
		}
	}
	if s := asked.shards.Load(); s > 4096 {
		t.Errorf("%d unknown keys asked %d times", flood, s)
	}
	before := asked.shards.Load()
	w.patchKey(id, replace("/name", "other"))
	for i := range 10_000 {
		serve("/dev/keyed", fmt.Sprintf("a-key-that-nobody-has-%d", i))
	}
	serve("/dev/keyed", value)
	if s := asked.shards.Load() - before; s != 1 {
		t.Errorf("a change of one key made %d shards be read again", s)
	}
}

func TestKeysThatCannotBeReadLetNobodyIn(t *testing.T) {
	asked := &countingKeys{}
	w := newMetered(t, counting(asked))
	id, value := w.key("mine")
	w.plan(nil, []string{"dev"}, id)
	broken := errors.New("the database is away")
	asked.fail.Store(&broken)
	expect(t, send(t, w, "GET", "/dev/keyed", "X-API-Key", value), 500, `{"message":"Internal server error"}`, "InternalServerErrorException")
	asked.fail.Store(nil)
	w.answers(t, "the database is back", "/dev/keyed", value, 200, "")
	// A quota that cannot be read lets the request through, as AWS says of itself; a key that is known goes on being known.
	other, second := w.key("other")
	w.plan(quota(1, types.QuotaPeriodTypeDay), []string{"prod"}, other)
	w.answers(t, "the shard is read", "/dev/keyed", second, 403, authz.APIKeyInvalid)
	asked.fail.Store(&broken)
	for range 3 {
		w.answers(t, "a quota that cannot be read", "/prod/keyed", second, 200, "")
	}
	asked.fail.Store(nil)
	if err := w.FlushUsage(t.Context()); err != nil {
		t.Fatal(err)
	}
	w.answers(t, "the quota can be read again", "/prod/keyed", second, 429, authz.QuotaExceeded)
}

func TestWithoutKeysNoKeyIsRight(t *testing.T) {
	m := open()
	m.ApiKeyRequired = aws.Bool(true)
	w := newWorld(t, newAPI().on("GET", "/keyed", m), nil)
	expect(t, send(t, w, "GET", "/prod/keyed"), 403, forbiddenBody, "ForbiddenException")
	expect(t, send(t, w, "GET", "/prod/keyed", "X-API-Key", strings.Repeat("k", 30)), 403, forbiddenBody, "ForbiddenException")
}
