package cli

import (
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"errors"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	cip "github.com/aws/aws-sdk-go-v2/service/cognitoidentityprovider"
	"github.com/aws/aws-sdk-go-v2/service/cognitoidentityprovider/types"
	"github.com/aws/smithy-go"
	smithyhttp "github.com/aws/smithy-go/transport/http"
	"github.com/spf13/cobra"
)

// remembered gives back a session that is still good, or that could be refreshed; nil when there is none.
func (g *getFlags) remembered(ctx context.Context, api *cip.Client, s *session) *session {
	if s == nil || time.Now().Add(freshFor).Before(s.Expires) {
		return s
	}
	if s.Refresh == "" || g.readSecret(ctx, api) != nil {
		return nil
	}
	input := &cip.GetTokensFromRefreshTokenInput{ClientId: &g.client, RefreshToken: &s.Refresh}
	if g.secret != "" {
		input.ClientSecret = &g.secret
	}
	out, err := api.GetTokensFromRefreshToken(ctx, input)
	if err != nil || out.AuthenticationResult == nil {
		return nil // signed out, or the server is another one: sign in anew
	}
	fresh := sessionOf(out.AuthenticationResult)
	fresh.Forget = s.Forget
	if fresh.Refresh == "" {
		fresh.Refresh = s.Refresh
	}
	return fresh
}

func sessionOf(r *types.AuthenticationResultType) *session {
	return &session{ID: aws.ToString(r.IdToken), Access: aws.ToString(r.AccessToken), Refresh: aws.ToString(r.RefreshToken)}
}

// readSecret reads the client's secret, if it has one: it is in no file and no argument, but who may read the client may know it.
func (g *getFlags) readSecret(ctx context.Context, api *cip.Client) error {
	if g.anonymous {
		return nil
	}
	out, err := api.DescribeUserPoolClient(ctx, &cip.DescribeUserPoolClientInput{UserPoolId: &g.pool, ClientId: &g.client})
	var known smithy.APIError
	switch {
	case err == nil:
		g.secret = aws.ToString(out.UserPoolClient.ClientSecret)
	case errors.As(err, &known) && known.ErrorCode() == "ResourceNotFoundException":
		return fail("aws cognito-idp list-user-pool-clients --user-pool-id "+g.pool+" lists them", "there is no app client %s in pool %s at %s", clipped(g.client), clipped(g.pool), g.where())
	case errors.As(err, &known): // not permitted: the client may have no secret
		return nil
	default:
		return g.unanswered(err)
	}
	return nil
}

// unanswered tells a server that is not there from one that is no user pool's.
func (g *getFlags) unanswered(err error) error {
	var strange *smithyhttp.ResponseError
	if errors.As(err, &strange) && strange.HTTPStatusCode() > 0 {
		return fail("name a poolgate server with --endpoint-url URL, or aws", "%s answered %d, and not as a user pool does", g.where(), strange.HTTPStatusCode())
	}
	if g.endpoint != "" {
		return noAnswer(g.endpoint, err)
	}
	var call *smithy.OperationError
	for errors.As(err, &call) { // how it is called inside the SDK says nothing to anybody
		err = call.Err
	}
	return fail("look at the network, and at the region that the pool's id begins with", "%s does not answer: %w", g.where(), err)
}

func (g *getFlags) where() string {
	if g.endpoint == "" {
		return "AWS in " + g.region
	}
	return g.endpoint
}

// signIn runs the flow.
func (g *getFlags) signIn(ctx context.Context, cmd *cobra.Command, api *cip.Client) (*session, error) {
	if err := g.readSecret(ctx, api); err != nil {
		return nil, err
	}
	switch g.flow {
	case flowMachine:
		return g.clientCredentials(ctx, api)
	case flowCode:
		return g.code(ctx, cmd, api)
	}
	if err := g.askPassword(cmd); err != nil {
		return nil, err
	}
	switch g.flow {
	case flowPassword:
		return g.initiate(ctx, api, types.AuthFlowTypeUserPasswordAuth, map[string]string{"USERNAME": g.user, "PASSWORD": g.password})
	case flowAdmin:
		out, err := api.AdminInitiateAuth(ctx, &cip.AdminInitiateAuthInput{
			UserPoolId: &g.pool, ClientId: &g.client, AuthFlow: types.AuthFlowTypeAdminUserPasswordAuth,
			AuthParameters: g.hashed(map[string]string{"USERNAME": g.user, "PASSWORD": g.password}, g.user),
		})
		if err != nil {
			return nil, g.refused(err)
		}
		return g.finished(out.AuthenticationResult, out.ChallengeName)
	}
	return g.srp(ctx, api)
}

