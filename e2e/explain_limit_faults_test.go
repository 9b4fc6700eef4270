package e2e

import (
	"encoding/json"
	"net/http"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	v4 "github.com/aws/aws-sdk-go-v2/aws/signer/v4"
	"github.com/aws/aws-sdk-go-v2/service/apigateway"
)

// decoded is a JSON text as a value.
func decoded(t *testing.T, text string) (value any) {
	t.Helper()
	must(t, json.Unmarshal([]byte(text), &value))
	return value
}

// keyedRest is an API whose GET /keyed asks for an API key, with a key and a plan that nothing connects yet.
type keyedRest struct {
	*rest
	key, value, plan string
}

func (l *lab) keyed(t *testing.T, edits ...func(in)) *keyedRest {
	t.Helper()
	r := l.rest(t, append([]func(in){func(d in) {
		put(d, in{"type": "apiKey", "name": "x-api-key", "in": "header"}, "components", "securitySchemes", "key")
		put(d, operation("key"), "paths", "/keyed", "get")
	}}, edits...)...)
	key, err := l.apis.CreateApiKey(t.Context(), &apigateway.CreateApiKeyInput{Name: &r.id, Enabled: true})
	must(t, err)
	plan, err := l.apis.CreateUsagePlan(t.Context(), &apigateway.CreateUsagePlanInput{Name: &r.id})
	must(t, err)
	return &keyedRest{r, *key.Id, *key.Value, *plan.Id}
}

// join puts the key into the plan.
func (k *keyedRest) join(t *testing.T) {
	t.Helper()
	_, err := k.apis.CreateUsagePlanKey(t.Context(), &apigateway.CreateUsagePlanKeyInput{UsagePlanId: &k.plan, KeyId: &k.key, KeyType: aws.String("API_KEY")})
	must(t, err)
}

// editPlan edits the plan.
func (k *keyedRest) editPlan(t *testing.T, texts ...string) {
	t.Helper()
	_, err := k.apis.UpdateUsagePlan(t.Context(), &apigateway.UpdateUsagePlanInput{UsagePlanId: &k.plan, PatchOperations: patches(texts...)})
	must(t, err)
}

func (k *keyedRest) ask() curled { return get(k.at("/keyed"), "x-api-key: "+k.value) }

// whole is a plan with the stage and the key in it.
func (k *keyedRest) whole(t *testing.T) {
	t.Helper()
	k.join(t)
	k.editPlan(t, "add /apiStages="+k.id+":dev")
}

// signedCall is curl with its own signature.
func signedCall(key, secret, url string) curled {
	return curled{[]string{"--aws-sigv4", "aws:amz:eu-west-1:execute-api", "--user", key + ":" + secret, url}}
}

func signedDocument(d in) {
	o := operation("")
	put(o, in{"type": "AWS_IAM"}, "x-amazon-apigateway-auth")
	put(d, o, "paths", "/signed", "get")
}

