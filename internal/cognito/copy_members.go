package cognito

import (
	"errors"
	"fmt"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/cognitoidentityprovider/types"

	"github.com/poolgate/poolgate/internal/store"
)

// putClientCopies stores the clients. A client with a secret keeps the one that it has here, or gets one.
func (s *Service) putClientCopies(tx *store.Tx, p *pool, list []types.UserPoolClientType) error {
	keep := make(map[string]bool, len(list))
	for _, detail := range list {
		id := *detail.ClientId
		keep[id] = true
		c, err := clients.Get(tx, p.id(), id)
		if errors.Is(err, store.ErrNotFound) {
			if taken, err := clients.Lookup(tx, store.Key{Index: "id", Value: id}); err != nil || len(taken) > 0 {
				return errors.Join(err, fmt.Errorf("an app client with the id %s %w", id, ErrMadeHere))
			}
			c, err = &client{}, nil
		}
		if err != nil {
			return err
		}
		confidential := value(detail.ClientSecret) != ""
		detail.ClientSecret = nil
		c.Region, c.Copied, c.Detail = p.region(), true, *document(&detail)
		switch {
		case !confidential:
			c.SealedSecret, c.SecretID, c.Secrets = "", "", nil
		case c.SealedSecret == "":
			secret, err := s.randomSecret()
			if err != nil {
				return err
			}
			s.setClientSecret(c, secretID(id, s.now()), secret, s.now())
		}
		if err := clients.Put(tx, p.id(), id, c); err != nil {
			return err
		}
	}
	return dropOthers(tx, &clients, p.id(), func(id string, c *client) bool { return c.Copied && !keep[id] })
}

func putUserCopies(tx *store.Tx, p *pool, list []types.UserType) error {
	keep := make(map[string]bool, len(list))
	for _, shown := range list {
		id := *shown.Username
		keep[id] = true
		u, err := users.Get(tx, p.id(), id)
		if errors.Is(err, store.ErrNotFound) {
			u, err = &user{Username: id}, nil
		}
		if err != nil {
			return err
		}
		u.Sub, u.Status, u.Enabled, u.Copied, u.Attributes = id, shown.UserStatus, shown.Enabled, true, nil
		u.Created, u.Modified = aws.ToTime(shown.UserCreateDate), aws.ToTime(shown.UserLastModifiedDate)
		for _, a := range shown.Attributes {
			if *a.Name == "sub" {
				u.Sub = value(a.Value)
				continue
			}
			u.Attributes = append(u.Attributes, attribute{*a.Name, value(a.Value)})
		}
		if err := users.Put(tx, p.id(), id, u); err != nil {
			return err
		}
	}
	return dropOthers(tx, &users, p.id(), func(id string, u *user) bool { return u.Copied && !keep[id] })
}

// dropOthers deletes what a new copy no longer has.
func dropOthers[T any](tx *store.Tx, c *store.Collection[T], scope string, gone func(id string, value *T) bool) error {
	found, _, err := c.List(tx, scope, store.Page{})
	if err != nil {
		return err
	}
	for _, f := range found {
		if gone(f.ID, f.Value) {
			if err := c.Delete(tx, scope, f.ID); err != nil {
				return err
			}
		}
	}
	return nil
}
