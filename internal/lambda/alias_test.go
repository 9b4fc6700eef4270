package lambda

import (
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/lambda"
	"github.com/aws/aws-sdk-go-v2/service/lambda/types"
)

func TestAnAliasStandsForAVersion(t *testing.T) {
	l := newLab(t)
	l.node("f", `exports.handler = async (e, c) => c.invokedFunctionArn`, func(in *lambda.CreateFunctionInput) { in.Publish = true })
	ok(l.UpdateFunctionCode(l.ctx(), &lambda.UpdateFunctionCodeInput{
		FunctionName: aws.String("f"), ZipFile: archive(t, map[string]string{"index.js": `exports.handler = async () => 2`}), Publish: true,
	}))(t)
	in := &lambda.CreateAliasInput{FunctionName: aws.String("f"), Name: aws.String("live"), FunctionVersion: aws.String("1")}
	created := ok(l.CreateAlias(l.ctx(), in))(t)
	if aws.ToString(created.AliasArn) != testARN+"f:live" {
		t.Errorf("%s", aws.ToString(created.AliasArn))
	}
	refused(l.CreateAlias(l.ctx(), in))(t, "ResourceConflictException", "Alias already exists: "+testARN+"f:live")
	if out := l.invoke("f:live", `{}`, `"`+testARN+`f:live"`); aws.ToString(out.ExecutedVersion) != "1" {
		t.Errorf("executed %s", aws.ToString(out.ExecutedVersion))
	}
	refused(l.DeleteFunction(l.ctx(), &lambda.DeleteFunctionInput{FunctionName: aws.String("f"), Qualifier: aws.String("1")}))(t,
		"ResourceConflictException", "Unable to delete version because the following aliases reference it: [live]")
	ok(l.UpdateAlias(l.ctx(), &lambda.UpdateAliasInput{FunctionName: aws.String("f"), Name: aws.String("live"), FunctionVersion: aws.String("2")}))(t)
	l.invoke("f:live", `{}`, `2`)

	// All the weight on the other version.
	ok(l.UpdateAlias(l.ctx(), &lambda.UpdateAliasInput{FunctionName: aws.String("f"), Name: aws.String("live"),
		RoutingConfig: &types.AliasRoutingConfiguration{AdditionalVersionWeights: map[string]float64{"1": 1}}}))(t)
	l.invoke("f:live", `{}`, `"`+testARN+`f:live"`)

	if list := ok(l.ListAliases(l.ctx(), &lambda.ListAliasesInput{FunctionName: aws.String("f"), FunctionVersion: aws.String("1")}))(t); len(list.Aliases) != 0 {
		t.Errorf("%d aliases of version 1", len(list.Aliases))
	}
	ok(l.DeleteAlias(l.ctx(), &lambda.DeleteAliasInput{FunctionName: aws.String("f"), Name: aws.String("live")}))(t)
	refused(l.GetAlias(l.ctx(), &lambda.GetAliasInput{FunctionName: aws.String("f"), Name: aws.String("live")}))(t,
		"ResourceNotFoundException", "Cannot find alias arn: "+testARN+"f:live")
	refused(l.Invoke(l.ctx(), &lambda.InvokeInput{FunctionName: aws.String("f:live")}))(t, "ResourceNotFoundException", "Function not found: "+testARN+"f:live")
}

func TestAliasesThatCannotBe(t *testing.T) {
	l := newLab(t)
	l.node("f", ``, func(in *lambda.CreateFunctionInput) { in.Publish = true })
	create := func(version string, weights map[string]float64) (*lambda.CreateAliasOutput, error) {
		return l.CreateAlias(l.ctx(), &lambda.CreateAliasInput{FunctionName: aws.String("f"), Name: aws.String("a"), FunctionVersion: &version,
			RoutingConfig: &types.AliasRoutingConfiguration{AdditionalVersionWeights: weights}})
	}
	refused(create("7", nil))(t, "ResourceNotFoundException", "Function not found: "+testARN+"f:7")
	refused(create("$LATEST", map[string]float64{"1": 0.5}))(t, "InvalidParameterValueException", "$LATEST is not supported for an alias pointing to more than 1 version")
	refused(create("1", map[string]float64{"2": 0.5, "3": 0.1}))(t, "InvalidParameterValueException", "Number of items in AdditionalVersionWeights cannot be greater than 1")
}
