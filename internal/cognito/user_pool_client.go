package cognito

import (
	"context"
	"errors"
	"regexp"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	cip "github.com/aws/aws-sdk-go-v2/service/cognitoidentityprovider"
	"github.com/aws/aws-sdk-go-v2/service/cognitoidentityprovider/types"

	"github.com/poolgate/poolgate/internal/fault"
	"github.com/poolgate/poolgate/internal/store"
)

// maxClients is the most app clients of a pool (fact 6.9, the quota's maximum).
const maxClients = 10_000

// A client's id can be pinned by its name, because app clients have no tags: a name that begins with "_custom_id_=" or
// "_custom_id_:" ends with the id.
var (
	pinnedClientName = regexp.MustCompile(`^` + customIDTag + `[:=](.*)$`)
	clientIDFormat   = expression(`^[\w+]{1,128}$`)
)

// CreateUserPoolClient makes an app client. Its secret, when it has one, is in the answer and in every Describe.
func (s *Service) CreateUserPoolClient(ctx context.Context, in *cip.CreateUserPoolClientInput) (*cip.CreateUserPoolClientOutput, error) {
	id, err := s.newClientID(value(in.ClientName))
	if err != nil {
		return nil, err
	}
	secret := value(in.ClientSecret)
	if secret == "" && in.GenerateSecret {
		if secret, err = s.randomSecret(); err != nil {
			return nil, err
		}
	}
	now := s.now()
	c := &client{Region: regionOf(ctx, value(in.UserPoolId))}
	c.Detail.Value = types.UserPoolClientType{
		ClientId: &id, ClientName: in.ClientName, UserPoolId: in.UserPoolId, CreationDate: &now, LastModifiedDate: &now,
	}
	if secret != "" {
		s.setClientSecret(c, secretID(id, now), secret, now)
	}
	out := &cip.CreateUserPoolClientOutput{}
	err = s.withPool(ctx, in.UserPoolId, func(tx *store.Tx, p *pool) error {
		if count, err := clients.Count(tx, p.id()); err != nil {
			return err
		} else if count >= maxClients {
			return fault.Limit("LimitExceededException", "The maximum number of user pool clients has been reached.")
		}
		if err := applyClient(tx, p, c, updateOfCreate(in), "creating"); err != nil {
			return err
		}
		if taken, err := clients.Lookup(tx, store.Key{Index: "id", Value: id}); err != nil {
			return err
		} else if len(taken) > 0 {
			return invalidParameter("A user pool client with the id %s already exists.", id)
		}
		out.UserPoolClient, err = s.describeClient(p, c)
		if err != nil {
			return err
		}
		return clients.Insert(tx, p.id(), id, c)
	})
	return out, err
}

// newClientID is the id that the name pins, or 26 lower-case alphanumerics.
func (s *Service) newClientID(name string) (string, error) {
	pinned := pinnedClientName.FindStringSubmatch(name)
	if pinned == nil {
		return s.randomText(lowerAlphanumerics, 26)
	}
	if !clientIDFormat().MatchString(pinned[1]) {
		return "", invalidParameter("The client name cannot pin the client id: %s", pinned[1])
	}
	return pinned[1], nil
}

// updateOfCreate is the part of a CreateUserPoolClient that an update has too.
func updateOfCreate(in *cip.CreateUserPoolClientInput) *cip.UpdateUserPoolClientInput {
	return &cip.UpdateUserPoolClientInput{
		UserPoolId: in.UserPoolId, ClientName: in.ClientName, AccessTokenValidity: in.AccessTokenValidity,
		AllowedOAuthFlows: in.AllowedOAuthFlows, AllowedOAuthFlowsUserPoolClient: in.AllowedOAuthFlowsUserPoolClient,
		AllowedOAuthScopes: in.AllowedOAuthScopes, AnalyticsConfiguration: in.AnalyticsConfiguration,
		AuthSessionValidity: in.AuthSessionValidity, CallbackURLs: in.CallbackURLs, DefaultRedirectURI: in.DefaultRedirectURI,
		EnablePropagateAdditionalUserContextData: in.EnablePropagateAdditionalUserContextData,
		EnableTokenRevocation:                    in.EnableTokenRevocation, ExplicitAuthFlows: in.ExplicitAuthFlows,
		IdTokenValidity: in.IdTokenValidity, LogoutURLs: in.LogoutURLs,
		PreventUserExistenceErrors: in.PreventUserExistenceErrors, ReadAttributes: in.ReadAttributes,
		RefreshTokenRotation: in.RefreshTokenRotation, RefreshTokenValidity: in.RefreshTokenValidity,
		SupportedIdentityProviders: in.SupportedIdentityProviders, TokenValidityUnits: in.TokenValidityUnits,
		WriteAttributes: in.WriteAttributes,
	}
}

// DescribeUserPoolClient returns a client as it was set, secret included, as AWS does.
func (s *Service) DescribeUserPoolClient(ctx context.Context, in *cip.DescribeUserPoolClientInput) (*cip.DescribeUserPoolClientOutput, error) {
	out := &cip.DescribeUserPoolClientOutput{}
	err := s.viewPool(ctx, in.UserPoolId, func(tx *store.Tx, p *pool) error {
		c, err := s.clientByID(tx, p.id(), value(in.ClientId))
		if err != nil {
			return err
		}
		out.UserPoolClient, err = s.describeClient(p, c)
		return err
	})
	return out, err
}

