package store

import (
	"errors"
	"fmt"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

func TestAnExpiredDocumentIsGoneEverywhere(t *testing.T) {
	eachBackend(t, func(t *testing.T, d *database) {
		clock := newHand()
		s := d.open(Options{Now: clock.Now})
		soon := clock.Now().Add(time.Hour)
		update(t, s, func(tx *Tx) error {
			return errors.Join(
				people.Insert(tx, "pool", "ends", &person{Name: "x", Expires: soon}),
				people.Insert(tx, "pool", "late", &person{Name: "x", Expires: soon.Add(time.Millisecond)}),
				people.Insert(tx, "pool", "stays", &person{Name: "x"}),
				people.Insert(tx, "pool", "never was", &person{Name: "x", Expires: time.Unix(-5, 0)}),
			)
		})
		expect := func(want ...string) {
			t.Helper()
			key := Key{Index: "name", Value: "x"}
			view(t, s, func(tx *Tx) error {
				list, _, err1 := people.List(tx, "pool", Page{})
				find, _, err2 := people.Find(tx, "pool", key, Page{})
				prefix, _, err3 := people.FindPrefix(tx, "pool", key, Page{})
				begin, _, err4 := people.FindPrefix(tx, "pool", Key{Index: "name"}, Page{})
				lookup, err5 := people.Lookup(tx, key)
				count, err6 := people.Count(tx, "pool")
				if err := errors.Join(err1, err2, err3, err4, err5, err6); err != nil {
					return err
				}
				for what, found := range map[string][]Found[person]{
					"List": list, "Find": find, "FindPrefix": prefix, "FindPrefix of all": begin, "Lookup": lookup,
				} {
					if diff := cmp.Diff(want, ids(found)); diff != "" {
						t.Errorf("%s: %s", what, diff)
					}
				}
				if count != len(want) {
					t.Errorf("Count: %d", count)
				}
				return nil
			})
		}
		expect("pool/ends", "pool/late", "pool/stays")
		clock.advance(time.Hour - time.Millisecond)
		expect("pool/ends", "pool/late", "pool/stays")
		clock.advance(time.Millisecond)
		expect("pool/late", "pool/stays")
		update(t, s, func(tx *Tx) error {
			if _, err := people.Get(tx, "pool", "ends"); !errors.Is(err, ErrNotFound) {
				t.Errorf("Get: %v", err)
			}
			if err := people.Delete(tx, "pool", "ends"); !errors.Is(err, ErrNotFound) {
				t.Errorf("Delete: %v", err)
			}
			return nil
		})
	})
}

func TestAnExpiredDocumentGivesItsPlaceToANewOne(t *testing.T) {
	eachBackend(t, func(t *testing.T, d *database) {
		clock := newHand()
		s := d.open(Options{Now: clock.Now})
		for _, id := range []string{"a", "b"} {
			update(t, s, func(tx *Tx) error {
				return people.Insert(tx, "pool", id, &person{Name: "old", Expires: clock.Now().Add(time.Hour)})
			})
		}
		clock.advance(time.Hour)
		update(t, s, func(tx *Tx) error {
			return errors.Join(
				people.Insert(tx, "pool", "a", &person{Name: "new"}),
				people.Put(tx, "pool", "b", &person{Name: "new", Expires: clock.Now().Add(time.Hour)}),
			)
		})
		view(t, s, func(tx *Tx) error {
			found, err := people.Lookup(tx, Key{Index: "name", Value: "new"})
			if diff := cmp.Diff([]string{"pool/a", "pool/b"}, ids(found)); diff != "" {
				t.Error(diff)
			}
			old, err2 := people.Lookup(tx, Key{Index: "name", Value: "old"})
			if len(old) != 0 {
				t.Errorf("the old key finds %v", ids(old))
			}
			return errors.Join(err, err2)
		})
	})
}

func TestExpiredDocumentsAreRemovedWithTheirKeys(t *testing.T) {
	eachBackend(t, func(t *testing.T, d *database) {
		clock := newHand()
		s := d.open(Options{Now: clock.Now})
		const expiring = sweepBatch + 30
		update(t, s, func(tx *Tx) error {
			for i := range expiring {
				err := people.Insert(tx, "pool", fmt.Sprint(i), &person{Name: "x", Expires: clock.Now().Add(time.Second)})
				if err != nil {
					return err
				}
			}
			return people.Insert(tx, "pool", "stays", &person{Name: "x", Expires: clock.Now().Add(time.Hour)})
		})
		clock.advance(time.Second)
		for _, want := range []int{sweepBatch, expiring - sweepBatch, 0} {
			if n, err := s.sweepOnce(t.Context()); n != want || err != nil {
				t.Errorf("swept %d and not %d: %v", n, want, err)
			}
		}
		view(t, s, func(tx *Tx) error {
			for _, table := range []string{"document", "document_key"} {
				var rows int64
				scan := func(r row) error { return r.Scan(&rows) }
				if err := tx.query("SELECT COUNT(*) FROM "+table, scan); err != nil {
					return err
				}
				if rows != 1 {
					t.Errorf("%s holds %d rows", table, rows)
				}
			}
			_, err := people.Get(tx, "pool", "stays")
			return err
		})
	})
}

func TestWhatExpiredWhileTheStoreWasClosedIsRemovedSoonAfterItOpens(t *testing.T) {
	clock := newHand()
	directory := t.TempDir()
	s := mustOpen(t, Options{Location: directory, Now: clock.Now})
	update(t, s, func(tx *Tx) error {
		return people.Insert(tx, "pool", "x", &person{Expires: clock.Now().Add(time.Second)})
	})
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	clock.advance(time.Minute)
	s = mustOpen(t, Options{Location: directory, Now: clock.Now})
	eventually(t, 5*time.Second, "the row is gone", func() bool {
		rows := int64(-1)
		view(t, s, func(tx *Tx) error {
			return tx.query("SELECT COUNT(*) FROM document", func(r row) error { return r.Scan(&rows) })
		})
		return rows == 0
	})
}
