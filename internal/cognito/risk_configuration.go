package cognito

import (
	"context"
	"errors"
	"net/netip"
	"slices"

	cip "github.com/aws/aws-sdk-go-v2/service/cognitoidentityprovider"
	"github.com/aws/aws-sdk-go-v2/service/cognitoidentityprovider/types"

	"github.com/poolgate/poolgate/internal/fault"
	"github.com/poolgate/poolgate/internal/store"
	"github.com/poolgate/poolgate/internal/wire"
)

// riskConfiguration is what a pool is to do about risky sign-ins; no risk is judged here. Its id is the client's, or allClients.
type riskConfiguration struct {
	Detail wire.Document[types.RiskConfigurationType]
}

var riskConfigurations = store.Collection[riskConfiguration]{Name: "cognito.risk-configuration", Version: 1}

// needAdvancedSecurity refuses what only a pool with threat protection has.
func needAdvancedSecurity(p *pool) error {
	addOns := p.Detail.Value.UserPoolAddOns
	if addOns == nil || addOns.AdvancedSecurityMode == "" || addOns.AdvancedSecurityMode == types.AdvancedSecurityModeTypeOff {
		return fault.Invalid("UserPoolAddOnNotEnabledException", "User pool add-ons are not enabled: %s", p.id())
	}
	return nil
}

// SetRiskConfiguration sets all of a configuration, for one app client or for the pool; what is left out is taken away.
func (s *Service) SetRiskConfiguration(ctx context.Context, in *cip.SetRiskConfigurationInput) (*cip.SetRiskConfigurationOutput, error) {
	if err := checkRisk(in); err != nil {
		return nil, err
	}
	now := s.now()
	r := &riskConfiguration{}
	r.Detail.Value = types.RiskConfigurationType{
		UserPoolId: in.UserPoolId, ClientId: in.ClientId, LastModifiedDate: &now,
		AccountTakeoverRiskConfiguration:        in.AccountTakeoverRiskConfiguration,
		CompromisedCredentialsRiskConfiguration: in.CompromisedCredentialsRiskConfiguration,
		RiskExceptionConfiguration:              in.RiskExceptionConfiguration,
	}
	err := s.withPool(ctx, in.UserPoolId, func(tx *store.Tx, p *pool) error {
		if err := needAdvancedSecurity(p); err != nil {
			return err
		}
		target := clientOrAll(in.ClientId)
		if err := s.checkTarget(tx, p, target); err != nil {
			return err
		}
		return riskConfigurations.Put(tx, p.id(), target, r)
	})
	return &cip.SetRiskConfigurationOutput{RiskConfiguration: &r.Detail.Value}, err
}

// checkRisk checks the address ranges, and that messages which are to be sent have a sender.
func checkRisk(in *cip.SetRiskConfigurationInput) error {
	if e := in.RiskExceptionConfiguration; e != nil {
		for _, text := range slices.Concat(e.BlockedIPRangeList, e.SkippedIPRangeList) {
			if _, err := netip.ParsePrefix(text); err != nil {
				return invalidParameter("Invalid IP range %s. IP ranges must be in CIDR notation.", text)
			}
		}
	}
	t := in.AccountTakeoverRiskConfiguration
	if t == nil || t.Actions == nil {
		return nil
	}
	for _, action := range []*types.AccountTakeoverActionType{t.Actions.LowAction, t.Actions.MediumAction, t.Actions.HighAction} {
		if action != nil && action.Notify && t.NotifyConfiguration == nil {
			return invalidParameter("NotifyConfiguration is required when an action notifies users.")
		}
	}
	return nil
}

// DescribeRiskConfiguration returns what is set for an app client, or for the pool; where nothing is, only the names.
func (s *Service) DescribeRiskConfiguration(ctx context.Context, in *cip.DescribeRiskConfigurationInput) (*cip.DescribeRiskConfigurationOutput, error) {
	out := &cip.DescribeRiskConfigurationOutput{}
	err := s.viewPool(ctx, in.UserPoolId, func(tx *store.Tx, p *pool) error {
		out.RiskConfiguration = &types.RiskConfigurationType{UserPoolId: in.UserPoolId, ClientId: in.ClientId}
		target := clientOrAll(in.ClientId)
		if err := s.checkTarget(tx, p, target); err != nil {
			return err
		}
		r, err := riskConfigurations.Get(tx, p.id(), target)
		if errors.Is(err, store.ErrNotFound) {
			return nil
		}
		if err == nil {
			out.RiskConfiguration = &r.Detail.Value
		}
		return err
	})
	return out, err
}
