package e2e

import (
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"
)

// readmeAddress is where the README's server listens; a test's own server takes its place.
const readmeAddress = "http://127.0.0.1:4566"

var (
	consoleBlock = regexp.MustCompile("(?s)```console\n(.*?)```")
	goBlock      = regexp.MustCompile("(?s)```go\n(.*?)```")
	inlineCode   = regexp.MustCompile("`([^`\n]+)`")
	indented     = regexp.MustCompile(`(?m)^    (\S.*)$`)
)

// readmeBlocks says how each block of the README is run, by its first line.
var readmeBlocks = map[string]func(t *testing.T, block string){
	"go run ./cmd/poolgate demo":                   func(t *testing.T, block string) { inRoot(t, nil, block) },
	"make test":                                    func(t *testing.T, block string) { inRoot(t, nil, "make -n "+strings.TrimPrefix(block, "make ")) },
	"go build -o bin/poolgate ./cmd/poolgate":      buildAndServe,
	`$ curl -i -H "Authorization: $ID_TOKEN" http`: refusedAndExplained,
	`$ poolgate explain curl -H "Authorization: $I`: refusedAndExplained,
	"export AWS_ACCESS_KEY_ID=test":                firstPool,
}

// TestTheREADMEsCommands runs every block of commands in the README. A block that no one runs is a failure: what no test checks goes stale.
func TestTheREADMEsCommands(t *testing.T) {
	need(t, "make")
	blocks := consoleBlock.FindAllStringSubmatch(document(t, "README.md"), -1)
	run := map[string]bool{}
	for _, found := range blocks {
		block := found[1]
		first, _, _ := strings.Cut(block, "\n")
		t.Run(first, func(t *testing.T) {
			for begins, check := range readmeBlocks {
				if strings.HasPrefix(first, begins) {
					run[begins] = true
					check(t, block)
					return
				}
			}
			t.Errorf("no test runs this block:\n%s", block)
		})
	}
	for begins := range readmeBlocks {
		if !run[begins] && !t.Failed() {
			t.Errorf("the README has no block that begins with %q", begins)
		}
	}
}

// TestTheREADMEsSentences tries what stands inside its sentences and its table: commands, and the server's own addresses.
func TestTheREADMEsSentences(t *testing.T) {
	need(t, "curl")
	s := serve(t).newPool(t, "readme")
	commands := 0
	for _, found := range inlineCode.FindAllStringSubmatch(document(t, "README.md"), -1) {
		code := strings.ReplaceAll(found[1], readmeAddress, s.url)
		switch {
		case strings.HasPrefix(code, "poolgate "):
			// With --help the flags are read, and nothing is done.
			inRoot(t, nil, strings.ReplaceAll(code, "…", "x")+" --help")
		case strings.HasPrefix(code, "curl "):
			inRoot(t, nil, strings.Replace(code, "curl ", "curl -fsS ", 1))
		case strings.HasPrefix(code, s.url+"/_poolgate/"), strings.HasPrefix(code, s.url+"/POOL/"):
			inRoot(t, nil, "curl -fsS '"+strings.ReplaceAll(code, "POOL", s.poolID)+"'")
		default:
			continue
		}
		commands++
	}
	if commands < 5 {
		t.Errorf("only %d commands and addresses were found", commands)
	}
}

// TestTheDocsPrograms looks for the programs, make targets and tests that the other pages tell people to run.
func TestTheDocsPrograms(t *testing.T) {
	need(t, "make")
	seen := 0
	for _, page := range []string{"README.md", "CONTRIBUTING.md", "ARCHITECTURE.md", "bench/README.md", "docs/README.md", "docs/claims.md", "docs/troubleshooting.md"} {
		text := document(t, page)
		codes := append(inlineCode.FindAllStringSubmatch(text, -1), indented.FindAllStringSubmatch(text, -1)...)
		for _, found := range codes {
			words := strings.Fields(found[1])
			switch {
			case words[0] == "make":
				inRoot(t, nil, "make -n "+words[1])
			case words[0] == ".ci/run" || strings.HasPrefix(words[0], "./") && len(words) == 1:
				if info, err := os.Stat(filepath.Join("..", words[0])); err != nil || info.Mode()&0o111 == 0 {
					t.Errorf("%s: there is no program %s", page, words[0])
				}
			case len(words) > 2 && words[0] == "go" && words[1] == "test":
				if _, err := os.Stat(filepath.Join("..", words[2])); err != nil {
					t.Errorf("%s: %s: %v", page, found[1], err)
				}
			default:
				continue
			}
			seen++
		}
		for _, link := range regexp.MustCompile(`\]\(([^):#]+)`).FindAllStringSubmatch(text, -1) {
			if _, err := os.Stat(filepath.Join("..", filepath.Dir(page), link[1])); err != nil {
				t.Errorf("%s leads to a page that is not there: %v", page, err)
			}
		}
	}
	if seen < 5 {
		t.Errorf("only %d programs were found", seen)
	}
}

