package server

import "net/http"

// endingChunked ends a connection of HTTP/1 behind every request that came in chunks. Such a request may have told another length too, which
// net/http drops without a word; a proxy in front that believed it would have what follows the last chunk for a body, and here it would be
// read as the next request. RFC 9112, section 6.1, lets a server take such a request if it then closes the connection.
func endingChunked(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.ProtoMajor == 1 && len(r.TransferEncoding) > 0 {
			w.Header().Set("Connection", "close")
		}
		next.ServeHTTP(w, r)
	})
}
