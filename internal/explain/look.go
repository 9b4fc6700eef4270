package explain

import (
	"context"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"time"

	"github.com/poolgate/poolgate/authz/jwks"
	"github.com/poolgate/poolgate/internal/account"
	"github.com/poolgate/poolgate/internal/gateway/decision"
)

// look is everything that was found out about a case.
type look struct {
	c   *Case
	now time.Time
	// skew is how far the answer's Date is behind the local clock; zero when it has none.
	skew time.Duration

	// Where the request leads: api is empty for a domain that has no mapping for the path.
	api, region, path, stage string
	throughDomain            bool
	domain                   *account.Domain

	rest  *account.RESTAPI
	http  *account.HTTPAPI
	pools map[string]*account.Pool
	keys  *poolKeys
	token *token

	// deployed is what the stage decides, live what the API as it is edited would; nil where it could not be read. guessed tells that
	// deployed was judged by the API as it is edited, because what the stage serves could not be read.
	deployed, live *decision.Record
	guessed        bool
	evidence       evidence
	// permission tells whether the function that the answer may be about lets the API in.
	permission permission
	user       *account.User
	// apiKey is the one that was sent, revoked what the pool says of the token.
	apiKey  *account.APIKey
	revoked bool
}

// mostPools is how many pools of an authorizer are read.
const mostPools = 20

// newLook finds out all that the account tells of a case.
func newLook(ctx context.Context, c *Case) (*look, error) {
	l := &look{c: c, pools: map[string]*account.Pool{}, keys: &poolKeys{byID: map[string]*heldPool{}, remote: jwks.New(jwks.Options{})}}
	defer l.keys.remote.Close()
	l.time()
	l.region, l.api, l.path = c.Located.Region, c.Located.API, c.Located.Path
	l.token = findToken(c.Request.Header, "Authorization")
	l.evidence = readEvidence(c)
	if c.Account == nil {
		return l, nil
	}
	var wg sync.WaitGroup
	var poolErr error
	if id := l.token.poolID(); id != "" {
		wg.Go(func() { poolErr = l.readPools(ctx, []string{id}) })
	}
	apiErr := l.readAPI(ctx)
	wg.Wait()
	for _, err := range []error{apiErr, poolErr} {
		if err != nil {
			return nil, err
		}
	}
	if l.rest == nil && l.http == nil {
		return l, nil
	}
	l.judge(ctx)
	if more := l.poolsOf(l.deployed); len(more) > 0 {
		if err := l.readPools(ctx, more); err != nil {
			return nil, err
		}
		l.judge(ctx)
	}
	return l, l.readMore(ctx)
}

// time is the time that the token is judged by: the answering server's, where it says so.
func (l *look) time() {
	if l.now = l.c.Now; l.now.IsZero() {
		l.now = time.Now()
	}
	if l.c.Answer == nil {
		return
	}
	if date, err := http.ParseTime(l.c.Answer.Header.Get("Date")); err == nil {
		if l.skew = l.now.Sub(date); l.skew.Abs() < 2*time.Second {
			l.skew = 0
		}
		l.now = l.now.Add(-l.skew)
	}
}

// readAPI follows a custom domain and reads the API, which may be of either kind.
func (l *look) readAPI(ctx context.Context) error {
	if l.c.Located.Kind == CustomDomain {
		if err := l.followDomain(ctx); err != nil {
			return err
		}
	}
	if l.api == "" {
		return nil
	}
	stage := l.stage
	if stage == "" {
		stage = firstSegment(l.path)
	}
	if stage == "" {
		stage = defaultStage // no REST API's stage has that name
	}
	var restErr, httpErr error
	var wg sync.WaitGroup
	wg.Go(func() { l.rest, restErr = l.c.Account.RESTAPI(ctx, l.api, stage) })
	wg.Go(func() { l.http, httpErr = l.c.Account.HTTPAPI(ctx, l.api, l.stage) })
	wg.Wait()
	if restErr != nil {
		return restErr
	}
	if httpErr != nil {
		return httpErr
	}
	if l.rest != nil && len(l.rest.Stages) == 0 { // the others tell which stage was meant
		l.rest, restErr = l.c.Account.RESTAPI(ctx, l.api, "")
	}
	return restErr
}

// defaultStage is the stage of an HTTP API that stands in no path.
const defaultStage = "$default"

// followDomain finds where a custom domain's mapping leads: the longest base path that the path begins with.
func (l *look) followDomain(ctx context.Context) (err error) {
	l.domain, err = l.c.Account.Domain(ctx, l.c.Located.Host)
	if err != nil || l.domain == nil {
		return err
	}
	l.throughDomain = true
	var best *account.Mapping
	for i := range l.domain.Mappings {
		m := &l.domain.Mappings[i]
		if isBelow(l.path, m.BasePath) && (best == nil || len(m.BasePath) > len(best.BasePath)) {
			best = m
		}
	}
	if best != nil {
		l.api, l.stage, l.region = best.API, best.Stage, l.domain.Region
		if best.BasePath != "" {
			l.path = strings.TrimPrefix(l.path, "/"+best.BasePath)
		}
		if l.path == "" {
			l.path = "/"
		}
	}
	return nil
}

// isBelow tells whether a path is a base path or below it.
func isBelow(path, base string) bool {
	return base == "" || path == "/"+base || strings.HasPrefix(path, "/"+base+"/")
}

// stageName is the stage that the request names.
func (l *look) stageName() string {
	if l.stage != "" {
		return l.stage
	}
	name := firstSegment(l.path)
	if l.http != nil && l.http.Stages[name] == nil {
		return defaultStage
	}
	return name
}

// firstSegment is the first part of an escaped path, decoded.
func firstSegment(path string) string {
	first, _, _ := strings.Cut(strings.TrimLeft(path, "/"), "/")
	if text, err := url.PathUnescape(first); err == nil {
		return text
	}
	return first
}
