package wire

import (
	"context"
	"net/http"
	"time"
)

type clientKey struct{}

// withClient lets what runs under a context ask for more time with the client.
func withClient(ctx context.Context, w http.ResponseWriter) context.Context {
	return context.WithValue(ctx, clientKey{}, http.NewResponseController(w))
}

// MoreTime lets an operation that may take long, as a function's invocation does, go on for that long from now: the server
// hangs up on requests that take longer than most need. It does nothing where no client is connected.
func MoreTime(ctx context.Context, long time.Duration) {
	if client, connected := ctx.Value(clientKey{}).(*http.ResponseController); connected {
		Extend(client, long)
	}
}

// Extend gives a connection that long from now, to read from it and to write to it.
func Extend(client *http.ResponseController, long time.Duration) {
	until := time.Now().Add(long)
	// A connection without deadlines needs no more time.
	_ = client.SetReadDeadline(until)
	_ = client.SetWriteDeadline(until)
}
