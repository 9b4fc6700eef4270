package cognito

import (
	"errors"

	"github.com/poolgate/poolgate/internal/store"
)

// deleteSettingsOf deletes what was set for an app client that is gone.
func deleteSettingsOf(tx *store.Tx, poolID, clientID string) error {
	byClient := store.Key{Index: "client", Value: clientID}
	return errors.Join(
		deleteFound(tx, &brandings, poolID, byClient), deleteFound(tx, &termsOfClients, poolID, byClient),
		deleteIfThere(tx, &uiCustomizations, poolID, clientID), deleteIfThere(tx, &riskConfigurations, poolID, clientID),
	)
}

// deleteFound deletes a pool's documents under a key.
func deleteFound[T any](tx *store.Tx, c *store.Collection[T], poolID string, key store.Key) error {
	found, _, err := c.Find(tx, poolID, key, store.Page{})
	if err != nil {
		return err
	}
	for _, f := range found {
		if err := c.Delete(tx, poolID, f.ID); err != nil {
			return err
		}
	}
	return nil
}

// deleteIfThere deletes a document that need not exist.
func deleteIfThere[T any](tx *store.Tx, c *store.Collection[T], poolID, id string) error {
	if err := c.Delete(tx, poolID, id); !errors.Is(err, store.ErrNotFound) {
		return err
	}
	return nil
}
