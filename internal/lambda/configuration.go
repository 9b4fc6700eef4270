package lambda

import (
	"encoding/base64"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/lambda/types"
	"github.com/google/uuid"

	"github.com/poolgate/poolgate/internal/store"
)

// What a function has unless its creator says otherwise, and AWS's bounds that the model does not hold.
const (
	defaultTimeout  = 3
	greatestTimeout = 900
	defaultMemory   = 128
	defaultStorage  = 512
	greatestLayers  = 5
	environmentMax  = 4096
)

// reserved are the variables that a function cannot set [D].
var reserved = map[string]bool{
	"_HANDLER": true, "_X_AMZN_TRACE_ID": true, "AWS_DEFAULT_REGION": true, "AWS_REGION": true, "AWS_EXECUTION_ENV": true,
	"AWS_LAMBDA_FUNCTION_NAME": true, "AWS_LAMBDA_FUNCTION_MEMORY_SIZE": true, "AWS_LAMBDA_FUNCTION_VERSION": true,
	"AWS_LAMBDA_INITIALIZATION_TYPE": true, "AWS_LAMBDA_LOG_GROUP_NAME": true, "AWS_LAMBDA_LOG_STREAM_NAME": true,
	"AWS_ACCESS_KEY": true, "AWS_ACCESS_KEY_ID": true, "AWS_SECRET_ACCESS_KEY": true, "AWS_SESSION_TOKEN": true,
	"AWS_LAMBDA_RUNTIME_API": true, "LAMBDA_TASK_ROOT": true, "LAMBDA_RUNTIME_DIR": true,
}

// settings are the parts of a function that both its creation and an update give; nil leaves a part as it is.
type settings struct {
	description, handler, kmsKey, role *string
	runtime                            types.Runtime
	timeout, memory                    *int32
	environment                        *types.Environment
	layers                             []string
	deadLetter                         *types.DeadLetterConfig
	storage                            *types.EphemeralStorage
	fileSystems                        []types.FileSystemConfig
	logging                            *types.LoggingConfig
	snapStart                          *types.SnapStart
	tracing                            *types.TracingConfig
	vpc                                *types.VpcConfig
}

// newRevision is a function's first, with AWS's defaults.
func newRevision(r reference) *revision {
	v := &revision{}
	v.Configuration.Value = types.FunctionConfiguration{
		FunctionName: &r.name, FunctionArn: aws.String(r.plainARN()), Version: aws.String(latest), Description: aws.String(""),
		Timeout: aws.Int32(defaultTimeout), MemorySize: aws.Int32(defaultMemory), PackageType: types.PackageTypeZip,
		Architectures:    []types.Architecture{types.ArchitectureX8664},
		EphemeralStorage: &types.EphemeralStorage{Size: aws.Int32(defaultStorage)},
		TracingConfig:    &types.TracingConfigResponse{Mode: types.TracingModePassThrough},
		SnapStart:        &types.SnapStartResponse{ApplyOn: types.SnapStartApplyOnNone, OptimizationStatus: types.SnapStartOptimizationStatusOff},
		LoggingConfig:    &types.LoggingConfig{LogFormat: types.LogFormatText, LogGroup: aws.String("/aws/lambda/" + r.name)},
		State:            types.StateActive, LastUpdateStatus: types.LastUpdateStatusSuccessful,
	}
	return v
}

