package apigateway

import (
	"context"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/apigateway"
	"github.com/aws/aws-sdk-go-v2/service/apigateway/types"

	"github.com/poolgate/poolgate/internal/wire"
)

var noSDKType = notFound("Invalid SDK type identifier specified")

// sdkTypes are the SDKs that AWS generates, and what each asks (the parameters of GetSdk, AWS's API reference).
var sdkTypes = []types.SdkType{
	sdkType("android", "Android", "SDK for applications on Android, built with Maven",
		property("groupId", "Group ID", "Maven group ID of the SDK", true),
		property("artifactId", "Artifact ID", "Maven artifact ID of the SDK", true),
		property("artifactVersion", "Artifact version", "Maven version of the SDK", true),
		property("invokerPackage", "Invoker package", "Java package of the generated classes", true)),
	sdkType("java", "Java SDK", "SDK for Java",
		property("serviceName", "Service name", "Name of the generated service interface", true),
		property("javaPackageName", "Java package name", "Java package of the generated classes", true),
		property("javaBuildSystem", "Java build system", "Build system of the generated project: maven or gradle", false),
		property("javaGroupId", "Java group ID", "Group ID of the generated project", false),
		property("javaArtifactId", "Java artifact ID", "Artifact ID of the generated project", false),
		property("javaArtifactVersion", "Java artifact version", "Version of the generated project", false)),
	sdkType("javascript", "JavaScript", "SDK for JavaScript in browsers"),
	sdkType("objectivec", "iOS (Objective-C)", "SDK for applications on iOS in Objective-C",
		property("classPrefix", "Prefix", "Prefix of the generated classes", true)),
	sdkType("ruby", "Ruby", "SDK for Ruby",
		property("service.name", "Service name", "Name of the generated service class", true)),
	sdkType("swift", "iOS (Swift)", "SDK for applications on iOS in Swift",
		property("classPrefix", "Prefix", "Prefix of the generated classes", true)),
}

func sdkType(id, name, description string, properties ...types.SdkConfigurationProperty) types.SdkType {
	return types.SdkType{Id: &id, FriendlyName: &name, Description: &description, ConfigurationProperties: properties}
}

func property(name, friendly, description string, required bool) types.SdkConfigurationProperty {
	return types.SdkConfigurationProperty{Name: &name, FriendlyName: &friendly, Description: &description, Required: required}
}

// GetSdkTypes lists the SDKs that AWS generates.
func (s *Service) GetSdkTypes(_ context.Context, in *apigateway.GetSdkTypesInput) (*apigateway.GetSdkTypesOutput, error) {
	list, _, err := page(sdkTypes, func(t types.SdkType) string { return *t.Id }, in.Limit, in.Position)
	if err != nil {
		return nil, err
	}
	return &apigateway.GetSdkTypesOutput{Items: list}, nil
}

// GetSdkType returns one of them.
func (s *Service) GetSdkType(_ context.Context, in *apigateway.GetSdkTypeInput) (*apigateway.GetSdkTypeOutput, error) {
	for _, t := range sdkTypes {
		if *t.Id == aws.ToString(in.Id) {
			return answer[apigateway.GetSdkTypeOutput](t), nil
		}
	}
	return nil, noSDKType
}

// GetSdk refuses: poolgate generates no client code. What a call could have wrong is told first, as on AWS.
func (s *Service) GetSdk(ctx context.Context, in *apigateway.GetSdkInput) (*apigateway.GetSdkOutput, error) {
	kind, err := s.GetSdkType(ctx, &apigateway.GetSdkTypeInput{Id: in.SdkType})
	if err != nil {
		return nil, err
	}
	err = s.look(ctx, in.RestApiId, noAPI(wire.CallFrom(ctx), in.RestApiId), func(e *edit) error {
		_, err := get(e.tx, &stages, e.id, in.StageName, noStage)
		return err
	})
	if err != nil {
		return nil, err
	}
	for _, p := range kind.ConfigurationProperties {
		if p.Required && in.Parameters[*p.Name] == "" {
			return nil, badRequest("Missing required parameter: %s", *p.Name)
		}
	}
	return nil, badRequest("SDK generation is not available: export the API with GetExport and generate a client of type %s from it", *in.SdkType)
}
