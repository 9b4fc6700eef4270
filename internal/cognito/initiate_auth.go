package cognito

import (
	"context"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/cognitoidentityprovider"
)

// InitiateAuth begins a sign-in, or refreshes one. It is unsigned: the client id names the pool.
func (s *Service) InitiateAuth(ctx context.Context, in *cognitoidentityprovider.InitiateAuthInput) (*cognitoidentityprovider.InitiateAuthOutput, error) {
	a, err := s.newAttempt(ctx, nil, value(in.ClientId), in.AuthParameters)
	if err != nil {
		return nil, err
	}
	a.metadata = in.ClientMetadata
	o, err := s.begin(ctx, a, in.AuthFlow)
	if err != nil {
		return nil, err
	}
	return &cognitoidentityprovider.InitiateAuthOutput{
		AuthenticationResult: o.tokens, ChallengeName: o.challenge, ChallengeParameters: o.challengeParameters(), Session: o.sealedSession(),
		AvailableChallenges: o.available,
	}, nil
}

// AdminInitiateAuth begins a sign-in on behalf of a server that holds access keys.
func (s *Service) AdminInitiateAuth(ctx context.Context, in *cognitoidentityprovider.AdminInitiateAuthInput) (*cognitoidentityprovider.AdminInitiateAuthOutput, error) {
	a, err := s.newAttempt(ctx, aws.String(value(in.UserPoolId)), value(in.ClientId), in.AuthParameters)
	if err != nil {
		return nil, err
	}
	a.metadata = in.ClientMetadata
	o, err := s.begin(ctx, a, in.AuthFlow)
	if err != nil {
		return nil, err
	}
	return &cognitoidentityprovider.AdminInitiateAuthOutput{
		AuthenticationResult: o.tokens, ChallengeName: o.challenge, ChallengeParameters: o.challengeParameters(), Session: o.sealedSession(),
		AvailableChallenges: o.available,
	}, nil
}

// RespondToAuthChallenge answers a challenge.
func (s *Service) RespondToAuthChallenge(ctx context.Context, in *cognitoidentityprovider.RespondToAuthChallengeInput) (*cognitoidentityprovider.RespondToAuthChallengeOutput, error) {
	a, err := s.newAttempt(ctx, nil, value(in.ClientId), in.ChallengeResponses)
	if err != nil {
		return nil, err
	}
	a.metadata = in.ClientMetadata
	o, err := s.answer(ctx, a, in.ChallengeName, value(in.Session))
	if err != nil {
		return nil, err
	}
	return &cognitoidentityprovider.RespondToAuthChallengeOutput{
		AuthenticationResult: o.tokens, ChallengeName: o.challenge, ChallengeParameters: o.challengeParameters(), Session: o.sealedSession(),
	}, nil
}

// AdminRespondToAuthChallenge answers a challenge on behalf of a server that holds access keys.
func (s *Service) AdminRespondToAuthChallenge(ctx context.Context, in *cognitoidentityprovider.AdminRespondToAuthChallengeInput) (*cognitoidentityprovider.AdminRespondToAuthChallengeOutput, error) {
	a, err := s.newAttempt(ctx, aws.String(value(in.UserPoolId)), value(in.ClientId), in.ChallengeResponses)
	if err != nil {
		return nil, err
	}
	a.metadata = in.ClientMetadata
	o, err := s.answer(ctx, a, in.ChallengeName, value(in.Session))
	if err != nil {
		return nil, err
	}
	return &cognitoidentityprovider.AdminRespondToAuthChallengeOutput{
		AuthenticationResult: o.tokens, ChallengeName: o.challenge, ChallengeParameters: o.challengeParameters(), Session: o.sealedSession(),
	}, nil
}

// challengeParameters are there in every answer; at the end of a sign-in they are empty.
func (o outcome) challengeParameters() map[string]string {
	if o.parameters == nil {
		return map[string]string{}
	}
	return o.parameters
}

func (o outcome) sealedSession() *string {
	if o.session == "" {
		return nil
	}
	return &o.session
}
