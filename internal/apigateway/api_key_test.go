package apigateway

import (
	"encoding/json"
	"fmt"
	"regexp"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/apigateway"
	"github.com/aws/aws-sdk-go-v2/service/apigateway/types"
	"github.com/google/go-cmp/cmp"

	"github.com/poolgate/poolgate/internal/store"
)

const testKeyValue = "a-value-of-twenty-or-more-characters"

func (g *gate) createKey(name string) *apigateway.CreateApiKeyOutput {
	g.Helper()
	return ok(g.CreateApiKey(g.ctx(), &apigateway.CreateApiKeyInput{Name: &name, Enabled: true}))(g.T)
}

func (g *gate) updateKey(id *string, operations ...types.PatchOperation) (*apigateway.UpdateApiKeyOutput, error) {
	return g.UpdateApiKey(g.ctx(), &apigateway.UpdateApiKeyInput{ApiKey: id, PatchOperations: operations})
}

func TestAPIKeysAnswerAsRecorded(t *testing.T) {
	g := newGate(t)
	key := ok(g.CreateApiKey(g.ctx(), &apigateway.CreateApiKeyInput{Name: aws.String("mine"), Value: aws.String(testKeyValue)}))(t)
	id := *key.Id
	if key.CreatedDate == nil || !key.CreatedDate.Equal(*key.LastUpdatedDate) {
		t.Errorf("created %v, updated %v", key.CreatedDate, key.LastUpdatedDate)
	}
	key.CreatedDate, key.LastUpdatedDate = nil, nil
	shows(t, key, `{"enabled":false,"id":"`+id+`","name":"mine","stageKeys":[],"value":"`+testKeyValue+`"}`)

	updated := ok(g.updateKey(&id, operation(opReplace, "/enabled", "true"), operation(opReplace, "/customerId", "c"), operation(opReplace, "/description", "d")))(t)
	updated.CreatedDate, updated.LastUpdatedDate = nil, nil
	shows(t, updated, `{"enabled":true,"id":"`+id+`","name":"mine","customerId":"c","description":"d","stageKeys":[],"tags":{}}`)
	if out := ok(g.updateKey(&id, operation(opReplace, "/enabled", "perhaps")))(t); out.Enabled {
		t.Error("a text that is no boolean enabled the key")
	}

	for _, test := range []struct {
		name string
		show *bool
		want string
	}{
		{"nothing asked", nil, ""},
		{"the value not asked", aws.Bool(false), ""},
		{"the value asked", aws.Bool(true), testKeyValue},
	} {
		t.Run(test.name, func(t *testing.T) {
			if got := aws.ToString(ok(g.GetApiKey(g.ctx(), &apigateway.GetApiKeyInput{ApiKey: &id, IncludeValue: test.show}))(t).Value); got != test.want {
				t.Errorf("GetApiKey shows %q", got)
			}
			list := ok(g.GetApiKeys(g.ctx(), &apigateway.GetApiKeysInput{IncludeValues: test.show}))(t).Items
			if len(list) != 1 || aws.ToString(list[0].Value) != test.want {
				t.Errorf("GetApiKeys shows %v", list)
			}
		})
	}
	ok(g.DeleteApiKey(g.ctx(), &apigateway.DeleteApiKeyInput{ApiKey: &id}))(t)
	refused(g.GetApiKey(g.ctx(), &apigateway.GetApiKeyInput{ApiKey: &id}))(t, "NotFoundException", "Invalid API Key identifier specified")
	refused(g.DeleteApiKey(g.ctx(), &apigateway.DeleteApiKeyInput{ApiKey: &id}))(t, "NotFoundException", "Invalid API Key identifier specified")
	refused(g.updateKey(&id))(t, "NotFoundException", "Invalid API Key identifier specified")
}

