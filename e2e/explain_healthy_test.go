package e2e

import (
	"slices"
	"strings"
	"testing"
	"time"
)

// healthy are requests that pass, and of which nothing is to be told.
var healthy = map[string]func(t *testing.T, l *lab) (curled, []string){
	"an ID token": func(t *testing.T, l *lab) (curled, []string) {
		return get(l.sound(t).at("/plain"), "Authorization: "+l.admin.id), nil
	},
	"an ID token after Bearer": func(t *testing.T, l *lab) (curled, []string) {
		return get(l.sound(t).at("/plain"), bearer(l.admin.id)), nil
	},
	"an access token with the scope": func(t *testing.T, l *lab) (curled, []string) {
		return get(l.sound(t).at("/scoped"), bearer(l.granted.access)), nil
	},
	"a slash at the end": func(t *testing.T, l *lab) (curled, []string) {
		return get(l.sound(t).at("/plain/"), bearer(l.admin.id)), nil
	},
	"a method that asks for nothing": func(t *testing.T, l *lab) (curled, []string) { return get(l.sound(t).at("/open")), nil },
	"a header of another name": func(t *testing.T, l *lab) (curled, []string) {
		r := l.sound(t, func(d in) { put(d, poolScheme("X-Auth", l.poolARN), "components", "securitySchemes", "pool") })
		return get(r.at("/plain"), "x-auth: "+l.admin.id), nil
	},
	"an API key": func(t *testing.T, l *lab) (curled, []string) {
		k := l.keyed(t)
		k.whole(t)
		k.logged(t)
		return k.ask(), nil
	},
	"a signature": func(t *testing.T, l *lab) (curled, []string) {
		return signedCall("test", "test", l.sound(t, signedDocument).at("/signed")), nil
	},
	"a function that lets in": func(t *testing.T, l *lab) (curled, []string) {
		return get(l.sound(t, authorizedBy(l.shared)).at("/fn"), "X-Token: friend"), nil
	},
	"a body that fits the model": func(t *testing.T, l *lab) (curled, []string) {
		return posted(l.sound(t, validated).at("/pets"), "application/json", `{"name":"x"}`), []string{"--send"}
	},
	"a resource policy that allows": func(t *testing.T, l *lab) (curled, []string) {
		return get(l.sound(t, func(d in) { put(d, jsonOf(t, everyone), "x-amazon-apigateway-policy") }).at("/open")), nil
	},
	"an ID token at a JWT authorizer": func(t *testing.T, l *lab) (curled, []string) {
		return get(l.http(t, nil).at("/plain"), bearer(l.admin.id)), nil
	},
	"an access token at a route with scopes": func(t *testing.T, l *lab) (curled, []string) {
		return get(l.http(t, nil).at("/scoped"), bearer(l.granted.access)), nil
	},
}

// sound is an API of which nothing is to be told, its log included.
func (l *lab) sound(t *testing.T, edits ...func(in)) *rest {
	t.Helper()
	r := l.rest(t, edits...)
	r.logged(t)
	return r
}

func (r *rest) logged(t *testing.T) {
	t.Helper()
	r.stage(t, "replace /*/*/logging/loglevel=ERROR")
}

// TestExplainReportsNothingOfHealthyRequests: no cause, no step, no warning.
func TestExplainReportsNothingOfHealthyRequests(t *testing.T) {
	l := newLab(t)
	t.Run("requests", func(t *testing.T) {
		for name, build := range healthy {
			t.Run(name, func(t *testing.T) {
				t.Parallel()
				c, flags := build(t, l)
				v := explained(t, c, flags...)
				if !v.Allowed || v.exit != 0 || v.Status != 200 || v.Reason != "" || v.RefusedBy != "" || len(v.Mend) > 0 || len(v.Warnings) > 0 {
					t.Errorf("explain exits %d and says\n%s", v.exit, v.text)
				}
			})
		}
	})
}

// TestExplainOfAPassingRequestTakes300Milliseconds measures the whole process, and takes the fastest of some runs, because other
// tests and programs may be running.
func TestExplainOfAPassingRequestTakes300Milliseconds(t *testing.T) {
	l := newLab(t)
	for name, c := range map[string]curled{"REST API": get(l.sound(t).at("/scoped"), bearer(l.granted.access)), "HTTP API": get(l.http(t, nil).at("/scoped"), bearer(l.granted.access))} {
		var took []time.Duration
		for range 7 {
			begin := time.Now()
			out, errText, exit := explainRaw(t, desk(), append([]string{"curl"}, c.args...)...)
			took = append(took, time.Since(begin))
			if exit != 0 || !strings.HasPrefix(out, "Allowed") {
				t.Fatalf("exit %d: %s%s", exit, out, errText)
			}
		}
		slices.Sort(took)
		t.Logf("%s: explain took %s at best, %s in the median", name, took[0], took[len(took)/2])
		if took[0] > 300*time.Millisecond {
			t.Errorf("%s: explain took %s", name, took[0])
		}
	}
}
