package server

import (
	"encoding/json"
	"net/http"

	"github.com/poolgate/poolgate/internal/fault"
	"github.com/poolgate/poolgate/internal/lambda"
)

// handler joins guard and doors.
func (p *parts) handler(config Config) http.Handler {
	return reporting(config.Log, endingChunked(newGuard(config, p).protect(http.HandlerFunc(p.route))))
}

// enter finds the door of a request.
func (p *parts) enter(r *http.Request) entry {
	return enter(r, p.apis.Claims, p)
}

func (p *parts) route(w http.ResponseWriter, r *http.Request) {
	switch e := p.enter(r); e.door {
	case doorAWS:
		p.apis.ServeHTTP(w, r)
	case doorGateway:
		p.serveAPI(w, r, e)
	case doorDomain:
		p.serveDomain(w, r, e)
	case doorKeys:
		p.serveKeys(w, r, e)
	case doorLogin:
		p.loginDoor(e).ServeHTTP(w, r)
	case doorS3:
		p.objects.ServeBucket(w, r, e.bucket)
	case doorFunction:
		p.functions.ServeURL(w, r, lambda.URLTarget{ID: e.function, Path: e.rest})
	case doorCode:
		p.functions.ServeCode(w, r, e.rest)
	case doorPoolgate:
		p.ownPages.ServeHTTP(w, r)
	default:
		nobody(w, r)
	}
}

func (p *parts) loginDoor(e entry) http.Handler {
	if e.pathStyle {
		return p.login.PathStyle(pathStyleLogin)
	}
	return p.login.ForDomain(e.region, e.domain)
}

// serveKeys answers with a pool's key set or discovery document, to anyone: browsers of every origin verify tokens with them.
func (p *parts) serveKeys(w http.ResponseWriter, r *http.Request, e entry) {
	header := w.Header()
	header.Set("Access-Control-Allow-Origin", "*")
	header.Set("Content-Type", "application/json")
	if r.Method != http.MethodGet && r.Method != http.MethodHead {
		header.Set("Allow", "GET, HEAD")
		w.WriteHeader(http.StatusMethodNotAllowed)
		return
	}
	document, err := p.pools.JWKS(r.Context(), e.pool)
	if err == nil && e.document == "openid-configuration" {
		document, err = p.pools.Discovery(r.Context(), e.pool, "")
	}
	if err != nil {
		f := fault.From(err)
		w.WriteHeader(f.Kind.Status())
		_ = json.NewEncoder(w).Encode(map[string]string{"message": f.Message})
		return
	}
	header.Set("Cache-Control", "public, max-age=86400")
	_, _ = w.Write(document)
}

// nobody answers what is for none of the doors, and says where they are.
func nobody(w http.ResponseWriter, r *http.Request) {
	const where = "This is poolgate. AWS clients use this address as their endpoint URL; a deployed API is at " +
		"/_aws/execute-api/API/STAGE/…, login pages are at /_aws/cognito-idp/login, health is at /_poolgate/health."
	w.Header().Set("Content-Type", "application/json")
	w.Header().Set("Cache-Control", "no-store")
	w.WriteHeader(http.StatusNotFound)
	if r.Method != http.MethodHead {
		_ = json.NewEncoder(w).Encode(map[string]string{"message": where})
	}
}
