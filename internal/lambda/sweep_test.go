package lambda

import (
	"context"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/lambda"
)

// unpackedDirs counts the directories of code on this node.
func (l *lab) unpackedDirs() int {
	l.Helper()
	entries, err := os.ReadDir(l.dir)
	if err != nil {
		l.Fatal(err)
	}
	count := 0
	for _, entry := range entries {
		if strings.HasPrefix(entry.Name(), "code-") {
			count++
		}
	}
	return count
}

func TestUnpackedCodeGoesWithItsFunction(t *testing.T) {
	l := newLab(t)
	answering := func(text string) []byte {
		return archive(t, map[string]string{"index.js": `exports.handler = async () => '` + text + `'`})
	}
	l.node("f", `exports.handler = async () => 'one'`)
	l.node("g", `exports.handler = async () => 'other'`)
	l.invoke("f", "{}", `"one"`)
	l.invoke("g", "{}", `"other"`)
	if got := l.unpackedDirs(); got != 2 {
		t.Fatalf("%d are unpacked", got)
	}
	ok(l.UpdateFunctionCode(l.ctx(), &lambda.UpdateFunctionCodeInput{FunctionName: aws.String("f"), ZipFile: answering("two")}))(t)
	l.until("the code that was replaced goes", func() bool { return l.unpackedDirs() == 1 })
	l.invoke("f", "{}", `"two"`)
	ok(l.DeleteFunction(l.ctx(), &lambda.DeleteFunctionInput{FunctionName: aws.String("f")}))(t)
	l.until("the code of a deleted function goes", func() bool { return l.unpackedDirs() == 1 })
	l.invoke("g", "{}", `"other"`)
	if got := l.unpackedDirs(); got != 1 {
		t.Errorf("%d are left", got)
	}
}

func TestCodeThatIsSharedStays(t *testing.T) {
	l := newLab(t)
	const code = `exports.handler = async () => 'same'`
	l.node("f", code)
	l.node("g", code)
	l.invoke("f", "{}", `"same"`)
	l.invoke("g", "{}", `"same"`)
	ok(l.DeleteFunction(l.ctx(), &lambda.DeleteFunctionInput{FunctionName: aws.String("f")}))(t)
	if l.sweepCode(t.Context()) || l.unpackedDirs() != 1 {
		t.Error("what another function needs is not removed")
	}
	l.invoke("g", "{}", `"same"`)
}

// TestCodeIsNotTakenFromWhoRunsIt removes all the time what nobody needs, while functions run and change.
func TestCodeIsNotTakenFromWhoRunsIt(t *testing.T) {
	l := newLab(t)
	l.node("f", `exports.handler = async () => require("fs").readdirSync(process.env.LAMBDA_TASK_ROOT).length`)
	ctx, cancel := context.WithCancel(t.Context())
	var sweeping sync.WaitGroup
	sweeping.Go(func() {
		for ctx.Err() == nil {
			for _, u := range l.codes.all() {
				l.remove(u)
			}
		}
	})
	for range 20 {
		l.invoke("f", "{}", "1")
		l.pool.Retire(owner(testAccount, testRegion, "f")) // the next event starts a process
	}
	cancel()
	sweeping.Wait()
	if matches, err := filepath.Glob(filepath.Join(l.dir, "code-*")); err != nil || len(matches) > 1 {
		t.Errorf("%v %v", matches, err)
	}
}
