package apigateway

import (
	"io"

	"github.com/poolgate/poolgate/internal/fault"
)

// Lengths of the ids AWS makes.
const (
	apiIDLength    = 10
	rootIDLength   = 10
	entityIDLength = 6
)

// customIDTag pins an API's id at creation, as the tools for local development expect.
const customIDTag = "_custom_id_"

// customID is what a pinned id may look like: it becomes part of a host name and of a path.
var customID = expression(`^[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?$`)

const idLetters = "abcdefghijklmnopqrstuvwxyz0123456789"

// newID returns n lower-case letters and digits, each as likely as the others.
func (s *Service) newID(n int) (string, error) {
	const even = 256 - 256%len(idLetters) // bytes from here on would favour the first letters
	id := make([]byte, 0, n)
	buffer := make([]byte, 2*n)
	for {
		if _, err := io.ReadFull(s.random, buffer); err != nil {
			return "", fault.Internal(err)
		}
		for _, b := range buffer {
			if int(b) >= even {
				continue
			}
			if id = append(id, idLetters[int(b)%len(idLetters)]); len(id) == n {
				return string(id), nil
			}
		}
	}
}
