package lambda

import (
	"context"

	"github.com/aws/aws-sdk-go-v2/service/lambda"
	"github.com/aws/aws-sdk-go-v2/service/lambda/types"

	"github.com/poolgate/poolgate/internal/store"
	"github.com/poolgate/poolgate/internal/wire"
)

// UpdateFunctionCode gives a function new code. Processes that run the old one end when they have answered.
func (s *Service) UpdateFunctionCode(ctx context.Context, in *lambda.UpdateFunctionCodeInput) (*lambda.UpdateFunctionCodeOutput, error) {
	r, err := refer(wire.CallFrom(ctx), in.FunctionName, nil)
	if err != nil {
		return nil, err
	}
	if err := s.store.View(ctx, func(tx *store.Tx) error { _, err := s.findFunction(tx, r); return err }); err != nil {
		return nil, err
	}
	code, err := s.fetch(ctx, source{zip: in.ZipFile, bucket: in.S3Bucket, key: in.S3Key, version: in.S3ObjectVersion, image: in.ImageUri})
	if err != nil {
		return nil, err
	}
	var out types.FunctionConfiguration
	err = s.store.Update(ctx, func(tx *store.Tx) error {
		f, err := s.findFunction(tx, r)
		if err != nil {
			return err
		}
		if err := f.Latest.expects(in.RevisionId); err != nil {
			return err
		}
		old := f.Latest.Code
		f.Latest.setCode(code)
		if len(in.Architectures) > 0 {
			f.Latest.Configuration.Value.Architectures = in.Architectures
		}
		s.touch(&f.Latest)
		if out, err = s.shown(&f.Latest, r.with("")); err != nil || in.DryRun {
			return err
		}
		if old != code.sum {
			if err := releaseCode(tx, old, r.plainARN()); err != nil {
				return err
			}
			if err := keepCode(tx, code, r.plainARN()); err != nil {
				return err
			}
		}
		if in.Publish {
			if out, err = s.publishShown(tx, f, r, ""); err != nil {
				return err
			}
		}
		return s.put(tx, f, r, true)
	})
	if err != nil {
		return nil, err
	}
	return answer[lambda.UpdateFunctionCodeOutput](out), nil
}

// UpdateFunctionConfiguration changes what is given and leaves the rest.
func (s *Service) UpdateFunctionConfiguration(ctx context.Context, in *lambda.UpdateFunctionConfigurationInput) (*lambda.UpdateFunctionConfigurationOutput, error) {
	r, err := refer(wire.CallFrom(ctx), in.FunctionName, nil)
	if err != nil {
		return nil, err
	}
	var out types.FunctionConfiguration
	err = s.store.Update(ctx, func(tx *store.Tx) error {
		f, err := s.findFunction(tx, r)
		if err != nil {
			return err
		}
		if err := f.Latest.expects(in.RevisionId); err != nil {
			return err
		}
		err = s.apply(tx, r, &f.Latest, settings{
			description: in.Description, handler: in.Handler, kmsKey: in.KMSKeyArn, role: in.Role, runtime: in.Runtime, timeout: in.Timeout,
			memory: in.MemorySize, environment: in.Environment, layers: in.Layers, deadLetter: in.DeadLetterConfig,
			storage: in.EphemeralStorage, fileSystems: in.FileSystemConfigs, logging: in.LoggingConfig, snapStart: in.SnapStart,
			tracing: in.TracingConfig, vpc: in.VpcConfig,
		})
		if err != nil {
			return err
		}
		s.touch(&f.Latest)
		if out, err = s.shown(&f.Latest, r.with("")); err != nil {
			return err
		}
		return s.put(tx, f, r, true)
	})
	if err != nil {
		return nil, err
	}
	return answer[lambda.UpdateFunctionConfigurationOutput](out), nil
}
