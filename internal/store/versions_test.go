package store

import (
	"bytes"
	"errors"
	"testing"
)

func TestAnOlderDocumentIsUpgradedWhenItIsRead(t *testing.T) {
	type before struct{ FullName string }
	first := &Collection[before]{Name: "member", Version: 1, Keys: func(b *before) []Key { return []Key{{"k", "v"}} }}
	second := &Collection[person]{
		Name: "member", Version: 3,
		Upgrade: func(version int, document []byte) ([]byte, error) {
			if version != 1 {
				return nil, errOwn
			}
			return bytes.ReplaceAll(document, []byte("FullName"), []byte("Name")), nil
		},
	}
	eachBackend(t, func(t *testing.T, d *database) {
		s := d.node()
		update(t, s, func(tx *Tx) error { return first.Insert(tx, "pool", "ann", &before{FullName: "Ann"}) })
		update(t, s, func(tx *Tx) error {
			got, err := second.Get(tx, "pool", "ann")
			if err != nil || got.Name != "Ann" {
				t.Errorf("Get: %v, %v", got, err)
			}
			found, err := second.Lookup(tx, Key{"k", "v"})
			if err != nil || len(found) != 1 || found[0].Value.Name != "Ann" {
				t.Errorf("Lookup: %v, %v", found, err)
			}
			return second.Put(tx, "pool", "ann", got)
		})
		view(t, s, func(tx *Tx) error {
			// Stored again it is of the current version: the upgrade would refuse any but the first.
			if _, err := second.Get(tx, "pool", "ann"); err != nil {
				t.Errorf("stored again: %v", err)
			}
			if _, err := first.Get(tx, "pool", "ann"); err == nil {
				t.Error("an older poolgate read a newer document")
			}
			return nil
		})
	})
}

func TestADocumentThatCannotBeUpgradedIsAnError(t *testing.T) {
	was := &Collection[person]{Name: "member", Version: 1}
	without := &Collection[person]{Name: "member", Version: 2}
	failing := &Collection[person]{
		Name: "member", Version: 2,
		Upgrade: func(int, []byte) ([]byte, error) { return nil, errOwn },
	}
	eachBackend(t, func(t *testing.T, d *database) {
		s := d.node()
		update(t, s, func(tx *Tx) error { return was.Insert(tx, "", "x", &person{}) })
		view(t, s, func(tx *Tx) error {
			if _, err := without.Get(tx, "", "x"); err == nil {
				t.Error("without an upgrade it was read")
			}
			if _, err := failing.Get(tx, "", "x"); !errors.Is(err, errOwn) {
				t.Errorf("a failing upgrade gave %v", err)
			}
			if _, _, err := failing.List(tx, "", Page{}); !errors.Is(err, errOwn) {
				t.Errorf("a failing upgrade gave %v", err)
			}
			return nil
		})
	})
}