// limitFaults are those of API keys, plans, limits and signatures.
var limitFaults = []fault{
	{"no API key", "api_key_missing", "", func(t *testing.T, l *lab) broken {
		k := l.keyed(t)
		k.whole(t)
		return broken{curled: get(k.at("/keyed")), instead: then(k.ask())}
	}},
	{"the API key in a header of another name", "api_key_missing", "", func(t *testing.T, l *lab) broken {
		k := l.keyed(t)
		k.whole(t)
		return broken{curled: get(k.at("/keyed"), "apikey: "+k.value), instead: then(k.ask())}
	}},
	{"an API key that is none", "api_key_invalid", "", func(t *testing.T, l *lab) broken {
		k := l.keyed(t)
		k.whole(t)
		return broken{curled: get(k.at("/keyed"), "x-api-key: 0123456789012345678901234567890123456789"), instead: func(out string) curled {
			var made struct{ Value string }
			must(t, json.Unmarshal([]byte(out), &made))
			return get(k.at("/keyed"), "x-api-key: "+made.Value)
		}}
	}},
	{"an API key in no plan", "api_key_invalid", "aws apigateway create-usage-plan-key", func(t *testing.T, l *lab) broken {
		k := l.keyed(t)
		k.editPlan(t, "add /apiStages="+k.id+":dev")
		return broken{curled: k.ask()}
	}},
	{"a plan without the stage", "api_key_invalid", "", func(t *testing.T, l *lab) broken {
		k := l.keyed(t)
		k.join(t)
		return broken{curled: k.ask()}
	}},
	{"a disabled API key", "api_key_invalid", "aws apigateway update-api-key", func(t *testing.T, l *lab) broken {
		k := l.keyed(t)
		k.whole(t)
		_, err := l.apis.UpdateApiKey(t.Context(), &apigateway.UpdateApiKeyInput{ApiKey: &k.key, PatchOperations: patches("replace /enabled=false")})
		must(t, err)
		return broken{curled: k.ask()}
	}},
	{"a stage that lets nothing through", "throttled", "aws apigateway update-stage", func(t *testing.T, l *lab) broken {
		r := l.rest(t)
		r.stage(t, "replace /*/*/throttling/rateLimit=0", "replace /*/*/throttling/burstLimit=0")
		return broken{curled: get(r.at("/open"))}
	}},
	{"a plan that lets nothing through", "throttled", "aws apigateway update-usage-plan", func(t *testing.T, l *lab) broken {
		k := l.keyed(t)
		k.whole(t)
		k.editPlan(t, "replace /throttle/rateLimit=0", "replace /throttle/burstLimit=0")
		return broken{curled: k.ask()}
	}},
	{"a quota that is used up", "quota_exceeded", "aws apigateway update-usage-plan", func(t *testing.T, l *lab) broken {
		k := l.keyed(t)
		k.whole(t)
		k.editPlan(t, "replace /quota/limit=1", "replace /quota/period=DAY")
		if got := k.ask().send(t); got.status != 200 {
			t.Fatalf("the first request was answered %d %s", got.status, got.body)
		}
		return broken{curled: k.ask()}
	}},
	{"a method that wants a signature", "signature_missing", "", func(t *testing.T, l *lab) broken {
		r := l.rest(t, signedDocument)
		return broken{curled: get(r.at("/signed")), instead: then(signedCall("test", "test", r.at("/signed")))}
	}},
	{"a signature with a wrong secret", "signature_invalid", "", func(t *testing.T, l *lab) broken {
		r := l.rest(t, signedDocument)
		return broken{curled: signedCall("test", "tset", r.at("/signed")), instead: then(signedCall("test", "test", r.at("/signed")))}
	}},
	{"an access key that nobody has", "access_key_unknown", "", func(t *testing.T, l *lab) broken {
		r := l.rest(t, signedDocument)
		return broken{curled: signedCall("AKIDNOBODY", "test", r.at("/signed")), instead: then(signedCall("test", "test", r.at("/signed")))}
	}},
	{"an old signature", "signature_expired", "", func(t *testing.T, l *lab) broken {
		r := l.rest(t, signedDocument)
		return broken{curled: get(r.at("/signed"), oldSignature(t, r.at("/signed"))...), instead: then(signedCall("test", "test", r.at("/signed")))}
	}},
	{"a caller whose policy does not allow it", "iam_denied", "", func(t *testing.T, _ *lab) broken {
		r := guardedLab(t).rest(t, signedDocument, func(d in) {
			delete(d, "components")
			delete(d["paths"].(in), "/plain")
			delete(d["paths"].(in), "/scoped")
		})
		return broken{curled: signedCall("AKIDBOB", "hush", r.at("/signed")), guarded: true, instead: then(signedCall("test", "test", r.at("/signed")))}
	}},
	{"a token where a signature is wanted", "signature_missing", "aws apigateway update-method", func(t *testing.T, l *lab) broken {
		r := l.rest(t, signedDocument)
		return broken{curled: get(r.at("/signed"), bearer(l.admin.id))}
	}},
}

// oldSignature are the headers of a request that was signed an hour ago.
func oldSignature(t *testing.T, url string) []string {
	t.Helper()
	request, err := http.NewRequestWithContext(t.Context(), http.MethodGet, url, nil)
	must(t, err)
	empty := "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"
	must(t, v4.NewSigner().SignHTTP(t.Context(), aws.Credentials{AccessKeyID: "test", SecretAccessKey: "test"}, request, empty, "execute-api", "eu-west-1", time.Now().Add(-time.Hour)))
	return []string{"Authorization: " + request.Header.Get("Authorization"), "X-Amz-Date: " + request.Header.Get("X-Amz-Date")}
}
