package cognito

import (
	"context"
	"strconv"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	cip "github.com/aws/aws-sdk-go-v2/service/cognitoidentityprovider"
	"github.com/aws/aws-sdk-go-v2/service/cognitoidentityprovider/types"

	"github.com/poolgate/poolgate/internal/fault"
	"github.com/poolgate/poolgate/internal/store"
)

// secretID names a secret of a client.
func secretID(clientID string, created time.Time) string {
	return clientID + "--" + strconv.FormatInt(created.UnixMilli(), 10)
}

func clientSecretPurpose(poolID, clientID string) string {
	return "client-secret/" + poolID + "/" + clientID
}

// setClientSecret makes secret the client's first.
func (s *Service) setClientSecret(c *client, id, secret string, created time.Time) {
	purpose := clientSecretPurpose(value(c.Detail.Value.UserPoolId), value(c.Detail.Value.ClientId))
	c.SealedSecret, c.SecretID, c.SecretCreated = s.store.Seal(purpose, []byte(secret)), id, created
}

// AddUserPoolClientSecret gives a confidential client a second secret, so that the first can be replaced without a gap.
func (s *Service) AddUserPoolClientSecret(ctx context.Context, in *cip.AddUserPoolClientSecretInput) (*cip.AddUserPoolClientSecretOutput, error) {
	out := &cip.AddUserPoolClientSecretOutput{}
	err := s.withPool(ctx, in.UserPoolId, func(tx *store.Tx, p *pool) error {
		c, err := s.clientByID(tx, p.id(), value(in.ClientId))
		if err != nil {
			return err
		}
		switch {
		case c.SealedSecret == "":
			return invalidParameter("Client secrets can only be added to a client that has a client secret.")
		case len(c.Secrets) > 0:
			return fault.Limit("LimitExceededException", "A client can have at most two client secrets.")
		}
		secret := value(in.ClientSecret)
		if secret == "" {
			if secret, err = s.randomSecret(); err != nil {
				return err
			}
		}
		now := s.now()
		id := secretID(value(in.ClientId), now)
		if id == c.SecretID {
			id += "-2" // both within one millisecond
		}
		purpose := clientSecretPurpose(p.id(), value(in.ClientId)) + "/" + id
		c.Secrets = []clientSecret{{ID: id, Sealed: s.store.Seal(purpose, []byte(secret)), Created: now}}
		out.ClientSecretDescriptor = &types.ClientSecretDescriptorType{ClientSecretId: &id, ClientSecretCreateDate: &now}
		if in.ClientSecret == nil {
			out.ClientSecretDescriptor.ClientSecretValue = &secret
		}
		return clients.Put(tx, p.id(), value(in.ClientId), c)
	})
	return out, err
}

// ListUserPoolClientSecrets lists a client's secrets without their values.
func (s *Service) ListUserPoolClientSecrets(ctx context.Context, in *cip.ListUserPoolClientSecretsInput) (*cip.ListUserPoolClientSecretsOutput, error) {
	out := &cip.ListUserPoolClientSecretsOutput{ClientSecrets: []types.ClientSecretDescriptorType{}}
	err := s.viewPool(ctx, in.UserPoolId, func(tx *store.Tx, p *pool) error {
		out.ClientSecrets = out.ClientSecrets[:0]
		c, err := s.clientByID(tx, p.id(), value(in.ClientId))
		if err != nil || c.SealedSecret == "" {
			return err
		}
		add := func(id string, created time.Time) {
			out.ClientSecrets = append(out.ClientSecrets, types.ClientSecretDescriptorType{ClientSecretId: aws.String(id), ClientSecretCreateDate: &created})
		}
		add(c.SecretID, c.SecretCreated)
		for _, further := range c.Secrets {
			add(further.ID, further.Created)
		}
		return nil
	})
	return out, err
}

// DeleteUserPoolClientSecret deletes one of two secrets; the last one stays.
func (s *Service) DeleteUserPoolClientSecret(ctx context.Context, in *cip.DeleteUserPoolClientSecretInput) (*cip.DeleteUserPoolClientSecretOutput, error) {
	return &cip.DeleteUserPoolClientSecretOutput{}, s.withPool(ctx, in.UserPoolId, func(tx *store.Tx, p *pool) error {
		c, err := s.clientByID(tx, p.id(), value(in.ClientId))
		if err != nil {
			return err
		}
		secrets, err := s.secretsOf(p.id(), c)
		if err != nil {
			return err
		}
		id := value(in.ClientSecretId)
		switch {
		case c.SealedSecret == "" || id != c.SecretID && (len(c.Secrets) == 0 || id != c.Secrets[0].ID):
			return fault.NotFound("ResourceNotFoundException", "Client secret %s does not exist.", id)
		case len(c.Secrets) == 0:
			return invalidParameter("The only client secret of a client cannot be deleted.")
		case id == c.SecretID:
			s.setClientSecret(c, c.Secrets[0].ID, secrets[1], c.Secrets[0].Created)
		}
		c.Secrets = nil
		return clients.Put(tx, p.id(), value(in.ClientId), c)
	})
}