// UpdateUserPoolClient sets everything but the secret; what the caller left out gets its default, as on AWS.
func (s *Service) UpdateUserPoolClient(ctx context.Context, in *cip.UpdateUserPoolClientInput) (*cip.UpdateUserPoolClientOutput, error) {
	out := &cip.UpdateUserPoolClientOutput{}
	err := s.withPool(ctx, in.UserPoolId, func(tx *store.Tx, p *pool) error {
		c, err := s.clientByID(tx, p.id(), value(in.ClientId))
		if err != nil {
			return err
		}
		if err := applyClient(tx, p, c, in, "updating"); err != nil {
			return err
		}
		now := s.now()
		c.Detail.Value.LastModifiedDate = &now
		if out.UserPoolClient, err = s.describeClient(p, c); err != nil {
			return err
		}
		return clients.Put(tx, p.id(), value(in.ClientId), c)
	})
	return out, err
}

// DeleteUserPoolClient deletes a client.
func (s *Service) DeleteUserPoolClient(ctx context.Context, in *cip.DeleteUserPoolClientInput) (*cip.DeleteUserPoolClientOutput, error) {
	return &cip.DeleteUserPoolClientOutput{}, s.withPool(ctx, in.UserPoolId, func(tx *store.Tx, p *pool) error {
		err := clients.Delete(tx, p.id(), value(in.ClientId))
		if errors.Is(err, store.ErrNotFound) {
			return noSuchClient(value(in.ClientId))
		}
		if err != nil {
			return err
		}
		return deleteSettingsOf(tx, p.id(), value(in.ClientId))
	})
}

// ListUserPoolClients lists a pool's clients by id and name.
func (s *Service) ListUserPoolClients(ctx context.Context, in *cip.ListUserPoolClientsInput) (*cip.ListUserPoolClientsOutput, error) {
	const list = "user-pool-clients"
	from, err := page(list, in.MaxResults, 60, in.NextToken)
	if err != nil {
		return nil, err
	}
	out := &cip.ListUserPoolClientsOutput{UserPoolClients: []types.UserPoolClientDescription{}}
	err = s.viewPool(ctx, in.UserPoolId, func(tx *store.Tx, p *pool) error {
		out.UserPoolClients = out.UserPoolClients[:0]
		found, more, err := clients.List(tx, p.id(), from)
		for _, f := range found {
			c := f.Value.Detail.Value
			out.UserPoolClients = append(out.UserPoolClients, types.UserPoolClientDescription{
				ClientId: c.ClientId, ClientName: c.ClientName, UserPoolId: aws.String(p.id()),
			})
		}
		out.NextToken = nextOf(list, found, more)
		return err
	})
	return out, err
}

// describeClient is a client on the wire: its document and its first secret.
func (s *Service) describeClient(p *pool, c *client) (*types.UserPoolClientType, error) {
	detail := c.Detail.Value
	secrets, err := s.secretsOf(p.id(), c)
	if err != nil {
		return nil, err
	}
	if len(secrets) > 0 {
		detail.ClientSecret = &secrets[0]
	}
	return &detail, nil
}

// authFlows are the flows that the client allows, under the names that begin with ALLOW_. A client that says nothing has
// AWS's default, and one that rotates refresh tokens does not have REFRESH_TOKEN_AUTH (facts 4.4 and 6.4).
func (c *client) authFlows() []types.ExplicitAuthFlowsType {
	detail := c.Detail.Value
	if len(detail.ExplicitAuthFlows) == 0 {
		flows := []types.ExplicitAuthFlowsType{types.ExplicitAuthFlowsTypeAllowUserSrpAuth, types.ExplicitAuthFlowsTypeAllowCustomAuth}
		if !c.rotatesRefreshTokens() {
			flows = append(flows, types.ExplicitAuthFlowsTypeAllowRefreshTokenAuth)
		}
		return flows
	}
	if strings.HasPrefix(string(detail.ExplicitAuthFlows[0]), "ALLOW_") {
		return detail.ExplicitAuthFlows
	}
	// The older names added a flow to SRP and refresh, which were always on; CUSTOM_AUTH_FLOW_ONLY took SRP away.
	flows := []types.ExplicitAuthFlowsType{types.ExplicitAuthFlowsTypeAllowRefreshTokenAuth}
	srp := true
	for _, flow := range detail.ExplicitAuthFlows {
		switch flow {
		case types.ExplicitAuthFlowsTypeAdminNoSrpAuth:
			flows = append(flows, types.ExplicitAuthFlowsTypeAllowAdminUserPasswordAuth)
		case types.ExplicitAuthFlowsTypeUserPasswordAuth:
			flows = append(flows, types.ExplicitAuthFlowsTypeAllowUserPasswordAuth)
		case types.ExplicitAuthFlowsTypeCustomAuthFlowOnly:
			flows, srp = append(flows, types.ExplicitAuthFlowsTypeAllowCustomAuth), false
		}
	}
	if srp {
		flows = append(flows, types.ExplicitAuthFlowsTypeAllowUserSrpAuth, types.ExplicitAuthFlowsTypeAllowCustomAuth)
	}
	return flows
}

// rotatesRefreshTokens tells whether each refresh gives a new refresh token.
func (c *client) rotatesRefreshTokens() bool {
	r := c.Detail.Value.RefreshTokenRotation
	return r != nil && r.Feature == types.FeatureTypeEnabled
}
