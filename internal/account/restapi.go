package account

import (
	"context"
	"errors"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	sdk "github.com/aws/aws-sdk-go-v2/service/apigateway"
	"github.com/aws/aws-sdk-go-v2/service/apigateway/types"

	"github.com/poolgate/poolgate/internal/apigateway"
)

// RESTAPI reads a REST API by its id; with a stage only that stage is read, else all are. It is nil when there is no such API, and when
// it could not be read at all, which is a gap then.
func (r *Reader) RESTAPI(ctx context.Context, id, stage string) (*RESTAPI, error) {
	if !isID(id) {
		return nil, nil
	}
	api := &RESTAPI{
		Stages: map[string]*apigateway.Published{}, Plans: map[string][]string{}, Deployed: map[string]time.Time{}, WebACL: map[string]string{},
		Deployments: map[string]types.Deployment{}, UsagePlans: map[string]types.UsagePlan{},
	}
	// What tells whether it is one comes first: ids of REST and HTTP APIs look alike, and an account may have 10,000 of them.
	live, absent, err := r.restHead(ctx, id)
	if err != nil || absent {
		return nil, err
	}
	var stages []types.Stage
	var wrongLive, wrongStages, wrongPlans error
	together(
		func() { wrongLive = r.restLive(ctx, id, live) },
		func() { stages, wrongStages = r.restStages(ctx, id, stage) },
		func() { wrongPlans = r.usagePlans(ctx, id, stage, api) },
	)
	if err := errors.Join(wrongLive, wrongStages, wrongPlans); err != nil {
		return nil, err
	}
	if live == nil && len(stages) == 0 {
		return nil, nil
	}
	api.Live = live
	return api, r.restServed(ctx, id, stages, api)
}

// isID tells whether a text can be the id of an API: it becomes part of a path.
func isID(id string) bool {
	return id != "" && len(id) <= 63 && strings.Trim(id, "abcdefghijklmnopqrstuvwxyz0123456789-") == ""
}

// restHead reads the API itself. absent says that the service knows no such API.
func (r *Reader) restHead(ctx context.Context, id string) (*apigateway.Snapshot, bool, error) {
	answer, there, absent, err := ask(ctx, r, r.gateway("GetRestApi", "/restapis/"+id), func(ctx context.Context) (*sdk.GetRestApiOutput, error) {
		out, err := r.rest.GetRestApi(ctx, &sdk.GetRestApiInput{RestApiId: &id})
		return about(out, err, func() *string { return out.Id }, id)
	})
	if !there || err != nil {
		return nil, absent, err
	}
	s := &apigateway.Snapshot{Region: r.config.Region, Account: r.account(ctx)}
	s.API.Value = entityOf[types.RestApi](answer)
	if len(s.API.Value.Tags) == 0 {
		s.API.Value.Tags = nil // one operation shows empty tags, another none
	}
	return s, false, nil
}

// restLive reads what is inside an API as it is edited now.
func (r *Reader) restLive(ctx context.Context, id string, s *apigateway.Snapshot) error {
	if s == nil {
		return nil
	}
	var resources []types.Resource
	var authorizers []types.Authorizer
	var responses []types.GatewayResponse
	var models []types.Model
	var validators []types.RequestValidator
	var wrong [5]error
	limit := aws.Int32(pageSize)
	base := "/restapis/" + id
	together(
		func() {
			resources, wrong[0] = paged(ctx, r, r.gateway("GetResources", base+"/resources"), func(ctx context.Context, at *string) ([]types.Resource, *string, error) {
				out, err := r.rest.GetResources(ctx, &sdk.GetResourcesInput{RestApiId: &id, Embed: []string{"methods"}, Limit: limit, Position: at})
				return items(out, err, func() ([]types.Resource, *string) { return out.Items, out.Position })
			})
		},
		func() {
			authorizers, wrong[1] = paged(ctx, r, r.gateway("GetAuthorizers", base+"/authorizers"), func(ctx context.Context, at *string) ([]types.Authorizer, *string, error) {
				out, err := r.rest.GetAuthorizers(ctx, &sdk.GetAuthorizersInput{RestApiId: &id, Limit: limit, Position: at})
				return items(out, err, func() ([]types.Authorizer, *string) { return out.Items, out.Position })
			})
		},
		func() {
			responses, wrong[2] = paged(ctx, r, r.gateway("GetGatewayResponses", base+"/gatewayresponses"), func(ctx context.Context, at *string) ([]types.GatewayResponse, *string, error) {
				out, err := r.rest.GetGatewayResponses(ctx, &sdk.GetGatewayResponsesInput{RestApiId: &id, Limit: limit, Position: at})
				return items(out, err, func() ([]types.GatewayResponse, *string) { return out.Items, out.Position })
			})
		},
		func() {
			models, wrong[3] = paged(ctx, r, r.gateway("GetModels", base+"/models"), func(ctx context.Context, at *string) ([]types.Model, *string, error) {
				out, err := r.rest.GetModels(ctx, &sdk.GetModelsInput{RestApiId: &id, Limit: limit, Position: at})
				return items(out, err, func() ([]types.Model, *string) { return out.Items, out.Position })
			})
		},
		func() {
			validators, wrong[4] = paged(ctx, r, r.gateway("GetRequestValidators", base+"/requestvalidators"), func(ctx context.Context, at *string) ([]types.RequestValidator, *string, error) {
				out, err := r.rest.GetRequestValidators(ctx, &sdk.GetRequestValidatorsInput{RestApiId: &id, Limit: limit, Position: at})
				return items(out, err, func() ([]types.RequestValidator, *string) { return out.Items, out.Position })
			})
		},
	)
	fill(&s.Resources, resources, func(v types.Resource) string { return aws.ToString(v.Path) })
	fill(&s.Authorizers, authorizers, func(v types.Authorizer) string { return aws.ToString(v.Id) })
	fill(&s.Models, models, func(v types.Model) string { return aws.ToString(v.Name) })
	fill(&s.Validators, validators, func(v types.RequestValidator) string { return aws.ToString(v.Id) })
	fill(&s.GatewayResponses, own(responses), func(v types.GatewayResponse) string { return string(v.ResponseType) })
	return errors.Join(wrong[:]...)
}

// own are the gateway responses that somebody set.
func own(responses []types.GatewayResponse) []types.GatewayResponse {
	var list []types.GatewayResponse
	for _, response := range responses {
		if !response.DefaultResponse {
			list = append(list, response)
		}
	}
	return list
}

// usagePlans reads the plans that the API's stages are in, without their keys.
func (r *Reader) usagePlans(ctx context.Context, id, stage string, api *RESTAPI) error {
	plans, err := paged(ctx, r, r.gateway("GetUsagePlans", "/usageplans"), func(ctx context.Context, at *string) ([]types.UsagePlan, *string, error) {
		out, err := r.rest.GetUsagePlans(ctx, &sdk.GetUsagePlansInput{Limit: aws.Int32(pageSize), Position: at})
		return items(out, err, func() ([]types.UsagePlan, *string) { return out.Items, out.Position })
	})
	for _, plan := range plans {
		for _, in := range plan.ApiStages {
			name := aws.ToString(in.Stage)
			if aws.ToString(in.ApiId) == id && (stage == "" || stage == name) {
				api.Plans[id+":"+name] = append(api.Plans[id+":"+name], aws.ToString(plan.Id))
				api.UsagePlans[aws.ToString(plan.Id)] = plan
			}
		}
	}
	return err
}
