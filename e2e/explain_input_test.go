package e2e

import (
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"
)

// TestExplainOfBadInput: never a stack trace, never a wrong cause stated as certain, nothing secret printed or kept.
func TestExplainOfBadInput(t *testing.T) {
	l := newLab(t)
	c := newCloud(t, l.process)
	r := l.rest(t)
	scoped := get(r.at("/scoped"), bearer(l.narrow.access))
	through := append([]string{"--endpoint-url", c.URL, "curl"}, scoped.args...)

	t.Run("calls that are throttled for a while", func(t *testing.T) {
		var seen sync.Map
		c.answers(func(w http.ResponseWriter, call string) bool {
			if _, before := seen.LoadOrStore(call, true); !before {
				errorOf(w, call, http.StatusTooManyRequests, "TooManyRequestsException", "Rate exceeded")
				return true
			}
			return false
		})
		out, errText, exit := explainRaw(t, desk(), through...)
		if exit != 1 {
			t.Errorf("exit %d: %s%s", exit, out, errText)
		}
		checkSaysLess(t, "throttled", "scope_missing", out+errText, exit)
	})
	t.Run("an account of other services' pages", func(t *testing.T) {
		c.answers(func(w http.ResponseWriter, _ string) bool {
			w.Header().Set("Content-Type", "text/html")
			_, _ = w.Write([]byte("<html><body>Sign in to the network</body></html>"))
			return true
		})
		out, errText, exit := explainRaw(t, desk(), through...)
		checkSaysLess(t, "HTML", "scope_missing", out+errText, exit)
	})
	t.Run("nobody there", func(t *testing.T) {
		out, errText, exit := explainRaw(t, desk(), append([]string{"--endpoint-url", "http://127.0.0.1:1", "curl"}, scoped.args...)...)
		checkSaysLess(t, "nobody", "scope_missing", out+errText, exit)
	})
	t.Run("an API in an account of 10,000", func(t *testing.T) {
		c.answers(nil)
		for _, id := range []string{r.id, "nosuchapi0"} {
			arguments := append([]string{"--endpoint-url", c.URL, "curl"}, get(strings.Replace(r.at("/scoped"), r.id, id, 1)).args...)
			if _, _, exit := explainRaw(t, desk(), arguments...); exit != 1 {
				t.Errorf("%s: exit %d", id, exit)
			}
		}
		if made := c.made(); slices.Contains(made, "GET /restapis") || slices.Contains(made, "GET /v2/apis") {
			t.Errorf("all APIs were listed: %q", made)
		}
	})
	t.Run("no credentials", func(t *testing.T) {
		// The host is AWS's; what answers is the server, as if it were a proxy on the way there.
		host := r.id + ".execute-api.eu-west-1.amazonaws.com"
		forward := newForward(t, l.process)
		env := slices.DeleteFunc(desk(), func(v string) bool {
			return strings.HasPrefix(v, "AWS_ACCESS_KEY_ID=") || strings.HasPrefix(v, "AWS_SECRET_ACCESS_KEY=")
		})
		out, errText, exit := explainRaw(t, env, "curl", "-x", forward, "-H", bearer(l.narrow.access), "http://"+host+"/dev/scoped")
		checkSaysLess(t, "no credentials", "scope_missing", out+errText, exit)
		if !strings.Contains(out+errText, "credentials") {
			t.Errorf("it does not say that there are no credentials: %s%s", out, errText)
		}
	})
	for name, address := range map[string]string{
		"a URL of something else": l.backend.URL + "/403", "a URL of AWS that is no API's": "https://eu-west-1.console.aws.amazon.com/apigateway", "no URL": "what is this", "an FTP server": "ftp://example.com/x",
	} {
		t.Run(name, func(t *testing.T) {
			out, errText, exit := explainRaw(t, desk(), "--url", address)
			if exit != 2 {
				t.Errorf("exit %d: %s%s", exit, out, errText)
			}
		})
	}
	t.Run("HTML in the place of the API's answer", func(t *testing.T) {
		page := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Type", "text/html")
			w.WriteHeader(http.StatusForbidden)
			_, _ = w.Write([]byte("<html><head><title>Access denied</title></head><body>Your network forbids this page.</body></html>"))
		}))
		defer page.Close()
		out, errText, exit := explainRaw(t, desk(), "--endpoint-url", l.url, "curl", "-H", bearer(l.narrow.access), strings.Replace(r.at("/scoped"), l.url, page.URL, 1))
		if exit != 2 {
			t.Errorf("exit %d: %s%s", exit, out, errText)
		}
	})
	for name, value := range map[string]string{
		"quotes": `"` + l.admin.id + `"`, "line breaks": broken64(l.admin.id), "a line break at the end": l.admin.id + "\n", "carriage returns": l.admin.id + "\r\n", "nothing": "",
		"Bearer in the file": "Bearer " + l.admin.id, "a page": "<html><body>Forbidden</body></html>", "binary": "\x00\x01\xff\xfe",
	} {
		t.Run("a token pasted with "+name, func(t *testing.T) {
			file := filepath.Join(t.TempDir(), "token")
			must(t, os.WriteFile(file, []byte(value), 0o600))
			out, errText, exit := explainRaw(t, desk(), "--url", r.at("/plain"), "--token", "@"+file)
			if exit > 2 || exit == 0 && !strings.HasPrefix(out, "Allowed") {
				t.Errorf("exit %d: %s%s", exit, out, errText)
			}
			if found := heading.FindStringSubmatch(out); exit == 1 && (found == nil || found[1] != "token_malformed" && found[1] != "identity_source_missing") {
				t.Errorf("exit %d: %s%s", exit, out, errText)
			}
			noSecrets(t, out+errText, l.admin.id)
		})
	}
}

