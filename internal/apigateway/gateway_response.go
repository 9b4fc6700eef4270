package apigateway

import (
	"context"
	"maps"
	"slices"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/apigateway"
	"github.com/aws/aws-sdk-go-v2/service/apigateway/types"

	"github.com/poolgate/poolgate/internal/store"
	"github.com/poolgate/poolgate/internal/wire"
)

// PutGatewayResponse sets what the gateway answers in one case. What is left out takes the type's own default, not
// that of its family (recorded section 3).
func (s *Service) PutGatewayResponse(ctx context.Context, in *apigateway.PutGatewayResponseInput) (*apigateway.PutGatewayResponseOutput, error) {
	response := builtinResponse(in.ResponseType)
	response.DefaultResponse = false
	if in.StatusCode != nil {
		response.StatusCode = in.StatusCode
	}
	if in.ResponseParameters != nil {
		response.ResponseParameters = in.ResponseParameters
	}
	if in.ResponseTemplates != nil {
		response.ResponseTemplates = in.ResponseTemplates
	}
	err := s.change(ctx, in.RestApiId, noAPI(wire.CallFrom(ctx), in.RestApiId), func(e *edit) error {
		if err := checkGatewayResponse(response); err != nil {
			return err
		}
		return gatewayResponses.Put(e.tx, e.id, string(in.ResponseType), document(response))
	})
	if err != nil {
		return nil, err
	}
	return answer[apigateway.PutGatewayResponseOutput](response), nil
}

// GetGatewayResponse returns what the gateway answers in one case, set or by default.
func (s *Service) GetGatewayResponse(ctx context.Context, in *apigateway.GetGatewayResponseInput) (*apigateway.GetGatewayResponseOutput, error) {
	var response types.GatewayResponse
	err := s.look(ctx, in.RestApiId, noAPI(wire.CallFrom(ctx), in.RestApiId), func(e *edit) error {
		set, err := responsesSet(e.tx, e.id)
		response = effectiveResponse(set, in.ResponseType)
		return err
	})
	if err != nil {
		return nil, err
	}
	return answer[apigateway.GetGatewayResponseOutput](response), nil
}

// GetGatewayResponses lists all types in alphabetical order, set or not.
func (s *Service) GetGatewayResponses(ctx context.Context, in *apigateway.GetGatewayResponsesInput) (*apigateway.GetGatewayResponsesOutput, error) {
	out := &apigateway.GetGatewayResponsesOutput{}
	err := s.look(ctx, in.RestApiId, noAPI(wire.CallFrom(ctx), in.RestApiId), func(e *edit) error {
		set, err := responsesSet(e.tx, e.id)
		if err != nil {
			return err
		}
		list := make([]types.GatewayResponse, 0, len(builtinStatus))
		for _, kind := range slices.Sorted(maps.Keys(builtinStatus)) {
			list = append(list, effectiveResponse(set, kind))
		}
		out.Items, out.Position, err = page(list, func(r types.GatewayResponse) string { return string(r.ResponseType) }, in.Limit, in.Position)
		return err
	})
	if err != nil {
		return nil, err
	}
	return out, nil
}

// UpdateGatewayResponse patches what the gateway answers in one case; a type never set becomes the user's by it.
func (s *Service) UpdateGatewayResponse(ctx context.Context, in *apigateway.UpdateGatewayResponseInput) (*apigateway.UpdateGatewayResponseOutput, error) {
	var updated types.GatewayResponse
	err := s.change(ctx, in.RestApiId, noAPI(wire.CallFrom(ctx), in.RestApiId), func(e *edit) error {
		set, err := responsesSet(e.tx, e.id)
		if err != nil {
			return err
		}
		response, isSet := set[in.ResponseType]
		if !isSet {
			response = builtinResponse(in.ResponseType)
			response.DefaultResponse = false
		}
		if err := gatewayResponsePatches.apply(&response, in.PatchOperations); err != nil {
			return err
		}
		if err := checkGatewayResponse(response); err != nil {
			return err
		}
		// Emptied maps stay to be seen, unlike those of methods.
		if response.ResponseParameters == nil {
			response.ResponseParameters = map[string]string{}
		}
		if response.ResponseTemplates == nil {
			response.ResponseTemplates = map[string]string{}
		}
		updated = response
		return gatewayResponses.Put(e.tx, e.id, string(in.ResponseType), document(response))
	})
	if err != nil {
		return nil, err
	}
	return answer[apigateway.UpdateGatewayResponseOutput](updated), nil
}

// DeleteGatewayResponse takes back what was set; the default answers again.
func (s *Service) DeleteGatewayResponse(ctx context.Context, in *apigateway.DeleteGatewayResponseInput) (*apigateway.DeleteGatewayResponseOutput, error) {
	err := s.change(ctx, in.RestApiId, noAPI(wire.CallFrom(ctx), in.RestApiId), func(e *edit) error {
		return remove(e.tx, &gatewayResponses, e.id, aws.String(string(in.ResponseType)), noResponseType)
	})
	if err != nil {
		return nil, err
	}
	return &apigateway.DeleteGatewayResponseOutput{}, nil
}

