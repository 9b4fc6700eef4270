package apigateway

import (
	"regexp"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/apigateway/types"

	"github.com/poolgate/poolgate/internal/store"
)

// pathPart is what one segment of a path may be: text, {name} or the greedy {name+}.
var pathPart = regexp.MustCompile(`^(?:[a-zA-Z0-9._:-]+|\{[a-zA-Z0-9._:-]+\+?\})$`)

// resourceTree is an API's resources by id.
type resourceTree map[string]*types.Resource

func loadTree(tx *store.Tx, apiID string) (resourceTree, error) {
	list, err := all(tx, &resources, apiID)
	tree := make(resourceTree, len(list))
	for i := range list {
		tree[*list[i].Id] = &list[i]
	}
	return tree, err
}

// place checks that a resource may stand where it says, and computes its path and the paths of all below it.
func (t resourceTree) place(r *types.Resource) error {
	part := aws.ToString(r.PathPart)
	parent := t[aws.ToString(r.ParentId)]
	switch {
	case parent == nil:
		return noResource
	case !pathPart.MatchString(part):
		return badRequest("Resource's path part only allow a-zA-Z0-9._-: or a valid greedy path variable and curly braces at the beginning and the end.")
	case t.isBelow(parent, *r.Id):
		return badRequest("Resources cannot be cyclical.")
	case isGreedy(parent.PathPart):
		return badRequest("Cannot create a child of a resource with a greedy path variable: %s", *parent.PathPart)
	}
	for _, sibling := range t {
		if aws.ToString(sibling.ParentId) != *parent.Id || *sibling.Id == *r.Id {
			continue
		}
		if *sibling.PathPart == part {
			return conflict("Another resource with the same parent already has this name: %s", part)
		}
		if isVariable(sibling.PathPart) && isVariable(r.PathPart) {
			return badRequest("A sibling (%s) of this resource already has a variable path part -- only one is allowed", *sibling.PathPart)
		}
	}
	below := t.below(*r.Id)
	if len(below) > 0 && isGreedy(r.PathPart) {
		return badRequest("Cannot create a child of a resource with a greedy path variable: %s", part)
	}
	old, now := aws.ToString(r.Path), joinPath(*parent.Path, part)
	r.Path = &now
	for _, d := range below {
		d.Path = aws.String(now + strings.TrimPrefix(*d.Path, old))
	}
	return nil
}

// isBelow tells whether r is the resource with that id or somewhere below it.
func (t resourceTree) isBelow(r *types.Resource, id string) bool {
	for r != nil {
		if *r.Id == id {
			return true
		}
		r = t[aws.ToString(r.ParentId)]
	}
	return false
}

// below returns all resources below the one with that id, in no order.
func (t resourceTree) below(id string) []*types.Resource {
	var list []*types.Resource
	for _, r := range t {
		if *r.Id != id && t.isBelow(r, id) {
			list = append(list, r)
		}
	}
	return list
}

func joinPath(parent, part string) string {
	return strings.TrimSuffix(parent, "/") + "/" + part
}

func isVariable(part *string) bool { return strings.HasPrefix(aws.ToString(part), "{") }

func isGreedy(part *string) bool { return strings.HasSuffix(aws.ToString(part), "+}") }
