package login

import (
	"errors"
	"io"
	"log/slog"
	"net/http"
	"strings"

	"github.com/poolgate/poolgate/internal/clock"
	"github.com/poolgate/poolgate/internal/store"
)

// PathPrefix is where path-style requests live: /_aws/cognito-idp/oauth2/token, /_aws/cognito-idp/login.
const PathPrefix = "/_aws/cognito-idp"

// Config is what a Handler is made of. Pools, Store and Clock are needed.
type Config struct {
	Pools Pools
	Store *store.Store
	Clock *clock.Clock
	// BaseURL is the server's public URL; a pool's keys and discovery document are below it.
	BaseURL string
	// Log hears of refusals with their true cause. Nil means silence.
	Log *slog.Logger
}

// Handler answers for every login domain of the server. It is safe for concurrent use.
type Handler struct {
	pools   Pools
	store   *store.Store
	clock   *clock.Clock
	baseURL string
	log     *slog.Logger
	pages   *pageSet
	routes  map[string]*route
}

// New makes a Handler.
func New(c Config) (*Handler, error) {
	switch {
	case c.Pools == nil:
		return nil, errors.New("login: Config.Pools is missing")
	case c.Store == nil:
		return nil, errors.New("login: Config.Store is missing")
	case c.Clock == nil:
		return nil, errors.New("login: Config.Clock is missing")
	}
	pages, err := loadPages()
	if err != nil {
		return nil, err
	}
	h := &Handler{
		pools: c.Pools, store: c.Store, clock: c.Clock, log: c.Log, pages: pages,
		baseURL: strings.TrimSuffix(c.BaseURL, "/"),
	}
	if h.log == nil {
		h.log = slog.New(slog.NewTextHandler(io.Discard, nil))
	}
	h.routes = h.routeTable()
	return h, nil
}

// ServeHTTP finds out by itself which login domain a request is for: path-style below PathPrefix, else by host.
func (h *Handler) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if path := r.URL.Path; path == PathPrefix || strings.HasPrefix(path, PathPrefix+"/") {
		h.serve(w, r, place{prefix: PathPrefix})
		return
	}
	region, domain, ok := ParseHost(r.Host)
	if !ok {
		// Not a name of ours, so a custom domain: unique on the whole server, whatever its region.
		region, domain = "", hostname(r.Host)
	}
	h.serve(w, r, place{region: region, domain: domain})
}

// ForDomain answers for one prefix domain, or custom domain when region is empty.
func (h *Handler) ForDomain(region, domain string) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		h.serve(w, r, place{region: region, domain: domain})
	})
}

// PathStyle answers below prefix for every pool; the client id names the pool. Links and cookies keep to the prefix.
func (h *Handler) PathStyle(prefix string) http.Handler {
	prefix = strings.TrimSuffix(prefix, "/")
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		h.serve(w, r, place{prefix: prefix})
	})
}
