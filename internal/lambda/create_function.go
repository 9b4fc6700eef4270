package lambda

import (
	"context"
	"errors"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/lambda"
	"github.com/aws/aws-sdk-go-v2/service/lambda/types"

	"github.com/poolgate/poolgate/internal/store"
	"github.com/poolgate/poolgate/internal/wire"
)

// CreateFunction stores a function with its code. It is Active at once: there is nothing to wait for.
func (s *Service) CreateFunction(ctx context.Context, in *lambda.CreateFunctionInput) (*lambda.CreateFunctionOutput, error) {
	r, err := refer(wire.CallFrom(ctx), in.FunctionName, nil)
	if err != nil {
		return nil, err
	}
	if in.PackageType == types.PackageTypeImage {
		return nil, invalid("poolgate runs no container images: send the code as a zip archive")
	}
	if in.Runtime == "" || aws.ToString(in.Handler) == "" {
		return nil, invalid("Runtime and Handler are mandatory parameters for functions created with deployment packages.")
	}
	from := source{}
	if in.Code != nil {
		from = source{zip: in.Code.ZipFile, bucket: in.Code.S3Bucket, key: in.Code.S3Key, version: in.Code.S3ObjectVersion, image: in.Code.ImageUri}
	}
	code, err := s.fetch(ctx, from)
	if err != nil {
		return nil, err
	}
	var out types.FunctionConfiguration
	err = s.store.Update(ctx, func(tx *store.Tx) error {
		f := &function{Account: r.account, Region: r.region, Tags: in.Tags, Latest: *newRevision(r)}
		if _, err := functions.Get(tx, r.place(), r.name); !errors.Is(err, store.ErrNotFound) {
			if err != nil {
				return err
			}
			return conflict("Function already exist: %s", r.name)
		}
		if len(in.Architectures) > 0 {
			f.Latest.Configuration.Value.Architectures = in.Architectures
		}
		err := s.apply(tx, r, &f.Latest, settings{
			description: in.Description, handler: in.Handler, kmsKey: in.KMSKeyArn, role: in.Role, runtime: in.Runtime, timeout: in.Timeout,
			memory: in.MemorySize, environment: in.Environment, layers: in.Layers, deadLetter: in.DeadLetterConfig,
			storage: in.EphemeralStorage, fileSystems: in.FileSystemConfigs, logging: in.LoggingConfig, snapStart: in.SnapStart,
			tracing: in.TracingConfig, vpc: in.VpcConfig,
		})
		if err != nil {
			return err
		}
		f.Latest.setCode(code)
		s.touch(&f.Latest)
		if err := keepCode(tx, code, r.plainARN()); err != nil {
			return err
		}
		if out, err = s.shown(&f.Latest, r.with("")); err != nil {
			return err
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
	return answer[lambda.CreateFunctionOutput](out), nil
}
