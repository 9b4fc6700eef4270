package cognito

import (
	"context"

	"github.com/aws/aws-sdk-go-v2/service/cognitoidentityprovider/types"
)

// Where an event of signing up comes from.
const (
	bySignUp         = "SignUp"
	byAdminCreate    = "AdminCreateUser"
	byConfirmSignUp  = "ConfirmSignUp"
	byForgotPassword = "ConfirmForgotPassword"
)

type preSignUpRequest struct {
	UserAttributes map[string]string `json:"userAttributes"`
	ValidationData map[string]string `json:"validationData"`
	ClientMetadata map[string]string `json:"clientMetadata,omitempty"`
}

type preSignUpResponse struct {
	AutoConfirmUser bool `json:"autoConfirmUser"`
	AutoVerifyEmail bool `json:"autoVerifyEmail"`
	AutoVerifyPhone bool `json:"autoVerifyPhone"`
}

// preSignUp lets a function refuse a new user, or confirm them and their addresses.
func (s *Service) preSignUp(ctx context.Context, p *pool, c *client, u *user, from string, validation []types.AttributeType, metadata map[string]string) error {
	data := make(map[string]string, len(validation))
	for _, v := range validation {
		data[value(v.Name)] = value(v.Value)
	}
	request := preSignUpRequest{UserAttributes: eventAttributes(u), ValidationData: data, ClientMetadata: metadata}
	delete(request.UserAttributes, "sub") // the user does not exist yet
	delete(request.UserAttributes, "cognito:user_status")
	var response preSignUpResponse
	_, err := s.pull(ctx, p, c, trigger{
		name: "PreSignUp", source: "PreSignUp_" + from, function: p.triggers().PreSignUp, username: u.Username,
		request: request, response: &response,
	})
	if err != nil {
		return err
	}
	if response.AutoConfirmUser && from == bySignUp {
		u.Status = types.UserStatusTypeConfirmed
	}
	for name, verified := range map[string]bool{"email": response.AutoVerifyEmail, "phone_number": response.AutoVerifyPhone} {
		if !verified {
			continue
		}
		if u.attribute(name) == "" {
			return invalidParameter("Cannot auto verify %s: the user has none", name)
		}
		u.set(name+"_verified", "true")
	}
	return nil
}

type postConfirmationRequest struct {
	UserAttributes map[string]string `json:"userAttributes"`
	ClientMetadata map[string]string `json:"clientMetadata,omitempty"`
}

// postConfirmation tells a function that a user was confirmed, or chose a new password. What happened stays, whatever it says.
func (s *Service) postConfirmation(ctx context.Context, p *pool, c *client, u *user, from string, metadata map[string]string) error {
	_, err := s.pull(ctx, p, c, trigger{
		name: "PostConfirmation", source: "PostConfirmation_" + from, function: p.triggers().PostConfirmation, username: u.Username,
		request: postConfirmationRequest{eventAttributes(u), metadata}, response: &struct{}{},
	})
	return err
}

// triggers are the pool's functions.
func (p *pool) triggers() types.LambdaConfigType { return value(p.Detail.Value.LambdaConfig) }
