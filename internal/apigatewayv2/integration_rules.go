package apigatewayv2

import (
	"maps"
	"net/url"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/apigatewayv2/types"
)

// The versions of the payload that a backend is sent.
const (
	payload1 = "1.0"
	payload2 = "2.0"
)

// Bounds of an integration's timeout, in milliseconds; the greatest is the default.
const (
	leastTimeout    = 50
	greatestTimeout = 30000
)

// The texts about timeouts, payloads, links and mappings are those that deployments on AWS were seen to fail with.
var (
	badTimeout = badRequest("Timeout should be between %d ms and %d ms", leastTimeout, greatestTimeout)
	noMethod   = badRequest("HttpMethod parameter method must be specified for integrationType HTTPPROXY")
	noPayload  = badRequest("PayloadFormatVersion is a required parameter for integration of type AWS_PROXY")
	noLinkID   = badRequest("ConnectionId must be set to vpcLinkId for ConnectionType VPC_LINK")
	badBackend = badRequest("Invalid HTTP endpoint specified for URI")

	integrationMethods = []string{"ANY", "DELETE", "GET", "HEAD", "OPTIONS", "PATCH", "POST", "PUT"}
	// functionURI is a function by its ARN, or the ARN that invokes one; either may hold stage variables.
	functionURI = regexp.MustCompile(`^arn:aws[a-z-]*:(?:lambda:[^:]+:[^:]+:function:\S+|apigateway:[^:]+:lambda:path/+\d{4}-\d{2}-\d{2}/functions/\S+/invocations)$`)
	privateURI  = regexp.MustCompile(`^arn:aws[a-z-]*:(?:elasticloadbalancing|servicediscovery):\S+$`)
	// requestAction and responseAction are the destinations of parameter mappings (the guide's table of them).
	requestAction  = regexp.MustCompile(`^(?:(append|overwrite|remove):(header|querystring)\.(\S+)|overwrite:path)$`)
	responseAction = regexp.MustCompile(`^(?:(append|overwrite|remove):header\.(\S+)|overwrite:statuscode)$`)
	// reservedHeaders cannot be mapped (the guide's list).
	reservedHeaders = regexp.MustCompile(`^(?:access-control-.*|apigw-.*|authorization|connection|content-encoding|content-length|content-location|forwarded|keep-alive|origin|proxy-authenticate|proxy-authorization|te|trailers|transfer-encoding|upgrade|x-amz-.*|x-amzn-.*|x-forwarded-for|x-forwarded-host|x-forwarded-proto|via)$`)
)

// fillIntegration fills in what AWS shows of an integration that says nothing else.
func fillIntegration(i *types.Integration) {
	if i.ConnectionType == "" {
		i.ConnectionType = types.ConnectionTypeInternet
	}
	if i.TimeoutInMillis == nil {
		i.TimeoutInMillis = aws.Int32(greatestTimeout)
	}
	if i.PayloadFormatVersion == nil && (i.IntegrationType == types.IntegrationTypeHttpProxy || i.IntegrationSubtype != nil) {
		i.PayloadFormatVersion = aws.String(payload1)
	}
	if i.IntegrationMethod == nil && i.IntegrationType == types.IntegrationTypeAwsProxy && i.IntegrationSubtype == nil {
		i.IntegrationMethod = aws.String("POST")
	}
}

// checkIntegration holds an integration against AWS's rules for HTTP APIs.
func checkIntegration(i *types.Integration) error {
	if t := aws.ToInt32(i.TimeoutInMillis); t < leastTimeout || t > greatestTimeout {
		return badTimeout
	}
	if i.ConnectionType == types.ConnectionTypeVpcLink && aws.ToString(i.ConnectionId) == "" {
		return noLinkID
	}
	if method := aws.ToString(i.IntegrationMethod); method != "" && !slices.Contains(integrationMethods, method) {
		return badRequest("Invalid HTTP method specified: %s", method)
	}
	var err error
	switch i.IntegrationType {
	case types.IntegrationTypeHttpProxy:
		err = checkHTTPProxy(i)
	case types.IntegrationTypeAwsProxy:
		err = checkAWSProxy(i)
	default:
		return badRequest("Integration type %s is not supported for HTTP APIs. Valid options are AWS_PROXY,HTTP_PROXY", i.IntegrationType)
	}
	if err != nil {
		return err
	}
	if i.IntegrationSubtype == nil { // with a subtype they are the parameters of the service's own operation
		if err := checkRequestParameters(i.RequestParameters); err != nil {
			return err
		}
	}
	return checkResponseParameters(i.ResponseParameters)
}

