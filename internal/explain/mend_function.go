package explain

import (
	"fmt"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"

	"github.com/poolgate/poolgate/authz"
)

// functionName is the last part of a function's ARN, and what follows a colon after it.
func functionName(arn string) string {
	_, name, found := strings.Cut(arn, ":function:")
	if !found {
		return arn
	}
	return name
}

// mendDenied: the authorizer's function said no, or a policy that is remembered does not reach this method.
func (l *look) mendDenied() (steps []string) {
	arn := l.methodARN()
	steps = append(steps, "Let the policy of the authorizer's function "+functionName(l.authorizerFunction())+" allow execute-api:Invoke on "+arn+
		". A policy that is remembered serves every method: end its Resource with the stage and /*.")
	if l.http != nil {
		return append(steps, step("Then drop what the stage remembers", l.aws("apigatewayv2", "reset-authorizers-cache", "--api-id", l.api, "--stage-name", l.stageName())))
	}
	if l.authorizerTTL() > 0 {
		steps = append(steps, step("Then drop what the stage remembers", l.aws("apigateway", "flush-stage-authorizers-cache", "--rest-api-id", l.api, "--stage-name", l.stageName())))
	}
	return steps
}

// authorizerTTL is how long the stage remembers what the authorizer's function answered, in seconds (facts 3.1 and 3.2).
func (l *look) authorizerTTL() int32 {
	if a := l.restAuthorizer(l.deployed.AuthorizerID, false); a != nil {
		if a.AuthorizerResultTtlInSeconds == nil {
			return 300
		}
		return *a.AuthorizerResultTtlInSeconds
	}
	if a := l.httpAuthorizer(l.deployed.AuthorizerID); a != nil {
		return aws.ToInt32(a.AuthorizerResultTtlInSeconds)
	}
	return 0
}

// mendAuthorizer: the authorizer's function may not be called, or is not there.
func (l *look) mendAuthorizer() []string {
	arn := l.authorizerFunction()
	if arn == "" {
		return []string{"The method's authorizer cannot be run: let the method ask one that exists, and deploy."}
	}
	return []string{
		step("Let the API call the authorizer's function", l.addPermission(arn, l.authorizerARN(), "authorizer-"+l.deployed.AuthorizerID)),
		"If there is no function " + functionName(arn) + ", name one that exists in the authorizer, and deploy.",
	}
}

// mendPermission: the integration's function may not be called.
func (l *look) mendPermission() []string {
	arn := l.functionARN()
	if arn == "" {
		return nil
	}
	r := l.deployed
	source := fmt.Sprintf("arn:%s:execute-api:%s:%s:%s/*/*", partitionOf(r.Region), r.Region, r.Account, r.API)
	return []string{step("Let the API call the function", l.addPermission(arn, source, "api-"+r.API))}
}

func (l *look) addPermission(function, source, statement string) string {
	return l.aws("lambda", "add-permission", "--function-name", function, "--statement-id", statement, "--action", "lambda:InvokeFunction",
		"--principal", "apigateway.amazonaws.com", "--source-arn", source)
}

// mendExpression: the token is not of the form that the authorizer of a function asks for.
func (l *look) mendExpression() []string {
	a := l.restAuthorizer(l.deployed.AuthorizerID, true)
	if a == nil {
		return nil
	}
	return []string{
		"Send a value in the header " + l.tokenSource() + " that matches " + quote(aws.ToString(a.IdentityValidationExpression)) + " as a whole.",
		step("Or let the function judge every value", l.editAuthorizer(patch{"replace", "/identityValidationExpression", ""})),
	}
}

// mendFunctionLog: only the function itself tells why.
func (l *look) mendFunctionLog() []string {
	steps := l.generalMends(l.reasonTold())
	if arn := l.authorizerFunction(); arn != "" {
		name, _, _ := strings.Cut(functionName(arn), ":")
		steps = append(steps, step("Its log", l.aws("logs", "filter-log-events", "--log-group-name", "/aws/lambda/"+name, "--limit", "20")))
	}
	return steps
}

// reasonTold is the reason at hand: the gateway's, or the one that the answer shows.
func (l *look) reasonTold() authz.Reason {
	if len(l.evidence.reasons) == 1 {
		return l.evidence.reasons[0]
	}
	if l.deployed.Reason == "" {
		return authz.AuthorizerFailed
	}
	return l.deployed.Reason
}

// mendIntegration: what answers the method cannot be reached.
func (l *look) mendIntegration() []string {
	if l.http != nil {
		return []string{step("Check what the route leads to, and that it answers", l.aws("apigatewayv2", "get-integrations", "--api-id", l.api))}
	}
	_, verb := l.method(l.deployed)
	if verb == "" {
		return nil
	}
	if verb == "ANY" {
		verb = l.c.Request.Method
	}
	return []string{step("Check the integration's address and that it answers; its log says what failed",
		l.aws("apigateway", "test-invoke-method", "--rest-api-id", l.api, "--resource-id", l.deployed.ResourceID, "--http-method", verb, "--path-with-query-string", slashed(l.deployed.Path), "--query", "log", "--output", "text"))}
}
