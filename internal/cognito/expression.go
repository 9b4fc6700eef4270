package cognito

import (
	"regexp"
	"sync"
)

// expression is compiled when it is first needed: a counted repetition makes a large one, which a server that only serves never asks.
func expression(text string) func() *regexp.Regexp {
	return sync.OnceValue(func() *regexp.Regexp { return regexp.MustCompile(text) })
}
