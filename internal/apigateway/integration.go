package apigateway

import (
	"context"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/apigateway"
	"github.com/aws/aws-sdk-go-v2/service/apigateway/types"
)

// Defaults of an integration (recorded: test_put_integration_validation).
const (
	defaultTimeoutMillis = 29000
	defaultPassthrough   = "WHEN_NO_MATCH"
)

// PutIntegration says what a method does. A former integration goes with its responses.
func (s *Service) PutIntegration(ctx context.Context, in *apigateway.PutIntegrationInput) (*apigateway.PutIntegrationOutput, error) {
	integration := newIntegration(in)
	err := s.changeMethod(ctx, in.RestApiId, in.ResourceId, in.HttpMethod, noMethod, func(_ *edit, m *types.Method) error {
		if err := checkIntegration(m, integration); err != nil {
			return err
		}
		m.MethodIntegration = integration
		return nil
	})
	if err != nil {
		return nil, err
	}
	return answer[apigateway.PutIntegrationOutput](*integration), nil
}

// newIntegration fills in the defaults AWS shows. The cache namespace is the resource's id unless it is given, and
// only HTTP integrations show how they connect.
func newIntegration(in *apigateway.PutIntegrationInput) *types.Integration {
	i := &types.Integration{
		Type: in.Type, HttpMethod: in.IntegrationHttpMethod, Uri: in.Uri, Credentials: in.Credentials,
		ConnectionType: in.ConnectionType, ConnectionId: in.ConnectionId, IntegrationTarget: in.IntegrationTarget,
		ContentHandling: in.ContentHandling, PassthroughBehavior: in.PassthroughBehavior, TlsConfig: in.TlsConfig,
		RequestParameters: in.RequestParameters, RequestTemplates: in.RequestTemplates,
		CacheNamespace: in.CacheNamespace, CacheKeyParameters: in.CacheKeyParameters,
		ResponseTransferMode: in.ResponseTransferMode, TimeoutInMillis: defaultTimeoutMillis,
	}
	if in.TimeoutInMillis != nil {
		i.TimeoutInMillis = *in.TimeoutInMillis
	}
	if aws.ToString(i.PassthroughBehavior) == "" {
		i.PassthroughBehavior = aws.String(defaultPassthrough)
	}
	if i.CacheNamespace == nil {
		i.CacheNamespace = in.ResourceId
	}
	if i.CacheKeyParameters == nil {
		i.CacheKeyParameters = []string{}
	}
	if i.ConnectionType == "" && isHTTP(i.Type) {
		i.ConnectionType = types.ConnectionTypeInternet
	}
	return i
}

// GetIntegration returns a method's integration with its responses.
func (s *Service) GetIntegration(ctx context.Context, in *apigateway.GetIntegrationInput) (*apigateway.GetIntegrationOutput, error) {
	method, err := s.lookMethod(ctx, in.RestApiId, in.ResourceId, in.HttpMethod, noMethod)
	if err != nil {
		return nil, err
	}
	if method.MethodIntegration == nil {
		return nil, noIntegration
	}
	return answer[apigateway.GetIntegrationOutput](*method.MethodIntegration), nil
}

// UpdateIntegration patches an integration.
func (s *Service) UpdateIntegration(ctx context.Context, in *apigateway.UpdateIntegrationInput) (*apigateway.UpdateIntegrationOutput, error) {
	var updated types.Integration
	err := s.changeMethod(ctx, in.RestApiId, in.ResourceId, in.HttpMethod, noMethod, func(_ *edit, m *types.Method) error {
		if m.MethodIntegration == nil {
			return noIntegration
		}
		if err := integrationPatches.apply(m.MethodIntegration, in.PatchOperations); err != nil {
			return err
		}
		updated = *m.MethodIntegration
		return checkIntegration(m, m.MethodIntegration)
	})
	if err != nil {
		return nil, err
	}
	return answer[apigateway.UpdateIntegrationOutput](updated), nil
}

// DeleteIntegration takes a method's integration away.
func (s *Service) DeleteIntegration(ctx context.Context, in *apigateway.DeleteIntegrationInput) (*apigateway.DeleteIntegrationOutput, error) {
	err := s.changeMethod(ctx, in.RestApiId, in.ResourceId, in.HttpMethod, noMethod, func(_ *edit, m *types.Method) error {
		if m.MethodIntegration == nil {
			return noIntegration
		}
		m.MethodIntegration = nil
		return nil
	})
	if err != nil {
		return nil, err
	}
	return &apigateway.DeleteIntegrationOutput{}, nil
}

var integrationPatches = patchTable[types.Integration]{
	refuse: refusePlainly[types.Integration],
	rows: []patchRow[types.Integration]{
		replaceText("/cacheNamespace", func(i *types.Integration) **string { return &i.CacheNamespace }),
		replaceText("/connectionId", func(i *types.Integration) **string { return &i.ConnectionId }),
		replaceText("/credentials", func(i *types.Integration) **string { return &i.Credentials }),
		replaceText("/httpMethod", func(i *types.Integration) **string { return &i.HttpMethod }),
		replaceText("/integrationTarget", func(i *types.Integration) **string { return &i.IntegrationTarget }),
		replaceText("/passthroughBehavior", func(i *types.Integration) **string { return &i.PassthroughBehavior }),
		replaceText("/uri", func(i *types.Integration) **string { return &i.Uri }),
		replaceWord("/connectionType", "connection type", func(i *types.Integration) *types.ConnectionType { return &i.ConnectionType }),
		replaceWord("/contentHandling", "content handling", func(i *types.Integration) *types.ContentHandlingStrategy { return &i.ContentHandling }),
		replaceWord("/responseTransferMode", "response transfer mode", func(i *types.Integration) *types.ResponseTransferMode { return &i.ResponseTransferMode }),
		{path: "/timeoutInMillis", ops: ops(opReplace), apply: func(i *types.Integration, p patch) (err error) {
			i.TimeoutInMillis, err = patchInt(p, leastTimeoutMillis, defaultTimeoutMillis, badTimeout)
			return err
		}},
		{path: "/tlsConfig/insecureSkipVerification", ops: ops(opReplace), apply: func(i *types.Integration, p patch) error {
			i.TlsConfig = &types.TlsConfig{InsecureSkipVerification: p.flag()}
			return nil
		}},
		{path: "/cacheKeyParameters/{}", ops: ops(opAdd, opReplace, opRemove), apply: func(i *types.Integration, p patch) error {
			i.CacheKeyParameters = patchMember(i.CacheKeyParameters, p, p.key())
			if i.CacheKeyParameters == nil {
				i.CacheKeyParameters = []string{}
			}
			return nil
		}},
		{path: "/requestParameters/{}", ops: ops(opAdd, opReplace, opRemove), apply: func(i *types.Integration, p patch) error {
			return patchEntry(&i.RequestParameters, p, p.text(), noParameter)
		}},
		{path: "/requestTemplates/{}", ops: ops(opAdd, opReplace, opRemove), apply: func(i *types.Integration, p patch) error {
			return patchEntry(&i.RequestTemplates, p, p.text(), noContentType)
		}},
	},
}
