package worker

import (
	_ "embed"
	"errors"
	"io/fs"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
)

//go:embed bootstrap/node.cjs
var nodeBootstrap []byte

//go:embed bootstrap/python.py
var pythonBootstrap []byte

const (
	nodeFile   = "node.cjs"
	pythonFile = "python.py"
	basePath   = "/usr/local/bin:/usr/bin:/bin"
)

// writeBootstraps puts the embedded runtimes where every user can read them.
func writeBootstraps(dir string) error {
	if err := os.MkdirAll(dir, 0o755); err != nil { //nolint:gosec // the functions' users read it
		return err
	}
	if err := os.Chmod(dir, 0o755); err != nil { //nolint:gosec // whatever the umask says
		return err
	}
	for name, text := range map[string][]byte{nodeFile: nodeBootstrap, pythonFile: pythonBootstrap} {
		path := filepath.Join(dir, name)
		if err := os.WriteFile(path, text, 0o644); err != nil { //nolint:gosec // likewise
			return err
		}
		if err := os.Chmod(path, 0o644); err != nil { //nolint:gosec // likewise
			return err
		}
	}
	return nil
}

// command is what to start.
type command struct {
	path        string
	args        []string
	environment []string
}

// Supported tells whether there is a way to run that runtime, if the machine has its interpreter.
func Supported(runtime string) bool {
	return strings.HasPrefix(runtime, "provided") || strings.HasPrefix(runtime, "nodejs") || strings.HasPrefix(runtime, "python3")
}

func (w *process) command() (*command, error) {
	c := &command{environment: w.environment()}
	spec := w.spec
	switch {
	case strings.HasPrefix(spec.Runtime, "provided"):
		path, err := w.bootstrap()
		if err != nil {
			return nil, err
		}
		c.path, c.args = path, []string{path}
	case strings.HasPrefix(spec.Runtime, "nodejs"):
		node, err := w.interpreter("node")
		if err != nil {
			return nil, err
		}
		c.path = node
		c.args = []string{node, "--max-old-space-size=" + strconv.Itoa(max(spec.MemoryMB*9/10, 64)), filepath.Join(w.pool.bootstraps, nodeFile)}
	case strings.HasPrefix(spec.Runtime, "python3"):
		python, err := w.interpreter(spec.Runtime, "python3")
		if err != nil {
			return nil, err
		}
		c.path, c.args = python, []string{python, "-u", filepath.Join(w.pool.bootstraps, pythonFile)}
	default:
		return nil, &RuntimeError{spec.Runtime, "poolgate runs nodejs*, python3* and provided*"}
	}
	return c, nil
}

// bootstrap finds the executable of a custom runtime, in the code or in a layer.
func (w *process) bootstrap() (string, error) {
	for _, dir := range []string{w.spec.Code, w.spec.Layers} {
		if dir == "" {
			continue
		}
		path := filepath.Join(dir, "bootstrap")
		if info, err := os.Stat(path); err == nil && !info.IsDir() {
			return path, nil
		}
	}
	return "", entrypointError{errors.New("Couldn't find valid bootstrap(s): [/var/task/bootstrap /opt/bootstrap]")} //nolint:staticcheck // AWS's text
}

// interpreter finds a program that the process's user may run.
func (w *process) interpreter(names ...string) (string, error) {
	var out []string
	for _, name := range names {
		for _, dir := range append(filepath.SplitList(os.Getenv("PATH")), strings.Split(basePath, ":")...) {
			path, err := exec.LookPath(filepath.Join(dir, name))
			if err != nil || !filepath.IsAbs(path) {
				continue
			}
			if w.user < 0 || ForOthers(path) {
				return path, nil
			}
			out = append(out, path)
		}
	}
	problem := "this machine has no " + strings.Join(names, " or ") + " on its PATH"
	if len(out) > 0 {
		problem = "functions run as another user, who may not run " + strings.Join(out, ", ")
	}
	return "", &RuntimeError{w.spec.Runtime, problem}
}

// ForOthers tells whether any user may read a file or enter a directory, links and all directories above included.
func ForOthers(path string) bool {
	real, err := filepath.EvalSymlinks(path)
	if err != nil {
		return false
	}
	for at := real; ; at = filepath.Dir(at) {
		info, err := os.Stat(at)
		if err != nil {
			return false
		}
		want := fs.FileMode(0o001)
		if at == real {
			want = 0o005
		}
		if !info.IsDir() {
			want = 0o004
		}
		if info.Mode().Perm()&want != want {
			return false
		}
		if at == filepath.Dir(at) {
			return true
		}
	}
}

// environment is all that the process sees: AWS's variables and the function's own, nothing of the server's.
func (w *process) environment() []string {
	spec := w.spec
	_, version, _ := strings.Cut(spec.Runtime, "nodejs")
	major, _, _ := strings.Cut(version, ".")
	opt := spec.Layers
	all := map[string]string{
		"PATH": basePath, "LANG": "en_US.UTF-8", "TZ": ":UTC", "HOME": w.work, "TMPDIR": w.work,
		"LD_LIBRARY_PATH": spec.Code + ":" + filepath.Join(spec.Code, "lib"),
	}
	if opt != "" {
		all["PATH"] = filepath.Join(opt, "bin") + ":" + basePath
		all["LD_LIBRARY_PATH"] += ":" + filepath.Join(opt, "lib")
		all["NODE_PATH"] = filepath.Join(opt, "nodejs/node"+major+"/node_modules") + ":" + filepath.Join(opt, "nodejs/node_modules")
		all["PYTHONPATH"] = filepath.Join(opt, "python") + ":" + filepath.Join(opt, "python/lib", spec.Runtime, "site-packages")
	}
	maps.Copy(all, w.credentials)
	maps.Copy(all, spec.Environment)
	if spec.Logging.JSON {
		all["AWS_LAMBDA_LOG_FORMAT"], all["AWS_LAMBDA_LOG_LEVEL"] = "JSON", spec.Logging.Application
	}
	maps.Copy(all, map[string]string{
		"AWS_LAMBDA_RUNTIME_API":          w.listener.Addr().String(),
		"AWS_LAMBDA_FUNCTION_NAME":        spec.Name,
		"AWS_LAMBDA_FUNCTION_VERSION":     spec.Version,
		"AWS_LAMBDA_FUNCTION_MEMORY_SIZE": strconv.Itoa(spec.MemoryMB),
		"AWS_LAMBDA_LOG_GROUP_NAME":       spec.LogGroup,
		"AWS_LAMBDA_LOG_STREAM_NAME":      w.output.stream,
		"AWS_LAMBDA_INITIALIZATION_TYPE":  "on-demand",
		"AWS_EXECUTION_ENV":               "AWS_Lambda_" + spec.Runtime,
		"AWS_REGION":                      spec.Region,
		"AWS_DEFAULT_REGION":              spec.Region,
		"LAMBDA_TASK_ROOT":                spec.Code,
		"LAMBDA_RUNTIME_DIR":              w.pool.bootstraps,
		"_HANDLER":                        spec.Handler,
	})
	list := make([]string, 0, len(all))
	for _, name := range slices.Sorted(maps.Keys(all)) {
		list = append(list, name+"="+all[name])
	}
	return list
}
