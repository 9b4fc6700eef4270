package lambda

import (
	"context"
	"encoding/base64"
	"encoding/hex"
	"errors"
	"regexp"
	"slices"
	"strconv"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/lambda"
	"github.com/aws/aws-sdk-go-v2/service/lambda/types"

	"github.com/poolgate/poolgate/internal/store"
	"github.com/poolgate/poolgate/internal/wire"
)

// layer remembers the number that was published last; numbers are never used again.
type layer struct{ LastVersion int64 }

// layerVersion is one version of a layer. One that was deleted stays, hidden, for the functions that use it, as on AWS.
type layerVersion struct {
	ARN, LayerARN        string
	Version              int64
	Description, License string
	Created              string
	Runtimes             []types.Runtime
	Architectures        []types.Architecture
	Code                 string
	Size                 int64
	Deleted              bool
}

func (l *layerVersion) name() string { return l.LayerARN }

var layerARN = regexp.MustCompile(`^arn:aws[a-zA-Z-]*:lambda:([a-z0-9-]+):(\d{12}):layer:([a-zA-Z0-9-_]+)(?::(\d+))?$`)

// layerReference finds a layer's name by name or ARN.
func layerReference(call wire.Call, name *string) (string, error) {
	text := aws.ToString(name)
	if m := layerARN.FindStringSubmatch(text); m != nil {
		if m[1] != call.Region || m[2] != call.Account {
			return "", notFound("The resource you requested does not exist.")
		}
		return m[3], nil
	}
	if !functionName.MatchString(text) && len(text) > 140 {
		return "", invalid("Invalid layer name: %s", text)
	}
	return text, nil
}

func layerScope(call wire.Call, name string) string { return owner(call.Account, call.Region, name) }

// findLayerVersion finds what a function names, in the function's own account and region; deleted or not.
func findLayerVersion(tx *store.Tx, place, arn string) (*layerVersion, error) {
	missing := invalid("Layer version %s does not exist.", arn)
	m := layerARN.FindStringSubmatch(arn)
	if m == nil || m[4] == "" || m[2]+"/"+m[1] != place {
		return nil, missing
	}
	return get(tx, &layerVersions, place+"/"+m[3], versionID(m[4]), missing)
}

// PublishLayerVersion stores an archive as a layer's next version.
func (s *Service) PublishLayerVersion(ctx context.Context, in *lambda.PublishLayerVersionInput) (*lambda.PublishLayerVersionOutput, error) {
	call := wire.CallFrom(ctx)
	name, err := layerReference(call, in.LayerName)
	if err != nil {
		return nil, err
	}
	from := source{}
	if in.Content != nil {
		from = source{zip: in.Content.ZipFile, bucket: in.Content.S3Bucket, key: in.Content.S3Key, version: in.Content.S3ObjectVersion}
	}
	code, err := s.fetch(ctx, from)
	if err != nil {
		return nil, err
	}
	arn := "arn:aws:lambda:" + call.Region + ":" + call.Account + ":layer:" + name
	v := &layerVersion{
		LayerARN: arn, Description: aws.ToString(in.Description), License: aws.ToString(in.LicenseInfo),
		Created: s.now().Format("2006-01-02T15:04:05.000+0000"), Runtimes: in.CompatibleRuntimes, Architectures: in.CompatibleArchitectures,
		Code: code.sum, Size: int64(len(code.data)),
	}
	err = s.store.Update(ctx, func(tx *store.Tx) error {
		l, err := layers.Get(tx, call.Account+"/"+call.Region, name)
		if errors.Is(err, store.ErrNotFound) {
			l, err = &layer{}, nil
		}
		if err != nil {
			return err
		}
		l.LastVersion++
		v.Version = l.LastVersion
		v.ARN = arn + ":" + strconv.FormatInt(v.Version, 10)
		if err := keepCode(tx, code, v.ARN); err != nil {
			return err
		}
		if err := layers.Put(tx, call.Account+"/"+call.Region, name, l); err != nil {
			return err
		}
		return layerVersions.Insert(tx, layerScope(call, name), versionID(strconv.FormatInt(v.Version, 10)), v)
	})
	if err != nil {
		return nil, err
	}
	shown := s.shownLayer(v)
	return &lambda.PublishLayerVersionOutput{
		CompatibleArchitectures: shown.CompatibleArchitectures, CompatibleRuntimes: shown.CompatibleRuntimes, Content: shown.Content,
		CreatedDate: shown.CreatedDate, Description: shown.Description, LayerArn: shown.LayerArn, LayerVersionArn: shown.LayerVersionArn,
		LicenseInfo: shown.LicenseInfo, Version: shown.Version,
	}, nil
}

func (s *Service) shownLayer(l *layerVersion) *lambda.GetLayerVersionOutput {
	out := &lambda.GetLayerVersionOutput{
		CompatibleArchitectures: l.Architectures, CompatibleRuntimes: l.Runtimes, CreatedDate: &l.Created, Description: &l.Description,
		LayerArn: &l.LayerARN, LayerVersionArn: &l.ARN, Version: l.Version,
		Content: &types.LayerVersionContentOutput{CodeSize: l.Size, Location: s.codeURL(l.Code)},
	}
	if sum, err := hex.DecodeString(l.Code); err == nil {
		out.Content.CodeSha256 = aws.String(base64.StdEncoding.EncodeToString(sum))
	}
	if l.License != "" {
		out.LicenseInfo = &l.License
	}
	return out
}

// GetLayerVersion returns one version of a layer.
func (s *Service) GetLayerVersion(ctx context.Context, in *lambda.GetLayerVersionInput) (*lambda.GetLayerVersionOutput, error) {
	call := wire.CallFrom(ctx)
	name, err := layerReference(call, in.LayerName)
	if err != nil {
		return nil, err
	}
	return s.layerVersion(ctx, layerScope(call, name), strconv.FormatInt(aws.ToInt64(in.VersionNumber), 10))
}

