package lambda

import (
	"context"
	"errors"
	"strconv"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/lambda"
	"github.com/aws/aws-sdk-go-v2/service/lambda/types"

	"github.com/poolgate/poolgate/internal/fault"
	"github.com/poolgate/poolgate/internal/store"
)

// get returns the document, or missing when there is none.
func get[T any](tx *store.Tx, c *store.Collection[T], scope, id string, missing *fault.Error) (*T, error) {
	value, err := c.Get(tx, scope, id)
	if errors.Is(err, store.ErrNotFound) {
		return nil, missing
	}
	return value, err
}

// PublishVersion freezes the function as it is now. Without a change since the last version it is that version again.
func (s *Service) PublishVersion(ctx context.Context, in *lambda.PublishVersionInput) (*lambda.PublishVersionOutput, error) {
	var out types.FunctionConfiguration
	err := s.change(ctx, in.FunctionName, nil, func(tx *store.Tx, f *function, r reference) error {
		if err := f.Latest.expects(in.RevisionId); err != nil {
			return err
		}
		if sum := aws.ToString(in.CodeSha256); sum != "" && sum != aws.ToString(f.Latest.Configuration.Value.CodeSha256) {
			return invalid("CodeSHA256 (%s) is different from current CodeSHA256 in $LATEST (%s). Please try again with the CodeSHA256 in $LATEST.",
				sum, aws.ToString(f.Latest.Configuration.Value.CodeSha256))
		}
		var err error
		out, err = s.publishShown(tx, f, r, aws.ToString(in.Description))
		return err
	})
	if err != nil {
		return nil, err
	}
	return answer[lambda.PublishVersionOutput](out), nil
}

// publishShown is publish for the operations that answer with what was published.
func (s *Service) publishShown(tx *store.Tx, f *function, r reference, description string) (types.FunctionConfiguration, error) {
	published, err := s.publish(tx, f, r, description)
	if err != nil {
		return types.FunctionConfiguration{}, err
	}
	return s.shown(published, r.with(*published.Configuration.Value.Version))
}

// publish stores the latest as the next version, and changes f, which the caller stores.
func (s *Service) publish(tx *store.Tx, f *function, r reference, description string) (*revision, error) {
	if f.LastVersion > 0 {
		last, err := versions.Get(tx, r.owner(), versionID(strconv.FormatInt(f.LastVersion, 10)))
		if err != nil && !errors.Is(err, store.ErrNotFound) {
			return nil, err
		}
		if err == nil && s.alike(last, &f.Latest, description) {
			return last, nil
		}
	}
	f.LastVersion++
	number := strconv.FormatInt(f.LastVersion, 10)
	v := f.Latest
	c := &v.Configuration.Value
	c.Version = &number
	if description != "" {
		c.Description = &description
	}
	s.touch(&v)
	// The version is as old as what it froze.
	c.LastModified = f.Latest.Configuration.Value.LastModified
	if err := useCode(tx, v.Code, r.with(number).arn()); err != nil {
		return nil, err
	}
	return &v, versions.Insert(tx, r.owner(), versionID(number), &v)
}

// alike tells whether a version is still what the latest is.
func (s *Service) alike(v, l *revision, description string) bool {
	a, b := v.Configuration.Value, l.Configuration.Value
	if description != "" && description != aws.ToString(a.Description) {
		return false
	}
	return v.Code == l.Code && aws.ToString(a.LastModified) == aws.ToString(b.LastModified)
}

// published lists a function's versions, oldest first.
func (s *Service) published(tx *store.Tx, r reference) ([]types.FunctionConfiguration, error) {
	found, _, err := versions.List(tx, r.owner(), store.Page{})
	if err != nil {
		return nil, err
	}
	list := make([]types.FunctionConfiguration, 0, len(found))
	for _, v := range found {
		shown, err := s.shown(v.Value, r.with(*v.Value.Configuration.Value.Version))
		if err != nil {
			return nil, err
		}
		list = append(list, shown)
	}
	return list, nil
}

// ListVersionsByFunction lists the latest and then the versions.
func (s *Service) ListVersionsByFunction(ctx context.Context, in *lambda.ListVersionsByFunctionInput) (*lambda.ListVersionsByFunctionOutput, error) {
	out := &lambda.ListVersionsByFunctionOutput{}
	err := s.look(ctx, in.FunctionName, nil, func(tx *store.Tx, f *function, r reference) error {
		list := []types.FunctionConfiguration{}
		first, err := s.shown(&f.Latest, r.with(latest))
		if err != nil {
			return err
		}
		rest, err := s.published(tx, r)
		if err != nil {
			return err
		}
		list = append(append(list, first), rest...)
		out.Versions, out.NextMarker, err = page(list, in.Marker, in.MaxItems, 50)
		return err
	})
	if err != nil {
		return nil, err
	}
	return out, nil
}

// page cuts a page out of a list that only grows at its end: the marker is where the next one begins.
func page[T any](list []T, marker *string, asked *int32, most int) ([]T, *string, error) {
	start := 0
	if text := aws.ToString(marker); text != "" {
		n, err := strconv.Atoi(text)
		if err != nil || n < 0 || n > len(list) {
			return nil, nil, invalid("Invalid pagination token")
		}
		start = n
	}
	end := start + pageSize(asked, most)
	if end >= len(list) {
		return list[start:], nil, nil
	}
	return list[start:end], aws.String(strconv.Itoa(end)), nil
}

// deleteVersion deletes one version that no alias points to.
func (s *Service) deleteVersion(tx *store.Tx, f *function, r reference) error {
	if r.qualifier == latest {
		return invalid("$LATEST version cannot be deleted without deleting the function.")
	}
	if !isVersion(r.qualifier) {
		return invalid("Deletion of aliases is not currently supported.")
	}
	v, err := versions.Get(tx, r.owner(), versionID(r.qualifier))
	if errors.Is(err, store.ErrNotFound) {
		return nil // as on AWS, a version that is gone can be deleted again
	}
	if err != nil {
		return err
	}
	found, _, err := aliases.List(tx, r.owner(), store.Page{})
	if err != nil {
		return err
	}
	for _, alias := range found {
		a := alias.Value.Value
		if aws.ToString(a.FunctionVersion) == r.qualifier || a.RoutingConfig != nil && a.RoutingConfig.AdditionalVersionWeights[r.qualifier] > 0 {
			return conflict("Unable to delete version because the following aliases reference it: [%s]", alias.ID)
		}
	}
	if err := releaseCode(tx, v.Code, r.arn()); err != nil {
		return err
	}
	delete(f.Policies, r.qualifier)
	delete(f.EventInvoke, r.qualifier)
	if err := versions.Delete(tx, r.owner(), versionID(r.qualifier)); err != nil {
		return err
	}
	return s.put(tx, f, r, true)
}