func TestAPIKeysAreRefusedAsRecorded(t *testing.T) {
	g := newGate(t)
	for _, test := range []struct {
		name, code, want string
		in               apigateway.CreateApiKeyInput
	}{
		{"a name too long", "BadRequestException", "Invalid API Key name, can be at most 1024 characters.", apigateway.CreateApiKeyInput{Name: aws.String(strings.Repeat("n", 1025))}},
		{"a value too short", "BadRequestException", "API Key value should be at least 20 characters", apigateway.CreateApiKeyInput{Value: aws.String(strings.Repeat("v", 19))}},
		{"a value too long", "BadRequestException", "API Key value exceeds maximum size of 128 characters", apigateway.CreateApiKeyInput{Value: aws.String(strings.Repeat("v", 129))}},
		{"a description too long", "BadRequestException", "Invalid API Key description specified.", apigateway.CreateApiKeyInput{Description: aws.String(strings.Repeat("d", 125001))}},
		{"an unknown stage", "BadRequestException", "Invalid stage identifier specified",
			apigateway.CreateApiKeyInput{StageKeys: []types.StageKey{{RestApiId: aws.String("nosuch"), StageName: aws.String("dev")}}}},
	} {
		t.Run(test.name, func(t *testing.T) {
			refused(g.CreateApiKey(g.ctx(), &test.in))(t, test.code, test.want)
		})
	}
	key := g.createKey("mine")
	for _, test := range []struct {
		name, want string
		operation  types.PatchOperation
	}{
		{"an immutable field", "Invalid patch path  '/id' specified for op 'replace'. Must be one of: [/description, /enabled, /name, /customerId]", operation(opReplace, "/id", "x")},
		{"a description too long", "Invalid API Key description specified.", operation(opReplace, "/description", strings.Repeat("d", 125001))},
		{"a name too long", "Invalid API Key name, can be at most 1024 characters.", operation(opReplace, "/name", strings.Repeat("n", 1025))},
		{"a stage that is nowhere", "Invalid stage identifier specified", operation(opAdd, "/stages", "nosuch/dev")},
	} {
		t.Run(test.name, func(t *testing.T) {
			refused(g.updateKey(key.Id, test.operation))(t, "BadRequestException", test.want)
		})
	}
	if same := ok(g.GetApiKey(g.ctx(), &apigateway.GetApiKeyInput{ApiKey: key.Id}))(t); *same.Name != "mine" || same.Description != nil {
		t.Errorf("refused patches changed the key: %v", same)
	}
}

func TestAnAPIKeyIsOfOneAccountAndRegionAndItsValueUniqueThere(t *testing.T) {
	g := newGate(t)
	create := &apigateway.CreateApiKeyInput{Value: aws.String(testKeyValue)}
	first := ok(g.CreateApiKey(g.ctx(), create))(t)
	refused(g.CreateApiKey(g.ctx(), create))(t, "ConflictException", "API Key already exists")
	for _, other := range [][2]string{{"222222222222", testRegion}, {testAccount, "us-east-1"}} {
		ctx := as(t.Context(), other[0], other[1])
		refused(g.GetApiKey(ctx, &apigateway.GetApiKeyInput{ApiKey: first.Id}))(t, "NotFoundException", "Invalid API Key identifier specified")
		if second := ok(g.CreateApiKey(ctx, create))(t); *second.Id == *first.Id {
			t.Error("two keys have one id")
		}
	}
	ok(g.DeleteApiKey(g.ctx(), &apigateway.DeleteApiKeyInput{ApiKey: first.Id}))(t)
	ok(g.CreateApiKey(g.ctx(), create))(t)
}

func TestAGeneratedValueIsLongAndOfItsOwn(t *testing.T) {
	g := newGate(t)
	form := regexp.MustCompile(`^[a-zA-Z0-9]{40}$`)
	first, second := g.createKey("a"), g.createKey("b")
	if !form.MatchString(*first.Value) || *first.Value == *second.Value || *first.Value == *first.Id {
		t.Errorf("values %s and %s", *first.Value, *second.Value)
	}
}

func TestAPIKeysAreListedByNameAndCustomerInPages(t *testing.T) {
	g := newGate(t)
	for i := range 30 {
		ok(g.CreateApiKey(g.ctx(), &apigateway.CreateApiKeyInput{
			Name: aws.String(fmt.Sprintf("%s-%02d", []string{"red", "blue"}[i%2], i)), CustomerId: aws.String(fmt.Sprint("c", i%3)),
		}))(t)
	}
	for _, test := range []struct {
		name string
		in   apigateway.GetApiKeysInput
		want int
	}{
		{"all", apigateway.GetApiKeysInput{}, 30},
		{"a name's beginning", apigateway.GetApiKeysInput{NameQuery: aws.String("red-")}, 15},
		{"a customer's", apigateway.GetApiKeysInput{CustomerId: aws.String("c0")}, 10},
		{"both", apigateway.GetApiKeysInput{CustomerId: aws.String("c0"), NameQuery: aws.String("blue")}, 5},
		{"none", apigateway.GetApiKeysInput{NameQuery: aws.String("edr")}, 0},
	} {
		t.Run(test.name, func(t *testing.T) {
			seen := map[string]bool{}
			for pages := 0; ; pages++ {
				test.in.Limit = aws.Int32(4)
				out := ok(g.GetApiKeys(g.ctx(), &test.in))(t)
				if len(out.Items) > 4 || pages > test.want {
					t.Fatalf("page %d has %d keys", pages, len(out.Items))
				}
				for _, key := range out.Items {
					seen[*key.Id] = true
				}
				if test.in.Position = out.Position; out.Position == nil {
					break
				}
			}
			if len(seen) != test.want {
				t.Errorf("%d keys, want %d", len(seen), test.want)
			}
		})
	}
}

