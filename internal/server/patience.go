package server

import (
	"errors"
	"log/slog"
	"net/http"
	"runtime/debug"
	"time"
)

// patience is how long the server waits for a client, step by step. Whoever is slower is not served: a connection that
// waits costs memory, and opening one costs nothing.
type patience struct {
	// header is for the request's header and for a TLS handshake; request for all of the request, from its first byte.
	header, request time.Duration
	// answer is for the request's work and until the client took the answer; idle is between two requests.
	answer, idle time.Duration
}

// patient is the server's. The request's time goes on while an integration works, 29 s at most (API Gateway's own limit), and ends its
// context: what is above that is for a body of 10 MiB over a slow line.
var patient = patience{header: 10 * time.Second, request: 90 * time.Second, answer: 3 * time.Minute, idle: 2 * time.Minute}

// server makes the HTTP server.
func (p patience) server(handler http.Handler, log *slog.Logger) *http.Server {
	return &http.Server{
		Handler:           handler,
		ReadHeaderTimeout: p.header,
		ReadTimeout:       p.request,
		WriteTimeout:      p.answer,
		IdleTimeout:       p.idle,
		MaxHeaderBytes:    headerLimit,
		ConnContext:       watchSpelling,
		ConnState:         nextSpelling,
		// One connection of HTTP/2 carries many requests, whose times are their own: this is about the connection.
		HTTP2:    &http.HTTP2Config{SendPingTimeout: p.header, PingTimeout: p.header, WriteByteTimeout: p.header},
		ErrorLog: slog.NewLogLogger(log.Handler(), slog.LevelInfo),
	}
}

// reporting logs a panic as what it is, an error of this program, and lets it end the connection. Doors answer their own
// panics in their own shape; here is what they leave.
func reporting(log *slog.Logger, next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		defer func() {
			p := recover()
			if p == nil {
				return
			}
			if err, is := p.(error); !is || !errors.Is(err, http.ErrAbortHandler) {
				log.ErrorContext(r.Context(), "panic", "value", p, "stack", string(debug.Stack()))
			}
			panic(http.ErrAbortHandler)
		}()
		next.ServeHTTP(w, r)
	})
}
