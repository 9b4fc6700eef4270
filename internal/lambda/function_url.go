package lambda

import (
	"context"
	"crypto/sha256"
	"encoding/base32"
	"maps"
	"net/url"
	"slices"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/lambda"
	"github.com/aws/aws-sdk-go-v2/service/lambda/types"

	"github.com/poolgate/poolgate/internal/store"
	"github.com/poolgate/poolgate/internal/wire"
)

// urlID is the name of a function's address. It has the form of AWS's, and is always the same for the same function.
func urlID(r reference) string {
	sum := sha256.Sum256([]byte(r.arn()))
	return strings.ToLower(base32.StdEncoding.WithPadding(base32.NoPadding).EncodeToString(sum[:20]))
}

// byURL is the index of functions by the names of their addresses.
const byURL = "url"

func (f *function) urlKeys() []store.Key {
	var keys []store.Key
	for _, document := range f.URLs {
		if r, ok := parseARN(aws.ToString(document.Value.FunctionArn)); ok {
			keys = append(keys, store.Key{Index: byURL, Value: urlID(r)})
		}
	}
	return keys
}

// urlOf is where a function answers: at this server, by its scheme and port, or as on AWS where it knows neither.
func (s *Service) urlOf(r reference) string {
	base, err := url.Parse(s.publicURL)
	if err != nil || base.Host == "" {
		return "https://" + urlID(r) + ".lambda-url." + r.region + ".on.aws/"
	}
	host := urlID(r) + ".lambda-url." + r.region + ".localhost"
	if port := base.Port(); port != "" {
		host += ":" + port
	}
	return base.Scheme + "://" + host + "/"
}

// shownURL is an address as it is now: the port may be another one than when it was made.
func (s *Service) shownURL(c types.FunctionUrlConfig) types.FunctionUrlConfig {
	if r, ok := parseARN(aws.ToString(c.FunctionArn)); ok {
		c.FunctionUrl = aws.String(s.urlOf(r))
	}
	return c
}

func noURL() error { return notFound("The resource you requested does not exist.") }

// CreateFunctionUrlConfig gives a function an address.
func (s *Service) CreateFunctionUrlConfig(ctx context.Context, in *lambda.CreateFunctionUrlConfigInput) (*lambda.CreateFunctionUrlConfigOutput, error) { //nolint:revive // AWS's name
	var out types.FunctionUrlConfig
	err := s.change(ctx, in.FunctionName, in.Qualifier, func(tx *store.Tx, f *function, r reference) error {
		if r.qualifier == latest || isVersion(r.qualifier) {
			return invalid("1 validation error detected: Value '%s' at 'qualifier' failed to satisfy constraint: Member must satisfy regular expression"+
				` pattern: ((?!^\d+$)^[0-9a-zA-Z-_]+$)`, r.qualifier)
		}
		if _, err := s.findRevision(tx, f, r); err != nil {
			return err
		}
		if _, known := f.URLs[r.qualifier]; known {
			return conflict("Failed to create function url config for [functionArn = %s]. Error message:  FunctionUrlConfig exists for this Lambda function", r.arn())
		}
		now := s.now().Format("2006-01-02T15:04:05.000000000Z")
		out = types.FunctionUrlConfig{
			AuthType: in.AuthType, Cors: in.Cors, InvokeMode: in.InvokeMode, CreationTime: &now, LastModifiedTime: &now,
			FunctionArn: aws.String(r.arn()), FunctionUrl: aws.String(s.urlOf(r)),
		}
		if out.InvokeMode == "" {
			out.InvokeMode = types.InvokeModeBuffered
		}
		f.keepURL(r, out)
		return nil
	})
	if err != nil {
		return nil, err
	}
	return &lambda.CreateFunctionUrlConfigOutput{
		AuthType: out.AuthType, Cors: out.Cors, CreationTime: out.CreationTime, FunctionArn: out.FunctionArn, FunctionUrl: out.FunctionUrl,
		InvokeMode: out.InvokeMode,
	}, nil
}

func (f *function) keepURL(r reference, c types.FunctionUrlConfig) {
	if f.URLs == nil {
		f.URLs = map[string]wire.Document[types.FunctionUrlConfig]{}
	}
	f.URLs[r.qualifier] = wire.Document[types.FunctionUrlConfig]{Value: c}
}

// UpdateFunctionUrlConfig changes what is given of it.
func (s *Service) UpdateFunctionUrlConfig(ctx context.Context, in *lambda.UpdateFunctionUrlConfigInput) (*lambda.UpdateFunctionUrlConfigOutput, error) { //nolint:revive // AWS's name
	var out types.FunctionUrlConfig
	err := s.change(ctx, in.FunctionName, in.Qualifier, func(_ *store.Tx, f *function, r reference) error {
		found, known := f.URLs[r.qualifier]
		if !known {
			return noURL()
		}
		out = s.shownURL(found.Value)
		set(&out.Cors, in.Cors)
		if in.AuthType != "" {
			out.AuthType = in.AuthType
		}
		if in.InvokeMode != "" {
			out.InvokeMode = in.InvokeMode
		}
		out.LastModifiedTime = aws.String(s.now().Format("2006-01-02T15:04:05.000000000Z"))
		f.keepURL(r, out)
		return nil
	})
	if err != nil {
		return nil, err
	}
	return answer[lambda.UpdateFunctionUrlConfigOutput](out), nil
}

// GetFunctionUrlConfig returns it.
func (s *Service) GetFunctionUrlConfig(ctx context.Context, in *lambda.GetFunctionUrlConfigInput) (*lambda.GetFunctionUrlConfigOutput, error) { //nolint:revive // AWS's name
	var out types.FunctionUrlConfig
	err := s.look(ctx, in.FunctionName, in.Qualifier, func(_ *store.Tx, f *function, r reference) error {
		found, known := f.URLs[r.qualifier]
		if !known {
			return noURL()
		}
		out = s.shownURL(found.Value)
		return nil
	})
	if err != nil {
		return nil, err
	}
	return answer[lambda.GetFunctionUrlConfigOutput](out), nil
}

// DeleteFunctionUrlConfig takes the address away.
func (s *Service) DeleteFunctionUrlConfig(ctx context.Context, in *lambda.DeleteFunctionUrlConfigInput) (*lambda.DeleteFunctionUrlConfigOutput, error) { //nolint:revive // AWS's name
	err := s.change(ctx, in.FunctionName, in.Qualifier, func(_ *store.Tx, f *function, r reference) error {
		if _, known := f.URLs[r.qualifier]; !known {
			return noURL()
		}
		delete(f.URLs, r.qualifier)
		return nil
	})
	if err != nil {
		return nil, err
	}
	return &lambda.DeleteFunctionUrlConfigOutput{}, nil
}

// ListFunctionUrlConfigs lists those of the function and its aliases.
func (s *Service) ListFunctionUrlConfigs(ctx context.Context, in *lambda.ListFunctionUrlConfigsInput) (*lambda.ListFunctionUrlConfigsOutput, error) { //nolint:revive // AWS's name
	out := &lambda.ListFunctionUrlConfigsOutput{}
	err := s.look(ctx, in.FunctionName, nil, func(_ *store.Tx, f *function, _ reference) (err error) {
		list := []types.FunctionUrlConfig{}
		for _, qualifier := range slices.Sorted(maps.Keys(f.URLs)) {
			list = append(list, s.shownURL(f.URLs[qualifier].Value))
		}
		out.FunctionUrlConfigs, out.NextMarker, err = page(list, in.Marker, in.MaxItems, 50)
		return err
	})
	if err != nil {
		return nil, err
	}
	return out, nil
}
