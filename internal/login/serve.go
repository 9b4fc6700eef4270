package login

import (
	"errors"
	"fmt"
	"net/http"
	"runtime/debug"
	"slices"
	"strings"

	"github.com/google/uuid"

	"github.com/poolgate/poolgate/internal/cognito"
	"github.com/poolgate/poolgate/internal/fault"
	"github.com/poolgate/poolgate/internal/wire"
)

// exchange is one request and where it arrived.
type exchange struct {
	*http.Request
	place place
	// pool is the domain's pool; empty in path style, where the client id names it.
	pool string
	// csrf is the value of the XSRF-TOKEN cookie, the request's own when it has one.
	csrf string
}

// answer is what an endpoint wants written.
type answer struct {
	status int
	// location is where a redirect goes.
	location    string
	contentType string
	body        []byte
	header      map[string]string
	cookies     []cookie
}

// redirect sends the browser on. AWS answers 302 without a body, also after a POST (fact 5.1).
func redirect(location string, cookies ...cookie) *answer {
	return &answer{status: http.StatusFound, location: location, cookies: cookies}
}

// set adds a header to the answer.
func (a *answer) set(name, value string) *answer {
	if a.header == nil {
		a.header = make(map[string]string, 4)
	}
	a.header[name] = value
	return a
}

// endpoint does the work of one route and method.
type endpoint func(*exchange) (*answer, error)

// face turns an endpoint's error into the answer that its callers understand.
type face func(*exchange, *fault.Error) *answer

// route is what is behind one path.
type route struct {
	methods map[string]endpoint
	face    face
	// cors opens the route to scripts of other origins.
	cors bool
	// asset marks what is the same for everyone: cached, and without cookies.
	asset bool
	// poolless marks what can be answered without knowing the domain's pool.
	poolless bool
}

// routeTable is the route table of the package comment.
func (h *Handler) routeTable() map[string]*route {
	get := func(e endpoint) map[string]endpoint {
		return map[string]endpoint{http.MethodGet: e, http.MethodHead: e}
	}
	getPost := func(g, p endpoint) map[string]endpoint {
		return map[string]endpoint{http.MethodGet: g, http.MethodHead: g, http.MethodPost: p}
	}
	post := func(e endpoint) map[string]endpoint { return map[string]endpoint{http.MethodPost: e} }
	return map[string]*route{
		"/oauth2/authorize": {methods: getPost(h.authorize, h.authorize), face: h.pageFace},
		"/oauth2/token":     {methods: post(h.token), face: jsonFace, cors: true},
		"/oauth2/userInfo":  {methods: getPost(h.userInfo, h.userInfo), face: bearerFace, cors: true},
		"/oauth2/revoke":    {methods: post(h.revoke), face: revokeFace, cors: true},
		"/logout":           {methods: get(h.logout), face: h.pageFace},
		"/login":            {methods: getPost(h.showLogin, h.submitLogin), face: h.pageFace},
		"/changePassword":   {methods: getPost(h.showNewPassword, h.submitNewPassword), face: h.pageFace},
		"/error":            {methods: get(h.showError), face: h.pageFace, poolless: true},
		stylesheetPath:      {methods: get(h.stylesheet), face: h.pageFace, poolless: true, asset: true},

		"/.well-known/openid-configuration": {methods: get(h.discovery), face: jsonFace, cors: true},
		"/.well-known/jwks.json":            {methods: get(h.keys), face: jsonFace, cors: true},
	}
}

// serve is the outermost wrapper: it finds the pool and the route, runs the endpoint, and alone writes the response.
func (h *Handler) serve(w http.ResponseWriter, r *http.Request, p place) {
	r = withCall(r, p)
	x := &exchange{Request: r, place: p, csrf: csrfOf(r)}
	// The escaped path, so that an encoded slash is not another way to the same place.
	path, ok := strings.CutPrefix(r.URL.EscapedPath(), p.prefix)
	rt := h.routes[path]
	if !ok || rt == nil {
		h.write(w, x, h.errorPage(x, http.StatusNotFound, "not_found"), true)
		return
	}
	a := h.run(x, rt)
	if rt.cors {
		a.set("Access-Control-Allow-Origin", "*")
	}
	h.write(w, x, a, rt.asset)
}