func checkHTTPProxy(i *types.Integration) error {
	uri := aws.ToString(i.IntegrationUri)
	switch {
	case i.IntegrationSubtype != nil:
		return badRequest("IntegrationSubtype can only be set for integrationType AWS_PROXY")
	case i.IntegrationMethod == nil:
		return noMethod
	case aws.ToString(i.PayloadFormatVersion) == payload2:
		return badRequest("PayloadFormatVersion 2.0 is not supported for integration of type HTTP_PROXY")
	case aws.ToString(i.PayloadFormatVersion) != payload1:
		return badRequest("Unsupported PayloadFormatVersion: %s", aws.ToString(i.PayloadFormatVersion))
	case i.ConnectionType == types.ConnectionTypeVpcLink && privateURI.MatchString(uri):
		return nil
	}
	// Stage variables may stand for any part; what they make of it is seen when it is called.
	base, err := url.Parse(strings.NewReplacer("${", "", "{", "", "}", "").Replace(uri))
	if err != nil || base.Scheme != "http" && base.Scheme != "https" || base.Host == "" {
		return badBackend
	}
	return nil
}

func checkAWSProxy(i *types.Integration) error {
	version := aws.ToString(i.PayloadFormatVersion)
	switch {
	case i.IntegrationSubtype != nil:
		return checkSubtype(i)
	case version == "":
		return noPayload
	case version != payload1 && version != payload2:
		return badRequest("Unsupported PayloadFormatVersion: %s", version)
	case !functionURI.MatchString(aws.ToString(i.IntegrationUri)):
		return badRequest("Invalid function ARN or invalid uri specified: %s", aws.ToString(i.IntegrationUri))
	}
	return nil
}

// subtypes are the operations of AWS services that an HTTP API can call, with the parameters that each must be given
// (the guide's reference of them).
var subtypes = map[string][]string{
	"EventBridge-PutEvents":            {"Detail", "DetailType", "Source"},
	"SQS-SendMessage":                  {"QueueUrl", "MessageBody"},
	"SQS-ReceiveMessage":               {"QueueUrl"},
	"SQS-DeleteMessage":                {"ReceiptHandle", "QueueUrl"},
	"SQS-PurgeQueue":                   {"QueueUrl"},
	"AppConfig-GetConfiguration":       {"Application", "Environment", "Configuration", "ClientId"},
	"Kinesis-PutRecord":                {"StreamName", "Data", "PartitionKey"},
	"StepFunctions-StartExecution":     {"StateMachineArn"},
	"StepFunctions-StartSyncExecution": {"StateMachineArn"},
	"StepFunctions-StopExecution":      {"ExecutionArn"},
}

// checkSubtype checks an integration with an AWS service. It is kept as AWS keeps it; the gateway refuses to call it.
func checkSubtype(i *types.Integration) error {
	name := *i.IntegrationSubtype
	required, known := subtypes[name]
	switch {
	case !known, aws.ToString(i.PayloadFormatVersion) != payload1:
		return badRequest("Operation: %s is not supported.", name)
	case i.CredentialsArn == nil:
		return badRequest("Role ARN must be specified for AWS integration configuration with Subtype: %s", name)
	}
	for _, parameter := range required {
		if _, given := i.RequestParameters[parameter]; !given {
			return badRequest("Operation: %s requires enabling passthrough, or defining all of the following parameters", name).
				Becausef("the parameter %s is missing", parameter)
		}
	}
	return nil
}

func checkRequestParameters(mappings map[string]string) error {
	for _, destination := range slices.Sorted(maps.Keys(mappings)) {
		match := requestAction.FindStringSubmatch(destination)
		if match == nil {
			return badRequest("Invalid Request Actioned Parameter")
		}
		if match[2] == "header" {
			if err := checkMappedHeader(match[3]); err != nil {
				return err
			}
		}
	}
	return nil
}

func checkResponseParameters(byStatus map[string]map[string]string) error {
	for _, status := range slices.Sorted(maps.Keys(byStatus)) {
		if n, err := strconv.Atoi(status); err != nil || n < 200 || n > 599 {
			return badRequest("Status Code %s is not valid", status)
		}
		for _, destination := range slices.Sorted(maps.Keys(byStatus[status])) {
			match := responseAction.FindStringSubmatch(destination)
			if match == nil {
				return badRequest("Invalid Response Actioned Parameter destination specified: %s", destination)
			}
			if match[2] != "" {
				if err := checkMappedHeader(match[2]); err != nil {
					return err
				}
			}
		}
	}
	return nil
}

func checkMappedHeader(name string) error {
	switch {
	case !headerName.MatchString(name):
		return badRequest("Invalid header name specified: %s", name)
	case reservedHeaders.MatchString(strings.ToLower(name)):
		return badRequest("Operations on header %s are restricted", strings.ToLower(name))
	}
	return nil
}
