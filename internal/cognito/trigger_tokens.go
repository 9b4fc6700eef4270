package cognito

import (
	"context"
	"encoding/json"
	"maps"
	"slices"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/cognitoidentityprovider/types"
)

// Why tokens are issued, as the event's source says it.
const (
	tokensOfSignIn      = "TokenGeneration_Authentication"
	tokensOfNewPassword = "TokenGeneration_NewPasswordChallenge"
	tokensOfRefresh     = "TokenGeneration_RefreshTokens"
	tokensOfLoginDomain = "TokenGeneration_HostedAuth"
)

type tokenRequest struct {
	UserAttributes map[string]string `json:"userAttributes"`
	Groups         groupConfig       `json:"groupConfiguration"`
	ClientMetadata map[string]string `json:"clientMetadata,omitempty"`
	// Scopes are there from version 2 on.
	Scopes []string `json:"scopes,omitempty"`
}

// groupConfig is what tokens say of groups; an answer replaces it whole.
type groupConfig struct {
	Groups        []string `json:"groupsToOverride"`
	Roles         []string `json:"iamRolesToOverride"`
	PreferredRole *string  `json:"preferredRole"`
}

// tokenResponse is the answer of every version: the first has claimsOverrideDetails, the others claimsAndScopeOverrideDetails.
type tokenResponse struct {
	V1 *struct {
		claimChanges
		Groups *groupConfig `json:"groupOverrideDetails"`
	} `json:"claimsOverrideDetails,omitempty"`
	V2 *struct {
		ID     *claimChanges `json:"idTokenGeneration"`
		Access *struct {
			claimChanges
			ScopesToAdd      []string `json:"scopesToAdd"`
			ScopesToSuppress []string `json:"scopesToSuppress"`
		} `json:"accessTokenGeneration"`
		Groups *groupConfig `json:"groupOverrideDetails"`
	} `json:"claimsAndScopeOverrideDetails,omitempty"`
}

type claimChanges struct {
	Add      map[string]json.RawMessage `json:"claimsToAddOrOverride"`
	Suppress []string                   `json:"claimsToSuppress"`
}

// shape lets the pre token generation function have its say on the tokens that a grant will issue.
func (s *Service) shape(ctx context.Context, g *grant, source string, metadata map[string]string) error {
	function, version := g.pool.tokenTrigger()
	if function == nil {
		return nil
	}
	response := tokenResponse{}
	roles, preferred := g.roles()
	request := tokenRequest{
		UserAttributes: eventAttributes(g.user), ClientMetadata: metadata,
		Groups: groupConfig{Groups: orEmpty(g.groupNames()), Roles: orEmpty(roles)},
	}
	if preferred != "" {
		request.Groups.PreferredRole = &preferred
	}
	if version != "1" {
		request.Scopes = g.scopes
	}
	asked, err := s.pull(ctx, g.pool, g.client, trigger{
		name: "PreTokenGeneration", source: source, version: version, function: function, username: g.user.Username,
		request: request, response: &response,
	})
	if asked {
		g.change(&response)
	}
	return err
}

// tokenTrigger is the function and the version of its event.
func (p *pool) tokenTrigger() (function *string, version string) {
	config := p.triggers()
	function, version = config.PreTokenGeneration, "1"
	if c := config.PreTokenGenerationConfig; c != nil {
		function = c.LambdaArn
		switch c.LambdaVersion {
		case types.PreTokenGenerationLambdaVersionTypeV20:
			version = "2"
		case types.PreTokenGenerationLambdaVersionTypeV30:
			version = "3"
		}
	}
	return function, version
}

// change takes what the function answered into the grant. The first version changes the ID token and the groups only.
func (g *grant) change(r *tokenResponse) {
	if v1 := r.V1; v1 != nil {
		g.idChanges, g.groupsSet = &v1.claimChanges, v1.Groups
	}
	v2 := r.V2
	if v2 == nil {
		return
	}
	g.idChanges, g.groupsSet = v2.ID, v2.Groups
	if v2.Access == nil {
		return
	}
	g.accessChanges = &v2.Access.claimChanges
	scopes := slices.DeleteFunc(slices.Clone(g.scopes), func(s string) bool { return slices.Contains(v2.Access.ScopesToSuppress, s) })
	for _, add := range v2.Access.ScopesToAdd {
		if add != "" && !slices.Contains(scopes, add) {
			scopes = append(scopes, add)
		}
	}
	g.tokenScopes = scopes
}

// fixedClaims are those that a function cannot touch (the guide's page of the pre token generation trigger).
var fixedClaims = []string{
	"acr", "amr", "at_hash", "aud", "auth_time", "azp", "client_id", "cognito:username", "device_key", "event_id", "exp", "iat",
	"identities", "iss", "jti", "nbf", "nonce", "origin_jti", "scope", "sub", "token_use", "username", "version",
}

// to makes the changes. A claim that is both added and suppressed is suppressed.
func (c *claimChanges) to(claims *claims) {
	if c == nil {
		return
	}
	for _, name := range slices.Sorted(maps.Keys(c.Add)) {
		if !slices.Contains(fixedClaims, name) {
			claims.set(name, c.Add[name])
		}
	}
	for _, name := range c.Suppress {
		if !slices.Contains(fixedClaims, name) {
			claims.remove(name)
		}
	}
}

// setIn puts groups and roles in the place of the user's own.
func (c *groupConfig) setIn(claims *claims, id bool) {
	if c == nil {
		return
	}
	put := func(name string, list []string) {
		claims.remove(name)
		if len(list) > 0 {
			claims.set(name, list)
		}
	}
	put("cognito:groups", c.Groups)
	if !id {
		return
	}
	put("cognito:roles", c.Roles)
	claims.remove("cognito:preferred_role")
	claims.setText("cognito:preferred_role", aws.ToString(c.PreferredRole))
}