func (g *getFlags) initiate(ctx context.Context, api *cip.Client, flow types.AuthFlowType, parameters map[string]string) (*session, error) {
	out, err := api.InitiateAuth(ctx, &cip.InitiateAuthInput{ClientId: &g.client, AuthFlow: flow, AuthParameters: g.hashed(parameters, g.user)})
	if err != nil {
		return nil, g.refused(err)
	}
	return g.finished(out.AuthenticationResult, out.ChallengeName)
}

func (g *getFlags) srp(ctx context.Context, api *cip.Client) (*session, error) {
	client, err := newSRP()
	if err != nil {
		return nil, err
	}
	begun, err := api.InitiateAuth(ctx, &cip.InitiateAuthInput{
		ClientId: &g.client, AuthFlow: types.AuthFlowTypeUserSrpAuth, AuthParameters: g.hashed(map[string]string{"USERNAME": g.user, "SRP_A": client.publicHex()}, g.user),
	})
	if err != nil {
		return nil, g.refused(err)
	}
	if begun.ChallengeName != types.ChallengeNameTypePasswordVerifier {
		return g.finished(begun.AuthenticationResult, begun.ChallengeName)
	}
	answers, err := client.answers(g.pool, g.password, begun.ChallengeParameters, time.Now())
	if err != nil {
		return nil, fail("is --endpoint-url a user pool's?", "%w", err)
	}
	out, err := api.RespondToAuthChallenge(ctx, &cip.RespondToAuthChallengeInput{
		ClientId: &g.client, ChallengeName: begun.ChallengeName, Session: begun.Session, ChallengeResponses: g.hashed(answers, answers["USERNAME"]),
	})
	if err != nil {
		return nil, g.refused(err)
	}
	return g.finished(out.AuthenticationResult, out.ChallengeName)
}

// hashed adds SECRET_HASH for a client that has a secret.
func (g *getFlags) hashed(parameters map[string]string, username string) map[string]string {
	if g.secret != "" {
		mac := hmac.New(sha256.New, []byte(g.secret))
		mac.Write([]byte(username + g.client))
		parameters["SECRET_HASH"] = base64.StdEncoding.EncodeToString(mac.Sum(nil))
	}
	return parameters
}

// finished takes the tokens, or tells which challenge is in the way.
func (g *getFlags) finished(result *types.AuthenticationResultType, challenge types.ChallengeNameType) (*session, error) {
	if result != nil {
		return sessionOf(result), nil
	}
	hint := "--flow code signs in on the login page, which asks for it"
	if challenge == types.ChallengeNameTypeNewPasswordRequired {
		hint = "aws cognito-idp admin-set-user-password --permanent --user-pool-id " + g.pool + " --username USER --password PASSWORD sets one; or --flow code asks for it"
	}
	return nil, fail(hint, "the sign-in asks for %s, which get does not answer", challenge)
}

// refused tells why a sign-in was refused, in the service's own words.
func (g *getFlags) refused(err error) error {
	var known smithy.APIError
	if !errors.As(err, &known) {
		return g.unanswered(err)
	}
	hint := "poolgate token get --help shows the flows"
	switch known.ErrorCode() {
	case "NotAuthorizedException", "UserNotFoundException":
		hint = "is it the right pool, and the user's password? AWS tells no more"
	case "InvalidParameterException":
		hint = "the client's ExplicitAuthFlows say which flows it has; --flow takes srp, password, admin and code"
	case "UserNotConfirmedException":
		hint = "aws cognito-idp admin-confirm-sign-up confirms the user"
	case "ResourceNotFoundException":
		hint = "aws cognito-idp list-user-pool-clients --user-pool-id " + g.pool + " lists the pool's clients"
	}
	return fail(hint, "the sign-in was refused: %s: %s", known.ErrorCode(), clipped(known.ErrorMessage()))
}