// GetLayerVersionByArn returns one version of a layer by its ARN.
func (s *Service) GetLayerVersionByArn(ctx context.Context, in *lambda.GetLayerVersionByArnInput) (*lambda.GetLayerVersionByArnOutput, error) {
	call := wire.CallFrom(ctx)
	m := layerARN.FindStringSubmatch(aws.ToString(in.Arn))
	if m == nil || m[4] == "" || m[1] != call.Region || m[2] != call.Account {
		return nil, notFound("The resource you requested does not exist.")
	}
	out, err := s.layerVersion(ctx, layerScope(call, m[3]), m[4])
	if err != nil {
		return nil, err
	}
	return &lambda.GetLayerVersionByArnOutput{
		CompatibleArchitectures: out.CompatibleArchitectures, CompatibleRuntimes: out.CompatibleRuntimes, Content: out.Content,
		CreatedDate: out.CreatedDate, Description: out.Description, LayerArn: out.LayerArn, LayerVersionArn: out.LayerVersionArn,
		LicenseInfo: out.LicenseInfo, Version: out.Version,
	}, nil
}

func (s *Service) layerVersion(ctx context.Context, scope, version string) (*lambda.GetLayerVersionOutput, error) {
	var out *lambda.GetLayerVersionOutput
	err := s.store.View(ctx, func(tx *store.Tx) error {
		v, err := get(tx, &layerVersions, scope, versionID(version), notFound("The resource you requested does not exist."))
		if err != nil {
			return err
		}
		if v.Deleted {
			return notFound("The resource you requested does not exist.")
		}
		out = s.shownLayer(v)
		return nil
	})
	return out, err
}

// ListLayerVersions lists a layer's versions, newest first.
func (s *Service) ListLayerVersions(ctx context.Context, in *lambda.ListLayerVersionsInput) (*lambda.ListLayerVersionsOutput, error) {
	call := wire.CallFrom(ctx)
	name, err := layerReference(call, in.LayerName)
	if err != nil {
		return nil, err
	}
	out := &lambda.ListLayerVersionsOutput{}
	err = s.store.View(ctx, func(tx *store.Tx) error {
		list, err := liveVersions(tx, layerScope(call, name), in.CompatibleRuntime)
		if err != nil {
			return err
		}
		out.LayerVersions, out.NextMarker, err = page(list, in.Marker, in.MaxItems, 50)
		return err
	})
	if err != nil {
		return nil, err
	}
	return out, nil
}

func liveVersions(tx *store.Tx, scope string, runtime types.Runtime) ([]types.LayerVersionsListItem, error) {
	found, _, err := layerVersions.List(tx, scope, store.Page{})
	if err != nil {
		return nil, err
	}
	list := []types.LayerVersionsListItem{}
	for _, f := range slices.Backward(found) {
		v := f.Value
		if v.Deleted || runtime != "" && !slices.Contains(v.Runtimes, runtime) {
			continue
		}
		item := types.LayerVersionsListItem{
			CompatibleArchitectures: v.Architectures, CompatibleRuntimes: v.Runtimes, CreatedDate: &v.Created, Description: &v.Description,
			LayerVersionArn: &v.ARN, Version: v.Version,
		}
		if v.License != "" {
			item.LicenseInfo = &v.License
		}
		list = append(list, item)
	}
	return list, nil
}

// ListLayers lists the caller's layers, each with its newest version.
func (s *Service) ListLayers(ctx context.Context, in *lambda.ListLayersInput) (*lambda.ListLayersOutput, error) {
	call := wire.CallFrom(ctx)
	out := &lambda.ListLayersOutput{}
	err := s.store.View(ctx, func(tx *store.Tx) error {
		found, _, err := layers.List(tx, call.Account+"/"+call.Region, store.Page{})
		if err != nil {
			return err
		}
		list := []types.LayersListItem{}
		for _, l := range found {
			versions, err := liveVersions(tx, layerScope(call, l.ID), in.CompatibleRuntime)
			if err != nil {
				return err
			}
			if len(versions) == 0 {
				continue
			}
			list = append(list, types.LayersListItem{
				LayerName: &l.ID, LayerArn: aws.String("arn:aws:lambda:" + call.Region + ":" + call.Account + ":layer:" + l.ID),
				LatestMatchingVersion: &versions[0],
			})
		}
		out.Layers, out.NextMarker, err = page(list, in.Marker, in.MaxItems, 50)
		return err
	})
	if err != nil {
		return nil, err
	}
	return out, nil
}

// DeleteLayerVersion hides a version; functions that use it go on. One that is not there is deleted too, as on AWS.
func (s *Service) DeleteLayerVersion(ctx context.Context, in *lambda.DeleteLayerVersionInput) (*lambda.DeleteLayerVersionOutput, error) {
	call := wire.CallFrom(ctx)
	name, err := layerReference(call, in.LayerName)
	if err != nil {
		return nil, err
	}
	err = s.store.Update(ctx, func(tx *store.Tx) error {
		id := versionID(strconv.FormatInt(aws.ToInt64(in.VersionNumber), 10))
		v, err := layerVersions.Get(tx, layerScope(call, name), id)
		if errors.Is(err, store.ErrNotFound) {
			return nil
		}
		if err != nil {
			return err
		}
		v.Deleted = true
		return layerVersions.Put(tx, layerScope(call, name), id, v)
	})
	if err != nil {
		return nil, err
	}
	return &lambda.DeleteLayerVersionOutput{}, nil
}
