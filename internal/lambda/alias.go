package lambda

import (
	"context"
	"errors"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/lambda"
	"github.com/aws/aws-sdk-go-v2/service/lambda/types"
	"github.com/google/uuid"

	"github.com/poolgate/poolgate/internal/store"
	"github.com/poolgate/poolgate/internal/wire"
)

func noAlias(r reference, name *string) error {
	return notFound("Cannot find alias arn: %s", r.with(aws.ToString(name)).arn())
}

// CreateAlias gives a version a name.
func (s *Service) CreateAlias(ctx context.Context, in *lambda.CreateAliasInput) (*lambda.CreateAliasOutput, error) {
	var out types.AliasConfiguration
	err := s.change(ctx, in.FunctionName, nil, func(tx *store.Tx, f *function, r reference) error {
		out = types.AliasConfiguration{
			Name: in.Name, AliasArn: aws.String(r.with(aws.ToString(in.Name)).arn()), FunctionVersion: in.FunctionVersion,
			Description: aws.String(aws.ToString(in.Description)), RoutingConfig: routing(in.RoutingConfig), RevisionId: aws.String(uuid.NewString()),
		}
		if err := s.checkAlias(tx, f, r, &out); err != nil {
			return err
		}
		err := aliases.Insert(tx, r.owner(), *in.Name, &wire.Document[types.AliasConfiguration]{Value: out})
		if errors.Is(err, store.ErrExists) {
			return conflict("Alias already exists: %s", *out.AliasArn)
		}
		return err
	})
	if err != nil {
		return nil, err
	}
	return answer[lambda.CreateAliasOutput](out), nil
}

// routing leaves out a configuration without weights, as AWS does.
func routing(c *types.AliasRoutingConfiguration) *types.AliasRoutingConfiguration {
	if c == nil || len(c.AdditionalVersionWeights) == 0 {
		return nil
	}
	return c
}

// checkAlias holds an alias against the versions there are.
func (s *Service) checkAlias(tx *store.Tx, f *function, r reference, a *types.AliasConfiguration) error {
	version := aws.ToString(a.FunctionVersion)
	if version != latest && !isVersion(version) {
		return invalid("Function version must be $LATEST or a number: %s", version)
	}
	if _, err := s.findRevision(tx, f, r.with(version)); err != nil {
		return err
	}
	if a.RoutingConfig == nil {
		return nil
	}
	if len(a.RoutingConfig.AdditionalVersionWeights) > 1 {
		return invalid("Number of items in AdditionalVersionWeights cannot be greater than 1")
	}
	for other, weight := range a.RoutingConfig.AdditionalVersionWeights {
		switch {
		case version == latest || other == latest:
			return invalid("$LATEST is not supported for an alias pointing to more than 1 version")
		case other == version:
			return invalid("Invalid function version %s. Function version %s is already included in routing configuration.", other, other)
		case weight < 0 || weight > 1:
			return invalid("The weight must be a number between 0 and 1.")
		}
		if _, err := s.findRevision(tx, f, r.with(other)); err != nil {
			return err
		}
	}
	return nil
}

// UpdateAlias points an alias elsewhere; what is not given stays.
func (s *Service) UpdateAlias(ctx context.Context, in *lambda.UpdateAliasInput) (*lambda.UpdateAliasOutput, error) {
	var out types.AliasConfiguration
	err := s.change(ctx, in.FunctionName, nil, func(tx *store.Tx, f *function, r reference) error {
		found, err := aliases.Get(tx, r.owner(), *in.Name)
		if errors.Is(err, store.ErrNotFound) {
			return noAlias(r, in.Name)
		}
		if err != nil {
			return err
		}
		out = found.Value
		if id := aws.ToString(in.RevisionId); id != "" && id != aws.ToString(out.RevisionId) {
			return errStale
		}
		set(&out.Description, in.Description)
		set(&out.FunctionVersion, in.FunctionVersion)
		if in.RoutingConfig != nil {
			out.RoutingConfig = routing(in.RoutingConfig)
		}
		out.RevisionId = aws.String(uuid.NewString())
		if err := s.checkAlias(tx, f, r, &out); err != nil {
			return err
		}
		return aliases.Put(tx, r.owner(), *in.Name, &wire.Document[types.AliasConfiguration]{Value: out})
	})
	if err != nil {
		return nil, err
	}
	return answer[lambda.UpdateAliasOutput](out), nil
}

// GetAlias returns an alias.
func (s *Service) GetAlias(ctx context.Context, in *lambda.GetAliasInput) (*lambda.GetAliasOutput, error) {
	var out types.AliasConfiguration
	err := s.look(ctx, in.FunctionName, nil, func(tx *store.Tx, _ *function, r reference) error {
		found, err := aliases.Get(tx, r.owner(), *in.Name)
		if errors.Is(err, store.ErrNotFound) {
			return noAlias(r, in.Name)
		}
		if err == nil {
			out = found.Value
		}
		return err
	})
	if err != nil {
		return nil, err
	}
	return answer[lambda.GetAliasOutput](out), nil
}

// ListAliases lists a function's aliases by name, or those that point to one version.
func (s *Service) ListAliases(ctx context.Context, in *lambda.ListAliasesInput) (*lambda.ListAliasesOutput, error) {
	out := &lambda.ListAliasesOutput{}
	err := s.look(ctx, in.FunctionName, nil, func(tx *store.Tx, _ *function, r reference) error {
		found, _, err := aliases.List(tx, r.owner(), store.Page{})
		if err != nil {
			return err
		}
		list := []types.AliasConfiguration{}
		for _, a := range found {
			if in.FunctionVersion == nil || *in.FunctionVersion == aws.ToString(a.Value.Value.FunctionVersion) {
				list = append(list, a.Value.Value)
			}
		}
		out.Aliases, out.NextMarker, err = page(list, in.Marker, in.MaxItems, 50)
		return err
	})
	if err != nil {
		return nil, err
	}
	return out, nil
}

// DeleteAlias deletes an alias with its permissions and settings. One that is not there is deleted too, as on AWS.
func (s *Service) DeleteAlias(ctx context.Context, in *lambda.DeleteAliasInput) (*lambda.DeleteAliasOutput, error) {
	err := s.change(ctx, in.FunctionName, nil, func(tx *store.Tx, f *function, r reference) error {
		delete(f.Policies, *in.Name)
		delete(f.EventInvoke, *in.Name)
		delete(f.URLs, *in.Name)
		if err := aliases.Delete(tx, r.owner(), *in.Name); err != nil && !errors.Is(err, store.ErrNotFound) {
			return err
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	return &lambda.DeleteAliasOutput{}, nil
}
