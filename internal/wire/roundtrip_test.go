package wire

import (
	"encoding/json"
	"math/rand/v2"
	"reflect"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/apigateway"
	"github.com/aws/aws-sdk-go-v2/service/cloudwatchlogs"
	"github.com/aws/aws-sdk-go-v2/service/cognitoidentityprovider"
	"github.com/aws/aws-sdk-go-v2/service/cognitoidentityprovider/document"
	cognito "github.com/aws/aws-sdk-go-v2/service/cognitoidentityprovider/types"
	"github.com/aws/aws-sdk-go-v2/service/sts"
	"github.com/google/go-cmp/cmp"

	"github.com/poolgate/poolgate/internal/wire/model"
)

func init() { LazyDocuments(document.NewLazyDocument) }

// sdkClients are the clients whose every operation the tables must fit.
var sdkClients = map[*model.Service]reflect.Type{
	&model.CognitoIDP: reflect.TypeFor[*cognitoidentityprovider.Client](),
	&model.APIGateway: reflect.TypeFor[*apigateway.Client](),
	&model.STS:        reflect.TypeFor[*sts.Client](),
	&model.Logs:       reflect.TypeFor[*cloudwatchlogs.Client](),
}

// sdkOperations gives the input and output types of a client's operations by name.
func sdkOperations(client reflect.Type) map[string][2]reflect.Type {
	operations := map[string][2]reflect.Type{}
	for i := range client.NumMethod() {
		method := client.Method(i)
		if method.Type.NumIn() < 3 || !strings.HasSuffix(method.Type.In(2).Elem().Name(), "Input") {
			continue
		}
		operations[method.Name] = [2]reflect.Type{method.Type.In(2).Elem(), method.Type.Out(0).Elem()}
	}
	return operations
}

// spoken tells whether the codec can speak an operation: event streams and unions are not for it.
func spoken(service *model.Service, id model.ShapeID, seen map[model.ShapeID]bool) bool {
	shape := service.Shape(id)
	if id == 0 || seen[id] {
		return true
	}
	seen[id] = true
	if shape.Flags&(model.Union|model.EventStream) != 0 {
		return false
	}
	for _, member := range shape.Members {
		if !spoken(service, member.Shape, seen) {
			return false
		}
	}
	return spoken(service, shape.Elem, seen) && spoken(service, shape.Key, seen)
}

func TestTheTablesFitEveryOperationOfTheSDK(t *testing.T) {
	for service, client := range sdkClients {
		t.Run(service.Name, func(t *testing.T) {
			operations := sdkOperations(client)
			got := map[string]bool{}
			for name := range operations {
				if service.Operation(name) == nil {
					got["operation: "+name] = true
				}
			}
			for _, operation := range service.Operations {
				types, found := operations[operation.Name]
				if !found {
					got["operation: "+operation.Name] = true
					continue
				}
				for side, id := range []model.ShapeID{operation.Input, operation.Output} {
					if id == 0 || !spoken(service, id, map[model.ShapeID]bool{}) {
						continue
					}
					p, err := codecOf(service).plan(id, types[side])
					if err != nil {
						t.Errorf("%s: %v", operation.Name, err)
						continue
					}
					differences(p, map[*plan]bool{}, got)
				}
			}
			want := map[string]bool{}
			for _, name := range sdkAndModelDiffer[service] {
				want[name] = true
			}
			if diff := cmp.Diff(want, got); diff != "" {
				t.Errorf("where SDK and model differ (-want +got)\n%s", diff)
			}
		})
	}
}

