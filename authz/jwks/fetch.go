package jwks

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"time"

	"github.com/poolgate/poolgate/authz"
)

// fetch gets a pool's keys and ends what waits on done. Nobody's request is its context: several may wait for it.
func (r *Remote) fetch(pool authz.Pool, e *entry, done chan struct{}) {
	set, err := r.get(pool)
	r.mu.Lock()
	gone := false
	e.tried, e.err = time.Now(), err
	if err == nil || errors.Is(err, authz.ErrPoolNotFound) { // a pool that is gone takes its keys along
		gone = !e.set.keptBy(set)
		e.set, e.fetched = set, e.tried
	}
	e.ongoing = nil
	r.mu.Unlock()
	if gone {
		r.options.Changed(pool)
	}
	close(done)
}

// get makes the request. Its errors are authz's: no such pool, or unavailable, with the cause.
func (r *Remote) get(pool authz.Pool) (Set, error) {
	ctx, cancel := context.WithTimeout(context.Background(), r.options.Timeout)
	defer cancel()
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, r.options.Issuer(pool)+"/.well-known/jwks.json", nil)
	if err != nil {
		return nil, unavailable(err)
	}
	request.Header.Set("Accept", "application/json")
	response, err := r.client.Do(request)
	if err != nil {
		return nil, unavailable(err)
	}
	defer response.Body.Close()
	switch response.StatusCode {
	case http.StatusOK:
	case http.StatusNotFound, http.StatusBadRequest: // AWS's answers for a pool that is not there
		return nil, fmt.Errorf("%w: %s answered %s", authz.ErrPoolNotFound, request.URL.Host, response.Status)
	default:
		return nil, unavailable(fmt.Errorf("%s answered %s", request.URL.Host, response.Status))
	}
	document, err := io.ReadAll(io.LimitReader(response.Body, maxDocument+1))
	if err != nil {
		return nil, unavailable(err)
	}
	if len(document) > maxDocument {
		return nil, unavailable(fmt.Errorf("%s answered more than %d bytes", request.URL.Host, maxDocument))
	}
	set, err := Parse(document)
	if err != nil {
		return nil, unavailable(err)
	}
	return set, nil
}

func unavailable(cause error) error { return fmt.Errorf("%w: %w", authz.ErrKeysUnavailable, cause) }
