package apigateway

import (
	"context"
	"errors"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/apigateway"
	"github.com/aws/aws-sdk-go-v2/service/apigateway/types"

	"github.com/poolgate/poolgate/internal/entity"
	"github.com/poolgate/poolgate/internal/store"
	"github.com/poolgate/poolgate/internal/wire"
)

// documentationVersion is a version with the parts as they stood when it was made.
type documentationVersion struct {
	Version wire.Document[types.DocumentationVersion]
	Parts   []wire.Document[types.DocumentationPart]
}

// documentationVersions are by version.
var documentationVersions = store.Collection[documentationVersion]{Name: "restapi.documentationversion", Version: 1}

var noDocumentationVersion = notFound("Invalid Documentation version specified")

// CreateDocumentationVersion freezes an API's documentation and, when a stage is named, makes it the stage's.
func (s *Service) CreateDocumentationVersion(ctx context.Context, in *apigateway.CreateDocumentationVersionInput) (*apigateway.CreateDocumentationVersionOutput, error) {
	version := types.DocumentationVersion{Version: in.DocumentationVersion, Description: in.Description, CreatedDate: s.now()}
	err := s.change(ctx, in.RestApiId, noAPI(wire.CallFrom(ctx), in.RestApiId), func(e *edit) error {
		if aws.ToString(in.DocumentationVersion) == "" {
			return badRequest("Documentation version cannot be blank")
		}
		made := &documentationVersion{Version: wire.Document[types.DocumentationVersion]{Value: version}}
		if err := entity.Documents(e.tx, &documentationParts, e.id, &made.Parts); err != nil {
			return err
		}
		if len(made.Parts) == 0 {
			return badRequest("No documentation parts found for this API: there is nothing to publish")
		}
		err := documentationVersions.Insert(e.tx, e.id, *in.DocumentationVersion, made)
		if errors.Is(err, store.ErrExists) {
			return conflict("Documentation version already exists").Because(err)
		}
		if err != nil || in.StageName == nil {
			return err
		}
		stage, err := get(e.tx, &stages, e.id, in.StageName, noStage)
		if err != nil {
			return err
		}
		stage.Value.DocumentationVersion = in.DocumentationVersion
		stage.Value.LastUpdatedDate = s.now()
		return stages.Put(e.tx, e.id, *in.StageName, stage)
	})
	if err != nil {
		return nil, err
	}
	return answer[apigateway.CreateDocumentationVersionOutput](version), nil
}

// GetDocumentationVersion returns one version.
func (s *Service) GetDocumentationVersion(ctx context.Context, in *apigateway.GetDocumentationVersionInput) (*apigateway.GetDocumentationVersionOutput, error) {
	var version types.DocumentationVersion
	err := s.look(ctx, in.RestApiId, noDocumentationVersion, func(e *edit) error {
		found, err := get(e.tx, &documentationVersions, e.id, in.DocumentationVersion, noDocumentationVersion)
		if err == nil {
			version = found.Version.Value
		}
		return err
	})
	if err != nil {
		return nil, err
	}
	return answer[apigateway.GetDocumentationVersionOutput](version), nil
}

// GetDocumentationVersions lists an API's versions by name.
func (s *Service) GetDocumentationVersions(ctx context.Context, in *apigateway.GetDocumentationVersionsInput) (*apigateway.GetDocumentationVersionsOutput, error) {
	out := &apigateway.GetDocumentationVersionsOutput{}
	err := s.look(ctx, in.RestApiId, noAPI(wire.CallFrom(ctx), in.RestApiId), func(e *edit) error {
		found, _, err := documentationVersions.List(e.tx, e.id, store.Page{})
		if err != nil {
			return err
		}
		list := make([]types.DocumentationVersion, len(found))
		for i, f := range found {
			list[i] = f.Value.Version.Value
		}
		out.Items, out.Position, err = page(list, func(v types.DocumentationVersion) string { return *v.Version }, in.Limit, in.Position)
		return err
	})
	if err != nil {
		return nil, err
	}
	return out, nil
}

// UpdateDocumentationVersion changes a version's description.
func (s *Service) UpdateDocumentationVersion(ctx context.Context, in *apigateway.UpdateDocumentationVersionInput) (*apigateway.UpdateDocumentationVersionOutput, error) {
	var updated types.DocumentationVersion
	err := s.change(ctx, in.RestApiId, noDocumentationVersion, func(e *edit) error {
		found, err := get(e.tx, &documentationVersions, e.id, in.DocumentationVersion, noDocumentationVersion)
		if err != nil {
			return err
		}
		if err := documentationVersionPatches.apply(&found.Version.Value, in.PatchOperations); err != nil {
			return err
		}
		updated = found.Version.Value
		return documentationVersions.Put(e.tx, e.id, *in.DocumentationVersion, found)
	})
	if err != nil {
		return nil, err
	}
	return answer[apigateway.UpdateDocumentationVersionOutput](updated), nil
}

var documentationVersionPatches = patchTable[types.DocumentationVersion]{
	refuse: refuseByList[types.DocumentationVersion],
	rows: []patchRow[types.DocumentationVersion]{
		replaceText("/description", func(v *types.DocumentationVersion) **string { return &v.Description }),
	},
}

// DeleteDocumentationVersion deletes a version that no stage publishes.
func (s *Service) DeleteDocumentationVersion(ctx context.Context, in *apigateway.DeleteDocumentationVersionInput) (*apigateway.DeleteDocumentationVersionOutput, error) {
	err := s.change(ctx, in.RestApiId, noDocumentationVersion, func(e *edit) error {
		list, err := all(e.tx, &stages, e.id)
		if err != nil {
			return err
		}
		for _, stage := range list {
			if stage.DocumentationVersion != nil && *stage.DocumentationVersion == aws.ToString(in.DocumentationVersion) {
				return badRequest("Active stages pointing to this documentation version must be moved or deleted")
			}
		}
		return remove(e.tx, &documentationVersions, e.id, in.DocumentationVersion, noDocumentationVersion)
	})
	if err != nil {
		return nil, err
	}
	return &apigateway.DeleteDocumentationVersionOutput{}, nil
}