// broken64 breaks a text into lines, as a mail or a terminal does.
func broken64(text string) string {
	var b strings.Builder
	for part := range slices.Chunk([]byte(text), 64) {
		b.Write(part)
		b.WriteByte('\n')
	}
	return b.String()
}

// newForward is a proxy that sends whatever it is asked for to the server, by the name it is asked for. It tells no reasons, as AWS does not.
func newForward(t *testing.T, p *process) string {
	t.Helper()
	to, err := url.Parse(p.url)
	must(t, err)
	forward := &httputil.ReverseProxy{Rewrite: func(r *httputil.ProxyRequest) {
		r.SetURL(to)
		r.Out.Host = r.In.Host
	}, ModifyResponse: func(answer *http.Response) error {
		answer.Header.Del("X-Poolgate-Reason")
		return nil
	}}
	server := httptest.NewServer(forward)
	t.Cleanup(server.Close)
	return server.URL
}

// noSecrets checks that a text holds neither a token nor the part of it that makes it one.
func noSecrets(t *testing.T, said string, secrets ...string) {
	t.Helper()
	for _, secret := range secrets {
		parts := append(strings.Split(secret, "."), secret)
		for _, part := range parts {
			if len(part) > 24 && strings.Contains(said, part) {
				t.Errorf("a secret of %d bytes is told: %s", len(part), said)
			}
		}
	}
}

// TestExplainKeepsAndPrintsNothingSecret explains requests full of secrets in a home of its own and looks at all that was said and written.
func TestExplainKeepsAndPrintsNothingSecret(t *testing.T) {
	l := newLab(t)
	k := l.keyed(t)
	k.whole(t)
	home := t.TempDir()
	env := desk("HOME="+home, "TMPDIR="+home, "XDG_CACHE_HOME="+filepath.Join(home, "cache"), "XDG_CONFIG_HOME="+filepath.Join(home, "config"))
	r, h := l.rest(t), l.http(t, nil)
	for _, c := range []curled{
		get(r.at("/plain"), bearer(l.admin.id)), get(r.at("/plain"), bearer(l.admin.access)), get(r.at("/plain"), "Authorization: "+l.admin.refresh), get(r.at("/scoped"), bearer(l.admin.id)),
		get(r.at("/plain?token=" + l.admin.id)), get(r.at("/plain"), bearer(tampered(l.admin.id))), get(r.at("/plain"), "Cookie: id="+l.admin.id), get(r.at("/nowhere/" + l.admin.id)),
		get(k.at("/keyed"), "x-api-key: "+k.value, bearer(l.admin.id)), get(h.at("/scoped"), bearer(l.admin.access)), get(h.at("/plain"), "X-Token: "+l.admin.id),
		get(r.at("/plain")).with("--user", "jo:"+userPassword+"-which-is-long-enough-to-find"),
	} {
		for _, flags := range [][]string{nil, {"--json"}} {
			out, errText, exit := explainRaw(t, env, append(append(slices.Clone(flags), "curl"), c.args...)...)
			if exit > 2 {
				t.Errorf("exit %d: %s", exit, errText)
			}
			noSecrets(t, out+errText, l.admin.id, l.admin.access, l.admin.refresh, tampered(l.admin.id), k.value, userPassword+"-which-is-long-enough-to-find")
		}
	}
	must(t, filepath.WalkDir(home, func(path string, entry os.DirEntry, err error) error {
		if err == nil && !entry.IsDir() {
			t.Errorf("explain wrote %s", path)
		}
		return err
	}))
}

// TestExplainEndsWhenEverythingIsThrottled: it gives up, and says why.
func TestExplainEndsWhenEverythingIsThrottled(t *testing.T) {
	l := newLab(t)
	c := newCloud(t, l.process)
	c.answers(func(w http.ResponseWriter, call string) bool {
		errorOf(w, call, http.StatusTooManyRequests, "TooManyRequestsException", "Rate exceeded")
		return true
	})
	begin := time.Now()
	out, errText, exit := explainRaw(t, desk(), append([]string{"--endpoint-url", c.URL, "curl"}, get(l.rest(t).at("/scoped"), bearer(l.narrow.access)).args...)...)
	checkSaysLess(t, "throttled", "scope_missing", out+errText, exit)
	if took := time.Since(begin); took > 50*time.Second || !strings.Contains(out, "throttled") {
		t.Errorf("after %s: %s%s", took, out, errText)
	}
}
