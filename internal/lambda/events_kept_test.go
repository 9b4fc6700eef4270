package lambda

import (
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/lambda"
	"github.com/aws/aws-sdk-go-v2/service/lambda/types"

	"github.com/poolgate/poolgate/internal/store"
)

// kept counts the events in the store, and tells whether any holds that text.
func (l *lab) kept(text string) (count int, holds bool) {
	l.Helper()
	err := l.store.View(l.Context(), func(tx *store.Tx) error {
		found, _, err := keptEvents.List(tx, eventScope, store.Page{})
		for _, f := range found {
			holds = holds || strings.Contains(f.Value.Payload, text)
		}
		count = len(found)
		return err
	})
	if err != nil {
		l.Fatal(err)
	}
	return count, holds
}

// TestEventsOutliveTheirNode leaves an event that fails to a node, ends the node, and finds the event with another one.
func TestEventsOutliveTheirNode(t *testing.T) {
	for name, row := range map[string]struct{ orderly bool }{"a node that was stopped": {true}, "a node that was killed": {false}} {
		t.Run(name, func(t *testing.T) {
			db, err := store.Open(t.Context(), store.Options{Location: ":memory:"})
			if err != nil {
				t.Fatal(err)
			}
			t.Cleanup(func() { _ = db.Close() })
			const lease = 200 * time.Millisecond
			first := newLab(t, func(c *Config) { c.Store, c.RetryAfter, c.EventLease = db, []time.Duration{time.Hour}, lease })
			first.node("f", `exports.handler = async (e) => { if (!process.env.NOW) throw new Error("not yet"); console.log("done", e.n) }`)
			ok(first.Invoke(first.ctx(), &lambda.InvokeInput{FunctionName: aws.String("f"), InvocationType: types.InvocationTypeEvent, Payload: []byte(`{"n":"a secret"}`)}))(t)
			first.until("the first attempt failed", func() bool { return first.journal.has("/aws/lambda/f", "not yet") })
			count, holds := first.kept("a secret")
			if count != 1 || holds {
				t.Errorf("%d events are kept, readable: %v", count, holds)
			}
			ok(first.UpdateFunctionConfiguration(first.ctx(), &lambda.UpdateFunctionConfigurationInput{
				FunctionName: aws.String("f"), Environment: &types.Environment{Variables: map[string]string{"NOW": "1"}},
			}))(t)
			if row.orderly {
				first.events.close()
				first.events.wait()
			} else {
				// Killed, a node says nothing; its events stop with it.
				node := first.events.node
				first.events.close()
				first.events.wait()
				if err := db.Update(t.Context(), func(tx *store.Tx) error {
					return eventNodes.Put(tx, eventScope, node, &eventNode{time.Now().Add(lease)})
				}); err != nil {
					t.Fatal(err)
				}
			}
			second := newLab(t, func(c *Config) { c.Store, c.RetryAfter, c.EventLease = db, []time.Duration{time.Millisecond}, lease })
			second.until("the event runs here", func() bool { return second.journal.has("/aws/lambda/f", "done a secret") })
			second.until("the event is over", func() bool { n, _ := second.kept(""); return n == 0 })
		})
	}
}

func TestAnEventOfAFunctionThatIsGoneIsOver(t *testing.T) {
	l := newLab(t, func(c *Config) { c.RetryAfter = []time.Duration{time.Millisecond} })
	l.node("f", `exports.handler = async () => { await new Promise((done) => setTimeout(done, 50)); throw new Error("no") }`)
	ok(l.Invoke(l.ctx(), &lambda.InvokeInput{FunctionName: aws.String("f"), InvocationType: types.InvocationTypeEvent}))(t)
	ok(l.DeleteFunction(l.ctx(), &lambda.DeleteFunctionInput{FunctionName: aws.String("f")}))(t)
	l.until("the event is over", func() bool { n, _ := l.kept(""); return n == 0 })
}
