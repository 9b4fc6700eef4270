package s3

import (
	"io"
	"net/http"
	"time"
)

// perPiece is how long a client may take for each megabyte, to send it or to take it. Who is slower is hung up on; but a large
// object over a line of ordinary speed may take longer than any other request.
const perPiece = 90 * time.Second

// moreTime gives the client time for another piece. A connection without deadlines needs none.
func (x *exchange) moreTime() {
	client, until := http.NewResponseController(x.w), time.Now().Add(perPiece)
	_ = client.SetReadDeadline(until)
	_ = client.SetWriteDeadline(until)
}

// unhurried is what is sent to a client that gets more time whenever it has taken a piece.
type unhurried struct {
	io.Reader
	extend func()
	sent   int
}

// Read implements io.Reader.
func (u *unhurried) Read(p []byte) (int, error) {
	n, err := u.Reader.Read(p)
	if u.sent += n; u.sent >= pieceBytes {
		u.sent = 0
		u.extend()
	}
	return n, err
}