// sdkAndModelDiffer lists what only one of the two knows, because they are of different days: it is neither read nor sent.
// An update of either is meant to show up here.
var sdkAndModelDiffer = map[*model.Service][]string{
	&model.CognitoIDP: {
		"operation: AdminGetUserAuthFactors", "operation: GetProvisionedLimit", "operation: UpdateProvisionedLimit",
		"model only: CreateUserImportJobInput.PasswordHashingAlgorithm",
		"model only: CustomDomainConfigType.SecurityPolicy",
		"model only: SmsConfigurationType.EumsSms",
		"model only: UserImportJobType.PasswordHashingAlgorithm",
	},
	&model.APIGateway: {"model only: GetSdkTypesOutput.position"},
	&model.Logs: {
		"SDK only: DeleteAccountPolicyInput.DryRun",
		"SDK only: DeliveryDestination.RoleArn",
		"SDK only: DescribeDeliveriesInput.DeliverySourceNames",
		"SDK only: DescribeDeliveryDestinationsInput.Names",
		"SDK only: DescribeDeliverySourcesInput.ResourceArns",
		"SDK only: LogGroup.RetentionPolicyName",
		"SDK only: PutAccountPolicyInput.DryRun",
		"SDK only: PutAccountPolicyOutput.DryRunResult",
		"SDK only: PutDeliveryDestinationInput.RoleArn",
		"SDK only: QueryStatistics.ResultCount",
	},
	&model.STS: {
		"SDK only: AssumeRoleInput.MinimumSessionTokenSize",
		"SDK only: AssumeRoleOutput.SessionTokenSize",
		"SDK only: AssumeRoleOutput.SessionTokenUtilization",
		"SDK only: AssumeRoleWithSAMLInput.MinimumSessionTokenSize",
		"SDK only: AssumeRoleWithSAMLOutput.SessionTokenSize",
		"SDK only: AssumeRoleWithSAMLOutput.SessionTokenUtilization",
		"SDK only: AssumeRoleWithWebIdentityInput.MinimumSessionTokenSize",
		"SDK only: AssumeRoleWithWebIdentityOutput.SessionTokenSize",
		"SDK only: AssumeRoleWithWebIdentityOutput.SessionTokenUtilization",
		"SDK only: AssumeRootInput.MinimumSessionTokenSize",
		"SDK only: AssumeRootOutput.SessionTokenSize",
		"SDK only: AssumeRootOutput.SessionTokenUtilization",
		"SDK only: GetFederationTokenInput.MinimumSessionTokenSize",
		"SDK only: GetFederationTokenOutput.SessionTokenSize",
		"SDK only: GetFederationTokenOutput.SessionTokenUtilization",
		"SDK only: GetSessionTokenInput.MinimumSessionTokenSize",
		"SDK only: GetSessionTokenOutput.SessionTokenSize",
		"SDK only: GetSessionTokenOutput.SessionTokenUtilization",
	},
}

// differences collects the exported fields of the SDK's structs that are no members, the members without a field, and
// members that share a name on the wire.
func differences(p *plan, seen map[*plan]bool, found map[string]bool) {
	if p == nil || seen[p] {
		return
	}
	seen[p] = true
	if p.shape.Kind == model.Structure {
		known := map[string]bool{}
		for _, member := range p.shape.Members {
			known[goName(member.Name)] = true
			if _, has := p.typ.FieldByName(goName(member.Name)); !has {
				found["model only: "+p.typ.Name()+"."+member.Name] = true
			}
		}
		for i := range p.typ.NumField() {
			if field := p.typ.Field(i); field.IsExported() && !known[field.Name] && field.Name != "ResultMetadata" {
				found["SDK only: "+p.typ.Name()+"."+field.Name] = true
			}
		}
		if len(p.byWire) != len(p.fields) {
			found["same name on the wire twice: "+p.typ.Name()] = true
		}
		for _, f := range p.fields {
			differences(f.plan, seen, found)
		}
	}
	differences(p.elem, seen, found)
	differences(p.key, seen, found)
}

// TestDocumentsComeBackAsTheyWere walks every type of both SDK packages, at its own name, with random values.
func TestDocumentsComeBackAsTheyWere(t *testing.T) {
	random := rand.New(rand.NewPCG(1, 2))
	for _, service := range []*model.Service{&model.CognitoIDP, &model.APIGateway} {
		types := map[reflect.Type]*plan{}
		for name, pair := range sdkOperations(sdkClients[service]) {
			operation := service.Operation(name)
			for side, id := range []model.ShapeID{operation.Input, operation.Output} {
				if id == 0 {
					continue
				}
				p, err := codecOf(service).plan(id, pair[side])
				if err != nil {
					t.Fatal(err)
				}
				collect(p, types)
			}
		}
		if len(types) < 200 {
			t.Fatalf("%s: only %d types", service.Name, len(types))
		}
		for typ, want := range types {
			p, err := documentPlan(typ)
			if err != nil {
				t.Error(err)
				continue
			}
			if p.shape != want.shape {
				t.Errorf("%s is found as %s, and used as %s", typ, p.shape.Name, want.shape.Name)
			}
			for range 5 {
				value := reflect.New(typ)
				fill(random, p, value.Elem(), 0)
				text, err := encodeJSON(p, value.Elem(), true)
				if err != nil {
					t.Fatal(err)
				}
				if !json.Valid(text) {
					t.Fatalf("%s: not JSON: %s", typ, text)
				}
				back := reflect.New(typ)
				if err := decodeJSON(p, text, back.Elem(), true); err != nil {
					t.Fatalf("%s: %v in %s", typ, err, text)
				}
				if !sameValue(value.Elem(), back.Elem()) {
					t.Fatalf("%s: %s became another value", typ, text)
				}
			}
		}
	}
}

func collect(p *plan, types map[reflect.Type]*plan) {
	if p == nil || types[p.typ] != nil {
		return
	}
	if p.shape.Kind == model.Structure {
		types[p.typ] = p
		for _, f := range p.fields {
			collect(f.plan, types)
		}
	}
	collect(p.elem, types)
}

