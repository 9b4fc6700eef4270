package apigatewayv2

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strconv"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/apigatewayv2"
	"github.com/aws/aws-sdk-go-v2/service/apigatewayv2/types"

	"github.com/poolgate/poolgate/internal/entity"
	"github.com/poolgate/poolgate/internal/store"
	"github.com/poolgate/poolgate/internal/wire"
)

// routingRules are kept and shown; requests are not routed by them. Their scope holds the name that API Gateway gave the
// domain, so that a domain that is made anew does not find the rules of the one before.
var routingRules = store.Collection[wire.Document[types.RoutingRule]]{Name: "httpapi.routingrule", Version: 1}

const (
	greatestHeaderMatches   = 2 // conditions on headers of one rule
	greatestBasePathMatches = 1
	greatestRules           = 50 // of one domain
)

func (s *Service) ruleScope(ctx context.Context, name *string) (string, error) {
	domain, err := s.domain(ctx, name)
	if err != nil {
		return "", err
	}
	return *domain.DomainName + "/" + aws.ToString(domain.DomainNameConfigurations[0].ApiGatewayDomainName), nil
}

// CreateRoutingRule makes a routing rule of a domain.
func (s *Service) CreateRoutingRule(ctx context.Context, in *apigatewayv2.CreateRoutingRuleInput) (*apigatewayv2.CreateRoutingRuleOutput, error) {
	id, err := s.newID(entityIDLength)
	if err != nil {
		return nil, err
	}
	rule := types.RoutingRule{RoutingRuleId: &id, Actions: in.Actions, Conditions: in.Conditions, Priority: in.Priority}
	if err := s.putRule(ctx, in.DomainName, &rule); err != nil {
		return nil, err
	}
	return answer[apigatewayv2.CreateRoutingRuleOutput](rule), nil
}

// PutRoutingRule makes or replaces the rule with that id.
func (s *Service) PutRoutingRule(ctx context.Context, in *apigatewayv2.PutRoutingRuleInput) (*apigatewayv2.PutRoutingRuleOutput, error) {
	rule := types.RoutingRule{RoutingRuleId: in.RoutingRuleId, Actions: in.Actions, Conditions: in.Conditions, Priority: in.Priority}
	if err := s.putRule(ctx, in.DomainName, &rule); err != nil {
		return nil, err
	}
	return answer[apigatewayv2.PutRoutingRuleOutput](rule), nil
}

// putRule checks a rule against those of its domain and stores it.
func (s *Service) putRule(ctx context.Context, domain *string, rule *types.RoutingRule) error {
	if err := checkRule(rule); err != nil {
		return err
	}
	scope, err := s.ruleScope(ctx, domain)
	if err != nil {
		return err
	}
	call := wire.CallFrom(ctx)
	rule.RoutingRuleArn = aws.String(fmt.Sprintf("arn:aws:apigateway:%s:%s:/domainnames/%s/routingrules/%s", call.Region, call.Account, *domain, *rule.RoutingRuleId))
	return s.store.Update(ctx, func(tx *store.Tx) error {
		list, err := entity.All(tx, &routingRules, scope)
		if err != nil {
			return err
		}
		list = slices.DeleteFunc(list, func(other types.RoutingRule) bool { return *other.RoutingRuleId == *rule.RoutingRuleId })
		if len(list) >= greatestRules {
			return badRequest("A domain name has at most %d routing rules", greatestRules)
		}
		for _, other := range list {
			if *other.Priority == *rule.Priority {
				return conflict("A routing rule with priority %d already exists for this domain name", *rule.Priority)
			}
		}
		return routingRules.Put(tx, scope, *rule.RoutingRuleId, entity.Document(*rule))
	})
}

// checkRule holds a rule against the guide: one action, that invokes an API; at most one condition on base paths and two
// on headers, and none that says nothing or two things.
func checkRule(rule *types.RoutingRule) error {
	if len(rule.Actions) != 1 || rule.Actions[0].InvokeApi == nil {
		return badRequest("A routing rule has exactly one action, invokeApi")
	}
	paths, headers := 0, 0
	for _, condition := range rule.Conditions {
		switch {
		case (condition.MatchBasePaths == nil) == (condition.MatchHeaders == nil):
			return badRequest("A condition of a routing rule is either matchBasePaths or matchHeaders")
		case condition.MatchBasePaths != nil:
			paths++
		default:
			headers++
		}
	}
	if paths > greatestBasePathMatches || headers > greatestHeaderMatches {
		return badRequest("A routing rule has at most %d matchBasePaths and %d matchHeaders conditions", greatestBasePathMatches, greatestHeaderMatches)
	}
	return nil
}

// GetRoutingRule returns one rule.
func (s *Service) GetRoutingRule(ctx context.Context, in *apigatewayv2.GetRoutingRuleInput) (*apigatewayv2.GetRoutingRuleOutput, error) {
	scope, err := s.ruleScope(ctx, in.DomainName)
	if err != nil {
		return nil, err
	}
	var rule types.RoutingRule
	err = s.store.View(ctx, func(tx *store.Tx) error {
		found, err := entity.Get(tx, &routingRules, scope, in.RoutingRuleId, noRoutingRule)
		if err == nil {
			rule = found.Value
		}
		return err
	})
	if err != nil {
		return nil, err
	}
	return answer[apigatewayv2.GetRoutingRuleOutput](rule), nil
}

// ListRoutingRules lists a domain's rules in the order of their priorities.
func (s *Service) ListRoutingRules(ctx context.Context, in *apigatewayv2.ListRoutingRulesInput) (*apigatewayv2.ListRoutingRulesOutput, error) {
	scope, err := s.ruleScope(ctx, in.DomainName)
	if err != nil {
		return nil, err
	}
	out := &apigatewayv2.ListRoutingRulesOutput{}
	err = s.store.View(ctx, func(tx *store.Tx) error {
		list, err := entity.All(tx, &routingRules, scope)
		if err != nil {
			return err
		}
		slices.SortFunc(list, func(a, b types.RoutingRule) int { return cmp.Compare(*a.Priority, *b.Priority) })
		var most *string
		if in.MaxResults != nil {
			most = aws.String(strconv.Itoa(int(*in.MaxResults)))
		}
		key := func(r types.RoutingRule) string { return fmt.Sprintf("%07d", *r.Priority) }
		out.RoutingRules, out.NextToken, err = page(list, key, most, in.NextToken)
		return err
	})
	if err != nil {
		return nil, err
	}
	return out, nil
}

// DeleteRoutingRule deletes a rule.
func (s *Service) DeleteRoutingRule(ctx context.Context, in *apigatewayv2.DeleteRoutingRuleInput) (*apigatewayv2.DeleteRoutingRuleOutput, error) {
	scope, err := s.ruleScope(ctx, in.DomainName)
	if err != nil {
		return nil, err
	}
	err = s.store.Update(ctx, func(tx *store.Tx) error {
		return entity.Remove(tx, &routingRules, scope, in.RoutingRuleId, noRoutingRule)
	})
	if err != nil {
		return nil, err
	}
	return &apigatewayv2.DeleteRoutingRuleOutput{}, nil
}