// run finds the method's endpoint and turns its error into an answer; a panic is an internal error.
func (h *Handler) run(x *exchange, rt *route) (a *answer) {
	defer func() {
		p := recover()
		if p == nil {
			return
		}
		if err, is := p.(error); is && errors.Is(err, http.ErrAbortHandler) {
			panic(p)
		}
		a = h.refuse(x, rt, fault.Internal(fmt.Errorf("panic: %v\n%s", p, debug.Stack())))
	}()
	if rt.cors && x.Method == http.MethodOptions {
		return preflight(x, rt)
	}
	run := rt.methods[x.Method]
	if run == nil {
		return notAllowed(rt)
	}
	if !rt.poolless {
		if err := h.findPool(x); err != nil {
			return h.refuse(x, rt, err)
		}
	}
	a, err := run(x)
	if err != nil {
		return h.refuse(x, rt, err)
	}
	return a
}

// refuse renders err. The log learns the true cause; the caller does not.
func (h *Handler) refuse(x *exchange, rt *route, err error) *answer {
	e := fault.From(err)
	if e.Kind.Status() >= http.StatusInternalServerError {
		h.log.ErrorContext(x.Context(), "login failed", "path", x.URL.Path, "request", wire.CallFrom(x.Context()).RequestID, "error", e)
	} else {
		h.log.DebugContext(x.Context(), "login refused", "path", x.URL.Path, "request", wire.CallFrom(x.Context()).RequestID, "error", e)
	}
	var back *sentBack
	if errors.As(err, &back) {
		return redirect(back.to.refused(e))
	}
	return rt.face(x, e)
}

// unknownDomain is the error of a host that no pool has as its domain.
const unknownDomain = "unknown_domain"

// findPool learns which pool the domain belongs to.
func (h *Handler) findPool(x *exchange) error {
	if x.place.pathStyle() {
		return nil
	}
	pool, err := h.pools.PoolByDomain(x.Context(), x.place.region, x.place.domain)
	if err != nil {
		if e := fault.From(err); e.Kind == fault.KindNotFound {
			return fault.NotFound(unknownDomain, "").Because(err)
		}
		return err
	}
	x.pool = pool
	return nil
}

// client finds an app client that may be used here: one of the domain's pool, or in path style any.
func (h *Handler) client(x *exchange, id string) (cognito.AppClient, error) {
	if !isClientID(id) {
		return cognito.AppClient{}, fault.NotFound("ResourceNotFoundException", "User pool client does not exist.").Becausef("a client id has other characters")
	}
	client, err := h.pools.OAuthClient(x.Context(), id)
	if err != nil {
		return cognito.AppClient{}, err
	}
	if !x.place.pathStyle() && client.PoolID != x.pool {
		return cognito.AppClient{}, fault.NotFound("ResourceNotFoundException", "User pool client %s does not exist.", id).
			Becausef("the client is of pool %s, the domain of %s", client.PoolID, x.pool)
	}
	return client, nil
}

// isClientID tells whether id has the form that the model gives client ids: [\w+]+, at most 128.
func isClientID(id string) bool {
	if id == "" || len(id) > 128 {
		return false
	}
	for i := 0; i < len(id); i++ {
		switch c := id[i]; {
		case c >= 'a' && c <= 'z', c >= 'A' && c <= 'Z', c >= '0' && c <= '9', c == '_', c == '+':
		default:
			return false
		}
	}
	return true
}

// withCall makes sure that the context carries a call with a request id, for the pools and the log.
func withCall(r *http.Request, p place) *http.Request {
	call := wire.CallFrom(r.Context())
	if call.RequestID == "" {
		call.RequestID = uuid.NewString()
	}
	if call.Service == "" {
		call.Service = "cognito-idp"
	}
	if call.Region == "" {
		call.Region = p.region
	}
	if call.SourceIP == "" {
		call.SourceIP = hostname(r.RemoteAddr)
	}
	return r.WithContext(wire.WithCall(r.Context(), call))
}

// notAllowed answers a method that the route does not have: 405 with an empty body (fact 5.3).
func notAllowed(rt *route) *answer {
	methods := make([]string, 0, len(rt.methods)+1)
	for method := range rt.methods {
		methods = append(methods, method)
	}
	if rt.cors {
		methods = append(methods, http.MethodOptions)
	}
	slices.Sort(methods)
	return (&answer{status: http.StatusMethodNotAllowed}).set("Allow", strings.Join(methods, ", "))
}
