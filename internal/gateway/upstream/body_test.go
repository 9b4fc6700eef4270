package upstream_test

import (
	"errors"
	"io"
	"net/http"
	"strings"
	"testing"
	"testing/iotest"

	"github.com/poolgate/poolgate/internal/gateway/upstream"
)

func TestWhatKeepsABodyFromBeingReadIsTold(t *testing.T) {
	chunks := errors.New("malformed chunked encoding")
	for _, tt := range []struct {
		name string
		body io.Reader
		want error
	}{
		{"a whole body", strings.NewReader("abcd"), nil},
		{"a body that is too long", strings.NewReader("abcde"), upstream.ErrTooLarge},
		{"a body whose chunks are broken", io.MultiReader(strings.NewReader("ab"), iotest.ErrReader(chunks)), upstream.ErrBodyBroken},
		{"a body that breaks off", iotest.ErrReader(io.ErrUnexpectedEOF), upstream.ErrBodyBroken},
		{"a body that was closed before its end", iotest.ErrReader(http.ErrBodyReadAfterClose), http.ErrBodyReadAfterClose},
		{"a body that another limit ends", iotest.ErrReader(&http.MaxBytesError{Limit: 1}), nil},
	} {
		t.Run(tt.name, func(t *testing.T) {
			_, err := io.ReadAll(&upstream.LimitedBody{ReadCloser: io.NopCloser(tt.body), Left: 4})
			if tt.want != nil && !errors.Is(err, tt.want) || tt.want == nil && err != nil && !upstream.IsTooLarge(err) {
				t.Error(err)
			}
			if errors.Is(err, upstream.ErrBodyBroken) != (tt.want == upstream.ErrBodyBroken) {
				t.Errorf("taken for a broken body: %v", err)
			}
		})
	}
}