// TestTheREADMEsGo looks for every block of Go in the examples of the packages, which run with their own tests.
func TestTheREADMEsGo(t *testing.T) {
	unindented := func(code string) string {
		lines := strings.Split(strings.TrimSpace(code), "\n")
		for i := range lines {
			lines[i] = strings.TrimSpace(lines[i])
		}
		return strings.Join(lines, "\n")
	}
	examples := ""
	for _, page := range []string{"authz/example_test.go", "authz/example_jwt_test.go", "poolgatetest/example_test.go"} {
		examples += unindented(document(t, page)) + "\n"
	}
	blocks := goBlock.FindAllStringSubmatch(document(t, "README.md"), -1)
	for _, found := range blocks {
		if !strings.Contains(examples, unindented(found[1])) {
			t.Errorf("no example has this:\n%s", found[1])
		}
	}
	if len(blocks) < 2 {
		t.Errorf("only %d blocks were found", len(blocks))
	}
}

// TestTheDocsIndexIsComplete fails when a page of docs/ is not in its index.
func TestTheDocsIndexIsComplete(t *testing.T) {
	index := document(t, "docs/README.md")
	pages, err := filepath.Glob("../docs/*.md")
	must(t, err)
	for _, page := range pages {
		if name := filepath.Base(page); name != "README.md" && !strings.Contains(index, "]("+name+")") {
			t.Errorf("docs/README.md does not lead to %s", name)
		}
	}
	if len(pages) < 5 {
		t.Errorf("only %d pages were found", len(pages))
	}
}

// buildAndServe runs both lines as they are, but for where the binary and the data go, and the port.
func buildAndServe(t *testing.T, block string) {
	dir := t.TempDir()
	lines := strings.Split(strings.TrimSpace(strings.ReplaceAll(block, "bin/poolgate", filepath.Join(dir, "poolgate"))), "\n")
	if len(lines) != 2 {
		t.Fatalf("%d lines", len(lines))
	}
	inRoot(t, nil, lines[0])
	out := &safeBuffer{}
	server := exec.CommandContext(t.Context(), "sh", "-c", "exec "+lines[1]+" --addr 127.0.0.1:0")
	server.Dir, server.Stdout, server.Stderr = dir, out, out
	must(t, server.Start())
	eventually(t, 20*time.Second, "the server says where it listens", func() bool { return strings.Contains(out.String(), "_poolgate/health") })
	must(t, server.Process.Signal(os.Interrupt))
	if err := server.Wait(); err != nil {
		t.Errorf("it ended with %v: %s", err, out)
	}
	if _, err := os.Stat(filepath.Join(dir, ".poolgate")); err != nil {
		t.Errorf("the data is not where the README says: %v", err)
	}
}

// refusedAndExplained runs both commands of the block, and looks for what it shows of their answers, line by line.
func refusedAndExplained(t *testing.T, block string) {
	need(t, "curl")
	s := serve(t).newSite(t)
	env := []string{"API=" + s.apiID, "ID_TOKEN=" + s.passwordSignIn(t, "jo").id, "AWS_ENDPOINT_URL=" + s.url, "PATH=" + filepath.Dir(binary) + ":" + os.Getenv("PATH")}
	said, commands := "", 0
	for line := range strings.Lines(strings.ReplaceAll(block, readmeAddress, s.url)) {
		line = strings.TrimSpace(line)
		command, isCommand := strings.CutPrefix(line, "$ ")
		switch {
		case isCommand:
			// explain ends with 1, because the request was refused.
			said = inRoot(t, env, command+" || [ $? = 1 ]")
			if id := regexp.MustCompile(`(?i)x-amzn-requestid: (\S+)`).FindStringSubmatch(said); id != nil {
				env = append(env, "REQUEST_ID="+id[1])
			}
			commands++
		case line != "" && !strings.Contains(strings.ToLower(said), strings.ToLower(line)):
			t.Errorf("the README shows %q, the answer is\n%s", line, said)
		}
	}
	if commands != 2 {
		t.Errorf("%d commands", commands)
	}
}

// firstPool runs the block with the real aws CLI, with no more of AWS's settings than it makes itself.
func firstPool(t *testing.T, block string) {
	need(t, "aws")
	p := serve(t)
	env := []string{"AWS_REGION=", "AWS_DEFAULT_REGION=", "AWS_CONFIG_FILE=/dev/null", "AWS_SHARED_CREDENTIALS_FILE=/dev/null", "AWS_PAGER=", "AWS_EC2_METADATA_DISABLED=true"}
	said := inRoot(t, env, strings.ReplaceAll(block, readmeAddress, p.url))
	if !strings.Contains(said, `"Arn": "arn:aws:cognito-idp:eu-west-1:`) {
		t.Errorf("the answer is %s", said)
	}
}

// inRoot runs commands in the repository's root with a shell that stops at the first one that fails.
func inRoot(t *testing.T, env []string, commands string) string {
	t.Helper()
	shell := exec.CommandContext(t.Context(), "sh", "-ec", commands)
	shell.Dir = ".."
	shell.Env = append(append(os.Environ(), "PATH="+filepath.Dir(binary)+":"+os.Getenv("PATH")), env...)
	out, err := shell.CombinedOutput()
	if err != nil {
		t.Errorf("%s: %v\n%s", strings.TrimSpace(commands), err, out)
	}
	return string(out)
}

func document(t *testing.T, path string) string {
	t.Helper()
	text, err := os.ReadFile(filepath.Join("..", path))
	must(t, err)
	return string(text)
}
