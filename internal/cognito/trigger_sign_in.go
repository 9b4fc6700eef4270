package cognito

import "context"

type preAuthenticationRequest struct {
	UserAttributes map[string]string `json:"userAttributes"`
	ValidationData map[string]string `json:"validationData,omitempty"`
	UserNotFound   bool              `json:"userNotFound,omitempty"`
}

// preAuthenticate lets a function refuse a sign-in before its password is looked at. It is asked for users who do not exist too, where
// the client hides that.
func (s *Service) preAuthenticate(ctx context.Context, a *attempt) error {
	request := preAuthenticationRequest{UserAttributes: map[string]string{}, ValidationData: a.metadata, UserNotFound: a.user == nil}
	username := a.username
	if a.user != nil {
		request.UserAttributes, username = eventAttributes(a.user), a.user.Username
	}
	_, err := s.pull(ctx, a.pool, a.client, trigger{
		name: "PreAuthentication", source: "PreAuthentication_Authentication", function: a.pool.triggers().PreAuthentication,
		username: username, request: request, response: &struct{}{},
	})
	return err
}

type postAuthenticationRequest struct {
	UserAttributes map[string]string `json:"userAttributes"`
	NewDeviceUsed  bool              `json:"newDeviceUsed"`
	ClientMetadata map[string]string `json:"clientMetadata,omitempty"`
}

// postAuthenticate tells a function that a user signed in; one that fails keeps the tokens back.
func (s *Service) postAuthenticate(ctx context.Context, a *attempt, u *user) error {
	_, err := s.pull(ctx, a.pool, a.client, trigger{
		name: "PostAuthentication", source: "PostAuthentication_Authentication", function: a.pool.triggers().PostAuthentication,
		username: u.Username, request: postAuthenticationRequest{UserAttributes: eventAttributes(u), ClientMetadata: a.metadata}, response: &struct{}{},
	})
	return err
}
