package apigateway

import (
	"context"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/apigateway"

	"github.com/poolgate/poolgate/internal/fault"
)

// TestInvokeAuthorizer runs an authorizer as it is edited now.
func (s *Service) TestInvokeAuthorizer(ctx context.Context, in *apigateway.TestInvokeAuthorizerInput) (*apigateway.TestInvokeAuthorizerOutput, error) {
	var snapshot *Snapshot
	err := s.look(ctx, in.RestApiId, noAuthorizer, func(e *edit) error {
		if _, err := get(e.tx, &authorizers, e.id, in.AuthorizerId, noAuthorizer); err != nil {
			return err
		}
		var err error
		snapshot, err = takeSnapshot(e.tx, e.id, e.api)
		return err
	})
	if err != nil {
		return nil, err
	}
	if s.tester == nil {
		return nil, noTester("TestInvokeAuthorizer")
	}
	return s.tester.TestAuthorizer(ctx, snapshot, in)
}

// TestInvokeMethod runs a method as it is edited now, without its authorizer.
func (s *Service) TestInvokeMethod(ctx context.Context, in *apigateway.TestInvokeMethodInput) (*apigateway.TestInvokeMethodOutput, error) {
	var snapshot *Snapshot
	err := s.look(ctx, in.RestApiId, noResource, func(e *edit) error {
		resource, err := get(e.tx, &resources, e.id, in.ResourceId, noResource)
		if err != nil {
			return err
		}
		if _, exists := resource.Value.ResourceMethods[aws.ToString(in.HttpMethod)]; !exists {
			return noMethod
		}
		snapshot, err = takeSnapshot(e.tx, e.id, e.api)
		return err
	})
	if err != nil {
		return nil, err
	}
	if s.tester == nil {
		return nil, noTester("TestInvokeMethod")
	}
	return s.tester.TestMethod(ctx, snapshot, in)
}

func noTester(operation string) error {
	return fault.Unimplemented("NotImplementedException", "%s needs a gateway, and this server runs without one", operation)
}
