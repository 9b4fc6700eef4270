package apigatewayv2

import (
	"context"
	"net"
	"net/url"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/apigatewayv2"
	"github.com/aws/aws-sdk-go-v2/service/apigatewayv2/types"

	"github.com/poolgate/poolgate/internal/entity"
	"github.com/poolgate/poolgate/internal/store"
	"github.com/poolgate/poolgate/internal/wire"
)

// GetApi returns one API.
func (s *Service) GetApi(ctx context.Context, in *apigatewayv2.GetApiInput) (*apigatewayv2.GetApiOutput, error) { //nolint:revive // AWS names the operation
	var api types.Api
	err := s.look(ctx, in.ApiId, func(e *edit) error {
		api = s.shown(e.api)
		return nil
	})
	if err != nil {
		return nil, err
	}
	return answer[apigatewayv2.GetApiOutput](api), nil
}

// GetApis lists the caller's APIs in the order of their ids.
func (s *Service) GetApis(ctx context.Context, in *apigatewayv2.GetApisInput) (*apigatewayv2.GetApisOutput, error) {
	size, err := pageSize(in.MaxResults)
	if err != nil {
		return nil, err
	}
	after, err := entity.DecodePosition(in.NextToken, badToken)
	if err != nil {
		return nil, err
	}
	call := wire.CallFrom(ctx)
	out := &apigatewayv2.GetApisOutput{}
	err = s.store.View(ctx, func(tx *store.Tx) error {
		key := store.Key{Index: ownerIndex, Value: owner(call.Account, call.Region)}
		found, more, err := apis.Find(tx, apiScope, key, store.Page{After: after, Limit: size})
		if err != nil {
			return err
		}
		out.Items, out.NextToken = make([]types.Api, len(found)), nil
		for i, f := range found {
			out.Items[i] = s.shown(f.Value)
		}
		if more {
			out.NextToken = entity.EncodePosition(found[len(found)-1].ID)
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	return out, nil
}

// DeleteApi deletes an API and everything inside; its stages are gone at once.
func (s *Service) DeleteApi(ctx context.Context, in *apigatewayv2.DeleteApiInput) (*apigatewayv2.DeleteApiOutput, error) { //nolint:revive // AWS names the operation
	call := wire.CallFrom(ctx)
	id := aws.ToString(in.ApiId)
	err := s.store.Update(ctx, func(tx *store.Tx) error {
		if _, err := findAPI(tx, call, id); err != nil {
			return err
		}
		if err := clearAPI(tx, id); err != nil {
			return err
		}
		tx.Bump(StageTopic(id))
		return apis.Delete(tx, apiScope, id)
	})
	if err != nil {
		return nil, err
	}
	return &apigatewayv2.DeleteApiOutput{}, nil
}

// DeleteCorsConfiguration takes an API's CORS configuration away. Like all settings of the API it needs a deployment.
func (s *Service) DeleteCorsConfiguration(ctx context.Context, in *apigatewayv2.DeleteCorsConfigurationInput) (*apigatewayv2.DeleteCorsConfigurationOutput, error) {
	err := s.change(ctx, in.ApiId, func(e *edit) error {
		e.api.API.Value.CorsConfiguration = nil
		return nil
	})
	if err != nil {
		return nil, err
	}
	return &apigatewayv2.DeleteCorsConfigurationOutput{}, nil
}

// shown is an API as answers show it: with the place where it is reached, and with tags, if only empty ones.
func (s *Service) shown(api *httpAPI) types.Api {
	shown := api.API.Value
	shown.ApiEndpoint = aws.String(s.endpoint(aws.ToString(shown.ApiId), api.Region))
	if shown.Tags == nil {
		shown.Tags = map[string]string{}
	}
	return shown
}

// endpoint is the URL at which an API is reached on this server. A server on the local machine has a host name for
// each API; any other is known by one name only, so that its APIs are told apart by the path.
func (s *Service) endpoint(id, region string) string {
	name := id + ".execute-api." + region
	base, err := url.Parse(s.publicURL)
	if s.publicURL == "" || err != nil || base.Host == "" {
		return "https://" + name + ".amazonaws.com"
	}
	if !isLocal(base.Hostname()) {
		return s.publicURL + "/_aws/execute-api/" + id
	}
	host := name + ".localhost"
	if port := base.Port(); port != "" {
		host = net.JoinHostPort(host, port)
	}
	return base.Scheme + "://" + host
}

// isLocal tells whether a host is this machine.
func isLocal(host string) bool {
	host = strings.ToLower(host)
	ip := net.ParseIP(host)
	return host == "localhost" || strings.HasSuffix(host, ".localhost") || ip != nil && ip.IsLoopback()
}
