package cognito

import (
	"context"
	"errors"
	"regexp"
	"slices"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	cip "github.com/aws/aws-sdk-go-v2/service/cognitoidentityprovider"
	"github.com/aws/aws-sdk-go-v2/service/cognitoidentityprovider/types"

	"github.com/poolgate/poolgate/internal/fault"
	"github.com/poolgate/poolgate/internal/store"
	"github.com/poolgate/poolgate/internal/wire"
)

const (
	// customIDTag pins a pool's id. It is a convention of emulators; AWS knows nothing of it.
	customIDTag = "_custom_id_"
	// maxPools is the most user pools of a region (fact 6.9, the quota's maximum).
	maxPools = 10_000
)

var poolIDFormat = regexp.MustCompile(`^[\w-]+_[0-9a-zA-Z]+$`)

// CreateUserPool makes a pool with two keys of its own.
func (s *Service) CreateUserPool(ctx context.Context, in *cip.CreateUserPoolInput) (*cip.CreateUserPoolOutput, error) {
	p, err := s.newPool(ctx, in)
	if err != nil {
		return nil, err
	}
	keys, err := s.keys.take(ctx)
	if err != nil {
		return nil, err
	}
	err = s.store.Update(ctx, func(tx *store.Tx) error {
		if count, err := pools.Count(tx, p.region()); err != nil {
			return err
		} else if count >= maxPools {
			return fault.Limit("LimitExceededException", "The maximum number of user pools has been reached.")
		}
		err := pools.Insert(tx, p.region(), p.id(), p)
		if errors.Is(err, store.ErrExists) {
			return invalidParameter("A user pool with the id %s already exists.", p.id())
		}
		if err != nil {
			return err
		}
		tx.Bump(poolTopic(p.id()))
		return s.keys.store(tx, p.id(), keys)
	})
	if err != nil {
		return nil, err
	}
	return &cip.CreateUserPoolOutput{UserPool: &p.Detail.Value}, nil
}

// newPool is the pool that the input describes.
func (s *Service) newPool(ctx context.Context, in *cip.CreateUserPoolInput) (*pool, error) {
	if len(in.AliasAttributes) > 0 && len(in.UsernameAttributes) > 0 {
		return nil, invalidParameter("Only one of the aliasAttributes or usernameAttributes can be set in a user pool.")
	}
	id, err := s.newPoolID(orDefault(wire.CallFrom(ctx).Region, "us-east-1"), in.UserPoolTags)
	if err != nil {
		return nil, err
	}
	region, _, _ := strings.Cut(id, "_")
	schema, err := schemaOf(in.Schema)
	if err != nil {
		return nil, err
	}
	now := s.now()
	p := &pool{Account: accountOf(ctx)}
	p.Detail.Value = types.UserPoolType{
		Id: aws.String(id), Name: in.PoolName, SchemaAttributes: schema,
		Arn:             aws.String("arn:aws:cognito-idp:" + region + ":" + p.Account + ":userpool/" + id),
		AliasAttributes: slices.Clone(in.AliasAttributes), UsernameAttributes: slices.Clone(in.UsernameAttributes),
		UsernameConfiguration: in.UsernameConfiguration, CreationDate: &now, LastModifiedDate: &now,
	}
	return p, applySettings(&p.Detail.Value, &cip.UpdateUserPoolInput{
		AccountRecoverySetting: in.AccountRecoverySetting, AdminCreateUserConfig: in.AdminCreateUserConfig,
		AutoVerifiedAttributes: in.AutoVerifiedAttributes, DeletionProtection: in.DeletionProtection,
		DeviceConfiguration: in.DeviceConfiguration, EmailConfiguration: in.EmailConfiguration,
		EmailVerificationMessage: in.EmailVerificationMessage, EmailVerificationSubject: in.EmailVerificationSubject,
		IssuerConfiguration: in.IssuerConfiguration, KeyConfiguration: in.KeyConfiguration, LambdaConfig: in.LambdaConfig,
		MfaConfiguration: in.MfaConfiguration, Policies: in.Policies, SmsAuthenticationMessage: in.SmsAuthenticationMessage,
		SmsConfiguration: in.SmsConfiguration, SmsVerificationMessage: in.SmsVerificationMessage,
		UserAttributeUpdateSettings: in.UserAttributeUpdateSettings, UserPoolAddOns: in.UserPoolAddOns,
		UserPoolTags: in.UserPoolTags, UserPoolTier: in.UserPoolTier,
		VerificationMessageTemplate: in.VerificationMessageTemplate,
	}, false)
}

// newPoolID is the id that the caller pinned, or a new one: the region and nine alphanumerics.
func (s *Service) newPoolID(region string, tags map[string]string) (string, error) {
	pinned, isPinned := tags[customIDTag]
	if !isPinned {
		name, err := s.randomText(alphanumerics, 9)
		return region + "_" + name, err
	}
	id := pinned
	if !strings.HasPrefix(id, region+"_") {
		id = region + "_" + id
	}
	if !poolIDFormat.MatchString(id) || strings.Count(id, "_") != 1 || len(id) > 55 {
		return "", invalidParameter("The value of the tag %s cannot be a user pool id: %s", customIDTag, pinned)
	}
	return id, nil
}
