package lambda

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io/fs"
	"net/url"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/lambda/types"

	"github.com/poolgate/poolgate/internal/lambda/worker"
)

// localFunction is a function whose code is not uploaded: a directory that is watched, or an endpoint.
type localFunction struct {
	dir, url string

	mu     sync.Mutex
	looked time.Time
	last   string
}

// lookAgain is how long a directory is trusted to be as it was.
const lookAgain = 200 * time.Millisecond

var functionName = regexp.MustCompile(`^[a-zA-Z0-9-_]{1,64}$`)

// LocalError is a local function that cannot be. Hint says what to do about it.
type LocalError struct{ Problem, Advice string }

// Error gives the problem alone.
func (e *LocalError) Error() string { return e.Problem }

// Hint gives what to do about it.
func (e *LocalError) Hint() string { return e.Advice }

// newLocalFunctions checks what the user named, once, at the start.
func newLocalFunctions(named map[string]string) (map[string]*localFunction, error) {
	all := map[string]*localFunction{}
	for name, where := range named {
		if !functionName.MatchString(name) {
			return nil, &LocalError{fmt.Sprintf("%q is not a function's name", name), "use letters, digits, - and _, at most 64"}
		}
		if strings.HasPrefix(where, "http://") || strings.HasPrefix(where, "https://") {
			if u, err := url.Parse(where); err != nil || u.Host == "" {
				return nil, &LocalError{fmt.Sprintf("%q is not a URL", where), "write it as --function name=http://HOST:PORT/path"}
			}
			all[name] = &localFunction{url: where}
			continue
		}
		dir, err := filepath.Abs(where)
		if err != nil {
			return nil, err
		}
		if info, err := os.Stat(dir); err != nil || !info.IsDir() {
			return nil, &LocalError{fmt.Sprintf("%s is not a directory", where), "write it as --function name=DIR, where DIR holds the function's code"}
		}
		if os.Geteuid() == 0 && !worker.ForOthers(dir) {
			return nil, &LocalError{
				fmt.Sprintf("functions run as another user, who may not read %s", dir),
				"let everyone read it (chmod -R o+rX, and o+x on the directories above), or run poolgate as another user than root",
			}
		}
		all[name] = &localFunction{dir: dir}
	}
	return all, nil
}

// document makes up the function that nobody created: its runtime and handler are guessed from the files.
func (l *localFunction) document(r reference) *function {
	v := newRevision(r)
	c := &v.Configuration.Value
	c.Runtime, c.Handler = l.guess()
	c.Role = aws.String("arn:aws:iam::" + r.account + ":role/local")
	c.Timeout, c.MemorySize = aws.Int32(30), aws.Int32(512)
	c.RevisionId = aws.String("local")
	c.LastModified = aws.String("1970-01-01T00:00:00.000+0000")
	c.CodeSha256 = aws.String("")
	return &function{Account: r.account, Region: r.region, Latest: *v}
}

// guess finds the file that people's functions begin with.
func (l *localFunction) guess() (types.Runtime, *string) {
	const (
		node   = types.Runtime("nodejs22.x")
		python = types.Runtime("python3.13")
		custom = types.Runtime("provided.al2023")
	)
	for _, try := range []struct {
		file    string
		runtime types.Runtime
		handler string
	}{
		{"bootstrap", custom, "bootstrap"},
		{"lambda_function.py", python, "lambda_function.lambda_handler"},
		{"index.js", node, "index.handler"}, {"index.mjs", node, "index.handler"}, {"index.cjs", node, "index.handler"},
		{"handler.js", node, "handler.handler"}, {"handler.mjs", node, "handler.handler"},
		{"handler.py", python, "handler.handler"}, {"main.py", python, "main.handler"}, {"app.py", python, "app.handler"},
	} {
		if _, err := os.Stat(filepath.Join(l.dir, try.file)); l.dir != "" && err == nil {
			return try.runtime, aws.String(try.handler)
		}
	}
	return custom, aws.String("bootstrap")
}

// state changes whenever a file of the directory does. It looks at names, sizes and times, not into packages.
func (l *localFunction) state() (string, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if time.Since(l.looked) < lookAgain {
		return l.last, nil
	}
	sum := sha256.New()
	err := filepath.WalkDir(l.dir, func(path string, entry fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		name := entry.Name()
		if entry.IsDir() && path != l.dir && (name == "node_modules" || name == "__pycache__" || strings.HasPrefix(name, ".")) {
			return fs.SkipDir
		}
		if entry.IsDir() {
			return nil
		}
		info, err := entry.Info()
		if err != nil {
			return nil //nolint:nilerr // it was deleted while we looked
		}
		_, _ = fmt.Fprintf(sum, "%s %d %d %s\n", path, info.Size(), info.ModTime().UnixNano(), info.Mode())
		return nil
	})
	if err != nil {
		return "", err
	}
	l.looked, l.last = time.Now(), hex.EncodeToString(sum.Sum(nil))
	return l.last, nil
}
