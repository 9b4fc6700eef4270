package store

import (
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestADocumentComesBackAsItWasStored(t *testing.T) {
	eachBackend(t, func(t *testing.T, d *database) {
		s := d.node()
		stored := &person{Name: "Zoë 𝄞", Emails: []string{"z@example.com"}, Age: 41}
		update(t, s, func(tx *Tx) error { return people.Insert(tx, "pool", "zoë", stored) })
		view(t, s, func(tx *Tx) error {
			first, err := people.Get(tx, "pool", "zoë")
			if err != nil {
				return err
			}
			if diff := cmp.Diff(stored, first); diff != "" {
				t.Errorf("stored and read differ: %s", diff)
			}
			first.Emails[0] = "changed"
			second, err := people.Get(tx, "pool", "zoë")
			if diff := cmp.Diff(stored, second); diff != "" {
				t.Errorf("a reader's copy is shared: %s", diff)
			}
			return err
		})
	})
}

func TestWhatIsNotThereIsNotFound(t *testing.T) {
	eachBackend(t, func(t *testing.T, d *database) {
		s := d.node()
		update(t, s, func(tx *Tx) error { return people.Insert(tx, "pool", "ann", &person{Name: "Ann"}) })
		other := &Collection[person]{Name: "personnel", Version: 2}
		update(t, s, func(tx *Tx) error {
			for _, where := range [][2]string{{"pool", "an"}, {"pool", "anna"}, {"pool", "Ann"}, {"", "ann"}, {"pool2", "ann"}} {
				if _, err := people.Get(tx, where[0], where[1]); !errors.Is(err, ErrNotFound) {
					t.Errorf("get %v: %v", where, err)
				}
				if err := people.Delete(tx, where[0], where[1]); !errors.Is(err, ErrNotFound) {
					t.Errorf("delete %v: %v", where, err)
				}
			}
			if _, err := other.Get(tx, "pool", "ann"); !errors.Is(err, ErrNotFound) {
				t.Errorf("get of another kind: %v", err)
			}
			if err := people.Delete(tx, "pool", "ann"); err != nil {
				t.Errorf("delete: %v", err)
			}
			if err := people.Delete(tx, "pool", "ann"); !errors.Is(err, ErrNotFound) {
				t.Errorf("second delete: %v", err)
			}
			return nil
		})
	})
}

func TestInsertKeepsAndPutReplacesWhatIsThere(t *testing.T) {
	eachBackend(t, func(t *testing.T, d *database) {
		s := d.node()
		update(t, s, func(tx *Tx) error {
			if err := people.Insert(tx, "pool", "ann", &person{Name: "Ann"}); err != nil {
				return err
			}
			if err := people.Insert(tx, "pool", "ann", &person{Name: "Other"}); !errors.Is(err, ErrExists) {
				t.Errorf("second insert: %v", err)
			}
			// The same id is another document in another scope.
			return people.Insert(tx, "pool2", "ann", &person{Name: "Second"})
		})
		update(t, s, func(tx *Tx) error {
			if got, err := people.Get(tx, "pool", "ann"); err != nil || got.Name != "Ann" {
				t.Errorf("after the second insert: %v, %v", got, err)
			}
			if err := people.Put(tx, "pool", "ann", &person{Name: "Anna"}); err != nil {
				return err
			}
			return people.Put(tx, "pool", "bob", &person{Name: "Bob"})
		})
		view(t, s, func(tx *Tx) error {
			for id, name := range map[string]string{"ann": "Anna", "bob": "Bob"} {
				if got, err := people.Get(tx, "pool", id); err != nil || got.Name != name {
					t.Errorf("%s: %v, %v", id, got, err)
				}
			}
			got, err := people.Get(tx, "pool2", "ann")
			if err != nil || got.Name != "Second" {
				t.Errorf("the other scope: %v, %v", got, err)
			}
			return nil
		})
	})
}

func TestADocumentNeedsAnID(t *testing.T) {
	eachBackend(t, func(t *testing.T, d *database) {
		err := d.node().Update(t.Context(), func(tx *Tx) error { return people.Put(tx, "pool", "", &person{}) })
		if !errors.Is(err, errEmptyID) {
			t.Errorf("got %v", err)
		}
	})
}

func TestALargeDocumentIsStored(t *testing.T) {
	eachBackend(t, func(t *testing.T, d *database) {
		s := d.node()
		name := strings.Repeat("long ", 1<<20)
		large := &Collection[person]{Name: "large"}
		update(t, s, func(tx *Tx) error { return large.Insert(tx, "", "x", &person{Name: name}) })
		view(t, s, func(tx *Tx) error {
			got, err := large.Get(tx, "", "x")
			if err == nil && got.Name != name {
				t.Error("it came back changed")
			}
			return err
		})
	})
}

// strange are ids whose order differs between byte order, the collations of databases and UTF-16.
var strange = []string{
	"a", "A", "b", "B", "Z", "z", "ä", "é", "e", "ß", "ss", "ı", "I", "i", "İ", "1", "10", "2", " ", "  ", "_", "-", "a-b",
	"ab", "a b", "a_b", "%", "a%", "'", `"`, `\`, "日本", "日", "\uffff", "\U00010000", "\U0001f600", "e\u0301", "\u200b", "\ufeff",
	"\x7f", "\x01", "a\x00b", "\x00", "\xff", "\xff\xff", "\xc3",
}

func TestAListIsInByteOrderOfTheIDs(t *testing.T) {
	eachBackend(t, func(t *testing.T, d *database) {
		s := d.node()
		update(t, s, func(tx *Tx) error {
			for _, id := range strange {
				if err := people.Insert(tx, "pool", id, &person{Name: "same"}); err != nil {
					return fmt.Errorf("%q: %w", id, err)
				}
			}
			return people.Insert(tx, "pool2", "m", &person{Name: "same"})
		})
		want := []string{}
		for _, id := range byteOrder(strange) {
			want = append(want, "pool/"+id)
		}
		view(t, s, func(tx *Tx) error {
			for name, list := range map[string]func(Page) ([]Found[person], bool, error){
				"List": func(p Page) ([]Found[person], bool, error) { return people.List(tx, "pool", p) },
				"Find": func(p Page) ([]Found[person], bool, error) {
					return people.Find(tx, "pool", Key{Index: "name", Value: "same"}, p)
				},
				"FindPrefix": func(p Page) ([]Found[person], bool, error) {
					return people.FindPrefix(tx, "pool", Key{Index: "name", Value: "sa"}, p)
				},
			} {
				for _, limit := range []int{0, 1, 2, 7, len(strange) - 1, len(strange), len(strange) + 1} {
					checkPages(t, fmt.Sprintf("%s by %d", name, limit), limit, want, list)
				}
			}
			return nil
		})
	})
}

// checkPages reads a list page by page, to its end.
func checkPages(t *testing.T, what string, limit int, want []string, list func(Page) ([]Found[person], bool, error)) {
	t.Helper()
	got := []string{}
	page := Page{Limit: limit}
	for {
		found, more, err := list(page)
		if err != nil {
			t.Fatalf("%s: %v", what, err)
		}
		got = append(got, ids(found)...)
		if limit > 0 && len(found) > limit || len(got) > len(want) {
			t.Fatalf("%s: %d documents on a page, %d in all", what, len(found), len(got))
		}
		if more != (len(got) < len(want)) {
			t.Fatalf("%s: more is %v after %d of %d", what, more, len(got), len(want))
		}
		if !more {
			break
		}
		page.After = found[len(found)-1].ID
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("%s: %s", what, diff)
	}
}

func TestAnEmptyScopeHasAnEmptyList(t *testing.T) {
	eachBackend(t, func(t *testing.T, d *database) {
		view(t, d.node(), func(tx *Tx) error {
			found, more, err := people.List(tx, "pool", Page{Limit: 10})
			if len(found) != 0 || more {
				t.Errorf("found %d, more %v", len(found), more)
			}
			if n, err := people.Count(tx, "pool"); n != 0 || err != nil {
				t.Errorf("count: %d, %v", n, err)
			}
			return err
		})
	})
}

func TestDeletingAScopeLeavesTheOthers(t *testing.T) {
	eachBackend(t, func(t *testing.T, d *database) {
		s := d.node()
		other := &Collection[person]{Name: "other", Version: 2, Keys: people.Keys}
		update(t, s, func(tx *Tx) error {
			for _, scope := range []string{"pool", "pool2", "poo"} {
				for i := range 3 {
					if err := people.Insert(tx, scope, fmt.Sprint(i), &person{Name: "x"}); err != nil {
						return err
					}
				}
			}
			return other.Insert(tx, "pool", "0", &person{Name: "x"})
		})
		update(t, s, func(tx *Tx) error {
			n, err := people.DeleteScope(tx, "pool")
			if n != 3 {
				t.Errorf("deleted %d", n)
			}
			return err
		})
		view(t, s, func(tx *Tx) error {
			for scope, want := range map[string]int{"pool": 0, "pool2": 3, "poo": 3} {
				if n, err := people.Count(tx, scope); n != want || err != nil {
					t.Errorf("%s has %d: %v", scope, n, err)
				}
			}
			found, err := people.Lookup(tx, Key{Index: "name", Value: "x"})
			if diff := cmp.Diff([]string{"poo/0", "poo/1", "poo/2", "pool2/0", "pool2/1", "pool2/2"}, ids(found)); diff != "" {
				t.Errorf("keys: %s", diff)
			}
			if n, err := other.Count(tx, "pool"); n != 1 || err != nil {
				t.Errorf("the other kind has %d: %v", n, err)
			}
			return err
		})
	})
}