// fill sets a value at random: members absent, empty and set.
func fill(random *rand.Rand, p *plan, v reflect.Value, depth int) {
	if p.pointer {
		if random.IntN(4) == 0 {
			return
		}
		v.Set(reflect.New(p.typ))
		v = v.Elem()
	}
	switch p.shape.Kind {
	case model.Structure:
		for _, f := range p.fields {
			if depth < 4 {
				fill(random, f.plan, v.Field(f.index), depth+1)
			}
		}
	case model.List:
		if n := random.IntN(4) - 1; n >= 0 {
			v.Set(reflect.MakeSlice(p.typ, n, n))
			for i := range n {
				fillElement(random, p.elem, v.Index(i), depth+1)
			}
		}
	case model.Map:
		if n := random.IntN(4) - 1; n >= 0 {
			v.Set(reflect.MakeMap(p.typ))
			for i := range n {
				entry := reflect.New(p.typ.Elem()).Elem()
				fillElement(random, p.elem, entry, depth+1)
				v.SetMapIndex(reflect.ValueOf(strconv.Itoa(i)+"é\"").Convert(p.typ.Key()), entry)
			}
		}
	case model.String:
		v.SetString([]string{"x", "", "tab\tnew\nline", "quote\" back\\slash", "ünïcode 🦜 <&>", "\x00\x7f"}[random.IntN(6)])
	case model.Blob:
		v.SetBytes([]byte{byte(random.IntN(256)), 0, 255}[:random.IntN(4)])
	case model.Boolean:
		v.SetBool(random.IntN(2) == 0)
	case model.Integer:
		v.SetInt(int64(int32(random.Uint32())))
	case model.Long:
		v.SetInt(int64(random.Uint64()))
	case model.Float, model.Double:
		v.SetFloat(float64(float32(random.NormFloat64())))
	case model.Timestamp:
		v.Set(reflect.ValueOf(time.Unix(random.Int64N(1<<33)-1<<32, random.Int64N(1e9)).UTC()))
	case model.Document:
		v.Set(reflect.ValueOf(document.NewLazyDocument(map[string]any{"a": []any{1.5, "x", true}})))
	}
}

// fillElement fills what is never absent, because lists and maps of AWS hold no nulls.
func fillElement(random *rand.Rand, p *plan, v reflect.Value, depth int) {
	fill(random, p, v, depth)
	if absent(v) && p.shape.Kind != model.String {
		switch {
		case p.pointer:
			v.Set(reflect.New(p.typ))
		case p.shape.Kind == model.Map:
			v.Set(reflect.MakeMap(p.typ))
		default:
			v.Set(reflect.MakeSlice(p.typ, 0, 0))
		}
	}
}

// sameValue is equality that looks into SDK documents.
func sameValue(a, b reflect.Value) bool {
	documents := cmp.Comparer(func(a, b document.Interface) bool {
		if a == nil || b == nil {
			return a == nil && b == nil
		}
		x, _ := a.MarshalSmithyDocument()
		y, _ := b.MarshalSmithyDocument()
		return string(x) == string(y)
	})
	return cmp.Equal(a.Interface(), b.Interface(), documents, cmp.Exporter(func(reflect.Type) bool { return true }))
}

func TestADocumentUsesTheNamesOfTheWire(t *testing.T) {
	when := time.Date(2026, 1, 2, 3, 4, 5, 6_007_008, time.UTC)
	input := Document[apigateway.PutIntegrationInput]{Value: apigateway.PutIntegrationInput{
		HttpMethod: ptr("GET"), IntegrationHttpMethod: ptr("POST"), RestApiId: ptr("abc"), Type: "HTTP",
		CacheKeyParameters: []string{},
	}}
	pool := Document[cognito.UserPoolType]{Value: cognito.UserPoolType{Id: ptr("eu-west-1_a"), CreationDate: &when}}
	for _, c := range []struct {
		name string
		give any
		want string
	}{
		{"a renamed member keeps apart from the one in the path", input,
			`{"cacheKeyParameters":[],"http_method":"GET","httpMethod":"POST","restapi_id":"abc","type":"HTTP"}`},
		{"a timestamp keeps its nanoseconds and a plain number is always there", pool,
			`{"CreationDate":1767323045.006007008,"EstimatedNumberOfUsers":0,"Id":"eu-west-1_a"}`},
	} {
		t.Run(c.name, func(t *testing.T) {
			got, err := json.Marshal(c.give)
			if err != nil {
				t.Fatal(err)
			}
			var want, have map[string]any
			_ = json.Unmarshal([]byte(c.want), &want)
			_ = json.Unmarshal(got, &have)
			if diff := cmp.Diff(want, have); diff != "" {
				t.Errorf("(-want +got)\n%s", diff)
			}
		})
	}
}

func ptr[T any](v T) *T { return &v }
