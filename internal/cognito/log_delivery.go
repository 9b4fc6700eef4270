package cognito

import (
	"context"
	"errors"

	cip "github.com/aws/aws-sdk-go-v2/service/cognitoidentityprovider"
	"github.com/aws/aws-sdk-go-v2/service/cognitoidentityprovider/types"

	"github.com/poolgate/poolgate/internal/fault"
	"github.com/poolgate/poolgate/internal/store"
	"github.com/poolgate/poolgate/internal/wire"
)

// logDelivery is where a pool is to send its logs; none are sent. A pool has one, under the id "pool".
type logDelivery struct {
	Detail wire.Document[types.LogDeliveryConfigurationType]
}

var logDeliveries = store.Collection[logDelivery]{Name: "cognito.log-delivery", Version: 1}

const theLogDelivery = "pool"

// SetLogDeliveryConfiguration replaces all of a pool's destinations.
func (s *Service) SetLogDeliveryConfiguration(ctx context.Context, in *cip.SetLogDeliveryConfigurationInput) (*cip.SetLogDeliveryConfigurationOutput, error) {
	seen := map[types.EventSourceName]bool{}
	for i := range in.LogConfigurations {
		l := &in.LogConfigurations[i]
		if seen[l.EventSource] {
			return nil, invalidParameter("Duplicate log configuration for event source %s.", l.EventSource)
		}
		seen[l.EventSource] = true
		if err := checkLogConfiguration(l); err != nil {
			return nil, err
		}
	}
	d := &logDelivery{}
	d.Detail.Value = types.LogDeliveryConfigurationType{UserPoolId: in.UserPoolId, LogConfigurations: in.LogConfigurations}
	err := s.withPool(ctx, in.UserPoolId, func(tx *store.Tx, p *pool) error {
		if tier := p.Detail.Value.UserPoolTier; seen[types.EventSourceNameUserAuthEvents] && tier != types.UserPoolTierTypePlus {
			return fault.Invalid("FeatureUnavailableInTierException",
				"The following feature is not available for the %s pricing tier configured: Log delivery of user authentication events", tier)
		}
		return logDeliveries.Put(tx, p.id(), theLogDelivery, d)
	})
	return &cip.SetLogDeliveryConfigurationOutput{LogDeliveryConfiguration: &d.Detail.Value}, err
}

// checkLogConfiguration checks one destination (API reference, LogConfigurationType): notification errors go to CloudWatch Logs,
// authentication events to one of three.
func checkLogConfiguration(l *types.LogConfigurationType) error {
	given := 0
	for _, is := range []bool{l.CloudWatchLogsConfiguration != nil, l.FirehoseConfiguration != nil, l.S3Configuration != nil} {
		if is {
			given++
		}
	}
	level := types.LogLevelInfo
	if l.EventSource == types.EventSourceNameUserNotification {
		level = types.LogLevelError
	}
	switch {
	case given != 1:
		return invalidParameter("Exactly one log destination must be set for event source %s.", l.EventSource)
	case l.EventSource == types.EventSourceNameUserNotification && l.CloudWatchLogsConfiguration == nil:
		return invalidParameter("Event source %s can only be delivered to CloudWatch Logs.", l.EventSource)
	case l.LogLevel != level:
		return invalidParameter("Log level %s is not supported for event source %s.", l.LogLevel, l.EventSource)
	}
	return nil
}

// GetLogDeliveryConfiguration returns a pool's destinations; none are an empty list.
func (s *Service) GetLogDeliveryConfiguration(ctx context.Context, in *cip.GetLogDeliveryConfigurationInput) (*cip.GetLogDeliveryConfigurationOutput, error) {
	out := &cip.GetLogDeliveryConfigurationOutput{}
	err := s.viewPool(ctx, in.UserPoolId, func(tx *store.Tx, p *pool) error {
		out.LogDeliveryConfiguration = &types.LogDeliveryConfigurationType{UserPoolId: in.UserPoolId, LogConfigurations: []types.LogConfigurationType{}}
		d, err := logDeliveries.Get(tx, p.id(), theLogDelivery)
		if errors.Is(err, store.ErrNotFound) {
			return nil
		}
		if err == nil {
			out.LogDeliveryConfiguration = &d.Detail.Value
		}
		return err
	})
	return out, err
}
