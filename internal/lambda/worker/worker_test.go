package worker

import (
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"
)

func TestNodeHandlers(t *testing.T) {
	needs(t, "node")
	b := newBench(t)
	for _, test := range []struct {
		name, handler string
		files         map[string]string
		want          string
	}{
		{"an async CommonJS handler", "index.handler",
			map[string]string{"index.js": `exports.handler = async (event) => ({ got: event.a })`}, `{"got":1}`},
		{"an ES module", "index.handler",
			map[string]string{"index.mjs": `export const handler = async (event) => event.a + 1`}, `2`},
		{"an ES module by its package", "src/main.run",
			map[string]string{"src/main.js": `export async function run() { return "m" }`, "package.json": `{"type":"module"}`}, `"m"`},
		{"a callback", "index.handler",
			map[string]string{"index.js": `exports.handler = (event, context, callback) => { setTimeout(() => callback(null, context.functionName), 1) }`}, `"f"`},
		{"a callback that does not wait for the event loop", "index.handler",
			map[string]string{"index.js": `exports.handler = (event, context, callback) => { setInterval(() => {}, 1e6); context.callbackWaitsForEmptyEventLoop = false; callback(null, 1) }`}, `1`},
		{"nothing returned", "index.handler", map[string]string{"index.js": `exports.handler = async () => {}`}, `null`},
		{"a handler that never calls back and leaves nothing to do", "index.handler",
			map[string]string{"index.js": `exports.handler = (event, context, callback) => {}`}, `null`},
		{"a nested export", "index.a.b", map[string]string{"index.js": `exports.a = { b: async () => process.env.AWS_EXECUTION_ENV }`}, `"AWS_Lambda_nodejs20.x"`},
	} {
		t.Run(test.name, func(t *testing.T) {
			b := &bench{T: t, Pool: b.Pool, journal: b.journal}
			b.answers(b.function("nodejs20.x", test.handler, test.files), `{"a":1}`, test.want)
		})
	}
}

func TestNodeFailures(t *testing.T) {
	needs(t, "node")
	b := newBench(t)
	for _, test := range []struct{ name, handler, code, kind, message string }{
		{"a rejected promise", "index.handler", `exports.handler = async () => { throw new TypeError("boom") }`, "TypeError", "boom"},
		{"an error given to the callback", "index.handler", `exports.handler = (e, c, cb) => cb(new Error("no"))`, "Error", "no"},
		{"a string thrown", "index.handler", `exports.handler = async () => { throw "text" }`, "string", "text"},
		{"no such export", "index.other", `exports.handler = async () => {}`, "Runtime.HandlerNotFound", "index.other is undefined or not exported"},
		{"no such module", "main.handler", ``, "Runtime.ImportModuleError", "Cannot find module 'main'"},
		{"a syntax error", "index.handler", `exports.handler = (`, "Runtime.UserCodeSyntaxError", "SyntaxError"},
		{"an exit", "index.handler", `exports.handler = async () => { process.exit(3) }`, "Runtime.ExitError", "Runtime exited with error: exit status 3"},
		{"an exit while loading", "index.handler", `process.exit(0)`, "Runtime.ExitError", "Runtime exited without providing a reason"},
		{"an unhandled rejection", "index.handler", `exports.handler = (e, c, cb) => { Promise.reject(new Error("lost")); setInterval(() => {}, 1000) }`, "Runtime.UnhandledPromiseRejection", "Error: lost"},
	} {
		t.Run(test.name, func(t *testing.T) {
			b := &bench{T: t, Pool: b.Pool, journal: b.journal}
			b.fails(b.function("nodejs20.x", test.handler, map[string]string{"index.js": test.code}), test.kind, test.message)
		})
	}
}

func TestPythonHandlers(t *testing.T) {
	needs(t, "/usr/bin/python3")
	b := newBench(t)
	spec := b.function("python3.11", "app/main.run", map[string]string{"app/main.py": `
import logging
logging.getLogger().setLevel("INFO")
def run(event, context):
    print("printed")
    logging.info("logged")
    return {"a": event["a"], "name": context.function_name, "left": context.get_remaining_time_in_millis() > 0}
`})
	b.answers(spec, `{"a":[1]}`, `{"a": [1], "name": "f", "left": true}`)
	result := b.invoke(spec, `{"a":2}`)
	for _, want := range []string{"printed\n", "[INFO]\t", "\tlogged\n", "START RequestId: ", "END RequestId: ", "REPORT RequestId: "} {
		if !strings.Contains(string(result.Tail), want) {
			t.Errorf("the tail lacks %q:\n%s", want, result.Tail)
		}
	}
	b.fails(b.function("python3.11", "m.h", map[string]string{"m.py": "def h(e, c):\n  raise ValueError('bad')\n"}), "ValueError", "bad")
	b.fails(b.function("python3.11", "m.h", map[string]string{"m.py": "def h(e, c):\n  return object()\n"}), "Runtime.MarshalError", "not JSON serializable")
	b.fails(b.function("python3.11", "m.h", map[string]string{"m.py": "import nowhere\n"}), "Runtime.ImportModuleError", "Unable to import module 'm': No module named 'nowhere'")
	b.fails(b.function("python3.11", "m.h", map[string]string{"m.py": "def f(:\n"}), "Runtime.UserCodeSyntaxError", "Syntax error in module 'm'")
	b.fails(b.function("python3.11", "m.h", map[string]string{"m.py": "x = 1\n"}), "Runtime.HandlerNotFound", "Handler 'h' missing on module 'm'")
}

