package lambda

import (
	"errors"
	"os"
	"path/filepath"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/lambda"
)

func TestLocalFunctionsThatCannotBe(t *testing.T) {
	file := filepath.Join(t.TempDir(), "file")
	if err := os.WriteFile(file, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	for _, test := range []struct{ name, where, problem string }{
		{"a/b", t.TempDir(), `"a/b" is not a function's name`},
		{"f", file, file + " is not a directory"},
		{"f", file + "-not", file + "-not is not a directory"},
		{"f", "http://", `"http://" is not a URL`},
	} {
		_, err := newLocalFunctions(map[string]string{test.name: test.where})
		var e *LocalError
		if !errors.As(err, &e) || e.Problem != test.problem || e.Hint() == "" {
			t.Errorf("%s=%s: %v", test.name, test.where, err)
		}
	}
}

func TestWhatALocalFunctionIsGuessedToBe(t *testing.T) {
	for file, want := range map[string]string{
		"index.mjs": "index.handler", "lambda_function.py": "lambda_function.lambda_handler", "bootstrap": "bootstrap", "README": "bootstrap",
	} {
		dir := t.TempDir()
		if err := os.WriteFile(filepath.Join(dir, file), nil, 0o600); err != nil {
			t.Fatal(err)
		}
		if _, handler := (&localFunction{dir: dir}).guess(); aws.ToString(handler) != want {
			t.Errorf("%s: %s", file, aws.ToString(handler))
		}
	}
}

// TestAnotherServerLearnsOfAChange has two services on one store.
func TestAnotherServerLearnsOfAChange(t *testing.T) {
	l := newLab(t)
	second, err := New(Config{Store: l.store, Temp: reachable(t)})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(second.Close)
	other := &lab{T: t, Service: second, journal: l.journal}
	l.node("f", `exports.handler = async () => 1`)
	other.invoke("f", `{}`, `1`)
	ok(l.UpdateFunctionCode(l.ctx(), &lambda.UpdateFunctionCodeInput{
		FunctionName: aws.String("f"), ZipFile: archive(t, map[string]string{"index.js": `exports.handler = async () => 2`}),
	}))(t)
	other.invoke("f", `{}`, `2`)
}
