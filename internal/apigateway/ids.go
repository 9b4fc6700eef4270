package apigateway

import "github.com/poolgate/poolgate/internal/entity"

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

// newID returns n lower-case letters and digits, each as likely as the others.
func (s *Service) newID(n int) (string, error) { return entity.NewID(s.random, n) }