var gatewayResponsePatches = patchTable[types.GatewayResponse]{
	refuse: refusePlainly[types.GatewayResponse],
	rows: []patchRow[types.GatewayResponse]{
		{path: "/statusCode", ops: ops(opReplace), refuse: refusePath, apply: func(r *types.GatewayResponse, p patch) error {
			r.StatusCode = emptyIsNil(p.Value)
			return nil
		}},
		{path: "/responseParameters/{}", ops: ops(opAdd, opReplace, opRemove), apply: func(r *types.GatewayResponse, p patch) error {
			if p.text() == "" && p.Op != opRemove {
				return badRequest("Invalid null or empty value in responseParameters")
			}
			return patchEntry(&r.ResponseParameters, p, p.text(), noParameter)
		}},
		{path: "/responseTemplates/{}", ops: ops(opAdd, opReplace, opRemove), apply: func(r *types.GatewayResponse, p patch) error {
			if p.text() == "" && p.Op != opRemove {
				return badRequest("Invalid null or empty value in responseTemplates")
			}
			return patchEntry(&r.ResponseTemplates, p, p.text(), noContentType)
		}},
	},
}

// responsesSet reads the responses that the user set.
func responsesSet(tx *store.Tx, apiID string) (map[types.GatewayResponseType]types.GatewayResponse, error) {
	list, err := all(tx, &gatewayResponses, apiID)
	set := make(map[types.GatewayResponseType]types.GatewayResponse, len(list))
	for _, response := range list {
		set[response.ResponseType] = response
	}
	return set, err
}

// effectiveResponse is what AWS shows of a type: what was set, else its family's if that was set, else the default.
func effectiveResponse(set map[types.GatewayResponseType]types.GatewayResponse, kind types.GatewayResponseType) types.GatewayResponse {
	if response, isSet := set[kind]; isSet {
		return response
	}
	response := builtinResponse(kind)
	family := types.GatewayResponseTypeDefault4xx
	if strings.HasPrefix(builtinStatus[kind], "5") {
		family = types.GatewayResponseTypeDefault5xx
	}
	if inherited, isSet := set[family]; isSet && builtinStatus[kind] != "" {
		if inherited.StatusCode != nil {
			response.StatusCode = inherited.StatusCode
		}
		response.ResponseParameters, response.ResponseTemplates = inherited.ResponseParameters, inherited.ResponseTemplates
	}
	return response
}

// builtinStatus has the types and the status each answers with by default; the two families have none (fact 1.1).
var builtinStatus = map[types.GatewayResponseType]string{
	types.GatewayResponseTypeAccessDenied:                 "403",
	types.GatewayResponseTypeApiConfigurationError:        "500",
	types.GatewayResponseTypeAuthorizerConfigurationError: "500",
	types.GatewayResponseTypeAuthorizerFailure:            "500",
	types.GatewayResponseTypeBadRequestBody:               "400",
	types.GatewayResponseTypeBadRequestParameters:         "400",
	types.GatewayResponseTypeDefault4xx:                   "",
	types.GatewayResponseTypeDefault5xx:                   "",
	types.GatewayResponseTypeExpiredToken:                 "403",
	types.GatewayResponseTypeIntegrationFailure:           "504",
	types.GatewayResponseTypeIntegrationTimeout:           "504",
	types.GatewayResponseTypeInvalidApiKey:                "403",
	types.GatewayResponseTypeInvalidSignature:             "403",
	types.GatewayResponseTypeMissingAuthenticationToken:   "403",
	types.GatewayResponseTypeQuotaExceeded:                "429",
	types.GatewayResponseTypeRequestTooLarge:              "413",
	types.GatewayResponseTypeResourceNotFound:             "404",
	types.GatewayResponseTypeThrottled:                    "429",
	types.GatewayResponseTypeUnauthorized:                 "401",
	types.GatewayResponseTypeUnsupportedMediaType:         "415",
	types.GatewayResponseTypeWafFiltered:                  "403",
}

// builtinResponse is a type as it is on a fresh API.
func builtinResponse(kind types.GatewayResponseType) types.GatewayResponse {
	return types.GatewayResponse{
		ResponseType: kind, DefaultResponse: true, StatusCode: emptyIsNil(aws.String(builtinStatus[kind])),
		ResponseParameters: map[string]string{},
		ResponseTemplates:  map[string]string{"application/json": `{"message":$context.error.messageString}`},
	}
}

// checkGatewayResponse checks the headers a response sets and the types of its templates.
func checkGatewayResponse(r types.GatewayResponse) error {
	for _, to := range slices.Sorted(maps.Keys(r.ResponseParameters)) {
		if !hasName(to, "gatewayresponse.header.") {
			return invalidMapping("Invalid mapping expression parameter specified: " + to)
		}
		if from := r.ResponseParameters[to]; !isValueExpression(from) && !requestParameter.MatchString(from) {
			return invalidMapping("Invalid mapping expression specified: " + from)
		}
	}
	return checkContentTypes(r.ResponseTemplates)
}