// apply checks settings and puts them into a revision.
func (s *Service) apply(tx *store.Tx, r reference, v *revision, in settings) error {
	c := &v.Configuration.Value
	set(&c.Description, in.description)
	set(&c.Handler, in.handler)
	set(&c.KMSKeyArn, in.kmsKey)
	set(&c.Role, in.role)
	set(&c.Timeout, in.timeout)
	set(&c.MemorySize, in.memory)
	set(&c.DeadLetterConfig, in.deadLetter)
	set(&c.EphemeralStorage, in.storage)
	if in.runtime != "" {
		c.Runtime = in.runtime
	}
	if in.fileSystems != nil {
		c.FileSystemConfigs = in.fileSystems
	}
	if *c.Timeout > greatestTimeout {
		return invalid("1 validation error detected: Value '%d' at 'timeout' failed to satisfy constraint: Member must have value less than or equal to %d",
			*c.Timeout, greatestTimeout)
	}
	if in.tracing != nil {
		c.TracingConfig = &types.TracingConfigResponse{Mode: in.tracing.Mode}
	}
	if in.snapStart != nil {
		c.SnapStart = &types.SnapStartResponse{ApplyOn: in.snapStart.ApplyOn, OptimizationStatus: types.SnapStartOptimizationStatusOff}
	}
	if in.vpc != nil {
		c.VpcConfig = &types.VpcConfigResponse{
			SubnetIds: in.vpc.SubnetIds, SecurityGroupIds: in.vpc.SecurityGroupIds, Ipv6AllowedForDualStack: in.vpc.Ipv6AllowedForDualStack,
			VpcId: aws.String(""),
		}
	}
	if in.logging != nil {
		logging, err := withDefaults(*in.logging, r.name)
		if err != nil {
			return err
		}
		c.LoggingConfig = &logging
	}
	if in.layers != nil {
		if err := setLayers(tx, r, c, in.layers); err != nil {
			return err
		}
	}
	return s.setEnvironment(v, in.environment)
}

func set[T any](place **T, value *T) {
	if value != nil {
		*place = value
	}
}

// setEnvironment checks variables and seals them.
func (s *Service) setEnvironment(v *revision, in *types.Environment) error {
	if in == nil {
		return nil
	}
	const unable = "Lambda was unable to configure your environment variables because the environment variables you have provided "
	var taken []string
	for _, name := range slices.Sorted(maps.Keys(in.Variables)) {
		if reserved[name] {
			taken = append(taken, name)
		}
		if strings.Contains(name+in.Variables[name], "\x00") {
			return invalid(unable + "contain null characters.")
		}
	}
	if len(taken) > 0 {
		return invalid(unable+"contains reserved keys that are currently not supported for modification. Reserved keys used in this request: %s",
			strings.Join(taken, ", "))
	}
	text, err := json.Marshal(in.Variables)
	if err != nil {
		return err
	}
	if len(text) > environmentMax {
		return invalid(unable+"exceeded the 4KB limit. String measured: %s", fmt.Sprintf("%d bytes", len(text)))
	}
	v.Environment, err = s.seal(in.Variables)
	return err
}

// setLayers finds the layers that a function names.
func setLayers(tx *store.Tx, r reference, c *types.FunctionConfiguration, arns []string) error {
	if len(arns) > greatestLayers {
		return invalid("Cannot reference more than %d layers.", greatestLayers)
	}
	before := c.Layers
	c.Layers = []types.Layer{}
	seen := map[string]bool{}
	for _, arn := range arns {
		found, err := findLayerVersion(tx, r.place(), arn)
		if err != nil {
			return err
		}
		used := slices.ContainsFunc(before, func(l types.Layer) bool { return aws.ToString(l.Arn) == arn })
		if found.Deleted && !used {
			return invalid("Layer version %s does not exist.", arn)
		}
		if seen[found.name()] {
			return invalid("Two different versions of the same layer are not allowed to be referenced in the same function. %s", arn)
		}
		seen[found.name()] = true
		c.Layers = append(c.Layers, types.Layer{Arn: aws.String(arn), CodeSize: found.Size})
	}
	return nil
}

// touch gives a revision a new id and date.
func (s *Service) touch(v *revision) {
	v.Configuration.Value.RevisionId = aws.String(uuid.NewString())
	v.Configuration.Value.LastModified = aws.String(s.now().Format("2006-01-02T15:04:05.000+0000"))
}

func (v *revision) setCode(c *code) {
	v.Code = c.sum
	v.Configuration.Value.CodeSha256 = aws.String(base64.StdEncoding.EncodeToString(c.digest()))
	v.Configuration.Value.CodeSize = int64(len(c.data))
}

// expects refuses a change that was made for another revision than the one there is.
func (v *revision) expects(id *string) error {
	if id != nil && *id != "" && *id != aws.ToString(v.Configuration.Value.RevisionId) {
		return errStale
	}
	return nil
}