// TestStaticBootstrap runs a Go program that speaks the Runtime API by itself.
func TestStaticBootstrap(t *testing.T) {
	b := newBench(t)
	spec := b.function("provided.al2023", "hello", map[string]string{"main.go": `package main

import ("bytes"; "io"; "net/http"; "os")

func main() {
	api := "http://" + os.Getenv("AWS_LAMBDA_RUNTIME_API") + "/2018-06-01/runtime/invocation/"
	for {
		next, err := http.Get(api + "next")
		if err != nil { os.Exit(1) }
		event, _ := io.ReadAll(next.Body)
		id := next.Header.Get("Lambda-Runtime-Aws-Request-Id")
		answer := append([]byte("\"" + os.Getenv("_HANDLER") + "\" "), event...)
		http.Post(api + id + "/response", "application/json", bytes.NewReader(answer))
	}
}
`})
	build := exec.CommandContext(t.Context(), "go", "build", "-o", filepath.Join(spec.Code, "bootstrap"), filepath.Join(spec.Code, "main.go"))
	build.Env = append(os.Environ(), "CGO_ENABLED=0", "GOFLAGS=")
	if out, err := build.CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	b.answers(spec, `{}`, `"hello" {}`)
	b.answers(spec, `[1]`, `"hello" [1]`)
	if n := b.Processes(); n != 1 {
		t.Errorf("one event after another should be served by one process, not %d", n)
	}
}

func TestCustomRuntimesThatCannotRun(t *testing.T) {
	b := newBench(t)
	b.fails(b.function("provided.al2", "h", nil), "Runtime.InvalidEntrypoint", "Couldn't find valid bootstrap(s): [/var/task/bootstrap /opt/bootstrap]")
	spec := b.function("provided.al2", "h", map[string]string{"bootstrap": "#!/bin/sh\nexit 0\n"})
	if err := os.Chmod(filepath.Join(spec.Code, "bootstrap"), 0o644); err != nil {
		t.Fatal(err)
	}
	b.fails(spec, "Runtime.InvalidEntrypoint", "permission denied")
	b.fails(b.function("provided.al2", "h", map[string]string{"bootstrap": "not a program"}), "Runtime.InvalidEntrypoint", "exec format error")
	b.fails(b.function("provided.al2", "h", map[string]string{"bootstrap": "#!/bin/sh\nkill -9 $$\n"}), "Runtime.ExitError", "signal: killed")
}

func TestTimeoutKillsAllThatAFunctionStarted(t *testing.T) {
	b := newBench(t)
	// One child stays in the group, one leaves it, one leaves it and forgets its environment.
	spec := b.function("provided.al2", "h", map[string]string{"bootstrap": `#!/bin/sh
api=http://$AWS_LAMBDA_RUNTIME_API/2018-06-01/runtime/invocation/next
sleep 1000 & echo child $!
setsid sleep 1000 & echo child $!
setsid env -i /bin/sleep 1000 & echo child $!
curl -s $api > /dev/null
sleep 1000
`})
	needs(t, "curl")
	spec.Timeout = 300 * time.Millisecond
	result := b.fails(spec, "Sandbox.Timedout", "Task timed out after 0.30 seconds")
	if !strings.Contains(string(result.Tail), "Task timed out after 0.30 seconds") {
		t.Errorf("the log does not tell of the timeout:\n%s", result.Tail)
	}
	b.until("the process is gone", func() bool { return b.Processes() == 0 })
	var children []int
	for line := range strings.Lines(b.journal.text()) {
		if text, ok := strings.CutPrefix(strings.TrimSpace(line), "child "); ok {
			pid, err := strconv.Atoi(text)
			if err != nil {
				t.Fatal(err)
			}
			children = append(children, pid)
		}
	}
	if len(children) != 3 {
		t.Fatalf("three children, not %d:\n%s", len(children), b.journal.text())
	}
	if os.Geteuid() != 0 {
		children = children[:2] // without a user of its own, what forgets its environment cannot be told apart
	}
	for _, pid := range children {
		if alive(pid) {
			t.Errorf("process %d is left", pid)
		}
	}
}

// alive tells whether a process is there and is no zombie.
func alive(pid int) bool {
	stat, err := os.ReadFile("/proc/" + strconv.Itoa(pid) + "/stat")
	return err == nil && !strings.Contains(string(stat), ") Z")
}
