package lambda

import (
	"context"
	"net/http"
	"slices"
	"strings"
	"sync"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/lambda/types"

	"github.com/poolgate/poolgate/internal/store"
	"github.com/poolgate/poolgate/internal/wire/sigv4"
)

// Callers says whose access keys are. The program's API codec is one.
type Callers interface {
	// Caller tells the account of an access key, and the role that it acts as if it is a session's.
	Caller(accessKeyID string) (account, principal string)
	// Lookup finds the secret that a request must be signed with; enforced is false while signatures are not verified.
	Lookup(*http.Request) (lookup sigv4.Lookup, enforced bool)
}

// servedURL is a function's address, ready to be asked. It is immutable: requests share it.
type servedURL struct {
	reference reference
	signed    bool
	// streams says that a streamed answer goes on as it comes: the URL's InvokeMode is RESPONSE_STREAM.
	streams bool
	cors    *types.Cors
	policy  *policy
}

// urlCache keeps what was found by the name of an address, also that nothing was, until any function changes.
type urlCache struct {
	mu         sync.RWMutex
	known      map[string]*servedURL
	generation uint64
}

// mostURLs bounds the cache: names that are asked for come from outside.
const mostURLs = 10_000

func (c *urlCache) get(id string) (served *servedURL, known bool, generation uint64) {
	c.mu.RLock()
	defer c.mu.RUnlock()
	served, known = c.known[id]
	return served, known, c.generation
}

func (c *urlCache) put(id string, served *servedURL, generation uint64) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if generation != c.generation {
		return
	}
	if c.known == nil || len(c.known) >= mostURLs {
		c.known = map[string]*servedURL{}
	}
	c.known[id] = served
}

func (c *urlCache) forget() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.generation++
	clear(c.known)
}

// served finds the function of an address; nil when there is none.
func (s *Service) served(ctx context.Context, id string) (*servedURL, error) {
	known, is, generation := s.urls.get(id)
	if is {
		return known, nil
	}
	var out *servedURL
	err := s.store.View(ctx, func(tx *store.Tx) error {
		out = nil
		found, err := functions.Lookup(tx, store.Key{Index: byURL, Value: id})
		if err != nil || len(found) == 0 {
			return err
		}
		f := found[0].Value
		for qualifier, document := range f.URLs {
			r, ok := parseARN(aws.ToString(document.Value.FunctionArn))
			if ok && urlID(r) == id {
				c := document.Value
				out = &servedURL{
					reference: r, signed: c.AuthType == types.FunctionUrlAuthTypeAwsIam, streams: c.InvokeMode == types.InvokeModeResponseStream,
					cors: c.Cors, policy: f.Policies[qualifier],
				}
			}
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	s.urls.put(id, out, generation)
	return out, nil
}

// permits tells whether a statement lets a caller ask at the address. Account and principal are empty for anybody.
func (u *servedURL) permits(account, principal string) bool {
	if u.policy == nil {
		return false
	}
	kind := string(types.FunctionUrlAuthTypeNone)
	if u.signed {
		kind = string(types.FunctionUrlAuthTypeAwsIam)
	}
	return slices.ContainsFunc(u.policy.Statements, func(st statement) bool {
		return like(st.Action, "lambda:InvokeFunctionUrl") && st.namesCaller(account, principal) && st.allowsURL(kind)
	})
}

// namesCaller tells whether a statement is about an account, or a role in it. Everybody is "*".
func (st *statement) namesCaller(account, principal string) bool {
	names := func(who string) bool {
		return who == "*" || account != "" && (who == account || who == "arn:aws:iam::"+account+":root" || principal != "" && who == principal)
	}
	switch who := st.Principal.(type) {
	case string:
		return names(who)
	case map[string]string:
		return names(who["AWS"])
	case map[string]any:
		text, _ := who["AWS"].(string)
		return names(text)
	}
	return false
}

// allowsURL tells whether a statement's conditions hold for a request at an address of that kind.
func (st *statement) allowsURL(kind string) bool {
	for operator, keys := range st.Condition {
		for key, value := range keys {
			switch strings.ToLower(operator + " " + key) {
			case "stringequals lambda:functionurlauthtype":
				if value != kind {
					return false
				}
			case "bool lambda:invokedviafunctionurl":
				if value != "true" {
					return false
				}
			default:
				return false // what a request at an address does not carry is not met
			}
		}
	}
	return true
}