func TestTheDatabaseHoldsNoValueOfAnAPIKey(t *testing.T) {
	g := newGate(t)
	ok(g.CreateApiKey(g.ctx(), &apigateway.CreateApiKeyInput{Value: aws.String(testKeyValue)}))(t)
	err := g.store.View(t.Context(), func(tx *store.Tx) error {
		found, _, err := apiKeys.List(tx, owner(testAccount, testRegion), store.Page{})
		if err != nil || len(found) != 1 {
			return fmt.Errorf("%d keys, %w", len(found), err)
		}
		stored, err := json.Marshal(found[0].Value)
		if err == nil && (strings.Contains(string(stored), testKeyValue) || !strings.Contains(string(stored), "SealedValue")) {
			t.Errorf("stored: %s", stored)
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
}

func TestAPIKeysAreImportedFromCSV(t *testing.T) {
	g := newGate(t)
	plan := g.createPlan("plan")
	body := "Name,key,description,Enabled,usageplanIds\n" +
		"First, apikey1234abcdefghij0123456789, An imported key, TRUE, " + plan + "\n" +
		"\"Second, quoted\",another1234abcdefghij0123456,,false,\n" +
		"Short,tooshort,,true,\n" +
		"Again,apikey1234abcdefghij0123456789,,true,\n" +
		"Lost,apikey9999abcdefghij0123456789,,true,nosuch\n"
	imported := ok(g.ImportApiKeys(g.ctx(), &apigateway.ImportApiKeysInput{Format: types.ApiKeysFormatCsv, Body: []byte(body)}))(t)
	wantWarnings := []string{
		"Line 4: API Key value should be at least 20 characters", "Line 5: API Key already exists", "Line 6: Invalid Usage Plan ID specified",
	}
	if diff := cmp.Diff(wantWarnings, imported.Warnings); diff != "" {
		t.Errorf("warnings (-want +got)\n%s", diff)
	}
	if len(imported.Ids) != 2 {
		t.Fatalf("ids %v", imported.Ids)
	}
	first := ok(g.GetApiKey(g.ctx(), &apigateway.GetApiKeyInput{ApiKey: &imported.Ids[0], IncludeValue: aws.Bool(true)}))(t)
	if *first.Name != "First" || *first.Value != "apikey1234abcdefghij0123456789" || *first.Description != "An imported key" || !first.Enabled {
		t.Errorf("imported %v", first)
	}
	second := ok(g.GetApiKey(g.ctx(), &apigateway.GetApiKeyInput{ApiKey: &imported.Ids[1]}))(t)
	if *second.Name != "Second, quoted" || second.Enabled || second.Description != nil {
		t.Errorf("imported %v", second)
	}
	if keys := ok(g.GetUsagePlanKeys(g.ctx(), &apigateway.GetUsagePlanKeysInput{UsagePlanId: &plan}))(t).Items; len(keys) != 1 || *keys[0].Id != *first.Id {
		t.Errorf("the plan has %v", keys)
	}
	for _, test := range []struct{ name, body, want string }{
		{"no file", "", "Missing required column 'Name'"},
		{"no column of keys", "name\nx\n", "Missing required column 'Key'"},
		{"a quote that is left open", "name,key\n\"x,y\n", "Invalid CSV input."},
		{"a warning that shall fail", "name,key\nx,short\n", "Line 2: API Key value should be at least 20 characters"},
		{"a good line beside a warning that shall fail", "name,key\nx,0123456789012345678901\ny,short\n", "Line 3: API Key value should be at least 20 characters"},
	} {
		t.Run(test.name, func(t *testing.T) {
			refused(g.ImportApiKeys(g.ctx(), &apigateway.ImportApiKeysInput{Body: []byte(test.body), FailOnWarnings: true}))(t, "BadRequestException", test.want)
		})
	}
	if left := ok(g.GetApiKeys(g.ctx(), &apigateway.GetApiKeysInput{}))(t).Items; len(left) != 2 {
		t.Errorf("refused imports left keys behind: %d in all", len(left))
	}
}

func FuzzAKeyFileIsReadOrRefused(f *testing.F) {
	f.Add([]byte("Name,key\nx,0123456789012345678901\n"))
	f.Add([]byte("\ufeffname , KEY,usageplanids\n\"a\",b,\"c,d\"\n\n"))
	f.Add([]byte("name,key\n\"\n"))
	f.Fuzz(func(t *testing.T, body []byte) {
		lines, err := readKeyFile(body)
		if err != nil && lines != nil {
			t.Errorf("a refused file has lines: %v", lines)
		}
		for _, line := range lines {
			if line.number < 1 {
				t.Errorf("line %d", line.number)
			}
		}
	})
}

func TestAChangedAPIKeyIsToldToEveryNode(t *testing.T) {
	g := newGate(t)
	var bumped int
	stop := g.store.Watch(APIKeyTopic(testAccount, testRegion), func(string) { bumped++ })
	defer stop()
	key := g.createKey("mine")
	ok(g.updateKey(key.Id, operation(opReplace, "/enabled", "false")))(t)
	ok(g.DeleteApiKey(g.ctx(), &apigateway.DeleteApiKeyInput{ApiKey: key.Id}))(t)
	if bumped != 3 {
		t.Errorf("told %d times, want 3", bumped)
	}
}

func TestTheGatewayFindsAKeyByItsValueWithThePlansThatItIsIn(t *testing.T) {
	g := newGate(t)
	api, _ := g.createMockAPI()
	g.deploy(api, "dev")
	var told []string
	stop := g.store.Watch(APIKeyTopic(testAccount, testRegion)+"/", func(topic string) { told = append(told, topic) })
	defer stop()
	key := g.createKey("mine")
	digest := g.APIKeyDigest(testAccount, testRegion, *key.Value)
	expect := func(when string, want *KeyUse) {
		t.Helper()
		keys, err := g.KeysOfShard(t.Context(), testAccount, testRegion, APIKeyShard(digest))
		if err != nil {
			t.Fatal(err)
		}
		found, is := keys[digest]
		if want == nil != !is || want != nil && !cmp.Equal(*want, found) {
			t.Errorf("%s: %+v, want %+v", when, found, want)
		}
		if want := []string{APIKeyTopic(testAccount, testRegion) + "/" + APIKeyShard(digest)}; !cmp.Equal(want, told) {
			t.Errorf("%s: told %q, want %q", when, told, want)
		}
		told = nil
	}
	expect("a key in no plan, disabled", &KeyUse{ID: *key.Id, Enabled: aws.ToBool(&key.Enabled)})
	plan := g.createPlan("plan", *api+":dev")
	ok(g.addToPlan(plan, key.Id))(t)
	expect("a key in a plan", &KeyUse{ID: *key.Id, Enabled: key.Enabled, Plans: []string{plan}})
	ok(g.updateKey(key.Id, operation(opReplace, "/enabled", "true")))(t)
	expect("an enabled key", &KeyUse{ID: *key.Id, Enabled: true, Plans: []string{plan}})
	ok(g.DeleteUsagePlanKey(g.ctx(), &apigateway.DeleteUsagePlanKeyInput{UsagePlanId: &plan, KeyId: key.Id}))(t)
	expect("a key taken out of its plan", &KeyUse{ID: *key.Id, Enabled: true})
	ok(g.DeleteApiKey(g.ctx(), &apigateway.DeleteApiKeyInput{ApiKey: key.Id}))(t)
	expect("a deleted key", nil)
	if plans, err := g.UsagePlansOf(t.Context(), testAccount, testRegion); err != nil || len(plans) != 1 || *plans[0].Id != plan {
		t.Errorf("the plans are %v, %v", plans, err)
	}
	for _, other := range []string{g.APIKeyDigest(testAccount, "us-west-2", *key.Value), g.APIKeyDigest("222222222222", testRegion, *key.Value)} {
		if other == digest {
			t.Error("a key of another account or region is found by the same digest")
		}
	}
}

func TestAnImportIsToldOnceForAllItsKeys(t *testing.T) {
	g := newGate(t)
	var told []string
	stop := g.store.Watch(APIKeyTopic(testAccount, testRegion), func(topic string) { told = append(told, topic) })
	defer stop()
	ok(g.ImportApiKeys(g.ctx(), &apigateway.ImportApiKeysInput{Body: []byte("name,key\na,01234567890123456789a\nb,01234567890123456789b\n")}))(t)
	if want := []string{APIKeyTopic(testAccount, testRegion)}; !cmp.Equal(want, told) {
		t.Errorf("told %q, want %q", told, want)
	}
}
