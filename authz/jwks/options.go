package jwks

import (
	"log/slog"
	"net/http"
	"time"

	"github.com/poolgate/poolgate/authz"
)

// Options are New's; every zero value means the default.
type Options struct {
	// Client makes the requests; by default one of its own, which never connects to a link-local address. Redirects are not
	// followed with either.
	Client *http.Client
	// Issuer is the base URL of a pool, by default AWS's. Keys are fetched from its /.well-known/jwks.json, and tokens name it as iss.
	Issuer func(authz.Pool) string
	// Timeout bounds one request; 1.5 seconds, as API Gateway has it.
	Timeout time.Duration
	// TTL is how old keys may get while their issuer answers: two hours, which is also the most. They are fetched anew
	// when three quarters of it have passed.
	TTL time.Duration
	// KeepFor is how long after TTL the last good keys still serve while their issuer does not answer, and with them the
	// tokens that were verified before: two hours. Below zero means not at all.
	KeepFor time.Duration
	// MinInterval is the shortest time between two fetches from one issuer that tokens bring about, whatever tokens come: 30 seconds.
	MinInterval time.Duration
	// Changed is called when a pool's keys came without one that they had, or can no longer be used. Pass it authz.Engine.Forget.
	Changed func(authz.Pool)
	// IssuerChanged is the same for every issuer, pools included. Pass it authz.Engine.ForgetIssuer.
	IssuerChanged func(issuer string)
	// Log is told when old keys serve because newer ones cannot be had; nil means nobody is.
	Log *slog.Logger
}

// The defaults, and what is not to be set.
const (
	defaultTimeout     = 1500 * time.Millisecond
	maxTTL             = 2 * time.Hour
	defaultKeepFor     = 2 * time.Hour
	defaultMinInterval = 30 * time.Second
	// withoutKeys is the shortest time between two fetches from an issuer that has no good keys yet, if that is less than MinInterval.
	withoutKeys = 5 * time.Second
	// maxBackoff bounds how seldom a refresh that failed is tried again.
	maxBackoff = 5 * time.Minute
	// idleAfter is how long after the last new token an issuer's keys are no longer refreshed by themselves.
	idleAfter = 24 * time.Hour
	// maxDocument is the longest key set or configuration that is read, in bytes.
	maxDocument = 150 << 10
	// maxIssuers bounds for how many issuers keys are remembered.
	maxIssuers = 4096
	// maxFetches bounds how many fetches are on their way at once.
	maxFetches = 16
)

func (o Options) withDefaults() Options {
	if o.Issuer == nil {
		o.Issuer = Issuer
	}
	if o.Timeout <= 0 {
		o.Timeout = defaultTimeout
	}
	if o.TTL <= 0 || o.TTL > maxTTL {
		o.TTL = maxTTL
	}
	if o.KeepFor == 0 {
		o.KeepFor = defaultKeepFor
	}
	o.KeepFor = max(o.KeepFor, 0)
	if o.MinInterval <= 0 {
		o.MinInterval = defaultMinInterval
	}
	if o.Changed == nil {
		o.Changed = func(authz.Pool) {}
	}
	if o.IssuerChanged == nil {
		o.IssuerChanged = func(string) {}
	}
	if o.Log == nil {
		o.Log = slog.New(slog.DiscardHandler)
	}
	return o
}
