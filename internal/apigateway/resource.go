package apigateway

import (
	"context"
	"slices"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/apigateway"
	"github.com/aws/aws-sdk-go-v2/service/apigateway/types"

	"github.com/poolgate/poolgate/internal/store"
	"github.com/poolgate/poolgate/internal/wire"
)

// CreateResource adds a path segment below a resource.
func (s *Service) CreateResource(ctx context.Context, in *apigateway.CreateResourceInput) (*apigateway.CreateResourceOutput, error) {
	id, err := s.newID(entityIDLength)
	if err != nil {
		return nil, err
	}
	var created types.Resource
	err = s.change(ctx, in.RestApiId, noResource, func(e *edit) error {
		tree, err := loadTree(e.tx, e.id)
		if err != nil {
			return err
		}
		created = types.Resource{Id: &id, ParentId: in.ParentId, PathPart: in.PathPart}
		if err := tree.place(&created); err != nil {
			return err
		}
		return resources.Insert(e.tx, e.id, id, document(created))
	})
	if err != nil {
		return nil, err
	}
	return answer[apigateway.CreateResourceOutput](created), nil
}

// GetResource returns one resource.
func (s *Service) GetResource(ctx context.Context, in *apigateway.GetResourceInput) (*apigateway.GetResourceOutput, error) {
	var resource types.Resource
	err := s.look(ctx, in.RestApiId, noResource, func(e *edit) error {
		found, err := get(e.tx, &resources, e.id, in.ResourceId, noResource)
		if err != nil {
			return err
		}
		resource = embed(found.Value, in.Embed)
		return nil
	})
	if err != nil {
		return nil, err
	}
	return answer[apigateway.GetResourceOutput](resource), nil
}

// GetResources lists resources in the order of their paths (recorded: test_create_proxy_resource).
func (s *Service) GetResources(ctx context.Context, in *apigateway.GetResourcesInput) (*apigateway.GetResourcesOutput, error) {
	out := &apigateway.GetResourcesOutput{}
	err := s.look(ctx, in.RestApiId, noAPI(wire.CallFrom(ctx), in.RestApiId), func(e *edit) error {
		list, err := resourcesByPath(e.tx, e.id)
		if err != nil {
			return err
		}
		out.Items, out.Position, err = page(list, func(r types.Resource) string { return *r.Path }, in.Limit, in.Position)
		for i := range out.Items {
			out.Items[i] = embed(out.Items[i], in.Embed)
		}
		return err
	})
	if err != nil {
		return nil, err
	}
	return out, nil
}

// DeleteResource deletes a resource and all below it.
func (s *Service) DeleteResource(ctx context.Context, in *apigateway.DeleteResourceInput) (*apigateway.DeleteResourceOutput, error) {
	err := s.change(ctx, in.RestApiId, noResource, func(e *edit) error {
		tree, err := loadTree(e.tx, e.id)
		if err != nil {
			return err
		}
		resource := tree[aws.ToString(in.ResourceId)]
		switch {
		case resource == nil:
			return noResource
		case resource.ParentId == nil:
			return badRequest("Root resource cannot be deleted.")
		}
		for _, doomed := range append(tree.below(*resource.Id), resource) {
			if err := resources.Delete(e.tx, e.id, *doomed.Id); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	return &apigateway.DeleteResourceOutput{}, nil
}

// UpdateResource renames a resource or moves it below another; the paths of all below it follow.
func (s *Service) UpdateResource(ctx context.Context, in *apigateway.UpdateResourceInput) (*apigateway.UpdateResourceOutput, error) {
	var updated types.Resource
	err := s.change(ctx, in.RestApiId, noResource, func(e *edit) error {
		tree, err := loadTree(e.tx, e.id)
		if err != nil {
			return err
		}
		resource := tree[aws.ToString(in.ResourceId)]
		if resource == nil {
			return noResource
		}
		if err := resourcePatches.apply(resource, in.PatchOperations); err != nil {
			return err
		}
		if resource.ParentId != nil {
			if err := tree.place(resource); err != nil {
				return err
			}
		}
		updated = embed(*resource, nil)
		for _, moved := range append(tree.below(*resource.Id), resource) {
			if err := resources.Put(e.tx, e.id, *moved.Id, document(*moved)); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	return answer[apigateway.UpdateResourceOutput](updated), nil
}

var resourcePatches = patchTable[types.Resource]{
	refuse: refuseByList[types.Resource],
	rows: []patchRow[types.Resource]{
		{path: "/parentId", ops: ops(opReplace), apply: func(r *types.Resource, p patch) error {
			if r.ParentId == nil {
				return badRequest("Root resource cannot update its parentId.")
			}
			r.ParentId = aws.String(p.text())
			return nil
		}},
		{path: "/pathPart", ops: ops(opReplace), apply: func(r *types.Resource, p patch) error {
			if r.ParentId == nil {
				return badRequest("Root resource cannot update its pathPart.")
			}
			r.PathPart = aws.String(p.text())
			return nil
		}},
	},
}

// embed is the resource as it is shown: with its methods when they are asked for, else with their verbs alone.
func embed(r types.Resource, embedded []string) types.Resource {
	if r.ResourceMethods == nil || slices.Contains(embedded, "methods") {
		return r
	}
	verbs := make(map[string]types.Method, len(r.ResourceMethods))
	for verb := range r.ResourceMethods {
		verbs[verb] = types.Method{}
	}
	r.ResourceMethods = verbs
	return r
}

func resourcesByPath(tx *store.Tx, apiID string) ([]types.Resource, error) {
	list, err := all(tx, &resources, apiID)
	slices.SortFunc(list, func(a, b types.Resource) int { return strings.Compare(*a.Path, *b.Path) })
	return list, err
}
